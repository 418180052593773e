// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pseudo-terminals: both ends as open files, the names /dev/ptmx and /dev/pts/N,
 * controlling terminals and job control. The host's are never used: reading one
 * would wait there.
 *
 * A pair lives while either end is open. Owns the table in struct vfs; belongs to
 * the holder of the run token.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/pty.h"
#include "simkernel/vfs.h"

#define TTY_MAJOR_PTS 136
#define GROUP_TTY     5
#define TENTH_NS      (NSEC_PER_SEC / 10)
#define POLL_ROOM     (POLLOUT | POLLWRNORM)
#define POLL_DATA     (POLLIN | POLLRDNORM)

struct pty *pty_find(struct host *h, u64 number)
{
	return h->inodes && number < PTY_MAX ? vfs_get(h)->ptys[number] : NULL;
}

void pty_signal(struct pty *p, s32 pgrp, int sig)
{
	struct process *process;

	list_for_each (process, &p->host->processes, link)
		if (pgrp && process->pgid == pgrp && process->state == PROCESS_ALIVE)
			signal_process(process, sig, NULL);
}

void pty_wake_slaves(struct pty *p, u32 events)
{
	struct pty_end *end;

	list_for_each (end, &p->slaves, link)
		file_wake(end->file, events);
}

void pty_wake_master(struct pty *p, u32 events)
{
	if (p->master)
		file_wake(p->master, events);
}

struct pty *pty_controlling(struct thread *th)
{
	struct process *process = th->task->process;
	u64 n;

	for (n = 0; n < PTY_MAX; n++) {
		struct pty *p = pty_find(th->host, n);

		if (p && p->session == process->sid)
			return p;
	}
	return NULL;
}

void pty_stat(const struct pty *p, struct stat *st)
{
	s64 ns = p->host->config.start_ns;

	memset(st, 0, sizeof(*st));
	st->st_dev = DEV_PTS;
	st->st_ino = p->number + 3;
	st->st_nlink = 1;
	st->st_mode = S_IFCHR | 0620;
	st->st_uid = p->uid;
	st->st_gid = GROUP_TTY;
	st->st_rdev = TTY_MAJOR_PTS << 8 | p->number;
	st->st_blksize = 1024;
	st->st_mtim.tv_sec = ns / (s64)NSEC_PER_SEC;
	st->st_atim = st->st_ctim = st->st_mtim;
}

void pty_process_exit(struct host *h, struct process *process)
{
	u64 n;

	if (process->sid != process->pid)
		return;
	for (n = 0; n < PTY_MAX; n++) {
		struct pty *p = pty_find(h, n);

		if (!p || p->session != process->sid)
			continue;
		pty_signal(p, p->pgrp, SIGHUP);
		pty_signal(p, p->pgrp, SIGCONT);
		p->session = p->pgrp = 0;
	}
}

static struct file *make_end(struct host *h, struct pty *p, enum file_kind kind, u32 flags)
{
	struct pty_end *end = arena_alloc(h, sizeof(*end));
	struct file *f = end ? file_create(h, kind, flags & (O_ACCMODE | O_NONBLOCK), end) : NULL;

	if (!f) {
		arena_free(h, end);
		return NULL;
	}
	end->pty = p;
	end->file = f;
	list_init(&end->link);
	return f;
}

/* Whether the terminal that we were started on has that number. */
static bool is_outside(struct thread *th, u32 number)
{
	struct stat st;
	char name[32];

	str_format(name, sizeof(name), "/dev/pts/%u", number);
	return !hostcall(SYS_stat, name, &st) && has_terminal(th, &st);
}

struct file *pty_open_master(struct thread *th, u32 flags, long *err)
{
	struct vfs *v = vfs_get(th->host);
	struct pty *p;
	u32 n;

	*err = -ENOSPC;
	for (n = 0; n < PTY_MAX && (v->ptys[n] || is_outside(th, n)); n++)
		;
	if (n == PTY_MAX)
		return NULL;
	*err = -ENOMEM;
	p = arena_alloc(th->host, sizeof(*p));
	if (!p)
		return NULL;
	p->host = th->host;
	p->number = n;
	p->locked = true;
	p->uid = th->task->process->uid;
	list_init(&p->slaves);
	ldisc_defaults(&p->termios);
	p->master = make_end(th->host, p, FILE_PTMX, flags);
	if (!p->master) {
		arena_free(th->host, p);
		return NULL;
	}
	v->ptys[n] = p;
	return p->master;
}

static void set_controlling(struct pty *p, struct process *process)
{
	p->session = process->sid;
	p->pgrp = process->pgid;
}

struct file *pty_open_slave(struct thread *th, struct pty *p, u32 flags, long *err)
{
	struct process *process = th->task->process;
	struct pty_end *end;
	struct file *f;

