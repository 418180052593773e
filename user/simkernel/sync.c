// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flushing and advice. A simulated host never loses power, so what is written
 * is safe at once, and nothing waits for the host's disk.
 */
#include <errno.h>
#include <fcntl.h>
#include "base/hostcall.h"
#include "simkernel/vfs.h"

static long sync_fd(struct thread *th, s32 fd)
{
	struct file *f = fd_file(th, fd);

	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	if (f->kind == FILE_HOST || f->kind == FILE_DIR)
		return 0;
	return -EINVAL;
}

SYSCALL_DEFINE(sync)
{
	return 0;
}

SYSCALL_DEFINE(fsync)
{
	return sync_fd(th, a[0]);
}

SYSCALL_DEFINE(fdatasync)
{
	return sync_fd(th, a[0]);
}

SYSCALL_DEFINE(syncfs)
{
	struct file *f = fd_file(th, (s32)a[0]);

	return !f || f->kind == FILE_PATH ? -EBADF : 0;
}

SYSCALL_DEFINE(sync_file_range)
{
	struct file *f = fd_file(th, (s32)a[0]);
	const u32 known =
		SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;

	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	if ((u32)a[3] & ~known || (s64)a[1] < 0 || (s64)a[2] < 0 || (s64)(a[1] + a[2]) < 0)
		return -EINVAL;
	return f->kind == FILE_HOST || f->kind == FILE_DIR ? 0 : -ESPIPE;
}

SYSCALL_DEFINE(fadvise64)
{
	struct file *f = fd_file(th, (s32)a[0]);

	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	if (f->kind == FILE_PIPE || f->kind == FILE_SOCKET)
		return -ESPIPE;
	if ((s64)a[2] < 0 || a[3] > POSIX_FADV_NOREUSE)
		return -EINVAL;
	return f->kind == FILE_HOST ? pass(th, SYS_fadvise64, (s32)a[0], a[1], a[2], a[3]) : 0;
}

SYSCALL_DEFINE(readahead)
{
	struct file *f = fd_file(th, (s32)a[0]);

	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	return f->kind == FILE_HOST ? pass(th, SYS_readahead, (s32)a[0], a[1], a[2]) : -EINVAL;
}
