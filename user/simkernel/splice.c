// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * splice, tee, vmsplice, sendfile and copy_file_range. Data between two kinds
 * of file goes through a buffer of the call's own (task->scratch); between two
 * host files the host copies.
 *
 * Nothing is taken from a pipe, and no position moves, before the other side
 * has accepted the data: the transfer itself never sleeps (both files act as
 * nonblocking for its length), the waiting is done between transfers. So a call
 * that is interrupted or killed loses nothing. Belongs to the holder of the run
 * token.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/hostcall.h"
#include "simkernel/arena.h"
#include "simkernel/pipe.h"
#include "simkernel/poll.h"
#include "simkernel/vfs.h"

#define BOUNCE_BYTES (64UL << 10)
#define MAX_RW_COUNT 0x7ffff000UL
#define SPLICE_FLAGS (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

/* One side of a transfer that is not a pipe's inside. */
struct side {
	struct file *file;
	int fd;
	u64 offset_addr; /* guest address of the caller's offset; 0: the file's own position */
	s64 offset;	 /* where the next byte is, for files that have positions */
};

static bool has_position(const struct file *f)
{
	return f->kind == FILE_HOST || f->kind == FILE_TEXT;
}

static bool opened_for(struct thread *th, const struct side *s, u32 unwanted)
{
	u32 mode = s->file->flags & O_ACCMODE;

	if (s->file->kind == FILE_STDIN)
		return true;
	if (s->file->kind == FILE_HOST)
		mode = hostcall(SYS_fcntl, s->fd, F_GETFL) & O_ACCMODE;
	return mode != unwanted;
}

static bool appends(const struct side *s)
{
	u32 flags = s->file->flags;

	if (s->file->kind == FILE_HOST)
		flags = hostcall(SYS_fcntl, s->fd, F_GETFL);
	return flags & O_APPEND;
}

static long side_open(struct thread *th, struct side *s, int fd, u64 offset_addr)
{
	*s = (struct side){.fd = fd, .offset_addr = offset_addr};
	s->file = fd_file(th, fd);
	return s->file && s->file->kind != FILE_PATH ? 0 : -EBADF;
}

/* Finds the place of the next byte: the caller's offset, or the file's position. */
static long side_seek(struct thread *th, struct side *s)
{
	if (s->offset_addr) {
		if (get_user(s->offset, s->offset_addr))
			return -EFAULT;
		return s->offset < 0 ? -EINVAL : 0;
	}
	if (s->file->kind == FILE_HOST)
		s->offset = hostcall(SYS_lseek, s->fd, 0, SEEK_CUR);
	else
		s->offset = s->file->position;
	/* A host's device has no position to keep. */
	if (s->offset < 0)
		s->offset = 0;
	return 0;
}

/* Stores where the transfer ended. */
static long side_done(struct side *s)
{
	if (s->offset_addr)
		return put_user(s->offset, s->offset_addr);
	if (s->file->kind == FILE_HOST)
		hostcall(SYS_lseek, s->fd, s->offset, SEEK_SET);
	else if (s->file->kind == FILE_TEXT)
		s->file->position = s->offset;
	return 0;
}

static long op_now(struct thread *th, struct file *f, void *buf, size_t n, bool write)
{
	const struct file_ops *ops = file_ops[f->kind];
	struct iovec iov = {buf, n};
	u32 blocking = ~f->flags & O_NONBLOCK;
	long ret;

	if (!ops || !(write ? ops->write : ops->read))
		return -EINVAL;
	f->flags |= O_NONBLOCK;
	ret = write ? ops->write(th, f, &iov, 1) : ops->read(th, f, &iov, 1);
	f->flags &= ~blocking;
	return ret;
}

/* Reads at the side's offset without moving it, or takes what a stream has. */
static long side_read(struct thread *th, struct side *s, void *buf, size_t n)
{
	u64 keep = s->file->position;
	long ret;

	if (s->file->kind == FILE_HOST) {
		ret = pass(th, SYS_pread64, s->fd, buf, n, s->offset);
		return ret == -ESPIPE ? pass(th, SYS_read, s->fd, buf, n) : ret;
	}
	if (s->file->kind == FILE_TEXT)
		s->file->position = s->offset;
	ret = op_now(th, s->file, buf, n, false);
	if (s->file->kind == FILE_TEXT)
		s->file->position = keep;
	return ret;
}

