// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The loopback link: what TCP and UDP send reaches its receiver within the
 * sender's call, in order and without loss, as long as there is room. It is the
 * only file that looks from one end of a connection at the other; a link
 * between hosts offers the same functions over packets and events. Belongs to
 * the holder of the run token.
 */
#include <netinet/in.h>
#include "base/string.h"
#include "simkernel/net.h"

static void count_packet(struct socket *sk, size_t bytes)
{
	struct sock_table *t = sock_table(sk->host);

	t->rx_packets++;
	t->rx_bytes += bytes;
}

enum tcp_answer loop_syn(struct socket *sk)
{
	struct socket *listener;

	count_packet(sk, 60);
	listener = tcp_find_listener(sk->host, &sk->in.remote, sk->in.local.port);
	return listener ? tcp_hear_syn(listener, sk) : TCP_REFUSED;
}

void loop_fin(struct socket *sk)
{
	count_packet(sk, 52);
	if (sk->peer)
		tcp_hear_fin(sk->peer);
}

void loop_reset(struct socket *sk)
{
	count_packet(sk, 40);
	if (sk->peer)
		tcp_hear_reset(sk->peer);
}

/* The receiver's window and our own send buffer are one store here: the receiver's queue. */
size_t loop_room(struct socket *sk)
{
	u64 room = (u64)sk->sndbuf + (sk->peer ? sk->peer->rcvbuf : 0);

	return sk->wmem < room ? room - sk->wmem : 0;
}

long loop_data(struct socket *sk, const struct sockmsg *m, size_t skip, size_t n)
{
	struct socket *peer = sk->peer;
	long ret;

	if (!peer || peer->dead || peer->state == ST_CLOSE) {
		/* Nobody reads any more: these bytes are lost, and answered by a reset */
		if (peer && peer->state != ST_CLOSE)
			tcp_hear_reset(peer);
		tcp_hear_reset(sk);
		return n;
	}
	ret = stream_append(sk, peer, m, skip, n, NULL);
	if (ret <= 0)
		return ret;
	count_packet(sk, ret + 52);
	sk->in.bytes_out += ret;
	sk->in.segs_out++;
	sk->in.last_out_ns = host_now(sk->host);
	peer->in.bytes_in += ret;
	peer->in.segs_in++;
	peer->in.last_in_ns = sk->in.last_out_ns;
	if ((m->flags & MSG_OOB) && skip + ret == m->len)
		tcp_hear_urgent(peer);
	if (peer->rx.bytes >= peer->rcvlowat)
		sock_wake(peer, EV_IN);
	return ret;
}

/* How well a socket fits a datagram; 0: not at all. */
static u32 udp_score(struct socket *sk, const struct skb *skb)
{
	const struct inet_sock *in = &sk->in;
	const struct inet_addr *from = &skb->inet.from, *to = &skb->inet.to;
	bool v4 = inet_is_mapped(to->ip);
	u32 score = 1;

	if (in->local.port != to->port || sk->protocol != skb->inet.protocol)
		return 0;
	if (v4 && sk->family == AF_INET6 && in->v6only)
		return 0;
	if (inet_is_any(in->local.ip)) {
		if (v4 ? sk->family == AF_INET6 && inet_is_mapped(in->local.ip)
		       : sk->family == AF_INET)
			return v4 ? 1 : 0;
	} else {
		if (!inet_same(in->local.ip, to->ip))
			return 0;
		score += 4;
	}
	if (sk->state == ST_ESTABLISHED) {
		if (in->remote.port != from->port || !inet_same(in->remote.ip, from->ip))
			return 0;
		score += 8;
	}
	return score + (v4 && sk->family == AF_INET);
}

static struct socket *udp_receiver(struct socket *sk, const struct skb *skb)
{
	struct list *bucket = port_bucket(sk, skb->inet.to.port);
	struct socket *s, *best = NULL;
	u32 score = 0, ties = 0, n;

	list_for_each (s, bucket, in.port_link) {
		n = udp_score(s, skb);
		if (n > score) {
			score = n;
			best = s;
			ties = 1;
		} else if (n && n == score && s->reuseport && best->reuseport) {
			ties++;
		}
	}
	if (ties < 2)
		return best;
	/* A group with SO_REUSEPORT shares what comes by the sender's port */
	n = skb->inet.from.port % ties;
	list_for_each (s, bucket, in.port_link)
		if (s->reuseport && udp_score(s, skb) == score && n-- == 0)
			return s;
	return best;
}

/* To every member of the group on this host. */
static void deliver_all(struct socket *sk, struct skb *skb)
{
	struct list *bucket = port_bucket(sk, skb->inet.to.port);
	bool group = inet_is_multicast(skb->inet.to.ip);
	struct socket *s;

	list_for_each (s, bucket, in.port_link) {
		struct skb *copy;

		if (!udp_score(s, skb) || (group && !inet_in_group(s, skb->inet.to.ip)))
			continue;
		copy = skb_alloc(sk->host, skb->len);
		if (!copy)
			return;
		copy->inet = skb->inet;
		copy->len = skb->len;
		memcpy(copy->data, skb->data, skb->len);
		udp_hear(s, copy);
	}
}

long loop_datagram(struct socket *sk, struct skb *skb)
{
	struct socket *s;

	count_packet(sk, skb->len + 28);
	if (inet_is_multicast(skb->inet.to.ip) || inet_is_broadcast(skb->inet.to.ip)) {
		if (sk->in.mc_loop || inet_is_broadcast(skb->inet.to.ip))
			deliver_all(sk, skb);
		skb_free(sk->host, skb);
		return 0;
	}
	s = udp_receiver(sk, skb);
	if (s) {
		udp_hear(s, skb);
		return 0;
	}
	udp_hear_unreachable(sk, &skb->inet.to, skb);
	skb_free(sk->host, skb);
	return -ECONNREFUSED;
}
