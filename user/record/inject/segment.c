// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Segments of the shared memory, which threads take one after the other; see struct
 * inject_segment. That of a thread that has ended is found by asking the kernel.
 */
#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "record/inject/state.h"

#define STREAM_LOOKS 16
#define RETRY	     64 /* events that are refused before the next look for a segment */

static bool has_ended(uint32_t tid)
{
	return syscall(SYS_tgkill, region->owner, tid, 0) != 0;
}

/* Whether the recorder has yet to write it to the disk. */
static bool is_waiting(const struct inject_segment *segment)
{
	return options.stream && __atomic_load_n(&segment->taken, __ATOMIC_ACQUIRE) <
					 __atomic_load_n(&segment->done, __ATOMIC_RELAXED);
}

/* Whether the segment became this thread's. */
static bool take(struct inject_segment *segment)
{
	uint32_t owner = __atomic_load_n(&segment->owner, __ATOMIC_RELAXED);
	uint64_t records;

	if (owner && (owner == self.tid || !has_ended(owner)))
		return false;
	if (is_waiting(segment))
		return false;
	if (!__atomic_compare_exchange_n(&segment->owner, &owner, self.tid, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return false;
	records = segment->done / sizeof(struct record_packed);
	if (records)
		__atomic_fetch_add(&region->overwritten, options.stream ? 0 : records,
				   __ATOMIC_RELAXED);
	/* A reader that copies it meanwhile sees that it has changed. */
	__atomic_store_n(&segment->sequence,
			 __atomic_add_fetch(&region->sequence, 1, __ATOMIC_RELAXED),
			 __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	segment->tid = self.tid;
	/* Whoever sees that nothing is taken sees that nothing is there. */
	__atomic_store_n(&segment->done, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&segment->taken, 0, __ATOMIC_RELEASE);
	return true;
}

/* A segment on this CPU's node: the one that was used longest ago and is nobody's. */
static struct inject_segment *find_segment(void)
{
	uint32_t part = region->segments / region->nodes;
	unsigned int cpu, node = 0;

	if (region->nodes > 1 && (getcpu(&cpu, &node) || node >= region->nodes))
		node = 0;
	for (uint32_t i = 0; i < part; i++) {
		uint64_t next =
			__atomic_fetch_add(&region->cursors[node].next, 1, __ATOMIC_RELAXED);
		uint32_t index = node * part + (uint32_t)(next % part);

		if (take(&region->headers[index]))
			return &region->headers[index];
		/* The recorder is behind, and will be with the next one too. */
		if (is_waiting(&region->headers[index]) && i > STREAM_LOOKS)
			return NULL;
	}
	return NULL;
}

static void begin_thread(void)
{
	self.tid = (uint32_t)syscall(SYS_gettid);
	stack_begin();
}

/* All of it is written. */
static void leave_segment(void)
{
	struct inject_segment *segment = self.segment;

	self.segment = NULL;
	if (!segment)
		return;
	__atomic_store_n(&segment->done, inject_room(region), __ATOMIC_RELEASE);
	__atomic_store_n(&segment->owner, 0, __ATOMIC_RELEASE);
}

/*
 * A handler may come at any point of this. Until there is an end it finds no room, and
 * what it added to self.at in vain is taken back.
 */
static void enter_segment(struct inject_segment *segment)
{
	char *base = (char *)inject_segment(region, (uint64_t)(segment - region->headers));

	self.base = base;
	self.segment = segment;
	self.at = base + sizeof(struct record_packed);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	self.end = base + inject_room(region);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	self.at = base + sizeof(struct record_packed);
}

COLD struct record_packed *next_segment(bool outer)
{
	struct inject_segment *segment = NULL;
	int error = errno;

	if (!region)
		return NULL;
	if (outer) {
		self.end = NULL;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		leave_segment();
	}
	if (outer && !(self.refused++ % RETRY)) {
		if (!self.tid)
			begin_thread();
		segment = find_segment();
	}
	errno = error;
	if (!segment) {
		__atomic_fetch_add(&region->missed, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	self.refused = 0;
	enter_segment(segment);
	return (struct record_packed *)self.base;
}
