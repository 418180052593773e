/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which events are shown: the same for every output. */
#ifndef REWIND_SELECT_H
#define REWIND_SELECT_H

#include "rewind/filter.h"

#define SELECT_ALL SIZE_MAX

/* What was asked for; text is the command line's. */
struct selection {
	const char *at, *window, *before, *after, *host, *filter;
	size_t last;  /* of those that are selected otherwise; SELECT_ALL: no limit */
	uint32_t tid; /* 0: every thread */
	int cpu;      /* negative: every CPU */
};

/* Indexes into the model's events, in order. */
struct shown {
	uint32_t *index;
	size_t count;
	uint64_t from, to; /* by model_when: the time that was asked for, or all of it */
};

/*
 * 0 or negative errno; -EINVAL: *what is wrong with *which option. to is the caller's,
 * to free its index.
 */
int select_events(const struct model *model, const struct selection *selection, struct shown *to,
		  const char **which, const char **what);

/*
 * A point of time: "12.5s" after the first event, "-3ms" before the last, "crash",
 * "13:05:22.25" or "2026-11-21T13:05:22" of the host's clock. Whether it is one.
 */
bool select_time(const struct model *model, const char *text, uint64_t *when);

/* "5", "5s", "250ms": negative if it is none. */
double select_seconds(const char *text);

#endif
