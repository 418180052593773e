// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * unix_socket_test.c - AF_UNIX: path, abstract and unnamed addresses, the three
 * socket types, passing descriptors and credentials, and every error of
 * connecting that a local socket can give.
 */
#include "check.h"

#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static int sv[2];

static void new_pair(int type)
{
	REQUIRE(socketpair(AF_UNIX, type, 0, sv) == 0);
}

/* Returns the length of the address; a name that begins with @ is abstract. */
static socklen_t address(struct sockaddr_un *un, const char *name)
{
	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, name, strlen(name));
	if (name[0] != '@')
		return sizeof(*un);
	un->sun_path[0] = 0;
	return offsetof(struct sockaddr_un, sun_path) + strlen(name);
}

static int bound(int type, const char *name)
{
	struct sockaddr_un un;
	socklen_t len = address(&un, name);
	int fd = socket(AF_UNIX, type, 0);

	REQUIRE(fd >= 0);
	REQUIRE(bind(fd, (void *)&un, len) == 0);
	return fd;
}

static long connect_to(int fd, const char *name)
{
	struct sockaddr_un un;
	socklen_t len = address(&un, name);

	return connect(fd, (void *)&un, len);
}

static const char *abstract_name(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "@syscalls-test-%d", (int)getpid());
	return name;
}

