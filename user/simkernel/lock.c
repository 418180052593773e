// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * File locks: fcntl's POSIX and OFD ranges and flock, with Linux's rules, in the
 * arena, so that waiting for one takes virtual time and no host thread.
 *
 * Locks hang on the virtual inode (or, for a file that has none, on nothing:
 * such a lock always succeeds). A POSIX lock belongs to a process and is lost
 * when it closes any descriptor of that file; OFD and flock locks belong to the
 * open file description. POSIX and OFD ranges conflict with each other, flock
 * only with flock. Belongs to the holder of the run token.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/vfs.h"

#define RANGE_END (~0UL >> 1)

enum lock_class {
	LOCK_POSIX,
	LOCK_OFD,
	LOCK_FLOCK,
};

struct file_lock {
	struct list link; /* inode->locks */
	void *owner;	  /* struct process or struct file */
	u8 class;
	bool exclusive;
	s32 pid;	/* what F_GETLK tells: -1 for OFD */
	u64 start, end; /* both in the range */
};

static bool same_family(const struct file_lock *a, const struct file_lock *b)
{
	return (a->class == LOCK_FLOCK) == (b->class == LOCK_FLOCK);
}

static bool same_holder(const struct file_lock *a, const struct file_lock *b)
{
	return a->owner == b->owner && a->class == b->class;
}

static struct file_lock *conflict(struct inode *inode, const struct file_lock *want)
{
	struct file_lock *l;

	list_for_each (l, &inode->locks, link) {
		if (l->owner == want->owner || !same_family(l, want))
			continue;
		if (l->end < want->start || l->start > want->end)
			continue;
		if (l->exclusive || want->exclusive)
			return l;
	}
	return NULL;
}

static struct file_lock *copy(struct host *h, const struct file_lock *l)
{
	struct file_lock *n = arena_alloc(h, sizeof(*n));

	if (n) {
		*n = *l;
		list_init(&n->link);
	}
	return n;
}

static void drop(struct host *h, struct file_lock *l)
{
	list_del(&l->link);
	arena_free(h, l);
}

/*
 * Takes [start, end] out of what the owner holds; a lock around it is split.
 * -ENOLCK when the arena has no room for the second half; nothing is changed then.
 */
static long cut(struct host *h, struct inode *inode, const struct file_lock *range,
		const struct file_lock *keep)
{
	struct file_lock *l, *next, *tail;

	list_for_each_safe (l, next, &inode->locks, link) {
		if (l == keep || !same_holder(l, range))
			continue;
		if (l->end < range->start || l->start > range->end)
			continue;
		if (l->start >= range->start && l->end <= range->end) {
			drop(h, l);
			continue;
		}
		if (l->start < range->start && l->end > range->end) {
			tail = copy(h, l);
			if (!tail)
				return -ENOLCK;
			tail->start = range->end + 1;
			list_add(&tail->link, &l->link);
		}
		if (l->start < range->start)
			l->end = range->start - 1;
		else
			l->start = range->end + 1;
	}
	return 0;
}

/* Joins a new lock with its owner's neighbours of the same kind. */
static void merge(struct host *h, struct inode *inode, struct file_lock *n)
{
	struct file_lock *l, *next;

	list_for_each_safe (l, next, &inode->locks, link) {
		if (l == n || !same_holder(l, n) || l->exclusive != n->exclusive)
			continue;
		if (l->end + 1 != n->start && n->end + 1 != l->start)
			continue;
		n->start = min(n->start, l->start);
		n->end = max(n->end, l->end);
		drop(h, l);
	}
}

/*
 * Linux's order, which decides whose lock F_GETLK names: holders in the order in
 * which they came, each one's locks by their start.
 */
static void insert(struct inode *inode, struct file_lock *n)
{
	struct file_lock *l;

	list_for_each (l, &inode->locks, link)
		if (same_holder(l, n))
			break;
	list_add_tail(&n->link, &l->link);
}

static void sort(struct inode *inode, struct file_lock *n)
{
	struct list *next = n->link.next;

	while (next != &inode->locks) {
		struct file_lock *l = list_entry(next, struct file_lock, link);

		if (!same_holder(l, n) || l->start > n->start)
			break;
		next = next->next;
	}
	list_del(&n->link);
	list_add_tail(&n->link, next);
}

static long acquire(struct host *h, struct inode *inode, const struct file_lock *want)
{
	struct file_lock *n = copy(h, want);
	long ret;

	if (!n)
		return -ENOLCK;
	insert(inode, n); /* before cutting, or the holder's place could be lost */
	ret = cut(h, inode, want, n);
	if (ret) {
		drop(h, n);
		return ret;
	}
	merge(h, inode, n);
	sort(inode, n);
	waitq_wake_all(&inode->lock_wait); /* a downgrade lets readers in */
	return 0;
}

