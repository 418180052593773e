// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ALARM, with read() and poll(): over the device, which alone has them; the memfd twin
 * says that it does not.
 */
#include "common.h"

#include <poll.h>
#include <sys/epoll.h>

#include "waiters.h"

#define EXPECT_CALL(ret, command, argument) \
	EXPECT_EQ(ret, sundial_clock_call(self->clock, command, argument))

/* What a memfd cannot do, and says so; the device can. */
TEST_F(clock, a_memfd_has_no_alarm_and_its_waiters_are_a_family)
{
	int ret = self->backing == SUNDIAL_BACKING_MEMFD ? -EOPNOTSUPP : 0;
	struct sundial_clock_create how = user_manual(1);
	struct sundial_clock *attached;
	__u64 now_ns = POISON64;

	CREATE(how);
	EXPECT_EQ(ret, sundial_clock_alarm(self->clock, 0, 1));
	EXPECT_EQ(ret, sundial_clock_read(self->clock, &now_ns));
	EXPECT_EQ(ret, sundial_clock_alarm_off(self->clock));
	EXPECT_EQ(ret ? POISON64 : 1000, now_ns);
	now_ns = POISON64;
	ASSERT_EQ(0, sundial_clock_attach(sundial_clock_fd(self->clock), &attached));
	EXPECT_EQ(ret, sundial_clock_wait(attached, 0, 0, &now_ns));
	EXPECT_EQ(ret, sundial_clock_kick(attached, 0, NULL));
	EXPECT_EQ(ret ? POISON64 : 1000, now_ns);
	sundial_clock_close(attached);
}

TEST_F(clock, an_alarm_refuses_what_is_not_described)
{
	struct sundial_clock_create how = kernel_manual();
	struct sundial_clock_alarm alarm = {0};

	CREATE(how);
	alarm.flags = 2;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_ALARM, &alarm);
	alarm.flags = SUNDIAL_ALARM_OFF;
	alarm.deadline_ns = 1;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_ALARM, &alarm);
	alarm.deadline_ns = 0;
	alarm.index = 1;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_ALARM, &alarm);
	alarm.flags = 0;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_ALARM, &alarm);
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY
static int readable(int fd)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};

	return poll(&poller, 1, 0) == 1 && poller.revents == POLLIN;
}

TEST_F(device, an_alarm_makes_its_descriptor_readable)
{
	struct sundial_clock_create how = kernel_manual();
	struct epoll_event event = {.events = EPOLLIN}, out;
	__u64 buffer[2] = {POISON64, POISON64};
	void *unmapped = (void *)(uintptr_t)PAGE;
	int fd, epoll;

	CREATE(how);
	fd = sundial_clock_fd(self->clock);
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK));
	epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	EXPECT_FALSE(readable(fd));
	EXPECT_EQ(-EAGAIN, sundial_clock_read(self->clock, buffer));
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, 5000));
	EXPECT_FALSE(readable(fd));
	EXPECT_EQ(-EAGAIN, sundial_clock_read(self->clock, buffer));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 4999));
	EXPECT_EQ(0, epoll_wait(epoll, &out, 1, 0));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 5001));
	EXPECT_TRUE(readable(fd));
	EXPECT_EQ(1, epoll_wait(epoll, &out, 1, 0));
	EXPECT_ERRNO(EINVAL, read(fd, buffer, 7));
	EXPECT_ERRNO(EINVAL, read(fd, buffer, 0));
	EXPECT_EQ(8, read(fd, buffer, 16));
	EXPECT_EQ(5001, buffer[0]);
	EXPECT_EQ(POISON64, buffer[1]);
	EXPECT_FALSE(readable(fd));
	EXPECT_EQ(0, epoll_wait(epoll, &out, 1, 0));
	EXPECT_EQ(-EAGAIN, sundial_clock_read(self->clock, buffer));
	/* one that cannot be stored is gone nevertheless */
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, 1));
	EXPECT_ERRNO(EFAULT, read(fd, unmapped, 8));
	EXPECT_FALSE(readable(fd));
	/* already due; replaced by one that is not; switched off */
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, 1));
	EXPECT_TRUE(readable(fd));
	EXPECT_EQ(1, epoll_wait(epoll, &out, 1, 0));
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, 9000));
	EXPECT_FALSE(readable(fd));
	ASSERT_EQ(0, sundial_clock_alarm_off(self->clock));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 9000));
	EXPECT_FALSE(readable(fd));
	EXPECT_EQ(-EAGAIN, sundial_clock_read(self->clock, buffer));
	close(epoll);
}