TEST(socket_errors, "socket socketpair")
{
	CHECK_ERRNO(socket(AF_UNIX, 99, 0), EINVAL);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM, 77), EPROTONOSUPPORT);
	CHECK_ERRNO(socket(12345, SOCK_STREAM, 0), EAFNOSUPPORT);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM | 0x10, 0), EINVAL);
	CHECK_ERRNO(sys(socketpair, AF_UNIX, SOCK_STREAM, 0, bad), EFAULT);
	CHECK_ERRNO(socketpair(AF_INET, SOCK_STREAM, 0, sv), EOPNOTSUPP);
	int fd = CHECK_OK(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

TEST(stream_pair_is_a_byte_stream, "socketpair read write")
{
	char buf[16];
	int n;

	new_pair(SOCK_STREAM);
	CHECK_EQ(write(sv[0], "abc", 3), 3);
	CHECK_EQ(write(sv[0], "def", 3), 3);
	CHECK_OK(ioctl(sv[1], FIONREAD, &n));
	CHECK_EQ(n, 6);
	CHECK_EQ(read(sv[1], buf, 4), 4);
	CHECK_EQ(read(sv[1], buf + 4, 12), 2);
	CHECK(!memcmp(buf, "abcdef", 6));
	CHECK_EQ(write(sv[1], "back", 4), 4);
	CHECK_EQ(recv(sv[0], buf, 2, MSG_PEEK), 2);
	CHECK_EQ(recv(sv[0], buf, 16, 0), 4);
	CHECK_ERRNO(lseek(sv[0], 0, SEEK_SET), ESPIPE);
}

TEST(datagram_pair_keeps_messages_apart, "socketpair sendto recvfrom recvmsg")
{
	char buf[16];
	struct iovec iov = {buf, 2};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	new_pair(SOCK_DGRAM);
	CHECK_EQ(send(sv[0], "abc", 3, 0), 3);
	CHECK_EQ(send(sv[0], "", 0, 0), 0);
	CHECK_EQ(send(sv[0], "de", 2, 0), 2);
	CHECK_EQ(send(sv[0], "fghi", 4, 0), 4);
	CHECK_EQ(recv(sv[1], buf, 16, 0), 3);
	CHECK_EQ(recv(sv[1], buf, 16, 0), 0);
	CHECK_EQ(recv(sv[1], buf, 1, MSG_TRUNC), 2);
	CHECK_EQ(recvmsg(sv[1], &msg, 0), 2);
	CHECK_EQ(msg.msg_flags & MSG_TRUNC, MSG_TRUNC);
	CHECK_ERRNO(recv(sv[1], buf, 16, MSG_DONTWAIT), EAGAIN);
}

TEST(seqpacket_has_messages_and_end, "socketpair")
{
	struct iovec iov = {"xy", 2};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	char buf[16];

	new_pair(SOCK_SEQPACKET);
	CHECK_EQ(sendmsg(sv[0], &msg, MSG_EOR), 2);
	CHECK_EQ(send(sv[0], "z", 1, 0), 1);
	CHECK_EQ(recv(sv[1], buf, 16, 0), 2);
	CHECK_EQ(recv(sv[1], buf, 16, 0), 1);
	close(sv[0]);
	CHECK_EQ(recv(sv[1], buf, 16, 0), 0);
}

TEST(stream_over_a_path, "bind listen connect accept accept4 getsockname getpeername")
{
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	int server = bound(SOCK_STREAM, "sock"), client, conn;
	struct stat st;

	CHECK_OK(stat("sock", &st));
	CHECK(S_ISSOCK(st.st_mode));
	CHECK_OK(listen(server, 5));
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_OK(connect_to(client, "sock"));
	conn = CHECK_OK(accept4(server, (void *)&un, &len, SOCK_CLOEXEC | SOCK_NONBLOCK));
	CHECK_EQ(fcntl(conn, F_GETFD), FD_CLOEXEC);
	CHECK(fcntl(conn, F_GETFL) & O_NONBLOCK);
	/* The client has no name. */
	CHECK_EQ(len, sizeof(sa_family_t));
	len = sizeof(un);
	CHECK_OK(getpeername(client, (void *)&un, &len));
	CHECK(!strcmp(un.sun_path, "sock"));
	CHECK_EQ(len, offsetof(struct sockaddr_un, sun_path) + 5);
	len = sizeof(un);
	CHECK_OK(getsockname(conn, (void *)&un, &len));
	CHECK(!strcmp(un.sun_path, "sock"));
	len = sizeof(un);
	CHECK_ERRNO(getpeername(server, (void *)&un, &len), ENOTCONN);
	CHECK_ERRNO(sys(getsockname, conn, bad, &len), EFAULT);
	CHECK_ERRNO(sys(getsockname, conn, &un, bad), EFAULT);
	CHECK_ERRNO(open("sock", O_RDWR), ENXIO);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_OK(connect_to(client, "sock"));
	CHECK_OK(accept(server, NULL, NULL));
}

TEST(abstract_names, "bind connect getsockname")
{
	const char *name = abstract_name();
	int server = bound(SOCK_STREAM, name), client = socket(AF_UNIX, SOCK_STREAM, 0), fd;
	struct sockaddr_un un;
	socklen_t len = address(&un, name);

	CHECK_ERRNO(connect_to(client, name), ECONNREFUSED);
	CHECK_OK(listen(server, 1));
	CHECK_OK(connect_to(client, name));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_ERRNO(bind(fd, (void *)&un, len), EADDRINUSE);
	len = sizeof(un);
	CHECK_OK(getsockname(server, (void *)&un, &len));
	CHECK(un.sun_path[0] == 0 && len == offsetof(struct sockaddr_un, sun_path) + strlen(name));
	close(server);
	/* The name goes with its socket. */
	len = address(&un, name);
	CHECK_OK(bind(fd, (void *)&un, len));
	/* Autobind: the kernel picks an abstract name. */
	un.sun_family = AF_UNIX;
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK_OK(bind(fd, (void *)&un, sizeof(sa_family_t)));
	len = sizeof(un);
	CHECK_OK(getsockname(fd, (void *)&un, &len));
	CHECK(un.sun_path[0] == 0 && len == offsetof(struct sockaddr_un, sun_path) + 6);
}

TEST(bind_errors, "bind")
{
	struct sockaddr_un un;
	socklen_t len = address(&un, "sock");
	int fd = bound(SOCK_STREAM, "sock"), other = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK_ERRNO(bind(other, (void *)&un, len), EADDRINUSE);
	CHECK_ERRNO(bind(99, (void *)&un, len), EBADF);
	CHECK_ERRNO(bind(STDOUT_FILENO, (void *)&un, len), ENOTSOCK);
	CHECK_ERRNO(bind(other, bad, len), EFAULT);
	CHECK_ERRNO(bind(other, (void *)&un, sizeof(un) + 1), EINVAL);
	len = address(&un, "second");
	CHECK_ERRNO(bind(fd, (void *)&un, len), EINVAL);
	len = address(&un, "missing/sock");
	CHECK_ERRNO(bind(other, (void *)&un, len), ENOENT);
	make_file("file", "", 0644);
	len = address(&un, "file/sock");
	CHECK_ERRNO(bind(other, (void *)&un, len), ENOTDIR);
	REQUIRE(mkdir("closed", 0500) == 0);
	drop_root();
	len = address(&un, "closed/sock");
	CHECK_ERRNO(bind(other, (void *)&un, len), EACCES);
}

TEST(connect_errors, "connect")
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), server = bound(SOCK_STREAM, "sock");

	CHECK_ERRNO(connect_to(fd, "missing"), ENOENT);
	CHECK_ERRNO(connect_to(fd, "sock"), ECONNREFUSED);
	make_file("file", "", 0666);
	CHECK_ERRNO(connect_to(fd, "file"), ECONNREFUSED);
	CHECK_OK(listen(server, 1));
	int dgram = socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK_ERRNO(connect_to(dgram, "sock"), EPROTOTYPE);
	CHECK_ERRNO(connect_to(99, "sock"), EBADF);
	CHECK_ERRNO(connect_to(STDOUT_FILENO, "sock"), ENOTSOCK);
	CHECK_ERRNO(connect(fd, bad, sizeof(struct sockaddr_un)), EFAULT);
	CHECK_ERRNO(connect(fd, (void *)&(struct sockaddr_un){.sun_family = AF_INET}, 16), EINVAL);
	CHECK_OK(connect_to(fd, "sock"));
	CHECK_ERRNO(connect_to(fd, "sock"), EISCONN);
	CHECK_OK(chmod("sock", 0));
	drop_root();
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_ERRNO(connect_to(fd, "sock"), EACCES);
}