static long side_write(struct thread *th, struct side *s, const void *buf, size_t n)
{
	long ret;

	if (s->file->kind != FILE_HOST)
		return op_now(th, s->file, (void *)buf, n, true);
	ret = pass(th, SYS_pwrite64, s->fd, buf, n, s->offset);
	if (ret == -ESPIPE)
		ret = pass(th, SYS_write, s->fd, buf, n);
	if (ret > 0) {
		s->offset += ret;
		inode_touched(th->host, s->file);
	}
	return ret;
}

/* One sleep on f, after an operation on it gave -EAGAIN. */
static long wait_once(struct thread *th, struct file *f)
{
	long ret;

	waitq_add(file_waitq(th, f), &th->task->wait);
	ret = task_sleep(th, TIME_NEVER);
	waitq_remove(&th->task->wait);
	return ret ? -ERESTARTSYS : 0;
}

/* A caller that only hears EAGAIN waits for time to pass. */
static long answer(struct thread *th, long ret)
{
	if (ret == -EAGAIN)
		sched_asked_in_vain(th);
	return ret;
}

static u8 *bounce(struct thread *th)
{
	if (!th->task->scratch)
		th->task->scratch = arena_alloc(th->host, BOUNCE_BYTES);
	return th->task->scratch;
}

/* Waits for data: 1, 0 at the end, -EAGAIN, -ERESTARTSYS. */
static long wait_for_data(struct thread *th, struct file *f, bool nonblock)
{
	struct pipe *p = file_pipe(f);

	for (;;) {
		long ret;

		if (pipe_buffers(p))
			return 1;
		if (!pipe_has_writers(p))
			return 0;
		if (nonblock)
			return -EAGAIN;
		ret = wait_once(th, f);
		if (ret)
			return ret;
	}
}

/* Waits for a free buffer: 0, -EPIPE (and SIGPIPE), -EAGAIN, -ERESTARTSYS. */
static long wait_for_room(struct thread *th, struct file *f, bool nonblock)
{
	struct pipe *p = file_pipe(f);

	for (;;) {
		long ret;

		if (!pipe_has_readers(p))
			return pipe_broken(th);
		if (!pipe_full(p))
			return 0;
		if (nonblock)
			return -EAGAIN;
		ret = wait_once(th, f);
		if (ret)
			return ret;
	}
}

/* From a pipe to a file: what is there, waiting only for the first byte. */
static long pipe_to_file(struct thread *th, struct file *in, struct side *out, size_t len,
			 bool nonblock)
{
	struct pipe *p = file_pipe(in);
	size_t done = 0;
	long ret;

	ret = wait_for_data(th, in, nonblock);
	if (ret <= 0)
		return ret;
	while (done < len && pipe_buffers(p)) {
		const u8 *data;
		size_t n = min(pipe_peek(p, 0, &data), len - done);

		ret = side_write(th, out, data, n);
		if (ret == -EAGAIN && !done && !(out->file->flags & O_NONBLOCK)) {
			ret = wait_once(th, out->file);
			/* Another reader may have taken the data while we slept. */
			if (!ret)
				ret = wait_for_data(th, in, nonblock);
			if (ret <= 0)
				return ret;
			continue;
		}
		if (ret <= 0)
			break;
		pipe_consume(p, ret);
		done += ret;
	}
	return done ? (long)done : ret;
}

/* From a file to a pipe: as much as one read gives and the pipe holds. */
static long file_to_pipe(struct thread *th, struct side *in, struct file *out, size_t len,
			 bool nonblock)
{
	struct pipe *p = file_pipe(out);
	u8 *buf = bounce(th);
	long ret;

	if (!buf)
		return -ENOMEM;
	for (;;) {
		struct iovec iov = {buf, 0};

		ret = wait_for_room(th, out, nonblock);
		if (ret)
			return ret;
		ret = side_read(th, in, buf, min(min(len, BOUNCE_BYTES), pipe_room(p)));
		if (ret != -EAGAIN || in->file->flags & O_NONBLOCK) {
			iov.iov_len = ret;
			return ret <= 0 ? ret : pipe_append(p, &iov, 1, 0, false);
		}
		ret = wait_once(th, in->file);
		if (ret)
			return ret;
	}
}

