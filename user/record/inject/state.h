/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the library share: the region, and what each thread knows of
 * itself. A thread's own is read and written by it alone, and by its signals' handlers.
 */
#ifndef RECORD_INJECT_STATE_H
#define RECORD_INJECT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include "record/inject/inject.h"

#define PAGE_BYTES 4096UL
#define GOLDEN	   0x9e3779b97f4a7c15ULL

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define NOINLINE    __attribute__((noinline))
#define COLD	    __attribute__((noinline, cold))

struct thread {
	char *at, *end; /* of the next record, and of the room for records */
	char *base;	/* of the segment's records */
	struct inject_segment *segment;
	bool busy;   /* in here; a handler that finds it set is inside of another event */
	bool inside; /* starting: what this calls is not recorded */
	uint32_t tid;
	uint32_t refused;		/* events since the last look for a segment */
	uint32_t foreign;		/* how often it was on a stack that is not its own */
	uintptr_t stack_low, stack_top; /* what is known to be readable */
	int64_t left;			/* bytes to the next sample */
	uint64_t random;
};

extern struct inject_region *region; /* NULL: nothing is recorded */
extern struct inject_options options;
extern __thread struct thread self __attribute__((tls_model("initial-exec")));

/* A number for a block's address: neighbours in memory are neighbours in the table. */
static inline uint32_t block_index(uintptr_t address)
{
	return (uint32_t)(address >> 4 ^ address >> 26) & (INJECT_BLOCKS - 1);
}

static inline uint32_t filter_index(uintptr_t address)
{
	return (uint32_t)((address >> 4) * GOLDEN >> 48) & (INJECT_FILTER - 1);
}

static inline uint32_t short_size(size_t size)
{
	return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

/*
 * Room for a record beyond the end of the thread's segment, in another one; NULL, and
 * the event is counted, if there is none. outer: this is no handler inside of an event.
 */
struct record_packed *next_segment(bool outer);

/* The number of the caller's stack, 0 if there is no room for it. */
uint32_t stack_id(const struct inject_caller *caller);

/* Begins to know where the thread's stack is. */
void stack_begin(void);

/* The program's code, which fingerprints of stacks are made from. */
void stack_start(void);

struct inject_block *find_block(uintptr_t address);
void keep_block(uintptr_t address, size_t size, uint64_t ticks, uint32_t function, uint32_t stack);
void keep_misuse(const struct inject_block *block, uintptr_t address, uint64_t ticks,
		 uint32_t function, uint32_t stack);

/* Of an allocation: whether it is a sample. Often called, so its beginning is here. */
bool sample_more(uint64_t bytes);

static inline bool is_sample(size_t size)
{
	uint64_t bytes = size ? size : 1;

	self.left -= (int64_t)bytes;
	return unlikely(self.left <= 0) && sample_more(bytes);
}

/* Of a block to be freed: whether it may be a sample. */
static inline bool may_be_sample(uintptr_t address)
{
	return unlikely(__atomic_load_n(&region->filter[filter_index(address)], __ATOMIC_RELAXED));
}

/* A sample was taken; was freed. */
void sample_enter(uintptr_t address, size_t size, uint32_t stack);
void sample_leave(struct inject_block *block);

#endif
