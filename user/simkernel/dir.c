// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading directories. The order in which a host file system lists its entries
 * depends on its history, so a directory is read as a whole when its reading
 * begins, sorted by name ("." and ".." first), and given out from that snapshot;
 * d_off is the index of the next entry. Generated directories use the same
 * snapshots (procfs.c).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/vfs.h"

struct listing_entry {
	u64 number;
	u32 name; /* offset of its text */
	u8 type;
};

struct listing {
	u32 count, capacity;
	u32 used, size; /* bytes of names */
	struct listing_entry *entry;
	char *names;
};

struct host_dirent { /* the kernel's linux_dirent64 */
	u64 d_ino;
	s64 d_off;
	u16 d_reclen;
	u8 d_type;
	char d_name[];
};

struct old_dirent { /* linux_dirent; the type is its last byte */
	u64 d_ino, d_off;
	u16 d_reclen;
	char d_name[];
};

struct listing *listing_create(struct host *h)
{
	struct listing *l = arena_alloc(h, sizeof(*l));

	if (!l)
		return NULL;
	l->capacity = 64;
	l->size = 1024;
	l->entry = arena_alloc(h, l->capacity * sizeof(*l->entry));
	l->names = arena_alloc(h, l->size);
	if (!l->entry || !l->names) {
		listing_free(h, l);
		return NULL;
	}
	return l;
}

void listing_free(struct host *h, struct listing *l)
{
	if (!l)
		return;
	arena_free(h, l->entry);
	arena_free(h, l->names);
	arena_free(h, l);
}

static bool enlarge(struct host *h, void **block, size_t used, size_t size)
{
	void *new = arena_alloc(h, size);

	if (!new)
		return false;
	memcpy(new, *block, used);
	arena_free(h, *block);
	*block = new;
	return true;
}

bool listing_add(struct host *h, struct listing **at, const char *name, u8 type, u64 number)
{
	struct listing *l = *at;
	u32 len = strlen(name) + 1;

	if (l->count == l->capacity) {
		if (!enlarge(h, (void **)&l->entry, l->count * sizeof(*l->entry),
			     2 * l->capacity * sizeof(*l->entry)))
			return false;
		l->capacity *= 2;
	}
	if (l->used + len > l->size) {
		if (!enlarge(h, (void **)&l->names, l->used, 2 * l->size))
			return false;
		l->size *= 2;
	}
	l->entry[l->count].name = l->used;
	l->entry[l->count].type = type;
	l->entry[l->count].number = number;
	memcpy(l->names + l->used, name, len);
	l->used += len;
	l->count++;
	return true;
}

static int rank(const char *name)
{
	if (!strcmp(name, "."))
		return 0;
	return strcmp(name, "..") ? 2 : 1;
}

static bool before(const struct listing *l, u32 a, u32 b)
{
	const char *x = l->names + l->entry[a].name, *y = l->names + l->entry[b].name;
	int d = rank(x) - rank(y);

	return d ? d < 0 : strcmp(x, y) < 0;
}

static void sift_down(struct listing *l, u32 root, u32 end)
{
	struct listing_entry swap;
	u32 child;

	while ((child = 2 * root + 1) < end) {
		if (child + 1 < end && before(l, child, child + 1))
			child++;
		if (!before(l, root, child))
			return;
		swap = l->entry[root];
		l->entry[root] = l->entry[child];
		l->entry[child] = swap;
		root = child;
	}
}

/* Heapsort: in place, and no recursion on a small stack. */
static void listing_sort(struct listing *l)
{
	struct listing_entry swap;
	u32 i;

	for (i = l->count / 2; i-- > 0;)
		sift_down(l, i, l->count);
	for (i = l->count; i-- > 1;) {
		swap = l->entry[0];
		l->entry[0] = l->entry[i];
		l->entry[i] = swap;
		sift_down(l, 0, i);
	}
}

