// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counts are differences between two looks. A window is as many ticks as the processes
 * need for some CPU time: a share of nearly nothing would say nothing.
 */
#include "record/budget.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "record/measure.h"
#include "record.skel.h"

#define WINDOW_CPU_NS 20000000 /* of the processes, at least */
#define PROCESSES_MAX 1024
#define EVENTS_MAX    64

struct process_cpu {
	pid_t pid;
	uint64_t cpu_ns;
};

struct budget {
	struct programs *programs;
	struct sources *sources;
	struct budget_options options;
	budget_off *off;
	void *context;
	struct hit_costs costs;
	bool is_off[RECORD_SOURCES_MAX];
	uint64_t hits[RECORD_SOURCES_MAX]; /* at the beginning of the window */
	struct process_cpu processes[PROCESSES_MAX];
	size_t process_count;
	struct record_source_off events[EVENTS_MAX];
	size_t event_count;
};

struct window {
	uint64_t cpu_ns;
	uint64_t hits[RECORD_SOURCES_MAX];
	uint64_t cost_ns[RECORD_SOURCES_MAX];
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts))
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t cpu_before(const struct budget *b, pid_t pid)
{
	for (size_t i = 0; i < b->process_count; i++)
		if (b->processes[i].pid == pid)
			return b->processes[i].cpu_ns;
	return 0;
}

/* The CPU time of all recorded processes since the window began; keep: a new one begins. */
static uint64_t cpu_time(struct budget *b, bool keep)
{
	static struct process_cpu now[PROCESSES_MAX];
	int map = bpf_map__fd(b->programs->skeleton->maps.processes);
	__u32 *previous = NULL, pid, next;
	size_t count = 0;
	uint64_t sum = 0;

	for (; count < PROCESSES_MAX && !bpf_map_get_next_key(map, previous, &next);
	     pid = next, previous = &pid) {
		clockid_t clock;

		if (clock_getcpuclockid((pid_t)next, &clock))
			continue;
		now[count] = (struct process_cpu){(pid_t)next, clock_ns(clock)};
		sum += now[count].cpu_ns - cpu_before(b, (pid_t)next);
		count++;
	}
	if (keep) {
		memcpy(b->processes, now, count * sizeof(now[0]));
		b->process_count = count;
	}
	return sum;
}

static uint64_t hits_of(const struct budget *b, enum record_source source)
{
	uint64_t sum = 0;

	for (size_t cpu = 0; cpu < b->programs->cpus; cpu++)
		sum += b->programs->rings[cpu].hits[source];
	return sum;
}

static void begin_window(struct budget *b)
{
	for (int i = 0; i < RECORD_SOURCES_MAX; i++)
		b->hits[i] = hits_of(b, i);
	sources_costs(b->sources, &b->costs, true, NULL);
	cpu_time(b, true);
}

static void look(struct budget *b, struct window *w)
{
	for (int i = 0; i < RECORD_SOURCES_MAX; i++) {
		w->hits[i] = hits_of(b, i) - b->hits[i];
		w->cost_ns[i] = w->hits[i] * b->costs.source_ns[i];
	}
	/* Functions differ: where the kernel steps, and where returns are seen. */
	w->cost_ns[RECORD_SOURCE_FUNCTIONS] =
		sources_costs(b->sources, &b->costs, false, &w->hits[RECORD_SOURCE_FUNCTIONS]);
}

static const char *name_of(enum record_source source)
{
	static const char *const names[] = {
		[RECORD_SOURCE_MALLOC] = "allocations",
		[RECORD_SOURCE_FUNCTIONS] = "functions",
		[RECORD_SOURCE_SYSCALLS] = "system calls",
		[RECORD_SOURCE_SCHEDULING] = "scheduling",
		[RECORD_SOURCE_FAULTS] = "page faults",
	};

	return names[source];
}

static void put_words(const struct record_source_off *event)
{
	double share = 100.0 * (double)event->cost_ns / (double)event->cpu_ns;

	if (event->functions)
		fprintf(stderr, "sundial: %u functions are", event->functions);
	else
		fprintf(stderr, "sundial: %s are", name_of(event->source));
	fprintf(stderr,
		" no longer recorded: %llu hits took %.1f %% of the CPU time, %.1f %% are "
		"allowed\n",
		event->hits, share, event->budget_permille / 10.0);
}

