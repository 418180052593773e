/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What descriptors without a name in the file system share: inode numbers, stat
 * results, and the host-wide lists of those that somebody must be able to find.
 */
#ifndef SUNDIAL_SIMKERNEL_ANON_H
#define SUNDIAL_SIMKERNEL_ANON_H

#include <sys/stat.h>
#include "base/list.h"
#include "simkernel/host.h"

#define FIFO_BUCKETS 64

struct anon_table {
	u64 next_pipe_number;
	struct list fifos[FIFO_BUCKETS]; /* struct pipe.fifo_link, by the host's (dev, ino) */
	struct list clock_timers;	 /* timerfds that follow CLOCK_REALTIME */
	struct list pidfds;
	struct list inotify;
	u64 epoll_visit; /* number of the latest walk through nested epolls */
};

/* The host's table, made at first use; NULL: the arena is full. */
struct anon_table *anon_table(struct host *h);
/* stat of an anonymous inode: mode 0600 and no type, all of them one inode, as in Linux. */
void anon_stat(struct host *h, struct stat *st);
/* The same for a pipe, whose number is its own. */
void anon_stat_pipe(struct host *h, u64 number, struct stat *st);

#endif
