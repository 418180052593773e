// SPDX-License-Identifier: GPL-2.0-or-later
/* What TCP and UDP ports remember: closed pairs, full queues, shared ports, groups. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "check.h"

static struct sockaddr_in lo(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int port_of(int fd)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	REQUIRE(getsockname(fd, (void *)&sin, &len) == 0);
	return ntohs(sin.sin_port);
}

static int bind_to(int fd, int port)
{
	struct sockaddr_in sin = lo(port);

	return bind(fd, (void *)&sin, sizeof(sin));
}

static int connect_to(int fd, int port)
{
	struct sockaddr_in sin = lo(port);

	return connect(fd, (void *)&sin, sizeof(sin));
}

static void set(int fd, int option)
{
	CHECK_OK(setsockopt(fd, SOL_SOCKET, option, &(int){1}, sizeof(int)));
}

static int listener(int backlog)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	REQUIRE(fd >= 0 && bind_to(fd, 0) == 0 && listen(fd, backlog) == 0);
	return fd;
}

TEST(closed_pair_keeps_its_port, "bind close setsockopt")
{
	int l = listener(1), port = port_of(l), client = socket(AF_INET, SOCK_STREAM, 0), conn, fd;
	char c;

	CHECK_OK(connect_to(client, port));
	REQUIRE((conn = accept(l, NULL, NULL)) >= 0);
	close(l);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_ERRNO(bind_to(fd, port), EADDRINUSE); /* the connection lives */
	close(conn);				    /* first to close: this side waits */
	CHECK_EQ(read(client, &c, 1), 0);
	close(client);
	CHECK_ERRNO(bind_to(fd, port), EADDRINUSE);
	close(fd);
	l = listener(1);
	port = port_of(l);
	close(l);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_OK(bind_to(fd, port)); /* a listener alone leaves nothing behind */
}

TEST(closed_pair_gives_way_to_reuseaddr, "bind close setsockopt")
{
	int l = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), port,
	    conn;
	char c;

	set(l, SO_REUSEADDR);
	REQUIRE(bind_to(l, 0) == 0 && listen(l, 1) == 0);
	port = port_of(l);
	CHECK_OK(connect_to(client, port));
	REQUIRE((conn = accept(l, NULL, NULL)) >= 0);
	close(l);
	close(conn);
	CHECK_EQ(read(client, &c, 1), 0);
	close(client);
	l = socket(AF_INET, SOCK_STREAM, 0);
	set(l, SO_REUSEADDR);
	CHECK_OK(bind_to(l, port));
	CHECK_OK(listen(l, 1));
}

TEST(full_queue_delays_a_connection, "listen connect accept")
{
	int l = listener(0), first = socket(AF_INET, SOCK_STREAM, 0);
	int second = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd p = {second, POLLOUT, 0};
	int64_t begun;
	int err = -1;
	socklen_t len = sizeof(err);

	CHECK_OK(connect_to(first, port_of(l)));
	begun = now_ns(CLOCK_MONOTONIC);
	CHECK_ERRNO(connect_to(second, port_of(l)), EINPROGRESS);
	CHECK_EQ(poll(&p, 1, 100), 0);
	CHECK_ERRNO(connect_to(second, port_of(l)), EALREADY);
	CHECK(accept(l, NULL, NULL) >= 0);
	/* The request is made again after a second, not when there is room */
	CHECK_EQ(poll(&p, 1, 20000), 1);
	CHECK(now_ns(CLOCK_MONOTONIC) - begun >= 900000000);
	CHECK_OK(getsockopt(second, SOL_SOCKET, SO_ERROR, &err, &len));
	CHECK_EQ(err, 0);
	CHECK_OK(connect_to(second, port_of(l)));
	CHECK_ERRNO(connect_to(second, port_of(l)), EISCONN);
}

TEST(reuseport_shares_connections, "bind setsockopt accept")
{
	int l[2], port = 0, n[2] = {0, 0}, fd;

	for (int i = 0; i < 2; i++) {
		l[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		set(l[i], SO_REUSEPORT);
		REQUIRE(bind_to(l[i], port) == 0 && listen(l[i], 64) == 0);
		port = port_of(l[i]);
	}
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_ERRNO(bind_to(fd, port), EADDRINUSE);
	for (int i = 0; i < 40; i++)
		CHECK_OK(connect_to(socket(AF_INET, SOCK_STREAM, 0), port));
	for (int i = 0; i < 2; i++)
		while (accept(l[i], NULL, NULL) >= 0)
			n[i]++;
	CHECK_EQ(n[0] + n[1], 40);
	CHECK(n[0] > 0 && n[1] > 0);
}

TEST(closed_listener_resets_what_waits, "close connect")
{
	int l = listener(4), client = socket(AF_INET, SOCK_STREAM, 0);
	struct pollfd p = {client, POLLIN, 0};
	char c;

	CHECK_OK(connect_to(client, port_of(l)));
	close(l);
	CHECK_EQ(poll(&p, 1, 1000), 1);
	CHECK(p.revents & POLLHUP);
	CHECK_ERRNO(read(client, &c, 1), ECONNRESET);
}

TEST(fresh_socket_polls_as_hung_up, "socket poll")
{
	struct pollfd p = {socket(AF_INET, SOCK_STREAM, 0), POLLIN | POLLOUT, 0};

	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLOUT | POLLHUP);
	p.fd = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLOUT);
	p.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLOUT | POLLHUP);
}

