// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eventfd_test.c - event counters and timers that are file descriptors.
 */
#include "check.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#define MS 1000000LL

static int efd;

static uint64_t value_of(int fd)
{
	uint64_t v = 0;

	CHECK_EQ(read(fd, &v, sizeof(v)), 8);
	return v;
}

static void add(uint64_t v)
{
	CHECK_EQ(write(efd, &v, sizeof(v)), 8);
}

static void add_one(void *arg)
{
	add(1);
}

static void add_from_tick(void)
{
	eventfd_write(efd, 5);
}

static void drain_from_tick(void)
{
	eventfd_t v;

	eventfd_read(efd, &v);
}

TEST(eventfd_counts, "eventfd2 eventfd")
{
	efd = CHECK_OK(eventfd(3, EFD_NONBLOCK));
	CHECK_EQ(value_of(efd), 3);
	uint64_t v;
	CHECK_ERRNO(read(efd, &v, 8), EAGAIN);
	add(2);
	add(40);
	CHECK_EQ(value_of(efd), 42);
	efd = CHECK_OK(sys(eventfd, 7));
	CHECK_EQ(value_of(efd), 7);
	CHECK_EQ(fcntl(CHECK_OK(eventfd(0, EFD_CLOEXEC)), F_GETFD), FD_CLOEXEC);
}

TEST(eventfd_semaphore, "eventfd2")
{
	efd = CHECK_OK(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
	CHECK_EQ(value_of(efd), 1);
	CHECK_EQ(value_of(efd), 1);
	uint64_t v;
	CHECK_ERRNO(read(efd, &v, 8), EAGAIN);
}

TEST(eventfd_errors, "eventfd2 read write pread64")
{
	uint64_t v = ~0ull;

	CHECK_ERRNO(eventfd(0, 0x8), EINVAL);
	efd = CHECK_OK(eventfd(0, EFD_NONBLOCK));
	CHECK_ERRNO(read(efd, &v, 7), EINVAL);
	CHECK_ERRNO(write(efd, &v, 7), EINVAL);
	CHECK_ERRNO(write(efd, &v, 8), EINVAL);
	CHECK_ERRNO(write(efd, bad, 8), EFAULT);
	add(1);
	CHECK_ERRNO(read(efd, bad, 8), EFAULT);
	CHECK_ERRNO(pread(efd, &v, 8, 0), ESPIPE);
}

TEST(eventfd_full, "eventfd2 poll write")
{
	struct pollfd pfd = {.events = POLLIN | POLLOUT};
	uint64_t one = 1;

	efd = pfd.fd = CHECK_OK(eventfd(0, EFD_NONBLOCK));
	CHECK_EQ(poll(&pfd, 1, 0), 1);
	CHECK_EQ(pfd.revents, POLLOUT);
	add(~0ull - 1);
	CHECK_ERRNO(write(efd, &one, 8), EAGAIN);
	CHECK_EQ(poll(&pfd, 1, 0), 1);
	CHECK_EQ(pfd.revents, POLLIN);
	CHECK_OK(fcntl(efd, F_SETFL, 0));
	CHECK_INTERRUPTED(write(efd, &one, 8));
	CHECK_RESTARTED(write(efd, &one, 8), 8, drain_from_tick);
	CHECK_EQ(value_of(efd), 1);
}

TEST(eventfd_blocks_until_written, "eventfd2 read")
{
	uint64_t v;
	pid_t pid;

	efd = CHECK_OK(eventfd(0, 0));
	pid = spawn_after(20, add_one, NULL);
	CHECK_EQ(value_of(efd), 1);
	JOIN(pid);
	CHECK_INTERRUPTED(read(efd, &v, 8));
	CHECK_RESTARTED(read(efd, &v, 8), 8, add_from_tick);
	CHECK_EQ(v, 5);
}

static struct itimerspec spec_ms(int first, int interval)
{
	return (struct itimerspec){.it_value = ms_to_ts(first), .it_interval = ms_to_ts(interval)};
}

TEST(timerfd_expires_on_every_clock, "timerfd_create timerfd_settime timerfd_gettime")
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME};

	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		struct itimerspec its = spec_ms(20, 0), now;
		int fd = CHECK_OK(timerfd_create(clocks[i], 0));
		int64_t start = now_ns(CLOCK_MONOTONIC);

		CHECK_OK(timerfd_gettime(fd, &now));
		CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0);
		CHECK_OK(timerfd_settime(fd, 0, &its, NULL));
		CHECK_OK(timerfd_gettime(fd, &now));
		CHECK(now.it_value.tv_nsec <= 20 * MS);
		CHECK_EQ(value_of(fd), 1);
		CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20 * MS);
		CHECK_OK(timerfd_gettime(fd, &now));
		CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0);
	}
}

