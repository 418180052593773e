// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AF_UNIX: streams, datagrams, sequenced packets. What is sent lies in the
 * receiver's queue and is charged to the sender's buffer. Two connected sockets
 * point at each other with references; one whose file is closed stays, marked
 * dead, until its peer lets it go. Belongs to the holder of the run token.
 */
#include "base/string.h"
#include "simkernel/net.h"

#define DGRAM_BACKLOG 10 /* net.unix.max_dgram_qlen */

static bool writable(struct socket *sk)
{
	return sk->state != ST_LISTEN && sk->wmem * 4 <= sk->sndbuf;
}

/* As many messages as it may have, whoever sent them. */
static bool queue_full(struct socket *sk)
{
	return sk->rx.count > DGRAM_BACKLOG;
}

void unix_room(struct socket *sk)
{
	waitq_wake_all(&sk->unx.room);
	while (!list_empty(&sk->unx.senders)) {
		struct socket *s = list_first(&sk->unx.senders, struct socket, unx.sender_link);

		list_del(&s->unx.sender_link);
		sock_wake(s, EV_OUT);
	}
}

/*
 * Sleeps once for room at other. Nothing but task->wait is left behind, and
 * other may be gone afterwards: the caller looks everything up again.
 */
static long wait_for_room(struct thread *th, struct socket *other, u64 deadline_ns)
{
	struct waiter *w = &th->task->wait;
	long ret;

	w->key = 0;
	w->exclusive = false;
	waitq_add(&other->unx.room, w);
	ret = task_sleep(th, deadline_ns);
	waitq_remove(w);
	if (ret == -ETIMEDOUT)
		return -EAGAIN;
	if (ret)
		return deadline_ns == TIME_NEVER ? -ERESTARTSYS : -EINTR;
	return 0;
}

static void set_peer(struct socket *sk, struct socket *peer)
{
	struct socket *old = sk->peer;

	if (peer)
		sock_get(peer);
	sk->peer = peer;
	list_del(&sk->unx.sender_link);
	if (old)
		sock_put(old);
}

void unix_pair(struct thread *th, struct socket *a, struct socket *b)
{
	set_peer(a, b);
	set_peer(b, a);
	scm_of_caller(th, &a->unx.peercred);
	b->unx.peercred = a->unx.peercred;
	a->state = b->state = ST_ESTABLISHED;
}

static long unix_listen(struct thread *th, struct socket *sk, u32 backlog)
{
	if (!sk->unx.name)
		return -EINVAL;
	if (sk->state != ST_CLOSE && sk->state != ST_LISTEN)
		return -EINVAL;
	if (backlog > sk->backlog)
		unix_room(sk);
	sk->backlog = backlog;
	sk->state = ST_LISTEN;
	scm_of_caller(th, &sk->unx.peercred);
	return 0;
}

/* A listener with room for one more, after waiting for it. */
static struct socket *find_listener(struct thread *th, struct socket *sk, const struct sockmsg *m,
				    long *err)
{
	u64 deadline = sock_deadline(sk, sk->sndtimeo_ns, 0);

	for (;;) {
		struct socket *other = unix_find(th, sk, m, err);

		if (!other)
			return NULL;
		*err = -ECONNREFUSED;
		if (other->state != ST_LISTEN || (other->shut & SHUT_RECV))
			return NULL;
		*err = 0;
		if (!sock_accept_full(other))
			return other;
		*err = sock_nonblock(sk, 0) ? -EAGAIN : wait_for_room(th, other, deadline);
		if (*err)
			return NULL;
	}
}

static long stream_connect(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	struct socket *other, *child;
	long ret = 0;

	if (sk->passcred)
		ret = unix_autobind(th, sk);
	if (ret)
		return ret;
	other = find_listener(th, sk, m, &ret);
	if (!other)
		return ret;
	if (sk->state == ST_ESTABLISHED)
		return -EISCONN;
	if (sk->state != ST_CLOSE)
		return -EINVAL;
	child = sock_create(th->host, sk->proto, AF_UNIX, sk->type, sk->protocol);
	if (!child)
		return -ENOMEM;
	child->uid = other->uid;
	child->passcred = other->passcred;
	child->unx.name = other->unx.name;
	child->unx.name->refs++;
	scm_of_caller(th, &child->unx.peercred);
	sk->unx.peercred = other->unx.peercred;
	set_peer(sk, child);
	set_peer(child, sk);
	sk->state = child->state = ST_ESTABLISHED;
	sock_accept_add(other, child);
	return 0;
}

