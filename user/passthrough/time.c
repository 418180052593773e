// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls that read clocks or wait: guest times go to the host scaled, what
 * remains comes back scaled. CPU-time clocks are the host's own.
 */
#include <errno.h>
#include <sys/time.h>
#include <sys/timex.h>
#include "base/hostcall.h"
#include "passthrough/clock.h"
#include "passthrough/time.h"
#include "simkernel/uaccess.h"

#define USER_HZ 100

long pass_timespec_from_user(u64 addr, s64 *ns)
{
	struct timespec ts;

	if (get_user(ts, addr))
		return -EFAULT;
	if (ts.tv_sec < 0 || (u64)ts.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	*ns = (u64)ts.tv_sec >= PASS_NS_MAX / NSEC_PER_SEC
		      ? (s64)PASS_NS_MAX
		      : ts.tv_sec * (s64)NSEC_PER_SEC + ts.tv_nsec;
	return 0;
}

struct timespec pass_timespec(u64 ns)
{
	return (struct timespec){ns / NSEC_PER_SEC, ns % NSEC_PER_SEC};
}

long pass_timespec_to_user(u64 addr, u64 ns)
{
	struct timespec ts = pass_timespec(ns);

	return put_user(ts, addr);
}

static long clock_gettime_call(const u64 *a)
{
	s64 ns;

	if (!guest_clock_ns(a[0], &ns))
		return hostcall(SYS_clock_gettime, a[0], a[1]);
	return pass_timespec_to_user(a[1], ns);
}

static long gettimeofday_call(const u64 *a)
{
	struct timezone tz = {0};
	struct timeval tv;
	s64 ns;

	guest_clock_ns(CLOCK_REALTIME, &ns);
	tv = (struct timeval){ns / (s64)NSEC_PER_SEC, ns % (s64)NSEC_PER_SEC / 1000};
	if ((a[0] && put_user(tv, a[0])) || (a[1] && put_user(tz, a[1])))
		return -EFAULT;
	return 0;
}

static long time_call(const u64 *a)
{
	s64 ns;

	guest_clock_ns(CLOCK_REALTIME, &ns);
	ns /= (s64)NSEC_PER_SEC;
	return a[0] && put_user(ns, a[0]) ? -EFAULT : ns;
}

static long sleep_for(s64 ns, u64 rem)
{
	struct timespec ts = pass_timespec(host_duration_ns(ns)), left = {0};
	long ret = pass_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (u64)&ts, (u64)&left, 0, 0);

	if (ret == -EINTR && rem &&
	    pass_timespec_to_user(rem,
				  guest_duration_ns(left.tv_sec * NSEC_PER_SEC + left.tv_nsec)))
		return -EFAULT;
	return ret;
}

static long nanosleep_call(const u64 *a)
{
	s64 ns;
	long ret = pass_timespec_from_user(a[0], &ns);

	return ret ? ret : sleep_for(ns, a[1]);
}

static long clock_nanosleep_call(const u64 *a)
{
	struct timespec ts;
	s64 ns, offset;
	long ret;

	/* Ids that cannot sleep, and CPU clocks: the host knows. */
	if (!guest_clock_offset(a[0], &offset) || a[0] == CLOCK_MONOTONIC_RAW ||
	    a[0] == CLOCK_REALTIME_COARSE || a[0] == CLOCK_MONOTONIC_COARSE)
		return pass_call(SYS_clock_nanosleep, a[0], a[1], a[2], a[3], 0, 0);
	ret = pass_timespec_from_user(a[2], &ns);
	if (ret)
		return ret;
	if (!(a[1] & TIMER_ABSTIME))
		return sleep_for(ns, a[3]);
	ts = pass_timespec(host_monotonic_at(a[0], ns));
	return pass_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, (u64)&ts, 0, 0, 0);
}

/* The machine's clock is not a guest's to set; before that, Linux's own errors. */
static long clock_settime_call(const u64 *a)
{
	struct timespec ts;

	if ((s32)a[0] > 0)
		return -EINVAL;
	if (get_user(ts, a[1]))
		return -EFAULT;
	if (a[0] == CLOCK_REALTIME && (ts.tv_sec < 0 || (u64)ts.tv_nsec >= NSEC_PER_SEC))
		return -EINVAL;
	return -EPERM;
}

static long settimeofday_call(const u64 *a)
{
	struct timezone tz;
	struct timeval tv;

	if ((a[0] && get_user(tv, a[0])) || (a[1] && get_user(tz, a[1])))
		return -EFAULT;
	if (a[0] && (tv.tv_sec < 0 || (u64)tv.tv_usec > 1000000))
		return -EINVAL;
	return -EPERM;
}

static long adjtime_call(u64 nr, const u64 *a)
{
	u64 addr = nr == SYS_adjtimex ? a[0] : a[1];
	struct timex tx;
	s64 ns;
	long ret;

	if (get_user(tx, addr))
		return -EFAULT;
	if (tx.modes)
		return -EPERM;
	ret = hostcall(nr, a[0], a[1]);
	if (ret < 0 || get_user(tx, addr))
		return ret < 0 ? ret : -EFAULT;
	guest_clock_ns(CLOCK_REALTIME, &ns);
	tx.time.tv_sec = ns / (s64)NSEC_PER_SEC;
	tx.time.tv_usec = ns % (s64)NSEC_PER_SEC / (tx.status & STA_NANO ? 1 : 1000);
	return put_user(tx, addr) ? -EFAULT : ret;
}

static long sysinfo_call(const u64 *a)
{
	s64 uptime;
	long ret = hostcall(SYS_sysinfo, a[0]);

	if (ret)
		return ret;
	guest_clock_ns(CLOCK_BOOTTIME, &uptime);
	uptime /= (s64)NSEC_PER_SEC;
	return put_user(uptime, a[0]);
}

/* CPU times are the host's; what it returns is a clock that nothing sets. */
static long times_call(const u64 *a)
{
	long ret = hostcall(SYS_times, a[0]);
	s64 ns;

	if (ret == -EFAULT)
		return ret;
	guest_clock_ns(CLOCK_BOOTTIME, &ns);
	return ns / (s64)(NSEC_PER_SEC / USER_HZ);
}

bool pass_time_call(u64 nr, const u64 *a, long *ret)
{
	switch (nr) {
	case SYS_clock_gettime:
		*ret = clock_gettime_call(a);
		return true;
	case SYS_gettimeofday:
		*ret = gettimeofday_call(a);
		return true;
	case SYS_time:
		*ret = time_call(a);
		return true;
	case SYS_nanosleep:
		*ret = nanosleep_call(a);
		return true;
	case SYS_clock_nanosleep:
		*ret = clock_nanosleep_call(a);
		return true;
	case SYS_clock_settime:
		*ret = clock_settime_call(a);
		return true;
	case SYS_settimeofday:
		*ret = settimeofday_call(a);
		return true;
	case SYS_adjtimex:
	case SYS_clock_adjtime:
		*ret = adjtime_call(nr, a);
		return true;
	case SYS_times:
		*ret = times_call(a);
		return true;
	case SYS_sysinfo:
		*ret = sysinfo_call(a);
		return true;
	}
	return pass_timeout_call(nr, a, ret) || pass_timer_call(nr, a, ret);
}
