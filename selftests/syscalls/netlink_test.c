// SPDX-License-Identifier: GPL-2.0-or-later
/* NETLINK_ROUTE as getifaddrs and language runtimes use it. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "check.h"

static int route_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	REQUIRE(fd >= 0);
	return fd;
}

struct ask {
	struct nlmsghdr hdr;
	union {
		struct rtgenmsg gen;
		struct ifinfomsg link;
	};
};

static long ask(int fd, int type, int flags, int index)
{
	struct ask a = {.hdr = {sizeof(a), type, NLM_F_REQUEST | flags, 7, 0}};

	a.link.ifi_index = index;
	return send(fd, &a, sizeof(a), 0);
}

/* Messages of one type until the end of a dump; the end's number must be ours. */
static int count_dump(int fd, int type)
{
	char buf[16384];
	int n = 0;

	for (;;) {
		int len = recv(fd, buf, sizeof(buf), 0);
		struct nlmsghdr *h = (void *)buf;

		REQUIRE(len > 0);
		for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
			CHECK_EQ(h->nlmsg_seq, 7);
			if (h->nlmsg_type == NLMSG_DONE)
				return n;
			CHECK(h->nlmsg_flags & NLM_F_MULTI);
			n += h->nlmsg_type == type;
		}
	}
}

TEST(loopback_has_its_addresses, "socket bind sendto recvmsg")
{
	struct ifaddrs *list, *i;
	bool v4 = false, v6 = false;

	REQUIRE(getifaddrs(&list) == 0);
	for (i = list; i; i = i->ifa_next) {
		char text[INET6_ADDRSTRLEN] = "";

		if (strcmp(i->ifa_name, "lo") || !i->ifa_addr)
			continue;
		CHECK(i->ifa_flags & IFF_LOOPBACK);
		if (i->ifa_addr->sa_family == AF_INET) {
			inet_ntop(AF_INET, &((struct sockaddr_in *)i->ifa_addr)->sin_addr, text,
				  sizeof(text));
			v4 |= !strcmp(text, "127.0.0.1");
		} else if (i->ifa_addr->sa_family == AF_INET6) {
			inet_ntop(AF_INET6, &((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr, text,
				  sizeof(text));
			v6 |= !strcmp(text, "::1");
		}
	}
	freeifaddrs(list);
	CHECK(v4);
	CHECK(v6);
	CHECK_EQ(if_nametoindex("lo"), 1);
}

TEST(dumps_end, "sendto recvfrom")
{
	int fd = route_socket();

	CHECK_EQ(ask(fd, RTM_GETLINK, NLM_F_DUMP, 0), sizeof(struct ask));
	CHECK(count_dump(fd, RTM_NEWLINK) >= 1);
	CHECK_EQ(ask(fd, RTM_GETADDR, NLM_F_DUMP, 0), sizeof(struct ask));
	CHECK(count_dump(fd, RTM_NEWADDR) >= 2);
	CHECK_EQ(ask(fd, RTM_GETROUTE, NLM_F_DUMP, 0), sizeof(struct ask));
	CHECK(count_dump(fd, RTM_NEWROUTE) >= 1);
}

TEST(one_link_by_index, "sendto recvfrom")
{
	char buf[8192];
	struct nlmsghdr *h = (void *)buf;
	int fd = route_socket();

	CHECK_EQ(ask(fd, RTM_GETLINK, 0, 1), sizeof(struct ask));
	REQUIRE(recv(fd, buf, sizeof(buf), 0) > 0);
	CHECK_EQ(h->nlmsg_type, RTM_NEWLINK);
	CHECK_EQ(((struct ifinfomsg *)NLMSG_DATA(h))->ifi_index, 1);
	CHECK_EQ(ask(fd, RTM_GETLINK, 0, 4711), sizeof(struct ask));
	REQUIRE(recv(fd, buf, sizeof(buf), 0) > 0);
	CHECK_EQ(h->nlmsg_type, NLMSG_ERROR);
	CHECK_EQ(((struct nlmsgerr *)NLMSG_DATA(h))->error, -ENODEV);
}

TEST(names_of_netlink_sockets, "bind getsockname")
{
	struct sockaddr_nl nl = {.nl_family = AF_NETLINK}, got;
	socklen_t len = sizeof(got);
	int fd = route_socket(), other = route_socket();

	CHECK_OK(bind(fd, (void *)&nl, sizeof(nl)));
	CHECK_OK(getsockname(fd, (void *)&got, &len));
	CHECK(got.nl_family == AF_NETLINK && got.nl_pid != 0 && len == sizeof(got));
	CHECK_ERRNO(bind(other, (void *)&got, sizeof(got)), EADDRINUSE);
	CHECK_OK(bind(other, (void *)&nl, sizeof(nl)));
	CHECK_ERRNO(recv(fd, &got, sizeof(got), MSG_DONTWAIT), EAGAIN);
	CHECK_ERRNO(bind(socket(AF_NETLINK, SOCK_RAW, 0), (void *)&nl, 4), EINVAL);
	CHECK_ERRNO(socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE), ESOCKTNOSUPPORT);
	CHECK_ERRNO(socket(AF_NETLINK, SOCK_RAW, 99), EPROTONOSUPPORT);
}