TEST(timerfd_counts_what_was_missed, "timerfd_settime read")
{
	struct itimerspec its = spec_ms(5, 5), old;
	int fd = CHECK_OK(timerfd_create(CLOCK_MONOTONIC, 0));

	CHECK_OK(timerfd_settime(fd, 0, &its, NULL));
	sleep_ms(53);
	CHECK(value_of(fd) >= 10);
	/* Setting it again forgets what had expired. */
	sleep_ms(10);
	its = spec_ms(1000000, 0);
	CHECK_OK(timerfd_settime(fd, 0, &its, &old));
	CHECK_EQ(old.it_interval.tv_nsec, 5 * MS);
	CHECK_OK(fcntl(fd, F_SETFL, O_NONBLOCK));
	uint64_t v;
	CHECK_ERRNO(read(fd, &v, 8), EAGAIN);
	its = spec_ms(0, 0);
	CHECK_OK(timerfd_settime(fd, 0, &its, &old));
	CHECK(old.it_value.tv_sec >= 999 - 100 && old.it_value.tv_sec <= 1000);
}

TEST(timerfd_absolute, "timerfd_settime")
{
	int64_t until = now_ns(CLOCK_REALTIME) + 20 * MS;
	struct itimerspec its = {.it_value = {until / 1000000000, until % 1000000000}};
	int fd = CHECK_OK(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC));

	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &its, NULL));
	CHECK_EQ(value_of(fd), 1);
	CHECK(now_ns(CLOCK_REALTIME) >= until);
	/* In the past: expired already. */
	its.it_value = (struct timespec){1, 0};
	CHECK_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &its, NULL));
	CHECK_EQ(value_of(fd), 1);
	CHECK_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &its, NULL));
}

TEST(timerfd_errors, "timerfd_create timerfd_settime timerfd_gettime")
{
	struct itimerspec its = spec_ms(10, 0);
	uint64_t v;
	int fd, other = open("/dev/null", O_RDONLY);

	CHECK_ERRNO(timerfd_create(99, 0), EINVAL);
	CHECK_ERRNO(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
	CHECK_ERRNO(timerfd_create(CLOCK_MONOTONIC_RAW, 0), EINVAL);
	CHECK_ERRNO(timerfd_create(CLOCK_TAI, 0), EINVAL);
	CHECK_ERRNO(timerfd_create(CLOCK_MONOTONIC, 0x1), EINVAL);
	fd = CHECK_OK(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	CHECK_ERRNO(timerfd_settime(fd, 0x80, &its, NULL), EINVAL);
	CHECK_ERRNO(timerfd_settime(99, 0, &its, NULL), EBADF);
	CHECK_ERRNO(timerfd_settime(other, 0, &its, NULL), EINVAL);
	CHECK_ERRNO(timerfd_gettime(99, &its), EBADF);
	CHECK_ERRNO(timerfd_gettime(other, &its), EINVAL);
	CHECK_ERRNO(sys(timerfd_settime, fd, 0, bad, NULL), EFAULT);
	CHECK_ERRNO(sys(timerfd_gettime, fd, bad), EFAULT);
	its.it_value.tv_nsec = 1000000000;
	CHECK_ERRNO(timerfd_settime(fd, 0, &its, NULL), EINVAL);
	CHECK_ERRNO(read(fd, &v, 8), EAGAIN);
	CHECK_ERRNO(read(fd, &v, 7), EINVAL);
	CHECK_ERRNO(write(fd, &v, 8), EINVAL);
}

static void arm(void *arg)
{
	struct itimerspec its = spec_ms(1, 0);

	CHECK_OK(timerfd_settime(*(int *)arg, 0, &its, NULL));
}

static int tick_tfd;

static void arm_from_tick(void)
{
	struct itimerspec its = spec_ms(1, 0);

	timerfd_settime(tick_tfd, 0, &its, NULL);
}

TEST(timerfd_blocking_read, "timerfd_settime read poll")
{
	int fd = tick_tfd = CHECK_OK(timerfd_create(CLOCK_MONOTONIC, 0));
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	pid_t pid;
	uint64_t v;

	CHECK_EQ(poll(&pfd, 1, 10), 0);
	/* Armed by another process that shares it. */
	pid = spawn_after(20, arm, &fd);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK_EQ(pfd.revents, POLLIN);
	CHECK_EQ(value_of(fd), 1);
	JOIN(pid);
	CHECK_INTERRUPTED(read(fd, &v, 8));
	CHECK_RESTARTED(read(fd, &v, 8), 8, arm_from_tick);
}
