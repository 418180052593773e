// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machinery of the generated trees: look-up in the tables, text files,
 * directories, links. What the files say is in procpid.c, proctext.c, procmaps.c
 * and sysfs.c.
 *
 * A text is made when its reading begins (position 0) and kept, so that one
 * reader sees one moment, and one that seeks back sees a new one, as in Linux's
 * seq_file.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/pipe.h"
#include "simkernel/vfs.h"

#define TEXT_FIRST_BYTES 1024
#define FORMAT_BYTES	 512

void text_put(struct text_out *o, const char *data, size_t len)
{
	size_t need = sizeof(struct text) + (o->text ? o->text->len : 0) + len;
	size_t size = o->text ? o->text->size : TEXT_FIRST_BYTES;
	struct text *new;

	if (o->failed)
		return;
	while (size < need)
		size *= 2;
	if (!o->text || size != o->text->size) {
		new = arena_alloc(o->h, size);
		if (!new) {
			o->failed = true;
			return;
		}
		if (o->text)
			memcpy(new, o->text, sizeof(*new) + o->text->len);
		new->size = size;
		arena_free(o->h, o->text);
		o->text = new;
	}
	memcpy(o->text->data + o->text->len, data, len);
	o->text->len += len;
}

void text_format(struct text_out *o, const char *fmt, ...)
{
	char buf[FORMAT_BYTES];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = str_vformat(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	text_put(o, buf, min((size_t)len, sizeof(buf) - 1));
}

static void vnode_set(struct vnode *v, const struct proc_node *node)
{
	v->node = node;
	v->type = node->type;
	v->mode = node->mode;
}

static bool find_child(struct thread *th, const struct vnode *dir, const char *name,
		       struct vnode *child)
{
	const struct proc_node *n;

	*child = *dir;
	for (n = dir->node->children; n && n->name; n++) {
		if (!strcmp(n->name, name)) {
			vnode_set(child, n);
			return true;
		}
	}
	return dir->node->lookup && dir->node->lookup(th, dir, name, child);
}

long vnode_lookup(struct thread *th, const char *full, struct vnode *v)
{
	const char *s = full;
	struct vnode child;
	char name[PROC_NAME_BYTES];
	size_t len;

	memset(v, 0, sizeof(*v));
	if (!path_is_virtual(full))
		return -ENOENT;
	vnode_set(v, starts_with(full, "/proc") ? &proc_root : &sys_root);
	for (s += starts_with(full, "/proc") ? 5 : 4; *s; s += len) {
		for (; *s == '/'; s++)
			;
		for (len = 0; s[len] && s[len] != '/'; len++)
			;
		if (!len)
			break;
		if (v->type != VNODE_DIR) {
			v->type = VNODE_NONE;
			return -ENOTDIR;
		}
		if (len < sizeof(name)) {
			memcpy(name, s, len);
			name[len] = 0;
			if (find_child(th, v, name, &child)) {
				*v = child;
				continue;
			}
		}
		v->type = VNODE_NONE;
		/*
		 * Of a process that has gone, or a folder that is empty on purpose,
		 * nothing is expected; any other missing file may matter to somebody.
		 */
		if (v->node->children && (!v->pid || find_child(th, v, "stat", &child)))
			sim_note(th->host, "%s: not part of the simulation, reads as missing",
				 full);
		return -ENOENT;
	}
	return 0;
}

struct file *vnode_file(struct thread *th, const struct vnode *v)
{
	struct process *p = process_find(th->host, v->pid);

	if (!p || !p->files || v->fd < 0 || (u32)v->fd >= p->files->size)
		return NULL;
	return p->files->ent[v->fd].file;
}

/* "pipe:[N]" of the outside has the host's number in it. */
static long fd_link_outside(struct thread *th, struct file *f, char *buf, long n, size_t size)
{
	struct inode *inode;
	char *open;

	if (n < 0 || buf[0] == '/' || !f->ino)
		return n;
	buf[min(n, (long)size - 1)] = 0;
	open = strchr(buf, '[');
	inode = inode_get(th->host, f->dev, f->ino);
	if (!open || !inode || open[1] < '0' || open[1] > '9')
		return n;
	str_format(open, size - (open - buf), "[%lu]", inode->number);
	return strlen(buf);
}

static long fd_link(struct thread *th, const struct vnode *v, char *buf, size_t size)
{
	struct process *p = process_find(th->host, v->pid);
	struct file *f = vnode_file(th, v);
	const struct file_ops *ops;
	char link[48];
	long n;

	if (!f)
		return -ENOENT;
	ops = file_ops[f->kind];
	if (f->path && path_is_virtual(f->path)) {
		str_copy(buf, f->path, size);
		return strlen(buf);
	}
	if (f->kind == FILE_HOST || f->kind == FILE_DIR || f->kind == FILE_STDIN ||
	    f->kind == FILE_PATH || pipe_is_fifo(f)) {
		str_format(link, sizeof(link), "/proc/%d/fd/%d", p->host_pid, v->fd);
		n = hostcall(SYS_readlink, link, buf, size);
		return fd_link_outside(th, f, buf, n, size);
	}
	if (ops && ops->name)
		ops->name(f, buf, size);
	else
		str_copy(buf, "anon_inode:[unknown]", size);
	return strlen(buf);
}

long vnode_readlink(struct thread *th, const struct vnode *v, char *buf, size_t size)
{
	if (v->type == VNODE_FD)
		return fd_link(th, v, buf, size);
	if (v->type != VNODE_LINK)
		return -EINVAL;
	if (v->node->link)
		return v->node->link(th, v, buf, size);
	str_copy(buf, v->node->fixed, size);
	return strlen(buf);
}

/* A number that depends on the path alone. */
static u64 path_number(const char *full)
{
	u32 hash = 2166136261;

	for (; *full; full++)
		hash = (hash ^ (u8)*full) * 16777619;
	return 0x100000000UL | hash;
}

void vnode_stat(struct thread *th, const char *full, const struct vnode *v, struct stat *st)
{
	struct process *p = v->pid ? process_find(th->host, v->pid) : NULL;
	s64 ns = th->host->config.start_ns;

	memset(st, 0, sizeof(*st));
	st->st_dev = starts_with(full, "/proc") ? DEV_PROC : DEV_SYS;
	st->st_ino = path_number(full);
	st->st_nlink = 1;
	st->st_mode = v->mode | (v->type == VNODE_DIR	 ? S_IFDIR
				 : v->type == VNODE_TEXT ? S_IFREG
							 : S_IFLNK);
	if (v->type == VNODE_FD)
		st->st_size = 64;
	if (p) {
		st->st_uid = p->uid;
		st->st_gid = p->gid;
		ns = (s64)p->start_ns + host_realtime_offset(th->host);
	}
	if (st->st_dev == DEV_SYS && v->type == VNODE_TEXT)
		st->st_size = PAGE_BYTES;
	st->st_blksize = 1024;
	st->st_mtim.tv_sec = ns / (s64)NSEC_PER_SEC;
	st->st_mtim.tv_nsec = ns % (s64)NSEC_PER_SEC;
	st->st_atim = st->st_ctim = st->st_mtim;
}

struct file *vnode_open(struct thread *th, const char *full, const struct vnode *v, u32 flags,
			long *err)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY;
	struct host *h = th->host;
	struct file *f;

	*err = 0;
	if (v->type == VNODE_DIR && writes)
		*err = -EISDIR;
	else if (v->type == VNODE_TEXT && writes && !v->node->write)
		*err = -EACCES;
	else if (v->type == VNODE_TEXT && !v->node->text && !v->node->fixed && !v->node->write)
		*err = -EACCES;
	if (*err < 0)
		return NULL;
	*err = -ENFILE;
	f = file_create(h, v->type == VNODE_DIR ? FILE_PROCDIR : FILE_TEXT,
			flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC | O_NOCTTY), NULL);
	if (!f)
		return NULL;
	f->path = arena_alloc(h, strlen(full) + 1);
	if (!f->path) {
		file_put(f);
		return NULL;
	}
	str_copy(f->path, full, strlen(full) + 1);
	return f;
}

