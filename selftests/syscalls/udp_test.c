// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp_test.c - UDP over loopback, IPv4 and IPv6: messages, connected sockets
 * and their errors, time-outs, sizes, ancillary data.
 */
#include "inet.h"

#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>

static struct endpoint a_at, b_at;
static int a, b;

static void two(int family)
{
	a = bound_socket(family, SOCK_DGRAM, &a_at);
	b = bound_socket(family, SOCK_DGRAM, &b_at);
}

TEST_BOTH(udp_messages_and_sender, "socket bind sendto recvfrom")
{
	struct endpoint from = {.len = sizeof(from.storage)};
	char buf[8];

	two(family);
	CHECK_EQ(sendto(a, "abc", 3, 0, &b_at.sa, b_at.len), 3);
	CHECK_EQ(sendto(a, "", 0, 0, &b_at.sa, b_at.len), 0);
	CHECK_EQ(sendto(a, "defgh", 5, 0, &b_at.sa, b_at.len), 5);
	CHECK_EQ(recvfrom(b, buf, 8, 0, &from.sa, &from.len), 3);
	CHECK_EQ(port_of(&from), port_of(&a_at));
	CHECK_EQ(from.len, a_at.len);
	CHECK_EQ(recv(b, buf, 8, 0), 0);
	CHECK_EQ(recv(b, buf, 2, MSG_PEEK | MSG_TRUNC), 5);
	CHECK_EQ(recv(b, buf, 2, 0), 2);
	/* The rest of a message is lost. */
	CHECK_ERRNO(recv(b, buf, 8, MSG_DONTWAIT), EAGAIN);
}

TEST_BOTH(udp_send_errors, "sendto sendmsg")
{
	struct msghdr msg = {0};
	static char big[70000];

	two(family);
	CHECK_ERRNO(send(a, "x", 1, 0), EDESTADDRREQ);
	CHECK_ERRNO(sendto(a, big, sizeof(big), 0, &b_at.sa, b_at.len), EMSGSIZE);
	CHECK_ERRNO(sendto(a, "x", 1, 0, &b_at.sa, 2), EINVAL);
	CHECK_ERRNO(sendto(99, "x", 1, 0, &b_at.sa, b_at.len), EBADF);
	CHECK_ERRNO(sendto(STDOUT_FILENO, "x", 1, 0, &b_at.sa, b_at.len), ENOTSOCK);
	CHECK_ERRNO(sendto(a, bad, 10, 0, &b_at.sa, b_at.len), EFAULT);
	CHECK_ERRNO(sendto(a, "x", 1, 0, bad, b_at.len), EFAULT);
	if (family == AF_INET)
		CHECK_ERRNO(sendto(a, "x", 1, MSG_OOB, &b_at.sa, b_at.len), EOPNOTSUPP);
	CHECK_ERRNO(listen(a, 1), EOPNOTSUPP);
	CHECK_ERRNO(accept(a, NULL, NULL), EOPNOTSUPP);
	CHECK_ERRNO(sendmsg(a, &msg, 0), EDESTADDRREQ);
	struct endpoint zero = loopback(family, 0);
	CHECK_ERRNO(sendto(a, "x", 1, 0, &zero.sa, zero.len), EINVAL);
}

TEST_BOTH(udp_connected, "connect getpeername sendto recvfrom")
{
	struct endpoint peer = {.len = sizeof(peer.storage)}, c_at;
	char buf[8];
	int c;

	two(family);
	c = bound_socket(family, SOCK_DGRAM, &c_at);
	/* A port that bind chose would be given up again with the connection. */
	close(a);
	a = socket(family, SOCK_DGRAM, 0);
	REQUIRE(bind(a, &a_at.sa, a_at.len) == 0);
	CHECK_OK(connect(a, &b_at.sa, b_at.len));
	CHECK_OK(getpeername(a, &peer.sa, &peer.len));
	CHECK_EQ(port_of(&peer), port_of(&b_at));
	CHECK_EQ(write(a, "hi", 2), 2);
	CHECK_EQ(recv(b, buf, 8, 0), 2);
	/* Others are not heard. */
	CHECK_EQ(sendto(c, "no", 2, 0, &a_at.sa, a_at.len), 2);
	CHECK_EQ(sendto(b, "yes", 3, 0, &a_at.sa, a_at.len), 3);
	CHECK_EQ(recv(a, buf, 8, 0), 3);
	CHECK_ERRNO(recv(a, buf, 8, MSG_DONTWAIT), EAGAIN);
	/* Dissolved by an address without a family. */
	CHECK_OK(connect(a, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr)));
	CHECK_ERRNO(getpeername(a, &peer.sa, &peer.len), ENOTCONN);
	CHECK_EQ(sendto(c, "now", 3, 0, &a_at.sa, a_at.len), 3);
	CHECK_EQ(recv(a, buf, 8, 0), 3);
}

