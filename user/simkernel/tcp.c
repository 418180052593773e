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
	sk->in.established_ns = host_now(sk->host);
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

static bool writable(struct socket *sk)
{
	u64 cap = (u64)sk->sndbuf + (sk->peer ? sk->peer->rcvbuf : 0);

	return loop_room(sk) * 3 >= cap;
}

static u32 tcp_poll(struct thread *th, struct socket *sk)
{
	u32 mask = 0;

	if (sk->state == ST_LISTEN)
		return sock_listen_poll(sk);
	if (sk->shut == SHUT_BOTH || sk->state == ST_CLOSE)
		mask |= POLLHUP;
	if (sk->shut & SHUT_RECV)
		mask |= EV_IN | POLLRDHUP;
	if (sk->state != ST_SYN_SENT) {
		u64 least = sk->rcvlowat + (tcp_at_mark(sk) && !sk->oobinline);

		if (sk->rx.bytes && sk->rx.bytes >= least)
			mask |= EV_IN;
		if ((sk->shut & SHUT_SEND) || writable(sk))
			mask |= POLLOUT | POLLWRNORM;
		else
			sk->nospace = true;
	}
	if (sk->in.urgent == URGENT_VALID)
		mask |= POLLPRI;
	if (sk->err || sk->errq.count)
		mask |= POLLERR;
	return mask;
}

/* Waits until bytes may be sent: 0 or why not. -EPIPE stands for any broken connection. */
static long wait_writable(struct thread *th, struct socket *sk, u32 flags, u64 deadline)
{
	if (sk->state == ST_SYN_SENT) {
		long ret = sk->err ? sock_error(sk) : flags & MSG_DONTWAIT ? -EAGAIN : 0;

		if (!ret)
			ret = SOCK_WAIT(th, sk, EV_OUT, sk->state != ST_SYN_SENT, deadline);
		if (ret)
			return ret;
	}
	if (sk->err || (sk->shut & SHUT_SEND) ||
	    (sk->state != ST_ESTABLISHED && sk->state != ST_CLOSE_WAIT))
		return -EPIPE;
	if (loop_room(sk))
		return 0;
	sk->nospace = true;
	if (flags & MSG_DONTWAIT)
		return -EAGAIN;
	return SOCK_WAIT(th, sk, EV_OUT,
			 writable(sk) || sk->err || (sk->shut & SHUT_SEND) || sk->state == ST_CLOSE,
			 deadline);
}

static long tcp_send(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	u64 deadline = sock_deadline(sk, sk->sndtimeo_ns, 0);
	size_t done = 0;
	long ret = 0;

	if (m->flags & MSG_FASTOPEN)
		return -EOPNOTSUPP;
	do {
		ret = wait_writable(th, sk, m->flags, deadline);
		if (ret)
			break;
		if (m->len && loop_room(sk))
			ret = loop_data(sk, m, done, min(m->len - done, loop_room(sk)));
		if (ret < 0)
			break;
		done += ret;
	} while (done < m->len);
	if (done || ret >= 0)
		return done;
	if (ret != -EPIPE)
		return ret;
	ret = sock_error(sk);
	return ret && ret != -EPIPE ? ret : sock_broken_pipe(th, m->flags);
}

/* Why an empty queue gives nothing: 0 for the end, or an error; 1: wait. */
static long nothing_to_read(struct socket *sk, u32 flags)
{
	if (sk->in.done)
		return 0;
	if (sk->err)
		return sock_error(sk);
	if (sk->shut & SHUT_RECV)
		return 0;
	if (sk->state == ST_CLOSE)
		return -ENOTCONN;
	return flags & MSG_DONTWAIT ? -EAGAIN : 1;
}

/* How far reading has come, counted as bytes_in is. */
static u64 read_place(const struct socket *sk)
{
	return sk->in.bytes_in - sk->rx.bytes;
}

bool tcp_at_mark(struct socket *sk)
{
	return sk->in.urgent && sk->in.urgent_at == read_place(sk);
}

