// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opening FIFOs, and opening a pipe once more through /proc/self/fd. The host
 * keeps the name and the inode; the pipe behind it is in the arena, so that no
 * open or read ever waits on the host.
 *
 * Owns the table of FIFOs that are open, by the host's (dev, ino). Belongs to
 * the holder of the run token.
 */
#include <errno.h>
#include "simkernel/anon.h"
#include "simkernel/pipe.h"
#include "simkernel/pipe_internal.h"
#include "simkernel/syscall.h"

static struct pipe *fifo_find(struct host *h, u64 dev, u64 ino)
{
	struct anon_table *t = anon_table(h);
	struct list *bucket;
	struct pipe *p;

	if (!t)
		return NULL;
	bucket = &t->fifos[(dev * 31 + ino) % FIFO_BUCKETS];
	list_for_each (p, bucket, fifo_link)
		if (p->dev == dev && p->ino == ino)
			return p;
	p = pipe_create(h);
	if (!p)
		return NULL;
	p->dev = dev;
	p->ino = ino;
	list_add_tail(&p->fifo_link, bucket);
	return p;
}

/*
 * Waits until the other side has been opened once more than seen; a partner that
 * opened and closed meanwhile counts. f is held by the call, not by us, while we
 * sleep: whoever dies here leaves nothing behind.
 */
static struct file *wait_for_partner(struct thread *th, struct file *f, const u32 *opens, long *err)
{
	struct pipe *p = file_pipe(f);
	u32 seen = *opens;

	task_hold(th, f);
	file_put(f);
	if (WAIT_ON(th, &p->open_wait, *opens != seen, TIME_NEVER)) {
		*err = -ERESTARTSYS;
		return NULL;
	}
	file_get(f);
	return f;
}

static struct file *open_end(struct thread *th, struct pipe *p, u32 flags, bool fifo, long *err)
{
	struct pipe_end *end;
	struct file *f;

	if ((flags & O_ACCMODE) == O_WRONLY && (flags & O_NONBLOCK) && !p->nreaders && fifo) {
		*err = -ENXIO;
		goto out_unused;
	}
	f = pipe_end_open(p, flags & (O_ACCMODE | O_NONBLOCK | O_DIRECT | O_ASYNC));
	if (!f) {
		*err = -ENFILE;
		goto out_unused;
	}
	waitq_wake_all(&p->open_wait);
	end = f->object;
	if (!fifo)
		return f;
	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		if (p->nwriters)
			return f;
		end->writer_opens_seen = p->writer_opens;
		return flags & O_NONBLOCK ? f : wait_for_partner(th, f, &p->writer_opens, err);
	case O_WRONLY:
		return p->nreaders ? f : wait_for_partner(th, f, &p->reader_opens, err);
	default:
		return f;
	}
out_unused:
	pipe_free_unused(p);
	return NULL;
}

struct file *fifo_open(struct thread *th, u64 dev, u64 ino, u32 flags, long *err)
{
	struct pipe *p = fifo_find(th->host, dev, ino);

	if (!p) {
		*err = -ENOMEM;
		return NULL;
	}
	return open_end(th, p, flags, true, err);
}

struct file *pipe_reopen(struct thread *th, struct file *f, u32 flags, long *err)
{
	struct pipe *p = file_pipe(f);

	return open_end(th, p, flags, list_linked(&p->fifo_link), err);
}
