// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Internet addresses as TCP and UDP sockets use them: IPv4 is kept v4-mapped,
 * so one comparison serves both families and dual-stack sockets. Decides which
 * addresses are the host's own; what is not, cannot be reached yet. Belongs to
 * the holder of the run token.
 */
#include <netinet/in.h>
#include "base/string.h"
#include "simkernel/net.h"

static const u8 mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
static const u8 loopback6[16] = {[15] = 1};

bool inet_is_mapped(const u8 *ip)
{
	return !memcmp(ip, mapped_prefix, sizeof(mapped_prefix));
}

bool inet_is_any(const u8 *ip)
{
	static const u8 zero[16];

	return inet_is_mapped(ip) ? !memcmp(ip + 12, zero, 4) : !memcmp(ip, zero, 16);
}

bool inet_is_loopback(const u8 *ip)
{
	return inet_is_mapped(ip) ? ip[12] == 127 : !memcmp(ip, loopback6, 16);
}

bool inet_is_multicast(const u8 *ip)
{
	return inet_is_mapped(ip) ? (ip[12] & 0xf0) == 0xe0 : ip[0] == 0xff;
}

bool inet_is_broadcast(const u8 *ip)
{
	static const u8 all[4] = {255, 255, 255, 255}, lo[4] = {127, 255, 255, 255};

	return inet_is_mapped(ip) && (!memcmp(ip + 12, all, 4) || !memcmp(ip + 12, lo, 4));
}

bool inet_same(const u8 *a, const u8 *b)
{
	return !memcmp(a, b, 16);
}

bool inet_is_local(struct sock_table *t, const u8 *ip)
{
	if (inet_is_loopback(ip))
		return true;
	if (inet_is_mapped(ip))
		return t->has_ip4 && !memcmp(ip + 12, t->own_ip4, 4);
	return t->has_ip6 && inet_same(ip, t->own_ip6);
}

void inet_set_v4(u8 *ip, u32 addr_be)
{
	memcpy(ip, mapped_prefix, sizeof(mapped_prefix));
	memcpy(ip + 12, &addr_be, 4);
}

u32 inet_get_v4(const u8 *ip)
{
	u32 addr;

	memcpy(&addr, ip + 12, 4);
	return addr;
}

void inet_init(struct socket *sk)
{
	struct inet_sock *in = &sk->in;

	list_init(&in->port_link);
	list_init(&in->listen_link);
	list_init(&in->groups);
	if (sk->family == AF_INET) {
		inet_set_v4(in->local.ip, 0);
		inet_set_v4(in->remote.ip, 0);
	}
	in->ttl = in->hops = 64;
	in->mc_ttl = in->mc_hops = 1;
	in->mc_loop = 1;
	in->mc_all = true;
	in->mtu_discover = in->mtu_discover6 = IP_PMTUDISC_WANT;
	if (sk->proto != PROTO_TCP)
		return;
	sk->sndbuf = 16384;
	sk->rcvbuf = 131072;
	in->keepidle = 7200;
	in->keepintvl = 75;
	in->keepcnt = 9;
	in->syncnt = 6;
	in->quickack = true;
	str_copy(in->congestion, "cubic", sizeof(in->congestion));
}

static long addr_from_v4(const struct sockmsg *m, struct inet_addr *out)
{
	const struct sockaddr_in *sin = (const void *)m->name;

	if (m->namelen < sizeof(*sin))
		return -EINVAL;
	inet_set_v4(out->ip, sin->sin_addr.s_addr);
	out->port = __builtin_bswap16(sin->sin_port);
	return 0;
}

long inet_addr_from(struct socket *sk, const struct sockmsg *m, struct inet_addr *out)
{
	const struct sockaddr_in6 *sin6 = (const void *)m->name;
	u32 shortest = offsetof(struct sockaddr_in6, sin6_scope_id);

	if (sk->family == AF_INET) {
		if (m->namelen < sizeof(struct sockaddr_in))
			return -EINVAL;
		return m->sa.sa_family == AF_INET ? addr_from_v4(m, out) : -EAFNOSUPPORT;
	}
	if (m->namelen < sizeof(sa_family_t))
		return -EINVAL;
	if (m->sa.sa_family == AF_INET && sk->proto == PROTO_UDP && !sk->in.v6only)
		return addr_from_v4(m, out);
	if (m->namelen < shortest)
		return -EINVAL;
	if (m->sa.sa_family != AF_INET6)
		return -EAFNOSUPPORT;
	memcpy(out->ip, &sin6->sin6_addr, 16);
	out->port = __builtin_bswap16(sin6->sin6_port);
	return 0;
}

