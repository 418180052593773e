// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UDP and UDP-Lite sockets. A datagram that nobody listens for is answered, in the same
 * call, by what ICMP would bring: the error that a connected socket, or one
 * that asked with IP_RECVERR, sees on its next call. Belongs to the holder of
 * the run token.
 */
#include <netinet/in.h>
#include <linux/errqueue.h>
#include "base/string.h"
#include "simkernel/sockopt.h"

#define UDP_PAYLOAD_MAX4 65507
#define UDP_PAYLOAD_MAX6 65527

void udp_hear(struct socket *sk, struct skb *skb)
{
	/* No room: it is lost, as it would be */
	if (sk->rx.charge + skb_truesize(skb->len) > sk->rcvbuf) {
		skb_free(sk->host, skb);
		return;
	}
	skbq_add(&sk->rx, skb);
	sock_wake(sk, EV_IN);
}

void udp_hear_unreachable(struct socket *sk, const struct inet_addr *dst, const struct skb *skb)
{
	bool asked = inet_is_mapped(dst->ip) ? sk->in.recverr : sk->in.recverr6;
	struct skb *note;

	if (!asked && sk->state != ST_ESTABLISHED)
		return;
	sk->err = ECONNREFUSED;
	note = asked ? skb_alloc(sk->host, skb->len) : NULL;
	if (note) {
		note->len = skb->len;
		note->inet = skb->inet;
		note->inet.error = ECONNREFUSED;
		memcpy(note->data, skb->data, skb->len);
		skbq_add(&sk->errq, note);
	}
	sock_wake(sk, POLLERR | EV_IN | EV_OUT);
}

/* A message from the error queue, with what ip(7) calls sock_extended_err. */
long udp_recv_error(struct socket *sk, struct sockmsg *m)
{
	struct skb *skb = skbq_first(&sk->errq);
	struct {
		struct sock_extended_err ee;
		union {
			struct sockaddr_in in;
			struct sockaddr_in6 in6;
		} offender;
	} info;
	bool v4;
	long ret;

	if (!skb)
		return -EAGAIN;
	ret = skb_to_iov(skb, m);
	if (ret < 0)
		return ret;
	v4 = inet_is_mapped(skb->inet.to.ip);
	memset(&info, 0, sizeof(info));
	info.ee.ee_errno = skb->inet.error;
	info.ee.ee_origin = v4 ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6;
	info.ee.ee_type = v4 ? 3 : 1; /* unreachable */
	info.ee.ee_code = v4 ? 3 : 4; /* the port */
	if (v4) {
		info.offender.in.sin_family = AF_INET;
		info.offender.in.sin_addr.s_addr = inet_get_v4(skb->inet.to.ip);
	} else {
		info.offender.in6.sin6_family = AF_INET6;
		memcpy(&info.offender.in6.sin6_addr, skb->inet.to.ip, 16);
	}
	inet_addr_to(sk, &skb->inet.to, m);
	m->out_flags |= MSG_ERRQUEUE;
	if (v4)
		cmsg_put(m, IPPROTO_IP, IP_RECVERR, &info,
			 sizeof(info.ee) + sizeof(struct sockaddr_in));
	else
		cmsg_put(m, IPPROTO_IPV6, IPV6_RECVERR, &info, sizeof(info));
	skbq_del(&sk->errq, skb);
	skb_free(sk->host, skb);
	sk->err = sk->errq.count ? ECONNREFUSED : 0;
	return ret;
}

static void udp_disconnect(struct socket *sk)
{
	struct inet_sock *in = &sk->in;
	bool v4 = sk->family == AF_INET;

	sk->state = ST_CLOSE;
	memset(&in->remote, 0, sizeof(in->remote));
	if (v4)
		inet_set_v4(in->remote.ip, 0);
	if (!in->addr_locked) {
		memset(in->local.ip, 0, 16);
		if (v4)
			inet_set_v4(in->local.ip, 0);
	}
	if (!in->port_locked)
		port_release(sk);
}

