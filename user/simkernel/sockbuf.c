// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Socket buffers: messages, and the blocks of a stream, in chains. A stream
 * fills its last block before it takes another, and keeps one small block when
 * it runs empty, so that a ping-pong allocates nothing. Nothing is ever moved
 * within a queue. Belongs to the holder of the run token.
 */
#include "simkernel/net.h"

#define BLOCK_MIN  1024 /* with the header: the arena's blocks are powers of two */
#define BLOCK_MAX  16384
#define BLOCK_KEPT 4096

void skbq_init(struct skb_queue *q)
{
	list_init(&q->list);
	q->count = 0;
	q->bytes = q->charge = 0;
}

struct skb *skb_alloc(struct host *h, u32 cap)
{
	struct skb *skb = arena_alloc(h, sizeof(*skb) + cap);

	if (!skb)
		return NULL;
	list_init(&skb->link);
	skb->cap = cap;
	skb->stamp_ns = host_now(h);
	return skb;
}

u32 skb_truesize(u32 len)
{
	return ALIGN_UP(len + 320U, 256U) + 256;
}

void skb_charge(struct skb *skb, struct socket *owner, u32 charge)
{
	if (!skb->owner) {
		skb->owner = owner;
		sock_get(owner);
	}
	skb->charge += charge;
	owner->wmem += charge;
}

/* Gives room back to the sender, and tells it when it had seen no room. */
void skb_uncharge(struct skb *skb, u32 charge)
{
	struct socket *owner = skb->owner;

	skb->charge -= charge;
	if (!owner)
		return;
	owner->wmem -= charge;
	if (owner->nospace && owner->file &&
	    (proto_ops[owner->proto]->poll(NULL, owner) & POLLOUT)) {
		owner->nospace = false;
		sock_wake(owner, EV_OUT);
	}
}

void skb_free(struct host *h, struct skb *skb)
{
	struct socket *owner = skb->owner;

	if (owner) {
		skb_uncharge(skb, skb->charge);
		if (owner->family == AF_UNIX) {
			unix_name_put(h, skb->unx.from);
			scm_drop(h, skb->unx.scm.fds);
		}
		sock_put(owner);
	}
	arena_free(h, skb);
}

void skbq_add(struct skb_queue *q, struct skb *skb)
{
	list_add_tail(&skb->link, &q->list);
	q->count++;
	q->bytes += skb->len;
	q->charge += skb_truesize(skb->len);
}

void skbq_del(struct skb_queue *q, struct skb *skb)
{
	list_del(&skb->link);
	q->count--;
	q->bytes -= skb->len;
	q->charge -= skb_truesize(skb->len);
}

struct skb *skbq_first(struct skb_queue *q)
{
	return list_empty(&q->list) ? NULL : list_first(&q->list, struct skb, link);
}

void skbq_purge(struct host *h, struct skb_queue *q)
{
	struct skb *skb;

	while ((skb = skbq_first(q))) {
		list_del(&skb->link);
		skb_free(h, skb);
	}
	q->count = 0;
	q->bytes = q->charge = 0;
}

struct skb *skb_from_iov(struct host *h, const struct sockmsg *m, long *err)
{
	struct skb *skb = skb_alloc(h, m->len);
	long n;

	*err = -ENOBUFS;
	if (!skb)
		return NULL;
	n = iov_copy_from(skb->data, m->iov, m->niov, 0, m->len);
	if (n < 0 || (size_t)n < m->len) {
		*err = -EFAULT;
		arena_free(h, skb);
		return NULL;
	}
	skb->len = m->len;
	*err = 0;
	return skb;
}

long skb_to_iov(struct skb *skb, struct sockmsg *m)
{
	size_t n = min((size_t)skb->len, m->len);
	long ret = n ? iov_copy_to(m->iov, m->niov, 0, skb->data + skb->off, n) : 0;

	if (ret < 0 || (size_t)ret < n)
		return -EFAULT;
	if (skb->len > m->len)
		m->out_flags |= MSG_TRUNC;
	return m->flags & MSG_TRUNC ? skb->len : n;
}

