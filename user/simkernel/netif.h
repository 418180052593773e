/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network interfaces of a host, as netlink, ioctl and /proc/net describe them. */
#ifndef SUNDIAL_SIMKERNEL_NETIF_H
#define SUNDIAL_SIMKERNEL_NETIF_H

#include "simkernel/net.h"

struct net_interface {
	u32 index, mtu, flags; /* IFF_* */
	const char *name;
	bool loopback, has_ip4, has_ip6;
	u32 ip4_be;
	u8 prefix4, prefix6;
	u8 ip6[16], mac[6];
	u64 bytes, packets;
};

/* The index-th interface, 1 being lo; false: there is none. */
bool net_interface_get(struct host *h, u32 index, struct net_interface *i);

#endif
