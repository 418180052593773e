// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Descriptor tables and the calls on them. The host's table is changed first and
 * gives the number; the arena's follows (file.h). Belongs to the holder of the
 * run token.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sys/ioctl.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/lock.h"
#include "simkernel/pipe.h"
#include "simkernel/syscall.h"

#define FD_LIMIT (1 << 20)

static bool grow(struct host *h, struct files *files, int fd)
{
	u32 size = files->size;
	struct fdent *ent;

	if (fd < 0 || fd >= FD_LIMIT)
		return false;
	while (size <= (u32)fd)
		size *= 2;
	if (size == files->size)
		return true;
	ent = arena_alloc(h, size * sizeof(*ent));
	if (!ent)
		return false;
	memcpy(ent, files->ent, files->size * sizeof(*ent));
	arena_free(h, files->ent);
	files->ent = ent;
	files->size = size;
	return true;
}

struct file *fd_peek(struct process *p, int fd)
{
	struct files *files = p->files;

	return fd >= 0 && (u32)fd < files->size ? files->ent[fd].file : NULL;
}

struct file *fd_file(struct thread *th, int fd)
{
	struct file *f = fd_peek(th->task->process, fd);

	if (likely(f))
		task_hold(th, f);
	return f;
}

long fd_install_at(struct thread *th, struct file *f, int fd, bool cloexec)
{
	struct files *files = th->task->process->files;

	if (!grow(th->host, files, fd)) {
		hostcall(SYS_close, fd);
		file_put(f);
		return -ENOMEM;
	}
	if (files->ent[fd].file)
		file_put(files->ent[fd].file);
	files->ent[fd].file = f;
	files->ent[fd].cloexec = cloexec;
	return fd;
}

long fd_install(struct thread *th, struct file *f, u32 flags)
{
	long fd;

	if (!f)
		return -ENOMEM;
	fd = hostcall(SYS_openat, AT_FDCWD, "/", O_PATH | (flags & O_CLOEXEC), 0);
	if (fd < 0) {
		file_put(f);
		return fd;
	}
	return fd_install_at(th, f, fd, flags & O_CLOEXEC);
}

/* What a host descriptor is, seen from the guest. */
static enum file_kind kind_of(const struct stat *st, int fd)
{
	if (S_ISDIR(st->st_mode))
		return FILE_DIR;
	if (S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode))
		return FILE_STDIN;
	if (S_ISCHR(st->st_mode) && !hostcall(SYS_ioctl, fd, TCGETS, (char[64]){0}))
		return FILE_STDIN;
	return FILE_HOST;
}

long fd_adopt(struct thread *th, int fd, bool cloexec, const char *path)
{
	struct host *h = th->host;
	struct stat st;
	struct file *f;
	long ret = hostcall(SYS_fstat, fd, &st);

	if (ret)
		return ret;
	f = file_create(h, kind_of(&st, fd), 0, NULL);
	if (f && path) {
		f->path = arena_alloc(h, strlen(path) + 1);
		if (f->path)
			str_copy(f->path, path, strlen(path) + 1);
	}
	if (!f || (path && !f->path)) {
		if (f)
			file_put(f);
		hostcall(SYS_close, fd);
		return -ENOMEM;
	}
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->mode = st.st_mode;
	return fd_install_at(th, f, fd, cloexec);
}

/* Takes fd out of the arena's table; the host's entry is the caller's business. */
static void forget(struct thread *th, int fd)
{
	struct process *p = th->task->process;
	struct file *f = p->files->ent[fd].file;

	p->files->ent[fd] = (struct fdent){0};
	lock_file_closed(th->host, p, f);
	file_put(f);
}

long fd_close(struct thread *th, int fd)
{
	if (!fd_peek(th->task->process, fd))
		return -EBADF;
	forget(th, fd);
	th->host->call_used_host = true;
	hostcall(SYS_close, fd);
	return 0;
}

struct files *files_copy(struct host *h, struct files *old)
{
	struct files *files = arena_alloc(h, sizeof(*files));
	u32 fd;

	if (!files)
		return NULL;
	files->refs = 1;
	files->size = old->size;
	files->ent = arena_alloc(h, old->size * sizeof(*files->ent));
	if (!files->ent) {
		arena_free(h, files);
		return NULL;
	}
	memcpy(files->ent, old->ent, old->size * sizeof(*files->ent));
	for (fd = 0; fd < files->size; fd++)
		if (files->ent[fd].file)
			file_get(files->ent[fd].file);
	return files;
}

