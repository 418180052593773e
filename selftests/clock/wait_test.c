// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for a clock: when WAIT returns, and what ends it early. Over the device and
 * over its memfd twin. A wake that is lost hangs its test, which the harness then ends.
 *
 * Beside it: wait_order_test.c, wait_scaled_test.c, kick_test.c, alarm_test.c, and
 * wait_race_test.c with what only shows under load.
 */
#include "common.h"

#include "waiters.h"

#define EXPECT_CALL(ret, command, argument) \
	EXPECT_EQ(ret, sundial_clock_call(self->clock, command, argument))

TEST_F(clock, a_wait_that_is_due_returns_at_once)
{
	struct sundial_clock_create how = kernel_manual();
	static const __u64 deadlines_ns[] = {0, 1, 999, 1000};
	__u64 now_ns;
	unsigned int i;

	CREATE(how);
	for (i = 0; i < sizeof(deadlines_ns) / sizeof(deadlines_ns[0]); i++) {
		now_ns = POISON64;
		EXPECT_EQ(0, sundial_clock_wait(self->clock, 0, deadlines_ns[i], &now_ns));
		EXPECT_EQ(1000, now_ns);
	}
}

TEST_F(clock, a_wait_ends_when_the_count_gets_there_and_not_before)
{
	struct sundial_clock_create how = kernel_manual();
	struct waiter waiter = {0};

	CREATE(how);
	start_waiter(&waiter, self->clock, 0, 5000);
	ASSERT_EQ(0, sundial_clock_set(self->clock, 4999));
	ASSERT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 5000));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_EQ(5000, waiter.now_ns);
	start_waiter(&waiter, self->clock, 0, 6000);
	ASSERT_EQ(0, sundial_clock_advance(self->clock, 999, NULL));
	ASSERT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_advance(self->clock, 7000, NULL));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_EQ(12999, waiter.now_ns);
	start_waiter(&waiter, self->clock, 0, ~0ULL);
	ASSERT_EQ(0, sundial_clock_set(self->clock, ~0ULL));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_EQ(~0ULL, waiter.now_ns);
}

TEST_F(clock, a_wait_refuses_what_is_not_described)
{
	struct sundial_clock_create how = kernel_manual();
	struct sundial_clock_wait wait = {.now_ns = POISON64};
	struct sundial_clock *array;

	CREATE(how);
	wait.flags = 1;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_WAIT, &wait);
	wait.flags = 0;
	wait.pad = 1;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_WAIT, &wait);
	wait.pad = 0;
	wait.index = 1;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_WAIT, &wait);
	EXPECT_EQ(POISON64, wait.now_ns);
	wait.index = 0;
	EXPECT_CALL(0, SUNDIAL_CLOCK_WAIT, &wait);
	how = user_manual(3);
	ASSERT_EQ(0, sundial_clock_create(&how, self->backing, &array));
	EXPECT_EQ(0, sundial_clock_wait(array, 2, 1, NULL));
	EXPECT_EQ(-EINVAL, sundial_clock_wait(array, 3, 1, NULL));
	EXPECT_EQ(-EINVAL, sundial_clock_wait(array, ~0U, 1, NULL));
	sundial_clock_close(array);
}

TEST_F(clock, a_step_backward_puts_off_but_undoes_nothing)
{
	struct sundial_clock_create how = kernel_manual();
	struct waiter near = {0}, far = {0};

	how.flags = SUNDIAL_CREATE_STEPPABLE;
	CREATE(how);
	start_waiter(&near, self->clock, 0, 2000);
	start_waiter(&far, self->clock, 0, 3000);
	ASSERT_EQ(0, sundial_clock_set(self->clock, 2999));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 1));
	EXPECT_EQ(0, end_waiter(&near));
	EXPECT_EQ(2999, near.now_ns);
	ASSERT_EQ(0, sundial_clock_advance(self->clock, 2998, NULL));
	EXPECT_TRUE(sleeps_on(&far));
	ASSERT_EQ(0, sundial_clock_advance(self->clock, 1, NULL));
	EXPECT_EQ(0, end_waiter(&far));
	EXPECT_EQ(3000, far.now_ns);
}