/* The machine's own devices, which cannot be opened, are not shown in /dev either. */
static bool hidden(struct thread *th, const struct file *f, int fd, const struct host_dirent *d)
{
	struct stat st;

	if (f->dev != vfs_get(th->host)->host_dev_dev)
		return false;
	if (d->d_type != DT_CHR && d->d_type != DT_BLK)
		return false;
	return !hostcall(SYS_newfstatat, fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
	       device_kind(th, &st) < 0;
}

/* The host's entries, all of them, with the host's numbers. 0 or a negative errno. */
static long read_host(struct thread *th, struct file *f, int fd, struct listing **l)
{
	struct host *h = th->host;
	struct vfs *v = vfs_get(h);
	long n, at;

	n = pass(th, SYS_lseek, fd, 0, SEEK_SET);
	if (n < 0)
		return n;
	while ((n = hostcall(SYS_getdents64, fd, v->listing, sizeof(v->listing))) > 0) {
		for (at = 0; at < n;) {
			struct host_dirent *d = (struct host_dirent *)(v->listing + at);

			if (!hidden(th, f, fd, d) &&
			    !listing_add(h, l, d->d_name, d->d_type, d->d_ino))
				return -ENOMEM;
			at += d->d_reclen;
		}
	}
	return n;
}

static long snapshot_host(struct thread *th, struct file *f, int fd)
{
	struct host *h = th->host;
	struct inode *inode = inode_of_file(h, f, fd);
	struct dir *d = f->object;
	struct listing *l;
	long ret;
	u32 i;

	if (!inode || !d)
		return -ENOMEM;
	l = listing_create(h);
	if (!l)
		return -ENOMEM;
	ret = read_host(th, f, fd, &l);
	if (ret < 0) {
		listing_free(h, l);
		return ret;
	}
	listing_sort(l);
	for (i = 0; i < l->count; i++) {
		struct inode *e = inode_get(h, f->dev, l->entry[i].number);

		l->entry[i].number = e ? e->number : 1;
	}
	listing_free(h, d->listing);
	d->listing = l;
	return 0;
}

static struct listing *snapshot(struct thread *th, struct file *f, int fd, long *err)
{
	struct listing **slot = f->kind == FILE_DIR ? NULL : (struct listing **)&f->object;

	*err = 0;
	if (f->kind == FILE_DIR) {
		struct dir *d = f->object;

		if (!f->position || !d || !d->listing)
			*err = snapshot_host(th, f, fd);
		d = f->object;
		return *err < 0 ? NULL : d->listing;
	}
	if (!f->position || !*slot) {
		struct listing *l = procdir_listing(th, f, err);

		if (!l)
			return NULL;
		listing_free(th->host, *slot);
		*slot = l;
	}
	return *slot;
}

/* One record in either layout; its length, 0 when it does not fit, or a negative errno. */
static long emit(u64 dst, u64 room, const struct listing *l, u64 i, bool old)
{
	const struct listing_entry *e = &l->entry[i];
	const char *name = l->names + e->name;
	size_t len = strlen(name) + 1;
	union {
		struct host_dirent d;
		struct old_dirent o;
		char bytes[ALIGN_UP(sizeof(struct host_dirent) + NAME_MAX + 2, 8)];
	} u;
	u16 reclen;

	reclen = old ? ALIGN_UP(offsetof(struct old_dirent, d_name) + len + 1, 8)
		     : ALIGN_UP(offsetof(struct host_dirent, d_name) + len, 8);
	if (reclen > room)
		return 0;
	if (reclen > sizeof(u))
		return -EIO;
	memset(&u, 0, reclen);
	u.d.d_ino = e->number;
	u.d.d_off = i + 1;
	u.d.d_reclen = reclen;
	if (old) {
		memcpy(u.o.d_name, name, len);
		u.bytes[reclen - 1] = e->type;
	} else {
		u.d.d_type = e->type;
		memcpy(u.d.d_name, name, len);
	}
	return copy_to_user(dst, &u, reclen) ? -EFAULT : reclen;
}

static long getdents(struct thread *th, s32 fd, u64 dst, u64 size, bool old)
{
	struct file *f = fd_file(th, fd);
	struct listing *l;
	u64 done = 0;
	long n, err;

	size = (u32)size;
	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	if (f->kind != FILE_DIR && f->kind != FILE_PROCDIR)
		return -ENOTDIR;
	l = snapshot(th, f, fd, &err);
	if (!l)
		return err;
	while (f->position < l->count) {
		n = emit(dst + done, size - done, l, f->position, old);
		if (n < 0)
			return done ? (long)done : n;
		if (!n)
			return done ? (long)done : -EINVAL;
		done += n;
		f->position++;
	}
	return done;
}

SYSCALL_DEFINE(getdents)
{
	return getdents(th, (s32)a[0], a[1], a[2], true);
}

SYSCALL_DEFINE(getdents64)
{
	return getdents(th, (s32)a[0], a[1], a[2], false);
}

static long dir_read(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	return -EISDIR;
}

static long dir_stat(struct thread *th, struct file *f, struct stat *st)
{
	long ret = pass(th, SYS_fstat, file_fd(th, f), st);

	if (ret < 0)
		return ret;
	inode_attach(th->host, f, st);
	inode_fill(th->host, st);
	return 0;
}

static void dir_release(struct host *h, struct file *f)
{
	struct dir *d = f->object;

	lock_file_released(h, f);
	inode_detach(h, f);
	if (d)
		listing_free(h, d->listing);
	arena_free(h, d);
	f->object = NULL;
}

static u32 dir_poll(struct thread *th, struct file *f)
{
	return 0x145; /* POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM, as for any file without poll */
}

const struct file_ops dir_file_ops = {
	.read = dir_read,
	.stat = dir_stat,
	.lseek = file_seek_position,
	.poll = dir_poll,
	.release = dir_release,
};
