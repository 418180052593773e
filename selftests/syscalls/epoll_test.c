// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * epoll_test.c - epoll: level and edge triggered, one-shot, exclusive, nested,
 * and what closing, duplicating and removing do to what was registered.
 */
#include "check.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define MS		    1000000LL
#define KERNEL_SIGSET_BYTES 8

static int ep, fds[2];

static void set_up(void)
{
	ep = epoll_create1(0);
	REQUIRE(ep >= 0 && pipe(fds) == 0);
}

static long ctl(int op, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event ev = {.events = events, .data.u64 = data};

	return epoll_ctl(ep, op, fd, &ev);
}

/* One event expected within timeout_ms: returns its data, 0 if there is none. */
static uint64_t next(uint32_t events, int timeout_ms)
{
	struct epoll_event ev[4];
	int n = epoll_wait(ep, ev, 4, timeout_ms);

	CHECK(n == 0 || n == 1);
	if (n != 1)
		return 0;
	CHECK_EQ(ev[0].events, events);
	return ev[0].data.u64;
}

static void put(const char *s)
{
	CHECK_EQ(write(fds[1], s, strlen(s)), strlen(s));
}

static void put_x(void *arg)
{
	put("x");
}

static void get(int n)
{
	char buf[64];

	CHECK_EQ(read(fds[0], buf, n), n);
}

TEST(epoll_create_errors, "epoll_create epoll_create1")
{
	CHECK_ERRNO(sys(epoll_create, 0), EINVAL);
	CHECK_ERRNO(sys(epoll_create, -1), EINVAL);
	CHECK_OK(sys(epoll_create, 1));
	CHECK_ERRNO(epoll_create1(0x1), EINVAL);
	CHECK_EQ(fcntl(CHECK_OK(epoll_create1(EPOLL_CLOEXEC)), F_GETFD), FD_CLOEXEC);
}

TEST(epoll_ctl_errors, "epoll_ctl")
{
	struct epoll_event ev = {.events = EPOLLIN};
	int file = open("file", O_RDWR | O_CREAT, 0600);

	set_up();
	CHECK_ERRNO(epoll_ctl(99, EPOLL_CTL_ADD, fds[0], &ev), EBADF);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, 99, &ev), EBADF);
	CHECK_ERRNO(epoll_ctl(fds[1], EPOLL_CTL_ADD, fds[0], &ev), EINVAL);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &ev), EINVAL);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, file, &ev), EPERM);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_MOD, fds[0], &ev), ENOENT);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_DEL, fds[0], &ev), ENOENT);
	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &ev));
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &ev), EEXIST);
	CHECK_ERRNO(epoll_ctl(ep, 7, fds[0], &ev), EINVAL);
	CHECK_ERRNO(sys(epoll_ctl, ep, EPOLL_CTL_ADD, fds[1], bad), EFAULT);
	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_DEL, fds[0], NULL));
	/* Exclusive cannot be changed afterwards, nor joined with one-shot. */
	CHECK_ERRNO(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT, 0), EINVAL);
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLEXCLUSIVE, 0));
	CHECK_ERRNO(ctl(EPOLL_CTL_MOD, fds[0], EPOLLIN, 0), EINVAL);
}

TEST(epoll_wait_errors, "epoll_wait epoll_pwait")
{
	struct epoll_event ev;

	set_up();
	CHECK_ERRNO(epoll_wait(99, &ev, 1, 0), EBADF);
	CHECK_ERRNO(epoll_wait(fds[0], &ev, 1, 0), EINVAL);
	CHECK_ERRNO(epoll_wait(ep, &ev, 0, 0), EINVAL);
	CHECK_ERRNO(sys(epoll_wait, ep, &ev, -1, 0), EINVAL);
	CHECK_ERRNO(sys(epoll_wait, ep, &ev, 0x7fffffff, 0), EINVAL);
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN, 1));
	put("x");
	CHECK_ERRNO(sys(epoll_wait, ep, bad, 1, 0), EFAULT);
	CHECK_EQ(epoll_wait(ep, &ev, 1, 0), 1);
	sigset_t set;
	sigemptyset(&set);
	CHECK_ERRNO(sys(epoll_pwait, ep, &ev, 1, 0, &set, 4), EINVAL);
	CHECK_ERRNO(sys(epoll_pwait, ep, &ev, 1, 0, bad, KERNEL_SIGSET_BYTES), EFAULT);
}

TEST(level_triggered_repeats_until_read, "epoll_wait epoll_ctl")
{
	set_up();
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN, 11));
	CHECK_EQ(next(0, 0), 0);
	put("abc");
	CHECK_EQ(next(EPOLLIN, -1), 11);
	get(1);
	CHECK_EQ(next(EPOLLIN, -1), 11);
	get(2);
	CHECK_EQ(next(0, 0), 0);
}

