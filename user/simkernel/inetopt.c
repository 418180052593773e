// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options of IP, IPv6, TCP and UDP sockets, and the multicast groups that they
 * join. Belongs to the holder of the run token.
 */
#include <netinet/in.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include "base/string.h"
#include "simkernel/sockopt.h"

#define LO_MTU	65536
#define LO_MSS4 65483
#define LO_MSS6 65463

/* A group that a socket has joined. */
struct mc_group {
	struct list link;
	u8 ip[16];
};

#define IN(level, name, field, size, flags, lo, hi, def)                                 \
	{                                                                                \
		level, name, offsetof(struct socket, in.field), size, flags, lo, hi, def \
	}
#define IP4(name, field, size, flags, lo, hi, def) \
	IN(IPPROTO_IP, name, field, size, flags, lo, hi, def)
#define IP6(name, field, size, flags, lo, hi, def) \
	IN(IPPROTO_IPV6, name, field, size, flags, lo, hi, def)
#define TCP(name, field, size, flags, lo, hi, def) \
	IN(IPPROTO_TCP, name, field, size, flags, lo, hi, def)

static const struct sockopt inet_options[] = {
	IP4(IP_TOS, tos, 1, 0, INT32_MIN, INT32_MAX, 0),
	IP4(IP_TTL, ttl, 1, OPT_DEFAULT, 1, 255, 64),
	IP4(IP_MULTICAST_TTL, mc_ttl, 1, OPT_DEFAULT, 0, 255, 1),
	IP4(IP_MULTICAST_LOOP, mc_loop, 1, OPT_BOOL, 0, 1, 0),
	IP4(IP_PKTINFO, pktinfo, 1, OPT_BOOL, 0, 1, 0),
	IP4(IP_RECVTTL, recv_ttl, 1, OPT_BOOL, 0, 1, 0),
	IP4(IP_RECVTOS, recv_tos, 1, OPT_BOOL, 0, 1, 0),
	IP4(IP_RECVERR, recverr, 1, OPT_BOOL, 0, 1, 0),
	IP4(IP_FREEBIND, freebind, 1, OPT_BOOL, 0, 1, 0),
	IP4(IP_RECVORIGDSTADDR, recv_origdst, 1, OPT_BOOL, 0, 1, 0),
	IP4(IP_BIND_ADDRESS_NO_PORT, bind_no_port, 1, OPT_BOOL, 0, 1, 0),
	IP4(IP_MULTICAST_ALL, mc_all, 1, OPT_BOOL, 0, 1, 0),
	IP4(IP_MTU_DISCOVER, mtu_discover, 4, 0, 0, 5, 0),
	IP6(IPV6_UNICAST_HOPS, hops, 1, OPT_DEFAULT, 0, 255, 64),
	IP6(IPV6_MULTICAST_HOPS, mc_hops, 1, OPT_DEFAULT, 0, 255, 1),
	IP6(IPV6_MULTICAST_LOOP, mc_loop, 1, OPT_BOOL, 0, 1, 0),
	IP6(IPV6_MULTICAST_IF, mc_if, 4, 0, 0, 1, 0),
	IP6(IPV6_RECVPKTINFO, pktinfo6, 1, OPT_BOOL, 0, 1, 0),
	IP6(IPV6_RECVHOPLIMIT, recv_hops, 1, OPT_BOOL, 0, 1, 0),
	IP6(IPV6_RECVTCLASS, recv_tclass, 1, OPT_BOOL, 0, 1, 0),
	IP6(IPV6_TCLASS, tclass, 1, OPT_DEFAULT, 0, 255, 0),
	IP6(IPV6_RECVERR, recverr6, 1, OPT_BOOL, 0, 1, 0),
	IP6(IPV6_MTU_DISCOVER, mtu_discover6, 4, 0, 0, 5, 0),
	IP6(IPV6_V6ONLY, v6only, 1, OPT_BOOL, 0, 1, 0),
	TCP(TCP_NODELAY, nodelay, 1, OPT_BOOL, 0, 1, 0),
	TCP(TCP_CORK, cork, 1, OPT_BOOL, 0, 1, 0),
	TCP(TCP_QUICKACK, quickack, 1, OPT_BOOL, 0, 1, 0),
	TCP(TCP_KEEPIDLE, keepidle, 4, 0, 1, 32767, 0),
	TCP(TCP_KEEPINTVL, keepintvl, 4, 0, 1, 32767, 0),
	TCP(TCP_KEEPCNT, keepcnt, 4, 0, 1, 127, 0),
	TCP(TCP_SYNCNT, syncnt, 4, 0, 1, 127, 0),
	TCP(TCP_LINGER2, linger2, 4, 0, INT32_MIN, INT32_MAX, 0),
	TCP(TCP_DEFER_ACCEPT, defer_accept, 4, 0, 0, INT32_MAX, 0),
	TCP(TCP_USER_TIMEOUT, user_timeout, 4, 0, 0, INT32_MAX, 0),
	TCP(TCP_NOTSENT_LOWAT, notsent_lowat, 4, 0, INT32_MIN, INT32_MAX, 0),
	TCP(TCP_FASTOPEN, fastopen, 4, 0, 0, INT32_MAX, 0),
	TCP(TCP_WINDOW_CLAMP, window_clamp, 4, 0, 0, INT32_MAX, 0),
	IN(IPPROTO_UDP, UDP_CORK, udp_cork, 1, OPT_BOOL, 0, 1, 0),
	IN(IPPROTO_UDPLITE, 10, send_cscov, 4, 0, 0, 65535, 0),
	IN(IPPROTO_UDPLITE, 11, recv_cscov, 4, 0, 0, 65535, 0),
	{.size = 0},
};