TEST(full_backlog, "connect listen accept")
{
	int server = bound(SOCK_STREAM, "sock"), fds[4], n = 0;

	CHECK_OK(listen(server, 1));
	for (; n < 4; n++) {
		fds[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect_to(fds[n], "sock"))
			break;
	}
	/* AF_UNIX has no connection in progress: EAGAIN when the queue is full. */
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(n, 2);
	CHECK_OK(fcntl(fds[n], F_SETFL, 0));
	CHECK_INTERRUPTED(connect_to(fds[n], "sock"));
	CHECK_OK(accept(server, NULL, NULL));
	CHECK_OK(connect_to(fds[n], "sock"));
}

TEST(listen_accept_errors, "listen accept4")
{
	int dgram = bound(SOCK_DGRAM, "dgram"), stream = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK_ERRNO(listen(dgram, 1), EOPNOTSUPP);
	CHECK_ERRNO(listen(stream, 1), EINVAL);
	CHECK_ERRNO(listen(99, 1), EBADF);
	CHECK_ERRNO(listen(STDOUT_FILENO, 1), ENOTSOCK);
	CHECK_ERRNO(accept(stream, NULL, NULL), EINVAL);
	CHECK_ERRNO(accept(dgram, NULL, NULL), EOPNOTSUPP);
	CHECK_ERRNO(accept(99, NULL, NULL), EBADF);
	CHECK_ERRNO(accept(STDOUT_FILENO, NULL, NULL), ENOTSOCK);
	CHECK_ERRNO(accept4(stream, NULL, NULL, 0x1), EINVAL);
	int server = bound(SOCK_STREAM, "sock");
	CHECK_OK(listen(server, 1));
	CHECK_OK(fcntl(server, F_SETFL, O_NONBLOCK));
	CHECK_ERRNO(accept(server, NULL, NULL), EAGAIN);
}

static void connect_sock(void *arg)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK_OK(connect_to(fd, "sock"));
}

static void connect_from_tick(void)
{
	connect_sock(NULL);
}

