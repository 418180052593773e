// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clocks and sleeping. Every clock id has its own value: the wall clocks are
 * offsets of the count, the CPU-time clocks are what the scheduler charged.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include "simkernel/clocks.h"
#include "simkernel/syscall.h"

#define CPUCLOCK_WHICH(id)	((id)&3)
#define CPUCLOCK_PER_THREAD(id) ((id)&4)
#define CPUCLOCK_PID(id)	(~((id) >> 3))
#define CPUCLOCK_VIRT		1
#define CPUCLOCK_SCHED		2
#define TIMEZONE_NS_MAX		(s64)(TIME_NEVER >> 1)

static const struct sundial_clock_rate *rate(struct host *h)
{
	return &h->clock->rate[h->clock->seq & 1];
}

/* The offset of a wall clock from the count; false for other ids. */
static bool clock_offset(struct host *h, s32 id, s64 *offset)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
		*offset = rate(h)->realtime_ns;
		return true;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
		*offset = 0;
		return true;
	case CLOCK_MONOTONIC_RAW:
		*offset = rate(h)->raw_ns;
		return true;
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*offset = rate(h)->boottime_ns;
		return true;
	case CLOCK_TAI:
		*offset = rate(h)->tai_ns;
		return true;
	}
	return false;
}

bool clock_wall(struct host *h, s32 id, s64 *ns)
{
	s64 offset;

	if (!clock_offset(h, id, &offset))
		return false;
	*ns = host_now(h) + offset;
	return true;
}

long clock_cpu_target(struct thread *th, s32 id, struct task **t, struct process **p)
{
	s32 pid = CPUCLOCK_PID(id);

	*t = NULL;
	*p = NULL;
	if (id == CLOCK_THREAD_CPUTIME_ID) {
		*t = th->task;
		return 0;
	}
	if (id == CLOCK_PROCESS_CPUTIME_ID) {
		*p = th->task->process;
		return 0;
	}
	if (id >= 0)
		return id > CLOCK_TAI || id == 10 ? -EINVAL : 0;
	if (CPUCLOCK_WHICH(id) > CPUCLOCK_SCHED)
		return -EINVAL;
	if (CPUCLOCK_PER_THREAD(id)) {
		*t = pid ? task_find(th->host, pid) : th->task;
		return *t && (*t)->process == th->task->process ? 0 : -EINVAL;
	}
	*p = pid ? process_find(th->host, pid) : th->task->process;
	return *p ? 0 : -EINVAL;
}

u64 process_sys_ns(struct process *p)
{
	u64 ns = p->dead_sys_ns;
	struct task *t;

	list_for_each (t, &p->threads, thread_link)
		ns += t->sys_ns;
	return ns;
}

long clock_read(struct thread *th, s32 id, s64 *ns)
{
	struct host *h = th->host;
	struct process *p;
	struct task *t;
	s64 offset;
	long ret;

	if (clock_offset(h, id, &offset)) {
		*ns = host_now(h) + offset;
		if (id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE)
			*ns = host_now(h) / h->clock->coarse_ns * h->clock->coarse_ns + offset;
		return 0;
	}
	ret = clock_cpu_target(th, id, &t, &p);
	if (ret || (!t && !p))
		return -EINVAL;
	*ns = t ? task_cpu_ns(t) : process_cpu_ns(p);
	if (id < 0 && CPUCLOCK_WHICH(id) == CPUCLOCK_VIRT)
		*ns -= t ? t->sys_ns : process_sys_ns(p);
	return 0;
}

u64 clock_deadline(struct host *h, s32 id, s64 abs_ns)
{
	s64 offset = 0;

	clock_offset(h, id, &offset);
	if (abs_ns >= TIMEZONE_NS_MAX)
		return TIME_NEVER - 1;
	return abs_ns > offset ? (u64)(abs_ns - offset) : 0;
}

u64 deadline_after(struct host *h, s64 ns)
{
	u64 now = host_now(h);

	if (ns <= 0)
		return now;
	return min(now + (u64)ns, TIME_NEVER - 1);
}

