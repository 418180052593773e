/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks by the stack that allocated them. */
#ifndef REWIND_STACKS_H
#define REWIND_STACKS_H

#include "rewind/unwind.h"

#define STACK_QUARTERS 4

/* Live blocks of one process that were allocated on one way through the program. */
struct stack_group {
	uint64_t key;
	const struct record_block *first;
	uint64_t count, bytes;
	uint64_t in_quarter[STACK_QUARTERS]; /* of the time from start to end: blocks */
	uint64_t in_part[STACK_QUARTERS];    /* of what the process did, by part_ends */
};

/* Which blocks, and in which time they are counted. */
struct stack_query {
	uint32_t tgid, epoch;
	uint64_t start, end;			/* host time */
	uint64_t part_ends[STACK_QUARTERS - 1]; /* the same */
	size_t least;	/* blocks of one caller below which they are not worth a look */
	size_t unwinds; /* how many stacks may be unwound; of the rest, the caller counts */
};

/* Sorted by bytes, the most first; groups is the caller's, to be freed. How many. */
size_t stacks_group(const struct model *model, struct process_files *files,
		    const struct stack_query *query, struct stack_group **groups);

#endif