TEST(accept_blocks, "accept poll")
{
	int server = bound(SOCK_STREAM, "sock");
	struct pollfd pfd = {.fd = server, .events = POLLIN};
	pid_t pid;

	CHECK_OK(listen(server, 5));
	pid = spawn_after(20, connect_sock, NULL);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK_OK(accept(server, NULL, NULL));
	JOIN(pid);
	pid = spawn_after(20, connect_sock, NULL);
	CHECK_OK(accept(server, NULL, NULL));
	JOIN(pid);
	CHECK_INTERRUPTED(accept(server, NULL, NULL));
	tick_start(SA_RESTART, connect_from_tick);
	CHECK_OK(accept(server, NULL, NULL));
	CHECK(ticks >= 3);
	tick_stop();
	struct timeval tv = {0, 20000};
	CHECK_OK(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	CHECK_ERRNO(accept(server, NULL, NULL), EAGAIN);
}

TEST(named_datagrams, "sendto recvfrom connect")
{
	int a = bound(SOCK_DGRAM, "a"), b = bound(SOCK_DGRAM, "b");
	struct sockaddr_un un;
	socklen_t len = address(&un, "b");
	char buf[8];

	CHECK_EQ(sendto(a, "hi", 2, 0, (void *)&un, len), 2);
	memset(&un, 0xcc, sizeof(un));
	len = sizeof(un);
	CHECK_EQ(recvfrom(b, buf, 8, 0, (void *)&un, &len), 2);
	CHECK(!strcmp(un.sun_path, "a"));
	CHECK_ERRNO(send(a, "x", 1, 0), ENOTCONN);
	CHECK_OK(connect_to(a, "b"));
	CHECK_EQ(send(a, "x", 1, 0), 1);
	/* b is connected to itself: others may not send to it. */
	CHECK_OK(connect_to(b, "b"));
	len = address(&un, "b");
	int c = socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK_ERRNO(sendto(c, "x", 1, 0, (void *)&un, len), EPERM);
	close(b);
	CHECK_ERRNO(send(a, "x", 1, 0), ECONNREFUSED);
	len = address(&un, "missing");
	CHECK_ERRNO(sendto(c, "x", 1, 0, (void *)&un, len), ENOENT);
}

TEST(shutdown_halves, "shutdown")
{
	char buf[8];

	signal(SIGPIPE, SIG_IGN);
	new_pair(SOCK_STREAM);
	CHECK_EQ(write(sv[0], "x", 1), 1);
	CHECK_OK(shutdown(sv[0], SHUT_WR));
	CHECK_EQ(read(sv[1], buf, 8), 1);
	CHECK_EQ(read(sv[1], buf, 8), 0);
	CHECK_ERRNO(write(sv[0], "x", 1), EPIPE);
	CHECK_EQ(write(sv[1], "y", 1), 1);
	CHECK_EQ(read(sv[0], buf, 8), 1);
	CHECK_OK(shutdown(sv[0], SHUT_RD));
	CHECK_EQ(read(sv[0], buf, 8), 0);
	CHECK_ERRNO(write(sv[1], "y", 1), EPIPE);
	CHECK_ERRNO(shutdown(sv[0], 3), EINVAL);
	CHECK_ERRNO(shutdown(99, SHUT_RD), EBADF);
	CHECK_ERRNO(shutdown(STDOUT_FILENO, SHUT_RD), ENOTSOCK);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	/* Unlike TCP, a socket without a peer may be shut down. */
	CHECK_OK(shutdown(fd, SHUT_RD));
}

TEST(peer_gone, "sendto recvfrom")
{
	char buf[8];

	signal(SIGPIPE, SIG_DFL);
	new_pair(SOCK_STREAM);
	close(sv[1]);
	CHECK_EQ(read(sv[0], buf, 8), 0);
	catch_signal(SIGPIPE, 0);
	CHECK_ERRNO(send(sv[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_EQ(caught[SIGPIPE], 0);
	CHECK_ERRNO(send(sv[0], "x", 1, 0), EPIPE);
	CHECK_EQ(caught[SIGPIPE], 1);
	/* Closing with data unread tells the peer by a reset. */
	new_pair(SOCK_STREAM);
	CHECK_EQ(write(sv[0], "unread", 6), 6);
	close(sv[1]);
	CHECK_ERRNO(read(sv[0], buf, 8), ECONNRESET);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), ENOTCONN);
	CHECK_ERRNO(recv(fd, buf, 1, 0), EINVAL);
}

static void send_w(void *arg)
{
	CHECK_EQ(send(sv[1], "w", 1, 0), 1);
}

static void send_from_tick(void)
{
	send(sv[1], "t", 1, 0);
}

TEST(recv_blocks, "recvfrom recvmsg")
{
	struct timeval tv = {0, 20000};
	char c;
	pid_t pid;

	new_pair(SOCK_STREAM);
	pid = spawn_after(20, send_w, NULL);
	CHECK_EQ(recv(sv[0], &c, 1, 0), 1);
	JOIN(pid);
	CHECK_INTERRUPTED(recv(sv[0], &c, 1, 0));
	CHECK_RESTARTED(recv(sv[0], &c, 1, 0), 1, send_from_tick);
	CHECK_OK(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	int64_t start = now_ns(CLOCK_MONOTONIC);
	CHECK_ERRNO(recv(sv[0], &c, 1, 0), EAGAIN);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20000000);
	/* With a time-out it is not restarted. */
	tv.tv_sec = 100;
	CHECK_OK(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	CHECK_NEVER_RESTARTED(recv(sv[0], &c, 1, 0));
	CHECK_ERRNO(recv(sv[0], bad, 1, MSG_DONTWAIT), EAGAIN);
	send_w(NULL);
	CHECK_ERRNO(sys(recvfrom, sv[0], bad, 1, 0, NULL, NULL), EFAULT);
	CHECK_ERRNO(sys(sendto, sv[0], bad, 1, 0, NULL, 0), EFAULT);
}

TEST(recv_waitall, "recvfrom")
{
	char buf[3];
	pid_t pid;

	new_pair(SOCK_STREAM);
	CHECK_EQ(write(sv[1], "ab", 2), 2);
	pid = spawn_after(20, send_w, NULL);
	CHECK_EQ(recv(sv[0], buf, 3, MSG_WAITALL), 3);
	CHECK(!memcmp(buf, "abw", 3));
	JOIN(pid);
	CHECK_ERRNO(recv(sv[0], buf, 1, MSG_OOB | MSG_DONTWAIT), EINVAL);
}

static void drain(void *arg)
{
	static char buf[65536];

	close(sv[0]);
	while (read(sv[1], buf, sizeof(buf)) > 0)
		;
}

TEST(send_blocks_when_full, "sendto write")
{
	static char big[1 << 20];
	struct timeval tv = {0, 20000};
	long sent = 0, n;
	pid_t pid;

	new_pair(SOCK_STREAM);
	while ((n = send(sv[0], big, 4096, MSG_DONTWAIT)) > 0)
		sent += n;
	CHECK_EQ(errno, EAGAIN);
	CHECK(sent >= 4096);
	CHECK_INTERRUPTED(send(sv[0], big, 1, 0));
	CHECK_OK(setsockopt(sv[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	CHECK_ERRNO(send(sv[0], big, 1, 0), EAGAIN);
	new_pair(SOCK_STREAM);
	pid = spawn_after(20, drain, NULL);
	close(sv[1]);
	CHECK_EQ(write(sv[0], big, sizeof(big)), sizeof(big));
	close(sv[0]);
	JOIN(pid);
}

/* One byte with this many descriptors beside it. */
static long send_fds(int sock, const int *fds, int count)
{
	char control[CMSG_SPACE(sizeof(int) * 300)] = {0};
	struct iovec iov = {"f", 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control};
	struct cmsghdr *c = (void *)control;

	msg.msg_controllen = CMSG_SPACE(sizeof(int) * count);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * count);
	return sendmsg(sock, &msg, 0);
}

/* Receives at most space descriptors; returns how many came, flags in *flags. */
static int recv_fds(int sock, int *fds, int space, int recv_flags, int *flags)
{
	char control[CMSG_SPACE(sizeof(int) * 16)] = {0}, data;
	struct iovec iov = {&data, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control};
	struct cmsghdr *c;
	int count;

	msg.msg_controllen = space ? CMSG_LEN(sizeof(int) * space) : 0;
	CHECK_EQ(recvmsg(sock, &msg, recv_flags), 1);
	*flags = msg.msg_flags;
	c = CMSG_FIRSTHDR(&msg);
	if (!c)
		return 0;
	CHECK_EQ(c->cmsg_level, SOL_SOCKET);
	CHECK_EQ(c->cmsg_type, SCM_RIGHTS);
	count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(c), sizeof(int) * count);
	return count;
}

TEST(scm_rights_pass_open_files, "sendmsg recvmsg")
{
	int p[2], got[4], flags, many[300];
	char buf[8];

	new_pair(SOCK_STREAM);
	REQUIRE(pipe(p) == 0);
	CHECK_EQ(send_fds(sv[0], p, 2), 1);
	CHECK_EQ(recv_fds(sv[1], got, 2, MSG_CMSG_CLOEXEC, &flags), 2);
	CHECK(got[0] != p[0] && fcntl(got[0], F_GETFD) == FD_CLOEXEC);
	CHECK_EQ(write(got[1], "via", 3), 3);
	CHECK_EQ(read(p[0], buf, 8), 3);
	/* In flight, the file lives though the sender closed it. */
	CHECK_EQ(send_fds(sv[0], &p[0], 1), 1);
	close(p[0]);
	close(got[0]);
	CHECK_EQ(write(p[1], "late", 4), 4);
	CHECK_EQ(recv_fds(sv[1], got, 1, 0, &flags), 1);
	CHECK_EQ(read(got[0], buf, 8), 4);
	/* Too little room: the rest is closed and the truncation told. */
	CHECK_EQ(send_fds(sv[0], p + 1, 1), 1);
	CHECK_EQ(recv_fds(sv[1], got, 0, 0, &flags), 0);
	CHECK_EQ(flags & MSG_CTRUNC, MSG_CTRUNC);
	int wrong = 99;
	CHECK_ERRNO(send_fds(sv[0], &wrong, 1), EBADF);
	for (int i = 0; i < 300; i++)
		many[i] = p[1];
	CHECK_ERRNO(send_fds(sv[0], many, 254), EINVAL);
}

static void receive_and_write(void *arg)
{
	int fd, flags;

	CHECK_EQ(recv_fds(sv[1], &fd, 1, 0, &flags), 1);
	CHECK_EQ(write(fd, "child", 5), 5);
}

TEST(scm_rights_to_another_process, "sendmsg recvmsg")
{
	char buf[8];
	int p[2];
	pid_t pid;

	new_pair(SOCK_DGRAM);
	pid = spawn(receive_and_write, NULL);
	REQUIRE(pipe(p) == 0);
	CHECK_EQ(send_fds(sv[0], &p[1], 1), 1);
	close(p[1]);
	CHECK_EQ(read(p[0], buf, 8), 5);
	JOIN(pid);
	/* The child has gone, and with it the last writer. */
	CHECK_EQ(read(p[0], buf, 8), 0);
}

TEST(scm_credentials_and_peercred, "setsockopt getsockopt recvmsg")
{
	char control[CMSG_SPACE(sizeof(struct ucred))], data[4];
	struct iovec iov = {data, 4};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	int one = 1;

	new_pair(SOCK_STREAM);
	CHECK_OK(getsockopt(sv[0], SOL_SOCKET, SO_PEERCRED, &cred, &len));
	CHECK(cred.pid == getpid() && cred.uid == geteuid() && cred.gid == getegid());
	CHECK_OK(setsockopt(sv[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)));
	CHECK_EQ(write(sv[0], "x", 1), 1);
	msg.msg_control = control;
	msg.msg_controllen = sizeof(control);
	CHECK_EQ(recvmsg(sv[1], &msg, 0), 1);
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	REQUIRE(c && c->cmsg_type == SCM_CREDENTIALS);
	memcpy(&cred, CMSG_DATA(c), sizeof(cred));
	CHECK(cred.pid == getpid() && cred.uid == getuid() && cred.gid == getgid());
	/* Another's pid may only be claimed with privileges. */
	drop_root();
	cred = (struct ucred){.pid = getppid(), .uid = getuid(), .gid = getgid()};
	memcpy(CMSG_DATA(c), &cred, sizeof(cred));
	msg.msg_controllen = sizeof(control);
	iov.iov_len = 1;
	CHECK_ERRNO(sendmsg(sv[0], &msg, 0), EPERM);
}

TEST(socket_options, "getsockopt setsockopt")
{
	int v = -1, fd;
	socklen_t len = sizeof(v);

	new_pair(SOCK_STREAM);
	CHECK_OK(getsockopt(sv[0], SOL_SOCKET, SO_TYPE, &v, &len));
	CHECK_EQ(v, SOCK_STREAM);
	CHECK_OK(getsockopt(sv[0], SOL_SOCKET, SO_DOMAIN, &v, &len));
	CHECK_EQ(v, AF_UNIX);
	CHECK_OK(getsockopt(sv[0], SOL_SOCKET, SO_ACCEPTCONN, &v, &len));
	CHECK_EQ(v, 0);
	CHECK_OK(getsockopt(sv[0], SOL_SOCKET, SO_ERROR, &v, &len));
	CHECK_EQ(v, 0);
	v = 10000;
	CHECK_OK(setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &v, sizeof(v)));
	CHECK_OK(getsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &v, &len));
	CHECK_EQ(v, 20000);
	CHECK_ERRNO(getsockopt(sv[0], SOL_SOCKET, 9999, &v, &len), ENOPROTOOPT);
	CHECK_ERRNO(setsockopt(sv[0], SOL_SOCKET, 9999, &v, sizeof(v)), ENOPROTOOPT);
	CHECK_ERRNO(setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &v, 1), EINVAL);
	CHECK_ERRNO(setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, bad, sizeof(v)), EFAULT);
	CHECK_ERRNO(getsockopt(sv[0], SOL_SOCKET, SO_TYPE, bad, &len), EFAULT);
	CHECK_ERRNO(getsockopt(sv[0], SOL_SOCKET, SO_TYPE, &v, bad), EFAULT);
	CHECK_ERRNO(getsockopt(99, SOL_SOCKET, SO_TYPE, &v, &len), EBADF);
	CHECK_ERRNO(getsockopt(STDOUT_FILENO, SOL_SOCKET, SO_TYPE, &v, &len), ENOTSOCK);
	fd = bound(SOCK_STREAM, "sock");
	CHECK_OK(listen(fd, 1));
	CHECK_OK(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &v, &len));
	CHECK_EQ(v, 1);
}

