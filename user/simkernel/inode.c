// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Virtual inodes: what a guest sees of a host file's number and times.
 *
 * Host inode numbers and times differ between two runs, so a guest sees numbers
 * given out in the order of first sight, and times that the simulation itself
 * made. A file that the simulation has not changed shows its host times, but in
 * the folder that it was started in (two copies of which must look the same),
 * and where temporary files go, none later than the start of the simulation.
 * Elsewhere times are compared with what is written down: Python would compile
 * all of its modules anew; its atime shows its mtime, since
 * merely reading a file (in an earlier run, say) moves the host's.
 *
 * A number stays with the host's (dev, ino). When a guest creates a file, the
 * pair is a new file by construction, and what was remembered is dropped: ext4
 * gives a freed inode to the next file.
 *
 * Owns host->inodes. Belongs to the holder of the run token.
 */
#include <fcntl.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/vfs.h"

#define HASH_FIRST   1024
#define NUMBER_FIRST 131073

static u64 host_dev_of(const char *path)
{
	struct stat st;

	if (hostcall(SYS_stat, path, &st))
		return ~0UL;
	return st.st_dev;
}

struct vfs *vfs_get(struct host *h)
{
	struct vfs *v = h->inodes;

	if (likely(v))
		return v;
	v = arena_alloc(h, sizeof(*v));
	if (!v)
		return NULL;
	v->hash = arena_alloc(h, HASH_FIRST * sizeof(*v->hash));
	if (!v->hash) {
		arena_free(h, v);
		return NULL;
	}
	v->hash_size = HASH_FIRST;
	v->next_number = NUMBER_FIRST;
	v->host_proc_dev = host_dev_of("/proc/version");
	v->host_sys_dev = host_dev_of("/sys/kernel");
	v->host_dev_dev = host_dev_of("/dev");
	if (v->host_dev_dev == host_dev_of("/"))
		v->host_dev_dev = ~0UL;
	if (hostcall(SYS_getcwd, v->start_dir, sizeof(v->start_dir)) < 0)
		v->start_dir[0] = 0;
	h->inodes = v;
	return v;
}

s64 vfs_realtime(struct host *h)
{
	return (s64)host_now(h) + host_realtime_offset(h);
}

static u32 hash_of(const struct vfs *v, u64 dev, u64 ino)
{
	return ((dev * 31 + ino) * 0x9e3779b97f4a7c15UL >> 32) & (v->hash_size - 1);
}

static void grow(struct host *h, struct vfs *v)
{
	u32 size = v->hash_size, i;
	struct inode **old = v->hash, **new = arena_alloc(h, 2 * size * sizeof(*new));

	if (!new)
		return; /* longer chains, nothing worse */
	v->hash = new;
	v->hash_size = 2 * size;
	for (i = 0; i < size; i++) {
		while (old[i]) {
			struct inode *inode = old[i];
			u32 at = hash_of(v, inode->dev, inode->ino);

			old[i] = inode->next;
			inode->next = new[at];
			new[at] = inode;
		}
	}
	arena_free(h, old);
}

static struct inode *find(struct vfs *v, u64 dev, u64 ino)
{
	struct inode *inode = v->hash[hash_of(v, dev, ino)];

	while (inode && (inode->ino != ino || inode->dev != dev))
		inode = inode->next;
	return inode;
}

struct inode *inode_get(struct host *h, u64 dev, u64 ino)
{
	struct vfs *v = vfs_get(h);
	struct inode *inode;
	u32 at;

	if (!v)
		return NULL;
	inode = find(v, dev, ino);
	if (inode)
		return inode;
	inode = arena_alloc(h, sizeof(*inode));
	if (!inode)
		return NULL;
	if (v->count >= v->hash_size)
		grow(h, v);
	inode->dev = dev;
	inode->ino = ino;
	inode->number = v->next_number++;
	list_init(&inode->locks);
	waitq_init(&inode->lock_wait);
	at = hash_of(v, dev, ino);
	inode->next = v->hash[at];
	v->hash[at] = inode;
	v->count++;
	return inode;
}

static void forget(struct host *h, struct inode *inode)
{
	struct vfs *v = vfs_get(h);
	struct inode **at = &v->hash[hash_of(v, inode->dev, inode->ino)];

	while (*at != inode)
		at = &(*at)->next;
	*at = inode->next;
	v->count--;
	arena_free(h, inode);
}

void inode_unlinked(struct host *h, u64 dev, u64 ino)
{
	struct vfs *v = vfs_get(h);
	struct inode *inode = v ? find(v, dev, ino) : NULL;

	if (!inode)
		return;
	inode->unlinked = true;
	if (!inode->opens)
		forget(h, inode);
}

struct inode *inode_created(struct host *h, u64 dev, u64 ino)
{
	struct inode *inode = inode_get(h, dev, ino);

	if (!inode)
		return NULL;
	/* An open old file would hold its host inode, so the pair would not be new. */
	inode->unlinked = false;
	if (inode->have || inode->number != vfs_get(h)->next_number - 1)
		inode->number = vfs_get(h)->next_number++;
	inode_stamp(h, inode, TIME_ALL);
	return inode;
}

void inode_stamp(struct host *h, struct inode *inode, u32 times)
{
	s64 now_ns = vfs_realtime(h);

	if (!inode)
		return;
	if (times & TIME_ACCESS)
		inode->atime_ns = now_ns;
	if (times & TIME_MODIFY)
		inode->mtime_ns = now_ns;
	if (times & TIME_CHANGE)
		inode->ctime_ns = now_ns;
	if (times & TIME_BIRTH)
		inode->btime_ns = now_ns;
	inode->have |= times;
}