/* Copies buffers of one pipe to another; takes them from the first unless it is a tee. */
static long pipe_to_pipe(struct thread *th, struct file *in, struct file *out, size_t len,
			 bool nonblock, bool keep)
{
	struct pipe *from = file_pipe(in), *to = file_pipe(out);
	size_t done = 0;
	u32 i = 0;
	long ret;

	if (from == to)
		return -EINVAL;
	do {
		ret = wait_for_data(th, in, nonblock);
		if (ret <= 0)
			return ret;
		ret = wait_for_room(th, out, nonblock);
		if (ret)
			return ret;
	} while (!pipe_buffers(from));
	while (done < len && i < pipe_buffers(from) && !pipe_full(to)) {
		struct iovec iov;
		const u8 *data;

		iov.iov_len = min(pipe_peek(from, i, &data), len - done);
		iov.iov_base = (void *)data;
		ret = pipe_append(to, &iov, 1, 0, false);
		if (ret <= 0)
			break;
		done += ret;
		if (keep)
			i++;
		else
			pipe_consume(from, ret);
	}
	return done ? (long)done : ret;
}

static long splice_file(struct thread *th, struct side *in, struct side *out, size_t len,
			bool nonblock)
{
	bool to_pipe = out->file->kind == FILE_PIPE;
	struct side *other = to_pipe ? in : out;
	long ret;

	if (other->offset_addr && !has_position(other->file))
		return -EINVAL;
	if (!to_pipe && appends(out))
		return -EINVAL;
	ret = side_seek(th, other);
	if (ret)
		return ret;
	if (to_pipe) {
		ret = file_to_pipe(th, in, out->file, len, nonblock);
		if (ret > 0)
			in->offset += ret;
	} else {
		ret = pipe_to_file(th, in->file, out, len, nonblock);
	}
	if (ret > 0 && has_position(other->file) && side_done(other))
		return -EFAULT;
	return ret;
}

SYSCALL_DEFINE(splice)
{
	size_t len = min(a[4], MAX_RW_COUNT);
	u32 flags = a[5];
	struct side in, out;
	bool nonblock;

	if (!len)
		return 0;
	if (flags & ~(u32)SPLICE_FLAGS)
		return -EINVAL;
	if (side_open(th, &in, a[0], a[1]) || side_open(th, &out, a[2], a[3]))
		return -EBADF;
	if ((in.file->kind == FILE_PIPE && in.offset_addr) ||
	    (out.file->kind == FILE_PIPE && out.offset_addr))
		return -ESPIPE;
	if (!opened_for(th, &in, O_WRONLY) || !opened_for(th, &out, O_RDONLY))
		return -EBADF;
	nonblock = flags & SPLICE_F_NONBLOCK;
	if (in.file->kind == FILE_PIPE && out.file->kind == FILE_PIPE) {
		nonblock |= (in.file->flags | out.file->flags) & O_NONBLOCK;
		return answer(th, pipe_to_pipe(th, in.file, out.file, len, nonblock, false));
	}
	if (in.file->kind != FILE_PIPE && out.file->kind != FILE_PIPE)
		return -EINVAL;
	return answer(th, splice_file(th, &in, &out, len, nonblock));
}

SYSCALL_DEFINE(tee)
{
	size_t len = min(a[2], MAX_RW_COUNT);
	u32 flags = a[3];
	bool nonblock = flags & SPLICE_F_NONBLOCK;
	struct side in, out;

	if (flags & ~(u32)SPLICE_FLAGS)
		return -EINVAL;
	if (!len)
		return 0;
	if (side_open(th, &in, a[0], 0) || side_open(th, &out, a[1], 0))
		return -EBADF;
	if (!opened_for(th, &in, O_WRONLY) || !opened_for(th, &out, O_RDONLY))
		return -EBADF;
	if (in.file->kind != FILE_PIPE || out.file->kind != FILE_PIPE)
		return -EINVAL;
	nonblock |= (in.file->flags | out.file->flags) & O_NONBLOCK;
	return answer(th, pipe_to_pipe(th, in.file, out.file, len, nonblock, true));
}

static long user_to_pipe(struct thread *th, struct file *f, const struct iovec *iov, u32 n,
			 bool nonblock)
{
	long ret = wait_for_room(th, f, nonblock);

	return ret ? ret : pipe_append(file_pipe(f), iov, n, 0, false);
}

