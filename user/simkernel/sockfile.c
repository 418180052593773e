// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A socket as an open file: read, write, poll, stat, ioctl, the end. Belongs to
 * the holder of the run token.
 */
#include <asm/ioctls.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include "base/string.h"
#include "simkernel/net.h"
#include "simkernel/netif.h"

#define SOCKFS_DEV 8

static long file_read(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct sockmsg m = {.iov = iov, .niov = n, .len = iov_total(iov, n)};

	return m.len ? sock_recv(th, f->object, &m) : 0;
}

static long file_write(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct sockmsg m = {.iov = iov, .niov = n, .len = iov_total(iov, n)};

	return sock_send(th, f->object, &m);
}

static u32 file_poll_socket(struct thread *th, struct file *f)
{
	struct socket *sk = f->object;

	return proto_ops[sk->proto]->poll(th, sk);
}

static long file_stat(struct thread *th, struct file *f, struct stat *st)
{
	struct socket *sk = f->object;

	memset(st, 0, sizeof(*st));
	st->st_dev = SOCKFS_DEV;
	st->st_ino = sk->ino;
	st->st_mode = S_IFSOCK | 0777;
	st->st_nlink = 1;
	st->st_uid = sk->uid;
	st->st_gid = th->task->process->gid;
	st->st_blksize = PAGE_BYTES;
	return 0;
}

static void file_release(struct host *h, struct file *f)
{
	struct socket *sk = f->object;

	if (!sk)
		return;
	f->object = NULL;
	sk->file = NULL;
	sk->dead = true;
	if (proto_ops[sk->proto]->close)
		proto_ops[sk->proto]->close(h, sk);
	if (sk->family == AF_UNIX)
		unix_gc(h);
	sock_put(sk);
}

static void file_name(struct file *f, char *buf, size_t size)
{
	struct socket *sk = f->object;

	str_format(buf, size, "socket:[%lu]", sk ? (unsigned long)sk->ino : 0UL);
}

/* Bytes that the next read would give. */
static long readable_bytes(struct socket *sk, s32 *n)
{
	struct skb *skb = skbq_first(&sk->rx);

	if (sk->state == ST_LISTEN)
		return -EINVAL;
	if (sk->proto == PROTO_TCP)
		*n = tcp_readable(sk);
	else if (sk->type == SOCK_STREAM || sk->proto == PROTO_UNIX_SEQPACKET)
		*n = sk->rx.bytes;
	else
		*n = skb ? skb->len : 0;
	return 0;
}

static void interface_name(const struct net_interface *i, struct ifreq *req)
{
	memset(req, 0, sizeof(*req));
	str_copy(req->ifr_name, i->name, sizeof(req->ifr_name));
}

static void interface_addr(struct ifreq *req, u32 addr_be)
{
	struct sockaddr_in *sin = (void *)&req->ifr_addr;

	memset(sin, 0, sizeof(*sin));
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = addr_be;
}

static long list_interfaces(struct host *h, u64 arg)
{
	struct net_interface i;
	struct ifconf conf;
	struct ifreq req;
	u32 n, used = 0;

	if (get_user(conf, arg))
		return -EFAULT;
	for (n = 1; net_interface_get(h, n, &i); n++) {
		if (!i.has_ip4)
			continue;
		if (conf.ifc_buf && used + sizeof(req) <= (u32)conf.ifc_len) {
			interface_name(&i, &req);
			interface_addr(&req, i.ip4_be);
			if (copy_to_user((u64)conf.ifc_buf + used, &req, sizeof(req)))
				return -EFAULT;
		} else if (conf.ifc_buf) {
			break;
		}
		used += sizeof(req);
	}
	conf.ifc_len = used;
	return put_user(conf, arg);
}

