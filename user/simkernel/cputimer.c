// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timers on CPU time: ITIMER_VIRTUAL, ITIMER_PROF, RLIMIT_CPU, and POSIX timers
 * on CPU clocks (whose list is posixtimer.c's). CPU time only grows while a task
 * of the process runs, so instead of an event the scheduler asks, each time it
 * sets the limit of a turn, how far that turn may go. process->cpu_timers keeps
 * the question cheap for all those processes that have none.
 */
#include "simkernel/sched.h"
#include "simkernel/signal.h"
#include "simkernel/timers.h"

void cpu_timers_changed(struct process *p)
{
	p->cpu_timers = p->virt_value_ns || p->prof_value_ns ||
			p->rlimit[RLIMIT_CPU].rlim_cur != RLIM_INFINITY ||
			posix_timers_cpu_next(p) != TIME_NEVER;
	sched_update_limit(p->host);
}

static u64 limit_ns(u64 seconds)
{
	return seconds > TIME_NEVER / NSEC_PER_SEC ? TIME_NEVER : seconds * NSEC_PER_SEC;
}

static u64 until(u64 expiry_ns, u64 used_ns)
{
	return expiry_ns > used_ns ? expiry_ns - used_ns : 0;
}

u64 cpu_timer_next(struct task *t)
{
	struct process *p = t->process;
	u64 used_ns, next = TIME_NEVER;

	if (likely(!p->cpu_timers) || p->state != PROCESS_ALIVE)
		return TIME_NEVER;
	used_ns = process_cpu_ns(p);
	/* All of it may turn out to be user time. */
	if (p->virt_value_ns)
		next = until(p->virt_value_ns, used_ns - process_sys_ns(p));
	if (p->prof_value_ns)
		next = min(next, until(p->prof_value_ns, used_ns));
	if (p->rlimit[RLIMIT_CPU].rlim_cur != RLIM_INFINITY)
		next = min(next, until(limit_ns(p->rlimit[RLIMIT_CPU].rlim_cur), used_ns));
	next = min(next, posix_timers_cpu_next(p));
	return next > TIME_NEVER - host_now(t->host) ? TIME_NEVER : host_now(t->host) + next;
}

/* The expiry after used_ns, or 0 for a timer without a period. */
static u64 next_period(u64 expiry_ns, u64 interval_ns, u64 used_ns)
{
	if (!interval_ns)
		return 0;
	return expiry_ns + ((used_ns - expiry_ns) / interval_ns + 1) * interval_ns;
}

static void check_cpu_limit(struct process *p, u64 used_ns)
{
	struct rlimit *lim = &p->rlimit[RLIMIT_CPU];

	if (lim->rlim_cur == RLIM_INFINITY || used_ns < limit_ns(lim->rlim_cur))
		return;
	if (used_ns >= limit_ns(lim->rlim_max)) {
		signal_process(p, SIGKILL, NULL);
		return;
	}
	signal_process(p, SIGXCPU, NULL);
	lim->rlim_cur++; /* the next one comes in a second */
}

void cpu_timer_due(struct task *t)
{
	struct process *p = t->process;
	u64 used_ns = process_cpu_ns(p), user_ns = used_ns - process_sys_ns(p);

	if (p->virt_value_ns && user_ns >= p->virt_value_ns) {
		p->virt_value_ns = next_period(p->virt_value_ns, p->virt_interval_ns, user_ns);
		signal_process(p, SIGVTALRM, NULL);
	}
	if (p->prof_value_ns && used_ns >= p->prof_value_ns) {
		p->prof_value_ns = next_period(p->prof_value_ns, p->prof_interval_ns, used_ns);
		signal_process(p, SIGPROF, NULL);
	}
	check_cpu_limit(p, used_ns);
	posix_timers_cpu_due(p);
	cpu_timers_changed(p);
}
