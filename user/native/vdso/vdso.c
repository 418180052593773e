// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest's vDSO: clock reads without a system call, from the clock page.
 *
 * In a simulation every read ticks: frozen time would keep a program that polls
 * until time grows for ever. Only the holder of the run token executes, so one
 * unlocked exchange-and-add is enough; it is one instruction, because a
 * preemption may fall anywhere. A read that would pass the page's limit goes
 * the slow way, which runs the events that are due.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <linux/sundial.h>
#include "base/layout.h"
#include "native/vdso/data.h"

#define PAGE   ((struct sundial_clock_page *)CLOCK_BASE)
#define DATA   ((const struct vdso_data *)VDSO_DATA)
#define EXPORT __attribute__((visibility("default")))

/* As a patched call site enters the runtime: rcx the way back, r11 the way to do it again. */
static inline long slow_call(long nr, u64 a, u64 b)
{
	long ret = nr;

	__asm__ volatile("0:	lea 1f(%%rip), %%rcx\n"
			 "	lea 0b(%%rip), %%r11\n"
			 "	jmp *%[entry]\n"
			 "1:"
			 : "+a"(ret)
			 : "D"(a), "S"(b), [entry] "m"(DATA->entry)
			 : "rcx", "r11", "memory");
	return ret;
}

/* The next count, or 0 when the slow way must be taken. */
static inline u64 tick(void)
{
	u64 step = PAGE->tick_ns, old;

	if (__builtin_expect(PAGE->now_ns + step > PAGE->limit_ns, 0))
		return 0;
	old = step;
	__asm__ volatile("xadd %0, %1" : "+r"(old), "+m"(PAGE->now_ns));
	PAGE->reads++;
	return old + step;
}

static inline const struct sundial_clock_rate *rate(void)
{
	return &PAGE->rate[PAGE->seq & 1];
}

typedef int clock_fn(clockid_t id, struct timespec *ts);

/* SCALED: the count from the host's own clock; 0 when its vDSO is not known. */
static u64 scaled_count(void)
{
	clock_fn *host_clock_gettime = (clock_fn *)DATA->host_clock_gettime;
	const struct sundial_clock_rate *r = rate();
	struct timespec ts;
	u64 host;

	if (!host_clock_gettime || host_clock_gettime(CLOCK_MONOTONIC, &ts))
		return 0;
	host = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec - r->host_base_ns;
	return r->base_ns + (u64)((__uint128_t)host * r->mult >> r->shift);
}

static inline u64 count(void)
{
	return __builtin_expect(DATA->scaled, 0) ? scaled_count() : tick();
}

static inline void split(struct timespec *ts, u64 ns)
{
	ts->tv_sec = ns / NSEC_PER_SEC;
	ts->tv_nsec = ns % NSEC_PER_SEC;
}

EXPORT int __vdso_clock_gettime(clockid_t id, struct timespec *ts);
EXPORT int __vdso_clock_gettime(clockid_t id, struct timespec *ts)
{
	s64 offset = 0;
	u64 now, coarse = 0;

	switch (id) {
	case CLOCK_REALTIME_COARSE:
		coarse = PAGE->coarse_ns;
		/* fall through */
	case CLOCK_REALTIME:
		offset = rate()->realtime_ns;
		break;
	case CLOCK_MONOTONIC_COARSE:
		coarse = PAGE->coarse_ns;
		break;
	case CLOCK_MONOTONIC:
		break;
	case CLOCK_MONOTONIC_RAW:
		offset = rate()->raw_ns;
		break;
	case CLOCK_BOOTTIME:
		offset = rate()->boottime_ns;
		break;
	case CLOCK_TAI:
		offset = rate()->tai_ns;
		break;
	default:
		return slow_call(SYS_clock_gettime, id, (u64)ts);
	}
	now = count();
	if (__builtin_expect(!now, 0))
		return slow_call(SYS_clock_gettime, id, (u64)ts);
	if (coarse)
		now = now / coarse * coarse;
	split(ts, now + offset);
	return 0;
}

EXPORT int __vdso_gettimeofday(struct timeval *tv, struct timezone *tz);
EXPORT int __vdso_gettimeofday(struct timeval *tv, struct timezone *tz)
{
	u64 now;

	if (tz || !tv)
		return slow_call(SYS_gettimeofday, (u64)tv, (u64)tz);
	now = count();
	if (!now)
		return slow_call(SYS_gettimeofday, (u64)tv, (u64)tz);
	now += rate()->realtime_ns;
	tv->tv_sec = now / NSEC_PER_SEC;
	tv->tv_usec = now % NSEC_PER_SEC / 1000;
	return 0;
}

EXPORT time_t __vdso_time(time_t *t);
EXPORT time_t __vdso_time(time_t *t)
{
	u64 now = count();

	if (!now)
		return slow_call(SYS_time, (u64)t, 0);
	now = (now + rate()->realtime_ns) / NSEC_PER_SEC;
	if (t)
		*t = now;
	return now;
}

/* One thread of a host runs at a time, so all of them run on its first CPU. */
EXPORT int __vdso_getcpu(unsigned int *cpu, unsigned int *node);
EXPORT int __vdso_getcpu(unsigned int *cpu, unsigned int *node)
{
	if (cpu)
		*cpu = 0;
	if (node)
		*node = 0;
	return 0;
}

EXPORT int __vdso_clock_getres(clockid_t id, struct timespec *ts);
EXPORT int __vdso_clock_getres(clockid_t id, struct timespec *ts)
{
	return slow_call(SYS_clock_getres, id, (u64)ts);
}

EXPORT int clock_gettime(clockid_t id, struct timespec *ts)
	__attribute__((weak, alias("__vdso_clock_gettime")));
EXPORT int gettimeofday(struct timeval *tv, void *tz)
	__attribute__((weak, alias("__vdso_gettimeofday")));
EXPORT time_t time(time_t *t) __attribute__((weak, alias("__vdso_time")));
EXPORT int getcpu(unsigned int *cpu, unsigned int *node)
	__attribute__((weak, alias("__vdso_getcpu")));
EXPORT int clock_getres(clockid_t id, struct timespec *ts)
	__attribute__((weak, alias("__vdso_clock_getres")));
