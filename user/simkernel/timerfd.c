// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timerfd: a timer that counts its expiries in a descriptor.
 *
 * A periodic timer is not armed again when it fires but when its expiries are
 * read or asked for, as in Linux: one that nobody reads costs one event, and
 * makes one edge for epoll. Belongs to the holder of the run token.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include "base/string.h"
#include "simkernel/anon.h"
#include "simkernel/arena.h"
#include "simkernel/poll.h"
#include "simkernel/procfs.h"
#include "simkernel/syscall.h"
#include "simkernel/timerfd.h"

#define TFD_SET_TICKS _IOW('T', 0, u64)

struct timerfd {
	struct timer timer;
	struct file *file;
	s32 clock;
	bool absolute;		/* set with TFD_TIMER_ABSTIME */
	bool cancelable;	/* and with TFD_TIMER_CANCEL_ON_SET */
	bool canceled;		/* the clock was set since */
	bool expired;		/* fired, and not armed again yet */
	struct list clock_link; /* anon_table.clock_timers, for CLOCK_REALTIME */
	s64 value_ns;		/* next expiry on its own clock; 0: disarmed */
	u64 interval_ns;
	u64 ticks;
};

static bool follows_realtime(s32 clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM;
}

/* What to add to the count to get the timer's clock. */
static s64 clock_offset(struct host *h, s32 clock)
{
	const struct sundial_clock_rate *rate = &h->clock->rate[h->clock->seq & 1];

	if (follows_realtime(clock))
		return rate->realtime_ns;
	return clock == CLOCK_MONOTONIC ? 0 : rate->boottime_ns;
}

static s64 clock_now(struct host *h, const struct timerfd *t)
{
	return (s64)host_now(h) + clock_offset(h, t->clock);
}

static void arm(struct host *h, struct timerfd *t)
{
	s64 expiry = t->value_ns - clock_offset(h, t->clock);

	t->expired = false;
	timer_arm(h, &t->timer, expiry > 0 ? expiry : 0);
}

void timerfd_fire(struct host *h, struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);

	t->expired = true;
	t->ticks++;
	file_wake(t->file, POLLIN);
}

/* Counts the periods that have passed since a periodic timer fired, and arms it again. */
static void catch_up(struct host *h, struct timerfd *t)
{
	u64 missed;

	if (!t->expired || !t->interval_ns)
		return;
	missed = (u64)(clock_now(h, t) - t->value_ns) / t->interval_ns;
	t->ticks += missed;
	t->value_ns += (missed + 1) * t->interval_ns;
	arm(h, t);
}

void timerfd_clock_was_set(struct host *h)
{
	struct anon_table *table = anon_table(h);
	struct timerfd *t, *next;

	if (!table)
		return;
	list_for_each_safe (t, next, &table->clock_timers, clock_link) {
		if (timer_armed(&t->timer) && t->absolute)
			arm(h, t);
		if (!t->cancelable)
			continue;
		t->canceled = true;
		file_wake(t->file, POLLIN);
	}
}

/* True once for each time that the clock was set. */
static bool was_canceled(struct timerfd *t)
{
	bool ret = t->cancelable && t->canceled;

	t->canceled = false;
	return ret;
}

static long read_ticks(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct timerfd *t = f->object;
	u64 ticks;

	if (iov_total(iov, n) < sizeof(ticks))
		return -EINVAL;
	if (!t->ticks && !t->canceled) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (WAIT_ON(th, &f->wait, t->ticks || t->canceled, TIME_NEVER))
			return -ERESTARTSYS;
	}
	if (was_canceled(t)) {
		t->ticks = 0;
		t->expired = false;
		return -ECANCELED;
	}
	catch_up(th->host, t);
	ticks = t->ticks;
	t->ticks = 0;
	t->expired = false;
	if (iov_copy_to(iov, n, 0, &ticks, sizeof(ticks)) != sizeof(ticks))
		return -EFAULT;
	return sizeof(ticks);
}

static u32 timerfd_poll(struct thread *th, struct file *f)
{
	struct timerfd *t = f->object;

	return t->ticks || t->canceled ? POLLIN : 0;
}

static long timerfd_ioctl(struct thread *th, struct file *f, u64 cmd, u64 arg)
{
	struct timerfd *t = f->object;
	u64 ticks;

	if (cmd != TFD_SET_TICKS)
		return -ENOTTY;
	if (get_user(ticks, arg))
		return -EFAULT;
	if (!ticks)
		return -EINVAL;
	if (t->cancelable && t->canceled)
		return -ECANCELED;
	t->ticks = ticks;
	file_wake(f, POLLIN);
	return 0;
}

static long timerfd_stat(struct thread *th, struct file *f, struct stat *st)
{
	anon_stat(th->host, st);
	return 0;
}

static void timerfd_release(struct host *h, struct file *f)
{
	struct timerfd *t = f->object;

	timer_disarm(h, &t->timer);
	list_del(&t->clock_link);
	arena_free(h, t);
}

static void timerfd_name(struct file *f, char *buf, size_t size)
{
	str_copy(buf, "anon_inode:[timerfd]", size);
}

const struct file_ops timerfd_file_ops = {
	.read = read_ticks,
	.poll = timerfd_poll,
	.ioctl = timerfd_ioctl,
	.stat = timerfd_stat,
	.release = timerfd_release,
	.name = timerfd_name,
};

