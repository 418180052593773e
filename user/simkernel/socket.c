// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Socket objects and the system calls that make, name, join and shut sockets.
 * A struct socket is counted: by its file, by its peer, by the accept queue it
 * sits on, by each message charged to it and by its armed timer. What differs
 * between protocols is behind proto_ops, a table of each image. Belongs to the
 * holder of the run token.
 */
#include <netinet/in.h>
#include <linux/netlink.h>
#include "base/string.h"
#include "simkernel/net.h"

const struct proto_ops *const proto_ops[PROTOS] = {
	[PROTO_UNIX_STREAM] = &unix_stream_ops,
	[PROTO_UNIX_SEQPACKET] = &unix_dgram_ops,
	[PROTO_UNIX_DGRAM] = &unix_dgram_ops,
	[PROTO_TCP] = &tcp_ops,
	[PROTO_UDP] = &udp_ops,
	[PROTO_NETLINK] = &netlink_ops,
};

static void init_buckets(struct list *l)
{
	u32 i;

	for (i = 0; i < NET_BUCKETS; i++)
		list_init(&l[i]);
}

struct sock_table *sock_table(struct host *h)
{
	struct sock_table *t = h->sockets;

	if (t)
		return t;
	t = arena_alloc(h, sizeof(*t));
	if (!t)
		return NULL;
	list_init(&t->all);
	list_init(&t->time_waits);
	init_buckets(t->tcp_ports);
	init_buckets(t->udp_ports);
	init_buckets(t->listeners);
	init_buckets(t->time_wait);
	init_buckets(t->unix_path);
	init_buckets(t->unix_abstract);
	t->next_ino = 20000;
	t->next_port[0] = t->next_port[1] = PORT_FIRST;
	h->sockets = t;
	return t;
}

struct socket *sock_create(struct host *h, enum proto proto, int family, int type, int protocol)
{
	struct sock_table *t = sock_table(h);
	struct socket *sk = t ? arena_alloc(h, sizeof(*sk)) : NULL;

	if (!sk)
		return NULL;
	sk->refs = 1;
	sk->proto = proto;
	sk->family = family;
	sk->type = type;
	sk->protocol = protocol;
	sk->state = ST_CLOSE;
	sk->host = h;
	sk->ino = t->next_ino++;
	skbq_init(&sk->rx);
	skbq_init(&sk->errq);
	list_init(&sk->accept_queue);
	list_init(&sk->accept_link);
	sk->timer.kind = TIMER_SOCKET;
	sk->sndbuf = sk->rcvbuf = 212992;
	sk->rcvlowat = 1;
	sk->rcvtimeo_ns = sk->sndtimeo_ns = TIME_NEVER;
	list_add_tail(&sk->link, &t->all);
	t->count++;
	if (family == AF_UNIX) {
		waitq_init(&sk->unx.room);
		list_init(&sk->unx.senders);
		list_init(&sk->unx.sender_link);
	} else if (family != AF_NETLINK) {
		inet_init(sk);
	}
	return sk;
}

void sock_get(struct socket *sk)
{
	sk->refs++;
}

void sock_put(struct socket *sk)
{
	struct host *h = sk->host;

	if (--sk->refs)
		return;
	skbq_purge(h, &sk->rx);
	skbq_purge(h, &sk->errq);
	if (sk->family == AF_UNIX)
		unix_name_put(h, sk->unx.name);
	list_del(&sk->link);
	sock_table(h)->count--;
	arena_free(h, sk);
}

struct socket *sock_fd(struct thread *th, int fd, long *err)
{
	struct file *f = fd_file(th, fd);

	if (f && (f->kind == FILE_SOCKET || f->kind == FILE_NETLINK))
		return f->object;
	*err = !f || f->kind == FILE_PATH ? -EBADF : -ENOTSOCK;
	return NULL;
}

void sock_wake(struct socket *sk, u32 events)
{
	if (sk->file)
		file_wake(sk->file, events);
}

long sock_error(struct socket *sk)
{
	long err = sk->err;

	sk->err = 0;
	return -err;
}

