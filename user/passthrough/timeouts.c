// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls that wait for something else, and no longer than a time-out. */
#include <errno.h>
#include <linux/futex.h>
#include <sys/time.h>
#include "base/hostcall.h"
#include "passthrough/clock.h"
#include "passthrough/time.h"
#include "simkernel/uaccess.h"

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif
#define SO_RCVTIMEO_OLD_ 20
#define SO_SNDTIMEO_OLD_ 21
#define SO_RCVTIMEO_NEW_ 66
#define SO_SNDTIMEO_NEW_ 67

struct sigset_arg { /* pselect6's sixth argument */
	u64 set, size;
};

/* Takes a relative timespec at addr, scaled; *ts stays unused when addr is 0. */
static long relative(u64 addr, struct timespec *ts, u64 *arg)
{
	s64 ns;
	long ret;

	*arg = 0;
	if (!addr)
		return 0;
	ret = pass_timespec_from_user(addr, &ns);
	if (ret)
		return ret;
	*ts = pass_timespec(host_duration_ns(ns));
	*arg = (u64)ts;
	return 0;
}

/* Linux writes back what remains of these calls' time-outs. */
static void give_back(u64 addr, const struct timespec *left)
{
	if (addr)
		pass_timespec_to_user(
			addr, guest_duration_ns(left->tv_sec * NSEC_PER_SEC + left->tv_nsec));
}

static u64 milliseconds(s32 ms, struct timespec *ts)
{
	if (ms < 0)
		return 0;
	*ts = pass_timespec(host_duration_ns(ms * NSEC_PER_MSEC));
	return (u64)ts;
}

/* The guest's mask, without what must not be blocked. */
static long mask_arg(u64 addr, u64 size, u64 *copy, u64 *arg)
{
	*arg = 0;
	if (!addr)
		return 0;
	*arg = (u64)copy;
	return pass_mask_from_user(addr, size, copy);
}

static long ppoll_call(const u64 *a)
{
	struct timespec ts;
	u64 mask, mask_at, ts_at;
	long ret = relative(a[2], &ts, &ts_at);

	if (!ret)
		ret = mask_arg(a[3], a[4], &mask, &mask_at);
	if (ret)
		return ret;
	ret = pass_call(SYS_ppoll, a[0], a[1], ts_at, mask_at, 8, 0);
	if (ret != PASS_RESTART)
		give_back(a[2], &ts);
	return ret;
}

static long pselect_call(const u64 *a)
{
	struct sigset_arg arg = {0}, own = {0, 8};
	struct timespec ts;
	u64 mask, ts_at;
	long ret = relative(a[4], &ts, &ts_at);

	if (!ret && a[5] && get_user(arg, a[5]))
		ret = -EFAULT;
	if (!ret)
		ret = mask_arg(arg.set, arg.size, &mask, &own.set);
	if (ret)
		return ret;
	ret = pass_call(SYS_pselect6, a[0], a[1], a[2], a[3], ts_at, own.set ? (u64)&own : 0);
	if (ret != PASS_RESTART)
		give_back(a[4], &ts);
	return ret;
}

static long select_call(const u64 *a)
{
	struct timeval tv;
	struct timespec ts;
	u64 left, ns;
	long ret;

	if (!a[4])
		return pass_call(SYS_select, a[0], a[1], a[2], a[3], 0, 0);
	if (get_user(tv, a[4]))
		return -EFAULT;
	if (tv.tv_sec < 0 || tv.tv_usec < 0)
		return -EINVAL;
	ns = min((u64)tv.tv_sec, PASS_NS_MAX / NSEC_PER_SEC - 1) * NSEC_PER_SEC +
	     (u64)tv.tv_usec * NSEC_PER_USEC;
	ts = pass_timespec(host_duration_ns(ns));
	ret = pass_call(SYS_pselect6, a[0], a[1], a[2], a[3], (u64)&ts, 0);
	if (ret == PASS_RESTART)
		return ret;
	left = guest_duration_ns(ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec);
	tv = (struct timeval){left / NSEC_PER_SEC, left % NSEC_PER_SEC / NSEC_PER_USEC};
	put_user(tv, a[4]);
	return ret;
}

