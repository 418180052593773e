// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opening files by name: open, openat, openat2, creat, memfd_create.
 *
 * The host opens what is the host's, always with O_NONBLOCK first, so that a
 * FIFO or a terminal never holds a guest up; what came back decides the kind.
 * FIFOs and the random devices are then closed again and emulated.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/sysmacros.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/pipe.h"
#include "simkernel/pty.h"
#include "simkernel/vfs.h"

#define MAJOR_MEM  1
#define MAJOR_TTYX 5

#define FLAGS_SETTABLE (O_APPEND | O_DIRECT | O_NOATIME)
#define FLAGS_KNOWN                                                                           \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | \
	 O_ASYNC | O_DIRECT | 0100000 | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC |    \
	 O_PATH | O_TMPFILE)
#define RESOLVE_KNOWN                                                                      \
	(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | \
	 RESOLVE_IN_ROOT | RESOLVE_CACHED)

struct open_request {
	u64 flags, resolve;
	u32 mode;
};

static long install(struct thread *th, struct file *f, long err, u64 flags)
{
	return f ? fd_install(th, f, flags & O_CLOEXEC) : err;
}

bool has_terminal(struct thread *th, const struct stat *st)
{
	struct files *files = th->task->process->files;
	u32 fd;

	for (fd = 0; fd < files->size; fd++) {
		struct file *f = files->ent[fd].file;

		if (f && f->kind == FILE_STDIN && S_ISCHR(f->mode) &&
		    (!st || (f->dev == st->st_dev && f->ino == st->st_ino)))
			return true;
	}
	return false;
}

long device_kind(struct thread *th, const struct stat *st)
{
	u32 maj = major(st->st_rdev), min = minor(st->st_rdev);

	if (!S_ISCHR(st->st_mode))
		return -ENXIO;
	if (maj == MAJOR_MEM && (min == 3 || min == 5 || min == 7))
		return FILE_HOST;
	if (maj == MAJOR_MEM && (min == 8 || min == 9))
		return FILE_RANDOM;
	if (maj == MAJOR_TTYX && min == 2)
		return FILE_PTMX;
	if (maj == MAJOR_TTYX && !min && pty_controlling(th))
		return FILE_TTY;
	return has_terminal(th, maj == MAJOR_TTYX && !min ? NULL : st) ? FILE_STDIN : -ENXIO;
}

/* A device that the simulation has itself. */
static long open_emulated(struct thread *th, long kind, u64 flags)
{
	struct file *f;
	long err = -ENFILE;

	if (kind == FILE_PTMX)
		f = pty_open_master(th, flags, &err);
	else if (kind == FILE_TTY)
		f = pty_open_slave(th, pty_controlling(th), flags, &err);
	else
		f = file_create(th->host, FILE_RANDOM, flags & (O_ACCMODE | O_NONBLOCK), NULL);
	return install(th, f, err, flags);
}

static bool is_emulated(long kind)
{
	return kind == FILE_RANDOM || kind == FILE_PTMX || kind == FILE_TTY;
}

/* fd is the FIFO opened with O_PATH: it holds the number, and fstat asks it. */
static long open_fifo(struct thread *th, int fd, const struct stat *st, u64 flags)
{
	struct file *f;
	long err;

	if (fd < 0)
		return fd;
	inode_get(th->host, st->st_dev, st->st_ino);
	f = fifo_open(th, st->st_dev, st->st_ino, flags, &err);
	if (!f) {
		hostcall(SYS_close, fd);
		return err;
	}
	if (!(flags & O_CLOEXEC))
		hostcall(SYS_fcntl, fd, F_SETFD, 0);
	return fd_install_at(th, f, fd, flags & O_CLOEXEC);
}

static int fifo_by_path(const struct path *p)
{
	return hostcall(SYS_openat, p->dirfd, p->name, O_PATH | O_CLOEXEC, 0);
}

/* Turns fd, an end of the host's FIFO, into an O_PATH descriptor of it. */
static int fifo_by_fd(int fd)
{
	char name[32];
	int path_fd;

	str_format(name, sizeof(name), "/proc/self/fd/%d", fd);
	path_fd = hostcall(SYS_openat, AT_FDCWD, name, O_PATH | O_CLOEXEC, 0);
	if (path_fd < 0) {
		hostcall(SYS_close, fd);
		return path_fd;
	}
	hostcall(SYS_dup3, path_fd, fd, O_CLOEXEC);
	hostcall(SYS_close, path_fd);
	return fd;
}

