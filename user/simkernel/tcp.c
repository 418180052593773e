// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TCP sockets: the state machine between the calls of a program and what comes
 * from a link. What this end sends goes through the link's functions
 * (loopback.c); what it hears arrives in tcp_hear_*(). A connection's two ends
 * hold a reference on each other until they are closed on both sides.
 *
 * A listener drops a SYN when its queue is full, and the connecting side tries
 * again after 1, 2, 4... seconds, as on a real network. Belongs to the holder
 * of the run token.
 */
#include <netinet/in.h>
#include "base/string.h"
#include "simkernel/net.h"

#define SNDBUF_CONNECTED 2626560 /* what Linux gives a loopback connection */

static void unhash(struct socket *sk)
{
	list_del(&sk->in.listen_link);
	list_del(&sk->in.port_link);
}

/* Nobody on this host holds on to it any more. */
static void tcp_gone(struct socket *sk)
{
	struct socket *peer = sk->peer;

	if (!sk->dead || sk->state != ST_CLOSE)
		return;
	unhash(sk);
	sk->peer = NULL;
	if (peer)
		sock_put(peer);
}

/* Both directions are over. An ephemeral port is free again. */
static void tcp_done(struct socket *sk)
{
	sk->state = ST_CLOSE;
	sk->shut = SHUT_BOTH;
	if (!sk->in.port_locked)
		list_del(&sk->in.port_link);
	sock_wake(sk, EV_IN | EV_OUT | POLLHUP | POLLRDHUP | (sk->err ? POLLERR : 0));
	tcp_gone(sk);
}

static void tcp_established(struct socket *sk, struct socket *peer)
{
	sock_get(peer);
	sk->peer = peer;
	sk->state = ST_ESTABLISHED;
	if (!sk->sndbuf_locked)
		sk->sndbuf = SNDBUF_CONNECTED;
}

static u32 listener_score(struct socket *sk, const struct inet_addr *dst)
{
	bool v4 = inet_is_mapped(dst->ip);

	if (sk->in.local.port != dst->port)
		return 0;
	if (v4 && sk->family == AF_INET6 && sk->in.v6only)
		return 0;
	if (!inet_is_any(sk->in.local.ip))
		return inet_same(sk->in.local.ip, dst->ip) ? 4 + (v4 && sk->family == AF_INET) : 0;
	if (!v4 && inet_is_mapped(sk->in.local.ip))
		return 0;
	return 1 + (v4 && sk->family == AF_INET);
}

struct socket *tcp_find_listener(struct host *h, const struct inet_addr *dst, u16 src_port)
{
	struct list *bucket = &sock_table(h)->listeners[dst->port % NET_BUCKETS];
	struct socket *sk, *best = NULL;
	u32 score = 0, ties = 0, n;

	list_for_each (sk, bucket, in.listen_link) {
		n = listener_score(sk, dst);
		if (n > score) {
			score = n;
			best = sk;
			ties = 1;
		} else if (n && n == score) {
			ties++;
		}
	}
	if (ties < 2)
		return best;
	/* A group with SO_REUSEPORT shares connections by the client's port */
	n = src_port % ties;
	list_for_each (sk, bucket, in.listen_link)
		if (listener_score(sk, dst) == score && n-- == 0)
			return sk;
	return best;
}

/* A listener's options pass on to what it accepts. */
static struct socket *tcp_child(struct socket *l, struct socket *from)
{
	struct socket *sk = sock_create(l->host, PROTO_TCP, l->family, SOCK_STREAM, l->protocol);

	if (!sk)
		return NULL;
	sk->uid = l->uid;
	sk->sndbuf = l->sndbuf;
	sk->rcvbuf = l->rcvbuf;
	sk->sndbuf_locked = l->sndbuf_locked;
	sk->rcvbuf_locked = l->rcvbuf_locked;
	sk->rcvlowat = l->rcvlowat;
	sk->rcvtimeo_ns = l->rcvtimeo_ns;
	sk->sndtimeo_ns = l->sndtimeo_ns;
	sk->reuseaddr = l->reuseaddr;
	sk->reuseport = l->reuseport;
	sk->keepalive = l->keepalive;
	sk->oobinline = l->oobinline;
	sk->dontroute = l->dontroute;
	sk->linger_on = l->linger_on;
	sk->linger_s = l->linger_s;
	sk->priority = l->priority;
	sk->mark = l->mark;
	sk->in = l->in;
	list_init(&sk->in.port_link);
	list_init(&sk->in.listen_link);
	list_init(&sk->in.groups);
	sk->in.phase = PHASE_CONNECTED;
	sk->in.port_locked = false;
	sk->in.local = from->in.remote;
	sk->in.remote = from->in.local;
	port_inherit(sk);
	return sk;
}