void inet_addr_to(struct socket *sk, const struct inet_addr *a, struct sockmsg *m)
{
	struct sockaddr_in *sin = (void *)m->name;
	struct sockaddr_in6 *sin6 = (void *)m->name;

	memset(m->name, 0, sizeof(*sin6));
	m->sa.sa_family = sk->family;
	if (sk->family == AF_INET) {
		sin->sin_port = __builtin_bswap16(a->port);
		sin->sin_addr.s_addr = inet_get_v4(a->ip);
		m->namelen = sizeof(*sin);
	} else {
		sin6->sin6_port = __builtin_bswap16(a->port);
		memcpy(&sin6->sin6_addr, a->ip, 16);
		m->namelen = sizeof(*sin6);
	}
}

/*
 * Finds the way to dst, which becomes a real address where it was the
 * wildcard, and the source address that goes with it.
 */
long inet_route(struct socket *sk, struct inet_addr *dst, u8 *src)
{
	struct sock_table *t = sock_table(sk->host);
	bool v4;

	if (inet_is_mapped(dst->ip) && sk->family == AF_INET6 && sk->in.v6only)
		return -ENETUNREACH;
	if (inet_is_any(dst->ip)) {
		if (inet_is_mapped(dst->ip) ||
		    (sk->in.addr_locked && inet_is_mapped(sk->in.local.ip)))
			inet_set_v4(dst->ip, __builtin_bswap32(INADDR_LOOPBACK));
		else
			memcpy(dst->ip, loopback6, 16);
	}
	v4 = inet_is_mapped(dst->ip);
	if (inet_is_multicast(dst->ip)) {
		if (v4)
			inet_set_v4(src, t->has_ip4 ? *(u32 *)t->own_ip4
						    : __builtin_bswap32(INADDR_LOOPBACK));
		else
			memcpy(src, t->has_ip6 ? t->own_ip6 : loopback6, 16);
		return 0;
	}
	if (inet_is_broadcast(dst->ip) && dst->ip[12] == 127) {
		inet_set_v4(src, __builtin_bswap32(INADDR_LOOPBACK));
		return 0;
	}
	if (!inet_is_local(t, dst->ip))
		return -ENETUNREACH;
	if (v4 && inet_is_loopback(dst->ip))
		inet_set_v4(src, __builtin_bswap32(INADDR_LOOPBACK));
	else
		memcpy(src, dst->ip, 16);
	return 0;
}

static bool may_bind(struct socket *sk, const u8 *ip)
{
	if (inet_is_any(ip) || inet_is_local(sock_table(sk->host), ip))
		return true;
	if (sk->in.freebind)
		return true;
	return sk->proto == PROTO_UDP && (inet_is_multicast(ip) || inet_is_broadcast(ip));
}

long inet_bind(struct thread *th, struct socket *sk, const struct sockmsg *m)
{
	struct inet_sock *in = &sk->in;
	struct inet_addr addr, old = in->local;
	struct sockmsg any = *m;
	long ret;

	/* Old programs bind with AF_UNSPEC and the wildcard */
	if (sk->family == AF_INET && m->namelen >= sizeof(struct sockaddr_in) &&
	    m->sa.sa_family == AF_UNSPEC && !((struct sockaddr_in *)m->name)->sin_addr.s_addr)
		any.sa.sa_family = AF_INET;
	else if (sk->family == AF_INET6 && m->namelen >= 24 && m->sa.sa_family != AF_INET6)
		return -EAFNOSUPPORT;
	ret = inet_addr_from(sk, &any, &addr);
	if (ret)
		return ret;
	if (sk->family == AF_INET6 && inet_is_mapped(addr.ip) && in->v6only)
		return -EINVAL;
	if (!may_bind(sk, addr.ip))
		return -EADDRNOTAVAIL;
	if (addr.port && addr.port < 1024 && th->task->process->uid)
		return -EACCES;
	if (sk->state != ST_CLOSE || in->local.port)
		return -EINVAL;
	memcpy(in->local.ip, addr.ip, 16);
	ret = port_take(sk, addr.port);
	if (ret) {
		in->local = old;
		return ret;
	}
	in->addr_locked = !inet_is_any(addr.ip);
	in->port_locked = addr.port != 0;
	return 0;
}

long inet_getname(struct socket *sk, bool peer, struct sockmsg *m)
{
	if (!peer) {
		inet_addr_to(sk, &sk->in.local, m);
		return 0;
	}
	if (!sk->in.remote.port || sk->state == ST_CLOSE || sk->state == ST_SYN_SENT)
		return -ENOTCONN;
	inet_addr_to(sk, &sk->in.remote, m);
	return 0;
}
