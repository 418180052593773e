// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * getsockopt and setsockopt: the SOL_SOCKET level, and the way to the others.
 * Most options are a field and a range; those are rows of a table. Belongs to
 * the holder of the run token.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>
#include "base/string.h"
#include "simkernel/net.h"
#include "simkernel/sockopt.h"

#ifndef SO_RCVTIMEO_NEW
#define SO_RCVTIMEO_NEW 66
#define SO_SNDTIMEO_NEW 67
#endif
#define BUF_MIN_SEND 4608
#define BUF_MIN_RECV 2304
#define BUF_MAX	     425984
#define RMEM_MAX     212992

#define FLAG(name, field)                                                              \
	{                                                                              \
		SOL_SOCKET, name, offsetof(struct socket, field), 1, OPT_BOOL, 0, 1, 0 \
	}
#define WORD(name, field, lo, hi)                                                 \
	{                                                                         \
		SOL_SOCKET, name, offsetof(struct socket, field), 4, 0, lo, hi, 0 \
	}
#define READ(name, field, size)                                                         \
	{                                                                               \
		SOL_SOCKET, name, offsetof(struct socket, field), size, OPT_RO, 0, 0, 0 \
	}

static const struct sockopt socket_options[] = {
	FLAG(SO_REUSEADDR, reuseaddr),
	FLAG(SO_REUSEPORT, reuseport),
	FLAG(SO_BROADCAST, broadcast),
	FLAG(SO_KEEPALIVE, keepalive),
	FLAG(SO_OOBINLINE, oobinline),
	FLAG(SO_PASSCRED, passcred),
	FLAG(SO_PASSSEC, passsec),
	FLAG(SO_DONTROUTE, dontroute),
	FLAG(SO_NO_CHECK, no_check),
	FLAG(SO_NOFCS, nofcs),
	FLAG(SO_RXQ_OVFL, rxq_ovfl),
	FLAG(SO_DEBUG, debug),
	FLAG(SO_ZEROCOPY, zerocopy),
	WORD(SO_PRIORITY, priority, 0, 6),
	WORD(SO_MARK, mark, INT32_MIN, INT32_MAX),
	WORD(SO_BUSY_POLL, busy_poll, 0, INT32_MAX),
	WORD(SO_INCOMING_CPU, incoming_cpu, 0, INT32_MAX),
	READ(SO_TYPE, type, 1),
	READ(SO_DOMAIN, family, 1),
	READ(SO_PROTOCOL, protocol, 2),
	READ(SO_SNDBUF, sndbuf, 4),
	READ(SO_RCVBUF, rcvbuf, 4),
	READ(SO_RCVLOWAT, rcvlowat, 4),
	{.size = 0},
};

const struct sockopt *sockopt_find(const struct sockopt *table, int level, int name)
{
	for (; table->size; table++)
		if (table->level == level && table->name == name)
			return table;
	return NULL;
}

long sockopt_int(u64 val, u32 len, s32 *out)
{
	u8 byte;

	/* The IP level takes a single byte too */
	if (len >= sizeof(*out))
		return get_user(*out, val);
	if (len < 1)
		return -EINVAL;
	if (get_user(byte, val))
		return -EFAULT;
	*out = byte;
	return 0;
}

long sockopt_store(struct socket *sk, const struct sockopt *o, s32 v)
{
	u8 *field = (u8 *)sk + o->offset;

	if (o->flags & OPT_RO)
		return -ENOPROTOOPT;
	if (o->flags & OPT_BOOL)
		v = v != 0;
	else if ((o->flags & OPT_DEFAULT) && v == -1)
		v = o->def;
	else if (v < o->lo || v > o->hi)
		return -EINVAL;
	memcpy(field, &v, o->size);
	return 0;
}

s32 sockopt_load(const struct socket *sk, const struct sockopt *o)
{
	s32 v = 0;

	memcpy(&v, (const u8 *)sk + o->offset, o->size);
	return v;
}

static long set_timeout(u64 *timeo_ns, u64 val, u32 len)
{
	struct timeval tv;

	if (len < sizeof(tv))
		return -EINVAL;
	if (get_user(tv, val))
		return -EFAULT;
	if ((u64)tv.tv_usec >= 1000000)
		return -EDOM;
	if (tv.tv_sec < 0)
		*timeo_ns = 0;
	else if ((!tv.tv_sec && !tv.tv_usec) || (u64)tv.tv_sec > TIME_NEVER / NSEC_PER_SEC / 2)
		*timeo_ns = TIME_NEVER;
	else
		*timeo_ns = tv.tv_sec * NSEC_PER_SEC + tv.tv_usec * NSEC_PER_USEC;
	return 0;
}

