// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NETLINK_ROUTE, the questions: which interfaces, addresses and routes there
 * are, as getifaddrs, getaddrinfo and language runtimes ask. The answer lies in
 * the socket's queue when the question's send returns. Nothing can be changed:
 * that is EPERM. Belongs to the holder of the run token.
 */
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include "base/string.h"
#include "simkernel/netif.h"
#include "simkernel/sockopt.h"

#define REPLY_BYTES 4096

/* An answer in the making: one datagram after another in the asker's queue. */
struct reply {
	struct socket *sk;
	struct skb *skb;
	struct nlmsghdr *msg; /* the message that attributes go to */
	u32 seq, pid;
	u16 flags;
	bool failed;
};

static void flush(struct reply *r)
{
	if (!r->skb)
		return;
	skbq_add(&r->sk->rx, r->skb);
	sock_wake(r->sk, EV_IN);
	r->skb = NULL;
}

/* Starts a message; its body of size bytes is zero. There is always room for one. */
static void *begin(struct reply *r, u16 type, u32 size)
{
	if (r->skb && r->skb->len + 1024 > r->skb->cap)
		flush(r);
	if (!r->skb)
		r->skb = skb_alloc(r->sk->host, REPLY_BYTES - sizeof(struct skb));
	if (!r->skb) {
		r->failed = true;
		return NULL;
	}
	r->msg = (void *)(r->skb->data + r->skb->len);
	r->msg->nlmsg_type = type;
	r->msg->nlmsg_flags = r->flags;
	r->msg->nlmsg_seq = r->seq;
	r->msg->nlmsg_pid = r->pid;
	r->msg->nlmsg_len = NLMSG_LENGTH(size);
	return NLMSG_DATA(r->msg);
}

static void end(struct reply *r)
{
	r->skb->len += NLMSG_ALIGN(r->msg->nlmsg_len);
}

