// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_test.c - TCP over loopback, IPv4 and IPv6: connecting and its errors,
 * blocking and not, both ways of closing, urgent data, options.
 */
#include "inet.h"

#include <netdb.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static struct endpoint server_at;
static int server, client, conn;

static void serve(int family)
{
	server = bound_socket(family, SOCK_STREAM, &server_at);
	REQUIRE(listen(server, 5) == 0);
}

static void connected(int family)
{
	serve(family);
	client = socket(family, SOCK_STREAM, 0);
	REQUIRE(client >= 0);
	REQUIRE(connect(client, &server_at.sa, server_at.len) == 0);
	conn = accept(server, NULL, NULL);
	REQUIRE(conn >= 0);
}

TEST_BOTH(tcp_connect_and_names, "socket bind listen connect accept getsockname getpeername")
{
	struct endpoint from = {.len = sizeof(from.storage)}, got;

	serve(family);
	client = socket(family, SOCK_STREAM, 0);
	CHECK_OK(connect(client, &server_at.sa, server_at.len));
	conn = CHECK_OK(accept(server, &from.sa, &from.len));
	got = local_of(client);
	CHECK_EQ(from.len, server_at.len);
	CHECK_EQ(port_of(&got), port_of(&from));
	got.len = sizeof(got.storage);
	CHECK_OK(getpeername(client, &got.sa, &got.len));
	CHECK(!memcmp(&got.storage, &server_at.storage, server_at.len));
	got = local_of(conn);
	CHECK_EQ(port_of(&got), port_of(&server_at));
	got.len = sizeof(got.storage);
	CHECK_ERRNO(getpeername(server, &got.sa, &got.len), ENOTCONN);
	CHECK_ERRNO(sys(getpeername, client, bad, &got.len), EFAULT);
	/* A short buffer is filled as far as it goes, and the length told. */
	got.len = 2;
	CHECK_OK(getsockname(client, &got.sa, &got.len));
	CHECK_EQ(got.len, server_at.len);
}

TEST_BOTH(tcp_is_a_byte_stream, "read write sendto recvfrom writev ioctl")
{
	struct iovec iov[2] = {{"hello ", 6}, {"world", 5}};
	char buf[32];
	int n;

	connected(family);
	CHECK_EQ(writev(client, iov, 2), 11);
	CHECK_EQ(recv(conn, buf, 5, MSG_PEEK), 5);
	CHECK_EQ(recv(conn, buf, 11, MSG_WAITALL), 11);
	CHECK(!memcmp(buf, "hello world", 11));
	CHECK_EQ(send(conn, "pong", 4, MSG_DONTWAIT), 4);
	CHECK_EQ(recv(client, buf, 32, 0), 4);
	CHECK_ERRNO(recv(client, buf, 32, MSG_DONTWAIT), EAGAIN);
	CHECK_OK(ioctl(client, FIONREAD, &n));
	CHECK_EQ(n, 0);
	CHECK_ERRNO(read(server, buf, 1), ENOTCONN);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERRNO(write(server, buf, 1), EPIPE);
	CHECK_ERRNO(sys(sendto, client, bad, 10, 0, NULL, 0), EFAULT);
	CHECK_ERRNO(lseek(client, 0, SEEK_CUR), ESPIPE);
}

TEST_BOTH(tcp_connect_errors, "connect")
{
	struct endpoint nobody;
	int fd = bound_socket(family, SOCK_STREAM, &nobody);

	/* Bound but not listening: refused. */
	client = socket(family, SOCK_STREAM, 0);
	CHECK_ERRNO(connect(client, &nobody.sa, nobody.len), ECONNREFUSED);
	CHECK_ERRNO(connect(99, &nobody.sa, nobody.len), EBADF);
	CHECK_ERRNO(connect(STDOUT_FILENO, &nobody.sa, nobody.len), ENOTSOCK);
	CHECK_ERRNO(connect(client, bad, nobody.len), EFAULT);
	CHECK_ERRNO(connect(client, &nobody.sa, 1), EINVAL);
	nobody.sa.sa_family = AF_UNIX;
	CHECK_ERRNO(connect(client, &nobody.sa, nobody.len), EAFNOSUPPORT);
	close(fd);
	connected(family);
	CHECK_ERRNO(connect(client, &server_at.sa, server_at.len), EISCONN);
}

