// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Follows the numbers of each CPU's events: one that is there is written, one whose
 * slot has a newer event already was overwritten, the reader being too slow. One that
 * is not there yet is waited for a little: its writer may have dropped it, which only
 * the CPU's counts tell. Those are compared at the end.
 */
#include "record/stream.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE 64 /* polls that one event is waited for */

struct cursor {
	__u64 next; /* the number of the event that is to be read */
	__u64 recorded, overwritten, absent;
	unsigned int waited;
};

struct stream {
	struct programs *programs;
	struct injected *injected;
	struct sundial_record_writer *writer;
	struct cursor *cursors; /* one for each CPU */
};

int stream_open(struct stream **stream, const char *path, struct programs *programs,
		struct injected *injected)
{
	struct stream *s = calloc(1, sizeof(*s));
	int ret = -ENOMEM;

	if (!s)
		return ret;
	s->programs = programs;
	s->injected = injected;
	s->cursors = calloc(programs->cpus, sizeof(*s->cursors));
	if (s->cursors)
		ret = sundial_record_create(path, &s->writer);
	if (ret) {
		free(s->cursors);
		free(s);
		return ret;
	}
	*stream = s;
	return 0;
}

enum found {
	FOUND,
	ABSENT,
	OVERWRITTEN,
};

/* A copy, so that it is known to be whole. */
static enum found read_slot(const struct record_slot *at, __u64 number, struct record_slot *copy)
{
	__u64 whole = (number + 1) << 1, state = __atomic_load_n(&at->state, __ATOMIC_ACQUIRE);

	if (state == whole) {
		memcpy(copy, at, sizeof(*copy));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		state = __atomic_load_n(&at->state, __ATOMIC_RELAXED);
		return state == whole ? FOUND : OVERWRITTEN;
	}
	return state > (whole | 1) ? OVERWRITTEN : ABSENT;
}

static __u64 poll_cpu(struct stream *s, size_t cpu, bool last)
{
	const struct programs *p = s->programs;
	struct cursor *cursor = &s->cursors[cpu];
	__u64 end = __atomic_load_n(&p->rings[cpu].emitted, __ATOMIC_ACQUIRE), before;
	struct record_slot copy;

	before = cursor->recorded;
	for (; cursor->next < end; cursor->next++, cursor->waited = 0) {
		const struct record_slot *slot =
			&p->buffers[cpu].slots[cursor->next & (p->slots - 1)];

		switch (read_slot(slot, cursor->next, &copy)) {
		case FOUND:
			sundial_record_write(s->writer, (const struct record_header *)copy.event);
			cursor->recorded++;
			break;
		case OVERWRITTEN:
			cursor->overwritten++;
			break;
		case ABSENT:
			if (!last && cursor->waited++ < PATIENCE &&
			    end - cursor->next < p->slots / 2)
				return cursor->recorded - before;
			cursor->absent++;
			break;
		}
	}
	return cursor->recorded - before;
}

__u64 stream_poll(struct stream *s)
{
	__u64 count = 0;

	for (size_t cpu = 0; cpu < s->programs->cpus; cpu++)
		count += poll_cpu(s, cpu, false);
	if (s->injected)
		count += injected_stream(s->injected, s->writer);
	return count;
}

struct sundial_record_writer *stream_writer(struct stream *s)
{
	return s->writer;
}

static void write_counts(struct stream *s, size_t cpu)
{
	const struct record_ring *ring = &s->programs->rings[cpu];
	const struct cursor *cursor = &s->cursors[cpu];
	struct record_counts counts = {
		.header = {.type = RECORD_COUNTS,
			   .length = sizeof(counts),
			   .cpu = (__u16)cpu,
			   .node = (__u16)s->programs->buffers[cpu].node},
		.emitted = cursor->next,
		.recorded = cursor->recorded,
		.overwritten = cursor->overwritten,
		.busy = ring->busy,
		.overtaken = ring->overtaken,
		.paused = ring->paused,
		.table_full = ring->table_full,
	};
	__u64 dropped = counts.busy + counts.overtaken + counts.paused;

	/* Dropped ones were overwritten by their numbers, or absent. */
	if (cursor->absent > dropped)
		counts.unfinished = cursor->absent - dropped;
	else
		counts.overwritten -= dropped - cursor->absent;
	sundial_record_write(s->writer, &counts.header);
}

void stream_end(struct stream *s)
{
	for (size_t cpu = 0; cpu < s->programs->cpus; cpu++) {
		poll_cpu(s, cpu, true);
		write_counts(s, cpu);
	}
	if (s->injected)
		injected_stream(s->injected, s->writer);
}

int stream_close(struct stream *s)
{
	int ret = sundial_record_finish(s->writer);

	free(s->cursors);
	free(s);
	return ret;
}