enum tcp_answer tcp_hear_syn(struct socket *listener, struct socket *from)
{
	struct socket *child;

	if (sock_accept_full(listener))
		return TCP_DROPPED;
	child = tcp_child(listener, from);
	if (!child)
		return TCP_DROPPED;
	tcp_established(child, from);
	tcp_established(from, child);
	sock_accept_add(listener, child);
	return TCP_ACCEPTED;
}

void tcp_hear_fin(struct socket *sk)
{
	sk->in.done = true;
	sk->shut |= SHUT_RECV;
	if (sk->state == ST_ESTABLISHED) {
		sk->state = ST_CLOSE_WAIT;
		sock_wake(sk, EV_IN | POLLRDHUP | (sk->shut == SHUT_BOTH ? POLLHUP : 0));
	} else if (sk->state == ST_FIN_WAIT2) {
		time_wait_add(sk);
		tcp_done(sk);
	}
}

void tcp_hear_reset(struct socket *sk)
{
	switch (sk->state) {
	case ST_CLOSE:
		return;
	case ST_SYN_SENT:
		sk->err = ECONNREFUSED;
		break;
	case ST_CLOSE_WAIT:
		sk->err = EPIPE;
		break;
	default:
		sk->err = ECONNRESET;
	}
	tcp_done(sk);
}

/* Our half is over. */
static void send_fin(struct socket *sk)
{
	if (sk->state == ST_ESTABLISHED) {
		sk->state = ST_FIN_WAIT2;
		loop_fin(sk);
	} else if (sk->state == ST_CLOSE_WAIT) {
		loop_fin(sk);
		tcp_done(sk);
	}
}

static void abort_connection(struct socket *sk)
{
	if (sk->state == ST_CLOSE)
		return;
	loop_reset(sk);
	tcp_done(sk);
}

static void stop_listening(struct socket *sk)
{
	list_del(&sk->in.listen_link);
	while (sk->naccept) {
		struct socket *child = list_first(&sk->accept_queue, struct socket, accept_link);

		sock_accept_del(child);
		child->dead = true;
		abort_connection(child);
		tcp_gone(child);
		sock_put(child);
	}
	sk->state = ST_CLOSE;
}

static void stop_timer(struct socket *sk)
{
	if (!timer_armed(&sk->timer))
		return;
	timer_disarm(sk->host, &sk->timer);
	sock_put(sk);
}

/* Back to a fresh socket that keeps what bind and options gave it. */
static void disconnect(struct socket *sk)
{
	struct inet_sock *in = &sk->in;
	struct socket *peer;

	if (sk->state == ST_LISTEN)
		stop_listening(sk);
	stop_timer(sk);
	abort_connection(sk);
	peer = sk->peer;
	sk->peer = NULL;
	if (peer)
		sock_put(peer);
	skbq_purge(sk->host, &sk->rx);
	sk->err = 0;
	sk->shut = 0;
	in->done = false;
	in->phase = PHASE_UNCONNECTED;
	if (sk->family == AF_INET)
		inet_set_v4(in->remote.ip, 0);
	else
		memset(in->remote.ip, 0, 16);
	in->remote.port = 0;
	if (!in->port_locked)
		port_release(sk);
	if (in->addr_locked)
		return;
	if (sk->family == AF_INET)
		inet_set_v4(in->local.ip, 0);
	else
		memset(in->local.ip, 0, 16);
}

static void refuse(struct socket *sk, int err)
{
	sk->err = err;
	tcp_done(sk);
}

static void send_syn(struct socket *sk)
{
	switch (loop_syn(sk)) {
	case TCP_ACCEPTED:
		sock_wake(sk, EV_OUT);
		break;
	case TCP_REFUSED:
		refuse(sk, ECONNREFUSED);
		break;
	case TCP_DROPPED:
		sock_get(sk);
		timer_arm(sk->host, &sk->timer,
			  host_now(sk->host) + (NSEC_PER_SEC << sk->in.syn_tries));
		break;
	}
}

void tcp_syn_timeout(struct socket *sk)
{
	if (sk->state != ST_SYN_SENT)
		return;
	if (sk->in.syn_tries++ >= sk->in.syncnt)
		refuse(sk, ETIMEDOUT);
	else
		send_syn(sk);
}

