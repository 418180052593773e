// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The three interval timers of a process, and alarm(). ITIMER_REAL is an event;
 * the other two count CPU time (cputimer.c). A periodic ITIMER_REAL is armed
 * again when its SIGALRM is taken, as in Linux, so that a process that blocks
 * the signal does not fill virtual time with expiries.
 */
#include <errno.h>
#include <sys/time.h>
#include "simkernel/syscall.h"
#include "simkernel/timers.h"

struct itimer { /* what is left and the period; 0: off */
	u64 value_ns, interval_ns;
};

void itimer_fire(struct host *h, struct timer *timer)
{
	struct process *p = container_of(timer, struct process, real_timer);

	signal_process(p, SIGALRM, NULL);
}

void itimer_real_taken(struct process *p)
{
	struct host *h = p->host;
	u64 now = host_now(h), missed;

	if (!p->real_interval_ns || timer_armed(&p->real_timer))
		return;
	missed = now > p->real_timer.expiry_ns
			 ? (now - p->real_timer.expiry_ns) / p->real_interval_ns
			 : 0;
	timer_arm(h, &p->real_timer, p->real_timer.expiry_ns + (missed + 1) * p->real_interval_ns);
}

static u64 left(u64 expiry_ns, u64 now_ns)
{
	if (!expiry_ns)
		return 0;
	return expiry_ns > now_ns ? expiry_ns - now_ns : NSEC_PER_USEC;
}

static void get(struct process *p, int which, struct itimer *it)
{
	u64 cpu_ns = process_cpu_ns(p);

	switch (which) {
	case ITIMER_REAL:
		it->interval_ns = p->real_interval_ns;
		it->value_ns = timer_armed(&p->real_timer)
				       ? left(p->real_timer.expiry_ns, host_now(p->host))
				       : 0;
		break;
	case ITIMER_VIRTUAL:
		it->interval_ns = p->virt_interval_ns;
		it->value_ns = left(p->virt_value_ns, cpu_ns - process_sys_ns(p));
		break;
	case ITIMER_PROF:
		it->interval_ns = p->prof_interval_ns;
		it->value_ns = left(p->prof_value_ns, cpu_ns);
		break;
	}
}

static void set(struct process *p, int which, const struct itimer *it)
{
	struct host *h = p->host;
	u64 cpu_ns = process_cpu_ns(p);

	switch (which) {
	case ITIMER_REAL:
		p->real_interval_ns = it->value_ns ? it->interval_ns : 0;
		if (it->value_ns)
			timer_arm(h, &p->real_timer, host_now(h) + it->value_ns);
		else
			timer_disarm(h, &p->real_timer);
		return;
	case ITIMER_VIRTUAL:
		p->virt_interval_ns = it->interval_ns;
		p->virt_value_ns = it->value_ns ? cpu_ns - process_sys_ns(p) + it->value_ns : 0;
		break;
	case ITIMER_PROF:
		p->prof_interval_ns = it->interval_ns;
		p->prof_value_ns = it->value_ns ? cpu_ns + it->value_ns : 0;
		break;
	}
	cpu_timers_changed(p);
}

/* Seconds that do not fit are as good as never. */
#define SECONDS_MAX (INT64_MAX / 2 / (s64)NSEC_PER_SEC)

static long ns_of(const struct timeval *tv, u64 *ns)
{
	if (tv->tv_sec < 0 || (u64)tv->tv_usec >= 1000000)
		return -EINVAL;
	*ns = min(tv->tv_sec, SECONDS_MAX) * NSEC_PER_SEC + tv->tv_usec * NSEC_PER_USEC;
	return 0;
}

static struct timeval timeval_of(u64 ns)
{
	return (struct timeval){ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC};
}

static long put(u64 addr, const struct itimer *it)
{
	struct itimerval v = {
		.it_value = timeval_of(it->value_ns),
		.it_interval = timeval_of(it->interval_ns),
	};

	return put_user(v, addr);
}

SYSCALL_DEFINE(getitimer)
{
	struct itimer it;

	if ((u32)a[0] > ITIMER_PROF)
		return -EINVAL;
	get(th->task->process, a[0], &it);
	return put(a[1], &it);
}

SYSCALL_DEFINE(setitimer)
{
	struct process *p = th->task->process;
	struct itimer it = {0}, old;
	struct itimerval v;

	if (a[1]) {
		if (get_user(v, a[1]))
			return -EFAULT;
		if (ns_of(&v.it_value, &it.value_ns) || ns_of(&v.it_interval, &it.interval_ns))
			return -EINVAL;
	}
	if ((u32)a[0] > ITIMER_PROF)
		return -EINVAL;
	get(p, a[0], &old);
	set(p, a[0], &it);
	return a[2] ? put(a[2], &old) : 0;
}

SYSCALL_DEFINE(alarm)
{
	struct process *p = th->task->process;
	struct itimer it = {(u64)(u32)a[0] * NSEC_PER_SEC, 0}, old;
	u64 seconds;

	get(p, ITIMER_REAL, &old);
	set(p, ITIMER_REAL, &it);
	/* Rounded, but what is left of an armed alarm is never nothing. */
	seconds = (old.value_ns + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
	return old.value_ns && !seconds ? 1 : (long)seconds;
}