/* One question about one interface: fills req. */
static long about_interface(const struct net_interface *i, u64 cmd, struct ifreq *req)
{
	u32 mask = i->prefix4 ? __builtin_bswap32(~0U << (32 - i->prefix4)) : 0;

	if ((cmd == SIOCGIFADDR || cmd == SIOCGIFNETMASK || cmd == SIOCGIFBRDADDR) && !i->has_ip4)
		return -EADDRNOTAVAIL;
	switch (cmd) {
	case SIOCGIFADDR:
	case SIOCGIFDSTADDR:
		interface_addr(req, i->ip4_be);
		break;
	case SIOCGIFNETMASK:
		interface_addr(req, mask);
		break;
	case SIOCGIFBRDADDR:
		interface_addr(req, i->loopback ? 0 : i->ip4_be | ~mask);
		break;
	case SIOCGIFFLAGS:
		req->ifr_flags = i->flags;
		break;
	case SIOCGIFMTU:
		req->ifr_mtu = i->mtu;
		break;
	case SIOCGIFMETRIC:
		req->ifr_metric = 0;
		break;
	case SIOCGIFINDEX:
		req->ifr_ifindex = i->index;
		break;
	case SIOCGIFTXQLEN:
		req->ifr_qlen = 1000;
		break;
	case SIOCGIFHWADDR:
		memset(&req->ifr_hwaddr, 0, sizeof(req->ifr_hwaddr));
		req->ifr_hwaddr.sa_family = i->loopback ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
		memcpy(req->ifr_hwaddr.sa_data, i->mac, sizeof(i->mac));
		break;
	default:
		return -ENOTTY;
	}
	return 0;
}

static long interface_ioctl(struct host *h, u64 cmd, u64 arg)
{
	struct net_interface i;
	struct ifreq req;
	u32 n;
	long ret;

	if (get_user(req, arg))
		return -EFAULT;
	req.ifr_name[IFNAMSIZ - 1] = 0;
	if (cmd == SIOCGIFNAME) {
		if (req.ifr_ifindex < 1 || !net_interface_get(h, req.ifr_ifindex, &i))
			return -ENODEV;
		str_copy(req.ifr_name, i.name, sizeof(req.ifr_name));
		return put_user(req, arg);
	}
	for (n = 1; net_interface_get(h, n, &i); n++)
		if (!strcmp(i.name, req.ifr_name))
			break;
	if (!net_interface_get(h, n, &i))
		return -ENODEV;
	ret = about_interface(&i, cmd, &req);
	return ret ? ret : put_user(req, arg);
}

static long stamp_ioctl(struct socket *sk, u64 cmd, u64 arg)
{
	u64 ns = sk->last_stamp_ns + host_realtime_offset(sk->host);
	struct timespec ts = {ns / NSEC_PER_SEC, ns % NSEC_PER_SEC};

	if (!sk->last_stamp_ns)
		return -ENOENT;
	if (cmd == SIOCGSTAMP_OLD)
		ts.tv_nsec /= NSEC_PER_USEC;
	return put_user(ts, arg);
}

static long file_ioctl(struct thread *th, struct file *f, u64 cmd, u64 arg)
{
	struct socket *sk = f->object;
	s32 n = 0;
	long ret = 0;

	switch (cmd) {
	case FIONREAD:
		ret = readable_bytes(sk, &n);
		break;
	case TIOCOUTQ:
		n = sk->proto == PROTO_TCP ? tcp_pending_out(sk) : sk->wmem;
		break;
	case SIOCATMARK:
		if (sk->proto != PROTO_TCP)
			return -ENOTTY;
		n = tcp_at_mark(sk);
		break;
	case SIOCGPGRP:
	case FIOGETOWN:
		n = f->owner_pid;
		break;
	case SIOCSPGRP:
	case FIOSETOWN:
		if (get_user(n, arg))
			return -EFAULT;
		f->owner_pid = n;
		return 0;
	case SIOCGSTAMP_OLD:
	case SIOCGSTAMPNS_OLD:
		return stamp_ioctl(sk, cmd, arg);
	case SIOCGIFCONF:
		return list_interfaces(th->host, arg);
	default:
		if (cmd >= SIOCGIFNAME && cmd <= SIOCGIFTXQLEN)
			return interface_ioctl(th->host, cmd, arg);
		return -ENOTTY;
	}
	return ret ? ret : put_user(n, arg);
}

const struct file_ops socket_file_ops = {
	.read = file_read,
	.write = file_write,
	.poll = file_poll_socket,
	.ioctl = file_ioctl,
	.stat = file_stat,
	.release = file_release,
	.name = file_name,
};

const struct file_ops netlink_file_ops = {
	.read = file_read,
	.write = file_write,
	.poll = file_poll_socket,
	.ioctl = file_ioctl,
	.stat = file_stat,
	.release = file_release,
	.name = file_name,
};