static long unix_getname(struct socket *sk, bool peer, struct sockmsg *m)
{
	if (peer && (!sk->peer || (sk->proto != PROTO_UNIX_DGRAM && sk->state != ST_ESTABLISHED)))
		return -ENOTCONN;
	unix_name_to(peer ? sk->peer->unx.name : sk->unx.name, m);
	return 0;
}

static long unix_shutdown(struct thread *th, struct socket *sk, u32 how)
{
	struct socket *other = sk->peer;

	sk->shut |= how;
	if (other && sk->proto != PROTO_UNIX_DGRAM) {
		other->shut |=
			(how & SHUT_RECV ? SHUT_SEND : 0) | (how & SHUT_SEND ? SHUT_RECV : 0);
		sock_wake(other,
			  EV_IN | EV_OUT | POLLRDHUP | (other->shut == SHUT_BOTH ? POLLHUP : 0));
	}
	sock_wake(sk, EV_IN | EV_OUT | POLLRDHUP | (sk->shut == SHUT_BOTH ? POLLHUP : 0));
	unix_room(sk);
	return 0;
}

/* The connections that nobody will accept. */
static void drop_children(struct host *h, struct socket *sk)
{
	while (sk->naccept) {
		struct socket *child = list_first(&sk->accept_queue, struct socket, accept_link);

		sock_accept_del(child);
		child->dead = true;
		child->peer->err = ECONNRESET;
		proto_ops[child->proto]->close(h, child);
		sock_put(child);
	}
}

static void unix_close(struct host *h, struct socket *sk)
{
	struct socket *other = sk->peer;
	bool unread = sk->rx.bytes || (sk->proto != PROTO_UNIX_STREAM && sk->rx.count);

	sk->shut = SHUT_BOTH;
	unix_unbind(sk);
	drop_children(h, sk);
	skbq_purge(h, &sk->rx);
	unix_room(sk);
	/* Those who still sleep here find their condition changed, or look the name up again */
	while (!list_empty(&sk->unx.room.waiters))
		list_del(sk->unx.room.waiters.next);
	list_del(&sk->unx.sender_link);
	if (!other)
		return;
	if (sk->proto != PROTO_UNIX_DGRAM) {
		other->shut = SHUT_BOTH;
		if (unread)
			other->err = ECONNRESET;
		sock_wake(other, EV_IN | EV_OUT | POLLHUP | POLLRDHUP | (other->err ? POLLERR : 0));
	}
	sk->peer = NULL;
	sock_put(other);
}

static u32 shut_poll(struct socket *sk)
{
	u32 mask = 0;

	if (sk->err || sk->errq.count)
		mask |= POLLERR;
	if (sk->shut == SHUT_BOTH)
		mask |= POLLHUP;
	if (sk->shut & SHUT_RECV)
		mask |= POLLRDHUP | EV_IN;
	return mask;
}

static u32 stream_poll(struct thread *th, struct socket *sk)
{
	u32 mask = shut_poll(sk);

	if (sk->rx.bytes || sk->naccept)
		mask |= EV_IN;
	if (sk->state == ST_CLOSE)
		mask |= POLLHUP;
	if (writable(sk))
		mask |= EV_OUT;
	else
		sk->nospace = true;
	return mask;
}

static u32 dgram_poll(struct thread *th, struct socket *sk)
{
	struct socket *other = sk->peer;
	u32 mask = shut_poll(sk);

	if (sk->rx.count || sk->naccept)
		mask |= EV_IN;
	if (sk->proto == PROTO_UNIX_SEQPACKET && sk->state == ST_CLOSE)
		mask |= POLLHUP;
	if (!writable(sk)) {
		sk->nospace = true;
		return mask;
	}
	if (other && other->peer != sk && !other->dead && queue_full(other)) {
		if (!list_linked(&sk->unx.sender_link))
			list_add_tail(&sk->unx.sender_link, &other->unx.senders);
		return mask;
	}
	return mask | EV_OUT;
}

