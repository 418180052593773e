// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls that change what is known about a file: mode, owner, times, length,
 * extended attributes. The host checks and does; the inode table gets the
 * virtual times.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <utime.h>
#include "base/hostcall.h"
#include "simkernel/vfs.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

/* An existing file by path; refused under /proc and /sys with err. */
static long get_file(struct thread *th, s32 dirfd, u64 user, u32 atflags, long err, struct path *p)
{
	long ret = path_get(th, 0, dirfd, user,
			    (atflags & AT_SYMLINK_NOFOLLOW ? 0 : PATH_FOLLOW) |
				    (atflags & AT_EMPTY_PATH ? PATH_EMPTY : 0),
			    p);

	if (ret < 0 || !p->virtual)
		return ret;
	if (p->node.type == VNODE_NONE)
		return -ENOENT;
	return path_through_fd(th, p) ? 0 : err;
}

static struct inode *inode_at(struct thread *th, const struct path *p, u32 atflags)
{
	struct stat st;

	if (hostcall(SYS_newfstatat, p->dirfd, p->name, &st,
		     atflags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return NULL;
	return inode_get(th->host, st.st_dev, st.st_ino);
}

static long changed(struct thread *th, const struct path *p, u32 atflags, u32 times, long ret)
{
	if (!ret)
		inode_stamp(th->host, inode_at(th, p, atflags), times);
	return ret;
}

/* Whether the host has the file behind f; else *ret is the call's result. */
static bool is_hosted(struct file *f, long *ret)
{
	*ret = 0;
	if (!f || f->kind == FILE_PATH)
		*ret = -EBADF;
	else if (f->kind == FILE_HOST || f->kind == FILE_DIR || f->kind == FILE_STDIN)
		return true;
	else if (f->kind == FILE_TEXT || f->kind == FILE_PROCDIR)
		*ret = -EPERM;
	return false;
}

/* A passed call on a descriptor that changed its file's inode. */
static long fd_changed(struct thread *th, struct file *f, int fd, u32 times, long ret)
{
	if (!ret)
		inode_stamp(th->host, inode_of_file(th->host, f, fd), times);
	return ret;
}

static long do_chmod(struct thread *th, s32 dirfd, u64 user, u32 mode, u32 atflags)
{
	struct path p;
	long ret = get_file(th, dirfd, user, atflags, -EPERM, &p);

	if (ret < 0)
		return ret;
	if (atflags)
		ret = pass(th, SYS_fchmodat2, p.dirfd, p.name, mode, atflags);
	else
		ret = pass(th, SYS_fchmodat, p.dirfd, p.name, mode);
	return changed(th, &p, atflags, TIME_CHANGE, ret);
}

SYSCALL_DEFINE(chmod)
{
	return do_chmod(th, AT_FDCWD, a[0], a[1], 0);
}

SYSCALL_DEFINE(fchmodat)
{
	return do_chmod(th, (s32)a[0], a[1], a[2], 0);
}

SYSCALL_DEFINE(fchmodat2)
{
	if ((u32)a[3] & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return do_chmod(th, (s32)a[0], a[1], a[2], a[3]);
}

SYSCALL_DEFINE(fchmod)
{
	struct file *f = fd_file(th, (s32)a[0]);
	long ret;

	if (!is_hosted(f, &ret))
		return ret;
	return fd_changed(th, f, a[0], TIME_CHANGE, pass(th, SYS_fchmod, (s32)a[0], a[1]));
}

static long do_chown(struct thread *th, s32 dirfd, u64 user, u32 uid, u32 gid, u32 atflags)
{
	struct path p;
	long ret;

	if (atflags & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	ret = get_file(th, dirfd, user, atflags, -EPERM, &p);
	if (ret < 0)
		return ret;
	ret = pass(th, SYS_fchownat, p.dirfd, p.name, uid, gid, atflags);
	return changed(th, &p, atflags, TIME_CHANGE, ret);
}

SYSCALL_DEFINE(chown)
{
	return do_chown(th, AT_FDCWD, a[0], a[1], a[2], 0);
}

SYSCALL_DEFINE(lchown)
{
	return do_chown(th, AT_FDCWD, a[0], a[1], a[2], AT_SYMLINK_NOFOLLOW);
}

SYSCALL_DEFINE(fchownat)
{
	return do_chown(th, (s32)a[0], a[1], a[2], a[3], a[4]);
}

SYSCALL_DEFINE(fchown)
{
	struct file *f = fd_file(th, (s32)a[0]);
	long ret;

	if (!is_hosted(f, &ret))
		return ret;
	return fd_changed(th, f, a[0], TIME_CHANGE, pass(th, SYS_fchown, (s32)a[0], a[1], a[2]));
}

static void set_time(s64 *slot, u32 *have, u32 bit, const struct timespec *ts, s64 now_ns)
{
	if (ts->tv_nsec == UTIME_OMIT)
		return;
	*slot = ts->tv_nsec == UTIME_NOW ? now_ns : ts->tv_sec * (s64)NSEC_PER_SEC + ts->tv_nsec;
	*have |= bit;
}

static void set_times(struct host *h, struct inode *inode, const struct timespec ts[2])
{
	s64 now_ns = vfs_realtime(h);

	if (!inode)
		return;
	set_time(&inode->atime_ns, &inode->have, TIME_ACCESS, &ts[0], now_ns);
	set_time(&inode->mtime_ns, &inode->have, TIME_MODIFY, &ts[1], now_ns);
	if (ts[0].tv_nsec != UTIME_OMIT || ts[1].tv_nsec != UTIME_OMIT)
		inode_stamp(h, inode, TIME_CHANGE);
}

/* futimens(3): no path, the descriptor's own file. */
static long set_times_of_fd(struct thread *th, s32 fd, const struct timespec ts[2])
{
	struct file *f = fd_file(th, fd);
	long ret;

	if (!is_hosted(f, &ret))
		return ret;
	ret = pass(th, SYS_utimensat, fd, NULL, ts, 0);
	if (!ret)
		set_times(th->host, inode_of_file(th->host, f, fd), ts);
	return ret;
}

static long do_utimes(struct thread *th, s32 dirfd, u64 user, const struct timespec ts[2],
		      u32 atflags)
{
	struct path p;
	long ret;

	if (!user && dirfd != AT_FDCWD)
		return atflags ? -EINVAL : set_times_of_fd(th, dirfd, ts);
	ret = get_file(th, dirfd, user, atflags, -EPERM, &p);
	if (ret < 0)
		return ret;
	ret = pass(th, SYS_utimensat, p.dirfd, p.name, ts, atflags);
	if (!ret)
		set_times(th->host, inode_at(th, &p, atflags), ts);
	return ret;
}

static const struct timespec both_now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};

static bool valid_nsec(const struct timespec *ts)
{
	return ts->tv_nsec == UTIME_NOW || ts->tv_nsec == UTIME_OMIT ||
	       (u64)ts->tv_nsec < NSEC_PER_SEC;
}

SYSCALL_DEFINE(utimensat)
{
	struct timespec ts[2];

	if (!a[2])
		return do_utimes(th, (s32)a[0], a[1], both_now, a[3]);
	if (copy_from_user(ts, a[2], sizeof(ts)))
		return -EFAULT;
	if (ts[0].tv_nsec == UTIME_OMIT && ts[1].tv_nsec == UTIME_OMIT)
		return 0;
	if (!valid_nsec(&ts[0]) || !valid_nsec(&ts[1]) ||
	    (u32)a[3] & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return do_utimes(th, (s32)a[0], a[1], ts, a[3]);
}

static long utimes_at(struct thread *th, s32 dirfd, u64 user, u64 times)
{
	struct timeval tv[2];
	struct timespec ts[2];
	int i;

	if (!times)
		return do_utimes(th, dirfd, user, both_now, 0);
	if (copy_from_user(tv, times, sizeof(tv)))
		return -EFAULT;
	for (i = 0; i < 2; i++) {
		if ((u64)tv[i].tv_usec >= 1000000)
			return -EINVAL;
		ts[i].tv_sec = tv[i].tv_sec;
		ts[i].tv_nsec = tv[i].tv_usec * 1000;
	}
	return do_utimes(th, dirfd, user, ts, 0);
}

SYSCALL_DEFINE(utimes)
{
	return utimes_at(th, AT_FDCWD, a[0], a[1]);
}

SYSCALL_DEFINE(futimesat)
{
	return utimes_at(th, (s32)a[0], a[1], a[2]);
}

SYSCALL_DEFINE(utime)
{
	struct utimbuf u;
	struct timespec ts[2];

	if (!a[1])
		return do_utimes(th, AT_FDCWD, a[0], both_now, 0);
	if (copy_from_user(&u, a[1], sizeof(u)))
		return -EFAULT;
	ts[0] = (struct timespec){u.actime, 0};
	ts[1] = (struct timespec){u.modtime, 0};
	return do_utimes(th, AT_FDCWD, a[0], ts, 0);
}

/* RLIMIT_FSIZE is the guest's, not the host's: see hostfile.c. */
static bool too_long(struct thread *th, s64 length)
{
	u64 limit = th->task->process->rlimit[RLIMIT_FSIZE].rlim_cur;

	if (length < 0 || (u64)length <= limit)
		return false;
	signal_task(th->task, SIGXFSZ, NULL);
	return true;
}

SYSCALL_DEFINE(truncate)
{
	struct path p;
	long ret;

	if ((s64)a[1] < 0)
		return -EINVAL;
	ret = get_file(th, AT_FDCWD, a[0], 0, -EACCES, &p);
	if (ret < 0)
		return ret;
	if (too_long(th, a[1]))
		return -EFBIG;
	return changed(th, &p, 0, TIME_MODIFY | TIME_CHANGE, pass(th, SYS_truncate, p.name, a[1]));
}

SYSCALL_DEFINE(ftruncate)
{
	struct file *f = fd_file(th, (s32)a[0]);

	if ((s64)a[1] < 0)
		return -EINVAL;
	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	if (f->kind != FILE_HOST)
		return -EINVAL;
	if (too_long(th, a[1]))
		return -EFBIG;
	return fd_changed(th, f, a[0], TIME_MODIFY | TIME_CHANGE,
			  pass(th, SYS_ftruncate, (s32)a[0], a[1]));
}

SYSCALL_DEFINE(fallocate)
{
	struct file *f = fd_file(th, (s32)a[0]);

	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	if (f->kind == FILE_PIPE)
		return -ESPIPE;
	if (f->kind != FILE_HOST && f->kind != FILE_DIR)
		return -ENODEV;
	if ((s64)a[2] >= 0 && (s64)a[3] > 0 && too_long(th, a[2] + a[3]))
		return -EFBIG;
	return fd_changed(th, f, a[0], TIME_MODIFY | TIME_CHANGE,
			  pass(th, SYS_fallocate, (s32)a[0], a[1], a[2], a[3]));
}

/* Extended attributes: the host's, none in the generated trees. */
static long xattr_path(struct thread *th, const u64 *a, long nr, bool follow, bool change)
{
	u32 atflags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
	bool list = nr == SYS_listxattr || nr == SYS_llistxattr;
	struct path p;
	long ret = get_file(th, AT_FDCWD, a[0], atflags, list ? 1 : -EOPNOTSUPP, &p);

	if (ret)
		return ret > 0 ? 0 : ret;
	ret = pass(th, nr, p.name, a[1], a[2], a[3], a[4]);
	return change ? changed(th, &p, atflags, TIME_CHANGE, ret) : ret;
}

static long xattr_fd(struct thread *th, const u64 *a, long nr, bool change)
{
	struct file *f = fd_file(th, (s32)a[0]);
	long ret;

	if (!is_hosted(f, &ret)) {
		if (ret == -EBADF)
			return ret;
		return nr == SYS_flistxattr ? 0 : -EOPNOTSUPP;
	}
	ret = pass(th, nr, (s32)a[0], a[1], a[2], a[3], a[4]);
	return change ? fd_changed(th, f, a[0], TIME_CHANGE, ret) : ret;
}

SYSCALL_DEFINE(setxattr)
{
	return xattr_path(th, a, SYS_setxattr, true, true);
}

SYSCALL_DEFINE(lsetxattr)
{
	return xattr_path(th, a, SYS_lsetxattr, false, true);
}

SYSCALL_DEFINE(fsetxattr)
{
	return xattr_fd(th, a, SYS_fsetxattr, true);
}

SYSCALL_DEFINE(getxattr)
{
	return xattr_path(th, a, SYS_getxattr, true, false);
}

SYSCALL_DEFINE(lgetxattr)
{
	return xattr_path(th, a, SYS_lgetxattr, false, false);
}

SYSCALL_DEFINE(fgetxattr)
{
	return xattr_fd(th, a, SYS_fgetxattr, false);
}

SYSCALL_DEFINE(listxattr)
{
	return xattr_path(th, a, SYS_listxattr, true, false);
}

SYSCALL_DEFINE(llistxattr)
{
	return xattr_path(th, a, SYS_llistxattr, false, false);
}

SYSCALL_DEFINE(flistxattr)
{
	return xattr_fd(th, a, SYS_flistxattr, false);
}

SYSCALL_DEFINE(removexattr)
{
	return xattr_path(th, a, SYS_removexattr, true, true);
}

SYSCALL_DEFINE(lremovexattr)
{
	return xattr_path(th, a, SYS_lremovexattr, false, true);
}

SYSCALL_DEFINE(fremovexattr)
{
	return xattr_fd(th, a, SYS_fremovexattr, true);
}
