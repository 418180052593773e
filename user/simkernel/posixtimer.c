// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timer_create() and its kin. A timer's expiry is kept on its own clock, so that
 * setting CLOCK_REALTIME only means to compute the event's count again. A
 * periodic timer is armed again when its signal is taken, and the expiries that
 * went by meanwhile are its overrun, as in Linux.
 *
 * Timers belong to process->posix_timers; a queued signal points at its timer
 * until it is taken or the timer is deleted.
 */
#include <errno.h>
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/clocks.h"
#include "simkernel/syscall.h"
#include "simkernel/timers.h"

#define DELAYTIMER_MAX_ INT_MAX
/* A timer whose signal is ignored ticks on, but not faster than this. */
#define IGNORED_PERIOD_NS 4000000UL

struct posix_timer {
	struct list link; /* process->posix_timers */
	struct process *process;
	s32 id, clock;
	s32 base;    /* the clock that expiry_ns is on: relative ones do not follow a set clock */
	s32 cpu_tid; /* of a thread's CPU clock, else 0 */
	bool cpu, user_only; /* on CPU time; without the part spent in calls */
	bool armed;
	bool queued;  /* its signal waits */
	bool current; /* and is of the last settime */
	s32 notify, sig, tid;
	u64 value; /* sigev_value */
	s64 expiry_ns;
	u64 interval_ns;
	u32 overrun_last;
	u64 overrun; /* since the signal was sent */
	struct timer event;
};

struct user_sigevent {
	u64 value;
	s32 signo, notify, tid;
	s32 pad[11];
};
_Static_assert(sizeof(struct user_sigevent) == 64, "struct sigevent");

#define NOTIFY_SIGNAL	 0
#define NOTIFY_NONE	 1
#define NOTIFY_THREAD	 2 /* libc's affair: a signal to the kernel */
#define NOTIFY_THREAD_ID 4

/* What the timer's clock shows; false when its thread is gone. */
static bool clock_now(struct posix_timer *pt, s64 *now)
{
	struct process *p = pt->process;
	struct task *t;

	if (!pt->cpu)
		return clock_wall(p->host, pt->base, now);
	if (!pt->cpu_tid) {
		*now = process_cpu_ns(p) - (pt->user_only ? process_sys_ns(p) : 0);
		return true;
	}
	t = task_find(p->host, pt->cpu_tid);
	if (!t || t->process != p)
		return false;
	*now = task_cpu_ns(t) - (pt->user_only ? t->sys_ns : 0);
	return true;
}

static void arm(struct posix_timer *pt)
{
	struct host *h = pt->process->host;

	pt->armed = true;
	if (pt->cpu)
		cpu_timers_changed(pt->process);
	else if (pt->notify != NOTIFY_NONE)
		timer_arm(h, &pt->event, clock_deadline(h, pt->base, pt->expiry_ns));
}

static void disarm(struct posix_timer *pt)
{
	pt->armed = false;
	timer_disarm(pt->process->host, &pt->event);
	if (pt->cpu)
		cpu_timers_changed(pt->process);
}

/* Moves the expiry past now by whole periods; how many. */
static u64 forward(struct posix_timer *pt, s64 now)
{
	u64 n;

	if (now < pt->expiry_ns)
		return 0;
	n = (u64)(now - pt->expiry_ns) / pt->interval_ns + 1;
	pt->expiry_ns += n * pt->interval_ns;
	return n;
}

static void rearm_period(struct posix_timer *pt)
{
	s64 now;

	if (!clock_now(pt, &now))
		return;
	pt->overrun += forward(pt, now);
	arm(pt);
}

static void expire(struct posix_timer *pt)
{
	struct process *p = pt->process;
	struct task *t = NULL;
	siginfo_t info;

	pt->armed = false;
	if (pt->notify == NOTIFY_NONE)
		return;
	if (pt->queued) {
		pt->overrun++;
		pt->current = true;
		return;
	}
	if (pt->notify & NOTIFY_THREAD_ID) {
		t = task_find(p->host, pt->tid);
		if (!t || t->process != p)
			return;
	}
	memset(&info, 0, sizeof(info));
	info.si_signo = pt->sig;
	info.si_code = SI_TIMER;
	info.si_timerid = pt->id;
	info.si_value.sival_ptr = (void *)pt->value;
	pt->overrun = 0;
	pt->queued = pt->current = true;
	if (signal_from_timer(p, t, pt->sig, &info, pt)) {
		pt->queued = false;
		if (pt->interval_ns) {
			s64 now;

			if (clock_now(pt, &now))
				forward(pt, now + (s64)IGNORED_PERIOD_NS);
			arm(pt);
		}
	}
}