u64 tcp_readable(struct socket *sk)
{
	u64 place = read_place(sk);

	if (sk->in.urgent && !sk->oobinline && place < sk->in.urgent_at)
		return sk->in.urgent_at - place;
	return sk->rx.bytes;
}

void tcp_hear_urgent(struct socket *sk)
{
	struct skb *last = list_entry(sk->rx.list.prev, struct skb, link);
	struct process *p = NULL;

	sk->in.urgent = URGENT_VALID;
	sk->in.urgent_byte = last->data[last->off + last->len - 1];
	sk->in.urgent_at = sk->in.bytes_in - 1;
	if (sk->file && sk->file->owner_pid > 0)
		p = process_find(sk->host, sk->file->owner_pid);
	if (p)
		signal_process(p, SIGURG, NULL);
	sock_wake(sk, POLLPRI);
}

static long recv_urgent(struct socket *sk, struct sockmsg *m)
{
	if (sk->oobinline || sk->in.urgent != URGENT_VALID)
		return -EINVAL;
	m->out_flags |= MSG_OOB;
	if (!m->len) {
		m->out_flags |= MSG_TRUNC;
		return 0;
	}
	if (iov_copy_to(m->iov, m->niov, 0, &sk->in.urgent_byte, 1) != 1)
		return -EFAULT;
	if (!(m->flags & MSG_PEEK))
		sk->in.urgent = URGENT_READ;
	return 1;
}

/* Reading passes the mark. Unless it is inline, a plain read does not see the urgent byte. */
static void skip_urgent(struct socket *sk)
{
	if (!sk->oobinline && sk->rx.bytes)
		stream_consume(sk, skbq_first(&sk->rx), 1);
	sk->in.urgent = URGENT_NONE;
}

/* Copies what there is at byte at of m, up to the urgent mark: bytes or -EFAULT. */
static long take_some(struct socket *sk, struct sockmsg *m, size_t at, bool *stop)
{
	u64 place = read_place(sk);
	size_t want = m->len - at;
	long ret;

	if (sk->in.urgent && !(m->flags & MSG_PEEK)) {
		if (place == sk->in.urgent_at) {
			*stop = at > 0;
			if (*stop)
				return 0;
			skip_urgent(sk);
		} else if (place < sk->in.urgent_at) {
			want = min(want, (size_t)(sk->in.urgent_at - place));
		}
	}
	ret = stream_take(sk, m, at, want);
	*stop = ret >= 0 && tcp_at_mark(sk) && !(m->flags & MSG_PEEK) && at + ret;
	return ret;
}

static long tcp_recv(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	u64 deadline = sock_deadline(sk, sk->rcvtimeo_ns, 0);
	size_t done = 0,
	       target = m->flags & MSG_WAITALL ? m->len : min((size_t)sk->rcvlowat, m->len);
	bool stop = false;
	long ret = 0;

	if (m->flags & MSG_ERRQUEUE)
		return -EAGAIN;
	if (sk->state == ST_LISTEN)
		return -ENOTCONN;
	if (m->flags & MSG_OOB)
		return recv_urgent(sk, m);
	for (;;) {
		/* A peek looks at the same bytes again */
		size_t at = m->flags & MSG_PEEK ? 0 : done;

		if (sk->rx.bytes) {
			ret = take_some(sk, m, at, &stop);
			if (ret < 0)
				break;
			done = at + ret;
		}
		if (stop || (done >= target && (done || !m->len)))
			break;
		ret = nothing_to_read(sk, m->flags);
		if (ret <= 0)
			break;
		at = m->flags & MSG_PEEK ? sk->rx.bytes : 0;
		ret = SOCK_WAIT(th, sk, EV_IN,
				sk->rx.bytes > at || sk->err || (sk->shut & SHUT_RECV) ||
					sk->state == ST_CLOSE,
				deadline);
		if (ret)
			break;
	}
	return done ? (long)done : ret < 0 ? ret : 0;
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

u32 tcp_pending_out(struct socket *sk)
{
	u64 window = sk->peer ? sk->peer->rcvbuf : 0;

	return sk->wmem > window ? sk->wmem - window : 0;
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
