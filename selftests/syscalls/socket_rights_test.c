// SPDX-License-Identifier: GPL-2.0-or-later
/* Open files that travel over UNIX sockets: SCM_RIGHTS where a transfer could go wrong. */
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "check.h"

#define MANY 20

static int sv[2];

static void pair(int type)
{
	REQUIRE(socketpair(AF_UNIX, type, 0, sv) == 0);
}

/* Sends text with n descriptors beside it. */
static long send_fds(int sock, const char *text, const int *fds, int n)
{
	char buf[CMSG_SPACE(sizeof(int) * MANY)] = "";
	struct iovec iov = {(char *)text, strlen(text)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = buf};
	struct cmsghdr *c;

	msg.msg_controllen = CMSG_SPACE(sizeof(int) * n);
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_len = CMSG_LEN(sizeof(int) * n);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
	return sendmsg(sock, &msg, 0);
}

/* Receives into fds, which has room for room descriptors; *n says how many came. */
static long recv_fds(int sock, char *text, size_t size, int *fds, int room, int *n, int flags,
		     int *out_flags)
{
	char buf[CMSG_SPACE(sizeof(int) * MANY)];
	struct iovec iov = {text, size};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = room ? buf : NULL};
	struct cmsghdr *c;
	long ret;

	memset(buf, 0xcc, sizeof(buf));
	msg.msg_controllen = room ? CMSG_LEN(sizeof(int) * room) : 0;
	ret = recvmsg(sock, &msg, flags);
	*n = 0;
	c = ret < 0 ? NULL : CMSG_FIRSTHDR(&msg);
	if (c) {
		CHECK(c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS);
		*n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), *n * sizeof(int));
	}
	if (out_flags)
		*out_flags = msg.msg_flags;
	return ret;
}