static struct inode **inode_slot(struct host *h, struct file *f)
{
	struct dir *d;

	if (f->kind != FILE_DIR)
		return (struct inode **)&f->object;
	if (!f->object)
		f->object = arena_alloc(h, sizeof(struct dir));
	d = f->object;
	return d ? &d->inode : NULL;
}

void inode_attach(struct host *h, struct file *f, const struct stat *st)
{
	struct inode **slot = inode_slot(h, f);

	f->dev = st->st_dev;
	f->ino = st->st_ino;
	f->mode = st->st_mode;
	if (!slot || *slot)
		return;
	*slot = inode_get(h, f->dev, f->ino);
	if (*slot)
		(*slot)->opens++;
}

struct inode *inode_of_file(struct host *h, struct file *f, int fd)
{
	struct inode **slot;
	struct stat st;

	if (f->kind != FILE_HOST && f->kind != FILE_DIR && f->kind != FILE_STDIN)
		return NULL;
	slot = inode_slot(h, f);
	if (slot && *slot)
		return *slot;
	if (!slot || fd < 0 || hostcall(SYS_fstat, fd, &st))
		return NULL;
	inode_attach(h, f, &st);
	return *slot;
}

void inode_detach(struct host *h, struct file *f)
{
	struct inode **slot = f->object ? inode_slot(h, f) : NULL;
	struct inode *inode = slot ? *slot : NULL;

	if (!inode)
		return;
	*slot = NULL;
	inode->opens--;
	if (!inode->opens && inode->unlinked)
		forget(h, inode);
}

void inode_touched(struct host *h, struct file *f)
{
	struct inode *inode;

	if (f->kind != FILE_HOST)
		return;
	inode = f->object;
	if (!inode && f->ino)
		inode = inode_get(h, f->dev, f->ino);
	if (inode)
		inode_stamp(h, inode, TIME_MODIFY | TIME_CHANGE);
}

static s64 to_ns(const struct timespec *ts)
{
	return ts->tv_sec * (s64)NSEC_PER_SEC + ts->tv_nsec;
}

static struct timespec from_ns(s64 ns)
{
	s64 rest = ns % (s64)NSEC_PER_SEC;
	struct timespec ts;

	ts.tv_sec = ns / (s64)NSEC_PER_SEC - (rest < 0);
	ts.tv_nsec = rest < 0 ? rest + (s64)NSEC_PER_SEC : rest;
	return ts;
}

static bool below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

static bool inside(struct vfs *v, const char *path)
{
	static const char *const temporary[] = {"/tmp", "/var/tmp", "/dev/shm", "/run"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(temporary); i++)
		if (below(path, temporary[i]))
			return true;
	/* Started in /, no folder is meant. */
	return v->start_dir[1] && below(path, v->start_dir);
}

void inode_place(struct host *h, const struct stat *st, s32 dirfd, const char *name)
{
	struct inode *inode = inode_get(h, st->st_dev, st->st_ino);
	struct vfs *v = vfs_get(h);
	char link[32];
	long n;

	if (!inode || inode->placed)
		return;
	inode->placed = true;
	if (name[0] == '/') {
		inode->outside = !inside(v, name);
		return;
	}
	if (dirfd == AT_FDCWD)
		str_copy(link, "/proc/self/cwd", sizeof(link));
	else
		str_format(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	n = hostcall(SYS_readlink, link, v->text, sizeof(v->text) - 1);
	if (n <= 0 || v->text[0] != '/' || starts_with(name, "..") || !v->start_dir[0])
		return;
	v->text[n] = 0;
	inode->outside = !inside(v, v->text);
}

void inode_fill(struct host *h, struct stat *st)
{
	struct inode *inode = inode_get(h, st->st_dev, st->st_ino);
	s64 start_ns = inode && inode->outside ? INT64_MAX : h->config.start_ns;
	s64 mtime_ns = min(to_ns(&st->st_mtim), start_ns);
	s64 ctime_ns = min(to_ns(&st->st_ctim), start_ns);
	s64 atime_ns = mtime_ns;
	u32 have = inode ? inode->have : 0;

	if (have & TIME_MODIFY)
		mtime_ns = inode->mtime_ns;
	if (have & TIME_CHANGE)
		ctime_ns = inode->ctime_ns;
	if (have & TIME_ACCESS)
		atime_ns = inode->atime_ns;
	st->st_atim = from_ns(atime_ns);
	st->st_mtim = from_ns(mtime_ns);
	st->st_ctim = from_ns(ctime_ns);
	st->st_dev = DEV_DISK;
	st->st_ino = inode ? inode->number : 1;
	st->st_blksize = PAGE_BYTES;
	if (S_ISDIR(st->st_mode))
		st->st_size = PAGE_BYTES;
	st->st_blocks = S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)
				? ALIGN_UP((u64)st->st_size, PAGE_BYTES) / 512
				: 0;
}

void inode_stamp_parent(struct thread *th, const struct path *p)
{
	struct vfs *v = vfs_get(th->host);
	size_t len = str_copy(v->text, p->name, sizeof(v->text));
	struct stat st;

	while (len && v->text[len - 1] == '/')
		len--;
	while (len && v->text[len - 1] != '/')
		len--;
	str_copy(v->text + len, ".", 2);
	if (hostcall(SYS_newfstatat, p->dirfd, v->text, &st, 0))
		return;
	inode_stamp(th->host, inode_get(th->host, st.st_dev, st.st_ino), TIME_MODIFY | TIME_CHANGE);
}
