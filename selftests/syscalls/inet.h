/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inet.h - loopback addresses of both families, so that every TCP and UDP test
 * is written once and run over IPv4 and over IPv6.
 */
#ifndef SYSCALLS_INET_H
#define SYSCALLS_INET_H

#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

struct endpoint {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	};
	socklen_t len;
};

/* The loopback address with this port, in host order. */
static inline struct endpoint loopback(int family, int port)
{
	struct endpoint e;

	memset(&e, 0, sizeof(e));
	e.sa.sa_family = family;
	if (family == AF_INET) {
		e.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		e.in.sin_port = htons(port);
		e.len = sizeof(e.in);
	} else {
		e.in6.sin6_addr = in6addr_loopback;
		e.in6.sin6_port = htons(port);
		e.len = sizeof(e.in6);
	}
	return e;
}

static inline int port_of(const struct endpoint *e)
{
	return ntohs(e->sa.sa_family == AF_INET ? e->in.sin_port : e->in6.sin6_port);
}

static inline struct endpoint local_of(int fd)
{
	struct endpoint e;

	memset(&e, 0, sizeof(e));
	e.len = sizeof(e.storage);
	CHECK_OK(getsockname(fd, &e.sa, &e.len));
	return e;
}

/* A socket bound to a free loopback port, which is stored in *at. */
static inline int bound_socket(int family, int type, struct endpoint *at)
{
	int fd = socket(family, type, 0);

	if (fd < 0 && errno == EAFNOSUPPORT)
		skip("this machine has no IPv6");
	REQUIRE(fd >= 0);
	*at = loopback(family, 0);
	if (bind(fd, &at->sa, at->len) && errno == EADDRNOTAVAIL)
		skip("this machine has no IPv6 loopback");
	*at = local_of(fd);
	REQUIRE(port_of(at) != 0);
	return fd;
}

/* Defines one test per address family from a function of the family. */
#define TEST_BOTH(name_, covers_)             \
	static void both_##name_(int family); \
	TEST(name_##_ipv4, covers_)           \
	{                                     \
		both_##name_(AF_INET);        \
	}                                     \
	TEST(name_##_ipv6, covers_)           \
	{                                     \
		both_##name_(AF_INET6);       \
	}                                     \
	static void both_##name_(int family)

#endif
