// SPDX-License-Identifier: GPL-2.0-or-later
/* Makes intervals and levels of events, for the views that draw them. */
#include "rewind/tracks.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

/* A thread, while its calls are laid into each other. */
struct nesting {
	uint64_t ends[DEPTH_MAX];
	size_t depth;
	uint64_t exit;				      /* when it ended; 0: not known */
	const struct record_header *calls[DEPTH_MAX]; /* of functions, that did not return yet */
};

bool is_moment(const struct record_header *event)
{
	return event->type != RECORD_SYSCALL && event->type != RECORD_SWITCH &&
	       event->type != RECORD_CALL && event->type != RECORD_RETURN && event->tid;
}

static bool is_thread(const struct track_thread *thread, uint64_t domain, uint32_t tid)
{
	return thread->tid == tid && thread->domain == domain;
}

static uint32_t *place_of(const struct tracks *t, uint64_t domain, uint32_t tid)
{
	size_t at = (tid * 2654435761U ^ domain * 40503) & (t->place_count - 1);

	while (t->places[at] && !is_thread(&t->threads[t->places[at] - 1], domain, tid))
		at = (at + 1) & (t->place_count - 1);
	return &t->places[at];
}

size_t tracks_thread(const struct tracks *t, uint64_t domain, uint32_t tid)
{
	return t->place_count ? *place_of(t, domain, tid) - (size_t)1 : SIZE_MAX;
}

static size_t thread_of(const struct tracks *t, const struct record_header *event)
{
	return tracks_thread(t, event->domain, event->tid);
}

/* Room for one more; the places are never more than half full. */
static int grow_threads(struct tracks *t)
{
	struct track_thread *threads;

	if (2 * t->thread_count < t->place_count)
		return 0;
	free(t->places);
	t->place_count = t->place_count ? 2 * t->place_count : 64;
	t->places = calloc(t->place_count, sizeof(*t->places));
	threads = reallocarray(t->threads, t->place_count, sizeof(*threads));
	t->threads = threads ? threads : t->threads;
	if (!t->places || !threads)
		return -ENOMEM;
	for (size_t i = 0; i < t->thread_count; i++)
		*place_of(t, threads[i].domain, threads[i].tid) = (uint32_t)i + 1;
	return 0;
}

/* Those that do something else than to leave a CPU, which other programs' threads do too. */
static int find_threads(const struct model *model, const struct shown *shown, struct tracks *t)
{
	for (size_t i = 0; i < shown->count; i++) {
		const struct record_header *event = model->events.all[shown->index[i]];

		if (event->type == RECORD_SWITCH || !event->tid || thread_of(t, event) != SIZE_MAX)
			continue;
		if (grow_threads(t))
			return -ENOMEM;
		t->threads[t->thread_count] =
			(struct track_thread){event->tid, event->tgid, event->domain};
		*place_of(t, event->domain, event->tid) = (uint32_t)++t->thread_count;
	}
	return 0;
}

static int by_from(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to < y->to) - (x->to > y->to);
}

static void nest(struct tracks *t, struct nesting *nestings)
{
	for (size_t i = 0; i < t->slice_count; i++) {
		struct slice *slice = &t->slices[i];
		struct nesting *n = &nestings[thread_of(t, slice->event)];

		while (n->depth && n->ends[n->depth - 1] <= slice->from)
			n->depth--;
		slice->depth = (uint16_t)n->depth;
		if (n->depth < DEPTH_MAX)
			n->ends[n->depth++] = slice->to;
	}
}

/* A call that had not returned lasts as long as its thread. */
static void end_open(const struct model *model, const struct shown *shown, struct tracks *t,
		     struct nesting *nestings)
{
	for (size_t i = 0; i < shown->count; i++) {
		const struct record_header *event = model->events.all[shown->index[i]];

		if (event->type == RECORD_EXIT && event->tid)
			nestings[thread_of(t, event)].exit = model_when(model, event);
	}
	for (size_t i = 0; i < t->slice_count; i++) {
		struct slice *slice = &t->slices[i];
		uint64_t exit = nestings[thread_of(t, slice->event)].exit;

		if (slice->open)
			slice->to = exit > slice->from ? exit : model_last(model);
	}
}

