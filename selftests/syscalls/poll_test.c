// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * poll_test.c - poll, ppoll, select and pselect: readiness, time-outs and what
 * is left of them, signal masks, bad descriptors and pointers.
 */
#include "check.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>

#define MS		    1000000LL
#define KERNEL_SIGSET_BYTES 8

static int fds[2];

static void write_byte(void *arg)
{
	CHECK_EQ(write(fds[1], "x", 1), 1);
}

TEST(poll_returns_ready_descriptors, "poll")
{
	struct pollfd pfd[3];
	char c;

	REQUIRE(pipe(fds) == 0);
	pfd[0] = (struct pollfd){.fd = fds[0], .events = POLLIN | POLLRDNORM, .revents = -1};
	pfd[1] = (struct pollfd){.fd = -5, .events = POLLIN, .revents = -1};
	pfd[2] = (struct pollfd){.fd = 99, .events = POLLIN, .revents = -1};
	CHECK_EQ(poll(pfd, 2, 0), 0);
	CHECK(pfd[0].revents == 0 && pfd[1].revents == 0);
	CHECK_EQ(poll(pfd, 3, -1), 1);
	CHECK_EQ(pfd[2].revents, POLLNVAL);
	write_byte(NULL);
	CHECK_EQ(poll(pfd, 3, 0), 2);
	CHECK_EQ(pfd[0].revents, POLLIN | POLLRDNORM);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(poll(NULL, 0, 0), 0);
	int file = open("file", O_RDWR | O_CREAT, 0600);
	pfd[0] = (struct pollfd){.fd = file, .events = POLLIN | POLLOUT | POLLPRI};
	CHECK_EQ(poll(pfd, 1, 0), 1);
	CHECK_EQ(pfd[0].revents, POLLIN | POLLOUT);
}

TEST(poll_timeout_and_wake, "poll")
{
	int64_t start = now_ns(CLOCK_MONOTONIC);
	struct pollfd pfd = {.events = POLLIN};
	pid_t pid;

	REQUIRE(pipe(fds) == 0);
	pfd.fd = fds[0];
	CHECK_EQ(poll(&pfd, 1, 20), 0);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20 * MS);
	CHECK_EQ(poll(NULL, 0, 10), 0);
	pid = spawn_after(20, write_byte, NULL);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	JOIN(pid);
}

TEST(poll_errors, "poll ppoll")
{
	struct pollfd pfd = {.fd = 0, .events = POLLIN};
	struct rlimit rl;

	CHECK_ERRNO(sys(poll, bad, 1, 0), EFAULT);
	CHECK_ERRNO(sys(poll, bad_ro, 1, 0), EFAULT);
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &rl));
	CHECK_ERRNO(sys(poll, &pfd, rl.rlim_cur + 1, 0), EINVAL);
	CHECK_ERRNO(sys(ppoll, &pfd, 1, bad, NULL, 0), EFAULT);
	CHECK_ERRNO(sys(ppoll, &pfd, 1, NULL, bad, KERNEL_SIGSET_BYTES), EFAULT);
	sigset_t set;
	sigemptyset(&set);
	CHECK_ERRNO(sys(ppoll, &pfd, 1, NULL, &set, 5), EINVAL);
	struct timespec ts = {0, 1000000000};
	CHECK_ERRNO(sys(ppoll, &pfd, 1, &ts, NULL, 0), EINVAL);
	ts = (struct timespec){-1, 0};
	CHECK_ERRNO(sys(ppoll, &pfd, 1, &ts, NULL, 0), EINVAL);
}

TEST(poll_is_never_restarted, "poll ppoll")
{
	struct pollfd pfd = {.events = POLLIN};
	struct timespec ts = {100, 0};

	REQUIRE(pipe(fds) == 0);
	pfd.fd = fds[0];
	CHECK_NEVER_RESTARTED(poll(&pfd, 1, -1));
	CHECK_NEVER_RESTARTED(poll(&pfd, 1, 100000));
	CHECK_NEVER_RESTARTED(sys(ppoll, &pfd, 1, &ts, NULL, 0));
	/* The raw call tells what is left. */
	CHECK(ts.tv_sec < 100);
}

TEST(ppoll_swaps_the_mask, "ppoll")
{
	struct timespec ts = {100, 0};
	sigset_t set, none;

	catch_signal(SIGUSR1, SA_RESTART);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	sigemptyset(&none);
	CHECK_EQ(ppoll(NULL, 0, &(struct timespec){0, 1}, &set), 0);
	CHECK_EQ(caught[SIGUSR1], 0);
	CHECK_ERRNO(ppoll(NULL, 0, &ts, &none), EINTR);
	CHECK_EQ(caught[SIGUSR1], 1);
	CHECK_EQ(ts.tv_sec, 100);
	sigprocmask(SIG_BLOCK, NULL, &none);
	CHECK(sigismember(&none, SIGUSR1));
}

