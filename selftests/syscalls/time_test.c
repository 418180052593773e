// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * time_test.c - reading the clocks: every clock id, its relation to the others,
 * and the errors of bad ids, bad pointers and missing rights. Nothing here sets
 * a clock of the machine it runs on.
 */
#include "check.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>

static const clockid_t every_clock[] = {
	CLOCK_REALTIME,		 CLOCK_MONOTONIC,     CLOCK_PROCESS_CPUTIME_ID,
	CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
	CLOCK_MONOTONIC_COARSE,	 CLOCK_BOOTTIME,      CLOCK_REALTIME_ALARM,
	CLOCK_BOOTTIME_ALARM,	 CLOCK_TAI,
};

static int64_t raw_ns(clockid_t clock)
{
	struct timespec ts = {-1, -1};

	CHECK_EQ(sys(clock_gettime, clock, &ts), 0);
	CHECK(ts.tv_nsec >= 0 && ts.tv_nsec < 1000000000);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static bool is_alarm(clockid_t clock)
{
	return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

TEST(every_clock_never_goes_back, "clock_gettime")
{
	for (size_t i = 0; i < ARRAY_SIZE(every_clock); i++) {
		clockid_t clock = every_clock[i];
		struct timespec ts;
		int64_t last = 0;

		/* Without an RTC the alarm clocks do not exist. */
		if (is_alarm(clock) && sys(clock_gettime, clock, &ts) == -1) {
			CHECK_EQ(errno, EINVAL);
			continue;
		}
		for (int n = 0; n < 2000; n++) {
			int64_t now = n & 1 ? raw_ns(clock) : now_ns(clock);

			if (!CHECK(now >= last))
				break;
			last = now;
		}
		CHECK(last > 0);
	}
}

TEST(clocks_that_count_sleep_advance_by_it, "clock_gettime clock_nanosleep")
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME,
					   CLOCK_TAI};
	int64_t before[ARRAY_SIZE(clocks)];

	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++)
		before[i] = now_ns(clocks[i]);
	sleep_ms(50);
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++)
		/* REALTIME may be slewed by at most 500 ppm while we sleep. */
		CHECK(now_ns(clocks[i]) - before[i] >= 49900000);
}

TEST(raw_and_coarse_clocks_advance_in_a_sleep, "clock_gettime")
{
	static const clockid_t clocks[] = {CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
					   CLOCK_MONOTONIC_COARSE};
	int64_t before[ARRAY_SIZE(clocks)];

	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++)
		before[i] = now_ns(clocks[i]);
	sleep_ms(100);
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++)
		CHECK(now_ns(clocks[i]) - before[i] >= 80000000);
}

TEST(coarse_clock_is_never_ahead_of_its_fine_clock, "clock_gettime")
{
	for (int i = 0; i < 500; i++) {
		int64_t coarse = now_ns(CLOCK_MONOTONIC_COARSE);
		int64_t fine = now_ns(CLOCK_MONOTONIC);

		CHECK(coarse <= fine);
		coarse = now_ns(CLOCK_REALTIME_COARSE);
		fine = now_ns(CLOCK_REALTIME);
		CHECK(coarse <= fine);
	}
}

TEST(clock_ids_have_their_own_values, "clock_gettime")
{
	int64_t mono = now_ns(CLOCK_MONOTONIC);
	int64_t boot = now_ns(CLOCK_BOOTTIME);
	int64_t real = now_ns(CLOCK_REALTIME);
	int64_t tai = now_ns(CLOCK_TAI);

	CHECK(boot >= mono);
	CHECK(real != mono);
	CHECK(now_ns(CLOCK_THREAD_CPUTIME_ID) != mono);
	CHECK(now_ns(CLOCK_PROCESS_CPUTIME_ID) != real);
	/* TAI is whole seconds ahead of REALTIME, or equal where nobody set it. */
	CHECK(tai >= real);
	CHECK((tai - real) / 1000000000 < 100);
}

