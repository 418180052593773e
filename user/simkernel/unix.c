// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What all UNIX sockets share: connecting, naming the peer, shutting, closing.
 * Two connected sockets point at each other with references; one whose file is
 * closed stays, marked dead, until its peer lets it go. Belongs to the holder
 * of the run token.
 */
#include "simkernel/net.h"

bool unix_writable(struct socket *sk)
{
	return sk->state != ST_LISTEN && sk->wmem * 4 <= sk->sndbuf;
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

long unix_wait_room(struct thread *th, struct socket *other, u64 deadline_ns)
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

void unix_set_peer(struct socket *sk, struct socket *peer)
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
	unix_set_peer(a, b);
	unix_set_peer(b, a);
	scm_of_caller(th, &a->unx.peercred);
	b->unx.peercred = a->unx.peercred;
	a->state = b->state = ST_ESTABLISHED;
}

long unix_listen(struct thread *th, struct socket *sk, u32 backlog)
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
		*err = sock_nonblock(sk, 0) ? -EAGAIN : unix_wait_room(th, other, deadline);
		if (*err)
			return NULL;
	}
}

long unix_connect(struct thread *th, struct socket *sk, struct sockmsg *m)
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
	unix_set_peer(sk, child);
	unix_set_peer(child, sk);
	sk->state = child->state = ST_ESTABLISHED;
	sock_accept_add(other, child);
	return 0;
}

long unix_getname(struct socket *sk, bool peer, struct sockmsg *m)
{
	if (peer && (!sk->peer || (sk->proto != PROTO_UNIX_DGRAM && sk->state != ST_ESTABLISHED)))
		return -ENOTCONN;
	unix_name_to(peer ? sk->peer->unx.name : sk->unx.name, m);
	return 0;
}

long unix_shutdown(struct thread *th, struct socket *sk, u32 how)
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

void unix_close(struct host *h, struct socket *sk)
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

u32 unix_shut_poll(struct socket *sk)
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
