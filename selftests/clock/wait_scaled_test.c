// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for a clock in mode SCALED, whose count host time brings: the timer, and
 * what changes of the rate do to it.
 */
#include "common.h"

#include "waiters.h"

TEST_F(clock, host_time_ends_a_wait_for_a_scaled_clock)
{
	struct sundial_clock_create how = kernel_scaled();
	__u64 deadline_ns, now_ns;
	int i;

	CREATE(how);
	for (i = 0; i < 50; i++) {
		deadline_ns = count_of(self->clock) + 1 + 17777 * i;
		ASSERT_EQ(0, sundial_clock_wait(self->clock, 0, deadline_ns, &now_ns));
		EXPECT_LE(deadline_ns, now_ns);
		EXPECT_LE(now_ns, count_of(self->clock));
	}
	/* a rate that does not divide */
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 3333333, 20));
	for (i = 0; i < 50; i++) {
		deadline_ns = count_of(self->clock) + 1 + 17777 * i;
		ASSERT_EQ(0, sundial_clock_wait(self->clock, 0, deadline_ns, &now_ns));
		EXPECT_LE(deadline_ns, now_ns);
		EXPECT_LE(now_ns, count_of(self->clock));
	}
}

TEST_F(clock, a_frozen_clock_wakes_nobody_and_a_faster_rate_wakes_sooner)
{
	struct sundial_clock_create how = kernel_scaled();
	struct waiter waiter = {0};

	CREATE(how);
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 0, 0));
	start_waiter(&waiter, self->clock, 0, count_of(self->clock) + 1000 * SECOND);
	usleep(20000);
	EXPECT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 1, 0));
	usleep(20000);
	EXPECT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 1000000, 0));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_LE(waiter.deadline_ns, waiter.now_ns);
}

TEST_F(clock, a_slower_rate_and_a_freeze_put_a_wake_off)
{
	struct sundial_clock_create how = kernel_scaled();
	struct waiter waiter = {0};
	__u64 now_ns;

	CREATE(how);
	start_waiter(&waiter, self->clock, 0, count_of(self->clock) + 2 * SECOND);
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 1, 20));
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 0, 0));
	now_ns = count_of(self->clock);
	if (now_ns >= waiter.deadline_ns) {
		end_waiter(&waiter);
		SKIP(return, "the machine took two seconds for two calls");
	}
	/* host time passes the deadline that was */
	usleep(2200000);
	EXPECT_TRUE(sleeps_on(&waiter));
	EXPECT_EQ(now_ns, count_of(self->clock));
	ASSERT_EQ(0, sundial_clock_set(self->clock, waiter.deadline_ns));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_EQ(waiter.deadline_ns, waiter.now_ns);
}

/* The arithmetic of the timer at its edges: never too early, never a timer that runs away. */
TEST_F(clock, extreme_rates_wake_at_their_time_or_never)
{
	static const struct {
		__u64 mult;
		__u32 shift;
		bool wakes; /* in human time, for a deadline a million years off */
	} rates[] = {
		{1, 63, false},		 {1, 0, false},	   {~0ULL, 63, false},
		{1ULL << 63, 63, false}, {~0ULL, 0, true}, {1ULL << 63, 0, true},
		{1ULL << 62, 1, true},
	};
	struct sundial_clock_create how = kernel_scaled();
	unsigned int i;

	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct waiter waiter = {0};

		CREATE(how);
		start_waiter(&waiter, self->clock, 0, ~0ULL - i % 2);
		ASSERT_EQ(0, sundial_clock_set_rate(self->clock, rates[i].mult, rates[i].shift));
		if (!rates[i].wakes) {
			usleep(2000);
			EXPECT_TRUE(sleeps_on(&waiter));
			ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 0, 0));
			ASSERT_EQ(0, sundial_clock_set(self->clock, ~0ULL));
		}
		EXPECT_EQ(0, end_waiter(&waiter));
		EXPECT_LE(waiter.deadline_ns, waiter.now_ns);
		sundial_clock_close(self->clock);
		self->clock = NULL;
	}
}

TEST_F(clock, a_scaled_wait_that_a_signal_ends_can_be_made_again)
{
	struct sundial_clock_create how = kernel_scaled();
	struct waiter waiter = {0};

	CREATE(how);
	handle_signal(0);
	start_waiter(&waiter, self->clock, 0, count_of(self->clock) + 1000 * SECOND);
	pthread_kill(waiter.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, end_waiter(&waiter));
	EXPECT_EQ(POISON64, waiter.now_ns);
	start_waiter(&waiter, self->clock, 0, waiter.deadline_ns);
	ASSERT_EQ(0, sundial_clock_set(self->clock, waiter.deadline_ns));
	EXPECT_EQ(0, end_waiter(&waiter));
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY
/* A deadline in the creator's time, a timer in the machine's. */
TEST_F(device, a_scaled_wait_ends_in_another_time_namespace)
{
	struct sundial_clock_create how = kernel_scaled();
	__u64 deadline_ns, now_ns;
	int fd, status;
	pid_t pid;

	pid = fork_child();
	if (pid) {
		status = child_status(pid);
		if (status == 77)
			SKIP(return, "needs root, to make a time namespace");
		EXPECT_EQ(0, status);
		return;
	}
	if (unshare(0x80 /* CLONE_NEWTIME */))
		_exit(77);
	fd = open("/proc/self/timens_offsets", O_WRONLY);
	if (fd < 0 || write(fd, "monotonic 100000 0\n", 19) != 19)
		_exit(77);
	pid = fork_child();
	if (pid)
		_exit(child_status(pid));
	if (sundial_clock_create(&how, self->backing, &self->clock))
		_exit(1);
	deadline_ns = count_of(self->clock) + 10000000;
	if (sundial_clock_wait(self->clock, 0, deadline_ns, &now_ns) || now_ns < deadline_ns ||
	    count_of(self->clock) < now_ns)
		_exit(2);
	if (now_ns > deadline_ns + 1000 * SECOND)
		_exit(3);
	_exit(0);
}
#endif

TEST_HARNESS_MAIN
