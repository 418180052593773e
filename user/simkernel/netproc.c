// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The texts of /proc/net, in Linux's own columns, from the sockets as they are.
 * Belongs to the holder of the run token.
 */
#include <linux/route.h>
#include <netinet/in.h>
#include "base/string.h"
#include "simkernel/netif.h"

struct text {
	char *buf;
	size_t size, len;
};

#define put(t, ...)                                                                \
	((t)->len += str_format((t)->len < (t)->size ? (t)->buf + (t)->len : NULL, \
				(t)->len < (t)->size ? (t)->size - (t)->len : 0, __VA_ARGS__))

/* The address as the kernel prints it: words in the machine's own byte order. */
static void put_addr(struct text *t, const struct inet_addr *a, bool v6)
{
	u32 w[4];

	memcpy(w, a->ip, sizeof(w));
	if (v6)
		put(t, " %08X%08X%08X%08X:%04X", w[0], w[1], w[2], w[3], a->port);
	else
		put(t, " %08X:%04X", w[3], a->port);
}

static void put_inet(struct text *t, u32 n, struct socket *sk, u32 state)
{
	bool v6 = sk->family == AF_INET6;
	u64 tx = sk->proto == PROTO_TCP ? tcp_pending_out(sk) : sk->wmem;
	u64 rx = sk->state == ST_LISTEN ? sk->naccept : sk->rx.bytes;

	put(t, sk->proto == PROTO_TCP ? "%4u:" : "%5u:", n);
	put_addr(t, &sk->in.local, v6);
	put_addr(t, &sk->in.remote, v6);
	put(t, " %02X %08lX:%08lX %02X:%08lX %08X %5u %8d %lu %d %016lx", state, (unsigned long)tx,
	    (unsigned long)rx, 0, 0UL, 0, sk->uid, 0, (unsigned long)sk->ino, (int)sk->refs,
	    (unsigned long)sk->ino << 8);
	if (sk->proto == PROTO_TCP)
		put(t, state == ST_LISTEN ? " 100 0 0 10 0\n" : " 20 4 30 10 -1\n");
	else
		put(t, " 0\n");
}

static void put_time_wait(struct text *t, u32 n, const struct time_wait *tw, u64 now_ns)
{
	u64 left = tw->expiry_ns > now_ns ? tw->expiry_ns - now_ns : 0;

	put(t, "%4u:", n);
	put_addr(t, &tw->local, tw->v6);
	put_addr(t, &tw->remote, tw->v6);
	put(t, " 06 00000000:00000000 03:%08lX 00000000     0        0 0 3 %016lx\n",
	    (unsigned long)(left / 10000000), 0UL);
}

static void tcp_text(struct host *h, struct text *t, bool v6)
{
	struct sock_table *table = sock_table(h);
	struct time_wait *tw;
	struct socket *sk;
	u32 n = 0;

	put(t, v6 ? "  sl  local_address                         remote_address                    "
		    "    "
		    "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
		  : "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
		    "uid  timeout inode                                                     \n");
	list_for_each (sk, &table->all, link) {
		if (sk->proto != PROTO_TCP || (sk->family == AF_INET6) != v6)
			continue;
		if (sk->state != ST_CLOSE)
			put_inet(t, n++, sk, sk->state);
	}
	time_wait_expire(h);
	list_for_each (tw, &table->time_waits, order)
		if (tw->v6 == v6)
			put_time_wait(t, n++, tw, host_now(h));
}

static void udp_text(struct host *h, struct text *t, bool v6)
{
	struct socket *sk;

	put(t,
	    v6 ? "  sl  local_address                         remote_address                       "
		 " "
		 "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer "
		 "drops\n"
	       : "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
		 "uid  timeout inode ref pointer drops             \n");
	list_for_each (sk, &sock_table(h)->all, link) {
		if (sk->proto != PROTO_UDP || (sk->family == AF_INET6) != v6 || !sk->in.local.port)
			continue;
		put_inet(t, sk->in.local.port, sk, sk->state);
	}
}

static void put_unix_name(struct text *t, const struct unix_name *n)
{
	u32 i;

	put(t, " ");
	for (i = 0; i < n->len; i++) {
		if (n->text[i])
			put(t, "%c", n->text[i]);
		else if (i + 1 < n->len || !n->text[0])
			put(t, "@");
	}
}

