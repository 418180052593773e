// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink_errors_test.c - addresses of netlink sockets, and what they refuse.
 */
#include "check.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

static int nl;

static void open_netlink(void)
{
	nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	REQUIRE(nl >= 0);
}

TEST(names_of_a_netlink_socket, "socket bind getsockname")
{
	struct sockaddr_nl at = {.nl_family = AF_NETLINK}, got;
	socklen_t len = sizeof(got);

	open_netlink();
	CHECK_OK(bind(nl, (void *)&at, sizeof(at)));
	CHECK_OK(getsockname(nl, (void *)&got, &len));
	CHECK(got.nl_family == AF_NETLINK && len == sizeof(got));
	/* The first socket of a process gets its pid. */
	CHECK_EQ(got.nl_pid, getpid());
	at.nl_family = AF_INET;
	CHECK_ERRNO(bind(nl, (void *)&at, sizeof(at)), EINVAL);
	CHECK_ERRNO(bind(nl, (void *)&at, 3), EINVAL);
	CHECK_ERRNO(socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE), ESOCKTNOSUPPORT);
	CHECK_ERRNO(socket(AF_NETLINK, SOCK_RAW, 999), EPROTONOSUPPORT);
}

TEST(unknown_request_is_refused, "sendto recvfrom")
{
	struct nlmsghdr req = {.nlmsg_len = sizeof(req),
			       .nlmsg_type = 9999,
			       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
			       .nlmsg_seq = 5};
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char rest[256];
	} reply;

	open_netlink();
	CHECK_EQ(send(nl, &req, sizeof(req), 0), sizeof(req));
	CHECK(recv(nl, &reply, sizeof(reply), 0) >= (long)NLMSG_LENGTH(sizeof(reply.e)));
	CHECK_EQ(reply.h.nlmsg_type, NLMSG_ERROR);
	CHECK_EQ(reply.e.error, -EOPNOTSUPP);
	CHECK_ERRNO(recv(nl, &reply, sizeof(reply), MSG_DONTWAIT), EAGAIN);
}
