// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What changed before the end: memory that grew, or something that happened far more
 * often than before. The time that is recorded is cut into windows; the last few are
 * compared with the median of those before, which no single outlier moves. It is an
 * observation and no diagnosis, so it only ever comes after one, and of short recordings
 * or small numbers nothing is said.
 */
#include <stdlib.h>
#include <string.h>
#include "rewind/diagnose.h"
#include "rewind/tracks.h"

#define WINDOWS	     20
#define LAST	     5 /* windows that are the end */
#define LEAST_NS     1000000000ULL
#define LEAST_EVENTS 200 /* a window, at the end */
#define TIMES	     10	 /* as often as before */
#define LEAST_BYTES  (16UL << 20)
#define GREW	     4 /* times what it was */
#define NAMES_MAX    64
#define NAME_BYTES   48

/* How often something happened in each window. */
struct counter {
	char name[NAME_BYTES];
	uint64_t in[WINDOWS];
};

struct trend {
	const struct model *model;
	struct counter counters[NAMES_MAX];
	size_t count;
};

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t median(const uint64_t *numbers, size_t count)
{
	uint64_t sorted[WINDOWS];

	memcpy(sorted, numbers, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_number);
	return sorted[count / 2];
}

static uint64_t most(const uint64_t *numbers, size_t count)
{
	uint64_t result = 0;

	for (size_t i = 0; i < count; i++)
		result = numbers[i] > result ? numbers[i] : result;
	return result;
}

static size_t window_of(const struct model *model, uint64_t when)
{
	uint64_t length = model_last(model) - model_first(model) + 1;

	size_t window = (size_t)((double)(when - model_first(model)) / (double)length * WINDOWS);

	return window < WINDOWS ? window : WINDOWS - 1;
}

static struct counter *counter_of(struct trend *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (!strcmp(t->counters[i].name, name))
			return &t->counters[i];
	if (t->count == NAMES_MAX)
		return NULL;
	memcpy(t->counters[t->count].name, name, strlen(name) + 1);
	return &t->counters[t->count++];
}

/* What an event is counted as; a call that failed is something else than one that did not. */
static bool counted_as(const struct record_header *event, char *name)
{
	const struct record_syscall *call = (const struct record_syscall *)event;
	char base[NAME_BYTES - 16];

	switch (event->type) {
	case RECORD_SYSCALL:
		slice_name(event, base, sizeof(base));
		snprintf(name, NAME_BYTES, "%s%s", base,
			 call->result < 0 && call->result > -512 ? " that failed" : "");
		return true;
	case RECORD_FAULT:
		strcpy(name, "page fault");
		return true;
	case RECORD_ALLOC:
		strcpy(name, "allocation");
		return true;
	default:
		return false;
	}
}

static void count_events(struct trend *t)
{
	const struct record_syscall *last = NULL;
	struct counter *counter = NULL;
	char name[NAME_BYTES];

	for (size_t i = 0; i < t->model->events.count; i++) {
		const struct record_header *event = t->model->events.all[i];
		const struct record_syscall *call = (const struct record_syscall *)event;
		bool same = last && event->type == RECORD_SYSCALL && call->number == last->number &&
			    (call->result < 0) == (last->result < 0);

		if (!same && !counted_as(event, name))
			continue;
		if (!same)
			counter = counter_of(t, name);
		last = event->type == RECORD_SYSCALL ? call : NULL;
		if (counter)
			counter->in[window_of(t->model, model_when(t->model, event))]++;
	}
}

/* The events of one CPU may begin late because its buffer wrapped earlier: then nothing is known.
 */
static bool is_overwritten(const struct model *model)
{
	for (size_t i = 0; i < model->counts.count; i++)
		if (((const struct record_counts *)model->counts.all[i])->overwritten)
			return true;
	return false;
}

static bool say_rate(struct diagnosis *d, const struct trend *t, const struct counter *c)
{
	double window_s = (double)(model_last(t->model) - model_first(t->model)) / 1e9 / WINDOWS;
	uint64_t before = median(c->in, WINDOWS - LAST), high = most(c->in, WINDOWS - LAST);
	uint64_t end = most(c->in + WINDOWS - LAST, LAST);

	if (end < LEAST_EVENTS || end < TIMES * before || end < 3 * high)
		return false;
	memset(d, 0, sizeof(*d));
	say_headline(d, "unusual-rate", "before the end: %.0f a second of %s, usually %.0f",
		     (double)end / window_s, c->name, (double)before / window_s);
	say_evidence(d, "the median of %d windows of %.3f s is %lu, the most %lu; at the end %lu",
		     WINDOWS - LAST, window_s, before, high, end);
	d->mend = "look at the first of these in the timeline: what set it off is before it";
	return true;
}

/* Live bytes of the process that has the most at the end, in each window at its end. */
static bool say_growth(struct diagnosis *d, const struct model *model, const struct tracks *tracks)
{
	uint64_t at_end[WINDOWS] = {0}, before, end;
	const struct level *last = NULL;

	for (size_t i = 0; i < tracks->level_count; i++)
		if (!last || tracks->levels[i].bytes > last->bytes)
			last = &tracks->levels[i];
	for (size_t i = 0; last && i < tracks->level_count; i++) {
		const struct level *level = &tracks->levels[i];

		if (level->tgid != last->tgid || level->domain != last->domain)
			continue;
		for (size_t n = window_of(model, level->when); n < WINDOWS; n++)
			at_end[n] = level->bytes;
	}
	before = median(at_end, WINDOWS - LAST);
	end = at_end[WINDOWS - 1];
	if (!before || end < LEAST_BYTES || end < GREW * before ||
	    end < 2 * most(at_end, WINDOWS - LAST))
		return false;
	memset(d, 0, sizeof(*d));
	say_headline(d, "memory-growth",
		     "before the end: memory of process %u grew to %lu bytes, from usually %lu",
		     last->tgid, end, before);
	d->mend = "look at what was allocated in the last part of the timeline";
	return true;
}

size_t diagnose_trend(const struct model *model, struct diagnosis *found, size_t max)
{
	struct trend *t = calloc(1, sizeof(*t));
	struct shown all = {.from = model_first(model), .to = model_last(model)};
	struct tracks tracks;
	size_t said = 0;

	if (!t || !max || model_last(model) - model_first(model) < LEAST_NS ||
	    is_overwritten(model)) {
		free(t);
		return 0;
	}
	t->model = model;
	count_events(t);
	for (size_t i = 0; i < t->count && said < max && said < 1; i++)
		said += say_rate(&found[said], t, &t->counters[i]);
	all.count = model->events.count;
	all.index = malloc((all.count + 1) * sizeof(*all.index));
	for (size_t i = 0; all.index && i < all.count; i++)
		all.index[i] = (uint32_t)i;
	if (all.index && said < max && !tracks_levels(model, &all, &tracks)) {
		said += say_growth(&found[said], model, &tracks);
		tracks_free(&tracks);
	}
	free(all.index);
	free(t);
	return said;
}
