/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events as what lasts: calls, threads on CPUs, memory in use. Times are model_when's. */
#ifndef REWIND_TRACKS_H
#define REWIND_TRACKS_H

#include "rewind/view.h"

/* A call of a thread, of the system or of a function. */
struct slice {
	uint64_t from, to;
	const struct record_header *event;
	uint16_t depth; /* how many others of its thread it lies in */
	bool open;	/* it had not returned */
};

/* A thread on a CPU. */
struct run {
	uint64_t from, to, domain;
	uint32_t tid;
	uint16_t cpu;
};

/* Memory that a process had allocated and not freed. */
struct level {
	uint64_t when, bytes, domain;
	uint32_t tgid;
};

struct track_thread {
	uint32_t tid, tgid;
	uint64_t domain;
};

struct tracks {
	struct slice *slices;	      /* in order of from; of one time, the outer ones first */
	struct run *runs;	      /* in order of to */
	struct level *levels;	      /* in order of when */
	struct track_thread *threads; /* in order of their first event */
	size_t slice_count, run_count, level_count, thread_count;
	uint32_t *places; /* of tid in threads, plus one: open addressing */
	size_t place_count;
};

/* 0 or -ENOMEM; tracks is the caller's, to be freed. */
int tracks_build(const struct model *model, const struct shown *shown, struct tracks *tracks);

/* The same with threads and levels only. */
int tracks_levels(const struct model *model, const struct shown *shown, struct tracks *tracks);
void tracks_free(struct tracks *tracks);

/* Of threads; SIZE_MAX if there is none of that tid. */
size_t tracks_thread(const struct tracks *tracks, uint64_t domain, uint32_t tid);

/* Whether an event has no length, and is not where something that has one begins or ends. */
bool is_moment(const struct record_header *event);

#endif
