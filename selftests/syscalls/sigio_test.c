// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sigio_test.c - signals for input and output: O_ASYNC and who is told, by
 * which signal, through fcntl's F_SETOWN, F_SETOWN_EX and F_SETSIG.
 */
#include "check.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int sv[2];

static void new_pair(void)
{
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
}

/* Sleeps until the signal has come; SIGIO may be raised more often than asked. */
static void wait_for(int sig)
{
	sigset_t none;

	sigemptyset(&none);
	while (!caught[sig])
		sigsuspend(&none);
}

TEST(owner_is_remembered, "fcntl")
{
	struct f_owner_ex ex = {F_OWNER_TID, gettid()};

	new_pair();
	CHECK_EQ(fcntl(sv[0], F_GETOWN), 0);
	CHECK_OK(fcntl(sv[0], F_SETOWN, getpid()));
	CHECK_EQ(fcntl(sv[0], F_GETOWN), getpid());
	CHECK_OK(fcntl(sv[0], F_SETOWN, -getpgrp()));
	CHECK_OK(fcntl(sv[0], F_GETOWN_EX, &ex));
	CHECK(ex.type == F_OWNER_PGRP && ex.pid == getpgrp());
	ex = (struct f_owner_ex){F_OWNER_TID, gettid()};
	CHECK_OK(fcntl(sv[0], F_SETOWN_EX, &ex));
	ex.type = 77;
	CHECK_ERRNO(fcntl(sv[0], F_SETOWN_EX, &ex), EINVAL);
	CHECK_ERRNO(fcntl(sv[0], F_SETOWN, 1 << 29), ESRCH);
	CHECK_ERRNO(fcntl(sv[0], F_SETOWN_EX, bad), EFAULT);
	CHECK_EQ(fcntl(sv[0], F_GETSIG), 0);
	CHECK_OK(fcntl(sv[0], F_SETSIG, SIGRTMIN));
	CHECK_EQ(fcntl(sv[0], F_GETSIG), SIGRTMIN);
	CHECK_ERRNO(fcntl(sv[0], F_SETSIG, 65), EINVAL);
}

TEST(sigio_when_data_arrives, "fcntl rt_sigsuspend")
{
	new_pair();
	block_signal(SIGIO);
	catch_signal(SIGIO, 0);
	CHECK_OK(fcntl(sv[0], F_SETOWN, getpid()));
	CHECK_OK(fcntl(sv[0], F_SETFL, O_ASYNC));
	CHECK_EQ(fcntl(sv[0], F_GETFL) & O_ASYNC, O_ASYNC);
	CHECK_EQ(write(sv[1], "x", 1), 1);
	wait_for(SIGIO);
}

TEST(chosen_signal_carries_the_descriptor, "fcntl rt_sigsuspend")
{
	int fds[2];

	REQUIRE(pipe(fds) == 0);
	block_signal(SIGRTMIN + 3);
	catch_signal(SIGRTMIN + 3, 0);
	CHECK_OK(fcntl(fds[0], F_SETOWN, getpid()));
	CHECK_OK(fcntl(fds[0], F_SETSIG, SIGRTMIN + 3));
	CHECK_OK(fcntl(fds[0], F_SETFL, O_ASYNC | O_NONBLOCK));
	CHECK_EQ(write(fds[1], "x", 1), 1);
	wait_for(SIGRTMIN + 3);
	CHECK_EQ(caught_info.si_fd, fds[0]);
	CHECK_EQ(caught_info.si_code, POLL_IN);
	CHECK(caught_info.si_band & POLLIN);
}

TEST(fioasync_of_ioctl, "ioctl")
{
	int on = 1, owner = getpid();

	new_pair();
	block_signal(SIGIO);
	catch_signal(SIGIO, 0);
	CHECK_OK(ioctl(sv[0], FIOASYNC, &on));
	CHECK_EQ(fcntl(sv[0], F_GETFL) & O_ASYNC, O_ASYNC);
	CHECK_OK(ioctl(sv[0], FIOSETOWN, &owner));
	owner = 0;
	CHECK_OK(ioctl(sv[0], FIOGETOWN, &owner));
	CHECK_EQ(owner, getpid());
	CHECK_EQ(write(sv[1], "x", 1), 1);
	wait_for(SIGIO);
	on = 0;
	CHECK_OK(ioctl(sv[0], FIOASYNC, &on));
	CHECK_EQ(fcntl(sv[0], F_GETFL) & O_ASYNC, 0);
}

static void write_then_end(void *arg)
{
	CHECK_EQ(write(sv[1], "x", 1), 1);
}

TEST(another_process_writes, "fcntl rt_sigsuspend")
{
	pid_t pid;

	new_pair();
	block_signal(SIGIO);
	catch_signal(SIGIO, 0);
	CHECK_OK(fcntl(sv[0], F_SETOWN, getpid()));
	CHECK_OK(fcntl(sv[0], F_SETFL, O_ASYNC));
	pid = spawn_after(20, write_then_end, NULL);
	wait_for(SIGIO);
	JOIN(pid);
}
