// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The run token, the ready queue and the passing of virtual time (sched.h).
 *
 * The token is host->current, and the holder's run word is its ticket. A thread that
 * gives it away clears its own word, sets the next one's, wakes it and sleeps on
 * its own: two host calls and one context switch on the same CPU.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/fault.h"
#include "simkernel/process.h"
#include "simkernel/record.h"
#include "simkernel/sched.h"
#include "simkernel/signal.h"
#include "simkernel/timers.h"

/* Clock reads between two looks at the rest of the host. */
#define READS_PER_LOOK 1024
/*
 * A program that has done nothing but ask for SPIN_BEGIN_NS waits for time to
 * pass. From then on each ask moves the count by a share of the time spun so
 * far: a day's wait ends after some thousand asks, a sixty-fourth late at most.
 */
#define SPIN_BEGIN_NS	 (20 * NSEC_PER_MSEC)
#define SPIN_SHARE	 64
#define SPIN_STEP_MAX_NS NSEC_PER_SEC

void host_advance(struct host *h, u64 ns)
{
	h->clock->now_ns += ns;
}

s64 host_realtime_offset(struct host *h)
{
	return h->clock->rate[h->clock->seq & 1].realtime_ns;
}

void sched_update_limit(struct host *h)
{
	u64 due = min(event_next(h), h->config.until_ns);

	due = min(due, host_now(h) + READS_PER_LOOK * h->config.tick_ns + 1);
	if (h->nready)
		due = min(due, h->slice_end_ns);
	if (h->current)
		due = min(due, cpu_timer_next(h->current));
	h->clock->limit_ns = due ? due - 1 : 0;
}

/*
 * Half to one and a half times the configured slice. Were all alike, a loop that
 * fits in would be cut at the same place every time: a thread that gives a lock
 * back and takes it again might always be cut while it has it, and whoever
 * waits for the lock would never find it free (CPython's GIL: seen).
 */
static u64 slice_ns(struct host *h)
{
	u64 mixed = (h->switches + h->config.seed) * 0x9e3779b97f4a7c15UL;

	return h->config.slice_ns / 2 + (mixed >> 32) % (h->config.slice_ns + 1);
}

static void account_in(struct host *h, struct task *t)
{
	t->run_start_ns = host_now(h);
	h->slice_end_ns = host_now(h) + slice_ns(h);
}

static void account_out(struct host *h, struct task *t)
{
	t->cpu_ns += host_now(h) - t->run_start_ns;
	t->run_start_ns = host_now(h);
}

static void make_ready(struct task *t)
{
	struct host *h = t->host;

	t->state = TASK_READY;
	list_add_tail(&t->ready_link, &h->ready);
	if (h->nready++ == 0)
		sched_update_limit(h);
}

void task_wake(struct task *t)
{
	if (t->state != TASK_BLOCKED)
		return;
	t->woken = true;
	make_ready(t);
}

void task_interrupt(struct task *t)
{
	if (t->state == TASK_BLOCKED)
		make_ready(t);
}

void task_start(struct task *t)
{
	make_ready(t);
}

void task_timeout(struct host *h, struct timer *timer)
{
	struct task *t = container_of(timer, struct task, timeout);

	if (t->state != TASK_BLOCKED)
		return;
	t->timed_out = true;
	make_ready(t);
}

void task_unready(struct task *t)
{
	struct host *h = t->host;

	if (t->state != TASK_READY || !list_linked(&t->ready_link))
		return;
	list_del(&t->ready_link);
	h->nready--;
	t->state = TASK_STOPPED;
}

void process_continue_tasks(struct process *p)
{
	struct task *t;

	list_for_each (t, &p->threads, thread_link)
		if (t->state == TASK_STOPPED)
			make_ready(t);
}

void sim_end(struct host *h, enum host_end why, const char *fmt, ...)
{
	va_list ap;

	if (h->end)
		return;
	va_start(ap, fmt);
	str_vformat(h->end_text, sizeof(h->end_text), fmt, ap);
	va_end(ap);
	WRITE_ONCE(h->end, why);
	hostcall(SYS_futex, &h->end, FUTEX_WAKE, INT_MAX);
}

void sim_note(struct host *h, const char *fmt, ...)
{
	char line[256] = {0};
	va_list ap;
	u32 at, len;

	va_start(ap, fmt);
	str_vformat(line, sizeof(line) - 2, fmt, ap);
	va_end(ap);
	len = strlen(line);
	line[len++] = '\n';
	for (at = 0; at < h->notes_len; at = strchr(h->notes + at, '\n') - h->notes + 1)
		if (!strncmp(h->notes + at, line, len))
			return;
	if (h->notes_len + len >= sizeof(h->notes)) {
		h->notes_lost++;
		return;
	}
	memcpy(h->notes + h->notes_len, line, len);
	h->notes_len += len;
}

static struct task *take_ready(struct host *h)
{
	while (!list_empty(&h->ready)) {
		struct task *t = list_first(&h->ready, struct task, ready_link);

		list_del(&t->ready_link);
		h->nready--;
		if ((!t->process->stopped && !t->trace_stopped) || signal_fatal(t))
			return t;
		t->state = TASK_STOPPED;
	}
	return NULL;
}