TEST_F(clock, a_signal_without_restart_ends_a_wait_and_writes_nothing)
{
	struct sundial_clock_create how = kernel_manual();
	struct waiter waiter = {0};

	CREATE(how);
	handle_signal(0);
	start_waiter(&waiter, self->clock, 0, 5000);
	pthread_kill(waiter.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, end_waiter(&waiter));
	EXPECT_EQ(POISON64, waiter.now_ns);
	EXPECT_EQ(1, atomic_load(&handled));
	/* it has left the queue */
	ASSERT_EQ(0, sundial_clock_set(self->clock, 6000));
}

TEST_F(clock, a_wait_goes_on_after_a_signal_with_restart)
{
	struct sundial_clock_create how = kernel_manual();
	struct waiter waiter = {0};
	unsigned int i;

	CREATE(how);
	handle_signal(SA_RESTART);
	start_waiter(&waiter, self->clock, 0, 5000);
	for (i = 1; i <= 10; i++) {
		pthread_kill(waiter.thread, SIGUSR1);
		until_handled(i);
	}
	EXPECT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 5000));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_EQ(5000, waiter.now_ns);
}

TEST_F(clock, waiters_that_are_killed_leave_a_working_queue)
{
	struct sundial_clock_create how = kernel_manual();
	struct waiter waiter = {0};
	pid_t pids[20];
	int i, round;

	if (self->backing == SUNDIAL_BACKING_MEMFD && no_robust_futexes())
		SKIP(return, "no robust futexes here (QEMU's user emulation)");
	CREATE(how);
	start_waiter(&waiter, self->clock, 0, 5000);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 20; i++) {
			pids[i] = fork_child();
			if (!pids[i])
				_exit(sundial_clock_wait(self->clock, 0, 4900 + 10 * i, NULL));
		}
		usleep(1000 * round);
		for (i = 0; i < 20; i++) {
			kill(pids[i], SIGKILL);
			EXPECT_EQ(256 + SIGKILL, child_status(pids[i]));
		}
	}
	ASSERT_EQ(0, sundial_clock_set(self->clock, 4999));
	EXPECT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 5000));
	EXPECT_EQ(0, end_waiter(&waiter));
	start_waiter(&waiter, self->clock, 0, 6000);
	ASSERT_EQ(0, sundial_clock_set(self->clock, 6000));
	EXPECT_EQ(0, end_waiter(&waiter));
}

TEST_F(clock, a_child_waits_for_what_its_parent_sets_and_the_other_way_round)
{
	struct sundial_clock_create how = kernel_manual();
	__u64 now_ns;
	pid_t pid;

	CREATE(how);
	pid = fork_child();
	if (!pid) {
		if (sundial_clock_wait(self->clock, 0, 2000, &now_ns) || now_ns < 2000)
			_exit(1);
		_exit(sundial_clock_set(self->clock, 3000) ? 2 : 0);
	}
	ASSERT_EQ(0, sundial_clock_set(self->clock, 2000));
	ASSERT_EQ(0, sundial_clock_wait(self->clock, 0, 3000, &now_ns));
	EXPECT_EQ(3000, now_ns);
	EXPECT_EQ(0, child_status(pid));
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY
TEST_F(device, calls_of_waiting_refuse_memory_that_is_not_there)
{
	struct sundial_clock_create how = user_manual(1);
	struct sundial_clock_wait *wait;
	int fd;

	CREATE(how);
	fd = sundial_clock_fd(self->clock);
	EXPECT_ERRNO(EFAULT, ioctl(fd, SUNDIAL_CLOCK_WAIT, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(fd, SUNDIAL_CLOCK_ALARM, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(fd, SUNDIAL_CLOCK_KICK, NULL));
	wait = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)wait);
	EXPECT_ERRNO(EFAULT, ioctl(fd, SUNDIAL_CLOCK_WAIT, wait));
	EXPECT_ERRNO(EFAULT, ioctl(fd, SUNDIAL_CLOCK_KICK, wait));
}

TEST_F(device, a_reader_may_wait_and_closing_its_descriptor_does_not_end_that)
{
	struct sundial_clock_create how = kernel_manual();
	struct sundial_clock *reader;
	struct waiter waiter = {0};
	int fd;

	CREATE(how);
	fd = sundial_clock_reader(self->clock);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sundial_clock_attach(fd, &reader));
	close(fd);
	start_waiter(&waiter, reader, 0, 5000);
	close(sundial_clock_fd(reader));
	EXPECT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 5000));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_EQ(5000, waiter.now_ns);
}
#endif

TEST_HARNESS_MAIN