bool inet_in_group(struct socket *sk, const u8 *ip)
{
	struct mc_group *g;

	list_for_each (g, &sk->in.groups, link)
		if (inet_same(g->ip, ip))
			return true;
	return sk->in.mc_all && inet_same(sk->in.local.ip, ip);
}

void inet_groups_drop(struct socket *sk)
{
	struct mc_group *g, *next;

	list_for_each_safe (g, next, &sk->in.groups, link) {
		list_del(&g->link);
		arena_free(sk->host, g);
	}
}

static long change_group(struct socket *sk, const u8 *ip, bool join)
{
	struct mc_group *g, *next;

	if (!inet_is_multicast(ip))
		return -EINVAL;
	list_for_each_safe (g, next, &sk->in.groups, link) {
		if (!inet_same(g->ip, ip))
			continue;
		if (join)
			return -EADDRINUSE;
		list_del(&g->link);
		arena_free(sk->host, g);
		return 0;
	}
	if (!join)
		return -EADDRNOTAVAIL;
	g = arena_alloc(sk->host, sizeof(*g));
	if (!g)
		return -ENOBUFS;
	memcpy(g->ip, ip, 16);
	list_add_tail(&g->link, &sk->in.groups);
	return 0;
}

static long group_v4(struct socket *sk, u64 val, u32 len, bool join)
{
	struct ip_mreq req;
	u8 ip[16];

	if (len < sizeof(req))
		return -EINVAL;
	if (get_user(req, val))
		return -EFAULT;
	inet_set_v4(ip, req.imr_interface.s_addr);
	if (join && !inet_is_any(ip) && !inet_is_local(sock_table(sk->host), ip))
		return -ENODEV;
	inet_set_v4(ip, req.imr_multiaddr.s_addr);
	return change_group(sk, ip, join);
}

static long group_v6(struct socket *sk, u64 val, u32 len, bool join)
{
	struct ipv6_mreq req;

	if (len < sizeof(req))
		return -EINVAL;
	if (get_user(req, val))
		return -EFAULT;
	if (join && req.ipv6mr_interface > 1)
		return -ENODEV;
	return change_group(sk, (u8 *)&req.ipv6mr_multiaddr, join);
}

static long set_multicast_if(struct socket *sk, u64 val, u32 len)
{
	u32 addr;
	u8 ip[16];

	if (len < sizeof(addr))
		return -EINVAL;
	/* An ip_mreqn's address follows its group */
	if (get_user(addr, len >= sizeof(struct ip_mreq) ? val + 4 : val))
		return -EFAULT;
	inet_set_v4(ip, addr);
	if (!inet_is_any(ip) && !inet_is_local(sock_table(sk->host), ip))
		return -EADDRNOTAVAIL;
	sk->in.mc_if = addr;
	return 0;
}

static long set_congestion(struct socket *sk, u64 val, u32 len)
{
	char name[16] = "";

	if (!len)
		return -EINVAL;
	if (copy_from_user(name, val, min(len, (u32)sizeof(name) - 1)))
		return -EFAULT;
	if (strcmp(name, "cubic") && strcmp(name, "reno"))
		return -ENOENT;
	memcpy(sk->in.congestion, name, sizeof(name));
	return 0;
}

/* The options that are more than a field. 1: not one of them. */
static long set_special(struct thread *th, struct socket *sk, int level, int name, u64 val, u32 len)
{
	if (level == IPPROTO_IP) {
		switch (name) {
		case IP_ADD_MEMBERSHIP:
		case IP_DROP_MEMBERSHIP:
			return group_v4(sk, val, len, name == IP_ADD_MEMBERSHIP);
		case IP_MULTICAST_IF:
			return set_multicast_if(sk, val, len);
		case IP_TRANSPARENT:
			return -EPERM;
		case IP_OPTIONS:
			return len ? -EPERM : 0; /* none can be sent */
		}
	} else if (level == IPPROTO_IPV6) {
		switch (name) {
		case IPV6_ADD_MEMBERSHIP:
		case IPV6_DROP_MEMBERSHIP:
			return group_v6(sk, val, len, name == IPV6_ADD_MEMBERSHIP);
		case IPV6_V6ONLY:
			if (len < sizeof(int) || sk->in.local.port)
				return -EINVAL;
			break;
		}
	} else if (level == IPPROTO_TCP && name == TCP_CONGESTION) {
		return set_congestion(sk, val, len);
	} else if (level == IPPROTO_TCP && name == TCP_MAXSEG) {
		return 0; /* segments are not seen on the loopback */
	}
	return 1;
}

