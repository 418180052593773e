// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inotify. The host's kernel watches the host's files and keeps the queue: an
 * inotify descriptor of a guest is one of the host, always nonblocking. What the
 * host must not do is wake: a guest that waits for events sleeps in the arena,
 * and every call that could have caused one wakes it to look. Guests run one at
 * a time and the host queues events before the call that causes them returns,
 * so what is found, and when, is the same in every run.
 *
 * Cookies, which the host numbers for all its processes together, are numbered
 * anew in each instance. Belongs to the holder of the run token.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/anon.h"
#include "simkernel/arena.h"
#include "simkernel/inotify.h"
#include "simkernel/poll.h"
#include "simkernel/vfs.h"

#define READ_MAX (64UL << 10)

struct inotify {
	struct list link; /* anon_table.inotify */
	struct file *file;
	s32 queued;		 /* bytes in the host's queue at the last look */
	u32 host_cookie, cookie; /* of the latest rename that was read */
};

/* Bytes in the host's queue; -1 when the calling process does not have the descriptor. */
static s32 queued_bytes(struct thread *th, struct file *f)
{
	int fd = th ? file_fd(th, f) : -1;
	s32 bytes;

	if (fd < 0 || hostcall(SYS_ioctl, fd, FIONREAD, &bytes))
		return -1;
	return bytes;
}

/* Gives the events in buf cookies of this instance. */
static void number_cookies(struct inotify *in, u8 *buf, size_t n)
{
	size_t at = 0;

	while (at + sizeof(struct inotify_event) <= n) {
		struct inotify_event *ev = (struct inotify_event *)(buf + at);

		if (ev->cookie) {
			if (ev->cookie != in->host_cookie)
				in->cookie++;
			in->host_cookie = ev->cookie;
			ev->cookie = in->cookie;
		}
		at += sizeof(*ev) + ev->len;
	}
}

static long read_now(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct inotify *in = f->object;
	size_t room = min(iov_total(iov, n), READ_MAX);
	u8 *buf = th->task->scratch;
	long got;

	if (!buf)
		buf = th->task->scratch = arena_alloc(th->host, READ_MAX);
	if (!buf)
		return -ENOMEM;
	got = pass(th, SYS_read, file_fd(th, f), buf, room);
	if (got <= 0)
		return got;
	in->queued = max(queued_bytes(th, f), 0);
	number_cookies(in, buf, got);
	return iov_copy_to(iov, n, 0, buf, got) == got ? got : -EFAULT;
}

static long read_events(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct iovec local[4];

	/* A long iovec lies in scratch, which we need: its first pieces have to do. */
	n = min(n, (u32)ARRAY_SIZE(local));
	memcpy(local, iov, n * sizeof(*iov));
	if ((void *)iov == th->task->scratch) {
		arena_free(th->host, th->task->scratch);
		th->task->scratch = NULL;
	}
	for (;;) {
		long ret = read_now(th, f, local, n);

		if (ret != -EAGAIN || f->flags & O_NONBLOCK)
			return ret;
		if (WAIT_ON(th, &f->wait, queued_bytes(th, f) > 0, TIME_NEVER))
			return -ERESTARTSYS;
	}
}

static u32 inotify_poll(struct thread *th, struct file *f)
{
	return queued_bytes(th, f) > 0 ? POLLIN | POLLRDNORM : 0;
}

static long inotify_ioctl(struct thread *th, struct file *f, u64 cmd, u64 arg)
{
	return cmd == FIONREAD ? pass(th, SYS_ioctl, file_fd(th, f), cmd, arg) : -ENOTTY;
}

static long inotify_stat(struct thread *th, struct file *f, struct stat *st)
{
	anon_stat(th->host, st);
	return 0;
}

static void inotify_release(struct host *h, struct file *f)
{
	struct inotify *in = f->object;

	list_del(&in->link);
	arena_free(h, in);
	if (list_empty(&anon_table(h)->inotify))
		h->watched_events = 0;
}

static void inotify_name(struct file *f, char *buf, size_t size)
{
	str_copy(buf, "anon_inode:inotify", size);
}

const struct file_ops inotify_file_ops = {
	.read = read_events,
	.poll = inotify_poll,
	.ioctl = inotify_ioctl,
	.stat = inotify_stat,
	.release = inotify_release,
	.name = inotify_name,
};

#define OPENS	(IN_OPEN | IN_CREATE | IN_MODIFY | IN_ACCESS | IN_CLOSE)
#define CLOSES	(IN_CLOSE | IN_DELETE_SELF) /* perhaps the last close of an unlinked file */
#define MOVES	(IN_MOVE | IN_MOVE_SELF | IN_DELETE | IN_DELETE_SELF | IN_ATTRIB)
#define REMOVES (IN_DELETE | IN_DELETE_SELF | IN_ATTRIB)
#define MAKES	(IN_CREATE | IN_ATTRIB)