static long release(struct host *h, struct inode *inode, const struct file_lock *range)
{
	long ret = cut(h, inode, range, NULL);

	waitq_wake_all(&inode->lock_wait);
	return ret;
}

/* Whom p waits for with one of its threads; NULL when it waits for nobody. */
static struct process *waits_for(struct process *p)
{
	struct task *t;

	list_for_each (t, &p->threads, thread_link)
		if (t->state == TASK_BLOCKED && t->lock_holder)
			return t->lock_holder;
	return NULL;
}

/* Whether waiting for holder would close a circle of POSIX locks (Linux gives up after ten). */
static bool deadlock(struct process *self, struct process *holder)
{
	int depth;

	for (depth = 0; holder && depth < 10; depth++) {
		if (holder == self)
			return true;
		holder = waits_for(holder);
	}
	return false;
}

/* Sleeps until want can be had, and takes it. */
static long acquire_wait(struct thread *th, struct inode *inode, const struct file_lock *want)
{
	struct task *t = th->task;
	struct file_lock *l;
	long ret = 0;

	waitq_add(&inode->lock_wait, &t->wait);
	while ((l = conflict(inode, want))) {
		if (want->class == LOCK_POSIX && l->class == LOCK_POSIX) {
			ret = deadlock(t->process, l->owner) ? -EDEADLK : 0;
			if (ret)
				break;
			t->lock_holder = l->owner;
		}
		ret = task_sleep(th, TIME_NEVER);
		t->lock_holder = NULL;
		if (ret)
			break;
	}
	waitq_remove(&t->wait);
	if (ret)
		return ret == -EINTR ? -ERESTARTSYS : ret;
	return acquire(th->host, inode, want);
}

static long file_size(struct thread *th, struct file *f, int fd, s64 *size)
{
	struct stat st;
	long ret = vfs_fstat(th, f, fd, &st);

	*size = st.st_size;
	return ret;
}

/* l_whence, l_start and l_len to a range: posix_lock_file's rules. */
static long range_of(struct thread *th, struct file *f, int fd, const struct flock *fl,
		     struct file_lock *want)
{
	s64 base = 0, start;
	long ret;

