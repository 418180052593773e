// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pipes: a ring of page-sized buffers, as in Linux, because programs see that
 * shape: when a pipe is full, which writes are atomic, where packets end.
 * Opening FIFOs is in fifo.c.
 *
 * Owns struct pipe and its pages. An open end (struct pipe_end) belongs to its
 * file; the pipe lives as long as it has an end. All of it belongs to the holder
 * of the run token. A reader sleeps on its own file's queue, and so does a
 * writer: whoever changes the pipe wakes the files of the other side.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/anon.h"
#include "simkernel/arena.h"
#include "simkernel/pipe.h"
#include "simkernel/pipe_internal.h"
#include "simkernel/poll.h"
#include "simkernel/vfs.h"

#define PIPE_SIZE_USER_MAX (1UL << 20) /* pipe-max-size, for those without CAP_SYS_RESOURCE */
#define PIPE_SIZE_MAX	   (1UL << 31)

struct pipe *pipe_create(struct host *h)
{
	struct anon_table *t = anon_table(h);
	struct pipe *p = t ? arena_alloc(h, sizeof(*p)) : NULL;

	if (!p)
		return NULL;
	p->host = h;
	p->number = t->next_pipe_number++;
	p->bufs = p->first;
	p->slots = PIPE_SLOTS;
	list_init(&p->readers);
	list_init(&p->writers);
	list_init(&p->fifo_link);
	waitq_init(&p->open_wait);
	return p;
}

static void page_free(struct pipe *p, u8 *page)
{
	if (p->nspare < ARRAY_SIZE(p->spare))
		p->spare[p->nspare++] = page;
	else
		arena_free(p->host, page);
}

static u8 *page_alloc(struct pipe *p)
{
	return p->nspare ? p->spare[--p->nspare] : arena_alloc(p->host, PAGE_BYTES);
}

void pipe_free_unused(struct pipe *p)
{
	struct host *h = p->host;

	if (p->nreaders || p->nwriters)
		return;
	for (; p->head != p->tail; p->tail++)
		arena_free(h, p->bufs[p->tail & (p->slots - 1)].page);
	while (p->nspare)
		arena_free(h, p->spare[--p->nspare]);
	if (p->bufs != p->first)
		arena_free(h, p->bufs);
	list_del(&p->fifo_link);
	arena_free(h, p);
}

struct file *pipe_end_open(struct pipe *p, u32 flags)
{
	struct host *h = p->host;
	struct pipe_end *end = arena_alloc(h, sizeof(*end));
	struct file *f = end ? file_create(h, FILE_PIPE, flags, end) : NULL;

	if (!f) {
		arena_free(h, end);
		return NULL;
	}
	end->pipe = p;
	end->file = f;
	list_init(&end->read_link);
	list_init(&end->write_link);
	if (end_reads(f)) {
		list_add_tail(&end->read_link, &p->readers);
		p->nreaders++;
		p->reader_opens++;
	}
	if (end_writes(f)) {
		list_add_tail(&end->write_link, &p->writers);
		p->nwriters++;
		p->writer_opens++;
	}
	return f;
}

void pipe_wake_readers(struct pipe *p, u32 events)
{
	struct pipe_end *end, *next;

	list_for_each_safe (end, next, &p->readers, read_link)
		file_wake(end->file, events);
}

void pipe_wake_writers(struct pipe *p, u32 events)
{
	struct pipe_end *end, *next;

	list_for_each_safe (end, next, &p->writers, write_link)
		file_wake(end->file, events);
}

struct pipe *file_pipe(struct file *f)
{
	return f->kind == FILE_PIPE ? ((struct pipe_end *)f->object)->pipe : NULL;
}

bool pipe_is_fifo(struct file *f)
{
	struct pipe *p = file_pipe(f);

	return p && list_linked(&p->fifo_link);
}

bool pipe_full(struct pipe *p)
{
	return p->head - p->tail >= p->slots;
}

size_t pipe_room(struct pipe *p)
{
	return (p->slots - (p->head - p->tail)) * PAGE_BYTES;
}

bool pipe_has_readers(struct pipe *p)
{
	return p->nreaders != 0;
}

bool pipe_has_writers(struct pipe *p)
{
	return p->nwriters != 0;
}

u32 pipe_buffers(struct pipe *p)
{
	return p->head - p->tail;
}

static struct pipe_buffer *buffer_at(struct pipe *p, u32 index)
{
	return &p->bufs[index & (p->slots - 1)];
}

size_t pipe_peek(struct pipe *p, u32 i, const u8 **data)
{
	struct pipe_buffer *b = buffer_at(p, p->tail + i);

	*data = b->page + b->offset;
	return b->len;
}

static void drop_first(struct pipe *p)
{
	page_free(p, buffer_at(p, p->tail)->page);
	p->tail++;
}

void pipe_consume(struct pipe *p, size_t n)
{
	bool was_full = pipe_full(p);

	while (n) {
		struct pipe_buffer *b = buffer_at(p, p->tail);
		size_t part = min(n, (size_t)b->len);

		b->offset += part;
		b->len -= part;
		n -= part;
		if (!b->len)
			drop_first(p);
	}
	if (was_full && !pipe_full(p))
		pipe_wake_writers(p, POLLOUT | POLLWRNORM);
}

