// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls that change the tree of names, and the working directory. The host does
 * the work and makes the checks; the inode table hears what was made, moved and
 * removed. Changes under /proc and /sys are refused as Linux refuses them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/vfs.h"

/* A name that is to be made: the last component is never followed. */
static long get_new(struct thread *th, u32 which, s32 dirfd, u64 user, struct path *p)
{
	long ret = path_get(th, which, dirfd, user, 0, p);

	if (ret < 0 || !p->virtual)
		return ret;
	if (p->node.type != VNODE_NONE)
		return -EEXIST;
	return starts_with(p->full, "/proc") ? -ENOENT : -EPERM;
}

/* A name that is to go. */
static long get_old(struct thread *th, u32 which, s32 dirfd, u64 user, struct path *p)
{
	long ret = path_get(th, which, dirfd, user, 0, p);

	if (ret < 0 || !p->virtual)
		return ret;
	return p->node.type == VNODE_NONE ? -ENOENT : -EPERM;
}

static bool look(const struct path *p, struct stat *st)
{
	return !hostcall(SYS_newfstatat, p->dirfd, p->name, st, AT_SYMLINK_NOFOLLOW);
}

static void note_created(struct thread *th, const struct path *p)
{
	struct stat st;

	if (look(p, &st))
		inode_created(th->host, st.st_dev, st.st_ino);
	inode_stamp_parent(th, p);
}

/* The name that had st has gone; was it the last? */
static void note_gone(struct host *h, const struct stat *st)
{
	if (S_ISDIR(st->st_mode) || st->st_nlink <= 1)
		inode_unlinked(h, st->st_dev, st->st_ino);
	else
		inode_stamp(h, inode_get(h, st->st_dev, st->st_ino), TIME_CHANGE);
}

static long do_mkdir(struct thread *th, s32 dirfd, u64 user, u32 mode)
{
	struct path p;
	long ret = get_new(th, 0, dirfd, user, &p);

	if (ret < 0)
		return ret;
	ret = pass(th, SYS_mkdirat, p.dirfd, p.name, mode);
	if (!ret)
		note_created(th, &p);
	return ret;
}

SYSCALL_DEFINE(mkdir)
{
	return do_mkdir(th, AT_FDCWD, a[0], a[1]);
}

SYSCALL_DEFINE(mkdirat)
{
	return do_mkdir(th, (s32)a[0], a[1], a[2]);
}

static long do_mknod(struct thread *th, s32 dirfd, u64 user, u32 mode, u32 dev)
{
	struct path p;
	long ret = get_new(th, 0, dirfd, user, &p);

	if (ret < 0)
		return ret;
	ret = pass(th, SYS_mknodat, p.dirfd, p.name, mode, dev);
	if (!ret)
		note_created(th, &p);
	return ret;
}

SYSCALL_DEFINE(mknod)
{
	return do_mknod(th, AT_FDCWD, a[0], a[1], a[2]);
}

SYSCALL_DEFINE(mknodat)
{
	return do_mknod(th, (s32)a[0], a[1], a[2], a[3]);
}

static long do_unlink(struct thread *th, s32 dirfd, u64 user, u32 atflags)
{
	struct stat st;
	struct path p;
	bool known;
	long ret;

	if (atflags & ~(u32)AT_REMOVEDIR)
		return -EINVAL;
	ret = get_old(th, 0, dirfd, user, &p);
	if (ret < 0)
		return ret;
	known = look(&p, &st);
	ret = pass(th, SYS_unlinkat, p.dirfd, p.name, atflags);
	if (ret < 0)
		return ret;
	if (known)
		note_gone(th->host, &st);
	inode_stamp_parent(th, &p);
	return 0;
}

SYSCALL_DEFINE(unlink)
{
	return do_unlink(th, AT_FDCWD, a[0], 0);
}

SYSCALL_DEFINE(rmdir)
{
	return do_unlink(th, AT_FDCWD, a[0], AT_REMOVEDIR);
}

SYSCALL_DEFINE(unlinkat)
{
	return do_unlink(th, (s32)a[0], a[1], a[2]);
}