static long epoll_call(u64 nr, const u64 *a)
{
	struct timespec ts;
	u64 mask, mask_at = 0, ts_at = 0;
	long ret = 0;

	if (nr == SYS_epoll_pwait2)
		ret = relative(a[3], &ts, &ts_at);
	else
		ts_at = milliseconds(a[3], &ts);
	if (!ret && nr != SYS_epoll_wait)
		ret = mask_arg(a[4], a[5], &mask, &mask_at);
	return ret ? ret : pass_call(SYS_epoll_pwait2, a[0], a[1], a[2], ts_at, mask_at, 8);
}

/* The host's absolute deadline for a futex operation, in ts. */
static long futex_deadline(u64 addr, s32 clock, bool realtime_only, struct timespec *ts)
{
	s64 ns;
	long ret = pass_timespec_from_user(addr, &ns);

	if (!ret)
		*ts = pass_timespec(realtime_only ? host_realtime_at(clock, ns)
						  : host_monotonic_at(clock, ns));
	return ret;
}

static long futex_call(const u64 *a)
{
	u32 op = a[1], command = op & FUTEX_CMD_MASK;
	s32 clock = op & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
	struct timespec ts;
	u64 ts_at = (u64)&ts;
	long ret = 0;

	if (!a[3])
		return pass_call(SYS_futex, a[0], a[1], a[2], a[3], a[4], a[5]);
	switch (command) {
	case FUTEX_WAIT:
		ret = relative(a[3], &ts, &ts_at);
		break;
	case FUTEX_WAIT_BITSET:
	case FUTEX_WAIT_REQUEUE_PI:
	case FUTEX_LOCK_PI2:
		ret = futex_deadline(a[3], clock, false, &ts);
		op &= ~(u32)FUTEX_CLOCK_REALTIME;
		break;
	case FUTEX_LOCK_PI:
		ret = futex_deadline(a[3], CLOCK_REALTIME, true, &ts);
		break;
	default: /* there it is a number, not a time */
		ts_at = a[3];
	}
	return ret ? ret : pass_call(SYS_futex, a[0], op, a[2], ts_at, a[4], a[5]);
}

static long futex_waitv_call(const u64 *a)
{
	struct timespec ts;
	long ret;

	if (!a[3])
		return pass_call(SYS_futex_waitv, a[0], a[1], a[2], 0, a[4], 0);
	ret = futex_deadline(a[3], a[4], false, &ts);
	return ret ? ret
		   : pass_call(SYS_futex_waitv, a[0], a[1], a[2], (u64)&ts, CLOCK_MONOTONIC, 0);
}

static long sigtimedwait_call(const u64 *a)
{
	struct timespec ts;
	u64 ts_at, mask;
	long ret = relative(a[2], &ts, &ts_at);

	if (!ret)
		ret = pass_mask_from_user(a[0], a[3], &mask);
	return ret ? ret : pass_call(SYS_rt_sigtimedwait, (u64)&mask, a[1], ts_at, 8, 0, 0);
}

/* Calls whose time-out is one relative timespec, argument `at`. */
static long simple_call(u64 nr, const u64 *a, int at, bool back)
{
	u64 b[6] = {a[0], a[1], a[2], a[3], a[4], a[5]};
	struct timespec ts;
	long ret = relative(a[at], &ts, &b[at]);

	if (ret)
		return ret;
	ret = pass_call(nr, b[0], b[1], b[2], b[3], b[4], b[5]);
	if (back && ret != PASS_RESTART)
		give_back(a[at], &ts);
	return ret;
}

