// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interval timers, POSIX timers and timerfds over the host's, scaled both ways.
 * An absolute setting needs the timer's clock: a timerfd's is read from its
 * fdinfo, so that dup and fork do not matter; a POSIX timer's is noted at its
 * creation, in a table of this address space.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "passthrough/clock.h"
#include "passthrough/time.h"
#include "simkernel/uaccess.h"

#define TIMERS_NOTED 4096

/* By timer id: clock id + 1; 0 is one we do not know, taken for CLOCK_REALTIME. */
static u8 timer_clock[TIMERS_NOTED];

static u64 timeval_ns(const struct timeval *tv)
{
	return min((u64)tv->tv_sec, PASS_NS_MAX / NSEC_PER_SEC - 1) * NSEC_PER_SEC +
	       (u64)tv->tv_usec * NSEC_PER_USEC;
}

static struct timeval to_timeval(u64 ns)
{
	ns += NSEC_PER_USEC - 1;
	return (struct timeval){ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC};
}

static bool timeval_good(const struct timeval *tv)
{
	return tv->tv_sec >= 0 && tv->tv_usec >= 0 && tv->tv_usec < 1000000;
}

static void itimer_to_guest(struct itimerval *it)
{
	it->it_value = to_timeval(guest_duration_ns(timeval_ns(&it->it_value)));
	it->it_interval = to_timeval(guest_duration_ns(timeval_ns(&it->it_interval)));
}

static long setitimer_call(const u64 *a)
{
	struct itimerval new = {0}, old;
	long ret;

	if (a[1] && get_user(new, a[1]))
		return -EFAULT;
	if (timeval_good(&new.it_value) && timeval_good(&new.it_interval)) {
		new.it_value = to_timeval(host_duration_ns(timeval_ns(&new.it_value)));
		new.it_interval = to_timeval(host_duration_ns(timeval_ns(&new.it_interval)));
	}
	ret = hostcall(SYS_setitimer, ITIMER_REAL, &new, &old);
	if (ret || !a[2])
		return ret;
	itimer_to_guest(&old);
	return put_user(old, a[2]);
}

static long getitimer_call(const u64 *a)
{
	struct itimerval it;
	long ret = hostcall(SYS_getitimer, ITIMER_REAL, &it);

	if (ret)
		return ret;
	itimer_to_guest(&it);
	return put_user(it, a[1]);
}