TEST_BOTH(tcp_nonblocking_connect, "connect getsockopt poll")
{
	struct pollfd pfd = {.events = POLLOUT};
	struct endpoint nobody;
	int err = -1;
	socklen_t len = sizeof(err);

	serve(family);
	client = pfd.fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (connect(client, &server_at.sa, server_at.len))
		CHECK_EQ(errno, EINPROGRESS);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK_EQ(pfd.revents, POLLOUT);
	CHECK_OK(getsockopt(client, SOL_SOCKET, SO_ERROR, &err, &len));
	CHECK_EQ(err, 0);
	/* Asking once more tells of the success, then that it is so. */
	if (connect(client, &server_at.sa, server_at.len))
		CHECK_EQ(errno, EISCONN);

	bound_socket(family, SOCK_STREAM, &nobody);
	pfd.fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (connect(pfd.fd, &nobody.sa, nobody.len) == -1 && errno == ECONNREFUSED)
		return;
	CHECK_EQ(errno, EINPROGRESS);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK(pfd.revents & (POLLERR | POLLHUP));
	CHECK_OK(getsockopt(pfd.fd, SOL_SOCKET, SO_ERROR, &err, &len));
	CHECK_EQ(err, ECONNREFUSED);
	CHECK_OK(getsockopt(pfd.fd, SOL_SOCKET, SO_ERROR, &err, &len));
	CHECK_EQ(err, 0);
}

TEST_BOTH(tcp_bind_errors, "bind")
{
	struct endpoint at, other;
	int fd = bound_socket(family, SOCK_STREAM, &at), second = socket(family, SOCK_STREAM, 0);

	CHECK_ERRNO(bind(second, &at.sa, at.len), EADDRINUSE);
	CHECK_ERRNO(bind(fd, &at.sa, at.len), EINVAL);
	CHECK_ERRNO(bind(second, &at.sa, 4), EINVAL);
	CHECK_ERRNO(bind(second, bad, at.len), EFAULT);
	CHECK_ERRNO(bind(99, &at.sa, at.len), EBADF);
	CHECK_ERRNO(bind(STDOUT_FILENO, &at.sa, at.len), ENOTSOCK);
	other = loopback(family, 0);
	if (family == AF_INET)
		other.in.sin_addr.s_addr = htonl(0xc0000201);
	else
		other.in6.sin6_addr.s6_addr[0] = 0x20;
	CHECK_ERRNO(bind(second, &other.sa, other.len), EADDRNOTAVAIL);
	drop_root();
	other = loopback(family, 80);
	if (bind(second, &other.sa, other.len) == 0)
		return; /* net.ipv4.ip_unprivileged_port_start allows it here. */
	CHECK(errno == EACCES);
}

TEST_BOTH(tcp_reuseaddr_and_port, "bind setsockopt listen")
{
	struct endpoint at;
	int one = 1, fd = socket(family, SOCK_STREAM, 0), second;

	at = loopback(family, 0);
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	CHECK_OK(bind(fd, &at.sa, at.len));
	at = local_of(fd);
	second = socket(family, SOCK_STREAM, 0);
	CHECK_OK(setsockopt(second, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	CHECK_OK(bind(second, &at.sa, at.len));
	/* Only one of them may listen. */
	CHECK_OK(listen(fd, 1));
	CHECK_ERRNO(listen(second, 1), EADDRINUSE);

	fd = socket(family, SOCK_STREAM, 0);
	second = socket(family, SOCK_STREAM, 0);
	at = loopback(family, 0);
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)));
	CHECK_OK(setsockopt(second, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)));
	CHECK_OK(bind(fd, &at.sa, at.len));
	at = local_of(fd);
	CHECK_OK(bind(second, &at.sa, at.len));
	CHECK_OK(listen(fd, 1));
	CHECK_OK(listen(second, 1));
}

static void connect_once(void *arg)
{
	int fd = socket(server_at.sa.sa_family, SOCK_STREAM, 0);

	CHECK_OK(connect(fd, &server_at.sa, server_at.len));
}

static void connect_from_tick(void)
{
	connect_once(NULL);
}