static bool level_fits(const struct socket *sk, int level)
{
	switch (level) {
	case IPPROTO_IP:
		return true;
	case IPPROTO_IPV6:
		return sk->family == AF_INET6;
	case IPPROTO_TCP:
		return sk->proto == PROTO_TCP;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return sk->protocol == level;
	}
	return false;
}

long inet_setsockopt(struct thread *th, struct socket *sk, int level, int name, u64 val, u32 len)
{
	const struct sockopt *o = sockopt_find(inet_options, level, name);
	s32 v;
	long ret;

	if (!level_fits(sk, level))
		return -ENOPROTOOPT;
	ret = set_special(th, sk, level, name, val, len);
	if (ret <= 0)
		return ret;
	if (!o)
		return -ENOPROTOOPT;
	if (level != IPPROTO_IP && len < sizeof(v))
		return -EINVAL;
	ret = sockopt_int(val, len, &v);
	if (!ret)
		ret = sockopt_store(sk, o, v);
	if (!ret && level == IPPROTO_UDP && name == UDP_CORK && !v)
		udp_uncork(sk);
	return ret;
}

static void tcp_info(struct socket *sk, void *buf, u32 *len)
{
	struct tcp_info info;
	u64 now = host_now(sk->host);
	u32 mss = sk->family == AF_INET ? LO_MSS4 : LO_MSS6;

	memset(&info, 0, sizeof(info));
	info.tcpi_state = sk->state;
	info.tcpi_options = TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE;
	info.tcpi_snd_wscale = info.tcpi_rcv_wscale = 7;
	info.tcpi_rto = 201000;
	info.tcpi_ato = 40000;
	info.tcpi_snd_mss = info.tcpi_rcv_mss = info.tcpi_advmss = mss;
	info.tcpi_pmtu = LO_MTU;
	info.tcpi_rtt = 1;
	info.tcpi_rttvar = 1;
	info.tcpi_snd_cwnd = 10;
	info.tcpi_snd_ssthresh = 0x7fffffff;
	info.tcpi_reordering = 3;
	info.tcpi_rcv_space = 65536;
	info.tcpi_rcv_ssthresh = 65536;
	info.tcpi_last_data_sent = (now - sk->in.last_out_ns) / NSEC_PER_MSEC;
	info.tcpi_last_data_recv = (now - sk->in.last_in_ns) / NSEC_PER_MSEC;
	info.tcpi_bytes_acked = info.tcpi_bytes_sent = sk->in.bytes_out;
	info.tcpi_bytes_received = sk->in.bytes_in;
	info.tcpi_segs_out = sk->in.segs_out;
	info.tcpi_segs_in = sk->in.segs_in;
	if (sk->state == ST_LISTEN) {
		info.tcpi_unacked = sk->naccept;
		info.tcpi_sacked = sk->backlog;
	}
	*len = min(*len, (u32)sizeof(info));
	memcpy(buf, &info, *len);
}

/* The options that are read from elsewhere than a field. 1: not one of them. */
static long get_special(struct socket *sk, int level, int name, void *buf, u32 *len, s32 *v)
{
	if (level == IPPROTO_TCP) {
		switch (name) {
		case TCP_INFO:
			tcp_info(sk, buf, len);
			return 0;
		case TCP_CONGESTION:
			*len = min(*len, (u32)sizeof(sk->in.congestion));
			memcpy(buf, sk->in.congestion, *len);
			return 0;
		case TCP_MAXSEG:
			*v = sk->state == ST_ESTABLISHED ? LO_MSS4 : 536;
			return 2;
		}
		return 1;
	}
	if ((level == IPPROTO_IP && name == IP_MTU) ||
	    (level == IPPROTO_IPV6 && name == IPV6_MTU)) {
		*v = LO_MTU;
		return sk->state == ST_ESTABLISHED ? 2 : -ENOTCONN;
	}
	if (level == IPPROTO_IP && name == IP_MULTICAST_IF) {
		*v = sk->in.mc_if;
		return 2;
	}
	if (level == IPPROTO_IP && name == IP_OPTIONS) {
		*len = 0;
		return 0;
	}
	return 1;
}

long inet_getsockopt(struct thread *th, struct socket *sk, int level, int name, void *buf, u32 *len)
{
	const struct sockopt *o = sockopt_find(inet_options, level, name);
	s32 v;
	long ret;

	if (!level_fits(sk, level))
		return -ENOPROTOOPT;
	ret = get_special(sk, level, name, buf, len, &v);
	if (ret <= 0)
		return ret;
	if (ret == 1) {
		if (!o)
			return -ENOPROTOOPT;
		v = sockopt_load(sk, o);
	}
	if (level == IPPROTO_IP && *len < sizeof(v) && *len > 0 && v >= 0 && v <= 255)
		*len = 1;
	*len = min(*len, (u32)sizeof(v));
	memcpy(buf, &v, *len);
	return 0;
}
