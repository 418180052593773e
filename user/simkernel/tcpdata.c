// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What flows over a TCP connection: sending into the link's room, reading up to
 * the urgent mark, readiness. Belongs to the holder of the run token.
 */
#include "simkernel/net.h"

static bool writable(struct socket *sk)
{
	u64 cap = (u64)sk->sndbuf + (sk->peer ? sk->peer->rcvbuf : 0);

	return loop_room(sk) * 3 >= cap;
}

u32 tcp_poll(struct thread *th, struct socket *sk)
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

long tcp_send(struct thread *th, struct socket *sk, struct sockmsg *m)
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

long tcp_recv(struct thread *th, struct socket *sk, struct sockmsg *m)
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

u32 tcp_pending_out(struct socket *sk)
{
	u64 window = sk->peer ? sk->peer->rcvbuf : 0;

	return sk->wmem > window ? sk->wmem - window : 0;
}