TEST(sendmmsg_and_recvmmsg, "sendmmsg recvmmsg")
{
	char in[3][4];
	struct iovec out_iov[3] = {{"a", 1}, {"bb", 2}, {"ccc", 3}}, in_iov[3];
	struct mmsghdr out[3], msgs[3];
	struct timespec ts = ms_to_ts(20), zero = {0, 0};

	new_pair(SOCK_DGRAM);
	memset(out, 0, sizeof(out));
	memset(msgs, 0, sizeof(msgs));
	for (int i = 0; i < 3; i++) {
		in_iov[i] = (struct iovec){in[i], 4};
		out[i].msg_hdr = (struct msghdr){.msg_iov = &out_iov[i], .msg_iovlen = 1};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &in_iov[i], .msg_iovlen = 1};
	}
	CHECK_EQ(sendmmsg(sv[0], out, 3, 0), 3);
	CHECK_EQ(out[2].msg_len, 3);
	CHECK_EQ(recvmmsg(sv[1], msgs, 2, 0, NULL), 2);
	CHECK(msgs[0].msg_len == 1 && msgs[1].msg_len == 2);
	/* Only the first may block. */
	CHECK_EQ(recvmmsg(sv[1], msgs, 3, MSG_WAITFORONE, NULL), 1);
	CHECK_ERRNO(recvmmsg(sv[1], msgs, 3, MSG_DONTWAIT, NULL), EAGAIN);
	CHECK_INTERRUPTED(recvmmsg(sv[1], msgs, 3, 0, NULL));
	ts.tv_nsec = 1000000000;
	CHECK_ERRNO(recvmmsg(sv[1], msgs, 3, 0, &ts), EINVAL);
	CHECK_ERRNO(recvmmsg(99, msgs, 3, 0, NULL), EBADF);
	CHECK_ERRNO(sendmmsg(99, out, 3, 0), EBADF);
	CHECK_ERRNO(sys(sendmmsg, sv[0], bad, 1, 0), EFAULT);
	CHECK_EQ(sendmmsg(sv[0], out, 0, 0), 0);
	/* The time-out is looked at after each message. */
	CHECK_EQ(sendmmsg(sv[0], out, 2, 0), 2);
	CHECK_EQ(recvmmsg(sv[1], msgs, 3, 0, &zero), 1);
}

TEST(ordinary_calls_on_sockets, "ioctl sendmsg recvmsg")
{
	struct stat st;
	struct msghdr msg = {0};
	int on = 1;
	char c;

	new_pair(SOCK_STREAM);
	CHECK_OK(fstat(sv[0], &st));
	CHECK(S_ISSOCK(st.st_mode));
	CHECK_OK(ioctl(sv[0], FIONBIO, &on));
	CHECK_ERRNO(read(sv[0], &c, 1), EAGAIN);
	CHECK_ERRNO(sys(sendmsg, sv[0], bad, 0), EFAULT);
	CHECK_ERRNO(sys(recvmsg, sv[0], bad, 0), EFAULT);
	CHECK_ERRNO(sendmsg(99, &msg, 0), EBADF);
	CHECK_ERRNO(recvmsg(99, &msg, 0), EBADF);
	msg.msg_iovlen = 1025;
	CHECK_ERRNO(sendmsg(sv[0], &msg, 0), EMSGSIZE);
	CHECK_ERRNO(ioctl(sv[0], TIOCGWINSZ, &on), ENOTTY);
}