void posix_timer_fire(struct host *h, struct timer *event)
{
	expire(container_of(event, struct posix_timer, event));
}

/* The overrun of the signal now taken: expiries after the one that sent it. */
void posix_timer_taken(struct posix_timer *pt, siginfo_t *info)
{
	pt->queued = false;
	if (pt->interval_ns && pt->current && !pt->armed) {
		rearm_period(pt);
		if (pt->overrun)
			pt->overrun--; /* the period that follows the expiry itself */
	}
	pt->overrun_last = min(pt->overrun, (u64)DELAYTIMER_MAX_);
	info->si_overrun = pt->overrun_last;
	pt->overrun = 0;
}

void posix_timer_unqueued(struct posix_timer *pt)
{
	pt->queued = false;
	if (pt->interval_ns && !pt->armed)
		rearm_period(pt);
}

u64 posix_timers_cpu_next(struct process *p)
{
	struct posix_timer *pt;
	u64 next = TIME_NEVER;
	s64 now;

	list_for_each (pt, &p->posix_timers, link)
		if (pt->cpu && pt->armed && clock_now(pt, &now))
			next = min(next, pt->expiry_ns > now ? (u64)(pt->expiry_ns - now) : 0);
	return next;
}

void posix_timers_cpu_due(struct process *p)
{
	struct posix_timer *pt;
	s64 now;

	list_for_each (pt, &p->posix_timers, link)
		if (pt->cpu && pt->armed && clock_now(pt, &now) && now >= pt->expiry_ns)
			expire(pt);
}

void posix_timers_clock_set(struct host *h)
{
	struct posix_timer *pt;
	struct process *p;

	list_for_each (p, &h->processes, link)
		list_for_each (pt, &p->posix_timers, link)
			if (!pt->cpu && timer_armed(&pt->event))
				timer_arm(h, &pt->event,
					  clock_deadline(h, pt->base, pt->expiry_ns));
}

static void forget_in(struct sigpending *q, struct posix_timer *pt)
{
	struct sigqueue_entry *e;

	list_for_each (e, &q->queue, link)
		if (e->timer == pt)
			e->timer = NULL;
}

static void delete (struct posix_timer *pt)
{
	struct process *p = pt->process;
	struct task *t;

	list_del(&pt->link);
	disarm(pt);
	if (pt->queued) {
		forget_in(&p->pending, pt);
		list_for_each (t, &p->threads, thread_link)
			forget_in(&t->pending, pt);
	}
	arena_free(p->host, pt);
}

void posix_timers_delete_all(struct process *p)
{
	struct posix_timer *pt, *next;

	list_for_each_safe (pt, next, &p->posix_timers, link)
		delete (pt);
}

void timers_process_exec(struct host *h, struct process *p)
{
	posix_timers_delete_all(p);
}

void timers_process_exit(struct host *h, struct process *p)
{
	posix_timers_delete_all(p);
	p->virt_value_ns = p->prof_value_ns = 0;
	p->cpu_timers = false;
}

static struct posix_timer *find(struct thread *th, s32 id)
{
	struct posix_timer *pt;

	list_for_each (pt, &th->task->process->posix_timers, link)
		if (pt->id == id)
			return pt;
	return NULL;
}

static long check_clock(struct thread *th, s32 clock, struct posix_timer *pt)
{
	struct process *p;
	struct task *t;
	long ret;

	ret = clock_cpu_target(th, clock, &t, &p);
	if (ret)
		return ret;
	pt->clock = pt->base = clock;
	if (!t && !p) {
		bool works = clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ||
			     clock == CLOCK_BOOTTIME || clock == CLOCK_TAI;

		return works ? 0 : -EOPNOTSUPP;
	}
	/* Of other processes' CPU time only those can tell that run there. */
	if ((t ? t->process : p) != th->task->process)
		return -EINVAL;
	pt->cpu = true;
	pt->user_only = clock < 0 && (clock & 3) == 1;
	pt->cpu_tid = t ? t->tid : 0;
	return 0;
}

static long check_event(struct thread *th, const struct user_sigevent *ev)
{
	struct task *t;

	switch (ev->notify) {
	case NOTIFY_THREAD_ID:
		t = task_find(th->host, ev->tid);
		if (!t || t->process != th->task->process)
			return -EINVAL;
		/* fall through */
	case NOTIFY_SIGNAL:
	case NOTIFY_THREAD:
		return ev->signo > 0 && ev->signo <= NSIG_MAX ? 0 : -EINVAL;
	case NOTIFY_NONE:
		return 0;
	}
	return -EINVAL;
}