/* mq_timedsend and mq_timedreceive count to a CLOCK_REALTIME. */
static long mq_call(u64 nr, const u64 *a)
{
	struct timespec ts;
	long ret;

	if (!a[4])
		return pass_call(nr, a[0], a[1], a[2], a[3], 0, 0);
	ret = futex_deadline(a[4], CLOCK_REALTIME, true, &ts);
	return ret ? ret : pass_call(nr, a[0], a[1], a[2], a[3], (u64)&ts, 0);
}

static bool is_socket_timeout(const u64 *a)
{
	return a[1] == 1 /* SOL_SOCKET */ &&
	       (a[2] == SO_RCVTIMEO_OLD_ || a[2] == SO_SNDTIMEO_OLD_ || a[2] == SO_RCVTIMEO_NEW_ ||
		a[2] == SO_SNDTIMEO_NEW_);
}

static long set_socket_timeout(const u64 *a)
{
	struct timeval tv;
	u64 ns;

	if (a[4] < sizeof(tv))
		return hostcall(SYS_setsockopt, a[0], a[1], a[2], a[3], a[4]);
	if (get_user(tv, a[3]))
		return -EFAULT;
	if (tv.tv_sec >= 0 && tv.tv_usec >= 0 && tv.tv_usec < 1000000 &&
	    (u64)tv.tv_sec < PASS_NS_MAX / NSEC_PER_SEC) {
		ns = host_duration_ns(tv.tv_sec * NSEC_PER_SEC + tv.tv_usec * NSEC_PER_USEC);
		tv = (struct timeval){ns / NSEC_PER_SEC,
				      (ns % NSEC_PER_SEC + NSEC_PER_USEC - 1) / NSEC_PER_USEC};
		if (tv.tv_usec == 1000000)
			tv = (struct timeval){tv.tv_sec + 1, 0};
	}
	return hostcall(SYS_setsockopt, a[0], a[1], a[2], &tv, sizeof(tv));
}

static long get_socket_timeout(const u64 *a)
{
	struct timeval tv;
	long ret = hostcall(SYS_getsockopt, a[0], a[1], a[2], a[3], a[4]);
	u64 ns;
	u32 len;

	if (ret || get_user(len, a[4]) || len < sizeof(tv) || get_user(tv, a[3]))
		return ret;
	ns = guest_duration_ns(tv.tv_sec * NSEC_PER_SEC + tv.tv_usec * NSEC_PER_USEC);
	tv = (struct timeval){ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC};
	return put_user(tv, a[3]);
}

bool pass_timeout_call(u64 nr, const u64 *a, long *ret)
{
	struct timespec ts;

	switch (nr) {
	case SYS_poll:
		*ret = pass_call(SYS_ppoll, a[0], a[1], milliseconds(a[2], &ts), 0, 8, 0);
		return true;
	case SYS_ppoll:
		*ret = ppoll_call(a);
		return true;
	case SYS_select:
		*ret = select_call(a);
		return true;
	case SYS_pselect6:
		*ret = pselect_call(a);
		return true;
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
		*ret = epoll_call(nr, a);
		return true;
	case SYS_futex:
		*ret = futex_call(a);
		return true;
	case SYS_futex_waitv:
		*ret = futex_waitv_call(a);
		return true;
	case SYS_rt_sigtimedwait:
		*ret = sigtimedwait_call(a);
		return true;
	case SYS_semtimedop:
		*ret = simple_call(nr, a, 3, false);
		return true;
	case SYS_recvmmsg:
		*ret = simple_call(nr, a, 4, true);
		return true;
	case SYS_io_getevents:
	case SYS_io_pgetevents:
		*ret = simple_call(nr, a, 4, false);
		return true;
	case SYS_mq_timedsend:
	case SYS_mq_timedreceive:
		*ret = mq_call(nr, a);
		return true;
	case SYS_setsockopt:
		if (!is_socket_timeout(a))
			return false;
		*ret = set_socket_timeout(a);
		return true;
	case SYS_getsockopt:
		if (!is_socket_timeout(a))
			return false;
		*ret = get_socket_timeout(a);
		return true;
	}
	return false;
}
