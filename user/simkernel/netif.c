// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The network interfaces of a host: lo always, eth0 when the host has an
 * address of its own. Belongs to the holder of the run token.
 */
#include <net/if.h>
#include "base/string.h"
#include "simkernel/netif.h"

bool net_interface_get(struct host *h, u32 index, struct net_interface *i)
{
	struct sock_table *t = sock_table(h);

	memset(i, 0, sizeof(*i));
	if (!t)
		return false;
	i->index = index;
	if (index == 1) {
		i->name = "lo";
		i->loopback = i->has_ip4 = i->has_ip6 = true;
		i->mtu = 65536;
		i->flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
		i->ip4_be = __builtin_bswap32(0x7f000001);
		i->prefix4 = 8;
		i->ip6[15] = 1;
		i->prefix6 = 128;
		i->bytes = t->rx_bytes;
		i->packets = t->rx_packets;
		return true;
	}
	if (index != 2 || !(t->has_ip4 || t->has_ip6))
		return false;
	i->name = "eth0";
	i->mtu = 1500;
	i->flags = IFF_UP | IFF_BROADCAST | IFF_RUNNING | IFF_MULTICAST;
	i->has_ip4 = t->has_ip4;
	i->has_ip6 = t->has_ip6;
	memcpy(&i->ip4_be, t->own_ip4, 4);
	memcpy(i->ip6, t->own_ip6, 16);
	i->prefix4 = t->own_prefix4;
	i->prefix6 = t->own_prefix6;
	/* A locally administered address made of the IPv4 one */
	i->mac[0] = 2;
	memcpy(i->mac + 2, t->own_ip4, 4);
	return true;
}
