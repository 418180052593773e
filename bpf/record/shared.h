/* SPDX-License-Identifier: GPL-2.0 */
/* What the recorder's BPF programs and sundial-record share beside the records. */
#ifndef RECORD_SHARED_H
#define RECORD_SHARED_H

#include "events.h"

/*
 * One event in a CPU's buffer. state is 0 before the first use, 2 * (number + 1)
 * of a record that is whole, and one more while it is being written.
 */
struct record_slot {
	__u64 state;
	__u8 event[RECORD_EVENT_MAX];
};

#define RECORD_SOURCES_MAX 8 /* more than enum record_source has */

/* The cookie of a function's probe: its number, and whether its return is probed too. */
#define RECORD_COOKIE_RETURNS (1ULL << 32)

/* A CPU's buffer, as its writers see it. A line of its own for each. */
struct record_ring {
	__u64 emitted; /* the number of the next event */
	__u64 overwritten;
	__u64 busy;
	__u64 overtaken;
	__u64 paused;
	__u64 table_full;
	__u64 missed;
	__u64 pad;
	__u64 hits[RECORD_SOURCES_MAX]; /* of programs, recorded or not */
};

#define RECORD_PROCESS_KNOWN (1U << 0) /* every allocation since its start was seen */
#define RECORD_PROCESS_NEXT  (1U << 1) /* becomes known when it executes */

struct record_process {
	__u32 flags;
	__u32 epoch;   /* how often it executed a program: its blocks are of one epoch */
	__u32 crashed; /* a signal ends it: its other threads are to be kept as well */
	__u32 pad;
};

struct record_block_key {
	__u64 address;
	__u32 tgid;
	__u32 epoch;
};

/* What a probe of the allocator's passes to its program. */
#define RECORD_COOKIE(function, rank)  ((__u64)(rank) << 8 | (function))
#define RECORD_COOKIE_FUNCTION(cookie) ((cookie)&0xff)
#define RECORD_COOKIE_RANK(cookie)     ((cookie) >> 8)

/* A call of the allocator, with its stack. */
struct record_call {
	__u64 host_ns, virtual_ns;
	__u32 tid;
	__u32 function; /* enum record_function */
	struct record_stack stack;
};

struct record_known_block {
	__u64 address, size_bytes;
	struct record_call allocated;
};

struct record_freed_block {
	struct record_known_block block;
	struct record_call freed;
};

struct record_wrong_free {
	struct record_freed_block block; /* all zero if it never was one */
	struct record_call again;
	__u64 address;
	__u32 tgid;
	__u32 epoch;
	__u32 how; /* enum record_how */
	__u32 pad;
};

enum record_argument_kind {
	RECORD_ARGUMENT_UNKNOWN,
	RECORD_ARGUMENT_CONSTANT,
	RECORD_ARGUMENT_REGISTER,
	RECORD_ARGUMENT_MEMORY, /* at value + base + index * scale */
};

#define RECORD_NO_REGISTER 255

/* Where an argument of a USDT probe is. */
struct record_argument {
	__u8 kind;	  /* enum record_argument_kind */
	__s8 bytes;	  /* 1, 2, 4, 8; negative: signed */
	__u8 base, index; /* registers, by their word of struct pt_regs */
	__u8 scale;
	__u8 pad[3];
	__s64 value;
};

struct record_usdt_spec {
	__u32 count;
	__u32 pad;
	struct record_argument arguments[RECORD_ARGUMENTS];
};

#define RECORD_USDTS_MAX 4096

/* Calls of a thread whose returns are probed; the kernel follows no more than these. */
#define RECORD_FRAMES 64

struct record_frame {
	__u64 slot;    /* where its return address was */
	__u64 address; /* that address, which the kernel has changed */
	__u64 host_ns;
	__u32 probe;
	__u32 pad;
};

struct record_frames {
	__u32 depth;
	__u32 pad;
	struct record_frame frame[RECORD_FRAMES];
};

/* A system call that has not returned. */
struct record_pending_call {
	__u64 host_ns, virtual_ns;
	__u64 args[6];
	__u64 domain;
	__s32 number;
	__u32 tgid;
	__u32 again; /* operands that could not be read when it was called */
	__u32 pad;
};

/*
 * What a process wrote to standard error, the latest of it: byte number n is in half
 * n / HALF % 2, at n % HALF. A write goes past the end of a half before what is there
 * is written to the other half's beginning.
 */
#define RECORD_WORDS_HALF  8192
#define RECORD_WORDS_WRITE 4096 /* of one write, at most */

struct record_words {
	__u64 position; /* bytes so far */
	char text[2][RECORD_WORDS_HALF + RECORD_WORDS_WRITE];
};

/*
 * Where a system call has paths and addresses: numbers of arguments, from 1; 0: none.
 * An address's length is the next argument; RECORD_MESSAGE: both are in the struct
 * msghdr of the second.
 */
struct record_shape {
	__u8 paths[2];
	__u8 address;  /* given */
	__u8 answered; /* filled in by the call; its length too, and so a pointer to that */
};

#define RECORD_SHAPES  512
#define RECORD_MESSAGE 7

#define RECORD_WRONG_FREES   64
#define RECORD_CRASH_THREADS 64
#define RECORD_CRASH_PAGES   32
#define RECORD_POINTED	     (16 + 128) /* registers, and words of the stack */
#define RECORD_SOURCES	     8		/* freed blocks that the address may come from */
#define RECORD_POINTERS	     (RECORD_POINTED + RECORD_SOURCES)

struct record_crashed_thread {
	struct record_crash crash; /* header.type is 0 until the rest is there */
	__u64 base;		   /* address of page[0] */
	__u8 status[RECORD_CRASH_PAGES];
	__u8 page[RECORD_CRASH_PAGES][RECORD_PAGE_BYTES];
	/*
	 * What the registers and the innermost frames point at, 64 bytes each, and freed
	 * blocks that hold what the faulting address was made from.
	 */
	__u64 pointers[RECORD_POINTERS];
	__u64 pointed[RECORD_POINTERS][8];
	__u8 pointed_status[RECORD_POINTERS];
	__u32 taken;		     /* 0: a free slot */
	struct record_frames frames; /* what to put back into the pages */
};

enum record_notice_kind {
	RECORD_NOTICE_FORK,
	RECORD_NOTICE_EXEC,
	RECORD_NOTICE_EXIT, /* the last thread of a process */
	RECORD_NOTICE_CRASH,
};

/* The only thing that wakes the recorder. */
struct record_notice {
	__u32 kind; /* enum record_notice_kind */
	__u32 tgid, tid;
	__s32 number;  /* CRASH: signal; FORK: the child; EXIT: the code */
	__s32 code;    /* CRASH: si_code */
	__u32 pad;
	__u64 address; /* CRASH */
	char name[16];
};

#endif