/* Events that a call can cause on some host file; none for calls that are not here. */
static const u32 events_of[SYSCALL_SLOTS] = {
	[SYS_read] = IN_ACCESS,
	[SYS_pread64] = IN_ACCESS,
	[SYS_readv] = IN_ACCESS,
	[SYS_preadv] = IN_ACCESS,
	[SYS_preadv2] = IN_ACCESS,
	[SYS_getdents] = IN_ACCESS,
	[SYS_getdents64] = IN_ACCESS,
	[SYS_write] = IN_MODIFY,
	[SYS_pwrite64] = IN_MODIFY,
	[SYS_writev] = IN_MODIFY,
	[SYS_pwritev] = IN_MODIFY,
	[SYS_pwritev2] = IN_MODIFY,
	[SYS_truncate] = IN_MODIFY,
	[SYS_ftruncate] = IN_MODIFY,
	[SYS_fallocate] = IN_MODIFY,
	[SYS_sendfile] = IN_ACCESS | IN_MODIFY,
	[SYS_splice] = IN_ACCESS | IN_MODIFY,
	[SYS_copy_file_range] = IN_ACCESS | IN_MODIFY,
	[SYS_open] = OPENS,
	[SYS_openat] = OPENS,
	[SYS_openat2] = OPENS,
	[SYS_creat] = OPENS,
	[SYS_execve] = OPENS,
	[SYS_execveat] = OPENS,
	[SYS_close] = CLOSES,
	[SYS_close_range] = CLOSES,
	[SYS_dup2] = CLOSES,
	[SYS_dup3] = CLOSES,
	[SYS_exit_group] = CLOSES,
	[SYS_rename] = MOVES,
	[SYS_renameat] = MOVES,
	[SYS_renameat2] = MOVES,
	[SYS_unlink] = REMOVES,
	[SYS_unlinkat] = REMOVES,
	[SYS_rmdir] = REMOVES,
	[SYS_mkdir] = MAKES,
	[SYS_mkdirat] = MAKES,
	[SYS_mknod] = MAKES,
	[SYS_mknodat] = MAKES,
	[SYS_symlink] = MAKES,
	[SYS_symlinkat] = MAKES,
	[SYS_link] = MAKES,
	[SYS_linkat] = MAKES,
	[SYS_bind] = MAKES,
	[SYS_chmod] = IN_ATTRIB,
	[SYS_fchmod] = IN_ATTRIB,
	[SYS_fchmodat] = IN_ATTRIB,
	[SYS_chown] = IN_ATTRIB,
	[SYS_fchown] = IN_ATTRIB,
	[SYS_lchown] = IN_ATTRIB,
	[SYS_fchownat] = IN_ATTRIB,
	[SYS_utime] = IN_ATTRIB,
	[SYS_utimes] = IN_ATTRIB,
	[SYS_futimesat] = IN_ATTRIB,
	[SYS_utimensat] = IN_ATTRIB,
	[SYS_setxattr] = IN_ATTRIB,
	[SYS_lsetxattr] = IN_ATTRIB,
	[SYS_fsetxattr] = IN_ATTRIB,
	[SYS_removexattr] = IN_ATTRIB,
	[SYS_lremovexattr] = IN_ATTRIB,
	[SYS_fremovexattr] = IN_ATTRIB,
	[SYS_inotify_rm_watch] = IN_IGNORED,
};

void inotify_after_call(struct host *h, struct thread *th, u64 nr)
{
	struct inotify *in, *next;

	if (nr >= SYSCALL_SLOTS || !(events_of[nr] & h->watched_events))
		return;
	list_for_each_safe (in, next, &anon_table(h)->inotify, link) {
		s32 bytes = queued_bytes(th, in->file);

		if (bytes >= 0 && bytes == in->queued)
			continue;
		in->queued = bytes;
		file_wake(in->file, POLLIN | POLLRDNORM);
	}
}

static long make_inotify(struct thread *th, u32 flags)
{
	struct host *h = th->host;
	struct anon_table *table = anon_table(h);
	struct inotify *in;
	struct file *f;
	long fd;

	if (flags & ~(u32)(IN_CLOEXEC | IN_NONBLOCK))
		return -EINVAL;
	in = table ? arena_alloc(h, sizeof(*in)) : NULL;
	if (!in)
		return -ENOMEM;
	f = file_create(h, FILE_INOTIFY, O_RDONLY | (flags & O_NONBLOCK), in);
	if (!f) {
		arena_free(h, in);
		return -ENFILE;
	}
	in->file = f;
	list_add_tail(&in->link, &table->inotify);
	fd = pass(th, SYS_inotify_init1, IN_NONBLOCK | (flags & IN_CLOEXEC));
	if (fd < 0) {
		file_put(f);
		return fd;
	}
	return fd_install_at(th, f, fd, flags & IN_CLOEXEC);
}

SYSCALL_DEFINE(inotify_init)
{
	return make_inotify(th, 0);
}

SYSCALL_DEFINE(inotify_init1)
{
	return make_inotify(th, a[0]);
}

static long check_inotify(struct thread *th, int fd)
{
	struct file *f = fd_file(th, fd);

	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	return f->kind == FILE_INOTIFY ? 0 : -EINVAL;
}

SYSCALL_DEFINE(inotify_add_watch)
{
	long ret = check_inotify(th, a[0]);

	if (!ret)
		ret = pass(th, SYS_inotify_add_watch, a[0], a[1], a[2]);
	/* That a watch has ended is told whatever was asked for. */
	if (ret >= 0)
		th->host->watched_events |= (a[2] & IN_ALL_EVENTS) | IN_DELETE_SELF | IN_IGNORED;
	return ret;
}

SYSCALL_DEFINE(inotify_rm_watch)
{
	long ret = check_inotify(th, a[0]);

	return ret ? ret : pass(th, SYS_inotify_rm_watch, a[0], a[1]);
}