long timespec_from_user(u64 addr, s64 *ns)
{
	struct timespec ts;

	if (get_user(ts, addr))
		return -EFAULT;
	if (ts.tv_sec < 0 || (u64)ts.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if ((u64)ts.tv_sec >= (u64)TIMEZONE_NS_MAX / NSEC_PER_SEC)
		*ns = TIMEZONE_NS_MAX;
	else
		*ns = ts.tv_sec * (s64)NSEC_PER_SEC + ts.tv_nsec;
	return 0;
}

long timespec_to_user(u64 addr, s64 ns)
{
	struct timespec ts = {ns / (s64)NSEC_PER_SEC, ns % (s64)NSEC_PER_SEC};

	if (ts.tv_nsec < 0) {
		ts.tv_nsec += NSEC_PER_SEC;
		ts.tv_sec--;
	}
	return put_user(ts, addr);
}

SYSCALL_DEFINE(clock_gettime)
{
	s64 ns;
	long ret = clock_read(th, a[0], &ns);

	if (ret)
		return ret;
	ret = timespec_to_user(a[1], ns);
	sched_asked_in_vain(th);
	return ret;
}

SYSCALL_DEFINE(clock_getres)
{
	struct process *p;
	struct task *t;
	long ret = clock_cpu_target(th, a[0], &t, &p);
	s32 id = a[0];

	if (ret || !a[1])
		return ret;
	return timespec_to_user(a[1], id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE
					      ? (s64)th->host->clock->coarse_ns
					      : 1);
}

SYSCALL_DEFINE(gettimeofday)
{
	struct timezone tz = {0};
	struct timeval tv;
	s64 ns;

	clock_read(th, CLOCK_REALTIME, &ns);
	tv.tv_sec = ns / (s64)NSEC_PER_SEC;
	tv.tv_usec = ns % (s64)NSEC_PER_SEC / 1000;
	if ((a[0] && put_user(tv, a[0])) || (a[1] && put_user(tz, a[1])))
		return -EFAULT;
	sched_asked_in_vain(th);
	return 0;
}

SYSCALL_DEFINE(time)
{
	s64 ns;

	clock_read(th, CLOCK_REALTIME, &ns);
	ns /= (s64)NSEC_PER_SEC;
	if (a[0] && put_user(ns, a[0]))
		return -EFAULT;
	sched_asked_in_vain(th);
	return ns;
}

/* Sleeps on nothing but the deadline. */
static long sleep_until(struct thread *th, u64 deadline_ns)
{
	long ret;

	do {
		ret = task_sleep(th, deadline_ns);
	} while (!ret);
	return ret == -ETIMEDOUT ? 0 : ret;
}

static long sleep_relative(struct thread *th, u64 deadline_ns, u64 rem)
{
	struct task *t = th->task;
	u64 now;

	if (!sleep_until(th, deadline_ns))
		return 0;
	now = host_now(th->host);
	if (rem && timespec_to_user(rem, deadline_ns > now ? deadline_ns - now : 0))
		return -EFAULT;
	t->restart.nr = SYS_nanosleep;
	t->restart.deadline_ns = deadline_ns;
	t->restart.args[1] = rem;
	return -ERESTART_RESTARTBLOCK;
}

long nanosleep_restart(struct thread *th)
{
	return sleep_relative(th, th->task->restart.deadline_ns, th->task->restart.args[1]);
}

SYSCALL_DEFINE(nanosleep)
{
	s64 ns;
	long ret = timespec_from_user(a[0], &ns);

	return ret ? ret : sleep_relative(th, deadline_after(th->host, ns), a[1]);
}

static long cpu_clock_sleep(struct thread *th, const u64 *a, s64 ns)
{
	struct process *p;
	struct task *t;
	long ret = clock_cpu_target(th, a[0], &t, &p);
	s64 now, goal;

	if (ret || !p)
		return -EINVAL;
	/* The sleeper's own process gains CPU time only through its other threads. */
	clock_read(th, a[0], &now);
	goal = (a[1] & TIMER_ABSTIME) ? ns : now + ns;
	while (!clock_read(th, a[0], &now) && now < goal) {
		ret = task_sleep(th, deadline_after(th->host, goal - now));
		if (ret == -EINTR)
			return -ERESTARTNOHAND;
	}
	return 0;
}

SYSCALL_DEFINE(clock_nanosleep)
{
	s32 id = a[0];
	s64 ns, offset;
	long ret;

	if (id >= 0 && id > CLOCK_TAI)
		return -EINVAL;
	if (id == CLOCK_THREAD_CPUTIME_ID || id == CLOCK_MONOTONIC_RAW ||
	    id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE)
		return -EOPNOTSUPP;
	ret = timespec_from_user(a[2], &ns);
	if (ret)
		return ret;
	if (!clock_offset(th->host, id, &offset))
		return cpu_clock_sleep(th, a, ns);
	if ((a[1] & TIMER_ABSTIME) && id == CLOCK_REALTIME) {
		do {
			ret = task_sleep_realtime(th, ns);
		} while (!ret);
		return ret == -ETIMEDOUT ? 0 : -ERESTARTNOHAND;
	}
	if (a[1] & TIMER_ABSTIME)
		return sleep_until(th, clock_deadline(th->host, id, ns)) ? -ERESTARTNOHAND : 0;
	return sleep_relative(th, deadline_after(th->host, ns), a[3]);
}