static long do_rename(struct thread *th, s32 olddir, u64 old, s32 newdir, u64 new, u32 flags)
{
	struct host *h = th->host;
	struct stat from, to;
	bool had_from, had_to;
	struct path p, q;
	long ret;

	if (flags & ~(u32)(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	ret = path_get(th, 0, olddir, old, 0, &p);
	if (!ret)
		ret = path_get(th, 1, newdir, new, 0, &q);
	if (ret < 0)
		return ret;
	if (p.virtual != q.virtual)
		return -EXDEV;
	if (p.virtual)
		return p.node.type == VNODE_NONE || q.node.type == VNODE_NONE ? -ENOENT : -EPERM;
	had_from = look(&p, &from);
	had_to = look(&q, &to);
	ret = pass(th, SYS_renameat2, p.dirfd, p.name, q.dirfd, q.name, flags);
	if (ret < 0)
		return ret;
	if (had_from && had_to && from.st_dev == to.st_dev && from.st_ino == to.st_ino)
		return 0; /* two names of one file: nothing was done */
	if (had_to && !(flags & RENAME_EXCHANGE))
		note_gone(h, &to);
	if (had_from)
		inode_stamp(h, inode_get(h, from.st_dev, from.st_ino), TIME_CHANGE);
	inode_stamp_parent(th, &p);
	inode_stamp_parent(th, &q);
	return 0;
}

SYSCALL_DEFINE(rename)
{
	return do_rename(th, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
}

SYSCALL_DEFINE(renameat)
{
	return do_rename(th, (s32)a[0], a[1], (s32)a[2], a[3], 0);
}

SYSCALL_DEFINE(renameat2)
{
	return do_rename(th, (s32)a[0], a[1], (s32)a[2], a[3], a[4]);
}

static long do_link(struct thread *th, s32 olddir, u64 old, s32 newdir, u64 new, u32 atflags)
{
	struct inode *inode;
	struct path p, q;
	struct stat st;
	long ret;

	if (atflags & ~(u32)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	ret = path_get(th, 0, olddir, old,
		       (atflags & AT_SYMLINK_FOLLOW ? PATH_FOLLOW : 0) |
			       (atflags & AT_EMPTY_PATH ? PATH_EMPTY : 0),
		       &p);
	if (ret < 0)
		return ret;
	if (p.virtual && p.node.type == VNODE_NONE)
		return -ENOENT;
	ret = get_new(th, 1, newdir, new, &q);
	if (ret < 0)
		return ret;
	if (p.virtual && !path_through_fd(th, &p))
		return -EXDEV;
	ret = pass(th, SYS_linkat, p.dirfd, p.name, q.dirfd, q.name, atflags);
	if (ret < 0)
		return ret;
	if (look(&q, &st)) {
		inode = inode_get(th->host, st.st_dev, st.st_ino);
		inode_stamp(th->host, inode, TIME_CHANGE);
		if (inode)
			inode->unlinked = false; /* an O_TMPFILE gets its name */
	}
	inode_stamp_parent(th, &q);
	return 0;
}

SYSCALL_DEFINE(link)
{
	return do_link(th, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
}

SYSCALL_DEFINE(linkat)
{
	return do_link(th, (s32)a[0], a[1], (s32)a[2], a[3], a[4]);
}

static long do_symlink(struct thread *th, u64 target, s32 dirfd, u64 user)
{
	struct vfs *v = vfs_get(th->host);
	struct path p;
	long ret;

	if (!v)
		return -ENOMEM;
	ret = string_from_user(v->text, target, sizeof(v->text));
	if (ret <= 0)
		return ret ? ret : -ENOENT;
	ret = get_new(th, 0, dirfd, user, &p);
	if (ret < 0)
		return ret;
	ret = pass(th, SYS_symlinkat, target, p.dirfd, p.name);
	if (!ret)
		note_created(th, &p);
	return ret;
}

SYSCALL_DEFINE(symlink)
{
	return do_symlink(th, a[0], AT_FDCWD, a[1]);
}

SYSCALL_DEFINE(symlinkat)
{
	return do_symlink(th, a[0], (s32)a[1], a[2]);
}

/*
 * Working directories in generated trees are kept as text, each text once for
 * ever: there are as many as a guest has walked to.
 */
struct cwd_text {
	struct cwd_text *next;
	char text[];
};

static long set_virtual_cwd(struct thread *th, const char *full)
{
	struct vfs *v = vfs_get(th->host);
	size_t size = strlen(full) + 1;
	struct cwd_text *c;

	for (c = v->cwds; c && strcmp(c->text, full); c = c->next)
		;
	if (!c) {
		c = arena_alloc(th->host, sizeof(*c) + size);
		if (!c)
			return -ENOMEM;
		str_copy(c->text, full, size);
		c->next = v->cwds;
		v->cwds = c;
	}
	th->task->process->virtual_cwd = c->text;
	return 0;
}

static long chdir_virtual(struct thread *th, struct path *p)
{
	if (p->node.type == VNODE_NONE)
		return -ENOENT;
	if (p->node.type != VNODE_DIR)
		return -ENOTDIR;
	return set_virtual_cwd(th, p->full);
}

SYSCALL_DEFINE(chdir)
{
	struct stat st;
	struct path p;
	long ret = path_get(th, 0, AT_FDCWD, a[0], PATH_FOLLOW, &p);

	if (ret < 0)
		return ret;
	if (!p.virtual) {
		ret = hostcall(SYS_newfstatat, p.dirfd, p.name, &st, 0);
		if (path_suspicious(th, &p, ret, &st)) {
			ret = path_walk(th, &p);
			if (ret < 0)
				return ret;
		}
	}
	if (p.virtual && !path_through_fd(th, &p))
		return chdir_virtual(th, &p);
	ret = pass(th, SYS_chdir, p.name);
	if (!ret)
		th->task->process->virtual_cwd = NULL;
	return ret;
}

SYSCALL_DEFINE(fchdir)
{
	struct file *f = fd_file(th, (s32)a[0]);
	struct vnode v;
	long ret;

	if (!f)
		return -EBADF;
	if (f->path && path_is_virtual(f->path)) {
		if (vnode_lookup(th, f->path, &v) < 0)
			return -ENOENT;
		return v.type == VNODE_DIR ? set_virtual_cwd(th, f->path) : -ENOTDIR;
	}
	if (f->kind != FILE_DIR && f->kind != FILE_PATH)
		return -ENOTDIR;
	ret = pass(th, SYS_fchdir, (s32)a[0]);
	if (!ret)
		th->task->process->virtual_cwd = NULL;
	return ret;
}

SYSCALL_DEFINE(getcwd)
{
	const char *cwd = th->task->process->virtual_cwd;
	size_t size;

	if (!cwd)
		return pass(th, SYS_getcwd, a[0], a[1]);
	size = strlen(cwd) + 1;
	if (a[1] < size)
		return -ERANGE;
	return copy_to_user(a[0], cwd, size) ? -EFAULT : (long)size;
}

SYSCALL_DEFINE(umask)
{
	th->task->process->umask_shadow = a[0] & 0777;
	return pass(th, SYS_umask, a[0]);
}