/* Moves what there is to the iovec: bytes, 0 when the pipe is empty, -EFAULT. */
static long take(struct pipe *p, const struct iovec *iov, u32 n, size_t total)
{
	bool was_full = pipe_full(p);
	size_t done = 0;
	long ret = 0;

	while (p->head != p->tail && done < total) {
		struct pipe_buffer *b = buffer_at(p, p->tail);
		size_t part = min(total - done, (size_t)b->len);
		bool packet = b->packet;

		ret = iov_copy_to(iov, n, done, b->page + b->offset, part);
		if (ret < 0)
			break;
		done += ret;
		b->offset += ret;
		b->len -= ret;
		if (packet || !b->len)
			drop_first(p);
		if (packet || ret < (long)part)
			break;
	}
	if (was_full && !pipe_full(p))
		pipe_wake_writers(p, POLLOUT | POLLWRNORM);
	return done ? (long)done : ret;
}

static long pipe_read(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct pipe *p = file_pipe(f);
	size_t total = iov_total(iov, n);

	if (!total)
		return 0;
	for (;;) {
		long ret = take(p, iov, n, total);

		if (ret)
			return ret;
		if (!p->nwriters)
			return 0;
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		ret = WAIT_ON(th, &f->wait, p->head != p->tail || !p->nwriters, TIME_NEVER);
		if (ret)
			return -ERESTARTSYS;
	}
}

/* Fills up the last buffer when all of the write's last partial page fits there. */
static long merge(struct pipe *p, const struct iovec *iov, u32 n, size_t skip, size_t total)
{
	size_t part = total & (PAGE_BYTES - 1);
	struct pipe_buffer *last;
	long ret;

	if (!part || p->head == p->tail)
		return 0;
	last = buffer_at(p, p->head - 1);
	if (last->packet || last->offset + last->len + part > PAGE_BYTES)
		return 0;
	ret = iov_copy_from(last->page + last->offset + last->len, iov, n, skip, part);
	if (ret < 0)
		return ret;
	last->len += ret;
	return ret;
}

long pipe_append(struct pipe *p, const struct iovec *iov, u32 n, size_t skip, bool packet)
{
	size_t total = iov_total(iov, n) - skip;
	size_t done = 0;
	long ret = 0;

	if (!packet) {
		ret = merge(p, iov, n, skip, total);
		if (ret > 0)
			done = ret;
	}
	while (ret >= 0 && done < total && !pipe_full(p)) {
		size_t part = min(total - done, PAGE_BYTES);
		u8 *page = page_alloc(p);
		struct pipe_buffer *b = buffer_at(p, p->head);

		ret = page ? iov_copy_from(page, iov, n, skip + done, part) : -ENOMEM;
		if (ret < 0) {
			if (page)
				page_free(p, page);
			break;
		}
		*b = (struct pipe_buffer){.page = page, .len = ret, .packet = packet};
		p->head++;
		done += ret;
		if (ret < (long)part)
			break;
	}
	if (done)
		pipe_wake_readers(p, POLLIN | POLLRDNORM);
	return done ? (long)done : ret;
}

long pipe_broken(struct thread *th)
{
	struct process *self = th->task->process;
	siginfo_t info = {.si_signo = SIGPIPE, .si_code = SI_USER};

	info.si_pid = self->pid;
	info.si_uid = self->uid;
	signal_task(th->task, SIGPIPE, &info);
	return -EPIPE;
}

static long pipe_write(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct pipe *p = file_pipe(f);
	size_t total = iov_total(iov, n);
	bool packet = f->flags & O_DIRECT;
	size_t done = 0;
	long ret;

	if (!total)
		return 0;
	for (;;) {
		if (!p->nreaders) {
			ret = pipe_broken(th);
			break;
		}
		ret = pipe_append(p, iov, n, done, packet);
		if (ret < 0)
			break;
		done += ret;
		if (done == total)
			break;
		if (f->flags & O_NONBLOCK) {
			ret = -EAGAIN;
			break;
		}
		ret = WAIT_ON(th, &f->wait, !pipe_full(p) || !p->nreaders, TIME_NEVER);
		if (ret) {
			ret = -ERESTARTSYS;
			break;
		}
	}
	return done ? (long)done : ret;
}

static u32 pipe_poll(struct thread *th, struct file *f)
{
	struct pipe_end *end = f->object;
	struct pipe *p = end->pipe;
	u32 events = 0;

	if (end_reads(f)) {
		if (p->head != p->tail)
			events |= POLLIN | POLLRDNORM;
		/* A FIFO that no writer has opened since this end was is not hung up. */
		if (!p->nwriters && p->writer_opens != end->writer_opens_seen)
			events |= POLLHUP;
	}
	if (end_writes(f)) {
		if (!pipe_full(p))
			events |= POLLOUT | POLLWRNORM;
		if (!p->nreaders)
			events |= POLLERR;
	}
	return events;
}