static long udp_connect(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	struct inet_addr dst, src;
	long ret;

	if (m->namelen < sizeof(sa_family_t))
		return -EINVAL;
	if (m->sa.sa_family == AF_UNSPEC) {
		udp_disconnect(sk);
		return 0;
	}
	ret = inet_addr_from(sk, m, &dst);
	if (!ret)
		ret = inet_route(sk, &dst, src.ip);
	if (!ret && inet_is_broadcast(dst.ip) && !sk->broadcast)
		ret = -EACCES;
	if (ret)
		return ret;
	if (!sk->in.addr_locked)
		memcpy(sk->in.local.ip, src.ip, 16);
	ret = port_autobind(sk);
	if (ret)
		return ret;
	sk->in.remote = dst;
	sk->state = ST_ESTABLISHED;
	return 0;
}

/* Where a datagram goes and where it says it is from. */
static long udp_target(struct socket *sk, struct sockmsg *m, struct inet_addr *dst, u8 *src)
{
	long ret;

	if (m->namelen) {
		ret = inet_addr_from(sk, m, dst);
		if (ret)
			return ret;
		if (!dst->port)
			return -EINVAL;
	} else if (sk->state == ST_ESTABLISHED) {
		*dst = sk->in.remote;
	} else {
		return -EDESTADDRREQ;
	}
	ret = inet_route(sk, dst, src);
	if (ret)
		return ret;
	if (inet_is_broadcast(dst->ip) && !sk->broadcast)
		return -EACCES;
	if (m->has_pktinfo && !inet_is_any(m->pktinfo.ip))
		memcpy(src, m->pktinfo.ip, 16);
	else if (!inet_is_any(sk->in.local.ip) && !inet_is_multicast(sk->in.local.ip))
		memcpy(src, sk->in.local.ip, 16);
	return 0;
}

static long control_int(u64 data, size_t len, u8 *out)
{
	s32 v;

	if (len != sizeof(v) && len != 1)
		return -EINVAL;
	if (sockopt_int(data, len, &v))
		return -EFAULT;
	if (v < -1 || v > 255)
		return -EINVAL;
	*out = v;
	return v == -1 ? 1 : 0;
}

static long control_v4(struct sockmsg *m, int type, u64 data, size_t len)
{
	struct in_pktinfo info;

	switch (type) {
	case IP_PKTINFO:
		if (len != sizeof(info))
			return -EINVAL;
		if (get_user(info, data))
			return -EFAULT;
		inet_set_v4(m->pktinfo.ip, info.ipi_spec_dst.s_addr);
		m->has_pktinfo = true;
		return 0;
	case IP_TTL:
		m->has_ttl = true;
		return control_int(data, len, &m->ttl) ? -EINVAL : 0;
	case IP_TOS:
		m->has_tos = true;
		return control_int(data, len, &m->tos) ? -EINVAL : 0;
	}
	return -EINVAL;
}

static long control_v6(struct sockmsg *m, int type, u64 data, size_t len)
{
	long ret = 0;

	switch (type) {
	case IPV6_PKTINFO:
		if (len < sizeof(struct in6_pktinfo))
			return -EINVAL;
		m->has_pktinfo = true;
		return copy_from_user(m->pktinfo.ip, data, 16);
	case IPV6_HOPLIMIT:
		ret = control_int(data, len, &m->ttl);
		m->has_ttl = !ret;
		break;
	case IPV6_TCLASS:
		ret = control_int(data, len, &m->tos);
		m->has_tos = !ret;
		break;
	default:
		return -EINVAL;
	}
	return ret < 0 ? ret : 0;
}

