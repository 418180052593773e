// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Path arguments: which belong to the host, which to the generated trees.
 *
 * The walk follows path_resolution(7). It runs over host folders by readlink
 * alone, and where it ends there the original string goes to the host, which
 * then makes all the checks (permissions, ENOENT, ELOOP) itself. Only a walk
 * that came out of a virtual folder gives the host the walked path instead.
 *
 * Uses the buffers in struct vfs; belongs to the holder of the run token.
 */
#include <errno.h>
#include <fcntl.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/pipe.h"
#include "simkernel/pty.h"
#include "simkernel/vfs.h"

#define LINKS_MAX   40
#define EXEC_FD_MIN 64 /* out of the way of a program's own */

bool path_is_virtual(const char *full)
{
	if (starts_with(full, "/proc"))
		return !full[5] || full[5] == '/';
	if (starts_with(full, "/sys"))
		return !full[4] || full[4] == '/';
	return false;
}

/* Whether some component is the name of a tree that may not be the host's. */
static bool names_virtual_tree(const char *s)
{
	while (*s) {
		size_t len;

		for (; *s == '/'; s++)
			;
		for (len = 0; s[len] && s[len] != '/'; len++)
			;
		if ((len == 4 && !memcmp(s, "proc", 4)) || (len == 3 && !memcmp(s, "sys", 3)) ||
		    (len == 3 && !memcmp(s, "dev", 3)))
			return true;
		s += len;
	}
	return false;
}

int file_fd(struct thread *th, struct file *f)
{
	struct files *files = th->task->process->files;
	u32 fd = f->fd_hint;

	if (fd < files->size && files->ent[fd].file == f)
		return fd;
	for (fd = 0; fd < files->size; fd++) {
		if (files->ent[fd].file == f) {
			f->fd_hint = fd;
			return fd;
		}
	}
	return -EBADF;
}

