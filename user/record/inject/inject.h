/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory that the injected allocator library shares with the recorder. It is the
 * recorder's, so it survives whatever becomes of the program. Pages that nobody
 * writes cost nothing; those that a thread writes first are on its node.
 *
 * Writers are the program's threads. A ring has one at a time; the tables have many,
 * and each entry is claimed by a compare-and-exchange of its first word.
 */
#ifndef RECORD_INJECT_H
#define RECORD_INJECT_H

#include <assert.h>
#include <stdint.h>
#include "events.h"

#define INJECT_ENVIRONMENT "SUNDIAL_INJECT" /* the region's path, ':', the old LD_PRELOAD */

/* An event. Its thread is the ring's, or that of the THREAD record before it. */
struct inject_record {
	uint64_t ticks; /* of the processor's time stamp counter */
	uint64_t what;	/* address, and in the top byte the function; see below */
	uint32_t size;	/* UINT32_MAX: or more; of THREAD: the thread's id */
	uint32_t stack;
};

static_assert(sizeof(struct inject_record) == 24, "small is what makes it fast");

#define INJECT_ADDRESS(what)  ((what)&0xffffffffffffffULL)
#define INJECT_FUNCTION(what) ((what) >> 56 & 0x3f) /* enum record_function */
#define INJECT_FREE	      (1ULL << 63)	    /* the block goes */
#define INJECT_THREAD	      (1ULL << 62)	    /* the ring has another thread from now on */

struct inject_ring {
	uint32_t tid; /* 0: nobody's yet */
	uint32_t pad;
	uint64_t position; /* the number of the next record */
	uint64_t reserved[6];
	struct inject_record records[];
};

#define INJECT_STACKS	   32768
#define INJECT_STACK_PROBE 8
#define INJECT_BLOCKS	   (1U << 20)
#define INJECT_BLOCK_PROBE 8
#define INJECT_RINGS	   64
#define INJECT_MISUSES	   64

enum inject_state {
	INJECT_EMPTY = 0,
	INJECT_BUSY = 1,
	INJECT_LIVE = 2,
	INJECT_FREED = 3,
};

/* A block of memory, live or freed; stays until another one needs the place. */
struct inject_block {
	uint32_t state;	    /* enum inject_state */
	uint32_t functions; /* of the allocation, and in the upper half of the free */
	uint64_t address, size;
	uint64_t allocated_ticks, freed_ticks;
	uint32_t allocated_stack, freed_stack;
	uint32_t allocated_tid, freed_tid;
	uint64_t pad;
};

static_assert(sizeof(struct inject_block) == 64, "a line of its own");

struct inject_misuse {
	struct inject_block block; /* as it was; state EMPTY if it never was one */
	uint64_t address, ticks;
	uint32_t tid, stack, function;
	uint32_t how; /* enum record_how; 0 while it is being written */
};

struct inject_region {
	uint64_t bytes;
	uint64_t ring_bytes;   /* of one, with its records */
	uint32_t ring_records; /* a power of two */
	uint32_t owner;	       /* the process that uses it; 0: none yet */
	uint32_t intended;     /* the one that may */
	uint32_t pad;
	uint64_t start_ticks, start_ns; /* the two clocks at the same moment */
	uint64_t missed;		/* events of threads that found no ring */
	uint64_t table_full;
	uint32_t misuse_count;
	uint32_t complete; /* every allocation of the process was seen */
	struct inject_misuse misuses[INJECT_MISUSES];
	uint64_t stack_keys[INJECT_STACKS]; /* 0: free; dense, since each event looks here */
	struct record_stack stacks[INJECT_STACKS];
	struct inject_block blocks[INJECT_BLOCKS] __attribute__((aligned(64)));
	/* INJECT_RINGS rings of ring_bytes each follow. */
};

static inline struct inject_ring *inject_ring(struct inject_region *region, uint32_t index)
{
	return (struct inject_ring *)((char *)(region + 1) + index * region->ring_bytes);
}

/* What the entry points pass on of their caller. */
struct inject_caller {
	uint64_t ip, sp, bp, bx, r12, r13, r14, r15;
};

#endif