/* Enters what the host has just opened as fd. */
static long enter(struct thread *th, int fd, const struct stat *st, u32 kind, u64 flags)
{
	struct host *h = th->host;
	struct file *f;

	f = file_create(h, kind, flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC | O_NOCTTY),
			NULL);
	if (!f) {
		hostcall(SYS_close, fd);
		return -ENFILE;
	}
	inode_attach(h, f, st);
	inode_place(h, st, fd, "");
	if (kind == FILE_PATH)
		f->object = NULL;
	if (!(flags & (O_NONBLOCK | O_PATH)))
		hostcall(SYS_fcntl, fd, F_SETFL, flags & FLAGS_SETTABLE);
	return fd_install_at(th, f, fd, flags & O_CLOEXEC);
}

/* Gives a descriptor that the host has opened its kind. */
static long classify(struct thread *th, int fd, const struct stat *st, u64 flags)
{
	long kind = FILE_HOST;

	if (flags & O_PATH)
		return enter(th, fd, st, FILE_PATH, flags);
	if (S_ISDIR(st->st_mode)) {
		kind = flags & O_CREAT ? -EISDIR : FILE_DIR;
	} else if (S_ISFIFO(st->st_mode)) {
		return open_fifo(th, fifo_by_fd(fd), st, flags);
	} else if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
		kind = device_kind(th, st);
	}
	if (kind >= 0 && !is_emulated(kind))
		return enter(th, fd, st, kind, flags);
	hostcall(SYS_close, fd);
	return kind < 0 ? kind : open_emulated(th, kind, flags);
}

static long host_open(struct thread *th, const struct path *p, const struct open_request *r,
		      u64 flags)
{
	struct open_how how;

	flags |= flags & O_PATH ? 0 : O_NONBLOCK | O_NOCTTY;
	if (!r->resolve)
		return pass(th, SYS_openat, p->dirfd, p->name, flags, r->mode);
	memset(&how, 0, sizeof(how));
	how.flags = flags;
	how.mode = flags & (O_CREAT | __O_TMPFILE) ? r->mode : 0;
	how.resolve = r->resolve;
	return pass(th, SYS_openat2, p->dirfd, p->name, &how, sizeof(how));
}

/*
 * O_CREAT without O_EXCL, in two parts: whether a file is new decides its
 * number and times.
 */
static long host_open_or_create(struct thread *th, const struct path *p,
				const struct open_request *r, bool *created)
{
	long fd;

	*created = false;
	if (!(r->flags & O_CREAT) || r->flags & O_PATH) {
		fd = host_open(th, p, r, r->flags);
		*created = fd >= 0 && (r->flags & O_TMPFILE) == O_TMPFILE && !(r->flags & O_PATH);
		return fd;
	}
	if (!(r->flags & (O_EXCL | O_DIRECTORY))) {
		fd = host_open(th, p, r, r->flags & ~(u64)O_CREAT);
		if (fd != -ENOENT)
			return fd;
	}
	fd = host_open(th, p, r, r->flags);
	*created = fd >= 0;
	return fd;
}

/* What the host should not open, since that has effects or blocks. False: it may. */
static bool open_special(struct thread *th, const struct path *p, const struct stat *st, u64 flags,
			 long *ret)
{
	long kind;

	if (S_ISFIFO(st->st_mode)) {
		*ret = open_fifo(th, fifo_by_path(p), st, flags);
		return true;
	}
	if (!S_ISCHR(st->st_mode) && !S_ISBLK(st->st_mode))
		return false;
	kind = device_kind(th, st);
	if (kind >= 0 && !is_emulated(kind))
		return false;
	*ret = kind < 0 ? kind : open_emulated(th, kind, flags);
	return true;
}

static bool in_dev(const struct path *p)
{
	return starts_with(p->name, "/dev/");
}

static long open_virtual(struct thread *th, struct path *p, const struct open_request *r);

