// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The figures of a finished simulation: a line, a table, a JSON file. What
 * depends on this machine (wall time, and what follows from it) is kept apart
 * from what must be the same in every run with the same seed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/sundial.h>
#include "sim/fail.h"
#include "sim/sim.h"
#include "sim/time_text.h"
#include "simkernel/syscall.h"

struct totals {
	u64 virtual_ns, wall_ns, page, arena, host, calls;
	double speedup;
};

static struct totals add_up(struct sim *s)
{
	struct host *h = s->host;
	struct totals t = {0};

	t.virtual_ns = h->clock->now_ns - SIM_BOOT_NS;
	t.wall_ns = s->wall_end_ns - s->wall_start_ns;
	t.page = h->clock->reads;
	for (int i = 0; i < SYSCALL_SLOTS; i++) {
		t.calls += h->stat[i].calls;
		t.host += h->stat[i].host;
	}
	t.arena = t.calls - t.host;
	t.speedup = t.wall_ns ? (double)t.virtual_ns / t.wall_ns : 0;
	return t;
}

static const char *call_name(int nr, char *buf, size_t size)
{
	if (syscall_table[nr].name)
		return syscall_table[nr].name;
	snprintf(buf, size, nr == SYSCALL_SLOTS - 1 ? "number %d or more" : "number %d", nr);
	return buf;
}

void stats_unknown(struct sim *s)
{
	struct host *h = s->host;
	char line[2048] = "", buf[32];
	size_t at = 0;

	for (int i = 0; i < SYSCALL_SLOTS && at < sizeof(line); i++)
		if (h->stat[i].unknown)
			at += snprintf(line + at, sizeof(line) - at, "%s%s (%lu)", at ? ", " : "",
				       call_name(i, buf, sizeof(buf)), h->stat[i].unknown);
	if (at)
		say("calls that the simulation does not know, answered ENOSYS: %s", line);
}

void report_summary(struct sim *s)
{
	struct totals t = add_up(s);
	char virtual[64], wall[64];

	say("%s virtual in %s (x%.4g), seed %lu: %lu clock reads from the page, %lu calls "
	    "answered by the arena, %lu by the host",
	    format_duration(virtual, sizeof(virtual), t.virtual_ns),
	    format_duration(wall, sizeof(wall), t.wall_ns), t.speedup, s->opt->seed, t.page,
	    t.arena, t.host);
}

static struct host *sorted_host;

static int by_count(const void *a, const void *b)
{
	const struct syscall_stat *x = &sorted_host->stat[*(const int *)a];
	const struct syscall_stat *y = &sorted_host->stat[*(const int *)b];

	if (x->calls != y->calls)
		return x->calls < y->calls ? 1 : -1;
	return *(const int *)a - *(const int *)b;
}

static int sort_calls(struct host *h, int *order)
{
	int n = 0;

	for (int i = 0; i < SYSCALL_SLOTS; i++)
		if (h->stat[i].calls)
			order[n++] = i;
	sorted_host = h;
	qsort(order, n, sizeof(*order), by_count);
	return n;
}

void stats_table(struct sim *s)
{
	struct host *h = s->host;
	int order[SYSCALL_SLOTS], n = sort_calls(h, order);
	char buf[32];

	dprintf(say_fd(), "%-24s %12s %12s %12s %12s %10s\n", "call", "count", "page", "arena",
		"host", "errors");
	if (h->clock->reads)
		dprintf(say_fd(), "%-24s %12lu %12lu %12s %12s %10s\n", "(clock reads)",
			(u64)h->clock->reads, (u64)h->clock->reads, "-", "-", "-");
	for (int i = 0; i < n; i++) {
		const struct syscall_stat *st = &h->stat[order[i]];

		dprintf(say_fd(), "%-24s %12lu %12s %12lu %12lu %10lu%s\n",
			call_name(order[i], buf, sizeof(buf)), st->calls, "-", st->calls - st->host,
			st->host, st->errors, st->unknown ? "  unknown: ENOSYS" : "");
	}
	dprintf(say_fd(),
		"processes %lu, threads %lu, switches %lu, events %lu, signals %lu, "
		"preemptions %lu\ntraps %lu, patched sites %lu, sites left trapping %lu\n",
		h->processes_made, h->threads_made, h->switches, h->events, h->signals_sent,
		h->preemptions, h->traps, h->patched_sites, h->unpatched_sites);
}

static const char *end_name(u32 end)
{
	static const char *const names[] = {"none",   "exited",	   "until",    "deadlock",
					    "broken", "no memory", "requested"};

	return end < ARRAY_SIZE(names) ? names[end] : "?";
}

static void json_calls(FILE *f, struct host *h)
{
	const char *comma = "";
	char buf[32];

	fprintf(f, "  \"syscalls\": {");
	for (int i = 0; i < SYSCALL_SLOTS; i++) {
		const struct syscall_stat *st = &h->stat[i];

		if (!st->calls)
			continue;
		fprintf(f, "%s\n    \"%s\": {\"count\": %lu, \"host\": %lu, \"errors\": %lu%s}",
			comma, call_name(i, buf, sizeof(buf)), st->calls, st->host, st->errors,
			st->unknown ? ", \"unknown\": true" : "");
		comma = ",";
	}
	fprintf(f, "\n  },\n");
}

void stats_json(struct sim *s)
{
	struct totals t = add_up(s);
	struct host *h = s->host;
	FILE *f = s->stats_out;

	fprintf(f,
		"{\n  \"virtual_ns\": %lu,\n  \"start_ns\": %ld,\n  \"seed\": %lu,\n"
		"  \"end\": \"%s\",\n  \"exit_status\": %d,\n"
		"  \"page_reads\": %lu,\n  \"arena_calls\": %lu,\n  \"host_calls\": %lu,\n"
		"  \"unknown_calls\": %lu,\n  \"preemptions\": %lu,\n"
		"  \"outside_deaths\": %u,\n  \"processes\": %lu,\n  \"threads\": %lu,\n"
		"  \"switches\": %lu,\n  \"events\": %lu,\n  \"signals\": %lu,\n"
		"  \"traps\": %lu,\n  \"patched_sites\": %lu,\n  \"unpatched_sites\": %lu,\n",
		t.virtual_ns, s->opt->start_ns, s->opt->seed, end_name(h->end), report_status(s),
		t.page, t.arena, t.host, h->unknown_calls, h->preemptions, s->outside_deaths,
		h->processes_made, h->threads_made, h->switches, h->events, h->signals_sent,
		h->traps, h->patched_sites, h->unpatched_sites);
	json_calls(f, h);
	fprintf(f, "  \"wall_ns\": %lu,\n  \"speedup\": %.6g\n}\n", t.wall_ns, t.speedup);
	if (fclose(f))
		say("%s: not written: %s", s->opt->stats_file, strerror(errno));
	s->stats_out = NULL;
}
