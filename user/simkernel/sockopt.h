/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Socket options as rows of tables (sockopt.c, inetopt.c, netlink.c). */
#ifndef SUNDIAL_SIMKERNEL_SOCKOPT_H
#define SUNDIAL_SIMKERNEL_SOCKOPT_H

#include "simkernel/net.h"

#define OPT_RO	    1 /* can be read only */
#define OPT_BOOL    2 /* any number but 0 is 1 */
#define OPT_DEFAULT 4 /* -1 stands for def */

struct sockopt {
	s32 level, name;
	u16 offset; /* in struct socket */
	u8 size;    /* 0 ends the table */
	u8 flags;
	s32 lo, hi, def;
};

const struct sockopt *sockopt_find(const struct sockopt *table, int level, int name);
/* The number that a guest gives: an int, or a byte where len is shorter. */
long sockopt_int(u64 val, u32 len, s32 *out);
/* 0, -EINVAL (out of range), -ENOPROTOOPT (read only). */
long sockopt_store(struct socket *sk, const struct sockopt *o, s32 v);
s32 sockopt_load(const struct socket *sk, const struct sockopt *o);

long netlink_setsockopt(struct socket *sk, int level, int name, u64 val, u32 len);
long netlink_getsockopt(struct socket *sk, int level, int name, void *buf, u32 *len);

#endif