/* th is the thread that has nothing to do, if it is one. */
static struct task *pick_next(struct host *h, struct thread *th)
{
	for (;;) {
		struct task *t;
		u64 next;

		if (h->end)
			return NULL;
		t = take_ready(h);
		if (t)
			return t;
		next = event_next(h);
		if (next > h->config.until_ns && h->config.until_ns != TIME_NEVER) {
			h->clock->now_ns = max(host_now(h), h->config.until_ns);
			sim_end(h, END_UNTIL, "the time given by --until is reached");
		} else if (next == TIME_NEVER) {
			if (recording(h) && th)
				record_stopped(th, 0);
			sim_end(h, END_DEADLOCK,
				"every thread waits, and nothing will wake any of them");
		} else {
			h->clock->now_ns = max(host_now(h), next);
			event_run_due(h);
		}
	}
}

struct task *sched_pick_next(struct host *h)
{
	return pick_next(h, NULL);
}

void sched_hand_over(struct host *h, struct task *t)
{
	h->current = t;
	h->switches++;
	account_in(h, t);
	sched_update_limit(h);
	fault_point(h, FAULT_IN_HANDOFF);
	WRITE_ONCE(t->run, t->ticket);
	/* All: a thread of a process that is ending may wait here too (task.h). */
	hostcall(SYS_futex, &t->run, FUTEX_WAKE, INT_MAX);
}

void sched_park(struct thread *th)
{
	u32 *run = &th->task->run, seen;

	while ((seen = READ_ONCE(*run)) != th->ticket)
		hostcall(SYS_futex, run, FUTEX_WAIT, seen, 0);
}

/* Gives the token to next; returns when this thread has it again. NULL: the end, never. */
static void switch_to(struct thread *th, struct task *next)
{
	struct task *t = th->task;

	if (next == t) {
		account_in(th->host, t);
		sched_update_limit(th->host);
		return;
	}
	if (recording(th->host) && next)
		record_switch(th->host, t, next);
	WRITE_ONCE(t->run, 0);
	if (next)
		sched_hand_over(th->host, next);
	sched_park(th);
}

void sched_yield_token(struct thread *th)
{
	struct host *h = th->host;

	account_out(h, th->task);
	th->task->involuntary_switches++;
	make_ready(th->task);
	switch_to(th, sched_pick_next(h));
}

static long sleep_common(struct thread *th, u64 deadline_ns, bool interruptible)
{
	struct task *t = th->task;
	struct host *h = th->host;

	if (interruptible && signal_waiting(t))
		return -EINTR;
	if (!interruptible && signal_fatal(t))
		return -EINTR;
	if (deadline_ns <= host_now(h))
		return -ETIMEDOUT;
	t->state = TASK_BLOCKED;
	t->interruptible = interruptible;
	t->woken = t->timed_out = false;
	t->voluntary_switches++;
	if (deadline_ns != TIME_NEVER)
		timer_arm(h, &t->timeout, deadline_ns);
	account_out(h, t);
	switch_to(th, pick_next(h, th));
	timer_disarm(h, &t->timeout);
	if (t->woken)
		return 0;
	return t->timed_out ? -ETIMEDOUT : -EINTR;
}

long task_sleep(struct thread *th, u64 deadline_ns)
{
	return sleep_common(th, deadline_ns, true);
}

long task_sleep_uninterruptible(struct thread *th, u64 deadline_ns)
{
	long ret;

	do {
		ret = sleep_common(th, deadline_ns, false);
	} while (ret == -EINTR && !signal_fatal(th->task));
	return ret;
}

/* Processes whose host process died from outside: the supervisor saw it, we bury them. */
static void bury_the_dead(struct host *h)
{
	struct process *p, *next;

	h->death_pending = 0;
	list_for_each_safe (p, next, &h->processes, link)
		if (p->host_dead && p->state == PROCESS_ALIVE)
			process_kill(h, p, SIGKILL);
}

void sched_look(struct thread *th)
{
	struct host *h = th->host;

	if (h->death_pending)
		bury_the_dead(h);
	if (host_now(h) >= h->config.until_ns) {
		sim_end(h, END_UNTIL, "the time given by --until is reached");
		switch_to(th, NULL);
	}
	if (cpu_timer_next(th->task) <= host_now(h))
		cpu_timer_due(th->task);
	event_run_due(h);
	if (h->nready && host_now(h) >= h->slice_end_ns)
		sched_yield_token(th);
	else
		sched_update_limit(h);
}

void sched_asked_in_vain(struct thread *th)
{
	struct host *h = th->host;
	u64 now = host_now(h), spun, step;

	if (h->last_ask + 1 != h->progress)
		h->ask_since_ns = now;
	h->last_ask = h->progress;
	spun = now - h->ask_since_ns;
	if (spun < SPIN_BEGIN_NS)
		return;
	step = min(spun / SPIN_SHARE, (u64)SPIN_STEP_MAX_NS);
	if (event_next(h) > now)
		step = min(step, event_next(h) - now);
	host_advance(h, step);
	sched_look(th);
}

void sim_user_time(struct thread *th, u64 ns)
{
	struct host *h = th->host;

	th->task->in_kernel = true;
	h->progress++;
	host_advance(h, ns);
	sched_look(th);
	signal_return_to_user(th, 0, SIGNAL_NO_CALL);
	th->task->in_kernel = false;
}

void sim_preempted(struct thread *th)
{
	struct host *h = th->host;

	th->task->in_kernel = true;
	h->preemptions++;
	host_advance(h, h->config.quantum_ns);
	event_run_due(h);
	if (h->nready)
		sched_yield_token(th);
	sched_look(th);
	signal_return_to_user(th, 0, SIGNAL_NO_CALL);
	th->task->in_kernel = false;
}
