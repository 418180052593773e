/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The records of a flight recording: what BPF programs, the injected allocator
 * library and the recorder write, and what a file of them holds. All of it is
 * little-endian; Documentation/record-format.md describes the file around it.
 *
 * A record is a header and a payload that its type tells. Records grow at their
 * end: a reader takes what it knows of a longer one, and passes over a type that it
 * does not know. Lengths are multiples of 8, and bytes not named are zero.
 */
#ifndef SUNDIAL_EVENTS_H
#define SUNDIAL_EVENTS_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

enum record_type {
	/* Events, in the order in which they happened. */
	RECORD_EXEC = 1,    /* record_text: the path */
	RECORD_FORK = 2,    /* record_fork */
	RECORD_EXIT = 3,    /* record_exit */
	RECORD_SIGNAL = 4,  /* record_signal: sent */
	RECORD_DELIVER = 5, /* record_signal: delivered */
	RECORD_SYSCALL = 6, /* record_syscall */
	RECORD_SWITCH = 7,  /* record_switch */
	RECORD_ALLOC = 8,   /* record_memory */
	RECORD_FREE = 9,    /* record_memory */
	RECORD_OUTPUT = 10, /* record_text: the beginning of a write to standard error */
	RECORD_FAULT = 11,  /* record_fault: a page fault */
	RECORD_CALL = 12,   /* record_function_call */
	RECORD_RETURN = 13, /* record_function_return */
	RECORD_USDT = 14,   /* record_usdt */
	RECORD_FILE = 15,   /* record_path: of a file that a system call names */
	RECORD_NET = 16,    /* record_address: of a socket in a system call */
	RECORD_SOURCE = 17, /* record_source_off: what is not recorded from then on */
	RECORD_RUN = 32,    /* record_run: ALLOC and FREE of a thread, small */
	/* What is known beside them. */
	RECORD_INFO = 64,     /* record_text: "key=value" */
	RECORD_MAPPING = 65,  /* record_mapping */
	RECORD_BLOCK = 66,    /* record_block: of memory, live or freed */
	RECORD_MISUSE = 67,   /* record_block: freed twice or never allocated; see how */
	RECORD_CRASH = 68,    /* record_crash: one thread, as it was */
	RECORD_PAGE = 69,     /* record_page: memory of the crash */
	RECORD_COUNTS = 70,   /* record_counts: one CPU's or one thread's buffer */
	RECORD_STACK = 71,    /* record_known_stack: what numbers of stacks refer to */
	RECORD_COMPLETE = 72, /* no payload: the last record of a file that is whole */
	RECORD_MACHINE = 92,  /* record_machine: registers of the CRASH before it */
	RECORD_PROBE = 84,    /* record_probe: what numbers of probes refer to */
	RECORD_SAMPLING = 88, /* record_sampling: not every allocation is recorded */
	RECORD_TOTAL = 89,    /* record_total: what the samples of a stack stand for */
	RECORD_NODES = 90,    /* record_nodes: where a buffer's memory is */
	RECORD_WORDS = 96,    /* record_text: a process's latest writes to standard error */
};

struct record_header {
	__u16 type;   /* enum record_type */
	__u16 length; /* of the record with this header, in bytes */
	__u16 cpu;
	__u16 node; /* NUMA */
	__u32 tgid;
	__u32 tid;
	__u64 host_ns;	  /* CLOCK_MONOTONIC of the machine */
	__u64 virtual_ns; /* the count of the domain; host_ns without one */
	__u64 domain;	  /* 0: the machine's own time */
};

/* The longest event: what a slot of a buffer holds beside its state. */
#define RECORD_EVENT_MAX 120
#define RECORD_TEXT_MAX	 (RECORD_EVENT_MAX - sizeof(struct record_header))

struct record_text {
	struct record_header header;
	char text[]; /* ends with a zero byte */
};

struct record_fork {
	struct record_header header;
	__u32 child_tgid; /* of the header: a thread */
	__u32 child_tid;
};

struct record_exit {
	struct record_header header;
	__s32 code;  /* as wait(2) returns it */
	__u32 epoch; /* how many programs the process had executed */
};