static bool same_sender(const struct skb *skb, struct socket *sk, const struct scm *scm)
{
	if (skb->owner != sk)
		return false;
	if (!scm)
		return true;
	return !skb->unx.scm.fds && !scm->fds && skb->unx.scm.pid == scm->pid &&
	       skb->unx.scm.uid == scm->uid && skb->unx.scm.gid == scm->gid;
}

/* The block that the next bytes from sk go to. A kept empty block serves whoever comes. */
static struct skb *stream_block(struct socket *sk, struct socket *dst, size_t n,
				const struct scm *scm)
{
	struct skb_queue *q = &dst->rx;
	struct skb *skb = NULL;
	size_t size = BLOCK_MIN;

	if (!list_empty(&q->list))
		skb = list_entry(q->list.prev, struct skb, link);
	if (skb && skb->off + skb->len < skb->cap && same_sender(skb, sk, scm))
		return skb;
	if (skb && !skb->len) { /* the kept one does not fit what comes now */
		list_del(&skb->link);
		q->count--;
		skb_free(sk->host, skb);
	}
	while (size < BLOCK_MAX && size - sizeof(*skb) < n)
		size *= 2;
	skb = skb_alloc(sk->host, size - sizeof(*skb));
	if (!skb)
		return NULL;
	skb_charge(skb, sk, 0);
	if (scm)
		skb->unx.scm = *scm;
	list_add_tail(&skb->link, &q->list);
	q->count++;
	return skb;
}

long stream_append(struct socket *sk, struct socket *dst, const struct sockmsg *m, size_t skip,
		   size_t n, const struct scm *scm)
{
	size_t done = 0;

	while (done < n) {
		struct skb *skb = stream_block(sk, dst, n - done, scm);
		size_t part;
		long got;

		if (!skb)
			return done ? (long)done : -ENOMEM;
		part = min(n - done, (size_t)(skb->cap - skb->off - skb->len));
		got = iov_copy_from(skb->data + skb->off + skb->len, m->iov, m->niov, skip + done,
				    part);
		if (got <= 0) {
			if (!skb->len) {
				skb->unx.scm.fds = NULL; /* the caller keeps them */
				list_del(&skb->link);
				dst->rx.count--;
				skb_free(sk->host, skb);
			}
			return done ? (long)done : -EFAULT;
		}
		skb->len += got;
		skb_charge(skb, sk, got);
		dst->rx.bytes += got;
		done += got;
		if ((size_t)got < part || (scm && scm->fds))
			break; /* rights belong to one block */
	}
	return done;
}

void stream_consume(struct socket *sk, struct skb *skb, u32 n)
{
	struct skb_queue *q = &sk->rx;

	skb->off += n;
	skb->len -= n;
	q->bytes -= n;
	skb_uncharge(skb, n);
	if (skb->len)
		return;
	if (skb->link.next == &q->list && skb->link.prev == &q->list && !skb->owner->dead &&
	    skb->cap + sizeof(*skb) <= BLOCK_KEPT && !skb->unx.scm.fds) {
		skb->off = 0;
		return;
	}
	list_del(&skb->link);
	q->count--;
	skb_free(sk->host, skb);
}

long stream_take(struct socket *sk, struct sockmsg *m, size_t done, size_t want)
{
	struct skb *skb, *next;
	size_t taken = 0;

	list_for_each_safe (skb, next, &sk->rx.list, link) {
		size_t n = min((size_t)skb->len, want - taken);
		long got;

		if (!n)
			break;
		got = m->flags & MSG_TRUNC
			      ? (long)n
			      : iov_copy_to(m->iov, m->niov, done + taken, skb->data + skb->off, n);
		if (got <= 0)
			return taken ? (long)taken : -EFAULT;
		taken += got;
		if (!(m->flags & MSG_PEEK))
			stream_consume(sk, skb, got);
		if ((size_t)got < n)
			break;
	}
	return taken;
}
