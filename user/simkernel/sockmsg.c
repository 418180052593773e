// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The calls that send and receive: from a guest's buffers, message headers and
 * control messages to a struct sockmsg and back. Belongs to the holder of the
 * run token; a protocol's send or recv may sleep, and what lies in a sockmsg is
 * then on this thread's stack alone, without references.
 */
#include <sys/time.h>
#include "simkernel/net.h"

#define MSG_LEN_MAX   0x7ffff000UL
#define IOV_COUNT_MAX 1024

/* struct mmsghdr of 64-bit machines. */
struct user_mmsghdr {
	struct msghdr hdr;
	u32 len, pad;
};

void cmsg_put(struct sockmsg *m, int level, int type, const void *data, size_t len)
{
	u64 room = m->controllen - m->control_used;
	struct cmsghdr hdr = {.cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};
	u64 at = m->control + m->control_used;

	if (!m->control || room < sizeof(hdr)) {
		m->out_flags |= MSG_CTRUNC;
		return;
	}
	if (room < hdr.cmsg_len) {
		m->out_flags |= MSG_CTRUNC;
		hdr.cmsg_len = room;
	}
	if (copy_to_user(at, &hdr, sizeof(hdr)) ||
	    copy_to_user(at + sizeof(hdr), data, hdr.cmsg_len - sizeof(hdr)))
		return;
	m->control_used += min((u64)CMSG_SPACE(len), room);
}

long cmsg_next(struct sockmsg *m, u64 *at, struct cmsghdr *hdr, u64 *data)
{
	u64 left = *at < m->controllen ? m->controllen - *at : 0;

	if (left < sizeof(*hdr))
		return 0;
	if (get_user(*hdr, m->control + *at))
		return -EFAULT;
	if (hdr->cmsg_len < sizeof(*hdr) || hdr->cmsg_len > left)
		return -EINVAL;
	*data = m->control + *at + sizeof(*hdr);
	*at += CMSG_ALIGN(hdr->cmsg_len);
	return 1;
}

void sock_recv_stamp(struct socket *sk, struct sockmsg *m, u64 stamp_ns)
{
	u64 ns = stamp_ns + host_realtime_offset(sk->host);

	sk->last_stamp_ns = stamp_ns;
	if (sk->timestampns) {
		struct timespec ts = {ns / NSEC_PER_SEC, ns % NSEC_PER_SEC};

		cmsg_put(m, SOL_SOCKET, SCM_TIMESTAMPNS, &ts, sizeof(ts));
	} else if (sk->timestamp) {
		struct timeval tv = {ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC};

		cmsg_put(m, SOL_SOCKET, SCM_TIMESTAMP, &tv, sizeof(tv));
	}
}

/* A program that polls by EAGAIN waits for time to pass. */
static long told(struct thread *th, long ret)
{
	if (ret == -EAGAIN)
		sched_asked_in_vain(th);
	return ret;
}

long sock_send(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	if (sock_nonblock(sk, m->flags))
		m->flags |= MSG_DONTWAIT;
	return proto_ops[sk->proto]->send(th, sk, m);
}

long sock_recv(struct thread *th, struct socket *sk, struct sockmsg *m)
{
	if (sock_nonblock(sk, m->flags))
		m->flags |= MSG_DONTWAIT;
	m->out_flags = m->flags & MSG_CMSG_CLOEXEC;
	if ((m->flags & MSG_ERRQUEUE) && sk->family != AF_INET && sk->family != AF_INET6)
		return -EAGAIN;
	return proto_ops[sk->proto]->recv(th, sk, m);
}

static void one_iov(struct sockmsg *m, struct iovec *iov, u64 buf, u64 len)
{
	iov->iov_base = (void *)buf;
	iov->iov_len = min(len, MSG_LEN_MAX);
	m->iov = iov;
	m->niov = 1;
	m->len = iov->iov_len;
}

SYSCALL_DEFINE(sendto)
{
	struct sockmsg m = {.flags = a[3]};
	struct iovec iov;
	long ret = 0;
	struct socket *sk = sock_fd(th, a[0], &ret);

	if (!sk)
		return ret;
	one_iov(&m, &iov, a[1], a[2]);
	if (a[4]) {
		if ((u32)a[5] > sizeof(m.name))
			return -EINVAL;
		m.namelen = a[5];
		if (copy_from_user(m.name, a[4], m.namelen))
			return -EFAULT;
	}
	return told(th, sock_send(th, sk, &m));
}

SYSCALL_DEFINE(recvfrom)
{
	struct sockmsg m = {.flags = a[3]};
	struct iovec iov;
	s32 room;
	long ret = 0;
	struct socket *sk = sock_fd(th, a[0], &ret);

	if (!sk)
		return ret;
	one_iov(&m, &iov, a[1], a[2]);
	ret = told(th, sock_recv(th, sk, &m));
	if (ret < 0 || !a[4])
		return ret;
	if (get_user(room, a[5]))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (copy_to_user(a[4], m.name, min((u32)room, m.namelen)) || put_user(m.namelen, a[5]))
		return -EFAULT;
	return ret;
}

/* The parts of a message header that sending and receiving share. */
static long header_from_user(struct thread *th, u64 addr, struct msghdr *hdr, struct sockmsg *m,
			     struct iovec *local)
{
	struct iovec *iov;
	long n;