	*err = -EIO;
	if (p->locked || !p->master)
		return NULL;
	*err = -ENOMEM;
	f = make_end(th->host, p, FILE_TTY, flags);
	if (!f)
		return NULL;
	end = f->object;
	list_add_tail(&end->link, &p->slaves);
	p->had_slave = true;
	if (!(flags & O_NOCTTY) && process->sid == process->pid && !p->session &&
	    !pty_controlling(th))
		set_controlling(p, process);
	return f;
}

static struct pty *pty_of(struct file *f)
{
	return ((struct pty_end *)f->object)->pty;
}

static void free_if_unused(struct host *h, struct pty *p)
{
	if (p->master || !list_empty(&p->slaves))
		return;
	vfs_get(h)->ptys[p->number] = NULL;
	arena_free(h, p);
}

static void master_release(struct host *h, struct file *f)
{
	struct pty *p = pty_of(f);
	struct process *leader = p->session ? process_find(h, p->session) : NULL;

	p->master = NULL;
	p->in_len = p->lines = 0;
	if (leader && leader->state == PROCESS_ALIVE) {
		signal_process(leader, SIGHUP, NULL);
		signal_process(leader, SIGCONT, NULL);
	}
	if (p->pgrp && (!leader || leader->pgid != p->pgrp)) {
		pty_signal(p, p->pgrp, SIGHUP);
		pty_signal(p, p->pgrp, SIGCONT);
	}
	p->session = p->pgrp = 0;
	pty_wake_slaves(p, POLL_DATA | POLL_ROOM | POLLHUP | POLLERR);
	arena_free(h, f->object);
	free_if_unused(h, p);
}

static void slave_release(struct host *h, struct file *f)
{
	struct pty_end *end = f->object;
	struct pty *p = end->pty;

	list_del(&end->link);
	arena_free(h, end);
	if (list_empty(&p->slaves))
		pty_wake_master(p, POLLHUP | POLL_DATA);
	free_if_unused(h, p);
}

static bool no_slave(const struct pty *p)
{
	return p->had_slave && list_empty(&p->slaves);
}

static long master_read(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct pty *p = pty_of(f);
	size_t len = min(iov_total(iov, n), (size_t)PTY_OUT_BYTES);
	long ret;

	if (!p->out_len && !no_slave(p) && f->flags & O_NONBLOCK)
		return -EAGAIN;
	if (WAIT_ON(th, &f->wait, p->out_len || no_slave(p), TIME_NEVER))
		return -ERESTARTSYS;
	if (!p->out_len)
		return -EIO;
	ret = iov_copy_to(iov, n, 0, p->out, min(len, (size_t)p->out_len));
	if (ret <= 0)
		return ret;
	p->out_len -= ret;
	memmove(p->out, p->out + ret, p->out_len);
	pty_wake_slaves(p, POLL_ROOM);
	return ret;
}

static long master_write(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct pty *p = pty_of(f);
	size_t len = iov_total(iov, n), done = 0;
	u8 chunk[256];
	long got, i;

	while (done < len) {
		got = iov_copy_from(chunk, iov, n, done, min(len - done, sizeof(chunk)));
		if (got <= 0)
			return done ? (long)done : got;
		for (i = 0; i < got; i++)
			ldisc_input(p, chunk[i]);
		done += got;
	}
	if (ldisc_readable(p))
		pty_wake_slaves(p, POLL_DATA);
	if (p->out_len)
		pty_wake_master(p, POLL_DATA); /* the echo */
	return done;
}

static u32 master_poll(struct thread *th, struct file *f)
{
	struct pty *p = pty_of(f);

	return POLL_ROOM | (p->out_len ? POLL_DATA : 0) | (no_slave(p) ? POLLHUP : 0);
}

/* A background process asks for sig's kind of access: 0 when it may go on. */
static long check_foreground(struct thread *th, struct pty *p, int sig)
{
	struct process *process = th->task->process;
	bool deaf;

	if (!p->session || p->session != process->sid || process->pgid == p->pgrp)
		return 0;
	deaf = th->task->blocked & SIGBIT(sig) ||
	       process->sighand->action[sig].handler == (u64)SIG_IGN;
	if (deaf)
		return sig == SIGTTIN ? -EIO : 0;
	if (pgrp_is_orphaned(th->host, process->pgid, NULL))
		return -EIO;
	pty_signal(p, process->pgid, sig);
	return -ERESTARTSYS;
}