void files_put(struct host *h, struct files *files)
{
	u32 fd;

	if (!files || --files->refs)
		return;
	for (fd = 0; fd < files->size; fd++)
		if (files->ent[fd].file)
			file_put(files->ent[fd].file);
	arena_free(h, files->ent);
	arena_free(h, files);
}

void files_close_on_exec(struct host *h, struct process *p)
{
	struct files *files = p->files;
	u32 fd;

	for (fd = 0; fd < files->size; fd++) {
		struct file *f = files->ent[fd].file;

		if (!f || !files->ent[fd].cloexec)
			continue;
		files->ent[fd] = (struct fdent){0};
		lock_file_closed(h, p, f);
		file_put(f);
	}
}

SYSCALL_DEFINE(close)
{
	return fd_close(th, a[0]);
}

SYSCALL_DEFINE(close_range)
{
	u32 first = a[0], last = a[1], fd;
	struct process *p = th->task->process;
	long ret;

	if (a[2] & ~(u64)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) || first > last)
		return -EINVAL;
	if ((a[2] & CLOSE_RANGE_UNSHARE) && p->files->refs > 1) {
		struct files *copy = files_copy(th->host, p->files);

		if (!copy)
			return -ENOMEM;
		p->files->refs--;
		p->files = copy;
	}
	ret = pass(th, SYS_close_range, first, last, a[2]);
	if (ret)
		return ret;
	for (fd = first; fd <= last && fd < p->files->size; fd++) {
		if (!p->files->ent[fd].file)
			continue;
		if (a[2] & CLOSE_RANGE_CLOEXEC)
			p->files->ent[fd].cloexec = true;
		else
			forget(th, fd);
	}
	return 0;
}

static long dup_from(struct thread *th, int fd, u64 min_fd, bool cloexec)
{
	struct file *f = fd_peek(th->task->process, fd);
	long ret;

	if (!f)
		return -EBADF;
	ret = pass(th, SYS_fcntl, fd, cloexec ? F_DUPFD_CLOEXEC : F_DUPFD, min_fd);
	if (ret < 0)
		return ret;
	file_get(f);
	return fd_install_at(th, f, ret, cloexec);
}

static long dup_to(struct thread *th, int fd, int newfd, u64 flags)
{
	struct process *p = th->task->process;
	struct file *f = fd_peek(p, fd);
	long ret;

	if (!f)
		return -EBADF;
	ret = pass(th, SYS_dup3, fd, newfd, flags);
	if (ret < 0)
		return ret;
	file_get(f);
	if (fd_peek(p, newfd))
		forget(th, newfd);
	return fd_install_at(th, f, newfd, flags & O_CLOEXEC);
}

SYSCALL_DEFINE(dup)
{
	return dup_from(th, a[0], 0, false);
}

SYSCALL_DEFINE(dup2)
{
	if ((int)a[0] == (int)a[1])
		return fd_peek(th->task->process, a[0]) ? (long)(int)a[0] : -EBADF;
	return dup_to(th, a[0], a[1], 0);
}

SYSCALL_DEFINE(dup3)
{
	if (a[2] & ~(u64)O_CLOEXEC || (int)a[0] == (int)a[1])
		return -EINVAL;
	return dup_to(th, a[0], a[1], a[2]);
}

static bool asks_host(const struct file *f)
{
	return f->kind == FILE_HOST || f->kind == FILE_DIR || f->kind == FILE_PATH ||
	       f->kind == FILE_STDIN;
}

static long fcntl_flags(struct thread *th, struct file *f, const u64 *a)
{
	const u32 changeable = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME;

	if (asks_host(f) && a[1] == F_SETFL && f->kind == FILE_STDIN) {
		/* The host's description is shared with whoever started us: keep it ours. */
		f->flags = (f->flags & ~(u32)O_NONBLOCK) | (a[2] & O_NONBLOCK);
		return 0;
	}
	if (asks_host(f)) {
		long ret = pass(th, SYS_fcntl, a[0], a[1], a[2]);

		return a[1] == F_GETFL && ret >= 0 ? ret | (f->flags & O_NONBLOCK) : ret;
	}
	if (a[1] == F_GETFL)
		return f->flags & ~(u32)O_CLOEXEC;
	if (a[2] & O_ASYNC)
		f->async_fd = a[0];
	f->flags = (f->flags & ~changeable) | (a[2] & changeable);
	return 0;
}

/* F_SETOWN: a positive number is a process or thread, a negative one a group. */
static long set_owner_number(struct file *f, s32 who)
{
	struct process *p;

	if (who == INT_MIN)
		return -EINVAL;
	if (who > 0 && !task_find(f->host, who))
		return -ESRCH;
	if (who < 0) {
		list_for_each (p, &f->host->processes, link)
			if (p->pgid == -who)
				break;
		if (&p->link == &f->host->processes)
			return -ESRCH;
	}
	f->owner_pid = who;
	return 0;
}