struct record_signal {
	struct record_header header;
	__s32 number;
	__s32 code;    /* si_code */
	__u64 address; /* si_addr of a fault; the sender's pid of another */
	__u64 handler; /* of a delivered one: 0 default, 1 ignored; else its address */
	__u32 target_tid;
	__u32 pad;
};

#define RECORD_UNFINISHED (1U << 0) /* the call had not returned */

struct record_syscall {
	struct record_header header; /* the time at which it was called */
	__s32 number;
	__u32 flags;
	__s64 result;
	__u64 duration_ns;
	__u64 args[6];
};

struct record_switch {
	struct record_header header; /* of the thread that leaves the CPU */
	__u32 next_tid;
	__u32 state; /* of the thread that leaves: 0 preempted, 1 interruptible, 2 not */
};

enum record_function {
	RECORD_MALLOC = 1,
	RECORD_CALLOC = 2,
	RECORD_REALLOC = 3,
	RECORD_MEMALIGN = 4, /* memalign, aligned_alloc, valloc, pvalloc */
	RECORD_POSIX_MEMALIGN = 5,
	RECORD_FREE_FUNCTION = 6,
	/* C++'s operators, of allocators that have their own. */
	RECORD_NEW = 7,
	RECORD_NEW_ARRAY = 8,
	RECORD_DELETE = 9,
	RECORD_DELETE_ARRAY = 10,
};

struct record_memory {
	struct record_header header;
	__u64 address;
	__u64 size_bytes; /* of FREE: what the block had, or 0 if it is not known */
	__u32 function;	  /* enum record_function */
	__u32 stack;	  /* of this file, or 0 */
};

/*
 * An ALLOC or FREE with little around it: what the injected library writes. The top
 * byte of what has the function, and whether it is a FREE; the rest is the address.
 */
struct record_packed {
	__u64 ticks; /* of the processor's time stamp counter */
	__u64 what;
	__u32 size_bytes; /* UINT32_MAX: or more */
	__u32 stack;	  /* 0: none; else the run's stack_base is to be added */
};

#define RECORD_PACKED_SHIFT	  56
#define RECORD_PACKED_FREE	  (1ULL << 63)
#define RECORD_PACKED_ADDRESS(w)  ((w) & ((1ULL << RECORD_PACKED_SHIFT) - 1))
#define RECORD_PACKED_FUNCTION(w) ((w) >> RECORD_PACKED_SHIFT & 0x7f) /* enum record_function */

/* Events of one thread in order. libsundial-record's readers see the events instead. */
struct record_run {
	struct record_header header; /* the time of the first one */
	__u64 base_ticks, base_ns;   /* the same moment by both clocks */
	__u64 ns_per_tick;	     /* times 2^32 */
	__u32 count;
	__u32 stack_base;
	struct record_packed records[];
};

/* Of a CPU's buffer, or of what a node's threads have of the injected library's memory. */
struct record_nodes {
	struct record_header header; /* node: where it should be */
	__u64 pages;		     /* there */
	__u64 elsewhere;	     /* on another node, since that one was short of memory */
	__u64 unused;		     /* nowhere yet */
};

/*
 * Allocations are recorded by chance: one of n bytes with probability
 * 1 - exp(-n / interval_bytes). It stands for the inverse of that many.
 */
struct record_sampling {
	struct record_header header;
	__u64 interval_bytes;
	__u64 seed;
};

/*
 * Estimates of all that was allocated from one stack while the process ran, and of
 * what of it was live at the end, with their standard deviations.
 */
struct record_total {
	struct record_header header;
	__u32 stack;
	__u32 pad;
	__u64 samples, bytes, deviation_bytes;
	__u64 live_samples, live_bytes, live_deviation_bytes;
};

struct record_fault {
	struct record_header header;
	__u64 address;
	__u64 ip;
	__u32 error; /* the processor's code */
	__u32 pad;
};

/* A function was entered. What its arguments are only its source tells. */
struct record_function_call {
	struct record_header header;
	__u32 probe; /* of this file: RECORD_PROBE has its name */
	__u32 depth; /* how many calls around it wait for their returns to be seen */
	__u64 args[3];
};

#define RECORD_ARGUMENTS 6

/* A probe of the program's own was passed. */
struct record_usdt {
	struct record_header header;
	__u32 probe;
	__u8 count; /* of args[] */
	__u8 bad;   /* bit n: args[n] is not known */
	__u16 pad;
	__u64 args[RECORD_ARGUMENTS];
};

