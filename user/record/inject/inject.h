/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory that the injected allocator library shares with the recorder. It is the
 * recorder's, so it survives whatever becomes of the program. Pages that nobody
 * writes cost nothing; those that a thread writes first are on its node.
 *
 * Writers are the program's threads. A segment has one at a time; the tables have many,
 * and each entry is claimed by a compare-and-exchange of its first word.
 */
#ifndef RECORD_INJECT_H
#define RECORD_INJECT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include "events.h"

#define INJECT_LIBRARY	   "sundial-inject.so"
#define INJECT_ENVIRONMENT "SUNDIAL_INJECT" /* the region's path, ':', the old LD_PRELOAD */

/*
 * An event, as it is in the memory and in a file's RECORD_RUN: struct record_packed.
 * What is told of a record's function and kind is in the top byte of its address.
 */
#define INJECT_FUNCTION_SHIFT RECORD_PACKED_SHIFT
#define INJECT_FREE	      RECORD_PACKED_FREE

/*
 * A thread writes to a segment of the memory until it is full, and takes another one:
 * so the latest events of all threads are kept, however many there are.
 *
 *	thread A (ends a segment)		thread B (looks for one)
 *	  writes its last record
 *						  owner is A: not this one
 *	  done = all of it
 *	  owner = 0 (release)
 *						  owner 0 -> B (acquire): all that A
 *						  wrote is counted as overwritten
 *	  looks for another one
 *						  sequence = a new one, done = 0
 *
 * A reader copies a segment between two looks at its sequence.
 */
struct inject_segment {
	uint32_t owner;	   /* the thread that writes it, 0: none does */
	uint32_t tid;	   /* of its records */
	uint64_t sequence; /* 0: never used */
	uint64_t done;	   /* bytes of whole records in it */
	uint64_t taken;	   /* of these the recorder has streamed */
	uint64_t pad[4];
};

static_assert(sizeof(struct inject_segment) == 64, "a line of its own");

#define INJECT_STACKS	   32768
#define INJECT_STACK_PROBE 8
#define INJECT_BLOCKS	   (1U << 20)
#define INJECT_BLOCK_PROBE 8
#define INJECT_MISUSES	   64
#define INJECT_NODES	   8
#define INJECT_FRAMES_MAX  (RECORD_STACK_BYTES / 8)
#define INJECT_FILTER	   (1U << 16)

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

/* Of one stack, when only some allocations are recorded: what those stand for. */
struct inject_total {
	uint64_t samples;
	double bytes, variance; /* estimates; variance in bytes squared */
};

enum inject_stacks {
	INJECT_STACKS_COPY = 0,	   /* registers and memory, one copy for each fingerprint */
	INJECT_STACKS_ADDRESS = 1, /* the return address */
	INJECT_STACKS_FRAMES = 2,  /* by frame pointers */
};

/* What the recorder asks for; the library only reads it. */
struct inject_options {
	uint32_t stacks; /* enum inject_stacks */
	uint32_t frames; /* how many at most, of INJECT_STACKS_FRAMES */
	uint32_t stream; /* a segment is not used again before the recorder has taken it */
	uint32_t pad;
	uint64_t sample_bytes; /* one sample in so many bytes on average; 0: everything */
	uint64_t seed;	       /* of what is sampled */
};

struct inject_region {
	uint64_t bytes;
	uint32_t segments;
	uint32_t segment_bytes; /* whole records, and a rest that is not used */
	uint32_t nodes;		/* each has its own part of the segments */
	uint32_t owner;		/* the process that uses it; 0: none yet */
	uint32_t intended;	/* the one that may */
	uint32_t complete;	/* every allocation of the process was seen */
	struct inject_options options;
	uint64_t start_ticks, start_ns; /* the two clocks at the same moment */
	/* Each is changed seldom, and then with all others' in mind. */
	uint64_t overwritten; /* records of segments that were used again */
	uint64_t missed;      /* events that found no segment */
	uint64_t table_full;
	uint64_t sequence; /* the last one given to a segment */
	struct {
		uint64_t next; /* where to look for a segment, modulo the node's part */
		uint64_t pad[7];
	} cursors[INJECT_NODES] __attribute__((aligned(64)));
	uint32_t misuse_count;
	uint32_t pad;
	struct inject_misuse misuses[INJECT_MISUSES];
	uint64_t stack_keys[INJECT_STACKS]; /* 0: free; dense, since each event looks here */
	struct record_stack stacks[INJECT_STACKS];
	struct inject_total totals[INJECT_STACKS];
	uint8_t filter[INJECT_FILTER]; /* 0: no sampled block's address is of this hash */
	struct inject_block blocks[INJECT_BLOCKS] __attribute__((aligned(64)));
	struct inject_segment headers[] __attribute__((aligned(64)));
	/* The segments follow, from the next page on. */
};

static inline struct record_packed *inject_segment(struct inject_region *region, uint64_t index)
{
	size_t headers = sizeof(*region) + region->segments * sizeof(struct inject_segment);

	return (struct record_packed *)((char *)region + ((headers + 4095) & ~4095UL) +
					index * region->segment_bytes);
}

/* Bytes of a segment that records can be in. */
static inline uint64_t inject_room(const struct inject_region *region)
{
	return region->segment_bytes - region->segment_bytes % sizeof(struct record_packed);
}

/* What the entry points pass on of their caller. */
struct inject_caller {
	uint64_t ip, sp, bp, bx, r12, r13, r14, r15;
};

#endif