/* Whether the stream can still be written: 0 or -EPIPE. */
static long stream_broken(struct socket *sk)
{
	return (sk->shut & SHUT_SEND) || sk->peer->dead || (sk->peer->shut & SHUT_RECV) ? -EPIPE
											: 0;
}

static long stream_wait_room(struct thread *th, struct socket *sk, u32 flags, u64 deadline)
{
	if (sk->wmem < sk->sndbuf)
		return 0;
	sk->nospace = true;
	if (flags & MSG_DONTWAIT)
		return -EAGAIN;
	return SOCK_WAIT(th, sk, EV_OUT,
			 sk->wmem < sk->sndbuf || sk->err || !sk->peer || stream_broken(sk),
			 deadline);
}

/* Appends what there is room for; the rights go with the first byte. */
static long stream_push(struct thread *th, struct socket *sk, struct sockmsg *m, size_t done)
{
	struct socket *other = sk->peer;
	struct scm scm;
	long ret;

	if (m->control && !done) {
		ret = scm_from_control(th, m, &scm, true);
		if (ret)
			return ret;
	} else {
		scm_of_caller(th, &scm);
	}
	ret = stream_append(sk, other, m, done, min(m->len - done, (size_t)(sk->sndbuf - sk->wmem)),
			    &scm);
	if (ret < 0 && scm.fds)
		scm_drop(th->host, scm.fds);
	if (ret > 0)
		sock_wake(other, EV_IN);
	return ret;
}

static long stream_send(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	u64 deadline = sock_deadline(sk, sk->sndtimeo_ns, 0);
	size_t done = 0;
	struct scm scm;
	long ret = 0;

	if (m->control)
		ret = scm_from_control(th, m, &scm, false);
	if (ret)
		return ret;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (m->namelen)
		return sk->state == ST_ESTABLISHED ? -EISCONN : -EOPNOTSUPP;
	if (!sk->peer)
		return -ENOTCONN;
	if (sk->shut & SHUT_SEND)
		return sock_broken_pipe(th, m->flags);
	while (done < m->len) {
		ret = stream_wait_room(th, sk, m->flags, deadline);
		if (!ret)
			ret = sock_error(sk);
		if (!ret)
			ret = stream_broken(sk);
		if (!ret)
			ret = stream_push(th, sk, m, done);
		if (ret < 0)
			break;
		done += ret;
	}
	if (done || ret >= 0)
		return done;
	return ret == -EPIPE ? sock_broken_pipe(th, m->flags) : ret;
}

/* Why an empty stream gives nothing: 0 for its end, or an error; 1: wait. */
static long stream_empty(struct socket *sk, u32 flags)
{
	if (sk->err)
		return sock_error(sk);
	if (sk->shut & SHUT_RECV)
		return 0;
	return flags & MSG_DONTWAIT ? -EAGAIN : 1;
}