struct record_function_return {
	struct record_header header;
	__u32 probe;
	__u32 depth;
	__u64 result; /* rax */
	__u64 duration_ns;
};

/* What events come from, as far as it can be switched off alone. */
enum record_source {
	RECORD_SOURCE_MALLOC = 0,
	RECORD_SOURCE_FUNCTIONS = 1,
	RECORD_SOURCE_SYSCALLS = 2,
	RECORD_SOURCE_SCHEDULING = 3,
	RECORD_SOURCE_FAULTS = 4,
};

/* A source cost more than --budget allows. Time is that of the recorder's decision. */
struct record_source_off {
	struct record_header header;
	__u32 source;	 /* enum record_source */
	__u32 functions; /* how many, if only some functions went */
	__u64 hits;	 /* that led to it, */
	__u64 cost_ns;	 /* what they took, */
	__u64 cpu_ns;	 /* and the processes' CPU time meanwhile */
	__u32 budget_permille;
	__u32 pad;
};

/* Whether memory of the process could be read. */
enum record_operand {
	RECORD_OPERAND_OK = 0,
	RECORD_OPERAND_FAULT = 1,     /* not mapped, or not in memory */
	RECORD_OPERAND_TRUNCATED = 2, /* there is more of it */
};

/* Of a system call of this thread that ends, or is in progress, after this. */
struct record_path {
	struct record_header header;
	__s32 number;  /* of the call */
	__u8 argument; /* which one of the call: 0, 1, ... */
	__u8 status;   /* enum record_operand */
	__u16 offset;  /* of this part in the path: one that is truncated goes on in the next */
	char path[72]; /* ends with a zero byte */
};

struct record_address {
	struct record_header header;
	__s32 number;
	__u8 argument;
	__u8 status;
	__u16 bytes;	  /* of address[] that are valid */
	__u8 address[72]; /* struct sockaddr_in, _in6, _un, ... */
};

struct record_mapping {
	struct record_header header;
	__u64 start, end; /* addresses */
	__u64 offset;	  /* in the file, bytes */
	__u32 protection; /* PROT_* */
	__u32 build_id_bytes;
	__u8 build_id[24];
	char path[];
};

/* Registers in the order of DWARF's numbers for x86-64, the last being the instruction. */
enum {
	RECORD_RAX,
	RECORD_RDX,
	RECORD_RCX,
	RECORD_RBX,
	RECORD_RSI,
	RECORD_RDI,
	RECORD_RBP,
	RECORD_RSP,
	RECORD_R8,
	RECORD_R9,
	RECORD_R10,
	RECORD_R11,
	RECORD_R12,
	RECORD_R13,
	RECORD_R14,
	RECORD_R15,
	RECORD_RIP,
	RECORD_REGISTERS,
};

/* What a caller's registers are recovered from: those that survive calls, and memory. */
#define RECORD_STACK_BYTES 1024

enum record_stack_kind {
	RECORD_STACK_NONE = 0,
	RECORD_STACK_COPY = 1,	/* registers, and memory from rsp upwards */
	RECORD_STACK_CHAIN = 2, /* return addresses, the innermost first, and no registers */
	RECORD_STACK_RISCV = 3, /* as COPY: of s0 to s5 in bp, bx, r12 to r15 */
};

struct record_stack {
	__u32 kind;  /* enum record_stack_kind */
	__u32 bytes; /* of memory[] that are valid */
	__u64 ip, sp, bp, bx, r12, r13, r14, r15;
	__u64 memory[RECORD_STACK_BYTES / 8];
};

enum record_how {
	RECORD_HOW_LIVE = 0,
	RECORD_HOW_FREED = 1,
	RECORD_HOW_FREED_TWICE = 2,	/* MISUSE; freed says where the first time */
	RECORD_HOW_NEVER_ALLOCATED = 3, /* MISUSE; only again is known */
};

/* One stack under the number by which other records refer to it: 1, 2, ... of a file. */
struct record_known_stack {
	struct record_header header;
	__u32 id;
	__u32 pad;
	struct record_stack stack; /* as much of memory[] as is valid */
};