static long open_hosted(struct thread *th, struct path *p, const struct open_request *r)
{
	bool excl = (r->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
	bool created;
	struct stat st;
	long fd, ret;

	if (in_dev(p) && !(r->flags & O_PATH) && !excl &&
	    !hostcall(SYS_newfstatat, p->dirfd, p->name, &st,
		      p->follow ? 0 : AT_SYMLINK_NOFOLLOW) &&
	    open_special(th, p, &st, r->flags, &ret))
		return ret;
	fd = host_open_or_create(th, p, r, &created);
	if (fd == -ENXIO && !hostcall(SYS_newfstatat, p->dirfd, p->name, &st, 0) &&
	    S_ISFIFO(st.st_mode))
		return open_fifo(th, fifo_by_path(p), &st, r->flags); /* nobody reads on the host */
	if (fd == -ENOENT && path_suspicious(th, p, fd, NULL)) {
		ret = path_walk(th, p);
		if (ret < 0)
			return ret;
		return p->virtual ? open_virtual(th, p, r) : -ENOENT;
	}
	if (fd < 0)
		return fd;
	ret = hostcall(SYS_fstat, fd, &st);
	if (ret < 0)
		goto out_close;
	if (path_suspicious(th, p, 0, &st)) {
		hostcall(SYS_close, fd);
		ret = path_walk(th, p);
		if (ret < 0)
			return ret;
		return p->virtual ? open_virtual(th, p, r) : -EACCES;
	}
	if (created) {
		inode_created(th->host, st.st_dev, st.st_ino);
		if (!(r->flags & __O_TMPFILE))
			inode_stamp_parent(th, p);
	} else if (r->flags & O_TRUNC && S_ISREG(st.st_mode)) {
		inode_stamp(th->host, inode_get(th->host, st.st_dev, st.st_ino),
			    TIME_MODIFY | TIME_CHANGE);
	}
	return classify(th, fd, &st, created ? r->flags & ~(u64)O_CREAT : r->flags);
out_close:
	hostcall(SYS_close, fd);
	return ret;
}

/* /proc/PID/fd/N: the file itself, opened once more where that means something. */
static long open_again(struct thread *th, struct path *p, const struct open_request *r)
{
	struct file *f = vnode_file(th, &p->node);
	long err = -ENXIO;

	if (!f)
		return -ENOENT;
	if (path_through_fd(th, p))
		return open_hosted(th, p, r);
	switch (f->kind) {
	case FILE_PATH:
	case FILE_TEXT:
	case FILE_PROCDIR:
		break;
	case FILE_RANDOM:
		return open_emulated(th, FILE_RANDOM, r->flags);
	case FILE_SOCKET:
	case FILE_NETLINK:
	case FILE_EVENTFD:
	case FILE_TIMERFD:
	case FILE_SIGNALFD:
	case FILE_EPOLL:
	case FILE_PIDFD:
	case FILE_INOTIFY:
		return -ENXIO;
	case FILE_PIPE:
		return install(th, pipe_reopen(th, f, r->flags, &err), err, r->flags);
	default:
		file_get(f);
		return fd_install(th, f, r->flags & O_CLOEXEC);
	}
	str_copy(p->full, f->path, PATH_MAX);
	err = vnode_lookup(th, p->full, &p->node);
	return err < 0 ? err : open_virtual(th, p, r);
}

static long open_virtual(struct thread *th, struct path *p, const struct open_request *r)
{
	u64 flags = r->flags;
	struct vnode *v = &p->node;
	struct file *f;
	long err = -ENFILE;

	if (r->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_NO_XDEV))
		return -EXDEV;
	if (r->resolve & RESOLVE_CACHED)
		return -EAGAIN;
	if (p->links && r->resolve & (RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS))
		return -ELOOP;
	if (v->type == VNODE_NONE)
		return flags & O_CREAT && starts_with(p->full, "/sys") ? -EACCES : -ENOENT;
	if (!(flags & O_PATH) && (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	if (v->type == VNODE_FD && p->follow)
		return open_again(th, p, r);
	if (v->type == VNODE_TTY && !(flags & (O_PATH | O_DIRECTORY))) {
		f = pty_open_slave(th, pty_find(th->host, v->fd), flags, &err);
		return install(th, f, err, flags);
	}
	if (flags & O_DIRECTORY && v->type != VNODE_DIR)
		return v->type == VNODE_LINK || v->type == VNODE_FD ? -ELOOP : -ENOTDIR;
	if (flags & O_PATH) {
		f = file_create(th->host, FILE_PATH, flags & ~(u64)O_CLOEXEC, NULL);
		if (f) {
			f->path = arena_alloc(th->host, strlen(p->full) + 1);
			if (f->path)
				str_copy(f->path, p->full, strlen(p->full) + 1);
		}
		return install(th, f, err, flags);
	}
	if (v->type == VNODE_LINK || v->type == VNODE_FD)
		return -ELOOP;
	f = vnode_open(th, p->full, v, flags, &err);
	return install(th, f, err, flags);
}

static long open_path(struct thread *th, s32 dirfd, u64 user, const struct open_request *r)
{
	bool follow =
		!(r->flags & O_NOFOLLOW) && (r->flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
	struct path p;
	long ret;

	if ((r->flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY) && !(r->flags & O_PATH))
		return -EINVAL;
	ret = path_get(th, 0, dirfd, user, follow ? PATH_FOLLOW : 0, &p);
	if (ret < 0)
		return ret;
	return p.virtual ? open_virtual(th, &p, r) : open_hosted(th, &p, r);
}

static long open_simple(struct thread *th, s32 dirfd, u64 user, u64 flags, u32 mode)
{
	struct open_request r = {.flags = (u32)flags & FLAGS_KNOWN, .mode = mode & 07777};

	if (r.flags & O_PATH)
		r.flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	return open_path(th, dirfd, user, &r);
}

SYSCALL_DEFINE(open)
{
	return open_simple(th, AT_FDCWD, a[0], a[1], a[2]);
}

SYSCALL_DEFINE(openat)
{
	return open_simple(th, (s32)a[0], a[1], a[2], a[3]);
}

SYSCALL_DEFINE(creat)
{
	return open_simple(th, AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, a[1]);
}

/* Extensible-struct rules of openat2(2): bytes that are not known must be zero. */
static long open_how_from_user(u64 user, u64 size, struct open_how *how)
{
	u64 i;
	char c;

	if (size < sizeof(*how))
		return -EINVAL;
	if (size > PAGE_BYTES)
		return -E2BIG;
	if (copy_from_user(how, user, sizeof(*how)))
		return -EFAULT;
	for (i = sizeof(*how); i < size; i++) {
		if (get_user(c, user + i))
			return -EFAULT;
		if (c)
			return -E2BIG;
	}
	return 0;
}

SYSCALL_DEFINE(openat2)
{
	struct open_request r;
	struct open_how how;
	long ret = open_how_from_user(a[2], a[3], &how);

	if (ret < 0)
		return ret;
	if (how.flags & ~(u64)FLAGS_KNOWN || how.resolve & ~(u64)RESOLVE_KNOWN)
		return -EINVAL;
	if ((how.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) ==
	    (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return -EINVAL;
	if (how.flags & (O_CREAT | __O_TMPFILE) ? how.mode & ~07777UL : how.mode)
		return -EINVAL;
	if (how.flags & O_PATH && how.flags & ~(u64)(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))
		return -EINVAL;
	r.flags = how.flags;
	r.mode = how.mode;
	r.resolve = how.resolve;
	return open_path(th, (s32)a[0], a[1], &r);
}

SYSCALL_DEFINE(memfd_create)
{
	struct host *h = th->host;
	struct file *f;
	struct stat st;
	long fd = pass(th, SYS_memfd_create, a[0], a[1]);

	if (fd < 0)
		return fd;
	f = file_create(h, FILE_HOST, O_RDWR, NULL);
	if (!f || hostcall(SYS_fstat, fd, &st)) {
		hostcall(SYS_close, fd);
		if (f)
			file_put(f);
		return -ENFILE;
	}
	inode_created(h, st.st_dev, st.st_ino);
	inode_attach(h, f, &st);
	return fd_install_at(th, f, fd, a[1] & 1 /* MFD_CLOEXEC */);
}