static int file_with(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	REQUIRE(fd >= 0);
	REQUIRE(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	return fd;
}

/* Sends a file, a pipe's end and a folder, and is gone before anybody receives. */
static void send_and_go(void *arg)
{
	int fds[3] = {file_with("gone", "0123456789"), *(int *)arg, open(".", O_DIRECTORY)};

	CHECK_EQ(lseek(fds[0], 4, SEEK_SET), 4);
	CHECK_OK(unlink("gone"));
	CHECK_EQ(send_fds(sv[0], "three", fds, 3), 5);
}

TEST(rights_outlive_their_sender, "sendmsg recvmsg")
{
	char text[16], buf[16];
	int fds[3], n, ends[2];
	struct stat st, here;

	pair(SOCK_STREAM);
	REQUIRE(pipe(ends) == 0);
	JOIN(spawn(send_and_go, &ends[1]));
	close(ends[1]);
	REQUIRE(recv_fds(sv[1], text, sizeof(text), fds, 3, &n, 0, NULL) == 5);
	REQUIRE(n == 3);
	CHECK_EQ(read(fds[0], buf, sizeof(buf)), 6);
	CHECK(!memcmp(buf, "456789", 6));
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(read(ends[0], buf, 1), 1);
	CHECK_OK(fstat(fds[2], &st));
	CHECK_OK(stat(".", &here));
	CHECK(st.st_ino == here.st_ino && st.st_dev == here.st_dev);
}

static void read_two(void *arg)
{
	char buf[2];
	int fd, n;

	CHECK_EQ(recv_fds(sv[1], buf, 1, &fd, 1, &n, 0, NULL), 1);
	CHECK_EQ(read(fd, buf, 2), 2);
	CHECK(!memcmp(buf, "ab", 2));
}

TEST(rights_share_the_file_position, "sendmsg recvmsg")
{
	int fd = file_with("file", "abcd");
	char c;

	pair(SOCK_DGRAM);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(send_fds(sv[0], "x", &fd, 1), 1);
	JOIN(spawn(read_two, NULL));
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(c, 'c');
}

TEST(rights_get_the_lowest_numbers, "sendmsg recvmsg fcntl")
{
	int fds[MANY], got[MANY], free[MANY], n;
	char text[4];

	pair(SOCK_SEQPACKET);
	for (int i = 0; i < MANY; i++)
		fds[i] = i % 2 ? dup(sv[0]) : file_with("file", "");
	CHECK_EQ(send_fds(sv[0], "x", fds, MANY), 1);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	for (int i = 0; i < MANY; i++)
		free[i] = dup(0);
	for (int i = 0; i < MANY; i++)
		close(free[i]);
	CHECK_EQ(recv_fds(sv[1], text, 1, got, MANY, &n, MSG_CMSG_CLOEXEC, NULL), 1);
	REQUIRE(n == MANY);
	for (int i = 0; i < MANY; i++) {
		CHECK_EQ(got[i], free[i]);
		CHECK_EQ(fcntl(got[i], F_GETFD), FD_CLOEXEC);
	}
	CHECK_EQ(send_fds(sv[0], "x", got, 2), 1);
	CHECK_EQ(recv_fds(sv[1], text, 1, got, 2, &n, 0, NULL), 1);
	CHECK_EQ(fcntl(got[0], F_GETFD), 0);
	CHECK_EQ(fcntl(got[1], F_GETFD), 0);
}

TEST(rights_without_room_are_closed, "sendmsg recvmsg")
{
	int ends[2], fds[3], n, flags;
	char text[4];
	struct pollfd p;

	pair(SOCK_STREAM);
	REQUIRE(pipe(ends) == 0);
	CHECK_EQ(send_fds(sv[0], "a", &ends[1], 1), 1);
	CHECK_EQ(send_fds(sv[0], "b", (int[]){ends[1], sv[0], ends[1]}, 3), 1);
	CHECK_EQ(send_fds(sv[0], "c", &ends[1], 1), 1);
	close(ends[1]);
	CHECK_EQ(recv_fds(sv[1], text, 1, fds, 0, &n, 0, &flags), 1);
	CHECK(flags & MSG_CTRUNC);
	CHECK_EQ(recv_fds(sv[1], text, 1, fds, 1, &n, 0, &flags), 1);
	CHECK(n == 1 && (flags & MSG_CTRUNC));
	close(fds[0]);
	/* One message with the pipe's end is still on its way */
	p = (struct pollfd){ends[0], POLLIN, 0};
	CHECK_EQ(poll(&p, 1, 0), 0);
	close(sv[1]);
	CHECK_EQ(poll(&p, 1, 1000), 1);
	CHECK(p.revents & POLLHUP);
}

TEST(rights_end_a_stream_read, "sendmsg recvmsg")
{
	char text[16];
	int fd = dup(0), got, n;

	pair(SOCK_STREAM);
	CHECK_EQ(write(sv[0], "plain", 5), 5);
	CHECK_EQ(send_fds(sv[0], "first", &fd, 1), 5);
	CHECK_EQ(send_fds(sv[0], "second", &fd, 1), 6);
	CHECK_EQ(write(sv[0], "rest", 4), 4);
	CHECK_EQ(recv_fds(sv[1], text, sizeof(text), &got, 1, &n, 0, NULL), 10);
	CHECK(n == 1 && !memcmp(text, "plainfirst", 10));
	/* A look leaves the message, and gives a descriptor of its own */
	CHECK_EQ(recv_fds(sv[1], text, 3, &got, 1, &n, MSG_PEEK, NULL), 3);
	CHECK_EQ(n, 1);
	CHECK_EQ(recv_fds(sv[1], text, 3, &got, 1, &n, 0, NULL), 3);
	CHECK(n == 1 && !memcmp(text, "sec", 3));
	CHECK_EQ(recv_fds(sv[1], text, sizeof(text), &got, 1, &n, 0, NULL), 7);
	CHECK(n == 0 && !memcmp(text, "ondrest", 7));
}

TEST(rights_errors, "sendmsg")
{
	int fds[2] = {dup(0), 99};

	pair(SOCK_DGRAM);
	CHECK_ERRNO(send_fds(sv[0], "x", fds, 2), EBADF);
	CHECK_ERRNO(recv(sv[1], &fds, 1, MSG_DONTWAIT), EAGAIN);
}

/* Puts the pipe's end and both sockets into each other's queues, and closes all. */
static void lose_each_other(int end)
{
	pair(SOCK_STREAM);
	CHECK_EQ(send_fds(sv[0], "x", (int[]){end, sv[0]}, 2), 1);
	CHECK_EQ(send_fds(sv[1], "y", (int[]){sv[1], end, sv[0]}, 3), 1);
	close(sv[0]);
	close(sv[1]);
}

TEST(rights_that_hold_each_other_are_found, "sendmsg close")
{
	struct pollfd p;
	int ends[2];

	REQUIRE(pipe(ends) == 0);
	for (int i = 0; i < 10; i++)
		lose_each_other(ends[1]);
	close(ends[1]);
	pair(SOCK_STREAM); /* its end is when lost sockets are looked for */
	close(sv[0]);
	close(sv[1]);
	p = (struct pollfd){ends[0], POLLIN, 0};
	CHECK_EQ(poll(&p, 1, 10000), 1);
	CHECK(p.revents & POLLHUP);
}

TEST(rights_in_reach_are_kept, "sendmsg recvmsg close")
{
	int outer[2], inner[2], got, n;
	char text[8];

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, outer) == 0);
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, inner) == 0);
	CHECK_EQ(write(inner[1], "deep", 4), 4);
	CHECK_EQ(send_fds(inner[1], "i", &inner[1], 1), 1);
	CHECK_EQ(send_fds(outer[0], "o", &inner[0], 1), 1);
	close(inner[0]);
	close(inner[1]);
	pair(SOCK_STREAM);
	close(sv[0]);
	close(sv[1]);
	CHECK_EQ(recv_fds(outer[1], text, 1, &got, 1, &n, 0, NULL), 1);
	REQUIRE(n == 1);
	CHECK_EQ(recv(got, text, 4, 0), 4);
	CHECK(!memcmp(text, "deep", 4));
	CHECK_EQ(recv_fds(got, text, 1, &outer[0], 1, &n, 0, NULL), 1);
	CHECK_EQ(n, 1);
	CHECK_EQ(write(outer[0], "z", 1), 1);
	CHECK_EQ(read(got, text, 1), 1);
}