/* A call of the allocator. */
struct record_site {
	__u64 host_ns, virtual_ns;
	__u32 tid;
	__u32 function; /* enum record_function */
	__u32 stack;	/* its number, or 0 */
	__u32 order;	/* tells those of one moment apart: the later is more, in a circle */
};

struct record_block {
	struct record_header header;
	__u64 address, size_bytes;
	__u32 how;   /* enum record_how */
	__u32 epoch; /* how many programs the process had executed */
	struct record_site allocated;
	struct record_site freed;
};

struct record_misuse {
	struct record_block block;
	struct record_site again; /* the call that was wrong */
};

enum record_probe_kind {
	RECORD_PROBE_FUNCTION = 1,
	RECORD_PROBE_USDT = 2, /* its name is "PROVIDER:NAME" */
};

struct record_probe {
	struct record_header header;
	__u32 id;
	__u32 kind;    /* enum record_probe_kind */
	__u64 offset;  /* in the file of what is named */
	__u32 at;      /* the probe's distance from there */
	__u32 stepped; /* the kernel steps the instruction: an expensive place */
	char name[];   /* "NAME\0FILE" */
};

#define RECORD_CRASH_FIRST (1U << 0) /* the thread that the signal was for */
#define RECORD_CRASH_FINAL (1U << 1) /* no handler: the process ends */
/* No crash: a signal such as SIGTERM ended the process, or none (0) and it stood still. */
#define RECORD_CRASH_ENDED (1U << 2)

struct record_crash {
	struct record_header header;
	__s32 number; /* signal */
	__s32 code;
	__u64 address; /* si_addr */
	__u32 flags;
	__u32 pages; /* how many RECORD_PAGE of this thread's stack follow */
	__u64 registers[RECORD_REGISTERS];
	__u64 flags_register;
	char name[16]; /* the thread's */
	__u32 epoch;   /* how many programs the process had executed */
	__u32 pad;
};

/*
 * Of a thread of another machine than x86-64: its CRASH has the instruction and stack
 * pointers where x86-64 has them, and no other registers.
 */
struct record_machine {
	struct record_header header;
	__u16 machine; /* of ELF: 243 RISC-V, x0 to x31 and the instruction pointer */
	__u16 count;   /* of registers, in the order of DWARF's numbers */
	__u32 pad;
	__u64 registers[];
};

enum record_status {
	RECORD_STATUS_OK = 0,
	RECORD_STATUS_FAULT = 1, /* not mapped, or not in memory */
};

#define RECORD_PAGE_BYTES 4096

struct record_page {
	struct record_header header;
	__u64 address;
	__u32 status; /* enum record_status */
	__u32 bytes;  /* of memory that follow */
	__u8 memory[];
};

/* emitted = recorded + overwritten + busy + overtaken + paused + unfinished. */
struct record_counts {
	struct record_header header; /* cpu: whose buffer, node: where its memory is */
	__u64 emitted;
	__u64 recorded;	   /* in this file */
	__u64 overwritten; /* by newer ones */
	__u64 busy;	   /* dropped: another writer had the slot */
	__u64 overtaken;   /* dropped: the slot had a newer record */
	__u64 paused;	   /* dropped: the buffers were being read */
	__u64 unfinished;  /* dropped: its writer had not committed it when the file was made */
	__u64 missed;	   /* returns that the kernel had no room to probe */
	__u64 table_full;  /* blocks that the table of live ones had no room for */
};

#ifdef __cplusplus
#define RECORD_ASSERT static_assert
#else
#define RECORD_ASSERT _Static_assert
#endif
RECORD_ASSERT(sizeof(struct record_header) == 40, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_memory) == 64, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_packed) == 24, "small is what makes it fast");
RECORD_ASSERT(sizeof(struct record_run) == 72, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_syscall) == 112, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_signal) == 72, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_function_call) == 72, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_usdt) == 96, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_function_return) == 64, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_path) == RECORD_EVENT_MAX, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_address) == RECORD_EVENT_MAX, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_mapping) == 96, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_stack) == 1096, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_block) == 128, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_crash) == 232, "the same on both sides");
RECORD_ASSERT(sizeof(struct record_counts) == 112, "the same on both sides");

#endif /* SUNDIAL_EVENTS_H */