	if (get_user(*hdr, addr))
		return -EFAULT;
	if ((int)hdr->msg_namelen < 0)
		return -EINVAL;
	if (hdr->msg_iovlen > IOV_COUNT_MAX)
		return -EMSGSIZE;
	if (hdr->msg_controllen > 0x7fffffff)
		return -ENOBUFS;
	n = iov_from_user(th, (u64)hdr->msg_iov, hdr->msg_iovlen, local, &iov);
	if (n < 0)
		return n;
	m->iov = iov;
	m->niov = n;
	m->len = iov_total(iov, n);
	m->control = (u64)hdr->msg_control;
	m->controllen = m->control ? hdr->msg_controllen : 0;
	return 0;
}

/* Several headers in one call: the iovec of the one before has done its work. */
static void drop_scratch(struct thread *th)
{
	arena_free(th->host, th->task->scratch);
	th->task->scratch = NULL;
}

static long send_one(struct thread *th, struct socket *sk, u64 addr, u32 flags)
{
	struct iovec local[IOV_KERNEL_MAX];
	struct sockmsg m = {.flags = flags};
	struct msghdr hdr;
	long ret = header_from_user(th, addr, &hdr, &m, local);

	if (ret)
		return ret;
	if (hdr.msg_name && hdr.msg_namelen) {
		m.namelen = min((u32)hdr.msg_namelen, (u32)sizeof(m.name));
		if (copy_from_user(m.name, (u64)hdr.msg_name, m.namelen))
			return -EFAULT;
	}
	ret = told(th, sock_send(th, sk, &m));
	drop_scratch(th);
	return ret;
}

static long recv_one(struct thread *th, struct socket *sk, u64 addr, u32 flags)
{
	struct iovec local[IOV_KERNEL_MAX];
	struct sockmsg m = {.flags = flags};
	struct msghdr hdr;
	long ret = header_from_user(th, addr, &hdr, &m, local);

	if (ret)
		return ret;
	ret = told(th, sock_recv(th, sk, &m));
	drop_scratch(th);
	if (ret < 0)
		return ret;
	if (hdr.msg_name) {
		if (copy_to_user((u64)hdr.msg_name, m.name, min((u32)hdr.msg_namelen, m.namelen)) ||
		    put_user(m.namelen, addr + offsetof(struct msghdr, msg_namelen)))
			return -EFAULT;
	}
	if (put_user(m.out_flags, addr + offsetof(struct msghdr, msg_flags)) ||
	    put_user(m.control_used, addr + offsetof(struct msghdr, msg_controllen)))
		return -EFAULT;
	return ret;
}

SYSCALL_DEFINE(sendmsg)
{
	long ret = 0;
	struct socket *sk = sock_fd(th, a[0], &ret);

	return sk ? send_one(th, sk, a[1], a[2]) : ret;
}

SYSCALL_DEFINE(recvmsg)
{
	long ret = 0;
	struct socket *sk = sock_fd(th, a[0], &ret);

	return sk ? recv_one(th, sk, a[1], a[2]) : ret;
}

SYSCALL_DEFINE(sendmmsg)
{
	u32 n = min((u32)a[2], (u32)IOV_COUNT_MAX), i;
	long ret = 0;
	struct socket *sk = sock_fd(th, a[0], &ret);

	if (!sk)
		return ret;
	for (i = 0; i < n; i++) {
		u64 at = a[1] + i * sizeof(struct user_mmsghdr);
		u32 len;

		ret = send_one(th, sk, at, a[3]);
		if (ret < 0)
			break;
		len = ret;
		ret = put_user(len, at + offsetof(struct user_mmsghdr, len));
		if (ret)
			break;
	}
	return i ? (long)i : ret;
}

static long mmsg_deadline(struct thread *th, u64 uts, u64 *deadline_ns)
{
	struct timespec ts;

	*deadline_ns = TIME_NEVER;
	if (!uts)
		return 0;
	if (get_user(ts, uts))
		return -EFAULT;
	if (ts.tv_sec < 0 || (u64)ts.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if ((u64)ts.tv_sec < TIME_NEVER / NSEC_PER_SEC / 2)
		*deadline_ns = host_now(th->host) + ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	return 0;
}

/* What is left of the time, written back as Linux does. */
static long mmsg_time_left(struct thread *th, u64 uts, u64 deadline_ns)
{
	u64 now = host_now(th->host);
	u64 left = deadline_ns > now ? deadline_ns - now : 0;
	struct timespec ts = {left / NSEC_PER_SEC, left % NSEC_PER_SEC};

	if (!uts || deadline_ns == TIME_NEVER)
		return 0;
	return put_user(ts, uts);
}

SYSCALL_DEFINE(recvmmsg)
{
	u32 n = min((u32)a[2], (u32)IOV_COUNT_MAX), i, flags = a[3];
	u64 deadline_ns;
	long ret = mmsg_deadline(th, a[4], &deadline_ns);
	struct socket *sk;

	if (ret)
		return ret;
	sk = sock_fd(th, a[0], &ret);
	if (!sk)
		return ret;
	ret = sock_error(sk);
	if (ret)
		return ret;
	for (i = 0; i < n; i++) {
		u64 at = a[1] + i * sizeof(struct user_mmsghdr);
		u32 len;

		ret = recv_one(th, sk, at, flags & ~MSG_WAITFORONE);
		if (ret < 0)
			break;
		len = ret;
		ret = put_user(len, at + offsetof(struct user_mmsghdr, len));
		if (ret)
			break;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		/* Time is looked at between messages only, as recvmmsg(2) says under BUGS */
		if (deadline_ns <= host_now(th->host)) {
			i++;
			break;
		}
	}
	if (mmsg_time_left(th, a[4], deadline_ns))
		return -EFAULT;
	if (!i)
		return ret;
	if (ret < 0 && ret != -EAGAIN)
		sk->err = -ret > 133 ? EINTR : -ret;
	return i;
}