TEST(select_sets, "select")
{
	struct timeval tv = {0, 0};
	fd_set r, w, e;

	REQUIRE(pipe(fds) == 0);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&e);
	FD_SET(fds[0], &r);
	FD_SET(fds[1], &w);
	FD_SET(fds[0], &e);
	CHECK_EQ(select(fds[1] + 1, &r, &w, &e, &tv), 1);
	CHECK(!FD_ISSET(fds[0], &r) && FD_ISSET(fds[1], &w) && !FD_ISSET(fds[0], &e));
	write_byte(NULL);
	FD_SET(fds[0], &r);
	CHECK_EQ(select(fds[1] + 1, &r, &w, NULL, NULL), 2);
	CHECK(FD_ISSET(fds[0], &r) && FD_ISSET(fds[1], &w));
	/* Only descriptors below nfds are looked at. */
	FD_ZERO(&r);
	FD_SET(fds[0], &r);
	CHECK_EQ(select(fds[0], &r, NULL, NULL, &tv), 0);
}

TEST(select_timeout_is_updated, "select")
{
	struct timeval tv = {0, 20000};
	int64_t start = now_ns(CLOCK_MONOTONIC);
	fd_set r;
	pid_t pid;

	REQUIRE(pipe(fds) == 0);
	FD_ZERO(&r);
	FD_SET(fds[0], &r);
	CHECK_EQ(select(fds[0] + 1, &r, NULL, NULL, &tv), 0);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20 * MS);
	CHECK(tv.tv_sec == 0 && tv.tv_usec == 0 && !FD_ISSET(fds[0], &r));
	pid = spawn_after(20, write_byte, NULL);
	tv.tv_sec = 100;
	FD_SET(fds[0], &r);
	CHECK_EQ(select(fds[0] + 1, &r, NULL, NULL, &tv), 1);
	CHECK(tv.tv_sec < 100);
	JOIN(pid);
}

TEST(select_errors, "select pselect6")
{
	struct timeval tv = {-1, 0};
	struct timespec ts = {0, -1};
	fd_set r;

	FD_ZERO(&r);
	CHECK_ERRNO(sys(select, -1, &r, NULL, NULL, NULL), EINVAL);
	CHECK_ERRNO(sys(select, 1, &r, NULL, NULL, &tv), EINVAL);
	CHECK_ERRNO(sys(select, 8, bad, NULL, NULL, NULL), EFAULT);
	CHECK_ERRNO(sys(select, 1, NULL, NULL, NULL, bad), EFAULT);
	int fd = dup(1);
	close(fd);
	FD_SET(fd, &r);
	CHECK_ERRNO(select(fd + 1, &r, NULL, NULL, NULL), EBADF);
	CHECK_ERRNO(sys(pselect6, 0, NULL, NULL, NULL, &ts, NULL), EINVAL);
	CHECK_ERRNO(sys(pselect6, 0, NULL, NULL, NULL, bad, NULL), EFAULT);
	CHECK_ERRNO(sys(pselect6, 0, NULL, NULL, NULL, NULL, bad), EFAULT);
}

TEST(select_is_never_restarted, "select pselect6")
{
	struct timespec ts = {100, 0};
	struct timeval tv = {100, 0};

	CHECK_NEVER_RESTARTED(sys(select, 0, NULL, NULL, NULL, NULL));
	CHECK_NEVER_RESTARTED(sys(select, 0, NULL, NULL, NULL, &tv));
	CHECK(tv.tv_sec < 100);
	CHECK_NEVER_RESTARTED(pselect(0, NULL, NULL, NULL, &ts, NULL));
	CHECK_EQ(ts.tv_sec, 100);
	CHECK_NEVER_RESTARTED(sys(pselect6, 0, NULL, NULL, NULL, &ts, NULL));
	CHECK(ts.tv_sec < 100);
}

TEST(pselect_swaps_the_mask, "pselect6")
{
	sigset_t set, none;

	catch_signal(SIGUSR1, 0);
	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	CHECK_ERRNO(pselect(0, NULL, NULL, NULL, NULL, &none), EINTR);
	CHECK_EQ(caught[SIGUSR1], 1);
	sigprocmask(SIG_BLOCK, NULL, &none);
	CHECK(sigismember(&none, SIGUSR1));
}

TEST(one_write_wakes_every_poller, "poll")
{
	pid_t pids[3];
	struct pollfd pfd = {.events = POLLIN};

	REQUIRE(pipe(fds) == 0);
	pfd.fd = fds[0];
	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			CHECK_EQ(poll(&pfd, 1, -1), 1);
			_exit(0);
		}
	}
	sleep_ms(20);
	write_byte(NULL);
	for (int i = 0; i < 3; i++)
		JOIN(pids[i]);
}
