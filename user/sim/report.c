// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a simulation ended, said once on stderr, and the exit status. Every guest
 * process is dead by now, so the arena is the supervisor's to read; a guest's
 * wild write may have damaged it, so lists are walked with a bound.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <linux/sundial.h>
#include "sim/fail.h"
#include "sim/sim.h"
#include "sim/time_text.h"
#include "simkernel/syscall.h"

#define LIST_MAX  65536
#define SHOWN_MAX 64

/* A pointer that can be followed. */
static bool in_arena(struct host *h, const void *p, size_t size)
{
	u64 at = (u64)p - (u64)h;

	return p && at < h->size && size <= h->size - at;
}

const char *report_call(const struct task *t)
{
	const char *name = t->call_nr < SYSCALL_SLOTS ? syscall_table[t->call_nr].name : NULL;

	return name ? name : "a system call";
}

static void say_task(const struct process *p, const struct task *t)
{
	if (t->state == TASK_STOPPED)
		say("  process %d thread %d (%.*s) is stopped", p->pid, t->tid, TASK_COMM_BYTES,
		    t->comm);
	else
		say("  process %d thread %d (%.*s) sleeps in %s", p->pid, t->tid, TASK_COMM_BYTES,
		    t->comm, report_call(t));
}

static void say_sleepers(struct sim *s)
{
	struct host *h = s->host;
	unsigned int shown = 0, steps = 0;

	for (struct list *l = h->processes.next; l != &h->processes; l = l->next) {
		struct process *p = list_entry(l, struct process, link);

		if (!in_arena(h, l, sizeof(*l)) || !in_arena(h, p, sizeof(*p)) ||
		    ++steps > LIST_MAX)
			return;
		if (p == h->init || p->state != PROCESS_ALIVE)
			continue;
		for (struct list *k = p->threads.next; k != &p->threads; k = k->next) {
			struct task *t = list_entry(k, struct task, thread_link);

			if (!in_arena(h, k, sizeof(*k)) || !in_arena(h, t, sizeof(*t)) ||
			    ++steps > LIST_MAX)
				return;
			if (++shown > SHOWN_MAX)
				continue;
			say_task(p, t);
		}
	}
	if (shown > SHOWN_MAX)
		say("  and %u more threads", shown - SHOWN_MAX);
}

static void say_deaths(struct sim *s)
{
	for (char *line = strtok(s->deaths, "\n"); line; line = strtok(NULL, "\n"))
		say("%s", line);
	if (s->outside_deaths)
		say("determinism ended there");
}

/* Refusals and fallbacks that the simulated kernel noted. */
static void say_notes(struct sim *s)
{
	struct host *h = s->host;

	h->notes[sizeof(h->notes) - 1] = 0;
	for (char *line = strtok(h->notes, "\n"); line; line = strtok(NULL, "\n"))
		say("%s", line);
}

static void say_main_status(struct sim *s)
{
	u32 status = s->host->main_status;

	if (WIFSIGNALED(status))
		say("%s was killed by signal %d (SIG%s)%s", s->program.name, WTERMSIG(status),
		    sigabbrev_np(WTERMSIG(status)) ?: "?",
		    WCOREDUMP(status) ? ", core dumped" : "");
}

void report_end(struct sim *s)
{
	struct host *h = s->host;
	char at[64];

	say_deaths(s);
	format_duration(at, sizeof(at), h->clock->now_ns - SIM_BOOT_NS);
	h->end_text[sizeof(h->end_text) - 1] = 0;
	switch ((enum host_end)h->end) {
	case END_NONE:
	case END_MAIN_EXITED:
		say_main_status(s);
		break;
	case END_UNTIL:
		if (!s->opt->quiet)
			say("stopped after %s of virtual time, as --until asked", at);
		break;
	case END_DEADLOCK:
		say("deadlock after %s of virtual time: every thread waits, and no timer is set "
		    "that would wake one",
		    at);
		say_sleepers(s);
		break;
	case END_BROKEN:
		say("ended after %s of virtual time: %s", at, h->end_text);
		break;
	case END_NO_MEMORY:
		say("ended after %s of virtual time: %s", at, h->end_text);
		break;
	case END_REQUESTED:
		say("ended by %s after %s of virtual time", h->end_text, at);
		break;
	}
	if (h->preemptions)
		say("%lu preemption%s: a thread computed without a call while others waited; "
		    "determinism ended at the first (--quantum sets the patience)",
		    h->preemptions, h->preemptions == 1 ? "" : "s");
	if (s->opt->quiet)
		return;
	say_notes(s);
	stats_unknown(s);
}

int report_status(struct sim *s)
{
	u32 status = s->host->main_status;

	switch ((enum host_end)s->host->end) {
	case END_MAIN_EXITED:
		return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	case END_UNTIL:
		return 0;
	case END_REQUESTED:
		return 128 + s->requested;
	default:
		return EXIT_SUNDIAL;
	}
}