static long set_linger(struct socket *sk, u64 val, u32 len)
{
	struct linger l;

	if (len < sizeof(l))
		return -EINVAL;
	if (get_user(l, val))
		return -EFAULT;
	sk->linger_on = l.l_onoff != 0;
	sk->linger_s = l.l_onoff ? l.l_linger : 0;
	return 0;
}

/* Linux doubles what it is given, to pay for its own structures. */
static void set_buffer(u32 *buf, bool *locked, s32 v, u32 limit, u32 least)
{
	u32 want = v < 0 ? limit : (u32)v;

	*buf = max(2 * min(want, limit), least);
	*locked = true;
}

static long set_device(u64 val, u32 len)
{
	char name[16] = "";

	if (copy_from_user(name, val, min(len, (u32)sizeof(name) - 1)))
		return -EFAULT;
	return !name[0] || !strcmp(name, "lo") ? 0 : -ENODEV;
}

/* Those that are more than a field. 1: not one of them. */
static long set_special(struct thread *th, struct socket *sk, int name, s32 v)
{
	switch (name) {
	case SO_SNDBUFFORCE:
	case SO_RCVBUFFORCE:
		if (th->task->process->uid)
			return -EPERM;
		break;
	case SO_REUSEPORT:
		if (sk->family == AF_UNIX && v)
			return -EOPNOTSUPP;
		return 1;
	}
	switch (name) {
	case SO_SNDBUF:
		set_buffer(&sk->sndbuf, &sk->sndbuf_locked, v, RMEM_MAX, BUF_MIN_SEND);
		return 0;
	case SO_RCVBUF:
		set_buffer(&sk->rcvbuf, &sk->rcvbuf_locked, v, RMEM_MAX, BUF_MIN_RECV);
		return 0;
	case SO_SNDBUFFORCE:
		set_buffer(&sk->sndbuf, &sk->sndbuf_locked, v, BUF_MAX * 64U, BUF_MIN_SEND);
		return 0;
	case SO_RCVBUFFORCE:
		set_buffer(&sk->rcvbuf, &sk->rcvbuf_locked, v, BUF_MAX * 64U, BUF_MIN_RECV);
		return 0;
	case SO_RCVLOWAT:
		sk->rcvlowat = v < 0 ? INT32_MAX : v ? v : 1;
		return 0;
	case SO_TIMESTAMP:
		sk->timestamp = v != 0;
		sk->timestampns = false;
		return 0;
	case SO_TIMESTAMPNS:
		sk->timestampns = v != 0;
		sk->timestamp = false;
		return 0;
	}
	return 1;
}

static long set_socket(struct thread *th, struct socket *sk, int name, u64 val, u32 len)
{
	const struct sockopt *o;
	s32 v;
	long ret;

	if (name == SO_BINDTODEVICE)
		return set_device(val, len);
	if (len < sizeof(v))
		return -EINVAL;
	if (get_user(v, val))
		return -EFAULT;
	switch (name) {
	case SO_LINGER:
		return set_linger(sk, val, len);
	case SO_RCVTIMEO:
	case SO_RCVTIMEO_NEW:
		return set_timeout(&sk->rcvtimeo_ns, val, len);
	case SO_SNDTIMEO:
	case SO_SNDTIMEO_NEW:
		return set_timeout(&sk->sndtimeo_ns, val, len);
	case SO_ATTACH_FILTER:
	case SO_ATTACH_BPF:
	case SO_ATTACH_REUSEPORT_CBPF:
	case SO_ATTACH_REUSEPORT_EBPF:
		return -EPERM; /* no filters: better refused than ignored */
	case SO_DETACH_FILTER:
		return -ENOENT;
	}
	ret = set_special(th, sk, name, v);
	if (ret <= 0)
		return ret;
	o = sockopt_find(socket_options, SOL_SOCKET, name);
	return o ? sockopt_store(sk, o, v) : -ENOPROTOOPT;
}

static void put_timeout(u64 timeo_ns, void *buf, u32 *len)
{
	struct timeval tv = {0};

	if (timeo_ns != TIME_NEVER) {
		tv.tv_sec = timeo_ns / NSEC_PER_SEC;
		tv.tv_usec = timeo_ns % NSEC_PER_SEC / NSEC_PER_USEC;
	}
	*len = min(*len, (u32)sizeof(tv));
	memcpy(buf, &tv, *len);
}