SYSCALL_DEFINE(timerfd_create)
{
	struct host *h = th->host;
	s32 clock = a[0];
	u32 flags = a[1];
	struct anon_table *table;
	struct timerfd *t;
	struct file *f;

	if (flags & ~(u32)(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME &&
	    clock != CLOCK_REALTIME_ALARM && clock != CLOCK_BOOTTIME_ALARM)
		return -EINVAL;
	if ((clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) &&
	    th->task->process->uid != 0)
		return -EPERM;
	table = anon_table(h);
	t = table ? arena_alloc(h, sizeof(*t)) : NULL;
	if (!t)
		return -ENOMEM;
	t->clock = clock;
	t->timer.kind = TIMER_TIMERFD;
	list_init(&t->clock_link);
	f = file_create(h, FILE_TIMERFD, O_RDWR | (flags & O_NONBLOCK), t);
	if (!f) {
		arena_free(h, t);
		return -ENFILE;
	}
	t->file = f;
	if (follows_realtime(clock))
		list_add_tail(&t->clock_link, &table->clock_timers);
	return fd_install(th, f, flags & O_CLOEXEC);
}

static void timespec_from_ns(struct timespec *ts, u64 ns)
{
	ts->tv_sec = ns / NSEC_PER_SEC;
	ts->tv_nsec = ns % NSEC_PER_SEC;
}

/* Time until the next expiry and the period, as timerfd_gettime gives them. */
static void current_setting(struct host *h, struct timerfd *t, struct itimerspec *it)
{
	s64 left = 0;

	catch_up(h, t);
	if (timer_armed(&t->timer)) {
		left = t->value_ns - clock_now(h, t);
		/* A timer that is due and has not fired yet is not disarmed. */
		left = left > 0 ? left : 1;
	}
	timespec_from_ns(&it->it_value, left);
	timespec_from_ns(&it->it_interval, t->interval_ns);
}

static bool timespec_valid(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && (u64)ts->tv_nsec < NSEC_PER_SEC;
}

static s64 timespec_ns(const struct timespec *ts)
{
	if (ts->tv_sec >= (s64)(INT64_MAX / NSEC_PER_SEC))
		return INT64_MAX;
	return ts->tv_sec * (s64)NSEC_PER_SEC + ts->tv_nsec;
}

static long set_timer(struct host *h, struct timerfd *t, u32 flags, const struct itimerspec *it)
{
	s64 value = timespec_ns(&it->it_value);
	s64 now = clock_now(h, t);

	timer_disarm(h, &t->timer);
	t->absolute = flags & TFD_TIMER_ABSTIME;
	t->cancelable =
		follows_realtime(t->clock) && t->absolute && flags & TFD_TIMER_CANCEL_ON_SET;
	t->expired = false;
	t->ticks = 0;
	t->interval_ns = timespec_ns(&it->it_interval);
	t->value_ns = 0;
	if (!value)
		return 0;
	if (!t->absolute && __builtin_add_overflow(value, now, &value))
		value = INT64_MAX;
	t->value_ns = value;
	arm(h, t);
	return was_canceled(t) ? -ECANCELED : 0;
}

static struct timerfd *timerfd_of(struct thread *th, int fd, long *err)
{
	struct file *f = fd_peek(th->task->process, fd);

	*err = f && f->kind != FILE_PATH ? -EINVAL : -EBADF;
	return f && f->kind == FILE_TIMERFD ? f->object : NULL;
}

void timerfd_fdinfo(struct file *f, struct text_out *o)
{
	struct timerfd *t = f->object;
	struct itimerspec it;

	current_setting(o->h, t, &it);
	text_format(o,
		    "clockid: %d\nticks: %lu\nsettime flags: 0%o\n"
		    "it_value: (%ld, %ld)\nit_interval: (%ld, %ld)\n",
		    t->clock, t->ticks,
		    (t->absolute ? TFD_TIMER_ABSTIME : 0) |
			    (t->cancelable ? TFD_TIMER_CANCEL_ON_SET : 0),
		    it.it_value.tv_sec, it.it_value.tv_nsec, it.it_interval.tv_sec,
		    it.it_interval.tv_nsec);
}

SYSCALL_DEFINE(timerfd_settime)
{
	struct host *h = th->host;
	u32 flags = a[1];
	struct itimerspec it, old;
	struct timerfd *t;
	long ret;

	if (get_user(it, a[2]))
		return -EFAULT;
	if (flags & ~(u32)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) ||
	    !timespec_valid(&it.it_value) || !timespec_valid(&it.it_interval))
		return -EINVAL;
	t = timerfd_of(th, a[0], &ret);
	if (!t)
		return ret;
	current_setting(h, t, &old);
	ret = set_timer(h, t, flags, &it);
	if (a[3] && put_user(old, a[3]))
		return -EFAULT;
	/* A timer in the past has fired when the call returns. */
	event_run_due(h);
	return ret;
}

SYSCALL_DEFINE(timerfd_gettime)
{
	struct itimerspec it;
	struct timerfd *t;
	long ret;

	t = timerfd_of(th, a[0], &ret);
	if (!t)
		return ret;
	current_setting(th->host, t, &it);
	return put_user(it, a[1]);
}