static long read_control(struct socket *sk, struct sockmsg *m)
{
	struct cmsghdr hdr;
	u64 at = 0, data;
	long ret;

	while ((ret = cmsg_next(m, &at, &hdr, &data)) > 0) {
		size_t len = hdr.cmsg_len - sizeof(hdr);

		ret = 0;
		if (hdr.cmsg_level == SOL_SOCKET && hdr.cmsg_type == SCM_RIGHTS)
			ret = -EINVAL;
		else if (hdr.cmsg_level == IPPROTO_IP)
			ret = control_v4(m, hdr.cmsg_type, data, len);
		else if (hdr.cmsg_level == IPPROTO_IPV6 && sk->family == AF_INET6)
			ret = control_v6(m, hdr.cmsg_type, data, len);
		if (ret)
			return ret;
	}
	return ret;
}

static void set_hops(struct socket *sk, const struct sockmsg *m, struct skb *skb)
{
	bool v4 = inet_is_mapped(skb->inet.to.ip), group = inet_is_multicast(skb->inet.to.ip);

	if (m->has_ttl)
		skb->inet.ttl = m->ttl;
	else if (v4)
		skb->inet.ttl = group ? sk->in.mc_ttl : sk->in.ttl;
	else
		skb->inet.ttl = group ? sk->in.mc_hops : sk->in.hops;
	skb->inet.tos = m->has_tos ? m->tos : v4 ? sk->in.tos : sk->in.tclass;
}

/* Joins a datagram to the one that MSG_MORE or UDP_CORK holds back; consumes skb. */
static long udp_push(struct socket *sk, struct skb *skb, bool more)
{
	struct skb *held = sk->in.corked, *whole;

	if (held) {
		if (held->len + skb->len > UDP_PAYLOAD_MAX4) {
			skb_free(sk->host, skb);
			return -EMSGSIZE;
		}
		whole = skb_alloc(sk->host, held->len + skb->len);
		if (!whole) {
			skb_free(sk->host, skb);
			return -ENOBUFS;
		}
		whole->inet = held->inet;
		whole->len = held->len + skb->len;
		memcpy(whole->data, held->data, held->len);
		memcpy(whole->data + held->len, skb->data, skb->len);
		skb_free(sk->host, held);
		skb_free(sk->host, skb);
		skb = whole;
	}
	sk->in.corked = more ? skb : NULL;
	if (!more)
		loop_datagram(sk, skb);
	return 0;
}

void udp_uncork(struct socket *sk)
{
	struct skb *held = sk->in.corked;

	sk->in.corked = NULL;
	if (held)
		loop_datagram(sk, held);
}

static long udp_send(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	struct inet_addr dst;
	struct skb *skb;
	u8 src[16];
	long ret;

	if (m->len > (sk->family == AF_INET ? UDP_PAYLOAD_MAX4 : UDP_PAYLOAD_MAX6))
		return -EMSGSIZE;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	ret = m->control ? read_control(sk, m) : 0;
	if (!ret)
		ret = udp_target(sk, m, &dst, src);
	if (!ret)
		ret = port_autobind(sk);
	if (!ret && inet_is_mapped(dst.ip) && m->len > UDP_PAYLOAD_MAX4)
		ret = -EMSGSIZE;
	if (!ret)
		ret = sock_error(sk);
	if (!ret && (sk->shut & SHUT_SEND))
		ret = -EPIPE;
	if (ret)
		return ret;
	skb = skb_from_iov(th->host, m, &ret);
	if (!skb)
		return ret;
	memcpy(skb->inet.from.ip, src, 16);
	skb->inet.from.port = sk->in.local.port;
	skb->inet.to = dst;
	skb->inet.protocol = sk->protocol;
	set_hops(sk, m, skb);
	sk->in.bytes_out += m->len;
	ret = udp_push(sk, skb, (m->flags & MSG_MORE) || sk->in.udp_cork);
	return ret ? ret : (long)m->len;
}