static long pipe_to_user(struct thread *th, struct file *f, const struct iovec *iov, u32 n,
			 bool nonblock)
{
	struct pipe *p = file_pipe(f);
	size_t total = iov_total(iov, n), done = 0;
	long ret = wait_for_data(th, f, nonblock);

	if (ret <= 0)
		return ret;
	while (done < total && pipe_buffers(p)) {
		const u8 *data;
		size_t part = min(pipe_peek(p, 0, &data), total - done);

		ret = iov_copy_to(iov, n, done, data, part);
		if (ret < 0)
			break;
		pipe_consume(p, ret);
		done += ret;
	}
	return done ? (long)done : ret;
}

SYSCALL_DEFINE(vmsplice)
{
	struct iovec local[IOV_KERNEL_MAX], *iov;
	u32 flags = a[3];
	bool nonblock = flags & SPLICE_F_NONBLOCK;
	struct side s;
	long n;

	if (flags & ~(u32)SPLICE_FLAGS)
		return -EINVAL;
	if (side_open(th, &s, a[0], 0))
		return -EBADF;
	n = iov_from_user(th, a[1], a[2], local, &iov);
	if (n < 0)
		return n;
	if (s.file->kind != FILE_PIPE)
		return -EBADF;
	if (!iov_total(iov, n))
		return 0;
	nonblock |= s.file->flags & O_NONBLOCK;
	n = opened_for(th, &s, O_RDONLY) ? user_to_pipe(th, s.file, iov, n, nonblock)
					 : pipe_to_user(th, s.file, iov, n, nonblock);
	return answer(th, n);
}

/* Writes n bytes, waiting where the file is blocking: bytes written, or an error before any. */
static long write_all(struct thread *th, struct side *out, const u8 *buf, size_t n)
{
	size_t done = 0;

	while (done < n) {
		long ret = side_write(th, out, buf + done, n - done);

		if (ret == -EAGAIN && !(out->file->flags & O_NONBLOCK))
			ret = wait_once(th, out->file);
		if (ret < 0)
			return done ? (long)done : ret;
		done += ret;
	}
	return done;
}

static long send_loop(struct thread *th, struct side *in, struct side *out, size_t len)
{
	u8 *buf = bounce(th);
	size_t done = 0;
	long got, ret = 0;

	if (!buf)
		return -ENOMEM;
	while (done < len) {
		got = side_read(th, in, buf, min(len - done, BOUNCE_BYTES));
		if (got <= 0) {
			ret = got;
			break;
		}
		ret = write_all(th, out, buf, got);
		if (ret <= 0)
			break;
		done += ret;
		in->offset += ret;
		if (ret < got)
			break;
	}
	return done ? (long)done : ret;
}

SYSCALL_DEFINE(sendfile)
{
	size_t len = min(a[3], MAX_RW_COUNT);
	struct side in, out;
	long ret;

	if (side_open(th, &out, a[0], 0) || side_open(th, &in, a[1], a[2]))
		return -EBADF;
	if (!opened_for(th, &in, O_WRONLY) || !opened_for(th, &out, O_RDONLY))
		return -EBADF;
	if (in.file->kind == FILE_HOST && out.file->kind == FILE_HOST) {
		ret = pass(th, SYS_sendfile, a[0], a[1], a[2], len);
		if (ret > 0)
			inode_touched(th->host, out.file);
		return ret;
	}
	if (!has_position(in.file))
		return in.offset_addr ? -ESPIPE : -EINVAL;
	if (appends(&out))
		return -EINVAL;
	ret = side_seek(th, &in);
	if (!ret && has_position(out.file))
		ret = side_seek(th, &out);
	if (ret)
		return ret;
	ret = send_loop(th, &in, &out, len);
	if (ret > 0 && side_done(&in))
		return -EFAULT;
	if (ret > 0 && has_position(out.file))
		side_done(&out);
	return answer(th, ret);
}

SYSCALL_DEFINE(copy_file_range)
{
	struct side in, out;
	long ret;

	if (side_open(th, &in, a[0], a[1]) || side_open(th, &out, a[2], a[3]))
		return -EBADF;
	if (a[5])
		return -EINVAL;
	if (in.file->kind == FILE_DIR || out.file->kind == FILE_DIR ||
	    in.file->kind == FILE_PROCDIR || out.file->kind == FILE_PROCDIR)
		return -EISDIR;
	if (in.file->kind == FILE_TEXT && out.file->kind == FILE_HOST)
		return -EXDEV;
	if (in.file->kind != FILE_HOST || out.file->kind != FILE_HOST)
		return -EINVAL;
	ret = pass(th, SYS_copy_file_range, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (ret > 0)
		inode_touched(th->host, out.file);
	return ret;
}
