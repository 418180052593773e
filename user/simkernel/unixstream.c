// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UNIX streams. What is sent lies in the receiver's queue and is charged to the
 * sender's buffer; rights and, with SO_PASSCRED, another sender's credentials
 * end a read. Belongs to the holder of the run token.
 */
#include "simkernel/net.h"

static u32 stream_poll(struct thread *th, struct socket *sk)
{
	u32 mask = unix_shut_poll(sk);

	if (sk->rx.bytes || sk->naccept)
		mask |= EV_IN;
	if (sk->state == ST_CLOSE)
		mask |= POLLHUP;
	if (unix_writable(sk))
		mask |= EV_OUT;
	else
		sk->nospace = true;
	return mask;
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

const struct proto_ops unix_stream_ops = {
	.bind = unix_bind,
	.connect = unix_connect,
	.listen = unix_listen,
	.send = stream_send,
	.recv = stream_recv,
	.shutdown = unix_shutdown,
	.getname = unix_getname,
	.poll = stream_poll,
	.close = unix_close,
};
