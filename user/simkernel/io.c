// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * read, write and their relatives: from the descriptor to the operation of its
 * kind. Belongs to the holder of the run token.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/hostcall.h"
#include "simkernel/syscall.h"
#include "simkernel/vfs.h"

#define MAX_RW_COUNT 0x7ffff000UL

/* inode.c: the guest changed a host file; its virtual times move. */

static bool readable(const struct file *f)
{
	return f->kind == FILE_HOST || f->kind == FILE_STDIN || (f->flags & O_ACCMODE) != O_WRONLY;
}

static bool writable(const struct file *f)
{
	return f->kind == FILE_HOST || f->kind == FILE_STDIN || (f->flags & O_ACCMODE) != O_RDONLY;
}

static long vector_io(struct thread *th, int fd, const struct iovec *iov, u32 n, bool write)
{
	struct file *f = fd_file(th, fd);
	const struct file_ops *ops;
	long ret;

	if (!f || f->kind == FILE_PATH || !(write ? writable(f) : readable(f)))
		return -EBADF;
	ops = file_ops[f->kind];
	if (!ops || !(write ? ops->write : ops->read))
		return f->kind == FILE_DIR || f->kind == FILE_PROCDIR ? write ? -EBADF : -EISDIR
								      : -EINVAL;
	ret = write ? ops->write(th, f, iov, n) : ops->read(th, f, iov, n);
	if (ret == -EAGAIN)
		sched_asked_in_vain(th);
	return ret;
}

/* Regular files: the host reads and writes the guest's buffer itself. */
static long host_io(struct thread *th, long nr, const u64 *a, bool write)
{
	struct file *f = fd_file(th, a[0]);
	long ret = pass(th, nr, a[0], a[1], a[2], a[3], a[4], a[5]);

	if (write && ret > 0)
		inode_touched(th->host, f);
	if (ret == -EPIPE)
		signal_task(th->task, SIGPIPE, NULL);
	return ret;
}

/* RLIMIT_FSIZE at a given place; for the file's own position hostfile.c looks. */
static long positioned_write(struct thread *th, long nr, const u64 *a)
{
	u64 limit = th->task->process->rlimit[RLIMIT_FSIZE].rlim_cur;
	u64 b[6] = {a[0], a[1], a[2], a[3], a[4], a[5]};
	siginfo_t info;

	if (likely(limit == RLIM_INFINITY) || (s64)a[3] < 0)
		return host_io(th, nr, a, true);
	if (a[3] >= limit && a[2]) {
		signal_info_from(th->task->process, SIGXFSZ, SI_USER, &info);
		signal_task(th->task, SIGXFSZ, &info);
		return -EFBIG;
	}
	if (nr == SYS_pwrite64)
		b[2] = min(a[2], limit - a[3]);
	return host_io(th, nr, b, true);
}

static bool is_host(struct thread *th, int fd)
{
	struct file *f = fd_peek(th->task->process, fd);

	return f && f->kind == FILE_HOST;
}

static bool size_limited(struct thread *th)
{
	return unlikely(th->task->process->rlimit[RLIMIT_FSIZE].rlim_cur != RLIM_INFINITY);
}

SYSCALL_DEFINE(read)
{
	struct iovec iov = {(void *)a[1], min(a[2], MAX_RW_COUNT)};

	if (is_host(th, a[0]))
		return host_io(th, SYS_read, a, false);
	return vector_io(th, a[0], &iov, 1, false);
}

SYSCALL_DEFINE(write)
{
	struct iovec iov = {(void *)a[1], min(a[2], MAX_RW_COUNT)};

	if (is_host(th, a[0]) && !size_limited(th))
		return host_io(th, SYS_write, a, true);
	return vector_io(th, a[0], &iov, 1, true);
}

static long vector_call(struct thread *th, const u64 *a, bool write)
{
	struct iovec local[IOV_KERNEL_MAX], *iov;
	long n;

	if (!fd_peek(th->task->process, a[0]))
		return -EBADF;
	if (is_host(th, a[0]) && !(write && size_limited(th)))
		return host_io(th, write ? SYS_writev : SYS_readv, a, write);
	n = iov_from_user(th, a[1], a[2], local, &iov);
	return n < 0 ? n : vector_io(th, a[0], iov, n, write);
}

SYSCALL_DEFINE(readv)
{
	return vector_call(th, a, false);
}

SYSCALL_DEFINE(writev)
{
	return vector_call(th, a, true);
}

/* Generated text keeps its position in the arena: read from elsewhere, then go back. */
static long text_pread(struct thread *th, struct file *f, const struct iovec *iov, u32 n, u64 at)
{
	u64 keep = f->position;
	long ret;

	f->position = at;
	ret = file_ops[f->kind]->read(th, f, iov, n);
	f->position = keep;
	return ret;
}

static long positioned(struct thread *th, long nr, const u64 *a, bool vector, bool write)
{
	struct iovec local[IOV_KERNEL_MAX], *iov = local;
	struct file *f = fd_file(th, a[0]);
	long n = 1;

	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	if (f->kind == FILE_HOST)
		return write ? positioned_write(th, nr, a) : host_io(th, nr, a, false);
	if ((s64)a[3] < 0)
		return -EINVAL;
	if (f->kind == FILE_DIR || f->kind == FILE_PROCDIR)
		return write ? -EBADF : -EISDIR;
	if (f->kind != FILE_TEXT || write)
		return -ESPIPE;
	if (vector)
		n = iov_from_user(th, a[1], a[2], local, &iov);
	else
		local[0] = (struct iovec){(void *)a[1], min(a[2], MAX_RW_COUNT)};
	return n < 0 ? n : text_pread(th, f, iov, n, a[3]);
}

SYSCALL_DEFINE(pread64)
{
	return positioned(th, SYS_pread64, a, false, false);
}

SYSCALL_DEFINE(pwrite64)
{
	return positioned(th, SYS_pwrite64, a, false, true);
}

SYSCALL_DEFINE(preadv)
{
	return positioned(th, SYS_preadv, a, true, false);
}

SYSCALL_DEFINE(pwritev)
{
	return positioned(th, SYS_pwritev, a, true, true);
}

/* An offset of -1 means the file's own position. */
SYSCALL_DEFINE(preadv2)
{
	if ((s64)a[3] == -1 && !is_host(th, a[0]))
		return vector_call(th, a, false);
	return positioned(th, SYS_preadv2, a, true, false);
}

SYSCALL_DEFINE(pwritev2)
{
	if ((s64)a[3] == -1 && !is_host(th, a[0]))
		return vector_call(th, a, true);
	return positioned(th, SYS_pwritev2, a, true, true);
}

SYSCALL_DEFINE(lseek)
{
	struct file *f = fd_file(th, a[0]);

	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	if (a[2] > SEEK_HOLE)
		return -EINVAL;
	if (f->kind == FILE_HOST)
		return pass(th, SYS_lseek, a[0], a[1], a[2]);
	if (!file_ops[f->kind] || !file_ops[f->kind]->lseek)
		return -ESPIPE;
	return file_ops[f->kind]->lseek(th, f, a[1], a[2]);
}
