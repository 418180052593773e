// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asking about files: the stat family, access, statfs, readlink. The host says
 * what a file is; numbers, devices and times are virtual (inode.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/hostids.h"
#include "simkernel/ids.h"
#include "simkernel/pty.h"
#include "simkernel/vfs.h"

/* Sizes that every file system claims: 64 GiB, half of it free. */
#define DISK_BLOCKS (16UL << 20)
#define DISK_FILES  (4UL << 20)

#define MAGIC_EXT4  0xef53
#define MAGIC_PROC  0x9fa0
#define MAGIC_SYSFS 0x62656572
#define MAGIC_TMPFS 0x01021994
#define MAGIC_PIPE  0x50495045
#define MAGIC_SOCK  0x534f434b
#define MAGIC_ANON  0x09041934

/* What /proc/PID/fd/N leads to: perhaps a file that only another process has. */
static long stat_other(struct thread *th, struct path *p, struct stat *st)
{
	struct file *f = vnode_file(th, &p->node);
	long ret;

	if (!f)
		return -ENOENT;
	if (p->node.pid == th->task->process->pid || !path_through_fd(th, p))
		return vfs_fstat(th, f, -1, st);
	ret = pass(th, SYS_newfstatat, p->dirfd, p->name, st, 0);
	if (!ret)
		inode_fill(th->host, st);
	return ret;
}

static long stat_virtual(struct thread *th, struct path *p, struct stat *st)
{
	if (p->node.type == VNODE_NONE)
		return -ENOENT;
	if (p->node.type == VNODE_FD && p->follow)
		return stat_other(th, p, st);
	if (p->node.type == VNODE_TTY)
		pty_stat(pty_find(th->host, p->node.fd), st);
	else
		vnode_stat(th, p->full, &p->node, st);
	return 0;
}

static long stat_path(struct thread *th, struct path *p, u32 atflags, struct stat *st)
{
	long ret;

	if (p->empty && p->file)
		return vfs_fstat(th, p->file, p->dirfd, st);
	if (p->virtual)
		return stat_virtual(th, p, st);
	ret = pass(th, SYS_newfstatat, p->dirfd, p->name, st,
		   atflags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
	if (path_suspicious(th, p, ret, st)) {
		long err = path_walk(th, p);

		if (err < 0)
			return err;
		if (p->virtual)
			return stat_virtual(th, p, st);
	}
	if (!ret) {
		inode_place(th->host, st, p->dirfd, p->name);
		inode_fill(th->host, st);
	}
	return ret;
}

static u32 path_flags(u32 atflags)
{
	return (atflags & AT_SYMLINK_NOFOLLOW ? 0 : PATH_FOLLOW) |
	       (atflags & AT_EMPTY_PATH ? PATH_EMPTY : 0);
}

long vfs_stat(struct thread *th, s32 dirfd, u64 user, u32 atflags, struct stat *st)
{
	struct path p;
	long ret = path_get(th, 0, dirfd, user, path_flags(atflags), &p);

	return ret < 0 ? ret : stat_path(th, &p, atflags, st);
}

long vfs_fstat(struct thread *th, struct file *f, int fd, struct stat *st)
{
	const struct file_ops *ops = file_ops[f->kind];

	if (fd >= 0)
		f->fd_hint = fd;
	if (ops && ops->stat)
		return ops->stat(th, f, st);
	/* An anonymous inode, as the kernel's own epoll and timer descriptors have. */
	memset(st, 0, sizeof(*st));
	st->st_dev = 0xe;
	st->st_ino = 1057;
	st->st_mode = 0600;
	st->st_nlink = 1;
	st->st_blksize = PAGE_BYTES;
	return 0;
}

static long stat_to_user(struct thread *th, s32 dirfd, u64 user, u32 atflags, u64 dst)
{
	struct stat st;
	long ret = vfs_stat(th, dirfd, user, atflags, &st);

	return ret < 0 ? ret : copy_to_user(dst, &st, sizeof(st));
}

SYSCALL_DEFINE(stat)
{
	return stat_to_user(th, AT_FDCWD, a[0], 0, a[1]);
}

SYSCALL_DEFINE(lstat)
{
	return stat_to_user(th, AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW, a[1]);
}

SYSCALL_DEFINE(fstat)
{
	struct file *f = fd_file(th, (s32)a[0]);
	struct stat st;
	long ret;

	if (!f)
		return -EBADF;
	ret = vfs_fstat(th, f, (s32)a[0], &st);
	return ret < 0 ? ret : copy_to_user(a[1], &st, sizeof(st));
}

SYSCALL_DEFINE(newfstatat)
{
	if ((u32)a[3] & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -EINVAL;
	return stat_to_user(th, (s32)a[0], a[1], a[3], a[2]);
}

static struct statx_timestamp to_statx(const struct timespec *ts)
{
	struct statx_timestamp t = {.tv_sec = ts->tv_sec, .tv_nsec = ts->tv_nsec};

	return t;
}

SYSCALL_DEFINE(statx)
{
	u32 atflags = a[2], mask = a[3];
	struct statx x;
	struct stat st;
	long ret;

	if (mask & STATX__RESERVED || (atflags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	if (atflags &
	    ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	ret = vfs_stat(th, (s32)a[0], a[1], atflags, &st);
	if (ret < 0)
		return ret;
	memset(&x, 0, sizeof(x));
	x.stx_mask = STATX_BASIC_STATS;
	x.stx_blksize = st.st_blksize;
	x.stx_nlink = st.st_nlink;
	x.stx_uid = st.st_uid;
	x.stx_gid = st.st_gid;
	x.stx_mode = st.st_mode;
	x.stx_ino = st.st_ino;
	x.stx_size = st.st_size;
	x.stx_blocks = st.st_blocks;
	x.stx_atime = to_statx(&st.st_atim);
	x.stx_mtime = to_statx(&st.st_mtim);
	x.stx_ctime = to_statx(&st.st_ctim);
	x.stx_rdev_major = major(st.st_rdev);
	x.stx_rdev_minor = minor(st.st_rdev);
	x.stx_dev_major = major(st.st_dev);
	x.stx_dev_minor = minor(st.st_dev);
	return copy_to_user(a[4], &x, sizeof(x));
}

static long access_virtual(struct thread *th, struct path *p, u32 mode)
{
	struct process *process = th->task->process;
	struct stat st;
	u32 bits;
	long ret = stat_virtual(th, p, &st);

	if (ret < 0)
		return ret;
	if (!process->uid)
		return mode & X_OK && !(st.st_mode & 0111) ? -EACCES : 0;
	bits = st.st_mode >> (st.st_uid == process->uid ? 6 : 0);
	return mode & ~bits & 7 ? -EACCES : 0;
}

/*
 * The host's real ids are not a guest's that has changed its own: then the host
 * is asked about the effective ones, and they are the guest's real ones meanwhile.
 */
static long host_access(struct thread *th, struct path *p, u32 mode, u32 atflags)
{
	struct process *process = th->task->process;
	long ret;

	if (!process_cred(process)->changed)
		return atflags ? pass(th, SYS_faccessat2, p->dirfd, p->name, mode, atflags)
			       : pass(th, SYS_faccessat, p->dirfd, p->name, mode);
	if (!(atflags & AT_EACCESS))
		host_ids_follow_real(process);
	ret = pass(th, SYS_faccessat2, p->dirfd, p->name, mode, atflags | AT_EACCESS);
	if (!(atflags & AT_EACCESS))
		host_ids_follow(process);
	return ret;
}

static long access_path(struct thread *th, s32 dirfd, u64 user, u32 mode, u32 atflags)
{
	struct path p;
	long ret;

	if (mode & ~7U || atflags & ~(u32)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	ret = path_get(th, 0, dirfd, user, path_flags(atflags), &p);
	if (ret < 0)
		return ret;
	if (p.virtual)
		return access_virtual(th, &p, mode);
	ret = host_access(th, &p, mode, atflags);
	if (path_suspicious(th, &p, ret == -ENOENT ? ret : -EACCES, NULL) && !path_walk(th, &p) &&
	    p.virtual)
		return access_virtual(th, &p, mode);
	return ret;
}

SYSCALL_DEFINE(access)
{
	return access_path(th, AT_FDCWD, a[0], a[1], 0);
}

SYSCALL_DEFINE(faccessat)
{
	return access_path(th, (s32)a[0], a[1], a[2], 0);
}

SYSCALL_DEFINE(faccessat2)
{
	return access_path(th, (s32)a[0], a[1], a[2], a[3]);
}

static void statfs_fill(struct statfs *s, u64 magic)
{
	memset(s, 0, sizeof(*s));
	s->f_type = magic;
	s->f_bsize = PAGE_BYTES;
	s->f_frsize = PAGE_BYTES;
	s->f_namelen = NAME_MAX;
	s->f_flags = 0x1020; /* ST_VALID | ST_RELATIME */
	if (magic != MAGIC_EXT4 && magic != MAGIC_TMPFS)
		return;
	s->f_blocks = DISK_BLOCKS;
	s->f_bfree = s->f_bavail = DISK_BLOCKS / 2;
	s->f_files = DISK_FILES;
	s->f_ffree = DISK_FILES / 2;
	s->f_fsid.__val[0] = DEV_DISK;
}

static u64 virtual_magic(const char *full)
{
	return starts_with(full, "/proc") ? MAGIC_PROC : MAGIC_SYSFS;
}

/* The host's kind of file system is kept where programs act on it, its numbers are not. */
static u64 host_magic(u64 type)
{
	return type == MAGIC_TMPFS ? MAGIC_TMPFS : MAGIC_EXT4;
}

SYSCALL_DEFINE(statfs)
{
	struct statfs s;
	struct stat st;
	struct path p;
	long ret = path_get(th, 0, AT_FDCWD, a[0], PATH_FOLLOW, &p);

	if (ret < 0)
		return ret;
	if (!p.virtual) {
		ret = pass(th, SYS_statfs, p.name, &s);
		if (!ret && (s.f_type == MAGIC_PROC || s.f_type == MAGIC_SYSFS) &&
		    !hostcall(SYS_stat, p.name, &st) && path_suspicious(th, &p, 0, &st))
			ret = path_walk(th, &p);
		if (ret < 0)
			return ret;
	}
	if (p.virtual && p.node.type == VNODE_NONE)
		return -ENOENT;
	statfs_fill(&s, p.virtual ? virtual_magic(p.full) : host_magic(s.f_type));
	return copy_to_user(a[1], &s, sizeof(s));
}

SYSCALL_DEFINE(fstatfs)
{
	struct file *f = fd_file(th, (s32)a[0]);
	struct statfs s;
	u64 magic;
	long ret;

	if (!f)
		return -EBADF;
	if (f->path && path_is_virtual(f->path)) {
		magic = virtual_magic(f->path);
	} else if (f->kind == FILE_HOST || f->kind == FILE_DIR || f->kind == FILE_PATH) {
		ret = pass(th, SYS_fstatfs, (s32)a[0], &s);
		if (ret < 0)
			return ret;
		magic = host_magic(s.f_type);
	} else {
		magic = f->kind == FILE_PIPE	 ? MAGIC_PIPE
			: f->kind == FILE_SOCKET ? MAGIC_SOCK
						 : MAGIC_ANON;
	}
	statfs_fill(&s, magic);
	return copy_to_user(a[1], &s, sizeof(s));
}

/* The host's answer, unless the link that it read is one in its own /proc. */
static long readlink_host(struct thread *th, struct path *p, u64 dst, s32 size)
{
	long ret = pass(th, SYS_readlinkat, p->dirfd, p->name, dst, size), err;
	struct stat st;

	if (ret < 0 ? ret != -ENOENT
		    : hostcall(SYS_newfstatat, p->dirfd, p->name, &st, AT_SYMLINK_NOFOLLOW))
		return ret;
	if (!path_suspicious(th, p, min(ret, 0L), &st))
		return ret;
	err = path_walk(th, p);
	return err < 0 ? err : ret;
}

static long readlink_path(struct thread *th, s32 dirfd, u64 user, u64 dst, s32 size)
{
	struct vfs *v;
	struct path p;
	long ret;

	if (size <= 0)
		return -EINVAL;
	ret = path_get(th, 0, dirfd, user, PATH_EMPTY, &p);
	if (ret < 0)
		return ret;
	if (p.empty && !p.file)
		return -ENOENT;
	v = vfs_get(th->host);
	if (p.empty && p.file->path && path_is_virtual(p.file->path)) {
		p.virtual = true;
		vnode_lookup(th, p.file->path, &p.node);
	}
	if (!p.virtual) {
		ret = readlink_host(th, &p, dst, size);
		if (!p.virtual)
			return ret;
	}
	if (p.node.type == VNODE_NONE)
		return -ENOENT;
	if (p.node.type != VNODE_LINK && p.node.type != VNODE_FD)
		return -EINVAL;
	ret = vnode_readlink(th, &p.node, v->text, sizeof(v->text));
	if (ret < 0)
		return ret;
	ret = min(ret, (long)size);
	return copy_to_user(dst, v->text, ret) ? -EFAULT : ret;
}

SYSCALL_DEFINE(readlink)
{
	return readlink_path(th, AT_FDCWD, a[0], a[1], a[2]);
}

SYSCALL_DEFINE(readlinkat)
{
	return readlink_path(th, (s32)a[0], a[1], a[2], a[3]);
}