TEST(cpu_clock_does_not_count_sleep, "clock_gettime")
{
	int64_t before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	int64_t mono = now_ns(CLOCK_MONOTONIC);

	sleep_ms(200);
	CHECK(now_ns(CLOCK_PROCESS_CPUTIME_ID) - before < now_ns(CLOCK_MONOTONIC) - mono);
}

TEST(cpu_clocks_advance_with_work, "clock_gettime getppid")
{
	int64_t process = raw_ns(CLOCK_PROCESS_CPUTIME_ID);
	int64_t thread = raw_ns(CLOCK_THREAD_CPUTIME_ID);

	for (int i = 0; i < 50000; i++)
		sys(getppid);
	CHECK(raw_ns(CLOCK_PROCESS_CPUTIME_ID) > process);
	CHECK(raw_ns(CLOCK_THREAD_CPUTIME_ID) > thread);
}

static void *work(void *arg)
{
	for (int i = 0; i < 50000; i++)
		sys(getppid);
	*(int64_t *)arg = now_ns(CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

TEST(thread_cpu_clock_is_per_thread, "clock_gettime")
{
	int64_t mine = now_ns(CLOCK_THREAD_CPUTIME_ID), theirs = 0;
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, work, &theirs) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
	CHECK(theirs > 0);
	/* The process's clock counts both threads. */
	CHECK(now_ns(CLOCK_PROCESS_CPUTIME_ID) >= mine + theirs);
}

TEST(dynamic_cpu_clock_of_another_process, "clock_gettime clock_getres")
{
	pid_t pid = spawn((void (*)(void *))(void *)pause, NULL);
	clockid_t clock;
	struct timespec ts;

	CHECK_EQ(clock_getcpuclockid(pid, &clock), 0);
	CHECK_EQ(clock, (clockid_t)((~(unsigned int)pid << 3) | 2));
	CHECK_EQ(sys(clock_gettime, clock, &ts), 0);
	CHECK_EQ(sys(clock_getres, clock, &ts), 0);
	CHECK_EQ(ts.tv_nsec, 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK_ERRNO(sys(clock_gettime, clock, &ts), EINVAL);
	CHECK_EQ(clock_getcpuclockid(pid, &clock), ESRCH);
}

TEST(dynamic_cpu_clock_of_own_thread, "clock_gettime")
{
	clockid_t clock;

	CHECK_EQ(pthread_getcpuclockid(pthread_self(), &clock), 0);
	CHECK(clock < 0);
	int64_t a = now_ns(CLOCK_THREAD_CPUTIME_ID);
	int64_t b = raw_ns(clock);
	int64_t c = now_ns(CLOCK_THREAD_CPUTIME_ID);
	CHECK(a <= b && b <= c);
	/* Process and thread clock of pid 0: the caller itself. */
	raw_ns((clockid_t)((~0u << 3) | 2));
	raw_ns((clockid_t)((~0u << 3) | 6));
}

TEST(clock_gettime_bad_ids, "clock_gettime clock_getres")
{
	static const clockid_t ids[] = {10,	    12, 15,  100,
					0x7fffffff, -1, -25, (clockid_t)0x80000002};
	struct timespec ts = {7, 7};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		CHECK_ERRNO(sys(clock_gettime, ids[i], &ts), EINVAL);
		CHECK_ERRNO(clock_gettime(ids[i], &ts), EINVAL);
		CHECK_ERRNO(sys(clock_getres, ids[i], &ts), EINVAL);
	}
	CHECK(ts.tv_sec == 7 && ts.tv_nsec == 7);
	/* A clock that is a file descriptor, of a file that is no clock. */
	int fd = open("/dev/null", O_RDONLY);
	CHECK_ERRNO(sys(clock_gettime, (clockid_t)((~(unsigned int)fd << 3) | 3), &ts), EINVAL);
}

TEST(clock_gettime_bad_pointer, "clock_gettime")
{
	for (size_t i = 0; i < ARRAY_SIZE(every_clock); i++) {
		struct timespec ts;

		if (is_alarm(every_clock[i]) && sys(clock_gettime, every_clock[i], &ts) == -1)
			continue;
		CHECK_ERRNO(sys(clock_gettime, every_clock[i], bad), EFAULT);
		CHECK_ERRNO(sys(clock_gettime, every_clock[i], bad_ro), EFAULT);
		CHECK_ERRNO(sys(clock_gettime, every_clock[i], (char *)edge(8)), EFAULT);
	}
}

TEST(clock_getres_every_id, "clock_getres")
{
	for (size_t i = 0; i < ARRAY_SIZE(every_clock); i++) {
		struct timespec ts = {9, -1};

		if (is_alarm(every_clock[i]) && sys(clock_getres, every_clock[i], &ts) == -1)
			continue;
		CHECK_EQ(sys(clock_getres, every_clock[i], &ts), 0);
		CHECK(ts.tv_sec == 0 && ts.tv_nsec >= 1 && ts.tv_nsec <= 10000000);
		CHECK_OK(clock_getres(every_clock[i], &ts));
		CHECK_EQ(sys(clock_getres, every_clock[i], NULL), 0);
		CHECK_ERRNO(sys(clock_getres, every_clock[i], bad), EFAULT);
	}
	struct timespec fine, coarse;
	CHECK_OK(clock_getres(CLOCK_MONOTONIC, &fine));
	CHECK_OK(clock_getres(CLOCK_MONOTONIC_COARSE, &coarse));
	CHECK(coarse.tv_nsec > fine.tv_nsec);
}

TEST(clock_settime_errors, "clock_settime")
{
	struct timespec now, wrong = {0, 1000000000}, negative = {-1, 0};

	CHECK_OK(clock_gettime(CLOCK_REALTIME, &now));
	CHECK_ERRNO(clock_settime(CLOCK_MONOTONIC, &now), EINVAL);
	CHECK_ERRNO(clock_settime(CLOCK_BOOTTIME, &now), EINVAL);
	CHECK_ERRNO(clock_settime(CLOCK_MONOTONIC_RAW, &now), EINVAL);
	CHECK_ERRNO(clock_settime(CLOCK_REALTIME_COARSE, &now), EINVAL);
	CHECK_ERRNO(clock_settime(CLOCK_TAI, &now), EINVAL);
	CHECK_ERRNO(clock_settime(99, &now), EINVAL);
	CHECK_ERRNO(sys(clock_settime, CLOCK_REALTIME, bad), EFAULT);
	CHECK_ERRNO(sys(clock_settime, CLOCK_REALTIME, &wrong), EINVAL);
	CHECK_ERRNO(sys(clock_settime, CLOCK_REALTIME, &negative), EINVAL);
	drop_root();
	CHECK_ERRNO(clock_settime(CLOCK_REALTIME, &now), EPERM);
	CHECK_ERRNO(clock_settime(CLOCK_PROCESS_CPUTIME_ID, &now), EINVAL);
	CHECK_ERRNO(sys(clock_settime, (clockid_t)((~0u << 3) | 2), &now), EPERM);
}

TEST(gettimeofday_agrees_with_realtime, "gettimeofday time")
{
	struct timeval tv = {-1, -1};
	struct timezone tz = {-7, -7};
	int64_t before = now_ns(CLOCK_REALTIME);

	CHECK_EQ(sys(gettimeofday, &tv, &tz), 0);
	CHECK(tv.tv_sec * 1000000000 + tv.tv_usec * 1000 + 999 >= before);
	CHECK(tv.tv_sec * 1000000000 + tv.tv_usec * 1000 <= now_ns(CLOCK_REALTIME));
	CHECK(tz.tz_minuteswest != -7);
	CHECK_OK(gettimeofday(&tv, NULL));
	CHECK_EQ(sys(gettimeofday, NULL, NULL), 0);
	CHECK_ERRNO(sys(gettimeofday, bad, NULL), EFAULT);
	CHECK_ERRNO(sys(gettimeofday, NULL, bad), EFAULT);

	/* time(2) reads the coarse clock: never ahead, at most a tick behind. */
	time_t t = 0;
	before = now_ns(CLOCK_REALTIME_COARSE) / 1000000000;
	time_t got = sys(time, &t);
	CHECK(got == t && got >= before && got <= now_ns(CLOCK_REALTIME) / 1000000000);
	CHECK(time(NULL) >= got);
	CHECK_ERRNO(sys(time, bad), EFAULT);
}

TEST(settimeofday_errors, "settimeofday")
{
	struct timeval wrong = {0, 1000001}, now;

	CHECK_ERRNO(sys(settimeofday, bad, NULL), EFAULT);
	CHECK_ERRNO(sys(settimeofday, NULL, bad), EFAULT);
	CHECK_ERRNO(sys(settimeofday, &wrong, NULL), EINVAL);
	CHECK_OK(gettimeofday(&now, NULL));
	drop_root();
	CHECK_ERRNO(sys(settimeofday, &now, NULL), EPERM);
}

TEST(adjtimex_reads_and_refuses, "adjtimex clock_adjtime")
{
	struct timex tx;

	memset(&tx, 0, sizeof(tx));
	CHECK(sys(adjtimex, &tx) >= TIME_OK);
	CHECK(tx.tick >= 9000 && tx.tick <= 11000);
	CHECK(tx.time.tv_sec > 0);
	memset(&tx, 0, sizeof(tx));
	CHECK(sys(clock_adjtime, CLOCK_REALTIME, &tx) >= TIME_OK);
	CHECK_ERRNO(sys(adjtimex, bad), EFAULT);
	CHECK_ERRNO(sys(clock_adjtime, CLOCK_REALTIME, bad), EFAULT);
	memset(&tx, 0, sizeof(tx));
	CHECK_ERRNO(sys(clock_adjtime, CLOCK_MONOTONIC, &tx), EOPNOTSUPP);
	CHECK_ERRNO(sys(clock_adjtime, 99, &tx), EINVAL);
	drop_root();
	memset(&tx, 0, sizeof(tx));
	tx.modes = ADJ_TICK;
	tx.tick = 10000;
	CHECK_ERRNO(sys(adjtimex, &tx), EPERM);
}

TEST(times_counts_ticks, "times")
{
	struct tms tms = {-1, -1, -1, -1};
	long a = sys(times, &tms);

	CHECK(tms.tms_utime >= 0 && tms.tms_stime >= 0);
	CHECK(tms.tms_cutime >= 0 && tms.tms_cstime >= 0);
	sleep_ms(100);
	CHECK(sys(times, NULL) - a >= 9);
	CHECK_ERRNO(sys(times, bad), EFAULT);
}

TEST(getrusage_self_children_thread, "getrusage")
{
	struct rusage ru;
	struct timeval before;

	memset(&ru, 0xcc, sizeof(ru));
	CHECK_OK(getrusage(RUSAGE_SELF, &ru));
	CHECK(ru.ru_utime.tv_usec >= 0 && ru.ru_utime.tv_usec < 1000000);
	before = ru.ru_utime;
	for (int i = 0; i < 50000; i++)
		sys(getppid);
	CHECK_OK(getrusage(RUSAGE_SELF, &ru));
	CHECK(!timercmp(&ru.ru_utime, &before, <));
	CHECK_OK(getrusage(RUSAGE_THREAD, &ru));
	CHECK_OK(getrusage(RUSAGE_CHILDREN, &ru));
	CHECK(ru.ru_utime.tv_sec == 0 && ru.ru_utime.tv_usec == 0);
	CHECK_ERRNO(getrusage(RUSAGE_SELF, bad), EFAULT);
	CHECK_ERRNO(getrusage(2, &ru), EINVAL);
	CHECK_ERRNO(getrusage(-2, &ru), EINVAL);
}