static bool too_many(struct process *p)
{
	struct posix_timer *pt;
	u64 n = 0;

	list_for_each (pt, &p->posix_timers, link)
		n++;
	return n >= p->rlimit[RLIMIT_SIGPENDING].rlim_cur;
}

SYSCALL_DEFINE(timer_create)
{
	struct process *p = th->task->process;
	struct posix_timer draft = {.process = p, .event.kind = TIMER_POSIX}, *pt;
	struct user_sigevent ev = {.signo = SIGALRM};
	long ret;

	ret = check_clock(th, a[0], &draft);
	if (ret)
		return ret;
	if (a[1] && get_user(ev, a[1]))
		return -EFAULT;
	if (check_event(th, &ev))
		return -EINVAL;
	if (too_many(p))
		return -EAGAIN;
	draft.id = p->next_timer_id;
	draft.notify = ev.notify;
	draft.sig = ev.signo;
	draft.tid = ev.tid;
	draft.value = a[1] ? ev.value : (u64)draft.id;
	if (put_user(draft.id, a[2]))
		return -EFAULT;
	pt = arena_alloc(th->host, sizeof(*pt));
	if (!pt)
		return -EAGAIN;
	*pt = draft;
	p->next_timer_id = (p->next_timer_id + 1) & INT_MAX;
	list_add_tail(&pt->link, &p->posix_timers);
	return 0;
}

/* What is left, and the period. */
static void get(struct posix_timer *pt, s64 *value_ns, u64 *interval_ns)
{
	bool waits = pt->queued && pt->current && pt->interval_ns;
	s64 now;

	*interval_ns = pt->interval_ns;
	*value_ns = 0;
	if ((!pt->armed && !waits) || !clock_now(pt, &now))
		return;
	if (pt->interval_ns && (waits || pt->notify == NOTIFY_NONE))
		pt->overrun += forward(pt, now);
	if (pt->expiry_ns > now)
		*value_ns = pt->expiry_ns - now;
	else if (pt->notify != NOTIFY_NONE)
		*value_ns = 1; /* due, and its event not looked at yet */
}

static long put_itimerspec(u64 addr, s64 value_ns, u64 interval_ns)
{
	struct itimerspec its = {
		.it_value = {value_ns / (s64)NSEC_PER_SEC, value_ns % (s64)NSEC_PER_SEC},
		.it_interval = {interval_ns / NSEC_PER_SEC, interval_ns % NSEC_PER_SEC},
	};

	return put_user(its, addr);
}

SYSCALL_DEFINE(timer_gettime)
{
	struct posix_timer *pt = find(th, a[0]);
	u64 interval_ns;
	s64 value_ns;

	if (!pt)
		return -EINVAL;
	get(pt, &value_ns, &interval_ns);
	return put_itimerspec(a[1], value_ns, interval_ns);
}

static long set(struct posix_timer *pt, bool absolute, s64 value_ns, s64 interval_ns)
{
	s64 now;

	disarm(pt);
	pt->interval_ns = 0;
	pt->current = false;
	pt->overrun = pt->overrun_last = 0;
	if (!value_ns)
		return 0;
	pt->interval_ns = interval_ns;
	if (!pt->cpu)
		pt->base = absolute ? pt->clock : CLOCK_MONOTONIC;
	if (!clock_now(pt, &now))
		return -ESRCH;
	pt->expiry_ns = absolute ? value_ns : now + min(value_ns, INT64_MAX / 2);
	arm(pt);
	return 0;
}

SYSCALL_DEFINE(timer_settime)
{
	struct posix_timer *pt;
	s64 value_ns, interval_ns, old_value_ns;
	u64 old_interval_ns;
	long ret;

	if (!a[2])
		return -EINVAL;
	/* struct itimerspec: the period comes first */
	ret = timespec_from_user(a[2], &interval_ns);
	if (!ret)
		ret = timespec_from_user(a[2] + sizeof(struct timespec), &value_ns);
	if (ret)
		return ret;
	pt = find(th, a[0]);
	if (!pt)
		return -EINVAL;
	get(pt, &old_value_ns, &old_interval_ns);
	ret = set(pt, a[1] & TIMER_ABSTIME, value_ns, interval_ns);
	if (!ret && a[3])
		ret = put_itimerspec(a[3], old_value_ns, old_interval_ns);
	return ret;
}

SYSCALL_DEFINE(timer_getoverrun)
{
	struct posix_timer *pt = find(th, a[0]);

	return pt ? (long)pt->overrun_last : -EINVAL;
}

SYSCALL_DEFINE(timer_delete)
{
	struct posix_timer *pt = find(th, a[0]);

	if (!pt)
		return -EINVAL;
	delete (pt);
	return 0;
}