static long pipe_ioctl(struct thread *th, struct file *f, u64 cmd, u64 arg)
{
	struct pipe *p = file_pipe(f);
	s32 bytes = 0;
	u32 i;

	if (cmd != FIONREAD)
		return -ENOTTY;
	for (i = p->tail; i != p->head; i++)
		bytes += buffer_at(p, i)->len;
	return put_user(bytes, arg);
}

static long pipe_stat(struct thread *th, struct file *f, struct stat *st)
{
	struct pipe *p = file_pipe(f);
	long ret;

	if (pipe_is_fifo(f)) {
		ret = pass(th, SYS_fstat, file_fd(th, f), st);
		if (!ret)
			inode_fill(th->host, st);
		return ret;
	}
	anon_stat_pipe(th->host, p->number, st);
	st->st_uid = th->task->process->uid;
	st->st_gid = th->task->process->gid;
	return 0;
}

static void pipe_release(struct host *h, struct file *f)
{
	struct pipe_end *end = f->object;
	struct pipe *p = end->pipe;

	if (end_reads(f)) {
		list_del(&end->read_link);
		p->nreaders--;
	}
	if (end_writes(f)) {
		list_del(&end->write_link);
		p->nwriters--;
	}
	arena_free(h, end);
	if (!p->nreaders && p->nwriters)
		pipe_wake_writers(p, POLLOUT | POLLWRNORM | POLLERR);
	if (!p->nwriters && p->nreaders)
		pipe_wake_readers(p, POLLIN | POLLRDNORM | POLLHUP);
	pipe_free_unused(p);
}

static void pipe_name(struct file *f, char *buf, size_t size)
{
	str_format(buf, size, "pipe:[%lu]", file_pipe(f)->number);
}

const struct file_ops pipe_file_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.stat = pipe_stat,
	.release = pipe_release,
	.name = pipe_name,
};

static long set_slots(struct pipe *p, u32 slots)
{
	struct pipe_buffer *bufs;
	u32 used = p->head - p->tail;
	bool was_full = pipe_full(p);
	u32 i;

	if (used > slots)
		return -EBUSY;
	bufs = arena_alloc(p->host, slots * sizeof(*bufs));
	if (!bufs)
		return -ENOMEM;
	for (i = 0; i < used; i++)
		bufs[i] = *buffer_at(p, p->tail + i);
	if (p->bufs != p->first)
		arena_free(p->host, p->bufs);
	p->bufs = bufs;
	p->slots = slots;
	p->tail = 0;
	p->head = used;
	if (was_full && !pipe_full(p))
		pipe_wake_writers(p, POLLOUT | POLLWRNORM);
	return slots * PAGE_BYTES;
}

long pipe_fcntl(struct thread *th, struct file *f, u64 cmd, u64 arg)
{
	struct pipe *p = file_pipe(f);
	u64 bytes = PAGE_BYTES;

	if (!p)
		return -EBADF;
	if (cmd == F_GETPIPE_SZ)
		return p->slots * PAGE_BYTES;
	if (cmd != F_SETPIPE_SZ || (u32)arg > PIPE_SIZE_MAX)
		return -EINVAL;
	while (bytes < (u32)arg)
		bytes *= 2;
	if (bytes > p->slots * PAGE_BYTES && bytes > PIPE_SIZE_USER_MAX &&
	    th->task->process->uid != 0)
		return -EPERM;
	return set_slots(p, bytes / PAGE_BYTES);
}

static long make_pipe(struct thread *th, u64 fds_addr, u32 flags)
{
	struct pipe *p;
	struct file *r, *w;
	s32 fds[2];
	long ret;

	if (flags & ~(u32)(O_CLOEXEC | O_NONBLOCK | O_DIRECT | O_EXCL))
		return -EINVAL;
	if (flags & O_EXCL) /* O_NOTIFICATION_PIPE, of watch queues */
		return -ENOPKG;
	p = pipe_create(th->host);
	if (!p)
		return -ENFILE;
	r = pipe_end_open(p, O_RDONLY | (flags & (O_NONBLOCK | O_DIRECT)));
	if (!r) {
		pipe_free_unused(p);
		return -ENFILE;
	}
	w = pipe_end_open(p, O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT)));
	if (!w) {
		file_put(r);
		return -ENFILE;
	}
	ret = fd_install(th, r, flags & O_CLOEXEC);
	if (ret < 0) {
		file_put(w);
		return ret;
	}
	fds[0] = ret;
	ret = fd_install(th, w, flags & O_CLOEXEC);
	if (ret < 0)
		goto out_close_read;
	fds[1] = ret;
	ret = copy_to_user(fds_addr, fds, sizeof(fds));
	if (!ret)
		return 0;
	fd_close(th, fds[1]);
out_close_read:
	fd_close(th, fds[0]);
	return ret;
}

SYSCALL_DEFINE(pipe)
{
	return make_pipe(th, a[0], 0);
}

SYSCALL_DEFINE(pipe2)
{
	return make_pipe(th, a[0], a[1]);
}