static long get_peercred(struct socket *sk, void *buf, u32 *len)
{
	struct ucred cred = {0, -1, -1};

	if (sk->family == AF_UNIX && sk->unx.peercred.pid) {
		cred.pid = sk->unx.peercred.pid;
		cred.uid = sk->unx.peercred.uid;
		cred.gid = sk->unx.peercred.gid;
	}
	*len = min(*len, (u32)sizeof(cred));
	memcpy(buf, &cred, *len);
	return 0;
}

static long get_peername(struct socket *sk, void *buf, u32 *len)
{
	struct sockmsg m = {0};

	if (proto_ops[sk->proto]->getname(sk, true, &m))
		return -ENOTCONN;
	if (m.namelen < *len)
		return -EINVAL;
	memcpy(buf, m.name, *len);
	return 0;
}

static long get_socket(struct socket *sk, int name, void *buf, u32 *len)
{
	const struct sockopt *o = sockopt_find(socket_options, SOL_SOCKET, name);
	struct linger l = {sk->linger_on, sk->linger_s};
	s32 v;

	switch (name) {
	case SO_LINGER:
		*len = min(*len, (u32)sizeof(l));
		memcpy(buf, &l, *len);
		return 0;
	case SO_RCVTIMEO:
	case SO_RCVTIMEO_NEW:
		put_timeout(sk->rcvtimeo_ns, buf, len);
		return 0;
	case SO_SNDTIMEO:
	case SO_SNDTIMEO_NEW:
		put_timeout(sk->sndtimeo_ns, buf, len);
		return 0;
	case SO_PEERCRED:
		return get_peercred(sk, buf, len);
	case SO_PEERNAME:
		return get_peername(sk, buf, len);
	case SO_PEERSEC:
		return -ENOPROTOOPT;
	case SO_PEERGROUPS:
		*len = 0;
		return sk->family == AF_UNIX && sk->unx.peercred.pid ? 0 : -ENODATA;
	case SO_BINDTODEVICE:
		*len = 0;
		return 0;
	case SO_ERROR:
		v = -sock_error(sk);
		break;
	case SO_ACCEPTCONN:
		v = sk->state == ST_LISTEN;
		break;
	case SO_SNDLOWAT:
		v = 1;
		break;
	case SO_TIMESTAMP:
		v = sk->timestamp;
		break;
	case SO_TIMESTAMPNS:
		v = sk->timestampns;
		break;
	case SO_COOKIE:
		if (*len < sizeof(u64))
			return -EINVAL;
		*len = sizeof(u64);
		memcpy(buf, &sk->ino, *len);
		return 0;
	default:
		if (!o)
			return -ENOPROTOOPT;
		v = sockopt_load(sk, o);
	}
	*len = min(*len, (u32)sizeof(v));
	memcpy(buf, &v, *len);
	return 0;
}

static bool is_inet(const struct socket *sk)
{
	return sk->family == AF_INET || sk->family == AF_INET6;
}

SYSCALL_DEFINE(setsockopt)
{
	int level = a[1], name = a[2];
	s32 len = a[4];
	long ret = 0;
	struct socket *sk = sock_fd(th, a[0], &ret);

	if (!sk)
		return ret;
	if (len < 0)
		return -EINVAL;
	if (level == SOL_SOCKET)
		return set_socket(th, sk, name, a[3], len);
	if (is_inet(sk))
		return inet_setsockopt(th, sk, level, name, a[3], len);
	if (sk->family == AF_NETLINK)
		return netlink_setsockopt(sk, level, name, a[3], len);
	return -EOPNOTSUPP;
}

SYSCALL_DEFINE(getsockopt)
{
	int level = a[1], name = a[2];
	u8 buf[256];
	u32 len;
	s32 room;
	long ret = 0;
	struct socket *sk = sock_fd(th, a[0], &ret);

	if (!sk)
		return ret;
	if (get_user(room, a[4]))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	len = min((u32)room, (u32)sizeof(buf));
	if (level == SOL_SOCKET)
		ret = get_socket(sk, name, buf, &len);
	else if (is_inet(sk))
		ret = inet_getsockopt(th, sk, level, name, buf, &len);
	else if (sk->family == AF_NETLINK)
		ret = netlink_getsockopt(sk, level, name, buf, &len);
	else
		ret = -EOPNOTSUPP;
	if (ret)
		return ret;
	if (copy_to_user(a[3], buf, len))
		return -EFAULT;
	return put_user(len, a[4]);
}