/* Waits as VMIN and VTIME say; 0 when a look is worth while, though perhaps in vain. */
static long wait_input(struct thread *th, struct file *f, struct pty *p)
{
	const u8 *cc = p->termios.c_cc;
	bool raw = !(p->termios.c_lflag & ICANON);
	u64 deadline_ns = TIME_NEVER;
	long ret;

	if (raw && !cc[VMIN] && !cc[VTIME])
		return 0;
	if (f->flags & O_NONBLOCK)
		return p->master && !p->in_len ? -EAGAIN : 0;
	if (raw && cc[VTIME] && (!cc[VMIN] || p->in_len))
		deadline_ns = host_now(th->host) + cc[VTIME] * TENTH_NS;
	ret = WAIT_ON(th, &f->wait, ldisc_readable(p) || !p->master, deadline_ns);
	return ret == -EINTR ? -ERESTARTSYS : 0;
}

static long slave_read(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct pty *p = pty_of(f);
	u8 chunk[512];
	u32 len = min(iov_total(iov, n), sizeof(chunk));
	long ret = check_foreground(th, p, SIGTTIN);

	if (!ret && !ldisc_readable(p))
		ret = wait_input(th, f, p);
	if (ret < 0)
		return ret;
	if (!p->master)
		return 0;
	if (p->termios.c_lflag & ICANON && !p->lines)
		return -EAGAIN;
	ret = ldisc_take(p, chunk, len);
	return ret > 0 ? iov_copy_to(iov, n, 0, chunk, ret) : ret;
}

static long slave_write(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct pty *p = pty_of(f);
	size_t len = iov_total(iov, n), done = 0;
	long ret = p->termios.c_lflag & TOSTOP ? check_foreground(th, p, SIGTTOU) : 0;
	u8 c;

	if (ret < 0)
		return ret;
	while (done < len) {
		if (!p->master)
			return done ? (long)done : -EIO;
		if (iov_copy_from(&c, iov, n, done, 1) != 1)
			return done ? (long)done : -EFAULT;
		if (ldisc_output(p, c)) {
			done++;
			continue;
		}
		pty_wake_master(p, POLL_DATA);
		if (f->flags & O_NONBLOCK)
			return done ? (long)done : -EAGAIN;
		if (WAIT_ON(th, &f->wait, p->out_len + 2 <= PTY_OUT_BYTES || !p->master,
			    TIME_NEVER))
			return done ? (long)done : -ERESTARTSYS;
	}
	pty_wake_master(p, POLL_DATA);
	return done;
}

static u32 slave_poll(struct thread *th, struct file *f)
{
	struct pty *p = pty_of(f);

	if (!p->master)
		return POLL_DATA | POLL_ROOM | POLLHUP | POLLERR;
	return (ldisc_readable(p) ? POLL_DATA : 0) |
	       (p->out_len + 2 <= PTY_OUT_BYTES ? POLL_ROOM : 0);
}

static long set_termios(struct thread *th, struct file *f, struct pty *p, u64 arg, bool flush)
{
	struct termios t;
	long ret = f->kind == FILE_TTY ? check_foreground(th, p, SIGTTOU) : 0;

	if (ret < 0)
		return ret;
	if (copy_from_user(&t, arg, sizeof(t)))
		return -EFAULT;
	if (flush)
		p->in_len = p->lines = 0;
	/* What was typed before lines were wanted is one. */
	if (t.c_lflag & ICANON && !(p->termios.c_lflag & ICANON) && p->in_len && !p->lines) {
		p->mark[p->in_len - 1] = MARK_LINE_END;
		p->lines = 1;
	}
	p->termios = t;
	if (ldisc_readable(p))
		pty_wake_slaves(p, POLL_DATA);
	return 0;
}

static long set_foreground(struct thread *th, struct pty *p, u64 arg)
{
	struct process *self = th->task->process, *other;
	s32 pgrp;
	long ret;

	if (!p->session || p->session != self->sid)
		return -ENOTTY;
	ret = check_foreground(th, p, SIGTTOU);
	if (ret < 0)
		return ret;
	if (get_user(pgrp, arg))
		return -EFAULT;
	if (pgrp < 0)
		return -EINVAL;
	list_for_each (other, &th->host->processes, link) {
		if (other->pgid != pgrp)
			continue;
		if (other->sid != self->sid)
			return -EPERM;
		p->pgrp = pgrp;
		return 0;
	}
	return -ESRCH;
}

static long take_terminal(struct thread *th, struct pty *p)
{
	struct process *self = th->task->process;

	if (self->sid == self->pid && p->session == self->sid)
		return 0;
	if (self->sid != self->pid || pty_controlling(th) || p->session)
		return -EPERM;
	set_controlling(p, self);
	return 0;
}

static long leave_terminal(struct thread *th, struct pty *p)
{
	struct process *self = th->task->process;

	if (p->session != self->sid)
		return -ENOTTY;
	if (self->sid == self->pid) {
		pty_signal(p, p->pgrp, SIGHUP);
		pty_signal(p, p->pgrp, SIGCONT);
		p->session = p->pgrp = 0;
	}
	return 0;
}