static long host_fd_path(int fd, char *out, size_t size)
{
	char link[32];
	long n;

	str_format(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = hostcall(SYS_readlink, link, out, size - 1);
	if (n >= 0)
		out[n] = 0;
	return n;
}

long path_of_dir(struct thread *th, s32 dirfd, char *out)
{
	struct process *p = th->task->process;
	struct file *f;
	long ret;

	if (dirfd == AT_FDCWD) {
		if (p->virtual_cwd) {
			str_copy(out, p->virtual_cwd, PATH_MAX);
			return 0;
		}
		ret = hostcall(SYS_getcwd, out, PATH_MAX);
		return ret < 0 ? ret : 0;
	}
	f = fd_file(th, dirfd);
	if (!f)
		return -EBADF;
	if (f->path && path_is_virtual(f->path)) {
		str_copy(out, f->path, PATH_MAX);
		return 0;
	}
	ret = host_fd_path(dirfd, out, PATH_MAX);
	return ret < 0 ? ret : 0;
}

/* The state of one walk. */
struct walk {
	struct path *p;
	struct path_buffers *buf;
	char *rest;   /* what is still to be walked */
	size_t len;   /* of buf->full, which is "" for the root */
	bool crossed; /* came through a virtual folder: the original string is no use */
};

static long walk_expand(struct walk *w, const char *target, size_t target_len)
{
	struct path_buffers *buf = w->buf;
	size_t rest_len = strlen(w->rest);

	if (++w->p->links > LINKS_MAX)
		return -ELOOP;
	if (!target_len)
		return -ENOENT;
	if (target_len + 1 + rest_len + 1 > sizeof(buf->rest))
		return -ENAMETOOLONG;
	memmove(buf->rest + target_len + 1, w->rest, rest_len + 1);
	memcpy(buf->rest, target, target_len);
	buf->rest[target_len] = '/';
	w->rest = buf->rest;
	if (target[0] == '/') {
		w->len = 0;
	} else {
		while (w->len && buf->full[w->len - 1] != '/')
			w->len--;
		w->len -= w->len > 0;
	}
	buf->full[w->len] = 0;
	return 0;
}

/* A look at the virtual node that buf->full names. 1: the walk is over. */
static long walk_virtual(struct thread *th, struct walk *w, bool last)
{
	struct path *p = w->p;
	bool follow = !last || p->follow || p->must_be_dir;
	struct file *f;
	long ret;

	w->crossed = true;
	ret = vnode_lookup(th, w->buf->full, &p->node);
	if (ret == -ENOENT && last) {
		p->node.type = VNODE_NONE;
		return 1;
	}
	if (ret < 0)
		return ret;
	if (p->node.type == VNODE_LINK && follow) {
		ret = vnode_readlink(th, &p->node, w->buf->link, PATH_MAX);
		return ret < 0 ? ret : walk_expand(w, w->buf->link, ret);
	}
	if (p->node.type == VNODE_FD && follow) {
		f = vnode_file(th, &p->node);
		if (!f)
			return -ENOENT;
		if (last && p->must_be_dir) {
			p->follow = true;
			if (f->kind != FILE_DIR && f->kind != FILE_PROCDIR && f->kind != FILE_PATH)
				return -ENOTDIR;
		}
		if (last)
			return 1;
		if (f->kind == FILE_PROCDIR)
			return walk_expand(w, f->path, strlen(f->path));
		if (f->kind != FILE_DIR && f->kind != FILE_PATH)
			return -ENOTDIR;
		ret = vnode_readlink(th, &p->node, w->buf->link, PATH_MAX);
		return ret < 0 ? ret : walk_expand(w, w->buf->link, ret);
	}
	if (!last && p->node.type != VNODE_DIR)
		return -ENOTDIR;
	return last;
}

/* The same for a host folder's entry; an error of the host is left for the real call to meet. */
static long walk_host(struct walk *w, bool last)
{
	long n;

	if (last && !w->p->follow && !w->p->must_be_dir)
		return 1;
	n = hostcall(SYS_readlink, w->buf->full, w->buf->link, PATH_MAX);
	if (n >= 0)
		return walk_expand(w, w->buf->link, n);
	return n == -EINVAL ? last : 1;
}

/*
 * "." and ".." need a folder. Where the host gets the original string it looks
 * itself; after a virtual folder nobody else does.
 */
static long walk_check_folder(const struct walk *w)
{
	struct stat st;

	if (!w->crossed || !w->len || path_is_virtual(w->buf->full))
		return 0;
	if (hostcall(SYS_lstat, w->buf->full, &st))
		return -ENOENT;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

/* Moves the next component from rest to full. 1: there was none. */
static long walk_component(struct walk *w, bool *up)
{
	char *full = w->buf->full;
	size_t n;

	*up = false;
	for (; *w->rest == '/'; w->rest++)
		;
	for (n = 0; w->rest[n] && w->rest[n] != '/'; n++)
		;
	if (!n)
		return 1;
	if (w->rest[0] == '.' && (n == 1 || (n == 2 && w->rest[1] == '.'))) {
		long ret = walk_check_folder(w);

		if (ret)
			return ret;
	}
	if (n == 1 && w->rest[0] == '.') {
		*up = true;
	} else if (n == 2 && w->rest[0] == '.' && w->rest[1] == '.') {
		while (w->len && full[w->len - 1] != '/')
			w->len--;
		w->len -= w->len > 0;
		*up = true;
	} else {
		if (w->len + 1 + n + 1 > PATH_MAX)
			return -ENAMETOOLONG;
		full[w->len++] = '/';
		memcpy(full + w->len, w->rest, n);
		w->len += n;
	}
	full[w->len] = 0;
	w->rest += n;
	return 0;
}

/* A simulated pseudo-terminal's name, which the host does not have. */
static bool is_pty(struct thread *th, const char *full, struct vnode *v)
{
	u64 number;

	if (!starts_with(full, "/dev/pts/") || !str_to_u64(full + 9, &number) ||
	    !pty_find(th->host, number))
		return false;
	v->type = VNODE_TTY;
	v->fd = number;
	return true;
}

/* Where the walk has come to is the answer. */
static long walk_end(struct thread *th, struct walk *w)
{
	struct path *p = w->p;
	char *full = w->buf->full;
	size_t rest_len;

	if (path_is_virtual(full)) {
		p->virtual = true;
		p->full = full;
		if (p->node.type == VNODE_NONE)
			vnode_lookup(th, full, &p->node);
		if (p->must_be_dir && p->node.type == VNODE_TEXT)
			return -ENOTDIR;
		return 0;
	}
	if (!*w->rest && is_pty(th, full, &p->node)) {
		p->virtual = true;
		p->full = full;
		return 0;
	}
	p->virtual = false;
	if (!w->crossed)
		return 0;
	/* What a link left behind ends in the slash that joined it. */
	for (rest_len = strlen(w->rest); rest_len && w->rest[rest_len - 1] == '/'; rest_len--)
		w->rest[rest_len - 1] = 0;
	if (w->len + rest_len + 2 > PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(full + w->len, w->rest, rest_len + 1);
	w->len += rest_len;
	if (!w->len || (p->must_be_dir && full[w->len - 1] != '/'))
		str_copy(full + w->len, "/", 2);
	p->dirfd = AT_FDCWD;
	p->name = full;
	return 0;
}

static long walk(struct thread *th, struct path *p, const char *base)
{
	struct path_buffers *buf = &vfs_get(th->host)->path[p->which];
	struct walk w = {.p = p, .buf = buf, .rest = buf->rest, .crossed = base != NULL};
	bool last, up;
	long ret;

	str_copy(buf->rest, buf->name, sizeof(buf->rest));
	buf->full[0] = 0;
	p->node.type = VNODE_NONE;
	if (base) {
		str_copy(buf->full, base, PATH_MAX);
	} else if (buf->name[0] != '/') {
		ret = path_of_dir(th, p->dirfd, buf->full);
		if (ret < 0 || buf->full[0] != '/')
			return 0; /* unlinked or unreachable: the host's to answer */
	}
	w.len = strlen(buf->full);
	if (w.len == 1)
		w.len = 0;
	buf->full[w.len] = 0;
	for (;;) {
		const char *s;

		ret = walk_component(&w, &up);
		if (ret < 0)
			return ret;
		if (ret)
			break;
		p->node.type = VNODE_NONE;
		if (up)
			continue;
		for (s = w.rest; *s == '/'; s++)
			;
		last = !*s;
		if (path_is_virtual(buf->full))
			ret = walk_virtual(th, &w, last);
		else
			ret = walk_host(&w, last);
		if (ret < 0)
			return ret;
		if (ret)
			break;
	}
	return walk_end(th, &w);
}

long path_walk(struct thread *th, struct path *p)
{
	return walk(th, p, NULL);
}

static bool on_host_proc(struct vfs *v, const struct stat *st)
{
	return st->st_dev == v->host_proc_dev || st->st_dev == v->host_sys_dev;
}

/* Nothing is there on the host: is there a link on the way that may lead to /proc? */
static bool missing_suspicious(struct vfs *v, const struct path *p)
{
	size_t len = str_copy(v->text, p->name, sizeof(v->text));
	struct stat st;
	char c;

	if (p->follow && hostcall(SYS_readlinkat, p->dirfd, p->name, &c, 1) > 0)
		return true;
	while (len && v->text[len - 1] == '/')
		len--;
	while (len && v->text[len - 1] != '/')
		len--;
	if (len <= 1)
		return false;
	v->text[len] = 0;
	/* A simulated pid is no folder of the host's, so a missing folder counts as well. */
	return hostcall(SYS_newfstatat, p->dirfd, v->text, &st, 0) || on_host_proc(v, &st);
}

bool path_suspicious(struct thread *th, struct path *p, long ret, const struct stat *st)
{
	struct vfs *v = vfs_get(th->host);

	if (p->virtual || p->empty || p->links)
		return false;
	if (!ret)
		return on_host_proc(v, st);
	return ret == -ENOENT && missing_suspicious(v, p);
}

bool path_through_fd(struct thread *th, struct path *p)
{
	struct process *process = process_find(th->host, p->node.pid);
	char *name = vfs_get(th->host)->path[p->which].link;
	struct file *f;

	if (!p->virtual || p->node.type != VNODE_FD || !p->follow || !process)
		return false;
	f = vnode_file(th, &p->node);
	if (!f || (f->path && path_is_virtual(f->path)))
		return false;
	if (f->kind != FILE_HOST && f->kind != FILE_DIR && f->kind != FILE_PATH && !pipe_is_fifo(f))
		return false;
	str_format(name, PATH_MAX, "/proc/%d/fd/%d", process->host_pid, p->node.fd);
	p->virtual = false;
	p->links = 1; /* this one may lead where it likes */
	p->dirfd = AT_FDCWD;
	p->name = name;
	return true;
}

static long path_of_nothing(struct thread *th, struct path *p, struct path_buffers *buf)
{
	struct process *process = th->task->process;

	p->empty = true;
	p->name = buf->name;
	if (p->dirfd != AT_FDCWD) {
		p->file = fd_file(th, p->dirfd);
		return p->file ? 0 : -EBADF;
	}
	if (process->virtual_cwd) {
		p->virtual = true;
		p->full = buf->full;
		str_copy(buf->full, process->virtual_cwd, PATH_MAX);
		vnode_lookup(th, p->full, &p->node);
	}
	return 0;
}

long path_get(struct thread *th, u32 which, s32 dirfd, u64 user, u32 flags, struct path *p)
{
	struct vfs *v = vfs_get(th->host);
	struct path_buffers *buf;
	const char *base = NULL;
	struct file *f;
	long len;

	memset(p, 0, sizeof(*p));
	if (!v)
		return -ENOMEM;
	buf = &v->path[which];
	p->which = which;
	p->dirfd = dirfd;
	p->user = user;
	p->follow = flags & PATH_FOLLOW;
	len = string_from_user(buf->name, user, PATH_MAX);
	if (len < 0)
		return len;
	if (!len)
		return flags & PATH_EMPTY ? path_of_nothing(th, p, buf) : -ENOENT;
	p->name = buf->name;
	p->must_be_dir = buf->name[len - 1] == '/';
	if (buf->name[0] != '/' && dirfd == AT_FDCWD) {
		base = th->task->process->virtual_cwd;
	} else if (buf->name[0] != '/') {
		f = fd_file(th, dirfd);
		if (!f)
			return -EBADF;
		if (f->kind != FILE_DIR && f->kind != FILE_PATH && f->kind != FILE_PROCDIR)
			return -ENOTDIR;
		if (f->path && path_is_virtual(f->path))
			base = f->path;
	}
	if (base || names_virtual_tree(buf->name))
		return walk(th, p, base);
	return 0;
}

/*
 * A file known by its descriptor: by its name where it has one, since the name
 * becomes /proc/PID/exe, else (a memfd, or unlinked) by the host's link.
 */
static long exec_by_fd(struct thread *th, struct process *p, int fd, char *out)
{
	struct file *f = fd_peek(p, fd);
	char link[48];
	long n;

	if (!f || (f->kind != FILE_HOST && f->kind != FILE_PATH) ||
	    (f->path && path_is_virtual(f->path)))
		return -EACCES;
	str_format(link, sizeof(link), "/proc/%d/fd/%d", p->host_pid, fd);
	n = hostcall(SYS_readlink, link, out, PATH_MAX - 1);
	if (n < 0)
		return n;
	out[n] = 0;
	if (out[0] == '/' && !hostcall(SYS_faccessat, AT_FDCWD, out, F_OK))
		return 0;
	/* Close-on-exec would take the descriptor before the file is opened by it. */
	if (th->task->process == p) {
		n = hostcall(SYS_fcntl, fd, F_DUPFD, EXEC_FD_MIN);
		if (n < 0)
			return n;
		p->exec_fd = n;
		str_format(link, sizeof(link), "/proc/self/fd/%d", (int)n);
	}
	str_copy(out, link, PATH_MAX);
	return 0;
}

long path_for_exec(struct thread *th, s32 dirfd, u64 user, u32 atflags, char *out)
{
	struct process *self = th->task->process;
	struct stat st;
	struct path p;
	size_t len;
	long ret;

	ret = path_get(th, 0, dirfd, user,
		       (atflags & AT_SYMLINK_NOFOLLOW ? 0 : PATH_FOLLOW) |
			       (atflags & AT_EMPTY_PATH ? PATH_EMPTY : 0),
		       &p);
	if (ret < 0)
		return ret;
	if (p.empty)
		return p.file ? exec_by_fd(th, self, dirfd, out) : -EACCES;
	if (p.virtual) {
		if (p.node.type == VNODE_NONE)
			return -ENOENT;
		if (p.node.type != VNODE_FD || !p.follow)
			return p.node.type == VNODE_LINK || p.node.type == VNODE_FD ? -ELOOP
										    : -EACCES;
		return exec_by_fd(th, process_find(th->host, p.node.pid), p.node.fd, out);
	}
	if (!p.follow && !hostcall(SYS_newfstatat, p.dirfd, p.name, &st, AT_SYMLINK_NOFOLLOW) &&
	    S_ISLNK(st.st_mode))
		return -ELOOP;
	if (p.name[0] == '/' || p.dirfd == AT_FDCWD) {
		str_copy(out, p.name, PATH_MAX);
		return 0;
	}
	ret = host_fd_path(p.dirfd, out, PATH_MAX);
	if (ret < 0)
		return ret;
	len = strlen(out);
	if (len + 1 + strlen(p.name) >= PATH_MAX)
		return -ENAMETOOLONG;
	out[len] = '/';
	str_copy(out + len + 1, p.name, PATH_MAX - len - 1);
	return 0;
}
