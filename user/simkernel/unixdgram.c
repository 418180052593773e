// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UNIX datagrams and sequenced packets. A receiver that is not connected back
 * holds only so many messages, whoever sent them; a sender waits on the
 * receiver, and looks everything up again when it wakes. Belongs to the holder
 * of the run token.
 */
#include "simkernel/net.h"

#define DGRAM_BACKLOG 10 /* net.unix.max_dgram_qlen */

/* As many messages as it may have, whoever sent them. */
static bool queue_full(struct socket *sk)
{
	return sk->rx.count > DGRAM_BACKLOG;
}

static u32 dgram_poll(struct thread *th, struct socket *sk)
{
	struct socket *other = sk->peer;
	u32 mask = unix_shut_poll(sk);

	if (sk->rx.count || sk->naccept)
		mask |= EV_IN;
	if (sk->proto == PROTO_UNIX_SEQPACKET && sk->state == ST_CLOSE)
		mask |= POLLHUP;
	if (!unix_writable(sk)) {
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

static long dgram_connect(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	struct socket *other;
	long ret = 0;

	if (sk->proto == PROTO_UNIX_SEQPACKET)
		return unix_connect(th, sk, m);
	if (m->namelen < sizeof(sa_family_t))
		return -EINVAL;
	if (m->sa.sa_family == AF_UNSPEC) {
		unix_set_peer(sk, NULL);
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
	unix_set_peer(sk, other);
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
			unix_set_peer(sk, NULL);
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
			*err = unix_wait_room(th, other, deadline);
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