static long text_make(struct thread *th, struct file *f)
{
	struct text_out o = {.h = th->host};
	struct vnode v;
	long ret;

	if (vnode_lookup(th, f->path, &v) < 0 || v.type != VNODE_TEXT)
		return -ESRCH;
	if (v.node->fixed) {
		text_put(&o, v.node->fixed, strlen(v.node->fixed));
	} else if (v.node->text) {
		ret = v.node->text(th, &v, &o);
		if (ret < 0) {
			arena_free(th->host, o.text);
			return ret;
		}
	}
	if (o.failed) {
		arena_free(th->host, o.text);
		return -ENOMEM;
	}
	arena_free(th->host, f->object);
	f->object = o.text;
	return 0;
}

static long text_read(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct text *text;
	size_t len;
	long ret;

	if (!f->position || !f->object) {
		ret = text_make(th, f);
		if (ret < 0)
			return ret;
	}
	text = f->object;
	if (!text || f->position >= text->len)
		return 0;
	len = min(text->len - f->position, iov_total(iov, n));
	ret = iov_copy_to(iov, n, 0, text->data + f->position, len);
	if (ret > 0)
		f->position += ret;
	return ret;
}

long proc_ignore_write(struct thread *th, const struct vnode *v, const char *data, size_t len)
{
	return len;
}