TEST_BOTH(udp_nobody_there, "connect sendto recvfrom getsockopt")
{
	struct pollfd pfd = {.events = POLLIN};
	int err;
	socklen_t len = sizeof(err);
	char c;

	two(family);
	close(b);
	pfd.fd = a;
	/* Unconnected: the ICMP error has nobody to go to. */
	CHECK_EQ(sendto(a, "x", 1, 0, &b_at.sa, b_at.len), 1);
	CHECK_OK(connect(a, &b_at.sa, b_at.len));
	CHECK_EQ(send(a, "x", 1, 0), 1);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK(pfd.revents & POLLERR);
	CHECK_ERRNO(recv(a, &c, 1, 0), ECONNREFUSED);
	CHECK_EQ(send(a, "x", 1, 0), 1);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK_OK(getsockopt(a, SOL_SOCKET, SO_ERROR, &err, &len));
	CHECK_EQ(err, ECONNREFUSED);
	CHECK_ERRNO(recv(a, &c, 1, MSG_DONTWAIT), EAGAIN);
}

static void send_w(void *arg)
{
	CHECK_EQ(sendto(a, "w", 1, 0, &b_at.sa, b_at.len), 1);
}

static void send_from_tick(void)
{
	sendto(a, "t", 1, 0, &b_at.sa, b_at.len);
}