bool sock_nonblock(struct socket *sk, u32 msg_flags)
{
	return (msg_flags & MSG_DONTWAIT) || (sk->file->flags & O_NONBLOCK);
}

u64 sock_deadline(struct socket *sk, u64 timeo_ns, u32 msg_flags)
{
	u64 now = host_now(sk->host);

	if (timeo_ns == TIME_NEVER || timeo_ns > TIME_NEVER - 1 - now)
		return TIME_NEVER;
	return now + timeo_ns;
}

long sock_broken_pipe(struct thread *th, u32 msg_flags)
{
	siginfo_t info = {.si_signo = SIGPIPE, .si_code = SI_USER};

	if (msg_flags & MSG_NOSIGNAL)
		return -EPIPE;
	info.si_pid = th->task->process->pid;
	info.si_uid = th->task->process->uid;
	signal_task(th->task, SIGPIPE, &info);
	return -EPIPE;
}

bool sock_accept_full(struct socket *sk)
{
	return sk->naccept > sk->backlog;
}

/* Takes over the caller's reference to child. */
void sock_accept_add(struct socket *listener, struct socket *child)
{
	list_add_tail(&child->accept_link, &listener->accept_queue);
	child->listener = listener;
	listener->naccept++;
	sock_wake(listener, EV_IN);
}

void sock_accept_del(struct socket *child)
{
	list_del(&child->accept_link);
	child->listener->naccept--;
	child->listener = NULL;
}

u32 sock_listen_poll(struct socket *sk)
{
	return sk->naccept ? EV_IN : 0;
}

/* Opens a file for sk, which it takes over on success. */
static long sock_install(struct thread *th, struct socket *sk, u32 flags)
{
	enum file_kind kind = sk->family == AF_NETLINK ? FILE_NETLINK : FILE_SOCKET;
	struct file *f;
	long fd;

	f = file_create(th->host, kind, O_RDWR | (flags & SOCK_NONBLOCK ? O_NONBLOCK : 0), NULL);
	if (!f)
		return -ENFILE;
	fd = fd_install(th, f, flags & SOCK_CLOEXEC ? O_CLOEXEC : 0);
	if (fd < 0)
		return fd;
	f->object = sk;
	sk->file = f;
	sk->dead = false;
	return fd;
}

static long unix_proto(int type, int protocol, enum proto *proto)
{
	if (protocol && protocol != PF_UNIX)
		return -EPROTONOSUPPORT;
	switch (type) {
	case SOCK_STREAM:
		*proto = PROTO_UNIX_STREAM;
		return 0;
	case SOCK_SEQPACKET:
		*proto = PROTO_UNIX_SEQPACKET;
		return 0;
	case SOCK_DGRAM:
	case SOCK_RAW:
		*proto = PROTO_UNIX_DGRAM;
		return 0;
	}
	return -ESOCKTNOSUPPORT;
}

static long inet_proto(int type, int protocol, enum proto *proto)
{
	if (protocol < 0 || protocol >= 256)
		return -EINVAL;
	switch (type) {
	case SOCK_STREAM:
		*proto = PROTO_TCP;
		return protocol && protocol != IPPROTO_TCP ? -EPROTONOSUPPORT : 0;
	case SOCK_DGRAM:
		*proto = PROTO_UDP;
		if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6)
			return -EACCES; /* as with an empty ping_group_range */
		return protocol && protocol != IPPROTO_UDP && protocol != IPPROTO_UDPLITE
			       ? -EPROTONOSUPPORT
			       : 0;
	case SOCK_RAW:
		return protocol ? -EPERM : -EPROTONOSUPPORT;
	case SOCK_PACKET:
		return -EPERM;
	}
	return -ESOCKTNOSUPPORT;
}

static long netlink_proto(int type, int protocol, enum proto *proto)
{
	*proto = PROTO_NETLINK;
	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	return protocol == NETLINK_ROUTE ? 0 : -EPROTONOSUPPORT;
}

