// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What descriptors without a name in the file system share (anon.h). Owns the
 * table behind host->pipes. Belongs to the holder of the run token.
 */
#include <sys/sysmacros.h>
#include "base/string.h"
#include "simkernel/anon.h"
#include "simkernel/arena.h"

/* Minor numbers of the unnamed devices that Linux gives these at boot. */
#define PIPE_DEVICE 14
#define ANON_DEVICE 15
#define ANON_INODE  1031

struct anon_table *anon_table(struct host *h)
{
	struct anon_table *t = h->pipes;
	u32 i;

	if (t)
		return t;
	t = arena_alloc(h, sizeof(*t));
	if (!t)
		return NULL;
	t->next_pipe_number = 4096;
	for (i = 0; i < FIFO_BUCKETS; i++)
		list_init(&t->fifos[i]);
	list_init(&t->clock_timers);
	list_init(&t->pidfds);
	list_init(&t->inotify);
	h->pipes = t;
	return t;
}

static void fill(struct host *h, struct stat *st, u32 device, u64 ino, u32 mode)
{
	struct timespec start = {
		.tv_sec = h->config.start_ns / (s64)NSEC_PER_SEC,
		.tv_nsec = h->config.start_ns % (s64)NSEC_PER_SEC,
	};

	memset(st, 0, sizeof(*st));
	st->st_dev = makedev(0, device);
	st->st_ino = ino;
	st->st_mode = mode;
	st->st_nlink = 1;
	st->st_blksize = PAGE_BYTES;
	st->st_atim = st->st_mtim = st->st_ctim = start;
}

void anon_stat(struct host *h, struct stat *st)
{
	fill(h, st, ANON_DEVICE, ANON_INODE, 0600);
}

void anon_stat_pipe(struct host *h, u64 number, struct stat *st)
{
	fill(h, st, PIPE_DEVICE, number, S_IFIFO | 0600);
}