/* How a connect that has begun ends. */
static long finish_connect(struct thread *th, struct socket *sk)
{
	long ret;

	if (sk->state == ST_SYN_SENT) {
		ret = SOCK_WAIT(th, sk, EV_OUT, sk->state != ST_SYN_SENT,
				sock_deadline(sk, sk->sndtimeo_ns, 0));
		if (ret)
			return ret == -EAGAIN ? -EINPROGRESS : ret;
	}
	if (sk->state == ST_CLOSE) {
		ret = sock_error(sk);
		disconnect(sk);
		return ret ? ret : -ECONNABORTED;
	}
	sk->in.phase = PHASE_CONNECTED;
	return 0;
}

static long tcp_connect(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	struct inet_addr dst, src;
	long ret;

	if (m->namelen < sizeof(sa_family_t))
		return -EINVAL;
	if (m->sa.sa_family == AF_UNSPEC) {
		disconnect(sk);
		return 0;
	}
	if (sk->in.phase == PHASE_CONNECTING) {
		if (sk->state == ST_SYN_SENT && sock_nonblock(sk, 0))
			return -EALREADY;
		return finish_connect(th, sk);
	}
	if (sk->in.phase == PHASE_CONNECTED || sk->state != ST_CLOSE)
		return -EISCONN;
	ret = inet_addr_from(sk, m, &dst);
	if (!ret)
		ret = inet_route(sk, &dst, src.ip);
	if (!ret && (inet_is_multicast(dst.ip) || inet_is_broadcast(dst.ip)))
		ret = -ENETUNREACH;
	if (ret)
		return ret;
	if (!sk->in.addr_locked)
		memcpy(sk->in.local.ip, src.ip, 16);
	sk->in.remote = dst;
	ret = port_autobind(sk);
	if (ret) {
		disconnect(sk);
		return ret;
	}
	sk->in.phase = PHASE_CONNECTING;
	sk->in.syn_tries = 0;
	sk->state = ST_SYN_SENT;
	send_syn(sk);
	/* The answer is here, but a program that does not wait learns of it by poll */
	return sock_nonblock(sk, 0) ? -EINPROGRESS : finish_connect(th, sk);
}

static long tcp_listen(struct thread *th, struct socket *sk, u32 backlog)
{
	struct sock_table *t = sock_table(th->host);
	long ret;

	if (sk->in.phase != PHASE_UNCONNECTED || (sk->state != ST_CLOSE && sk->state != ST_LISTEN))
		return -EINVAL;
	sk->backlog = backlog;
	if (sk->state == ST_LISTEN)
		return 0;
	ret = port_autobind(sk);
	if (ret)
		return ret;
	if (port_conflict(sk, sk->in.local.port))
		return -EADDRINUSE;
	sk->state = ST_LISTEN;
	sk->shut = 0;
	list_add_tail(&sk->in.listen_link, &t->listeners[sk->in.local.port % NET_BUCKETS]);
	return 0;
}

static long tcp_shutdown(struct thread *th, struct socket *sk, u32 how)
{
	long ret = 0;

	switch (sk->state) {
	case ST_LISTEN:
		if (how & SHUT_RECV)
			disconnect(sk);
		break;
	case ST_SYN_SENT:
		disconnect(sk);
		break;
	case ST_CLOSE:
		ret = -ENOTCONN;
		/* fallthrough */
	default:
		sk->shut |= how;
		if (how & SHUT_SEND)
			send_fin(sk);
	}
	sock_wake(sk, EV_IN | EV_OUT | POLLRDHUP | (sk->shut == SHUT_BOTH ? POLLHUP : 0));
	return ret;
}

static void tcp_close(struct host *h, struct socket *sk)
{
	bool unread = sk->rx.bytes;

	if (sk->state == ST_LISTEN)
		stop_listening(sk);
	if (sk->state == ST_SYN_SENT) {
		stop_timer(sk);
		sk->state = ST_CLOSE;
	}
	skbq_purge(h, &sk->rx);
	sk->shut = SHUT_BOTH;
	if (unread || (sk->linger_on && !sk->linger_s))
		abort_connection(sk);
	else
		send_fin(sk);
	tcp_gone(sk);
}

const struct proto_ops tcp_ops = {
	.bind = inet_bind,
	.connect = tcp_connect,
	.listen = tcp_listen,
	.send = tcp_send,
	.recv = tcp_recv,
	.shutdown = tcp_shutdown,
	.getname = inet_getname,
	.poll = tcp_poll,
	.close = tcp_close,
};