static void unix_text(struct host *h, struct text *t)
{
	struct socket *sk;

	put(t, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	list_for_each (sk, &sock_table(h)->all, link) {
		if (sk->family != AF_UNIX)
			continue;
		put(t, "%016lx: %08X %08X %08X %04X %02X %5lu", (unsigned long)sk->ino << 8,
		    sk->refs, 0, sk->state == ST_LISTEN ? 0x10000 : 0, sk->type,
		    sk->state == ST_ESTABLISHED ? 3 : 1, (unsigned long)sk->ino);
		if (sk->unx.name && sk->unx.name->len)
			put_unix_name(t, sk->unx.name);
		put(t, "\n");
	}
}

static void netlink_text(struct host *h, struct text *t)
{
	struct socket *sk;

	put(t, "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    "
	       "Inode\n");
	list_for_each (sk, &sock_table(h)->all, link)
		if (sk->family == AF_NETLINK)
			put(t, "%016lx %-3d %-10u %08x %-8lu %-8d %-5d %-8d %-8d %-8lu\n",
			    (unsigned long)sk->ino << 8, (int)sk->protocol, sk->nl.portid,
			    sk->nl.groups, (unsigned long)sk->rx.bytes, 0, 0, 2, 0,
			    (unsigned long)sk->ino);
}

static void dev_text(struct host *h, struct text *t)
{
	struct net_interface i;
	u32 n;

	put(t, "Inter-|   Receive                                                |  Transmit\n"
	       " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets "
	       "errs drop fifo colls carrier compressed\n");
	for (n = 1; net_interface_get(h, n, &i); n++) {
		size_t len = strlen(i.name);

		put(t,
		    "%*s%s: %7lu %7lu %4d %4d %4d %5d %10d %9d %8lu %7lu %4d %4d %4d %5d %7d "
		    "%10d\n",
		    len < 6 ? (int)(6 - len) : 0, "", i.name, (unsigned long)i.bytes,
		    (unsigned long)i.packets, 0, 0, 0, 0, 0, 0, (unsigned long)i.bytes,
		    (unsigned long)i.packets, 0, 0, 0, 0, 0, 0);
	}
}

static void route_text(struct host *h, struct text *t)
{
	struct net_interface i;
	u32 n;

	put(t, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
	       "                                                       \n");
	for (n = 2; net_interface_get(h, n, &i); n++) {
		u32 mask = i.prefix4 ? __builtin_bswap32(~0U << (32 - i.prefix4)) : 0;

		if (i.has_ip4)
			put(t, "%s\t%08X\t%08X\t%04X\t%d\t%u\t%d\t%08X\t%d\t%u\t%u\n", i.name,
			    i.ip4_be & mask, 0, RTF_UP, 0, 0, 0, mask, 0, 0, 0);
	}
}

static void if_inet6_text(struct host *h, struct text *t)
{
	struct net_interface i;
	u32 n, b;

	for (n = 1; net_interface_get(h, n, &i); n++) {
		if (!i.has_ip6)
			continue;
		for (b = 0; b < 16; b++)
			put(t, "%02x", i.ip6[b]);
		put(t, " %02x %02x %02x %02x %8s\n", i.index, i.prefix6, i.loopback ? 0x10 : 0,
		    0x80, i.name);
	}
}

static void sockstat_text(struct host *h, struct text *t, bool v6)
{
	u32 tcp = 0, udp = 0;
	struct socket *sk;

	list_for_each (sk, &sock_table(h)->all, link) {
		if ((sk->family == AF_INET6) != v6)
			continue;
		tcp += sk->proto == PROTO_TCP;
		udp += sk->proto == PROTO_UDP;
	}
	if (v6) {
		put(t,
		    "TCP6: inuse %u\nUDP6: inuse %u\nUDPLITE6: inuse 0\nRAW6: inuse 0\n"
		    "FRAG6: inuse 0 memory 0\n",
		    tcp, udp);
		return;
	}
	put(t,
	    "sockets: used %u\nTCP: inuse %u orphan 0 tw %u alloc %u mem 0\n"
	    "UDP: inuse %u mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n",
	    sock_table(h)->count, tcp, sock_table(h)->ntime_wait, tcp, udp);
}

long net_proc_text(struct host *h, const char *name, char *buf, size_t size)
{
	struct text t = {buf, size, 0};

	if (!sock_table(h))
		return -ENOMEM;
	if (!strcmp(name, "tcp") || !strcmp(name, "tcp6"))
		tcp_text(h, &t, name[3] == '6');
	else if (!strcmp(name, "udp") || !strcmp(name, "udp6"))
		udp_text(h, &t, name[3] == '6');
	else if (!strcmp(name, "unix"))
		unix_text(h, &t);
	else if (!strcmp(name, "netlink"))
		netlink_text(h, &t);
	else if (!strcmp(name, "dev"))
		dev_text(h, &t);
	else if (!strcmp(name, "route"))
		route_text(h, &t);
	else if (!strcmp(name, "if_inet6"))
		if_inet6_text(h, &t);
	else if (!strcmp(name, "sockstat") || !strcmp(name, "sockstat6"))
		sockstat_text(h, &t, name[8] == '6');
	else
		return -ENOENT;
	return t.len;
}