static long text_write(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	char *buf = vfs_get(th->host)->text;
	struct vnode v;
	long ret;

	if (vnode_lookup(th, f->path, &v) < 0 || v.type != VNODE_TEXT || !v.node->write)
		return -ESRCH;
	ret = iov_copy_from(buf, iov, n, 0, min(iov_total(iov, n), (size_t)PATH_MAX - 1));
	if (ret < 0)
		return ret;
	buf[ret] = 0;
	return v.node->write(th, &v, buf, ret);
}

static u32 text_poll(struct thread *th, struct file *f)
{
	return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
}

static long text_stat(struct thread *th, struct file *f, struct stat *st)
{
	struct vnode v;

	if (vnode_lookup(th, f->path, &v) < 0)
		v.type = f->kind == FILE_TEXT ? VNODE_TEXT : VNODE_DIR;
	vnode_stat(th, f->path, &v, st);
	return 0;
}

static void text_release(struct host *h, struct file *f)
{
	lock_file_released(h, f);
	arena_free(h, f->object);
	f->object = NULL;
}

static void path_name(struct file *f, char *buf, size_t size)
{
	str_copy(buf, f->path ? f->path : "/proc", size);
}

const struct file_ops text_file_ops = {
	.read = text_read,
	.write = text_write,
	.poll = text_poll,
	.stat = text_stat,
	.lseek = file_seek_position,
	.release = text_release,
	.name = path_name,
};

static u8 dirent_type(u8 type)
{
	return type == VNODE_DIR ? DT_DIR : type == VNODE_TEXT ? DT_REG : DT_LNK;
}

static bool list_one(struct host *h, struct listing **l, char *full, size_t len, const char *name,
		     u8 type)
{
	if (len + 1 + strlen(name) >= PATH_MAX)
		return true;
	full[len] = '/';
	str_copy(full + len + 1, name, PATH_MAX - len - 1);
	return listing_add(h, l, name, dirent_type(type), path_number(full));
}

struct listing *procdir_listing(struct thread *th, struct file *f, long *err)
{
	struct host *h = th->host;
	char *full = vfs_get(h)->text, name[PROC_NAME_BYTES];
	size_t len = str_copy(full, f->path, PATH_MAX);
	struct listing *l = listing_create(h);
	const struct proc_node *n;
	struct vnode v, child;
	u64 cursor = 0;
	bool ok;

	*err = -ENOENT;
	if (!l || vnode_lookup(th, f->path, &v) < 0 || v.type != VNODE_DIR)
		goto out;
	ok = listing_add(h, &l, ".", DT_DIR, path_number(full));
	for (; len && full[len - 1] != '/'; len--)
		;
	full[len ? len - 1 : 0] = 0;
	ok = ok && listing_add(h, &l, "..", DT_DIR, path_number(full));
	len = str_copy(full, f->path, PATH_MAX);
	for (n = v.node->children; n && n->name && ok; n++)
		ok = list_one(h, &l, full, len, n->name, n->type);
	child = v;
	while (ok && v.node->entry && v.node->entry(th, &v, &cursor, &child, name))
		ok = list_one(h, &l, full, len, name, child.type);
	*err = 0;
	if (ok)
		return l;
	*err = -ENOMEM;
out:
	listing_free(h, l);
	return NULL;
}

static long procdir_read(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	return -EISDIR;
}

static void procdir_release(struct host *h, struct file *f)
{
	listing_free(h, f->object);
	f->object = NULL;
}

const struct file_ops procdir_file_ops = {
	.read = procdir_read,
	.poll = text_poll,
	.stat = text_stat,
	.lseek = file_seek_position,
	.release = procdir_release,
	.name = path_name,
};