static long alarm_call(const u64 *a)
{
	struct itimerval new = {.it_value = to_timeval(host_duration_ns((u32)a[0] * NSEC_PER_SEC))};
	struct itimerval old;
	u64 left;

	hostcall(SYS_setitimer, ITIMER_REAL, &new, &old);
	left = guest_duration_ns(timeval_ns(&old.it_value));
	/* As Linux: rounded to the nearest second, but never to nothing. */
	if (left && left < NSEC_PER_SEC)
		return 1;
	return (left + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
}

static u64 spec_ns(const struct timespec *ts)
{
	return min((u64)ts->tv_sec, PASS_NS_MAX / NSEC_PER_SEC - 1) * NSEC_PER_SEC + ts->tv_nsec;
}

static bool spec_good(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && (u64)ts->tv_nsec < NSEC_PER_SEC;
}

static void spec_to_guest(struct itimerspec *it)
{
	it->it_value = pass_timespec(guest_duration_ns(spec_ns(&it->it_value)));
	it->it_interval = pass_timespec(guest_duration_ns(spec_ns(&it->it_interval)));
}

/* A clock's host reading at the guest's absolute time; the host's timer runs on the same clock. */
static u64 host_absolute(s32 clock, s64 ns)
{
	struct timespec real, mono;
	u64 at = host_monotonic_at(clock, ns);

	if (clock == CLOCK_MONOTONIC)
		return at;
	hostcall(SYS_clock_gettime, clock, &real);
	hostcall(SYS_clock_gettime, CLOCK_MONOTONIC, &mono);
	return at + spec_ns(&real) - spec_ns(&mono);
}

static void spec_to_host(struct itimerspec *it, s32 clock, bool absolute)
{
	s64 offset;

	if (!spec_good(&it->it_value) || !spec_good(&it->it_interval) ||
	    !guest_clock_offset(clock, &offset))
		return;
	it->it_interval = pass_timespec(host_duration_ns(spec_ns(&it->it_interval)));
	if (!absolute)
		it->it_value = pass_timespec(host_duration_ns(spec_ns(&it->it_value)));
	else if (spec_ns(&it->it_value))
		it->it_value =
			pass_timespec(max(host_absolute(clock, spec_ns(&it->it_value)), 1UL));
}

static s32 clock_of_timer(u64 id)
{
	return id < TIMERS_NOTED && timer_clock[id] ? timer_clock[id] - 1 : CLOCK_REALTIME;
}

static long timer_create_call(const u64 *a)
{
	long ret = hostcall(SYS_timer_create, a[0], a[1], a[2]);
	s32 id;

	if (ret || get_user(id, a[2]))
		return ret;
	/* CPU clocks (2, 3 and negative ids) are noted as what is never scaled. */
	if (id >= 0 && id < TIMERS_NOTED)
		timer_clock[id] = (s32)a[0] < 0 ? CLOCK_PROCESS_CPUTIME_ID + 1 : a[0] + 1;
	return 0;
}

/* What timerfd's fdinfo says after "clockid: "; CLOCK_MONOTONIC when it says nothing. */
static s32 clock_of_timerfd(int fd)
{
	char path[48], text[512];
	char *at;
	long own, n;

	str_format(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	own = hostcall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (own < 0)
		return CLOCK_MONOTONIC;
	n = hostcall(SYS_read, own, text, sizeof(text) - 1);
	hostcall(SYS_close, own);
	text[n > 0 ? n : 0] = 0;
	for (at = text; (at = strchr(at, 'c')); at++)
		if (starts_with(at, "clockid: "))
			return at[9] - '0';
	return CLOCK_MONOTONIC;
}

/* timer_settime and timerfd_settime: (object, flags, new, old). */
static long settime_call(u64 nr, const u64 *a)
{
	struct itimerspec new, old;
	s32 clock = CLOCK_MONOTONIC;
	s64 offset;
	long ret;

	if (get_user(new, a[2]))
		return a[2] || nr == SYS_timerfd_settime ? -EFAULT : -EINVAL;
	/* All clocks of a timerfd go alike: which one it is matters to a date only. */
	if (nr == SYS_timer_settime)
		clock = clock_of_timer(a[0]);
	else if (a[1] & TIMER_ABSTIME)
		clock = clock_of_timerfd(a[0]);
	spec_to_host(&new, clock, a[1] & TIMER_ABSTIME);
	ret = hostcall(nr, a[0], a[1], &new, &old);
	if (ret || !a[3])
		return ret;
	if (guest_clock_offset(clock, &offset))
		spec_to_guest(&old);
	return put_user(old, a[3]);
}

static long gettime_call(u64 nr, const u64 *a)
{
	s32 clock = nr == SYS_timer_gettime ? clock_of_timer(a[0]) : CLOCK_MONOTONIC;
	struct itimerspec it;
	s64 offset;
	long ret = hostcall(nr, a[0], &it);

	if (ret)
		return ret;
	if (guest_clock_offset(clock, &offset))
		spec_to_guest(&it);
	return put_user(it, a[1]);
}

bool pass_timer_call(u64 nr, const u64 *a, long *ret)
{
	switch (nr) {
	case SYS_setitimer:
		if (a[0] != ITIMER_REAL)
			return false;
		*ret = setitimer_call(a);
		return true;
	case SYS_getitimer:
		if (a[0] != ITIMER_REAL)
			return false;
		*ret = getitimer_call(a);
		return true;
	case SYS_alarm:
		*ret = alarm_call(a);
		return true;
	case SYS_timer_create:
		*ret = timer_create_call(a);
		return true;
	case SYS_timer_settime:
	case SYS_timerfd_settime:
		*ret = settime_call(nr, a);
		return true;
	case SYS_timer_gettime:
	case SYS_timerfd_gettime:
		*ret = gettime_call(nr, a);
		return true;
	}
	return false;
}
