// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Setting the host's wall clock: only the offset of CLOCK_REALTIME from the
 * count moves (and TAI's with it), through the clock page's latch. Whoever waits
 * for an absolute time on that clock is given its new deadline. adjtimex() keeps
 * its frequency and status words; the simulated crystal has no error to correct.
 */
#include <errno.h>
#include <sys/time.h>
#include <sys/timex.h>
#include "base/string.h"
#include "simkernel/clocks.h"
#include "simkernel/ids.h"
#include "simkernel/syscall.h"
#include "simkernel/timerfd.h"
#include "simkernel/timers.h"

#define CAP_SYS_TIME 25

long task_sleep_realtime(struct thread *th, s64 abs_ns)
{
	struct task *t = th->task;
	long ret;

	t->realtime_deadline = abs_ns;
	t->realtime_sleep = true;
	ret = task_sleep(th, clock_deadline(th->host, CLOCK_REALTIME, abs_ns));
	t->realtime_sleep = false;
	return ret;
}

static void rearm_sleepers(struct host *h)
{
	struct process *p;
	struct task *t;

	list_for_each (p, &h->processes, link)
		list_for_each (t, &p->threads, thread_link)
			if (t->realtime_sleep && timer_armed(&t->timeout))
				timer_arm(h, &t->timeout,
					  clock_deadline(h, CLOCK_REALTIME, t->realtime_deadline));
	posix_timers_clock_set(h);
	timerfd_clock_was_set(h);
}

/* The writer's half of the latch; the run token makes it the only writer. */
static void move_realtime(struct host *h, s64 delta_ns)
{
	struct sundial_clock_page *page = h->clock;
	u32 copy;

	for (copy = 0; copy < 2; copy++) {
		page->seq++;
		barrier();
		page->rate[copy].realtime_ns += delta_ns;
		page->rate[copy].tai_ns += delta_ns;
		barrier();
	}
	rearm_sleepers(h);
}

static long set_realtime(struct thread *th, s64 ns)
{
	struct host *h = th->host;

	if (!cred_capable(th->task->process, CAP_SYS_TIME))
		return -EPERM;
	move_realtime(h, ns - (s64)host_now(h) - host_realtime_offset(h));
	return 0;
}

SYSCALL_DEFINE(clock_settime)
{
	struct process *p;
	struct task *t;
	s32 id = a[0];
	s64 ns;
	long ret;

	if (id != CLOCK_REALTIME) {
		/* Another's CPU time exists, and nobody can set it. */
		ret = id < 0 ? clock_cpu_target(th, id, &t, &p) : -EINVAL;
		return ret ? ret : -EPERM;
	}
	ret = timespec_from_user(a[1], &ns);
	return ret ? ret : set_realtime(th, ns);
}

SYSCALL_DEFINE(settimeofday)
{
	struct timezone tz;
	struct timeval tv;

	if (a[0] && get_user(tv, a[0]))
		return -EFAULT;
	if (a[0] && (tv.tv_usec < 0 || tv.tv_usec >= 1000000 || tv.tv_sec < 0))
		return -EINVAL;
	if (a[1] && get_user(tz, a[1]))
		return -EFAULT;
	if (!cred_capable(th->task->process, CAP_SYS_TIME))
		return -EPERM;
	if (a[1] && (tz.tz_minuteswest > 15 * 60 || tz.tz_minuteswest < -15 * 60))
		return -EINVAL;
	if (!a[0])
		return 0;
	return set_realtime(th, tv.tv_sec * (s64)NSEC_PER_SEC + tv.tv_usec * 1000L);
}

static long adjust(struct thread *th, struct timex *tx)
{
	struct host *h = th->host;
	s64 now, delta;

	if (tx->modes && !(tx->modes == ADJ_OFFSET_SS_READ) &&
	    !cred_capable(th->task->process, CAP_SYS_TIME))
		return -EPERM;
	if (tx->modes & ADJ_TICK && (tx->tick < 9000 || tx->tick > 11000))
		return -EINVAL;
	if (tx->modes & ADJ_SETOFFSET) {
		s64 unit = tx->modes & ADJ_NANO ? 1 : 1000;

		if (tx->time.tv_usec < 0 || tx->time.tv_usec * unit >= (s64)NSEC_PER_SEC)
			return -EINVAL;
		delta = tx->time.tv_sec * (s64)NSEC_PER_SEC + tx->time.tv_usec * unit;
		move_realtime(h, delta);
	}
	memset(tx, 0, sizeof(*tx));
	tx->status = STA_UNSYNC;
	tx->maxerror = 16000000;
	tx->esterror = 16000000;
	tx->constant = 2;
	tx->precision = 1;
	tx->tolerance = 32768000;
	tx->tick = 10000;
	clock_read(th, CLOCK_REALTIME, &now);
	tx->time.tv_sec = now / (s64)NSEC_PER_SEC;
	tx->time.tv_usec = now % (s64)NSEC_PER_SEC / 1000;
	return TIME_ERROR;
}

static long adjust_user(struct thread *th, u64 addr)
{
	struct timex tx;
	long ret;

	if (get_user(tx, addr))
		return -EFAULT;
	ret = adjust(th, &tx);
	if (ret < 0)
		return ret;
	return put_user(tx, addr) ? -EFAULT : ret;
}

SYSCALL_DEFINE(adjtimex)
{
	return adjust_user(th, a[0]);
}

SYSCALL_DEFINE(clock_adjtime)
{
	s32 id = a[0];
	struct process *p;
	struct task *t;
	long ret;

	if (id == CLOCK_REALTIME)
		return adjust_user(th, a[1]);
	ret = clock_cpu_target(th, id, &t, &p);
	return ret ? ret : -EOPNOTSUPP;
}