static long set_size(struct pty *p, u64 arg)
{
	struct winsize old = p->size;

	if (get_user(p->size, arg))
		return -EFAULT;
	if (memcmp(&old, &p->size, sizeof(old)))
		pty_signal(p, p->pgrp, SIGWINCH);
	return 0;
}

static long flush_queues(struct pty *p, u64 which)
{
	if (which != TCIFLUSH && which != TCOFLUSH && which != TCIOFLUSH)
		return -EINVAL;
	if (which != TCOFLUSH)
		p->in_len = p->lines = 0;
	if (which != TCIFLUSH)
		p->out_len = 0;
	pty_wake_slaves(p, POLL_ROOM);
	return 0;
}

/* Questions about who the terminal belongs to. */
static long group_ioctl(struct thread *th, struct file *f, struct pty *p, u32 cmd, u64 arg)
{
	bool ours = p->session && (f->kind == FILE_PTMX || p->session == th->task->process->sid);

	switch (cmd) {
	case TIOCGPGRP:
		return ours ? put_user(p->pgrp, arg) : -ENOTTY;
	case TIOCGSID:
		return ours ? put_user(p->session, arg) : -ENOTTY;
	case TIOCSPGRP:
		return set_foreground(th, p, arg);
	case TIOCSCTTY:
		return take_terminal(th, p);
	}
	return leave_terminal(th, p);
}

static long tty_ioctl(struct thread *th, struct file *f, u64 cmd, u64 arg)
{
	struct pty *p = pty_of(f);
	u32 count;

	switch ((u32)cmd) {
	case TCGETS:
		return put_user(p->termios, arg);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_termios(th, f, p, arg, (u32)cmd == TCSETSF);
	case TIOCGWINSZ:
		return put_user(p->size, arg);
	case TIOCSWINSZ:
		return set_size(p, arg);
	case FIONREAD:
		count = f->kind == FILE_PTMX ? p->out_len : ldisc_readable(p) ? p->in_len : 0;
		return put_user(count, arg);
	case TIOCOUTQ:
		count = f->kind == FILE_PTMX ? 0 : p->out_len;
		return put_user(count, arg);
	case TCFLSH:
		return flush_queues(p, arg);
	case TCSBRK:
	case TCXONC:
	case TIOCEXCL:
	case TIOCNXCL:
		return 0;
	case TIOCGPGRP:
	case TIOCGSID:
	case TIOCSPGRP:
	case TIOCSCTTY:
	case TIOCNOTTY:
		return group_ioctl(th, f, p, cmd, arg);
	}
	return -ENOTTY;
}

static long master_ioctl(struct thread *th, struct file *f, u64 cmd, u64 arg)
{
	struct pty *p = pty_of(f);
	struct file *peer;
	long err;
	s32 on;

	switch ((u32)cmd) {
	case TIOCGPTN:
		return put_user(p->number, arg);
	case TIOCSPTLCK:
		if (get_user(on, arg))
			return -EFAULT;
		p->locked = on;
		return 0;
	case TIOCGPTLCK:
		on = p->locked;
		return put_user(on, arg);
	case TIOCGPTPEER:
		peer = pty_open_slave(th, p, arg, &err);
		return peer ? fd_install(th, peer, arg & O_CLOEXEC) : err;
	}
	return tty_ioctl(th, f, cmd, arg);
}

static long tty_stat(struct thread *th, struct file *f, struct stat *st)
{
	pty_stat(pty_of(f), st);
	return 0;
}

/* Every master is the one device that was opened. */
static long master_stat(struct thread *th, struct file *f, struct stat *st)
{
	pty_stat(pty_of(f), st);
	st->st_ino = 2;
	st->st_rdev = 5 << 8 | 2;
	st->st_mode = S_IFCHR | 0666;
	return 0;
}

static void master_name(struct file *f, char *buf, size_t size)
{
	str_copy(buf, "/dev/ptmx", size);
}

static void slave_name(struct file *f, char *buf, size_t size)
{
	str_format(buf, size, "/dev/pts/%u", pty_of(f)->number);
}

const struct file_ops ptmx_file_ops = {
	.read = master_read,
	.write = master_write,
	.poll = master_poll,
	.ioctl = master_ioctl,
	.stat = master_stat,
	.release = master_release,
	.name = master_name,
};

const struct file_ops tty_file_ops = {
	.read = slave_read,
	.write = slave_write,
	.poll = slave_poll,
	.ioctl = tty_ioctl,
	.stat = tty_stat,
	.release = slave_release,
	.name = slave_name,
};
