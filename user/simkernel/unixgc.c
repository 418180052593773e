// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UNIX sockets that hold each other: a socket that was sent over another (or
 * over itself) and then closed everywhere is kept by a message that nobody can
 * ever read. When a UNIX socket closes while sockets are in flight, those that
 * only such messages hold are found and their messages' files let go. Belongs
 * to the holder of the run token.
 */
#include "simkernel/net.h"

static struct socket *unix_of(struct file *f)
{
	struct socket *sk = f->kind == FILE_SOCKET ? f->object : NULL;

	return sk && sk->family == AF_UNIX ? sk : NULL;
}

void unix_gc_count(struct host *h, struct file *f, int change)
{
	if (unix_of(f))
		sock_table(h)->inflight += change;
}

/* Calls fn for each UNIX socket in flight in sk's queue. Whether any call said true. */
static bool each_inflight(struct socket *sk, bool (*fn)(struct socket *))
{
	bool any = false;
	struct skb *skb;
	u32 i;

	list_for_each (skb, &sk->rx.list, link) {
		struct scm_fds *fds = skb->unx.scm.fds;

		for (i = 0; fds && i < fds->n; i++) {
			struct socket *in = unix_of(fds->ent[i].file);

			if (in)
				any |= fn(in);
		}
	}
	return any;
}

static bool count_one(struct socket *sk)
{
	sk->unx.inflight++;
	return true;
}

static bool revive(struct socket *sk)
{
	bool was = sk->unx.garbage;

	sk->unx.garbage = false;
	return was;
}

/* A child that nobody accepted yet is as reachable as its listener. */
static bool reachable(struct socket *sk)
{
	return !(sk->listener ? sk->listener : sk)->unx.garbage;
}

/* The files of one message that a lost socket holds; NULL: there is none left. */
static struct scm_fds *take_lost(struct sock_table *t)
{
	struct socket *sk;
	struct skb *skb;

	list_for_each (sk, &t->all, link) {
		if (sk->family != AF_UNIX || reachable(sk))
			continue;
		list_for_each (skb, &sk->rx.list, link) {
			struct scm_fds *fds = skb->unx.scm.fds;

			skb->unx.scm.fds = NULL;
			if (fds)
				return fds;
		}
	}
	return NULL;
}

void unix_gc(struct host *h)
{
	struct sock_table *t = sock_table(h);
	struct scm_fds *fds;
	struct socket *sk;
	bool more;

	if (!t->inflight || t->collecting)
		return;
	list_for_each (sk, &t->all, link)
		if (sk->family == AF_UNIX)
			sk->unx.inflight = 0;
	list_for_each (sk, &t->all, link)
		if (sk->family == AF_UNIX)
			each_inflight(sk, count_one);
	list_for_each (sk, &t->all, link)
		if (sk->family == AF_UNIX)
			sk->unx.garbage =
				sk->file && sk->unx.inflight && sk->file->refs == sk->unx.inflight;
	do {
		more = false;
		list_for_each (sk, &t->all, link)
			if (sk->family == AF_UNIX && reachable(sk))
				more |= each_inflight(sk, revive);
	} while (more);
	/* Letting go closes sockets, which would come here again */
	t->collecting = true;
	while ((fds = take_lost(t)))
		scm_drop(h, fds);
	t->collecting = false;
}