static void add_syscall(const struct model *model, struct tracks *t,
			const struct record_header *event)
{
	const struct record_syscall *call = (const struct record_syscall *)event;
	struct slice *slice = &t->slices[t->slice_count++];

	slice->event = event;
	slice->from = model_when(model, event);
	slice->open = call->flags & RECORD_UNFINISHED;
	slice->to = slice->from + call->duration_ns;
}

/* A call of a function whose return is not there, if it is one. */
static void add_call(const struct model *model, struct tracks *t, const struct record_header *event)
{
	if (event)
		t->slices[t->slice_count++] = (struct slice){
			.event = event, .from = model_when(model, event), .open = true};
}

/* A return tells when its call was, be that recorded or not. */
static void add_function(const struct model *model, struct tracks *t,
			 const struct record_header *event, struct nesting *nesting)
{
	const struct record_function_return *back = (const struct record_function_return *)event;
	uint64_t when = model_when(model, event);

	/* Both have their depth at the same place. */
	if (back->depth < DEPTH_MAX)
		nesting->calls[back->depth] = event->type == RECORD_CALL ? event : NULL;
	if (event->type == RECORD_RETURN)
		t->slices[t->slice_count++] = (struct slice){
			.event = event,
			.from = when > back->duration_ns ? when - back->duration_ns : 0,
			.to = when};
}

static int find_slices(const struct model *model, const struct shown *shown, struct tracks *t)
{
	struct nesting *nestings = calloc(t->thread_count + 1, sizeof(*nestings));

	t->slices = malloc((shown->count + 1) * sizeof(*t->slices));
	if (!nestings || !t->slices) {
		free(nestings);
		return -ENOMEM;
	}
	for (size_t i = 0; i < shown->count; i++) {
		const struct record_header *event = model->events.all[shown->index[i]];

		if (event->type == RECORD_SYSCALL && event->tid)
			add_syscall(model, t, event);
		if ((event->type == RECORD_CALL || event->type == RECORD_RETURN) && event->tid)
			add_function(model, t, event, &nestings[thread_of(t, event)]);
	}
	for (size_t i = 0; i < t->thread_count * DEPTH_MAX; i++)
		add_call(model, t, nestings[i / DEPTH_MAX].calls[i % DEPTH_MAX]);
	end_open(model, shown, t, nestings);
	qsort(t->slices, t->slice_count, sizeof(*t->slices), by_from);
	nest(t, nestings);
	free(nestings);
	return 0;
}

/* The thread that is on a CPU, and since when. */
struct current {
	uint64_t domain;
	uint32_t tid;
	uint64_t since;
};

static void end_run(struct tracks *t, const struct current *current, uint16_t cpu, uint64_t when)
{
	if (current->tid && tracks_thread(t, current->domain, current->tid) != SIZE_MAX)
		t->runs[t->run_count++] =
			(struct run){current->since, when, current->domain, current->tid, cpu};
}

static int find_runs(const struct model *model, const struct shown *shown, struct tracks *t)
{
	struct current *current;

	/* There computing takes no time: who is on a CPU while all wait says nothing. */
	if (model_is_simulated(model))
		return 0;
	current = calloc(UINT16_MAX, sizeof(*current));
	t->runs = malloc((shown->count + UINT16_MAX) * sizeof(*t->runs));
	if (!current || !t->runs) {
		free(current);
		return -ENOMEM;
	}
	for (size_t i = 0; i < shown->count; i++) {
		const struct record_header *event = model->events.all[shown->index[i]];
		const struct record_switch *change = (const struct record_switch *)event;
		struct current *on = &current[event->cpu];

		if (event->type != RECORD_SWITCH || event->cpu == UINT16_MAX)
			continue;
		/* The first that is known of this CPU: the thread was there before. */
		if (!on->since || on->tid != event->tid)
			*on = (struct current){event->domain, event->tid,
					       on->since ? on->since : shown->from};
		end_run(t, on, event->cpu, model_when(model, event));
		*on = (struct current){event->domain, change->next_tid, model_when(model, event)};
	}
	for (uint16_t cpu = 0; cpu < UINT16_MAX; cpu++)
		end_run(t, &current[cpu], cpu, shown->to);
	free(current);
	return 0;
}