TEST(edge_triggered_tells_once_per_arrival, "epoll_wait epoll_ctl")
{
	set_up();
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLET, 12));
	put("abc");
	CHECK_EQ(next(EPOLLIN, -1), 12);
	CHECK_EQ(next(0, 0), 0);
	put("d");
	CHECK_EQ(next(EPOLLIN, -1), 12);
	CHECK_EQ(next(0, 0), 0);
	/* Modifying looks again. */
	CHECK_OK(ctl(EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLET, 13));
	CHECK_EQ(next(EPOLLIN, -1), 13);
	get(4);
	CHECK_EQ(next(0, 0), 0);
}

TEST(oneshot_is_disarmed_until_modified, "epoll_wait epoll_ctl")
{
	set_up();
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLONESHOT, 14));
	put("a");
	CHECK_EQ(next(EPOLLIN, -1), 14);
	put("b");
	CHECK_EQ(next(0, 0), 0);
	CHECK_OK(ctl(EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLONESHOT, 15));
	CHECK_EQ(next(EPOLLIN, -1), 15);
}

TEST(hangup_and_error_need_not_be_asked_for, "epoll_wait")
{
	set_up();
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], 0, 16));
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[1], 0, 17));
	close(fds[0]);
	CHECK_EQ(next(EPOLLERR, -1), 17);
	close(fds[1]);
	set_up();
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN, 16));
	close(fds[1]);
	CHECK_EQ(next(EPOLLHUP, -1), 16);
	int sv[2];
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	CHECK_OK(ctl(EPOLL_CTL_DEL, fds[0], 0, 0));
	CHECK_OK(ctl(EPOLL_CTL_ADD, sv[0], EPOLLRDHUP, 18));
	CHECK_OK(shutdown(sv[1], SHUT_WR));
	CHECK_EQ(next(EPOLLRDHUP, -1), 18);
}

TEST(many_ready_are_shared_out_fairly, "epoll_wait eventfd2")
{
	struct epoll_event ev[2];
	int seen[5] = {0};

	set_up();
	for (int i = 0; i < 5; i++)
		CHECK_OK(ctl(EPOLL_CTL_ADD, eventfd(1, 0), EPOLLIN, i));
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(epoll_wait(ep, ev, 2, 0), 2);
		seen[ev[0].data.u64]++;
		seen[ev[1].data.u64]++;
	}
	/* Level-triggered events queue up again behind the others. */
	for (int i = 0; i < 5; i++)
		CHECK_EQ(seen[i], 2);
}

TEST(epoll_timeout_and_wake, "epoll_wait")
{
	int64_t start = now_ns(CLOCK_MONOTONIC);
	pid_t pid;

	set_up();
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN, 19));
	CHECK_EQ(next(0, 20), 0);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20 * MS);
	pid = spawn_after(20, put_x, NULL);
	CHECK_EQ(next(EPOLLIN, -1), 19);
	JOIN(pid);
	get(1);
	pid = spawn_after(20, put_x, NULL);
	CHECK_EQ(next(EPOLLIN, 100000), 19);
	JOIN(pid);
}

static void add_ready(void *arg)
{
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN, 20));
}

TEST(adding_a_ready_descriptor_wakes_the_waiter, "epoll_wait epoll_ctl")
{
	pid_t pid;

	set_up();
	put("x");
	pid = spawn_after(20, add_ready, NULL);
	CHECK_EQ(next(EPOLLIN, -1), 20);
	JOIN(pid);
}

TEST(epoll_wait_is_never_restarted, "epoll_wait epoll_pwait")
{
	struct epoll_event ev;

	set_up();
	CHECK_NEVER_RESTARTED(epoll_wait(ep, &ev, 1, -1));
	CHECK_NEVER_RESTARTED(epoll_wait(ep, &ev, 1, 100000));
	CHECK_NEVER_RESTARTED(epoll_pwait(ep, &ev, 1, -1, NULL));
}

TEST(epoll_pwait_swaps_the_mask, "epoll_pwait")
{
	struct epoll_event ev;
	sigset_t set, none;

	set_up();
	catch_signal(SIGUSR1, SA_RESTART);
	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	CHECK_EQ(epoll_pwait(ep, &ev, 1, 1, &set), 0);
	CHECK_EQ(caught[SIGUSR1], 0);
	CHECK_ERRNO(epoll_pwait(ep, &ev, 1, -1, &none), EINTR);
	CHECK_EQ(caught[SIGUSR1], 1);
}

