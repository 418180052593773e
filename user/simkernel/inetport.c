// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who owns which port: bind conflicts with SO_REUSEADDR and SO_REUSEPORT,
 * ephemeral ports in ascending order (the same in every run), and the pairs of
 * closed connections that wait out their time. These need no timer: an entry
 * that is too old is dropped when somebody looks. Belongs to the holder of the
 * run token.
 */
#include <netinet/in.h>
#include "simkernel/net.h"

struct list *port_bucket(struct socket *sk, u16 port)
{
	struct sock_table *t = sock_table(sk->host);

	return &(sk->proto == PROTO_TCP ? t->tcp_ports : t->udp_ports)[port % NET_BUCKETS];
}

/* Whether two local addresses could receive the same packet. */
static bool overlap(const u8 *a, bool a_only6, const u8 *b, bool b_only6)
{
	bool a_any = inet_is_any(a), b_any = inet_is_any(b);
	bool a4 = inet_is_mapped(a), b4 = inet_is_mapped(b);

	if (a4 != b4) {
		/* The IPv6 wildcard covers IPv4, unless it is told not to */
		if (a4)
			return b_any && !b_only6;
		return a_any && !a_only6;
	}
	return a_any || b_any || inet_same(a, b);
}

static bool conflicts(struct socket *sk, struct socket *other)
{
	if (!overlap(sk->in.local.ip, sk->in.v6only, other->in.local.ip, other->in.v6only))
		return false;
	if (sk->reuseaddr && other->reuseaddr &&
	    (sk->proto == PROTO_UDP || other->state != ST_LISTEN))
		return false;
	if (sk->reuseport && other->reuseport && sk->uid == other->uid)
		return false;
	return true;
}

void time_wait_expire(struct host *h)
{
	struct sock_table *t = sock_table(h);

	while (!list_empty(&t->time_waits)) {
		struct time_wait *tw = list_first(&t->time_waits, struct time_wait, order);

		if (tw->expiry_ns > host_now(h) && t->ntime_wait <= TCP_TW_MAX)
			break;
		list_del(&tw->order);
		list_del(&tw->link);
		t->ntime_wait--;
		arena_free(h, tw);
	}
}

/* A closed connection keeps its port from a bind without SO_REUSEADDR. */
static bool time_wait_conflict(struct socket *sk, u16 port)
{
	struct sock_table *t = sock_table(sk->host);
	struct time_wait *tw;

	if (sk->proto != PROTO_TCP)
		return false;
	time_wait_expire(sk->host);
	list_for_each (tw, &t->time_wait[port % NET_BUCKETS], link)
		if (tw->local.port == port && !(sk->reuseaddr && tw->reuseaddr) &&
		    overlap(sk->in.local.ip, sk->in.v6only, tw->local.ip, false))
			return true;
	return false;
}

bool port_conflict(struct socket *sk, u16 port)
{
	struct socket *other;

	list_for_each (other, port_bucket(sk, port), in.port_link)
		if (other != sk && other->in.local.port == port &&
		    other->protocol == sk->protocol && conflicts(sk, other))
			return true;
	return time_wait_conflict(sk, port);
}

/* Nobody at all has it: what an ephemeral port should be. */
static bool port_unused(struct socket *sk, u16 port)
{
	struct sock_table *t = sock_table(sk->host);
	struct socket *other;
	struct time_wait *tw;

	list_for_each (other, port_bucket(sk, port), in.port_link)
		if (other->in.local.port == port && other->protocol == sk->protocol)
			return false;
	if (sk->proto == PROTO_TCP)
		list_for_each (tw, &t->time_wait[port % NET_BUCKETS], link)
			if (tw->local.port == port)
				return false;
	return true;
}

static void port_enter(struct socket *sk, u16 port)
{
	sk->in.local.port = port;
	list_add(&sk->in.port_link, port_bucket(sk, port));
}

static u16 next_ephemeral(struct socket *sk)
{
	u16 *next = &sock_table(sk->host)->next_port[sk->proto == PROTO_UDP];
	u16 port = *next;

	*next = port == PORT_LAST ? PORT_FIRST : port + 1;
	return port;
}

long port_take(struct socket *sk, u16 port)
{
	u32 tries;

	if (port) {
		if (port_conflict(sk, port))
			return -EADDRINUSE;
		port_enter(sk, port);
		return 0;
	}
	time_wait_expire(sk->host);
	for (tries = PORT_LAST - PORT_FIRST + 1; tries; tries--) {
		port = next_ephemeral(sk);
		if (port_unused(sk, port)) {
			port_enter(sk, port);
			return 0;
		}
	}
	return -EADDRINUSE;
}

/* The pair of addresses is taken, by a connection or by one that waits out its time. */
static bool pair_taken(struct socket *sk, u16 port)
{
	struct sock_table *t = sock_table(sk->host);
	struct socket *other;
	struct time_wait *tw;

	list_for_each (other, port_bucket(sk, port), in.port_link) {
		if (other->in.local.port != port)
			continue;
		/* Ports that a program asked for are not shared */
		if (other->in.port_locked || other->state == ST_LISTEN || !other->in.remote.port)
			return true;
		if (other->in.remote.port == sk->in.remote.port &&
		    inet_same(other->in.remote.ip, sk->in.remote.ip) &&
		    inet_same(other->in.local.ip, sk->in.local.ip))
			return true;
	}
	list_for_each (tw, &t->time_wait[port % NET_BUCKETS], link)
		if (tw->local.port == port && tw->remote.port == sk->in.remote.port &&
		    inet_same(tw->remote.ip, sk->in.remote.ip))
			return true;
	return false;
}

long port_autobind(struct socket *sk)
{
	u32 tries;

	if (sk->in.local.port)
		return 0;
	if (!port_take(sk, 0))
		return 0;
	if (sk->proto != PROTO_TCP)
		return -EAGAIN;
	for (tries = PORT_LAST - PORT_FIRST + 1; tries; tries--) {
		u16 port = next_ephemeral(sk);

		if (!pair_taken(sk, port)) {
			port_enter(sk, port);
			return 0;
		}
	}
	return -EADDRNOTAVAIL;
}

void port_release(struct socket *sk)
{
	list_del(&sk->in.port_link);
	sk->in.local.port = 0;
}

void port_inherit(struct socket *child)
{
	list_add_tail(&child->in.port_link, port_bucket(child, child->in.local.port));
}

/* The side that closed first keeps the pair for a while. No memory: it is free at once. */
void time_wait_add(struct socket *sk)
{
	struct host *h = sk->host;
	struct sock_table *t = sock_table(h);
	struct time_wait *tw;

	if (!sk->in.local.port)
		return;
	time_wait_expire(h);
	tw = arena_alloc(h, sizeof(*tw));
	if (!tw)
		return;
	tw->local = sk->in.local;
	tw->remote = sk->in.remote;
	tw->expiry_ns = host_now(h) + TCP_TW_NS;
	tw->reuseaddr = sk->reuseaddr;
	tw->v6 = sk->family == AF_INET6;
	list_add_tail(&tw->link, &t->time_wait[sk->in.local.port % NET_BUCKETS]);
	list_add_tail(&tw->order, &t->time_waits);
	t->ntime_wait++;
}