	switch (fl->l_whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		ret = file_ops[f->kind]->lseek ? file_ops[f->kind]->lseek(th, f, 0, SEEK_CUR) : 0;
		if (ret < 0)
			return ret;
		base = ret;
		break;
	case SEEK_END:
		ret = file_size(th, f, fd, &base);
		if (ret < 0)
			return ret;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, fl->l_start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	want->start = start;
	want->end = RANGE_END;
	if (fl->l_len > 0) {
		if (__builtin_add_overflow(start, fl->l_len - 1, (s64 *)&want->end))
			return -EOVERFLOW;
	} else if (fl->l_len < 0) {
		if (start + fl->l_len < 0)
			return -EINVAL;
		want->start = start + fl->l_len;
		want->end = start - 1;
	}
	return 0;
}

/* The description's access mode must allow the lock's type. */
static long check_access(struct file *f, int fd, const struct flock *fl)
{
	bool host = f->kind == FILE_HOST || f->kind == FILE_STDIN;
	long mode = (host ? hostcall(SYS_fcntl, fd, F_GETFL) : (long)f->flags) & O_ACCMODE;

	if (fl->l_type == F_RDLCK && mode == O_WRONLY)
		return -EBADF;
	if (fl->l_type == F_WRLCK && mode == O_RDONLY)
		return -EBADF;
	return 0;
}

static long get_lock(struct inode *inode, struct file_lock *want, struct flock *fl)
{
	struct file_lock *l = inode ? conflict(inode, want) : NULL;

	if (!l) {
		fl->l_type = F_UNLCK;
		return 0;
	}
	fl->l_type = l->exclusive ? F_WRLCK : F_RDLCK;
	fl->l_whence = SEEK_SET;
	fl->l_start = l->start;
	fl->l_len = l->end == RANGE_END ? 0 : l->end - l->start + 1;
	fl->l_pid = l->class == LOCK_OFD ? -1 : l->pid;
	return 0;
}

long lock_fcntl(struct thread *th, struct file *f, int fd, u64 cmd, u64 arg)
{
	bool ofd = cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
	bool get = cmd == F_GETLK || cmd == F_OFD_GETLK;
	struct process *p = th->task->process;
	struct file_lock want = {.class = ofd ? LOCK_OFD : LOCK_POSIX, .pid = p->pid};
	struct inode *inode;
	struct flock fl;
	long ret;

	if (f->kind == FILE_PATH)
		return -EBADF;
	if (copy_from_user(&fl, arg, sizeof(fl)))
		return -EFAULT;
	if (ofd && fl.l_pid)
		return -EINVAL;
	if (fl.l_type != F_RDLCK && fl.l_type != F_WRLCK && (fl.l_type != F_UNLCK || (get && !ofd)))
		return -EINVAL;
	ret = range_of(th, f, fd, &fl, &want);
	if (ret < 0)
		return ret;
	want.owner = ofd ? (void *)f : (void *)p;
	want.exclusive = fl.l_type == F_WRLCK;
	inode = inode_of_file(th->host, f, fd);
	if (get) {
		get_lock(inode, &want, &fl);
		return copy_to_user(arg, &fl, sizeof(fl));
	}
	ret = check_access(f, fd, &fl);
	if (ret < 0 || !inode)
		return ret;
	if (fl.l_type == F_UNLCK)
		return release(th->host, inode, &want);
	if (cmd == F_SETLKW || cmd == F_OFD_SETLKW)
		return acquire_wait(th, inode, &want);
	return conflict(inode, &want) ? -EAGAIN : acquire(th->host, inode, &want);
}

SYSCALL_DEFINE(flock)
{
	struct file *f = fd_file(th, (s32)a[0]);
	struct file_lock want = {.class = LOCK_FLOCK, .owner = f, .end = RANGE_END};
	u32 op = (u32)a[1] & ~(u32)LOCK_NB;
	struct inode *inode;

	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	if (op != LOCK_SH && op != LOCK_EX && op != LOCK_UN)
		return -EINVAL;
	want.exclusive = op == LOCK_EX;
	want.pid = th->task->process->pid;
	inode = inode_of_file(th->host, f, (s32)a[0]);
	if (!inode)
		return 0;
	/* A conversion gives up the old lock first, as flock(2) says. */
	release(th->host, inode, &want);
	if (op == LOCK_UN)
		return 0;
	if (!conflict(inode, &want))
		return acquire(th->host, inode, &want);
	return a[1] & LOCK_NB ? -EWOULDBLOCK : acquire_wait(th, inode, &want);
}

static void drop_owned(struct host *h, struct inode *inode, void *owner)
{
	struct file_lock *l, *next;
	bool any = false;

	list_for_each_safe (l, next, &inode->locks, link) {
		if (l->owner == owner) {
			drop(h, l);
			any = true;
		}
	}
	if (any)
		waitq_wake_all(&inode->lock_wait);
}

static struct inode *known_inode(struct host *h, struct file *f)
{
	return inode_of_file(h, f, -1);
}

void lock_file_closed(struct host *h, struct process *p, struct file *f)
{
	struct inode *inode = known_inode(h, f);

	if (inode && !list_empty(&inode->locks))
		drop_owned(h, inode, p);
}

void lock_file_released(struct host *h, struct file *f)
{
	struct inode *inode = known_inode(h, f);

	if (inode && !list_empty(&inode->locks))
		drop_owned(h, inode, f);
}

void lock_process_exit(struct host *h, struct process *p)
{
	u32 fd;

	for (fd = 0; p->files && fd < p->files->size; fd++)
		if (p->files->ent[fd].file)
			lock_file_closed(h, p, p->files->ent[fd].file);
}

/* /proc/locks, in the order of the processes' files. */
static void put_lock(struct text_out *o, struct inode *inode, struct file_lock *l, u32 n)
{
	char end[24];

	if (l->end == RANGE_END)
		str_copy(end, "EOF", sizeof(end));
	else
		str_format(end, sizeof(end), "%lu", l->end);
	text_format(o, "%u: %s  ADVISORY  %s %d 08:01:%lu %lu %s\n", n,
		    l->class == LOCK_POSIX ? "POSIX"
		    : l->class == LOCK_OFD ? "OFDLCK"
					   : "FLOCK ",
		    l->exclusive ? "WRITE" : "READ ", l->class == LOCK_OFD ? -1 : l->pid,
		    inode->number, l->start, end);
}

long proc_locks_text(struct thread *th, const struct vnode *v, struct text_out *o)
{
	struct vfs *vfs = vfs_get(th->host);
	struct inode *inode, *best;
	struct file_lock *l;
	u64 last = 0;
	u32 n = 0, i;

	/* Ascending inode numbers: the hash's order follows the host's numbers. */
	do {
		best = NULL;
		for (i = 0; i < vfs->hash_size; i++)
			for (inode = vfs->hash[i]; inode; inode = inode->next)
				if (!list_empty(&inode->locks) && inode->number > last &&
				    (!best || inode->number < best->number))
					best = inode;
		if (!best)
			break;
		last = best->number;
		list_for_each (l, &best->locks, link)
			put_lock(o, best, l, ++n);
	} while (best);
	return 0;
}