TEST_BOTH(udp_recv_blocks, "recvfrom recvmsg poll setsockopt")
{
	struct timeval tv = {0, 20000};
	struct pollfd pfd = {.events = POLLIN};
	struct iovec iov;
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	int64_t start;
	pid_t pid;
	char c;

	two(family);
	pid = spawn_after(20, send_w, NULL);
	CHECK_EQ(recv(b, &c, 1, 0), 1);
	JOIN(pid);
	pfd.fd = b;
	pid = spawn_after(20, send_w, NULL);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	iov = (struct iovec){&c, 1};
	CHECK_EQ(recvmsg(b, &msg, 0), 1);
	JOIN(pid);
	CHECK_INTERRUPTED(recv(b, &c, 1, 0));
	CHECK_RESTARTED(recv(b, &c, 1, 0), 1, send_from_tick);
	CHECK_OK(setsockopt(b, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	start = now_ns(CLOCK_MONOTONIC);
	CHECK_ERRNO(recv(b, &c, 1, 0), EAGAIN);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20000000);
	tv = (struct timeval){100, 0};
	CHECK_OK(setsockopt(b, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	CHECK_NEVER_RESTARTED(recv(b, &c, 1, 0));
	tv.tv_usec = 1000000;
	CHECK_ERRNO(setsockopt(b, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), EDOM);
	send_w(NULL);
	CHECK_ERRNO(sys(recvfrom, b, bad, 1, 0, NULL, NULL), EFAULT);
}

TEST_BOTH(udp_bind_errors, "bind")
{
	two(family);
	CHECK_ERRNO(bind(a, &b_at.sa, b_at.len), EINVAL);
	int c = socket(family, SOCK_DGRAM, 0);
	CHECK_ERRNO(bind(c, &b_at.sa, b_at.len), EADDRINUSE);
	close(b);
	CHECK_OK(bind(c, &b_at.sa, b_at.len));
}

TEST_BOTH(udp_autobind, "sendto getsockname")
{
	struct endpoint at;
	int fd;

	two(family);
	fd = socket(family, SOCK_DGRAM, 0);
	at = local_of(fd);
	CHECK_EQ(port_of(&at), 0);
	CHECK_EQ(sendto(fd, "x", 1, 0, &b_at.sa, b_at.len), 1);
	at = local_of(fd);
	CHECK(port_of(&at) != 0);
}

TEST_BOTH(udp_sendmmsg_recvmmsg, "sendmmsg recvmmsg")
{
	char in[2][4];
	struct iovec out_iov[2] = {{"a", 1}, {"bb", 2}}, in_iov[2] = {{in[0], 4}, {in[1], 4}};
	struct endpoint from[2];
	struct mmsghdr out[2], msgs[2];

	two(family);
	memset(out, 0, sizeof(out));
	memset(msgs, 0, sizeof(msgs));
	for (int i = 0; i < 2; i++) {
		out[i].msg_hdr = (struct msghdr){.msg_name = &b_at.sa,
						 .msg_namelen = b_at.len,
						 .msg_iov = &out_iov[i],
						 .msg_iovlen = 1};
		msgs[i].msg_hdr = (struct msghdr){.msg_name = &from[i].sa,
						  .msg_namelen = sizeof(from[i].storage),
						  .msg_iov = &in_iov[i],
						  .msg_iovlen = 1};
	}
	CHECK_EQ(sendmmsg(a, out, 2, 0), 2);
	CHECK_EQ(recvmmsg(b, msgs, 2, 0, NULL), 2);
	CHECK(msgs[0].msg_len == 1 && msgs[1].msg_len == 2);
	CHECK_EQ(port_of(&from[1]), port_of(&a_at));
}

TEST(udp_pktinfo_and_options, "setsockopt getsockopt recvmsg")
{
	char control[CMSG_SPACE(sizeof(struct in_pktinfo))], data[4];
	struct iovec iov = {data, 4};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct in_pktinfo info;
	int one = 1, v = 0, n = 0;
	socklen_t len = sizeof(v);

	two(AF_INET);
	CHECK_OK(setsockopt(b, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one)));
	CHECK_EQ(sendto(a, "abc", 3, 0, &b_at.sa, b_at.len), 3);
	CHECK_OK(ioctl(b, FIONREAD, &n));
	CHECK_EQ(n, 3);
	msg.msg_control = control;
	msg.msg_controllen = sizeof(control);
	CHECK_EQ(recvmsg(b, &msg, 0), 3);
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	REQUIRE(c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO);
	memcpy(&info, CMSG_DATA(c), sizeof(info));
	CHECK_EQ(ntohl(info.ipi_addr.s_addr), INADDR_LOOPBACK);
	CHECK_EQ(info.ipi_ifindex, if_nametoindex("lo"));
	CHECK_OK(getsockopt(b, IPPROTO_IP, IP_TTL, &v, &len));
	CHECK_EQ(v, 64);
	CHECK_OK(getsockopt(b, SOL_SOCKET, SO_BROADCAST, &v, &len));
	CHECK_EQ(v, 0);
	struct endpoint all = loopback(AF_INET, 9);
	all.in.sin_addr.s_addr = INADDR_BROADCAST;
	if (sendto(a, "x", 1, 0, &all.sa, all.len) == -1)
		CHECK(errno == EACCES || errno == ENETUNREACH);
	else
		FAIL("broadcasting without SO_BROADCAST was allowed");
}

TEST(raw_sockets_need_privileges, "socket")
{
	drop_root();
	CHECK_ERRNO(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EPERM);
	CHECK_ERRNO(socket(AF_PACKET, SOCK_RAW, 0), EPERM);
	CHECK_ERRNO(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
}

TEST(loopback_interface, "ioctl")
{
	struct ifreq ifr = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_OK(ioctl(fd, SIOCGIFFLAGS, &ifr));
	CHECK(ifr.ifr_flags & IFF_LOOPBACK && ifr.ifr_flags & IFF_UP);
	CHECK_OK(ioctl(fd, SIOCGIFADDR, &ifr));
	CHECK_EQ(ntohl(((struct sockaddr_in *)&ifr.ifr_addr)->sin_addr.s_addr), INADDR_LOOPBACK);
	strcpy(ifr.ifr_name, "nosuch0");
	CHECK_ERRNO(ioctl(fd, SIOCGIFFLAGS, &ifr), ENODEV);
	CHECK_ERRNO(ioctl(fd, SIOCGIFFLAGS, bad), EFAULT);
}