TEST_F(device, each_descriptor_has_an_alarm_of_its_own)
{
	struct sundial_clock_create how = user_manual(2);
	struct sundial_clock *reader;
	__u64 now_ns;
	__u32 woken;
	int fd, same;

	CREATE(how);
	fd = sundial_clock_reader(self->clock);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sundial_clock_attach(fd, &reader));
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 1, 2000));
	ASSERT_EQ(0, sundial_clock_alarm(reader, 1, 3000));
	EXPECT_EQ(2000, sundial_clock_page(self->clock, 1)->deadline_ns);
	EXPECT_TRUE(sundial_page_set_due(sundial_clock_user_page(self->clock, 1), 2500));
	ASSERT_EQ(0, sundial_clock_kick(self->clock, 1, &woken));
	EXPECT_EQ(1, woken);
	EXPECT_TRUE(readable(sundial_clock_fd(self->clock)));
	EXPECT_FALSE(readable(fd));
	EXPECT_EQ(0, sundial_clock_read(self->clock, &now_ns));
	EXPECT_EQ(2500, now_ns);
	EXPECT_EQ(3000, sundial_clock_page(self->clock, 1)->deadline_ns);
	/* a duplicate is the same open file */
	same = dup(fd);
	sundial_clock_close(reader);
	EXPECT_TRUE(sundial_page_set_due(sundial_clock_user_page(self->clock, 1), 3000));
	ASSERT_EQ(0, sundial_clock_kick(self->clock, 1, &woken));
	EXPECT_EQ(1, woken);
	EXPECT_TRUE(readable(same));
	EXPECT_TRUE(readable(fd));
	/* the last one closed takes the alarm with it */
	ASSERT_EQ(0, sundial_clock_attach(fd, &reader));
	ASSERT_EQ(0, sundial_clock_alarm(reader, 1, 4000));
	EXPECT_EQ(4000, sundial_clock_page(self->clock, 1)->deadline_ns);
	close(same);
	close(fd);
	sundial_clock_close(reader);
	EXPECT_EQ(0, sundial_clock_page(self->clock, 1)->deadline_ns);
}

struct reader {
	struct sundial_clock *clock;
	__u64 now_ns;
	int ret;
	atomic_int tid;
};

static void *read_alarm(void *arg)
{
	struct reader *reader = arg;

	reader->now_ns = POISON64;
	atomic_store(&reader->tid, gettid());
	reader->ret = sundial_clock_read(reader->clock, &reader->now_ns);
	return NULL;
}

TEST_F(device, a_read_waits_for_the_alarm)
{
	struct sundial_clock_create how = kernel_manual();
	struct reader reader = {0};
	pthread_t thread;

	CREATE(how);
	reader.clock = self->clock;
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_alarm, &reader));
	until_asleep(&reader.tid); /* the alarm is off */
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, 5000));
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, 4000));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 4000));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, reader.ret);
	EXPECT_EQ(4000, reader.now_ns);
	handle_signal(0);
	atomic_store(&reader.tid, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_alarm, &reader));
	until_asleep(&reader.tid);
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	EXPECT_EQ(-EINTR, reader.ret);
	EXPECT_EQ(POISON64, reader.now_ns);
}

TEST_F(device, host_time_brings_the_alarm_of_a_scaled_clock)
{
	struct sundial_clock_create how = kernel_scaled();
	struct pollfd poller = {.events = POLLIN};
	__u64 deadline_ns, now_ns;

	CREATE(how);
	poller.fd = sundial_clock_fd(self->clock);
	deadline_ns = count_of(self->clock) + 10000000;
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, deadline_ns));
	ASSERT_EQ(1, poll(&poller, 1, -1));
	EXPECT_EQ(POLLIN, poller.revents);
	ASSERT_EQ(0, sundial_clock_read(self->clock, &now_ns));
	EXPECT_LE(deadline_ns, now_ns);
	EXPECT_LE(now_ns, count_of(self->clock));
}

TEST_F(device, user_written_scaled_pages_have_no_alarm_to_read)
{
	struct sundial_clock_create how = user_manual(1);
	__u64 now_ns;

	how.mode = SUNDIAL_MODE_SCALED;
	CREATE(how);
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_read(self->clock, &now_ns));
	EXPECT_FALSE(readable(sundial_clock_fd(self->clock)));
}
#endif

TEST_HARNESS_MAIN
