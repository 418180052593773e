/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a task that sleeps in poll or select has queued; shared by poll.c and select.c. */
#ifndef SUNDIAL_SIMKERNEL_POLL_TABLE_H
#define SUNDIAL_SIMKERNEL_POLL_TABLE_H

#include "simkernel/file.h"

struct poll_entry {
	struct waiter waiter;
	struct file *file;
};

struct poll_table {
	u32 used, room;
	struct poll_entry entry[];
};

/* Makes task->poll with room for so many files; false: no memory. */
bool poll_table_begin(struct thread *th, u32 room);
/* Queues the calling task for f's events, and for POLLERR and POLLHUP. */
void poll_table_add(struct thread *th, struct file *f, u32 events);
/* The file that poll and select see behind fd: none (POLLNVAL, EBADF) for an O_PATH one. */
struct file *poll_file(struct thread *th, int fd);
/* End of ppoll and pselect6: takes the mask back, gives the remaining time. */
long poll_finish_timespec(struct thread *th, u64 addr, u64 deadline_ns, long ret);

#endif