/* functions: how many, if only some of that source went. */
static void note(struct budget *b, const struct window *w, enum record_source source,
		 size_t functions)
{
	struct record_source_off *event = &b->events[b->event_count];

	if (b->event_count == EVENTS_MAX)
		return;
	*event = (struct record_source_off){
		.header = {.type = RECORD_SOURCE,
			   .length = sizeof(*event),
			   .cpu = UINT16_MAX,
			   .host_ns = clock_ns(CLOCK_MONOTONIC)},
		.source = source,
		.functions = (__u32)functions,
		.hits = w->hits[source],
		.cost_ns = w->cost_ns[source],
		.cpu_ns = w->cpu_ns,
		.budget_permille = (__u32)(b->options.percent * 10),
	};
	event->header.virtual_ns = event->header.host_ns;
	b->event_count++;
	if (!b->options.quiet)
		put_words(event);
}

/* The source that costs most of those that may be switched off, or -1. */
static int dearest(const struct budget *b, const struct window *w)
{
	int found = -1;

	for (int i = 0; i < RECORD_SOURCES_MAX; i++) {
		if (b->is_off[i] || !w->cost_ns[i] ||
		    (b->options.functions_only && i != RECORD_SOURCE_FUNCTIONS))
			continue;
		if (found < 0 || w->cost_ns[i] > w->cost_ns[found])
			found = i;
	}
	return found;
}

static uint64_t sum_of(const struct budget *b, const struct window *w)
{
	uint64_t sum = 0;

	for (int i = 0; i < RECORD_SOURCES_MAX; i++)
		if (!b->is_off[i] && (!b->options.functions_only || i == RECORD_SOURCE_FUNCTIONS))
			sum += w->cost_ns[i];
	return sum;
}

static void reduce(struct budget *b, struct window *w, int source, uint64_t allowed_ns)
{
	uint64_t others_ns = sum_of(b, w) - w->cost_ns[source];
	uint64_t left_ns = allowed_ns > others_ns ? allowed_ns - others_ns : 0;
	size_t dropped = 0;

	/* Half, so that those which stay may grow. */
	if (source == RECORD_SOURCE_FUNCTIONS && left_ns)
		dropped = sources_drop(b->sources, &b->costs, left_ns / 2);
	note(b, w, source, dropped);
	if (!dropped) {
		b->is_off[source] = true;
		b->off(b->context, source);
	}
	w->cost_ns[source] = dropped ? left_ns / 2 : 0;
}

void budget_check(struct budget *b)
{
	struct window window;
	uint64_t allowed_ns;
	int source;

	window.cpu_ns = cpu_time(b, false);
	if (window.cpu_ns < WINDOW_CPU_NS)
		return;
	look(b, &window);
	allowed_ns = (uint64_t)((double)window.cpu_ns * b->options.percent / 100);
	while (sum_of(b, &window) > allowed_ns && (source = dearest(b, &window)) >= 0)
		reduce(b, &window, source, allowed_ns);
	begin_window(b);
}

int budget_open(struct budget **budget, struct programs *programs, struct sources *sources,
		const struct program_options *recorded, const struct budget_options *options,
		budget_off *off, void *context)
{
	struct budget *b = calloc(1, sizeof(*b));
	struct program_options measured = *recorded;
	int ret;

	if (!b)
		return -ENOMEM;
	measured.malloc &= !options->functions_only;
	b->programs = programs;
	b->sources = sources;
	b->options = *options;
	b->off = off;
	b->context = context;
	ret = measure_hits(programs, &measured, &b->costs);
	if (ret) {
		free(b);
		return ret;
	}
	begin_window(b);
	*budget = b;
	return 0;
}

void budget_write(const struct budget *b, struct sundial_record_writer *writer)
{
	for (size_t i = 0; b && i < b->event_count; i++)
		sundial_record_write(writer, &b->events[i].header);
}

void budget_report(const struct budget *b)
{
	if (!b || b->options.quiet || !b->event_count)
		return;
	fprintf(stderr, "sundial: the recording is not whole, for the sake of the budget:\n");
	for (size_t i = 0; i < b->event_count; i++)
		put_words(&b->events[i]);
}

void budget_close(struct budget *b)
{
	free(b);
}
