// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ready_test.c - the same question asked by poll, select and epoll of every
 * kind of descriptor: not readable, then readable, then not again.
 */
#include "check.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

struct kind {
	int fd, other;
	void (*fill)(struct kind *k);
	void (*drain)(struct kind *k);
};

/* All four ways must agree on whether fd is readable. */
static void readable(int fd, bool want)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	struct epoll_event ev = {.events = EPOLLIN};
	struct timeval zero = {0, 0};
	int ep = epoll_create1(0);
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	CHECK_EQ(poll(&pfd, 1, want ? -1 : 0), want);
	CHECK_EQ(pfd.revents & POLLIN, want ? POLLIN : 0);
	CHECK_EQ(select(fd + 1, &set, NULL, NULL, want ? NULL : &zero), want);
	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	CHECK_EQ(epoll_wait(ep, &ev, 1, want ? -1 : 0), want);
	pfd = (struct pollfd){.fd = ep, .events = POLLIN};
	CHECK_EQ(poll(&pfd, 1, 0), want);
	close(ep);
}

static void fill_other(struct kind *k)
{
	CHECK_EQ(write(k->other, "12345678", 8), 8);
}

static void drain_fd(struct kind *k)
{
	char buf[4096];

	CHECK(read(k->fd, buf, sizeof(buf)) > 0);
}

static void arm(struct kind *k)
{
	struct itimerspec its = {.it_value = {0, 1000000}};

	CHECK_OK(timerfd_settime(k->fd, 0, &its, NULL));
}

static void raise_usr1(struct kind *k)
{
	CHECK_OK(raise(SIGUSR1));
}

static void touch(struct kind *k)
{
	make_file("dir/new", "", 0600);
}

static void connect_to_it(struct kind *k)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	k->other = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_OK(getsockname(k->fd, (void *)&at, &len));
	CHECK_OK(connect(k->other, (void *)&at, len));
}

static void accept_it(struct kind *k)
{
	CHECK_OK(accept(k->fd, NULL, NULL));
}

static void check_kind(struct kind k)
{
	REQUIRE(k.fd >= 0);
	readable(k.fd, false);
	k.fill(&k);
	readable(k.fd, true);
	k.drain(&k);
	readable(k.fd, false);
}

TEST(pipes_and_sockets, "poll pselect6 epoll_wait")
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	int fds[2];

	REQUIRE(pipe(fds) == 0);
	check_kind((struct kind){fds[0], fds[1], fill_other, drain_fd});
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		REQUIRE(socketpair(AF_UNIX, types[i], 0, fds) == 0);
		check_kind((struct kind){fds[0], fds[1], fill_other, drain_fd});
	}
}

TEST(listening_socket, "poll pselect6 epoll_wait accept")
{
	sa_family_t unnamed = AF_UNIX;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK_OK(bind(fd, (void *)&unnamed, sizeof(unnamed)));
	CHECK_OK(listen(fd, 1));
	check_kind((struct kind){fd, -1, connect_to_it, accept_it});
}

TEST(counters_timers_and_signals, "poll pselect6 epoll_wait eventfd2 timerfd_create signalfd4")
{
	sigset_t set;
	int fd = eventfd(0, 0);

	check_kind((struct kind){fd, fd, fill_other, drain_fd});
	check_kind((struct kind){timerfd_create(CLOCK_MONOTONIC, 0), -1, arm, drain_fd});
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	check_kind((struct kind){signalfd(-1, &set, 0), -1, raise_usr1, drain_fd});
}

TEST(watches, "poll pselect6 epoll_wait inotify_init1")
{
	int fd = inotify_init1(0);

	if (fd == -1 && errno == ENOSYS)
		skip("no inotify here");
	REQUIRE(mkdir("dir", 0755) == 0);
	CHECK_OK(inotify_add_watch(fd, "dir", IN_CREATE));
	check_kind((struct kind){fd, -1, touch, drain_fd});
}
