/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pipe.c and fifo.c share. */
#ifndef SUNDIAL_SIMKERNEL_PIPE_INTERNAL_H
#define SUNDIAL_SIMKERNEL_PIPE_INTERNAL_H

#include <fcntl.h>
#include "simkernel/file.h"

#define PIPE_SLOTS 16 /* 64 KiB */

struct pipe_buffer {
	u8 *page;
	u16 offset, len;
	bool packet;
};

struct pipe {
	struct host *host;
	u64 number;		      /* the inode number that guests see */
	struct list readers, writers; /* struct pipe_end */
	u32 nreaders, nwriters;
	u32 reader_opens, writer_opens; /* ever */
	struct pipe_buffer *bufs;	/* first, or a larger ring from the arena */
	u32 slots;			/* power of two */
	u32 head, tail;			/* counters; head - tail buffers are filled */
	u8 *spare[2];
	u32 nspare;
	struct list fifo_link;	/* anon_table.fifos */
	u64 dev, ino;		/* the host's, for a FIFO */
	struct waitq open_wait; /* FIFO opens that wait for the other side */
	struct pipe_buffer first[PIPE_SLOTS];
};

struct pipe_end {
	struct list read_link, write_link;
	struct pipe *pipe;
	struct file *file;
	u32 writer_opens_seen; /* for a FIFO's reader: writer_opens when it opened */
};

static inline bool end_reads(struct file *f)
{
	return (f->flags & O_ACCMODE) != O_WRONLY;
}

static inline bool end_writes(struct file *f)
{
	return (f->flags & O_ACCMODE) != O_RDONLY;
}

/* A pipe without ends; NULL: no memory. Goes with its last end. */
struct pipe *pipe_create(struct host *h);
/* Frees a pipe that has no end. */
void pipe_free_unused(struct pipe *p);
/* Opens an end; does not wait. NULL: no memory. */
struct file *pipe_end_open(struct pipe *p, u32 flags);
void pipe_wake_readers(struct pipe *p, u32 events);
void pipe_wake_writers(struct pipe *p, u32 events);

#endif