TEST_BOTH(tcp_accept_blocks, "accept accept4 poll")
{
	struct timeval tv = {0, 20000};
	struct pollfd pfd;
	pid_t pid;

	serve(family);
	pfd = (struct pollfd){.fd = server, .events = POLLIN};
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	pid = spawn_after(20, connect_once, NULL);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	conn = CHECK_OK(accept4(server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	CHECK(fcntl(conn, F_GETFL) & O_NONBLOCK);
	CHECK_EQ(fcntl(conn, F_GETFD), FD_CLOEXEC);
	JOIN(pid);
	pid = spawn_after(20, connect_once, NULL);
	CHECK_OK(accept(server, NULL, NULL));
	JOIN(pid);
	CHECK_INTERRUPTED(accept(server, NULL, NULL));
	tick_start(SA_RESTART, connect_from_tick);
	CHECK_OK(accept(server, NULL, NULL));
	CHECK(ticks >= 3);
	tick_stop();
	CHECK_OK(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	CHECK_ERRNO(accept(server, NULL, NULL), EAGAIN);
	CHECK_OK(fcntl(server, F_SETFL, O_NONBLOCK));
	CHECK_ERRNO(accept(server, NULL, NULL), EAGAIN);
	CHECK_ERRNO(accept(client = socket(family, SOCK_STREAM, 0), NULL, NULL), EINVAL);
	CHECK_ERRNO(accept4(server, NULL, NULL, 0x4), EINVAL);
}

static void send_w(void *arg)
{
	CHECK_EQ(send(client, "w", 1, 0), 1);
}

static void send_from_tick(void)
{
	send(client, "t", 1, 0);
}

TEST_BOTH(tcp_recv_blocks, "recvfrom")
{
	struct timeval tv = {0, 20000};
	int64_t start;
	pid_t pid;
	char c;

	connected(family);
	pid = spawn_after(20, send_w, NULL);
	CHECK_EQ(recv(conn, &c, 1, 0), 1);
	JOIN(pid);
	CHECK_INTERRUPTED(recv(conn, &c, 1, 0));
	CHECK_RESTARTED(recv(conn, &c, 1, 0), 1, send_from_tick);
	CHECK_OK(setsockopt(conn, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	start = now_ns(CLOCK_MONOTONIC);
	CHECK_ERRNO(recv(conn, &c, 1, 0), EAGAIN);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20000000);
	tv.tv_sec = 100;
	CHECK_OK(setsockopt(conn, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	CHECK_NEVER_RESTARTED(recv(conn, &c, 1, 0));
	send_w(NULL);
	CHECK_ERRNO(sys(recvfrom, conn, bad, 1, 0, NULL, NULL), EFAULT);
}

static void echo_all(void *arg)
{
	static char buf[100000];
	ssize_t n;

	close(client);
	while ((n = read(conn, buf, sizeof(buf))) > 0)
		for (ssize_t done = 0; done < n;) {
			ssize_t m = write(conn, buf + done, n - done);

			REQUIRE(m > 0);
			done += m;
		}
}

TEST_BOTH(tcp_carries_megabytes_both_ways, "sendto recvfrom poll shutdown")
{
	static unsigned char out[4096], in[65536];
	size_t sent = 0, got = 0, total = 2000000;
	pid_t pid;

	connected(family);
	pid = spawn(echo_all, NULL);
	close(conn);
	REQUIRE(fcntl(client, F_SETFL, O_NONBLOCK) == 0);
	while (got < total) {
		struct pollfd pfd = {.fd = client, .events = POLLIN | (sent < total ? POLLOUT : 0)};
		ssize_t n;

		REQUIRE(poll(&pfd, 1, -1) == 1);
		if (pfd.revents & POLLOUT) {
			size_t want = total - sent < sizeof(out) ? total - sent : sizeof(out);

			for (size_t i = 0; i < want; i++)
				out[i] = (sent + i) * 31 >> 3;
			n = send(client, out, want, 0);
			sent += n > 0 ? n : 0;
			if (sent == total)
				CHECK_OK(shutdown(client, SHUT_WR));
		}
		n = recv(client, in, sizeof(in), 0);
		if (n == 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			REQUIRE(in[i] == (unsigned char)((got + i) * 31 >> 3));
		got += n > 0 ? n : 0;
	}
	CHECK_EQ(got, total);
	JOIN(pid);
}

TEST_BOTH(tcp_send_blocks_when_nobody_reads, "sendto setsockopt")
{
	static char big[65536];
	struct timeval tv = {0, 20000};
	struct pollfd pfd;
	long n;

	connected(family);
	while ((n = send(client, big, sizeof(big), MSG_DONTWAIT)) > 0)
		;
	CHECK_EQ(errno, EAGAIN);
	/* Data still on its way to the receiver's buffer may free some room. */
	for (int i = 0; i < 20; i++) {
		sleep_ms(5);
		while (send(client, big, sizeof(big), MSG_DONTWAIT) > 0)
			;
	}
	pfd = (struct pollfd){.fd = client, .events = POLLOUT};
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	CHECK_INTERRUPTED(send(client, big, 1, 0));
	CHECK_OK(setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	CHECK_ERRNO(send(client, big, 1, 0), EAGAIN);
}

TEST_BOTH(tcp_shutdown_and_end_of_file, "shutdown poll")
{
	struct pollfd pfd;
	char buf[8];

	signal(SIGPIPE, SIG_IGN);
	connected(family);
	CHECK_EQ(send(client, "last", 4, 0), 4);
	CHECK_OK(shutdown(client, SHUT_WR));
	CHECK_EQ(recv(conn, buf, 8, MSG_WAITALL), 4);
	CHECK_EQ(recv(conn, buf, 8, 0), 0);
	CHECK_ERRNO(send(client, "x", 1, 0), EPIPE);
	/* The other direction still works. */
	CHECK_EQ(send(conn, "back", 4, 0), 4);
	CHECK_EQ(recv(client, buf, 8, 0), 4);
	pfd = (struct pollfd){.fd = conn, .events = POLLIN | POLLOUT | POLLRDHUP};
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK_EQ(pfd.revents, POLLIN | POLLOUT | POLLRDHUP);
	CHECK_OK(shutdown(conn, SHUT_WR));
	CHECK_EQ(recv(client, buf, 8, 0), 0);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK(pfd.revents & POLLHUP);
	CHECK_ERRNO(shutdown(conn, 5), EINVAL);
	CHECK_ERRNO(shutdown(socket(family, SOCK_STREAM, 0), SHUT_WR), ENOTCONN);
}

TEST_BOTH(tcp_reset, "close setsockopt recvfrom sendto")
{
	struct linger hard = {.l_onoff = 1, .l_linger = 0};
	struct pollfd pfd;
	char c;

	signal(SIGPIPE, SIG_IGN);
	connected(family);
	CHECK_OK(setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(client);
	pfd = (struct pollfd){.fd = conn, .events = POLLIN};
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK(pfd.revents & POLLERR);
	CHECK_ERRNO(recv(conn, &c, 1, 0), ECONNRESET);
	CHECK_EQ(recv(conn, &c, 1, 0), 0);
	CHECK_ERRNO(send(conn, "x", 1, 0), EPIPE);

	/* Closed with data unread: a reset too. */
	connected(family);
	CHECK_EQ(send(conn, "unread", 6, 0), 6);
	pfd = (struct pollfd){.fd = client, .events = POLLIN};
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	close(client);
	pfd = (struct pollfd){.fd = conn, .events = POLLIN};
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK_ERRNO(recv(conn, &c, 1, 0), ECONNRESET);
}

TEST_BOTH(tcp_urgent_data, "sendto recvfrom ioctl setsockopt")
{
	struct pollfd pfd;
	char c = 0;
	int mark = 0;

	connected(family);
	CHECK_EQ(send(client, "abU", 3, MSG_OOB), 3);
	pfd = (struct pollfd){.fd = conn, .events = POLLPRI};
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK_EQ(recv(conn, &c, 1, MSG_OOB), 1);
	CHECK_EQ(c, 'U');
	char buf[8];
	CHECK_EQ(recv(conn, buf, 8, 0), 2);
	CHECK_OK(ioctl(conn, SIOCATMARK, &mark));
	CHECK_EQ(mark, 1);
	CHECK_ERRNO(recv(conn, &c, 1, MSG_OOB), EINVAL);
}

TEST_BOTH(tcp_options, "getsockopt setsockopt")
{
	int v, one = 1;
	socklen_t len = sizeof(v);
	static const int flags[] = {TCP_NODELAY, TCP_CORK};

	connected(family);
	for (size_t i = 0; i < 2; i++) {
		CHECK_OK(getsockopt(client, IPPROTO_TCP, flags[i], &v, &len));
		CHECK_EQ(v, 0);
		CHECK_OK(setsockopt(client, IPPROTO_TCP, flags[i], &one, sizeof(one)));
		CHECK_OK(getsockopt(client, IPPROTO_TCP, flags[i], &v, &len));
		CHECK_EQ(v, 1);
		v = 0;
		CHECK_OK(setsockopt(client, IPPROTO_TCP, flags[i], &v, sizeof(v)));
	}
	CHECK_OK(setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	v = 42;
	CHECK_OK(setsockopt(client, IPPROTO_TCP, TCP_KEEPIDLE, &v, sizeof(v)));
	v = 0;
	CHECK_OK(getsockopt(client, IPPROTO_TCP, TCP_KEEPIDLE, &v, &len));
	CHECK_EQ(v, 42);
	CHECK_ERRNO(setsockopt(client, IPPROTO_TCP, TCP_KEEPIDLE, &(int){0}, sizeof(v)), EINVAL);
	CHECK_OK(getsockopt(client, IPPROTO_TCP, TCP_MAXSEG, &v, &len));
	CHECK(v >= 500);
	CHECK_OK(getsockopt(client, SOL_SOCKET, SO_PROTOCOL, &v, &len));
	CHECK_EQ(v, IPPROTO_TCP);
	CHECK_OK(getsockopt(client, SOL_SOCKET, SO_DOMAIN, &v, &len));
	CHECK_EQ(v, family);
	CHECK_ERRNO(getsockopt(client, IPPROTO_TCP, 9999, &v, &len), ENOPROTOOPT);
	CHECK_ERRNO(setsockopt(client, IPPROTO_TCP, 9999, &v, sizeof(v)), ENOPROTOOPT);
	CHECK_ERRNO(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &v, 1), EINVAL);
	CHECK_ERRNO(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, bad, sizeof(v)), EFAULT);
	struct tcp_info info;
	len = sizeof(info);
	CHECK_OK(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &len));
	CHECK_EQ(info.tcpi_state, TCP_ESTABLISHED);
}

TEST_BOTH(tcp_connection_survives_the_listener, "close accept")
{
	char c;

	connected(family);
	close(server);
	CHECK_EQ(send(client, "x", 1, 0), 1);
	CHECK_EQ(recv(conn, &c, 1, 0), 1);
	int second = socket(family, SOCK_STREAM, 0);
	CHECK_ERRNO(connect(second, &server_at.sa, server_at.len), ECONNREFUSED);
}

TEST_BOTH(tcp_sendfile, "sendfile")
{
	char buf[16];
	int file;

	make_file("file", "file content", 0600);
	file = open("file", O_RDONLY);
	connected(family);
	CHECK_EQ(sendfile(client, file, NULL, 100), 12);
	CHECK_EQ(recv(conn, buf, 12, MSG_WAITALL), 12);
	CHECK(!memcmp(buf, "file content", 12));
}

TEST(wildcard_ipv6_socket_takes_ipv4, "socket bind connect accept getpeername")
{
	struct endpoint at, from = {.len = sizeof(from.storage)};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd < 0)
		skip("this machine has no IPv6");
	at = loopback(AF_INET6, 0);
	at.in6.sin6_addr = in6addr_any;
	CHECK_OK(bind(fd, &at.sa, at.len));
	CHECK_OK(listen(fd, 1));
	at = local_of(fd);
	at = loopback(AF_INET, port_of(&at));
	client = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_OK(connect(client, &at.sa, at.len));
	CHECK_OK(accept(fd, &from.sa, &from.len));
	CHECK(IN6_IS_ADDR_V4MAPPED(&from.in6.sin6_addr));
	int one = 1;
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	CHECK_OK(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
	at = loopback(AF_INET6, 0);
	CHECK_OK(bind(fd, &at.sa, at.len));
	CHECK_OK(listen(fd, 1));
	at = local_of(fd);
	at = loopback(AF_INET, port_of(&at));
	client = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_ERRNO(connect(client, &at.sa, at.len), ECONNREFUSED);
}
