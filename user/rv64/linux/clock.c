// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The clocks that programs read often: the calls behind the vDSO's functions, and the
 * counter registers. Read without a system call of the host's where its vDSO reads
 * CLOCK_MONOTONIC; all others are that one, shifted and scaled. The rate is fixed when
 * the program starts, so there is nothing to lock.
 */
#include <errno.h>
#include <sys/time.h>
#include <time.h>
#include "passthrough/clock.h"
#include "rv64/csr.h"
#include "rv64/linux/calls.h"

/* The guest's CLOCK_MONOTONIC. */
static s64 count_now(void)
{
	struct timespec host;

	clock_gettime(CLOCK_MONOTONIC, &host);
	return guest_count_at(host.tv_sec * NSEC_PER_SEC + host.tv_nsec);
}

CALL(clock_gettime)
{
	struct timespec ts;
	s64 ns, offset;
	long ret;

	if (!guest_clock_offset(a[0], &offset)) {
		pass_time_call(SYS_clock_gettime, a, &ret);
		return ret;
	}
	ns = count_now();
	if (a[0] == CLOCK_REALTIME_COARSE || a[0] == CLOCK_MONOTONIC_COARSE)
		ns -= ns % SUNDIAL_CLOCK_COARSE_NS;
	ns += offset;
	ts = (struct timespec){ns / (s64)NSEC_PER_SEC, ns % (s64)NSEC_PER_SEC};
	return put_user(ts, a[1]);
}

CALL(gettimeofday)
{
	struct timezone tz = {0};
	struct timeval tv;
	s64 ns = count_now(), offset = 0;

	guest_clock_offset(CLOCK_REALTIME, &offset);
	ns += offset;
	tv = (struct timeval){ns / (s64)NSEC_PER_SEC, ns % (s64)NSEC_PER_SEC / 1000};
	if ((a[0] && put_user(tv, a[0])) || (a[1] && put_user(tz, a[1])))
		return -EFAULT;
	return 0;
}

/* The time register stands still, runs and jumps with CLOCK_MONOTONIC, as in Linux. */
static u64 read_time(struct rv64_cpu *cpu)
{
	return count_now() / (s64)(NSEC_PER_SEC / RV64_TIME_HZ);
}

void rv64_clock_init(void)
{
	rv64_read_time = read_time;
}