/* What the socket's options ask to be told beside the bytes. */
static void write_control(struct socket *sk, struct sockmsg *m, const struct skb *skb)
{
	bool v4 = inet_is_mapped(skb->inet.to.ip);
	s32 ttl = skb->inet.ttl, tclass = skb->inet.tos;

	sock_recv_stamp(sk, m, skb->stamp_ns);
	if (v4 && sk->in.pktinfo) {
		struct in_pktinfo info = {.ipi_ifindex = 1};

		info.ipi_addr.s_addr = inet_get_v4(skb->inet.to.ip);
		info.ipi_spec_dst = info.ipi_addr;
		cmsg_put(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	}
	if (v4 && sk->in.recv_ttl)
		cmsg_put(m, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	if (v4 && sk->in.recv_tos)
		cmsg_put(m, IPPROTO_IP, IP_TOS, &skb->inet.tos, 1);
	if (v4 && sk->in.recv_origdst) {
		struct sockaddr_in dst = {AF_INET,
					  __builtin_bswap16(skb->inet.to.port),
					  {inet_get_v4(skb->inet.to.ip)},
					  {0}};

		cmsg_put(m, IPPROTO_IP, IP_ORIGDSTADDR, &dst, sizeof(dst));
	}
	if (sk->family != AF_INET6)
		return;
	if (sk->in.pktinfo6) {
		struct in6_pktinfo info = {.ipi6_ifindex = 1};

		memcpy(&info.ipi6_addr, skb->inet.to.ip, 16);
		cmsg_put(m, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	}
	if (!v4 && sk->in.recv_hops)
		cmsg_put(m, IPPROTO_IPV6, IPV6_HOPLIMIT, &ttl, sizeof(ttl));
	if (!v4 && sk->in.recv_tclass)
		cmsg_put(m, IPPROTO_IPV6, IPV6_TCLASS, &tclass, sizeof(tclass));
}

static long udp_recv(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	u64 deadline = sock_deadline(sk, sk->rcvtimeo_ns, 0);
	struct skb *skb;
	long ret;

	if (m->flags & MSG_ERRQUEUE)
		return udp_recv_error(sk, m);
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	for (;;) {
		ret = sock_error(sk);
		if (ret)
			return ret;
		skb = skbq_first(&sk->rx);
		if (skb)
			break;
		if (m->flags & MSG_DONTWAIT)
			return -EAGAIN;
		if (sk->shut & SHUT_RECV)
			return 0;
		ret = SOCK_WAIT(th, sk, EV_IN, sk->rx.count || sk->err || (sk->shut & SHUT_RECV),
				deadline);
		if (ret)
			return ret;
	}
	ret = skb_to_iov(skb, m);
	if (ret >= 0) {
		inet_addr_to(sk, &skb->inet.from, m);
		write_control(sk, m, skb);
	}
	if (ret < 0 || (m->flags & MSG_PEEK))
		return ret;
	sk->in.bytes_in += skb->len;
	skbq_del(&sk->rx, skb);
	skb_free(th->host, skb);
	return ret;
}

static long udp_shutdown(struct thread *th, struct socket *sk, u32 how)
{
	sk->shut |= how;
	sock_wake(sk, EV_IN | EV_OUT | POLLRDHUP | (sk->shut == SHUT_BOTH ? POLLHUP : 0));
	return sk->state == ST_ESTABLISHED ? 0 : -ENOTCONN;
}

static u32 udp_poll(struct thread *th, struct socket *sk)
{
	u32 mask = EV_OUT;

	if (sk->err || sk->errq.count)
		mask |= POLLERR;
	if (sk->shut & SHUT_RECV)
		mask |= POLLRDHUP | EV_IN;
	if (sk->shut == SHUT_BOTH)
		mask |= POLLHUP;
	if (sk->rx.count)
		mask |= EV_IN;
	return mask;
}

static void udp_close(struct host *h, struct socket *sk)
{
	inet_groups_drop(sk);
	port_release(sk);
	if (sk->in.corked)
		skb_free(h, sk->in.corked);
	sk->in.corked = NULL;
}

const struct proto_ops udp_ops = {
	.bind = inet_bind,
	.connect = udp_connect,
	.send = udp_send,
	.recv = udp_recv,
	.shutdown = udp_shutdown,
	.getname = inet_getname,
	.poll = udp_poll,
	.close = udp_close,
};