static bool same_credentials(const struct scm *a, const struct scm *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/*
 * Copies from the queue until m is full, another sender's credentials begin
 * (with SO_PASSCRED), or rights have been handed over.
 */
static long stream_pull(struct thread *th, struct socket *sk, struct sockmsg *m, size_t done,
			struct scm *scm, bool *stop)
{
	struct skb *skb, *next;
	size_t taken = 0;

	list_for_each_safe (skb, next, &sk->rx.list, link) {
		size_t n = min((size_t)skb->len, m->len - done - taken);
		long got;

		if (!n)
			break;
		if (scm->pid < 0) {
			*scm = skb->unx.scm;
			scm->fds = NULL;
		} else if (sk->passcred && !same_credentials(scm, &skb->unx.scm)) {
			*stop = true;
			break;
		}
		got = iov_copy_to(m->iov, m->niov, done + taken, skb->data + skb->off, n);
		if (got <= 0)
			return taken ? (long)taken : -EFAULT;
		taken += got;
		if (skb->unx.scm.fds) {
			struct scm_fds *fds = skb->unx.scm.fds;

			*stop = true;
			scm->fds = fds;
			if (!(m->flags & MSG_PEEK))
				skb->unx.scm.fds = NULL;
		}
		if (!(m->flags & MSG_PEEK))
			stream_consume(sk, skb, got);
		if (*stop || (size_t)got < n)
			break;
	}
	return taken;
}

static long stream_recv(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	u64 deadline = sock_deadline(sk, sk->rcvtimeo_ns, 0);
	size_t done = 0,
	       target = m->flags & MSG_WAITALL ? m->len : min((size_t)sk->rcvlowat, m->len);
	struct scm scm = {.pid = -1};
	bool stop = false;
	long ret = 0;

	if (sk->state != ST_ESTABLISHED || (m->flags & MSG_OOB))
		return -EINVAL;
	while (m->len) {
		if (sk->rx.bytes) {
			ret = stream_pull(th, sk, m, done, &scm, &stop);
			if (ret < 0)
				break;
			done += ret;
			if (stop || done >= target || (m->flags & MSG_PEEK))
				break;
		}
		if (sk->rx.bytes)
			continue;
		ret = stream_empty(sk, m->flags);
		if (ret <= 0)
			break;
		ret = SOCK_WAIT(th, sk, EV_IN, sk->rx.bytes || sk->err || (sk->shut & SHUT_RECV),
				deadline);
		if (ret)
			break;
	}
	if (scm.pid >= 0) {
		unix_name_to(sk->peer ? sk->peer->unx.name : NULL, m);
		if (m->namelen == sizeof(sa_family_t))
			m->namelen = 0;
		scm_to_control(th, sk, m, &scm);
		if (scm.fds && !(m->flags & MSG_PEEK))
			scm_drop(th->host, scm.fds);
	}
	return done ? (long)done : ret;
}

static long dgram_connect(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	struct socket *other;
	long ret = 0;

	if (sk->proto == PROTO_UNIX_SEQPACKET)
		return stream_connect(th, sk, m);
	if (m->namelen < sizeof(sa_family_t))
		return -EINVAL;
	if (m->sa.sa_family == AF_UNSPEC) {
		set_peer(sk, NULL);
		sk->state = ST_CLOSE;
		return 0;
	}
	if (sk->passcred)
		ret = unix_autobind(th, sk);
	if (ret)
		return ret;
	other = unix_find(th, sk, m, &ret);
	if (!other)
		return ret;
	if (other->peer && other->peer != sk)
		return -EPERM;
	set_peer(sk, other);
	sk->state = ST_ESTABLISHED;
	return 0;
}

/* Where a datagram goes; *err says why nowhere. */
static struct socket *dgram_target(struct thread *th, struct socket *sk, const struct sockmsg *m,
				   long *err)
{
	struct socket *other = sk->peer;

	*err = 0;
	if (m->namelen)
		other = unix_find(th, sk, m, err);
	else if (!other)
		*err = -ENOTCONN;
	if (*err)
		return NULL;
	if (other->dead) {
		*err = -EPIPE;
		if (sk->proto == PROTO_UNIX_DGRAM) {
			set_peer(sk, NULL);
			sk->state = ST_CLOSE;
			*err = -ECONNREFUSED;
		}
	} else if (other->shut & SHUT_RECV) {
		*err = -EPIPE;
	} else if (sk->proto == PROTO_UNIX_DGRAM && other->peer && other->peer != sk) {
		*err = -EPERM;
	}
	return *err ? NULL : other;
}

/* The receiver, once it and our own buffer have room. */
static struct socket *dgram_wait_room(struct thread *th, struct socket *sk, struct sockmsg *m,
				      long *err)
{
	u64 deadline = sock_deadline(sk, sk->sndtimeo_ns, 0);

	for (;;) {
		struct socket *other;

		*err = sock_error(sk);
		if (!*err && (sk->shut & SHUT_SEND))
			*err = -EPIPE;
		if (*err)
			return NULL;
		other = dgram_target(th, sk, m, err);
		if (!other)
			return NULL;
		if (sk->wmem < sk->sndbuf && (other->peer == sk || !queue_full(other)))
			return other;
		if (m->flags & MSG_DONTWAIT) {
			sk->nospace |= sk->wmem >= sk->sndbuf;
			*err = -EAGAIN;
		} else if (sk->wmem >= sk->sndbuf) {
			sk->nospace = true;
			*err = SOCK_WAIT(th, sk, EV_OUT,
					 sk->wmem < sk->sndbuf || sk->err || sk->shut, deadline);
		} else {
			*err = wait_for_room(th, other, deadline);
		}
		if (*err)
			return NULL;
	}
}

static long dgram_send(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	struct socket *other;
	struct skb *skb;
	struct scm scm;
	long ret;

	ret = scm_from_control(th, m, &scm, false);
	if (!ret && (m->flags & MSG_OOB))
		ret = -EOPNOTSUPP;
	if (!ret && sk->proto == PROTO_UNIX_SEQPACKET) {
		m->namelen = 0;
		if (sk->state != ST_ESTABLISHED)
			ret = -ENOTCONN;
	}
	if (!ret && sk->passcred)
		ret = unix_autobind(th, sk);
	if (!ret && m->len > sk->sndbuf - 32)
		ret = -EMSGSIZE;
	if (ret)
		return ret;
	other = dgram_wait_room(th, sk, m, &ret);
	if (!other)
		return ret;
	skb = skb_from_iov(th->host, m, &ret);
	if (!skb)
		return ret;
	ret = scm_from_control(th, m, &skb->unx.scm, true);
	if (ret) {
		arena_free(th->host, skb);
		return ret;
	}
	skb->unx.from = sk->unx.name;
	if (skb->unx.from)
		skb->unx.from->refs++;
	skb_charge(skb, sk, skb_truesize(m->len));
	skbq_add(&other->rx, skb);
	sock_wake(other, EV_IN);
	return m->len;
}

static long dgram_wait(struct thread *th, struct socket *sk, u32 flags)
{
	long ret = sock_error(sk);

	if (ret)
		return ret;
	if (flags & MSG_DONTWAIT)
		ret = -EAGAIN;
	else if (!(sk->shut & SHUT_RECV))
		ret = SOCK_WAIT(th, sk, EV_IN, sk->rx.count || sk->err || (sk->shut & SHUT_RECV),
				sock_deadline(sk, sk->rcvtimeo_ns, 0));
	if (!ret)
		ret = sk->rx.count ? 0 : sock_error(sk);
	if (ret == -EAGAIN && sk->proto == PROTO_UNIX_SEQPACKET && (sk->shut & SHUT_RECV))
		ret = 0;
	return ret;
}

static long dgram_recv(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	struct skb *skb;
	long ret = 0;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (sk->proto == PROTO_UNIX_SEQPACKET && sk->state != ST_ESTABLISHED)
		return -ENOTCONN;
	if (!sk->rx.count)
		ret = dgram_wait(th, sk, m->flags);
	skb = skbq_first(&sk->rx);
	if (ret || !skb)
		return ret;
	ret = skb_to_iov(skb, m);
	if (ret >= 0) {
		sock_recv_stamp(sk, m, skb->stamp_ns);
		if (skb->unx.from)
			unix_name_to(skb->unx.from, m);
		scm_to_control(th, sk, m, &skb->unx.scm);
	}
	if (ret < 0 || (m->flags & MSG_PEEK))
		return ret;
	skbq_del(&sk->rx, skb);
	skb_free(th->host, skb);
	unix_room(sk);
	return ret;
}

const struct proto_ops unix_stream_ops = {
	.bind = unix_bind,
	.connect = stream_connect,
	.listen = unix_listen,
	.send = stream_send,
	.recv = stream_recv,
	.shutdown = unix_shutdown,
	.getname = unix_getname,
	.poll = stream_poll,
	.close = unix_close,
};

const struct proto_ops unix_dgram_ops = {
	.bind = unix_bind,
	.connect = dgram_connect,
	.listen = unix_listen,
	.send = dgram_send,
	.recv = dgram_recv,
	.shutdown = unix_shutdown,
	.getname = unix_getname,
	.poll = dgram_poll,
	.close = unix_close,
};