static void attr(struct reply *r, u16 type, const void *data, u32 len)
{
	struct rtattr *a = (void *)((u8 *)r->msg + NLMSG_ALIGN(r->msg->nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	r->msg->nlmsg_len = NLMSG_ALIGN(r->msg->nlmsg_len) + RTA_ALIGN(a->rta_len);
}

static void attr_u32(struct reply *r, u16 type, u32 v)
{
	attr(r, type, &v, sizeof(v));
}

static void put_link(struct reply *r, const struct net_interface *i)
{
	struct ifinfomsg *info = begin(r, RTM_NEWLINK, sizeof(*info));
	struct rtnl_link_stats stats = {0};
	struct rtnl_link_stats64 stats64 = {0};
	static const u8 all_ones[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, none[6];
	u8 operstate = i->loopback ? 0 : 6; /* unknown, up */

	if (!info)
		return;
	info->ifi_type = i->loopback ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
	info->ifi_index = i->index;
	info->ifi_flags = i->flags | 0x10000; /* IFF_LOWER_UP */
	attr(r, IFLA_IFNAME, i->name, strlen(i->name) + 1);
	attr_u32(r, IFLA_TXQLEN, 1000);
	attr(r, IFLA_OPERSTATE, &operstate, 1);
	attr_u32(r, IFLA_MTU, i->mtu);
	attr_u32(r, IFLA_GROUP, 0);
	attr(r, IFLA_QDISC, i->loopback ? "noqueue" : "fq_codel", i->loopback ? 8 : 9);
	attr(r, IFLA_ADDRESS, i->mac, 6);
	attr(r, IFLA_BROADCAST, i->loopback ? none : all_ones, 6);
	stats64.rx_bytes = stats64.tx_bytes = i->bytes;
	stats64.rx_packets = stats64.tx_packets = i->packets;
	stats.rx_bytes = stats.tx_bytes = i->bytes;
	stats.rx_packets = stats.tx_packets = i->packets;
	attr(r, IFLA_STATS64, &stats64, sizeof(stats64));
	attr(r, IFLA_STATS, &stats, sizeof(stats));
	end(r);
}

static void put_addr(struct reply *r, const struct net_interface *i, u8 family)
{
	struct ifa_cacheinfo cache = {.ifa_prefered = ~0U, .ifa_valid = ~0U};
	const void *ip = family == AF_INET ? (const void *)&i->ip4_be : i->ip6;
	u32 len = family == AF_INET ? 4 : 16;
	struct ifaddrmsg *info = begin(r, RTM_NEWADDR, sizeof(*info));

	if (!info)
		return;
	info->ifa_family = family;
	info->ifa_prefixlen = family == AF_INET ? i->prefix4 : i->prefix6;
	info->ifa_flags = IFA_F_PERMANENT;
	info->ifa_scope = i->loopback ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
	info->ifa_index = i->index;
	attr(r, IFA_ADDRESS, ip, len);
	if (family == AF_INET) {
		attr(r, IFA_LOCAL, ip, len);
		if (!i->loopback)
			attr_u32(r, IFA_BROADCAST,
				 i->ip4_be | ~__builtin_bswap32(~0U << (32 - i->prefix4)));
		attr(r, IFA_LABEL, i->name, strlen(i->name) + 1);
	}
	attr(r, IFA_CACHEINFO, &cache, sizeof(cache));
	attr_u32(r, IFA_FLAGS, IFA_F_PERMANENT);
	end(r);
}

/* The route of interface i, or, where only is given, the one to that address alone. */
static void put_route(struct reply *r, const struct net_interface *i, u8 family, u8 table,
		      const u8 *only)
{
	const void *ip = family == AF_INET ? (const void *)&i->ip4_be : i->ip6;
	u32 len = family == AF_INET ? 4 : 16;
	u8 prefix = family == AF_INET ? i->prefix4 : i->prefix6;
	struct rtmsg *info = begin(r, RTM_NEWROUTE, sizeof(*info));
	u8 net[16] = {0};
	u32 b;

	if (!info)
		return;
	if (only || (table == RT_TABLE_LOCAL && !i->loopback))
		prefix = len * 8;
	for (b = 0; b < prefix; b++)
		net[b / 8] |= (only ? only : (const u8 *)ip)[b / 8] & (0x80 >> b % 8);
	info->rtm_family = family;
	info->rtm_dst_len = prefix;
	info->rtm_table = table;
	info->rtm_protocol = RTPROT_KERNEL;
	info->rtm_scope = table == RT_TABLE_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_LINK;
	info->rtm_type = table == RT_TABLE_LOCAL ? RTN_LOCAL : RTN_UNICAST;
	attr_u32(r, RTA_TABLE, table);
	attr(r, RTA_DST, net, len);
	if (family == AF_INET)
		attr(r, RTA_PREFSRC, ip, len);
	attr_u32(r, RTA_OIF, i->index);
	end(r);
}

static void put_error(struct reply *r, const struct nlmsghdr *ask, int error)
{
	struct nlmsgerr *err = begin(r, NLMSG_ERROR, sizeof(*err));

	if (!err)
		return;
	r->msg->nlmsg_flags = 0;
	err->error = error;
	err->msg = *ask;
	end(r);
}

static void dump_done(struct reply *r)
{
	u32 *status = begin(r, NLMSG_DONE, sizeof(*status));

	if (status)
		end(r);
}

static bool wants(u8 asked, u8 family)
{
	return asked == AF_UNSPEC || asked == family;
}

static void dump(struct reply *r, const struct nlmsghdr *ask, u8 family)
{
	struct host *h = r->sk->host;
	struct net_interface i;
	u32 n;

	r->flags = NLM_F_MULTI;
	for (n = 1; net_interface_get(h, n, &i); n++) {
		switch (ask->nlmsg_type) {
		case RTM_GETLINK:
			put_link(r, &i);
			break;
		case RTM_GETADDR:
			if (i.has_ip4 && wants(family, AF_INET))
				put_addr(r, &i, AF_INET);
			if (i.has_ip6 && wants(family, AF_INET6))
				put_addr(r, &i, AF_INET6);
			break;
		case RTM_GETROUTE:
			if (i.has_ip4 && !i.loopback && wants(family, AF_INET))
				put_route(r, &i, AF_INET, RT_TABLE_MAIN, NULL);
			if (i.has_ip4 && wants(family, AF_INET))
				put_route(r, &i, AF_INET, RT_TABLE_LOCAL, NULL);
			if (i.has_ip6 && wants(family, AF_INET6))
				put_route(r, &i, AF_INET6, RT_TABLE_LOCAL, NULL);
			break;
		}
	}
	dump_done(r);
}

/* One interface, by number or by name. */
static int get_link(struct reply *r, const struct nlmsghdr *ask, u32 len)
{
	const struct ifinfomsg *info = NLMSG_DATA(ask);
	const struct rtattr *a = (void *)((const u8 *)info + NLMSG_ALIGN(sizeof(*info)));
	int left = (int)len - (int)NLMSG_SPACE(sizeof(*info));
	struct net_interface i;
	const char *name = NULL;
	u32 n;

	if (len < NLMSG_LENGTH(sizeof(*info)))
		return -EINVAL;
	for (; left > 0 && RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFLA_IFNAME && memchr(RTA_DATA(a), 0, RTA_PAYLOAD(a)))
			name = RTA_DATA(a);
	if (!info->ifi_index && !name)
		return -EINVAL;
	for (n = 1; net_interface_get(r->sk->host, n, &i); n++) {
		if (info->ifi_index ? (int)n != info->ifi_index : strcmp(name, i.name) != 0)
			continue;
		put_link(r, &i);
		return 0;
	}
	return -ENODEV;
}

/* The route to one address. */
static int get_route(struct reply *r, const struct nlmsghdr *ask, u32 len)
{
	const struct rtmsg *info = NLMSG_DATA(ask);
	const struct rtattr *a = (void *)((const u8 *)info + NLMSG_ALIGN(sizeof(*info)));
	int left = (int)len - (int)NLMSG_SPACE(sizeof(*info));
	struct net_interface i;
	u8 ip[16] = {0};
	u32 n;

	if (len < NLMSG_LENGTH(sizeof(*info)))
		return -EINVAL;
	for (; left > 0 && RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type != RTA_DST)
			continue;
		if (info->rtm_family == AF_INET && RTA_PAYLOAD(a) >= 4)
			inet_set_v4(ip, *(const u32 *)RTA_DATA(a));
		else if (info->rtm_family == AF_INET6 && RTA_PAYLOAD(a) >= 16)
			memcpy(ip, RTA_DATA(a), 16);
	}
	if (!inet_is_local(sock_table(r->sk->host), ip))
		return -ENETUNREACH;
	n = inet_is_loopback(ip) ? 1 : 2;
	if (!net_interface_get(r->sk->host, n, &i))
		return -ENETUNREACH;
	put_route(r, &i, info->rtm_family, RT_TABLE_LOCAL,
		  info->rtm_family == AF_INET ? ip + 12 : ip);
	return 0;
}

static int answer(struct reply *r, const struct nlmsghdr *ask, u32 len)
{
	const struct rtgenmsg *gen = NLMSG_DATA(ask);
	u8 family = len >= NLMSG_LENGTH(sizeof(*gen)) ? gen->rtgen_family : AF_UNSPEC;
	u16 type = ask->nlmsg_type;

	if (type < RTM_BASE)
		return 0;
	if (type > RTM_MAX)
		return -EOPNOTSUPP;
	if ((type & 3) != 2) /* new, delete, set; 2 is get */
		return -EPERM;
	if (type != RTM_GETLINK && type != RTM_GETADDR && type != RTM_GETROUTE) {
		if (!(ask->nlmsg_flags & NLM_F_DUMP))
			return -EOPNOTSUPP;
		r->flags = NLM_F_MULTI;
		dump_done(r); /* neighbours, rules...: there are none */
		return 1;
	}
	if (ask->nlmsg_flags & NLM_F_DUMP) {
		dump(r, ask, family);
		return 1;
	}
	if (type == RTM_GETLINK)
		return get_link(r, ask, len);
	return type == RTM_GETROUTE ? get_route(r, ask, len) : -EOPNOTSUPP;
}

static void netlink_bind_auto(struct thread *th, struct socket *sk)
{
	struct sock_table *t = sock_table(th->host);
	u32 id = th->task->process->pid;
	struct socket *s;
	bool taken;

	/* A process's second socket gets a number far from any pid */
	do {
		taken = false;
		list_for_each (s, &t->all, link)
			taken |= s->family == AF_NETLINK && s != sk && s->nl.portid == id;
		if (taken)
			id = (id <= PID_MAX ? 0xffffeffe : id - 1);
	} while (taken);
	sk->nl.portid = id;
	sk->nl.bound = true;
}

static long netlink_bind(struct thread *th, struct socket *sk, const struct sockmsg *m)
{
	const struct sockaddr_nl *nl = (const void *)m->name;
	struct socket *s;

	if (m->namelen < sizeof(*nl) || nl->nl_family != AF_NETLINK)
		return -EINVAL;
	if (sk->nl.bound) {
		if (nl->nl_pid != sk->nl.portid)
			return -EINVAL;
	} else if (nl->nl_pid) {
		list_for_each (s, &sock_table(th->host)->all, link)
			if (s->family == AF_NETLINK && s->nl.portid == nl->nl_pid)
				return -EADDRINUSE;
		sk->nl.portid = nl->nl_pid;
		sk->nl.bound = true;
	} else {
		netlink_bind_auto(th, sk);
	}
	sk->nl.groups = nl->nl_groups;
	return 0;
}

static long netlink_connect(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	const struct sockaddr_nl *nl = (const void *)m->name;

	if (m->namelen < sizeof(sa_family_t))
		return -EINVAL;
	if (nl->nl_family == AF_UNSPEC) {
		sk->state = ST_CLOSE;
		sk->nl.dst_portid = sk->nl.dst_groups = 0;
		return 0;
	}
	if (nl->nl_family != AF_NETLINK || m->namelen < sizeof(*nl))
		return -EINVAL;
	if (!sk->nl.bound)
		netlink_bind_auto(th, sk);
	sk->state = ST_ESTABLISHED;
	sk->nl.dst_portid = nl->nl_pid;
	sk->nl.dst_groups = nl->nl_groups;
	return 0;
}

static long netlink_getname(struct socket *sk, bool peer, struct sockmsg *m)
{
	struct sockaddr_nl *nl = (void *)m->name;

	memset(nl, 0, sizeof(*nl));
	nl->nl_family = AF_NETLINK;
	nl->nl_pid = peer ? sk->nl.dst_portid : sk->nl.portid;
	nl->nl_groups = peer ? sk->nl.dst_groups : sk->nl.groups;
	m->namelen = sizeof(*nl);
	return 0;
}

static long netlink_send(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	const struct sockaddr_nl *nl = (const void *)m->name;
	struct reply r = {.sk = sk};
	struct skb *ask;
	u32 at = 0;
	long ret;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (m->namelen && (m->namelen < sizeof(*nl) || nl->nl_family != AF_NETLINK))
		return -EINVAL;
	if (m->namelen ? nl->nl_pid || nl->nl_groups : sk->nl.dst_portid)
		return -ECONNREFUSED; /* only the kernel listens */
	if (m->len > sk->sndbuf - 32)
		return -EMSGSIZE;
	if (!sk->nl.bound)
		netlink_bind_auto(th, sk);
	ask = skb_from_iov(th->host, m, &ret);
	if (!ask)
		return ret;
	while (at + sizeof(struct nlmsghdr) <= ask->len) {
		const struct nlmsghdr *hdr = (void *)(ask->data + at);

		if (hdr->nlmsg_len < sizeof(*hdr) || hdr->nlmsg_len > ask->len - at)
			break;
		r.seq = hdr->nlmsg_seq;
		r.pid = sk->nl.portid;
		r.flags = 0;
		if (hdr->nlmsg_flags & NLM_F_REQUEST) {
			ret = answer(&r, hdr, hdr->nlmsg_len);
			if (ret < 0 || (!ret && (hdr->nlmsg_flags & NLM_F_ACK)))
				put_error(&r, hdr, ret);
			flush(&r);
		}
		at += NLMSG_ALIGN(hdr->nlmsg_len);
	}
	skb_free(th->host, ask);
	return r.failed ? -ENOBUFS : (long)m->len;
}

static long netlink_recv(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	struct sockaddr_nl *nl = (void *)m->name;
	struct skb *skb;
	long ret;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!sk->rx.count) {
		if (m->flags & MSG_DONTWAIT)
			return -EAGAIN;
		ret = SOCK_WAIT(th, sk, EV_IN, sk->rx.count, sock_deadline(sk, sk->rcvtimeo_ns, 0));
		if (ret)
			return ret;
	}
	skb = skbq_first(&sk->rx);
	ret = skb_to_iov(skb, m);
	if (ret < 0)
		return ret;
	memset(nl, 0, sizeof(*nl));
	nl->nl_family = AF_NETLINK;
	m->namelen = sizeof(*nl);
	if (sk->passcred) {
		struct ucred cred = {0, 0, 0};

		cmsg_put(m, SOL_SOCKET, SCM_CREDENTIALS, &cred, sizeof(cred));
	}
	if (sk->nl.pktinfo) {
		struct nl_pktinfo info = {0};

		cmsg_put(m, SOL_NETLINK, NETLINK_PKTINFO, &info, sizeof(info));
	}
	if (m->flags & MSG_PEEK)
		return ret;
	skbq_del(&sk->rx, skb);
	skb_free(th->host, skb);
	return ret;
}

static u32 netlink_poll(struct thread *th, struct socket *sk)
{
	return EV_OUT | (sk->rx.count ? EV_IN : 0) | (sk->err ? POLLERR : 0);
}

#define NL(name, field)                                                                    \
	{                                                                                  \
		SOL_NETLINK, name, offsetof(struct socket, nl.field), 1, OPT_BOOL, 0, 1, 0 \
	}
static const struct sockopt netlink_options[] = {
	NL(NETLINK_PKTINFO, pktinfo),	    NL(NETLINK_EXT_ACK, ext_ack),
	NL(NETLINK_CAP_ACK, cap_ack),	    NL(NETLINK_NO_ENOBUFS, no_enobufs),
	NL(NETLINK_GET_STRICT_CHK, strict), {.size = 0},
};

long netlink_setsockopt(struct socket *sk, int level, int name, u64 val, u32 len)
{
	const struct sockopt *o = sockopt_find(netlink_options, level, name);
	s32 v;

	if (len < sizeof(v))
		return -EINVAL;
	if (get_user(v, val))
		return -EFAULT;
	/* Groups tell of changes, and nothing changes */
	if (level == SOL_NETLINK &&
	    (name == NETLINK_ADD_MEMBERSHIP || name == NETLINK_DROP_MEMBERSHIP))
		return v > 0 && v < 64 ? 0 : -EINVAL;
	return o ? sockopt_store(sk, o, v) : -ENOPROTOOPT;
}

long netlink_getsockopt(struct socket *sk, int level, int name, void *buf, u32 *len)
{
	const struct sockopt *o = sockopt_find(netlink_options, level, name);
	s32 v;

	if (!o)
		return -ENOPROTOOPT;
	if (*len < sizeof(v))
		return -EINVAL;
	v = sockopt_load(sk, o);
	*len = sizeof(v);
	memcpy(buf, &v, sizeof(v));
	return 0;
}

const struct proto_ops netlink_ops = {
	.bind = netlink_bind,
	.connect = netlink_connect,
	.send = netlink_send,
	.recv = netlink_recv,
	.getname = netlink_getname,
	.poll = netlink_poll,
};
