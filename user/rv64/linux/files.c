// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls on files whose structures differ (stat, epoll_event), and those that could
 * show the engine or must look into the sysroot first.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include "rv64/linux/calls.h"
#include "rv64/watch.h"

#define EVENTS_MAX ((int)(0x7fffffff / sizeof(struct epoll_event)))

struct rv64_stat { /* include/uapi/asm-generic/stat.h */
	u64 dev, ino;
	u32 mode, nlink, uid, gid;
	u64 rdev, pad1;
	s64 size;
	s32 blksize, pad2;
	s64 blocks;
	s64 atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns;
	u32 unused[2];
};

_Static_assert(sizeof(struct rv64_stat) == 128, "asm-generic/stat.h");

static long put_stat(u64 addr, const struct stat *st)
{
	struct rv64_stat out = {
		.dev = st->st_dev,
		.ino = st->st_ino,
		.mode = st->st_mode,
		.nlink = st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.rdev = st->st_rdev,
		.size = st->st_size,
		.blksize = st->st_blksize,
		.blocks = st->st_blocks,
		.atime = st->st_atim.tv_sec,
		.atime_ns = st->st_atim.tv_nsec,
		.mtime = st->st_mtim.tv_sec,
		.mtime_ns = st->st_mtim.tv_nsec,
		.ctime = st->st_ctim.tv_sec,
		.ctime_ns = st->st_ctim.tv_nsec,
	};

	return put_user(out, addr);
}

/* Over the host's kernel some files would show the engine; the simulated one knows of it. */
static long file_call(u64 nr, const u64 *a)
{
	long ret;

	return !rv64_simulated() && pass_file_call(nr, a, &ret) ? ret : rv64_pass(nr, a);
}

CALL(fstat)
{
	struct stat st;
	u64 b[6] = {a[0], (u64)&st};
	long ret = rv64_pass(SYS_fstat, b);

	return ret ? ret : put_stat(a[1], &st);
}

CALL(newfstatat)
{
	char path[PATH_MAX];
	struct stat st;
	bool follow = !(a[3] & AT_SYMLINK_NOFOLLOW);
	u64 b[6] = {a[0], rv64_sysroot_user(a[1], follow, path), (u64)&st, a[3]};
	long ret = file_call(SYS_newfstatat, b);

	return ret ? ret : put_stat(a[2], &st);
}

CALL(statx)
{
	char path[PATH_MAX];
	bool follow = !(a[2] & AT_SYMLINK_NOFOLLOW);
	u64 b[6] = {a[0], rv64_sysroot_user(a[1], follow, path), a[2], a[3], a[4]};

	return file_call(SYS_statx, b);
}

CALL(readlinkat)
{
	char path[PATH_MAX];
	u64 b[6] = {a[0], rv64_sysroot_user(a[1], false, path), a[2], a[3]};

	return file_call(SYS_readlinkat, b);
}

CALL(openat)
{
	char path[PATH_MAX];
	bool follow = !(a[2] & O_NOFOLLOW);
	u64 b[6] = {a[0], rv64_sysroot_user(a[1], follow, path), a[2], a[3]};
	long ret;

	return !rv64_simulated() && rv64_proc_open(b, &ret) ? ret : file_call(SYS_openat, b);
}

/* x86-64's is packed; nobody else's. */
struct rv64_epoll_event {
	u32 events, pad;
	u64 data;
};

CALL(epoll_ctl)
{
	struct rv64_epoll_event user;
	struct epoll_event event;
	u64 b[6] = {a[0], a[1], a[2], a[3] && a[1] != EPOLL_CTL_DEL ? (u64)&event : 0};

	if (!b[3])
		return rv64_pass(SYS_epoll_ctl, b);
	if (get_user(user, a[3]))
		return -EFAULT;
	event.events = user.events;
	event.data.u64 = user.data;
	return rv64_pass(SYS_epoll_ctl, b);
}

/* epoll_pwait and epoll_pwait2: they differ in the time-out only. */
static long epoll_wait_call(u64 nr, const u64 *a)
{
	struct epoll_event few[64], *events = few;
	u64 b[6] = {a[0], 0, a[2], a[3], a[4], a[5]};
	int max = a[2];
	long ret, i;

	if (max <= 0 || max > EVENTS_MAX)
		return -EINVAL;
	/* A guest may ask for more than there are; it gets them in several calls. */
	if (max > 65536)
		b[2] = max = 65536;
	if (max > (int)ARRAY_SIZE(few))
		events = malloc(max * sizeof(*events));
	if (!events)
		return -ENOMEM;
	b[1] = (u64)events;
	if (rv64_simulated())
		ret = rv64_pass(nr, b);
	else
		pass_time_call(nr, b, &ret);
	for (i = 0; i < ret; i++) {
		struct rv64_epoll_event user = {events[i].events, 0, events[i].data.u64};

		if (put_user(user, a[1] + i * sizeof(user))) {
			ret = i ? i : -EFAULT;
			break;
		}
	}
	if (events != few)
		free(events);
	return ret;
}

CALL(epoll_pwait)
{
	return epoll_wait_call(SYS_epoll_pwait, a);
}

CALL(epoll_pwait2)
{
	return epoll_wait_call(SYS_epoll_pwait2, a);
}

/* The engine's own descriptor is none to the guest; there is one where sundial.ko is loaded. */
static bool is_engines(u64 fd)
{
	return unlikely((s32)fd >= 0 && (s32)fd == rv64_watch_fd());
}

CALL(close)
{
	return is_engines(a[0]) ? -EBADF : rv64_pass(SYS_close, a);
}

CALL(dup3)
{
	return is_engines(a[0]) || is_engines(a[1]) ? -EBADF : rv64_pass(SYS_dup3, a);
}

CALL(close_range)
{
	u64 own = rv64_watch_fd(), below[6] = {a[0], own - 1, a[2]},
	    above[6] = {own + 1, a[1], a[2]};
	long ret = 0;

	if ((s32)own < 0 || (u32)a[0] > own || (u32)a[1] < own)
		return rv64_pass(SYS_close_range, a);
	if ((u32)a[0] < own)
		ret = rv64_pass(SYS_close_range, below);
	if (!ret && (u32)a[1] > own)
		ret = rv64_pass(SYS_close_range, above);
	return ret;
}