static long set_owner(struct file *f, u64 addr)
{
	struct f_owner_ex ex;
	struct task *t;

	if (get_user(ex, addr))
		return -EFAULT;
	if (ex.type != F_OWNER_TID && ex.type != F_OWNER_PID && ex.type != F_OWNER_PGRP)
		return -EINVAL;
	if (ex.type == F_OWNER_PGRP || !ex.pid) {
		f->owner_pid = -ex.pid;
		return 0;
	}
	/* A thread's signals go to its process. */
	t = task_find(f->host, ex.pid);
	if (!t)
		return -ESRCH;
	f->owner_pid = t->process->pid;
	return 0;
}

static long get_owner(struct file *f, u64 addr)
{
	struct f_owner_ex ex = {
		.type = f->owner_pid < 0 ? F_OWNER_PGRP : F_OWNER_PID,
		.pid = f->owner_pid < 0 ? -f->owner_pid : f->owner_pid,
	};

	return put_user(ex, addr);
}

SYSCALL_DEFINE(fcntl)
{
	struct process *p = th->task->process;
	struct file *f = fd_file(th, a[0]);
	long ret;

	if (!f)
		return -EBADF;
	switch (a[1]) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return dup_from(th, a[0], a[2], a[1] == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return p->files->ent[a[0]].cloexec ? FD_CLOEXEC : 0;
	case F_SETFD:
		ret = pass(th, SYS_fcntl, a[0], F_SETFD, a[2]);
		if (!ret)
			p->files->ent[a[0]].cloexec = a[2] & FD_CLOEXEC;
		return ret;
	case F_GETFL:
	case F_SETFL:
		return fcntl_flags(th, f, a);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return lock_fcntl(th, f, a[0], a[1], a[2]);
	case F_GETPIPE_SZ:
	case F_SETPIPE_SZ:
		return f->kind == FILE_PIPE ? pipe_fcntl(th, f, a[1], a[2]) : -EBADF;
	case F_SETOWN:
		return set_owner_number(f, a[2]);
	case F_GETOWN:
		return f->owner_pid;
	case F_SETOWN_EX:
		return set_owner(f, a[2]);
	case F_GETOWN_EX:
		return get_owner(f, a[2]);
	case F_SETSIG:
		if (a[2] > NSIG_MAX)
			return -EINVAL;
		f->owner_signal = a[2];
		return 0;
	case F_GETSIG:
		return f->owner_signal;
	case F_GETLEASE:
		return f->kind == FILE_HOST ? F_UNLCK : -EINVAL;
	case F_NOTIFY:
		/* dnotify, long superseded: that nothing is watched is all it can say. */
		if (f->kind != FILE_DIR)
			return -ENOTDIR;
		return a[2] & ~(u64)DN_MULTISHOT ? -EINVAL : 0;
	case F_ADD_SEALS:
	case F_GET_SEALS:
	case F_GET_RW_HINT:
	case F_SET_RW_HINT:
		return f->kind == FILE_HOST ? pass(th, SYS_fcntl, a[0], a[1], a[2]) : -EINVAL;
	}
	return -EINVAL;
}

SYSCALL_DEFINE(ioctl)
{
	struct process *p = th->task->process;
	struct file *f = fd_file(th, a[0]);
	int on;

	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	switch ((u32)a[1]) {
	case FIOCLEX:
	case FIONCLEX:
		/* Not ioctl: a placeholder takes none. */
		hostcall(SYS_fcntl, a[0], F_SETFD, (u32)a[1] == FIOCLEX ? FD_CLOEXEC : 0);
		p->files->ent[a[0]].cloexec = (u32)a[1] == FIOCLEX;
		return 0;
	case FIONBIO:
		if (get_user(on, a[2]))
			return -EFAULT;
		f->flags = on ? f->flags | O_NONBLOCK : f->flags & ~(u32)O_NONBLOCK;
		return 0;
	case FIOASYNC:
		if (get_user(on, a[2]))
			return -EFAULT;
		if (f->kind != FILE_PIPE && f->kind != FILE_SOCKET)
			return -ENOTTY;
		f->flags = on ? f->flags | O_ASYNC : f->flags & ~(u32)O_ASYNC;
		f->async_fd = a[0];
		return 0;
	}
	if (!file_ops[f->kind] || !file_ops[f->kind]->ioctl)
		return -ENOTTY;
	return file_ops[f->kind]->ioctl(th, f, (u32)a[1], a[2]);
}