TEST(groups_reach_their_members, "setsockopt sendto recvfrom")
{
	struct ip_mreq req = {{inet_addr("239.1.2.3")}, {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
	int in[2], out = socket(AF_INET, SOCK_DGRAM, 0), port;
	struct in_addr via = {htonl(INADDR_LOOPBACK)};
	char c;

	for (int i = 0; i < 2; i++) {
		in[i] = socket(AF_INET, SOCK_DGRAM, 0);
		set(in[i], SO_REUSEADDR);
		REQUIRE(bind(in[i], (void *)&sin, sizeof(sin)) == 0);
		port = port_of(in[i]);
		sin.sin_port = htons(port);
		CHECK_OK(setsockopt(in[i], IPPROTO_IP, IP_ADD_MEMBERSHIP, &req, sizeof(req)));
	}
	CHECK_ERRNO(setsockopt(in[0], IPPROTO_IP, IP_ADD_MEMBERSHIP, &req, sizeof(req)),
		    EADDRINUSE);
	CHECK_OK(setsockopt(out, IPPROTO_IP, IP_MULTICAST_IF, &via, sizeof(via)));
	sin.sin_addr = req.imr_multiaddr;
	CHECK_EQ(sendto(out, "g", 1, 0, (void *)&sin, sizeof(sin)), 1);
	CHECK_EQ(recv(in[0], &c, 1, 0), 1);
	CHECK_EQ(recv(in[1], &c, 1, 0), 1);
	CHECK_OK(setsockopt(in[1], IPPROTO_IP, IP_DROP_MEMBERSHIP, &req, sizeof(req)));
	CHECK_ERRNO(setsockopt(in[1], IPPROTO_IP, IP_DROP_MEMBERSHIP, &req, sizeof(req)),
		    EADDRNOTAVAIL);
}

TEST(discarded_bytes_are_not_copied, "recvfrom")
{
	int l = listener(1), client = socket(AF_INET, SOCK_STREAM, 0), conn;
	char buf[8] = "keep";

	CHECK_OK(connect_to(client, port_of(l)));
	REQUIRE((conn = accept(l, NULL, NULL)) >= 0);
	CHECK_EQ(send(client, "0123456", 7, 0), 7);
	CHECK_EQ(recv(conn, buf, 4, MSG_TRUNC), 4);
	CHECK(!strcmp(buf, "keep"));
	CHECK_EQ(recv(conn, buf, 8, 0), 3);
	CHECK(!memcmp(buf, "456", 3));
}

TEST(corked_datagrams_leave_as_one, "sendto setsockopt")
{
	int in = socket(AF_INET, SOCK_DGRAM, 0), out = socket(AF_INET, SOCK_DGRAM, 0), on = 1,
	    off = 0;
	char buf[16];

	REQUIRE(bind_to(in, 0) == 0);
	CHECK_OK(connect_to(out, port_of(in)));
	CHECK_EQ(send(out, "ab", 2, MSG_MORE), 2);
	CHECK_ERRNO(recv(in, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(send(out, "cd", 2, 0), 2);
	CHECK_EQ(recv(in, buf, sizeof(buf), 0), 4);
	CHECK(!memcmp(buf, "abcd", 4));
	CHECK_OK(setsockopt(out, IPPROTO_UDP, UDP_CORK, &on, sizeof(on)));
	CHECK_EQ(send(out, "ef", 2, 0), 2);
	CHECK_EQ(send(out, "g", 1, 0), 1);
	CHECK_ERRNO(recv(in, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	CHECK_OK(setsockopt(out, IPPROTO_UDP, UDP_CORK, &off, sizeof(off)));
	CHECK_EQ(recv(in, buf, sizeof(buf), 0), 3);
	CHECK(!memcmp(buf, "efg", 3));
}

/* The line of /proc/net/NAME that has this socket's inode: its state, or -1. */
static int state_in(const char *name, int fd)
{
	char line[512];
	struct stat st;
	FILE *f = fopen(name, "r");
	int state = -1;

	REQUIRE(f && fstat(fd, &st) == 0);
	while (state < 0 && fgets(line, sizeof(line), f)) {
		unsigned int s;
		unsigned long ino;

		if (sscanf(line, "%*d: %*s %*s %x %*s %*s %*s %*s %*s %lu", &s, &ino) == 2 &&
		    ino == st.st_ino)
			state = s;
	}
	fclose(f);
	return state;
}

TEST(proc_net_lists_sockets, "newfstatat")
{
	int l = listener(1), client = socket(AF_INET, SOCK_STREAM, 0), conn;
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	char c;

	CHECK_EQ(state_in("/proc/net/tcp", l), 10);
	CHECK_OK(connect_to(client, port_of(l)));
	REQUIRE((conn = accept(l, NULL, NULL)) >= 0);
	CHECK_EQ(state_in("/proc/net/tcp", conn), 1);
	CHECK_OK(shutdown(conn, SHUT_WR));
	CHECK_EQ(read(client, &c, 1), 0);
	CHECK((state_in("/proc/net/tcp", conn) & ~1) ==
	      4); /* whether the FIN is acknowledged or not */
	CHECK_EQ(state_in("/proc/net/tcp", client), 8);
	CHECK_OK(bind_to(udp, 0));
	CHECK_EQ(state_in("/proc/net/udp", udp), 7);
}
