// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sleep_test.c - sleeping on a clock: relative and absolute, woken early by a
 * signal with the remainder, restarted, and refused.
 */
#include "check.h"

#define MS 1000000LL

TEST(nanosleep_sleeps_at_least_as_long, "nanosleep")
{
	struct timespec ts = ms_to_ts(30), rem = {5, 5}, zero = {0, 0};
	int64_t start = now_ns(CLOCK_MONOTONIC);

	CHECK_EQ(sys(nanosleep, &ts, &rem), 0);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 30 * MS);
	/* The remainder is only written when the sleep was cut short. */
	CHECK(rem.tv_sec == 5 && rem.tv_nsec == 5);
	CHECK_EQ(sys(nanosleep, &zero, NULL), 0);
	CHECK_EQ(nanosleep(&ts, NULL), 0);
}

TEST(nanosleep_errors, "nanosleep")
{
	struct timespec ts = {0, 1000000000};

	CHECK_ERRNO(sys(nanosleep, &ts, NULL), EINVAL);
	ts = (struct timespec){0, -1};
	CHECK_ERRNO(sys(nanosleep, &ts, NULL), EINVAL);
	ts = (struct timespec){-1, 0};
	CHECK_ERRNO(sys(nanosleep, &ts, NULL), EINVAL);
	CHECK_ERRNO(sys(nanosleep, bad, NULL), EFAULT);
	/* A bad place for the remainder matters only when there is one. */
	ts = ms_to_ts(1);
	CHECK_EQ(sys(nanosleep, &ts, bad), 0);
}

TEST(nanosleep_interrupted_gives_the_remainder, "nanosleep")
{
	struct timespec ts = {100, 0}, rem = {0, 0};

	CHECK_INTERRUPTED(sys(nanosleep, &ts, &rem));
	CHECK(rem.tv_sec <= 99 && rem.tv_sec >= 0 && rem.tv_nsec > 0);
	/* SA_RESTART does not restart a sleep: signal(7). */
	CHECK_NEVER_RESTARTED(sys(nanosleep, &ts, &rem));
	CHECK_NEVER_RESTARTED(nanosleep(&ts, NULL));
	tick_start(0, NULL);
	CHECK_ERRNO(sys(nanosleep, &ts, bad), EFAULT);
	tick_stop();
}

static void stop_and_continue(void *arg)
{
	pid_t pid = *(pid_t *)arg;

	CHECK_OK(kill(pid, SIGSTOP));
	sleep_ms(20);
	CHECK_OK(kill(pid, SIGCONT));
}

TEST(nanosleep_goes_on_after_stop_and_continue, "nanosleep kill")
{
	struct timespec ts = ms_to_ts(150);
	pid_t self = getpid();
	int64_t start = now_ns(CLOCK_MONOTONIC);
	pid_t pid = spawn_after(20, stop_and_continue, &self);

	/* No handler runs: the kernel restarts with the time that is left. */
	CHECK_EQ(sys(nanosleep, &ts, NULL), 0);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 150 * MS);
	JOIN(pid);
}

TEST(clock_nanosleep_relative, "clock_nanosleep")
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME,
					   CLOCK_TAI};
	struct timespec ts = ms_to_ts(10), rem;

	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		int64_t start = now_ns(CLOCK_MONOTONIC);

		CHECK_EQ(sys(clock_nanosleep, clocks[i], 0, &ts, &rem), 0);
		CHECK(now_ns(CLOCK_MONOTONIC) - start >= 10 * MS);
	}
}

TEST(clock_nanosleep_absolute, "clock_nanosleep")
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME,
					   CLOCK_TAI};

	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		int64_t until = now_ns(clocks[i]) + 10 * MS;
		struct timespec ts = {until / 1000000000, until % 1000000000};

		CHECK_EQ(sys(clock_nanosleep, clocks[i], TIMER_ABSTIME, &ts, NULL), 0);
		CHECK(now_ns(clocks[i]) >= until);
		/* In the past: returns at once. */
		ts = (struct timespec){0, 1};
		CHECK_EQ(sys(clock_nanosleep, clocks[i], TIMER_ABSTIME, &ts, NULL), 0);
	}
}

TEST(clock_nanosleep_errors, "clock_nanosleep")
{
	struct timespec ts = ms_to_ts(1), wrong = {0, 1000000000};

	CHECK_ERRNO(sys(clock_nanosleep, 99, 0, &ts, NULL), EINVAL);
	CHECK_ERRNO(sys(clock_nanosleep, -1, 0, &ts, NULL), EINVAL);
	CHECK_ERRNO(sys(clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &ts, NULL), EOPNOTSUPP);
	CHECK_ERRNO(sys(clock_nanosleep, CLOCK_MONOTONIC_COARSE, 0, &ts, NULL), EOPNOTSUPP);
	CHECK_ERRNO(sys(clock_nanosleep, CLOCK_REALTIME_COARSE, 0, &ts, NULL), EOPNOTSUPP);
	CHECK_ERRNO(sys(clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &ts, NULL), EOPNOTSUPP);
	CHECK_EQ(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &ts, NULL), EINVAL);
	CHECK_ERRNO(sys(clock_nanosleep, CLOCK_MONOTONIC, 0, &wrong, NULL), EINVAL);
	CHECK_ERRNO(sys(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &wrong, NULL), EINVAL);
	CHECK_ERRNO(sys(clock_nanosleep, CLOCK_MONOTONIC, 0, bad, NULL), EFAULT);
}

TEST(clock_nanosleep_interrupted, "clock_nanosleep")
{
	struct timespec ts = {100, 0}, rem = {0, 0}, until;

	CHECK_NEVER_RESTARTED(sys(clock_nanosleep, CLOCK_REALTIME, 0, &ts, &rem));
	CHECK(rem.tv_sec <= 99);
	/* libc's wrapper returns the error instead of setting errno. */
	tick_start(0, NULL);
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &rem), EINTR);
	tick_stop();

	/* An absolute sleep writes no remainder. */
	CHECK_OK(clock_gettime(CLOCK_MONOTONIC, &until));
	until.tv_sec += 100;
	rem = (struct timespec){77, 77};
	CHECK_INTERRUPTED(sys(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, &rem));
	CHECK(rem.tv_sec == 77 && rem.tv_nsec == 77);
}

TEST(remainder_adds_up, "clock_nanosleep")
{
	struct timespec left = ms_to_ts(60);
	int64_t start = now_ns(CLOCK_MONOTONIC);
	int interrupted = 0;

	tick_start(0, NULL);
	while (sys(clock_nanosleep, CLOCK_MONOTONIC, 0, &left, &left) == -1 && errno == EINTR)
		interrupted++;
	tick_stop();
	CHECK(interrupted > 0);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 60 * MS);
}

TEST(pause_waits_for_a_handler, "pause")
{
	CHECK_NEVER_RESTARTED(sys(pause));
	CHECK_NEVER_RESTARTED(pause());
}

TEST(sleeps_of_two_processes_end_in_order, "nanosleep clone")
{
	int fds[2];
	char order[3] = "";

	REQUIRE(pipe(fds) == 0);
	for (int i = 2; i >= 1; i--) {
		if (fork() == 0) {
			sleep_ms(i * 150);
			REQUIRE(write(fds[1], i == 1 ? "a" : "b", 1) == 1);
			_exit(0);
		}
	}
	CHECK_EQ(read(fds[0], order, 1), 1);
	CHECK_EQ(read(fds[0], order + 1, 1), 1);
	CHECK(!strcmp(order, "ab"));
	while (wait(NULL) > 0)
		;
}
