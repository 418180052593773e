/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder of a simulated host (sundial sim --record): what the simulated
 * kernel writes of what its programs do, and what the supervisor makes a file from.
 *
 * It lies in the arena, in memory that is bounded when the simulation begins, and
 * belongs to the holder of the run token: there is one writer at a time, so a ring
 * needs no claims. No call of the host and no page of the guest's is needed to write
 * an event.
 *
 * Times are virtual, those of the host's clock too (record_header.host_ns): two
 * equal runs give equal files.
 */
#ifndef SUNDIAL_SIMKERNEL_RECORDER_H
#define SUNDIAL_SIMKERNEL_RECORDER_H

#include "events.h"
#include "simkernel/host.h"

#define RECORDER_DOMAIN 1 /* of the first host; a network's others count on */

#define RECORDER_MISUSES 64
#define RECORDER_FILES	 1024
#define RECORDER_MAPS	 16384
#define RECORDER_PROBES	 2000
#define RECORDER_THREADS 64 /* kept of one crash */
#define RECORDER_PAGES	 16 /* of each thread's stack */

struct recorder_block {
	u32 state; /* enum recorder_block_state */
	u32 epoch;
	s32 pid;
	u32 pad;
	u64 address, size_bytes;
	struct record_site allocated, freed;
};

enum recorder_block_state {
	RECORDER_EMPTY = 0,
	RECORDER_LIVE,
	RECORDER_FREED,
};

struct recorder_misuse {
	struct recorder_block block; /* as it was; EMPTY if it never was one */
	struct record_site again;
	u64 address;
	s32 pid;
	u32 how; /* enum record_how */
};

/* The malloc family by name, in the order of names[] in recordheap.c. */
#define RECORDER_FUNCTIONS 9

/* A file that programs have mapped. */
struct recorder_file {
	u64 identity[4];		   /* device, inode, size, time: the same file still */
	u64 functions[RECORDER_FUNCTIONS]; /* where in the file they begin; 0: not in it */
	bool sanitizer;			   /* its allocator is left alone */
	char path[PATH_MAX];
	u32 build_id_bytes;
	u8 build_id[24];
};

/* A function whose calls are recorded; the first has number 1 in the file. */
struct recorder_probe {
	struct recorder_file *file;
	u64 offset; /* in the file */
	char name[112];
};

struct recorder_mapping {
	s32 pid;
	u32 epoch;
	u64 time_ns, start, end, offset;
	u32 protection, file;
};

/* Buckets that nobody has used are not looked at: to read memory is to have it. */
#define RECORDER_BUCKET	 8
#define RECORDER_BUCKETS (64 * RECORDER_BUCKET)

struct recorder {
	/* Records one behind the other; the oldest give way. */
	u8 *ring;
	u64 ring_bytes; /* a power of two */
	u64 head, tail; /* of bytes, counted from the beginning of the simulation */
	u64 emitted, overwritten;

	struct recorder_block *blocks; /* hash table by process and address */
	u8 *buckets_used;	       /* a byte for every RECORDER_BUCKETS of them */
	u64 nblocks;		       /* a power of two */
	u64 table_full;
	struct record_stack *stacks;
	u64 *stack_keys; /* of stacks[]; 0: free */
	u64 nstacks;	 /* a power of two */
	struct recorder_misuse misuses[RECORDER_MISUSES];
	u32 misuse_count;

	struct recorder_file *files[RECORDER_FILES];
	u32 file_count;
	struct recorder_mapping *maps;
	u32 map_count;
	u32 maps_lost;

	struct recorder_probe *probes;
	u32 probe_count, probes_lost, probes_refused; /* no room; code that cannot be moved */

	/* Whole records of crashes, which nothing overwrites. */
	u8 *kept;
	u64 kept_bytes, kept_used;
	u32 crashes, crashes_lost; /* the latter: no room */
};

/* The first block at i or after it that may be in use; r->nblocks: none. */
static inline u64 recorder_block_from(const struct recorder *r, u64 i)
{
	while (i < r->nblocks && !r->buckets_used[i / RECORDER_BUCKETS])
		i = (i / RECORDER_BUCKETS + 1) * RECORDER_BUCKETS;
	return i;
}

#endif