/*
 * What a process has allocated at the end is known from the table of live blocks,
 * whatever was overwritten; what it had before follows from the events backwards.
 */
static uint64_t live_at_end(const struct model *model, uint64_t domain, uint32_t tgid)
{
	uint64_t bytes = 0;
	uint32_t epoch = 0;

	for (size_t i = 0; i < model->blocks.count; i++) {
		const struct record_block *b = (const struct record_block *)model->blocks.all[i];

		if (b->header.tgid != tgid || b->header.domain != domain ||
		    b->how != RECORD_HOW_LIVE || b->epoch < epoch)
			continue;
		if (b->epoch > epoch)
			bytes = 0;
		epoch = b->epoch;
		bytes += b->size_bytes;
	}
	return bytes;
}

/* The level of the event's process; NULL if there are more of those than threads. */
static int64_t *level_of(int64_t *levels, const struct model *model, size_t *count, size_t max,
			 const struct record_header *event, struct level *known)
{
	for (size_t i = 0; i < *count; i++)
		if (known[i].tgid == event->tgid && known[i].domain == event->domain)
			return &levels[i];
	if (*count == max)
		return NULL;
	known[*count].tgid = event->tgid;
	known[*count].domain = event->domain;
	levels[*count] = (int64_t)live_at_end(model, event->domain, event->tgid);
	return &levels[(*count)++];
}

static int find_levels(const struct model *model, const struct shown *shown, struct tracks *t)
{
	struct level *known = calloc(t->thread_count + 1, sizeof(*known));
	int64_t *levels = calloc(t->thread_count + 1, sizeof(*levels)), *now;
	size_t count = 0, i = model->events.count, first = shown->count ? shown->index[0] : 0;

	t->levels = malloc((shown->count + 1) * sizeof(*t->levels));
	if (!known || !levels || !t->levels) {
		free(known);
		free(levels);
		return -ENOMEM;
	}
	for (size_t at = shown->count; i-- > first && at;) {
		const struct record_header *event = model->events.all[i];
		const struct record_memory *memory = (const struct record_memory *)event;
		bool is_shown = shown->index[at - 1] == i;

		at -= is_shown;
		if ((event->type != RECORD_ALLOC && event->type != RECORD_FREE) || !event->tid ||
		    (!is_shown && thread_of(t, event) == SIZE_MAX))
			continue;
		now = level_of(levels, model, &count, t->thread_count, event, known);
		if (!now)
			continue;
		if (is_shown)
			t->levels[t->level_count++] =
				(struct level){model_when(model, event),
					       *now > 0 ? (uint64_t)*now : 0, event->tgid};
		*now += event->type == RECORD_ALLOC ? -(int64_t)memory->size_bytes
						    : (int64_t)memory->size_bytes;
	}
	for (i = 0; i < t->level_count / 2; i++) {
		struct level other = t->levels[i];

		t->levels[i] = t->levels[t->level_count - 1 - i];
		t->levels[t->level_count - 1 - i] = other;
	}
	free(known);
	free(levels);
	return 0;
}

int tracks_build(const struct model *model, const struct shown *shown, struct tracks *t)
{
	int ret;

	memset(t, 0, sizeof(*t));
	ret = find_threads(model, shown, t);
	if (!ret)
		ret = find_slices(model, shown, t);
	if (!ret)
		ret = find_runs(model, shown, t);
	if (!ret)
		ret = find_levels(model, shown, t);
	if (ret)
		tracks_free(t);
	return ret;
}

int tracks_levels(const struct model *model, const struct shown *shown, struct tracks *t)
{
	int ret;

	memset(t, 0, sizeof(*t));
	ret = find_threads(model, shown, t);
	if (!ret)
		ret = find_levels(model, shown, t);
	if (ret)
		tracks_free(t);
	return ret;
}

void tracks_free(struct tracks *t)
{
	free(t->slices);
	free(t->runs);
	free(t->levels);
	free(t->threads);
	free(t->places);
	memset(t, 0, sizeof(*t));
}