static long find_proto(int family, int type, int protocol, enum proto *proto)
{
	if (family < 0 || family >= AF_MAX)
		return -EAFNOSUPPORT;
	if (type < 0 || type > SOCK_PACKET)
		return -EINVAL;
	switch (family) {
	case AF_UNIX:
		return unix_proto(type, protocol, proto);
	case AF_INET:
	case AF_INET6:
		return inet_proto(type, protocol, proto);
	case AF_NETLINK:
		return netlink_proto(type, protocol, proto);
	case AF_PACKET:
		return -EPERM;
	}
	return -EAFNOSUPPORT;
}

static long sock_new(struct thread *th, int family, int type, int protocol, struct socket **sk)
{
	enum proto proto = PROTOS;
	long ret;

	if (type & ~(0xf | SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	type &= 0xf;
	ret = find_proto(family, type, protocol, &proto);
	if (ret)
		return ret;
	if (proto == PROTO_TCP)
		protocol = IPPROTO_TCP;
	else if (proto == PROTO_UDP && !protocol)
		protocol = IPPROTO_UDP;
	if (proto == PROTO_UNIX_DGRAM)
		type = SOCK_DGRAM;
	*sk = sock_create(th->host, proto, family, type, protocol);
	if (!*sk)
		return -ENOBUFS;
	(*sk)->uid = th->task->process->uid;
	return 0;
}

SYSCALL_DEFINE(socket)
{
	struct socket *sk;
	long ret = sock_new(th, a[0], a[1], a[2], &sk);

	if (ret)
		return ret;
	ret = sock_install(th, sk, a[1]);
	if (ret < 0)
		sock_put(sk);
	return ret;
}

SYSCALL_DEFINE(socketpair)
{
	struct socket *sk[2] = {NULL, NULL};
	s32 fd[2] = {-1, -1};
	long ret;
	u32 i;

	if ((int)a[0] != AF_UNIX) {
		ret = sock_new(th, a[0], a[1], a[2], &sk[0]);
		if (!ret)
			sock_put(sk[0]);
		return ret ? ret : -EOPNOTSUPP;
	}
	for (i = 0; i < 2; i++) {
		ret = sock_new(th, a[0], a[1], a[2], &sk[i]);
		if (ret)
			goto out_sockets;
	}
	for (i = 0; i < 2; i++) {
		ret = sock_install(th, sk[i], a[1]);
		if (ret < 0)
			goto out_fds;
		fd[i] = ret;
	}
	unix_pair(th, sk[0], sk[1]);
	ret = copy_to_user(a[3], fd, sizeof(fd));
	if (!ret)
		return 0;
out_fds:
	for (i = 0; i < 2; i++) {
		if (fd[i] < 0)
			continue;
		fd_close(th, fd[i]);
		sk[i] = NULL;
	}
out_sockets:
	for (i = 0; i < 2; i++)
		if (sk[i])
			sock_put(sk[i]);
	return ret;
}

static long name_from_user(struct sockmsg *m, u64 addr, u64 len)
{
	if ((int)len < 0 || len > sizeof(m->name))
		return -EINVAL;
	memset(m->name, 0, sizeof(m->name));
	m->namelen = len;
	return len ? copy_from_user(m->name, addr, len) : 0;
}

static long name_to_user(const struct sockmsg *m, u64 addr, u64 addrlen)
{
	s32 room;

	if (get_user(room, addrlen))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (copy_to_user(addr, m->name, min((u32)room, m->namelen)))
		return -EFAULT;
	return put_user(m->namelen, addrlen);
}

SYSCALL_DEFINE(bind)
{
	struct sockmsg m = {0};
	long ret = 0;
	struct socket *sk = sock_fd(th, a[0], &ret);

	if (!sk)
		return ret;
	ret = name_from_user(&m, a[1], (u32)a[2]);
	return ret ? ret : proto_ops[sk->proto]->bind(th, sk, &m);
}

SYSCALL_DEFINE(connect)
{
	struct sockmsg m = {0};
	long ret = 0;
	struct socket *sk = sock_fd(th, a[0], &ret);

	if (!sk)
		return ret;
	ret = name_from_user(&m, a[1], (u32)a[2]);
	return ret ? ret : proto_ops[sk->proto]->connect(th, sk, &m);
}

SYSCALL_DEFINE(listen)
{
	u32 backlog = a[1];
	long ret = 0;
	struct socket *sk = sock_fd(th, a[0], &ret);

	if (!sk)
		return ret;
	if (!proto_ops[sk->proto]->listen || sk->type == SOCK_DGRAM)
		return -EOPNOTSUPP;
	return proto_ops[sk->proto]->listen(th, sk, min(backlog, (u32)SOMAXCONN_SYSCTL));
}

static long wait_for_child(struct thread *th, struct socket *sk)
{
	long ret = 0;

	if (sk->type == SOCK_DGRAM || !proto_ops[sk->proto]->listen)
		return -EOPNOTSUPP;
	if (sk->state != ST_LISTEN)
		return -EINVAL;
	if (!sk->naccept) {
		if (sock_nonblock(sk, 0)) {
			sched_asked_in_vain(th);
			return -EAGAIN;
		}
		ret = SOCK_WAIT(th, sk, EV_IN, sk->naccept || sk->state != ST_LISTEN,
				sock_deadline(sk, sk->rcvtimeo_ns, 0));
	}
	if (!ret && sk->state != ST_LISTEN)
		ret = -EINVAL;
	return ret;
}

static long accept_common(struct thread *th, int fd, u64 addr, u64 addrlen, u32 flags)
{
	struct sockmsg m = {0};
	struct socket *child;
	long ret = 0;
	struct socket *sk;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	sk = sock_fd(th, fd, &ret);
	if (!sk)
		return ret;
	ret = wait_for_child(th, sk);
	if (ret)
		return ret;
	child = list_first(&sk->accept_queue, struct socket, accept_link);
	ret = sock_install(th, child, flags);
	if (ret < 0)
		return ret;
	sock_accept_del(child);
	if (sk->family == AF_UNIX)
		unix_room(sk);
	if (addr) {
		long err = proto_ops[child->proto]->getname(child, true, &m);

		err = err ? -ECONNABORTED : name_to_user(&m, addr, addrlen);
		if (err) {
			fd_close(th, ret);
			return err;
		}
	}
	return ret;
}

SYSCALL_DEFINE(accept)
{
	return accept_common(th, a[0], a[1], a[2], 0);
}

SYSCALL_DEFINE(accept4)
{
	return accept_common(th, a[0], a[1], a[2], a[3]);
}

SYSCALL_DEFINE(shutdown)
{
	long ret = 0;
	struct socket *sk = sock_fd(th, a[0], &ret);

	if (!sk)
		return ret;
	if ((u32)a[1] > SHUT_RDWR)
		return -EINVAL;
	if (!proto_ops[sk->proto]->shutdown)
		return -EOPNOTSUPP;
	/* SHUT_RD 0, SHUT_WR 1, SHUT_RDWR 2: one more is our bit set */
	return proto_ops[sk->proto]->shutdown(th, sk, (u32)a[1] + 1);
}

static long getname_common(struct thread *th, const u64 *a, bool peer)
{
	struct sockmsg m = {0};
	long ret = 0;
	struct socket *sk = sock_fd(th, a[0], &ret);

	if (!sk)
		return ret;
	ret = proto_ops[sk->proto]->getname(sk, peer, &m);
	return ret ? ret : name_to_user(&m, a[1], a[2]);
}

SYSCALL_DEFINE(getsockname)
{
	return getname_common(th, a, false);
}

SYSCALL_DEFINE(getpeername)
{
	return getname_common(th, a, true);
}

/* A connection request that the other side dropped is repeated. */
void socket_timer_fire(struct host *h, struct timer *t)
{
	struct socket *sk = container_of(t, struct socket, timer);

	if (sk->proto == PROTO_TCP)
		tcp_syn_timeout(sk);
	sock_put(sk);
}