TEST(epoll_pwait2_has_nanoseconds, "epoll_pwait2")
{
	struct timespec ts = {0, 1500000}, wrong = {0, -1};
	struct epoll_event ev;
	int64_t start;

	set_up();
	start = now_ns(CLOCK_MONOTONIC);
	if (sys(epoll_pwait2, ep, &ev, 1, &ts, NULL, 0) == -1 && errno == ENOSYS)
		skip("this kernel has no epoll_pwait2");
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 1500000);
	CHECK_ERRNO(sys(epoll_pwait2, ep, &ev, 1, &wrong, NULL, 0), EINVAL);
	CHECK_ERRNO(sys(epoll_pwait2, ep, &ev, 1, bad, NULL, 0), EFAULT);
	CHECK_ERRNO(sys(epoll_pwait2, 99, &ev, 1, &ts, NULL, 0), EBADF);
}

TEST(closing_the_last_reference_removes, "epoll_wait close dup")
{
	int copy;

	set_up();
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN, 21));
	put("x");
	/* The registration belongs to the open file, not to the number. */
	copy = dup(fds[0]);
	close(fds[0]);
	CHECK_EQ(next(EPOLLIN, 0), 21);
	close(copy);
	CHECK_EQ(next(0, 0), 0);
}

TEST(dup_can_be_registered_beside, "epoll_ctl dup")
{
	struct epoll_event ev[4];
	int copy;

	set_up();
	copy = dup(fds[0]);
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN, 22));
	CHECK_OK(ctl(EPOLL_CTL_ADD, copy, EPOLLIN, 23));
	put("x");
	CHECK_EQ(epoll_wait(ep, ev, 4, -1), 2);
}

TEST(nested_epoll, "epoll_ctl epoll_wait")
{
	int outer, inner;

	set_up();
	inner = ep;
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN, 24));
	outer = ep = epoll_create1(0);
	CHECK_OK(ctl(EPOLL_CTL_ADD, inner, EPOLLIN, 25));
	CHECK_EQ(next(0, 0), 0);
	put("x");
	CHECK_EQ(next(EPOLLIN, -1), 25);
	ep = inner;
	CHECK_EQ(next(EPOLLIN, -1), 24);
	/* No loops. */
	CHECK_ERRNO(ctl(EPOLL_CTL_ADD, outer, EPOLLIN, 26), ELOOP);
}

TEST(nested_too_deep, "epoll_ctl")
{
	int below;

	ep = epoll_create1(0);
	for (int depth = 0; depth < 4; depth++) {
		below = ep;
		ep = epoll_create1(0);
		CHECK_OK(ctl(EPOLL_CTL_ADD, below, EPOLLIN, 0));
	}
	below = ep;
	ep = epoll_create1(0);
	CHECK_ERRNO(ctl(EPOLL_CTL_ADD, below, EPOLLIN, 0), ELOOP);
}

static void wait_one(void *arg)
{
	struct epoll_event ev;

	ep = epoll_create1(0);
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLEXCLUSIVE, 27));
	CHECK_EQ(epoll_wait(ep, &ev, 1, -1), 1);
	get(1);
}

TEST(exclusive_waiters_all_get_something, "epoll_ctl epoll_wait")
{
	pid_t pids[3];

	REQUIRE(pipe(fds) == 0);
	for (int i = 0; i < 3; i++)
		pids[i] = spawn(wait_one, NULL);
	for (int i = 0; i < 3; i++) {
		sleep_ms(10);
		put("x");
	}
	for (int i = 0; i < 3; i++)
		JOIN(pids[i]);
}

TEST(epoll_fd_can_be_polled_and_shared, "epoll_wait")
{
	pid_t pid;

	set_up();
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[0], EPOLLIN, 28));
	/* A forked child waits on the parent's registration. */
	pid = fork();
	if (!pid) {
		CHECK_EQ(next(EPOLLIN, -1), 28);
		_exit(0);
	}
	sleep_ms(10);
	put("x");
	JOIN(pid);
}

TEST(edge_triggered_write_side, "epoll_wait")
{
	static char page[4096], all[65536];

	set_up();
	CHECK_OK(fcntl(fds[1], F_SETFL, O_NONBLOCK));
	CHECK_OK(ctl(EPOLL_CTL_ADD, fds[1], EPOLLOUT | EPOLLET, 29));
	CHECK_EQ(next(EPOLLOUT, -1), 29);
	CHECK_EQ(next(0, 0), 0);
	while (write(fds[1], page, sizeof(page)) > 0)
		;
	CHECK_EQ(next(0, 0), 0);
	CHECK_EQ(read(fds[0], all, sizeof(all)), 65536);
	CHECK_EQ(next(EPOLLOUT, -1), 29);
}
