// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Trace events in JSON, which Perfetto's page, chrome://tracing and others open: calls
 * and threads on CPUs as slices, memory as counters, everything else as instants. Times
 * are microseconds from the first event. One of them is written at a time, since there
 * may be millions.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include "rewind/tracks.h"

/* Processes of hosts that have the same numbers, and CPUs, which are no process. */
#define PID_STRIDE 10000000ULL
#define CPUS_PID   9999999ULL

struct trace {
	FILE *to;
	const struct model *model;
	bool begun;
};

static double micro(const struct trace *t, uint64_t when)
{
	return (double)(int64_t)(when - model_first(t->model)) / 1000;
}

static json_int_t pid_of(uint32_t tgid, uint64_t domain)
{
	return (json_int_t)(tgid + domain % 100000 * PID_STRIDE);
}

static json_t *text(const char *value)
{
	json_t *string = json_string(value);

	return string ? string : json_string("?");
}

/* Takes event. */
static void put(struct trace *t, json_t *event)
{
	fputs(t->begun ? ",\n" : "\n", t->to);
	json_dumpf(event, t->to, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(event);
	t->begun = true;
}

static void put_name(struct trace *t, const char *what, json_int_t pid, json_int_t tid,
		     const char *name)
{
	put(t, json_pack("{s:s,s:s,s:I,s:I,s:{s:o}}", "ph", "M", "name", what, "pid", pid, "tid",
			 tid, "args", "name", text(name)));
}

static void put_names(struct trace *t, const struct tracks *tracks)
{
	char title[128];

	for (size_t i = 0; i < tracks->thread_count; i++) {
		const struct track_thread *thread = &tracks->threads[i];
		const char *name =
			model_thread_name(t->model, thread->domain, thread->tid) ?: "thread";
		const char *process =
			model_thread_name(t->model, thread->domain, thread->tgid) ?: name;
		json_int_t pid = pid_of(thread->tgid, thread->domain);

		snprintf(title, sizeof(title), thread->domain ? "%s on %s" : "%s", process,
			 model_host(t->model, thread->domain));
		put_name(t, "process_name", pid, pid, title);
		put_name(t, "thread_name", pid, pid_of(thread->tid, thread->domain), name);
	}
	if (tracks->run_count)
		put_name(t, "process_name", CPUS_PID, 0, "CPUs");
}

static void put_slices(struct trace *t, const struct tracks *tracks)
{
	char name[128], words[512];

	for (size_t i = 0; i < tracks->slice_count; i++) {
		const struct slice *s = &tracks->slices[i];

		slice_name(s->event, name, sizeof(name));
		event_words(s->event, words, sizeof(words));
		put(t, json_pack("{s:s,s:o,s:s,s:f,s:f,s:I,s:I,s:{s:o}}", "ph", "X", "name",
				 text(name), "cat", event_name(s->event), "ts", micro(t, s->from),
				 "dur", (double)(s->to - s->from) / 1000, "pid",
				 pid_of(s->event->tgid, s->event->domain), "tid",
				 pid_of(s->event->tid, s->event->domain), "args", "event",
				 text(words)));
	}
}

static void put_runs(struct trace *t, const struct tracks *tracks)
{
	char name[64];

	for (size_t i = 0; i < tracks->run_count; i++) {
		const struct run *r = &tracks->runs[i];
		const struct track_thread *thread =
			&tracks->threads[tracks_thread(tracks, r->domain, r->tid)];

		snprintf(name, sizeof(name), "%s %u",
			 model_thread_name(t->model, thread->domain, r->tid) ?: "thread", r->tid);
		put(t, json_pack("{s:s,s:o,s:s,s:f,s:f,s:I,s:I}", "ph", "X", "name", text(name),
				 "cat", "sched", "ts", micro(t, r->from), "dur",
				 (double)(r->to - r->from) / 1000, "pid", (json_int_t)CPUS_PID,
				 "tid", (json_int_t)r->cpu));
	}
}

static void put_levels(struct trace *t, const struct tracks *tracks)
{
	for (size_t i = 0; i < tracks->level_count; i++) {
		const struct level *level = &tracks->levels[i];

		put(t, json_pack("{s:s,s:s,s:f,s:I,s:{s:I}}", "ph", "C", "name", "allocated memory",
				 "ts", micro(t, level->when), "pid",
				 pid_of(level->tgid, level->domain), "args", "bytes",
				 (json_int_t)level->bytes));
	}
}

static void put_instants(struct trace *t, const struct shown *shown)
{
	char words[512];

	for (size_t i = 0; i < shown->count; i++) {
		const struct record_header *event = t->model->events.all[shown->index[i]];

		if (!is_moment(event))
			continue;
		event_words(event, words, sizeof(words));
		put(t, json_pack("{s:s,s:s,s:o,s:s,s:f,s:I,s:I}", "ph", "i", "s", "t", "name",
				 text(words), "cat", event_name(event), "ts",
				 micro(t, model_when(t->model, event)), "pid",
				 pid_of(event->tgid, event->domain), "tid",
				 pid_of(event->tid, event->domain)));
	}
}

static void put_crash(struct trace *t, const struct diagnosis *found, size_t count)
{
	const struct record_crash *crash = model_crash(t->model);

	if (!crash)
		return;
	put(t, json_pack("{s:s,s:s,s:o,s:s,s:f,s:I,s:I}", "ph", "i", "s", "g", "name",
			 text(count ? found[0].headline : "crash"), "cat", "crash", "ts",
			 micro(t, model_when(t->model, &crash->header)), "pid",
			 pid_of(crash->header.tgid, crash->header.domain), "tid",
			 pid_of(crash->header.tid, crash->header.domain)));
}

int view_perfetto(FILE *to, const struct model *model, const struct diagnosis *found, size_t count,
		  const struct shown *shown)
{
	struct trace t = {.to = to, .model = model};
	struct tracks tracks;
	int ret = tracks_build(model, shown, &tracks);

	if (ret)
		return ret;
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", to);
	put_names(&t, &tracks);
	put_slices(&t, &tracks);
	put_runs(&t, &tracks);
	put_levels(&t, &tracks);
	put_instants(&t, shown);
	put_crash(&t, found, count);
	fputs("\n]}\n", to);
	tracks_free(&tracks);
	return ferror(to) ? -EIO : 0;
}
