// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * signalfd: signals read from a descriptor. The signals are those of whoever
 * reads, not of whoever made it: it has no queue of its own, and sleepers wait on
 * the reading process's signal_wait. Belongs to the holder of the run token.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/signalfd.h>
#include "base/string.h"
#include "simkernel/anon.h"
#include "simkernel/arena.h"
#include "simkernel/poll.h"
#include "simkernel/syscall.h"

#ifndef SI_SIGIO
#define SI_SIGIO -5
#endif

struct signalfd {
	u64 set;
};

static bool signal_there(struct task *t, u64 set)
{
	return (t->pending.set | t->process->pending.set) & set;
}

/* Fields beside the common ones depend on who sent it, as in Linux's siginfo_layout(). */
static void describe(struct signalfd_siginfo *out, const siginfo_t *info)
{
	memset(out, 0, sizeof(*out));
	out->ssi_signo = info->si_signo;
	out->ssi_errno = info->si_errno;
	out->ssi_code = info->si_code;
	if (info->si_code == SI_TIMER) {
		out->ssi_tid = info->si_timerid;
		out->ssi_overrun = info->si_overrun;
	} else if (info->si_code == SI_SIGIO || (info->si_code > 0 && info->si_signo == SIGPOLL)) {
		out->ssi_band = info->si_band;
		out->ssi_fd = info->si_fd;
		return;
	} else if (info->si_code > 0 && info->si_signo == SIGCHLD) {
		out->ssi_pid = info->si_pid;
		out->ssi_uid = info->si_uid;
		out->ssi_status = info->si_status;
		out->ssi_utime = info->si_utime;
		out->ssi_stime = info->si_stime;
		return;
	} else if (info->si_code > 0 && info->si_code != SI_KERNEL &&
		   (info->si_signo == SIGSEGV || info->si_signo == SIGBUS ||
		    info->si_signo == SIGILL || info->si_signo == SIGFPE ||
		    info->si_signo == SIGTRAP)) {
		out->ssi_addr = (u64)info->si_addr;
		return;
	} else {
		out->ssi_pid = info->si_pid;
		out->ssi_uid = info->si_uid;
	}
	if (info->si_code < 0) {
		out->ssi_ptr = (u64)info->si_ptr;
		out->ssi_int = info->si_int;
	}
}

static long read_signals(struct thread *th, struct file *f, const struct iovec *iov, u32 n)
{
	struct task *t = th->task;
	struct signalfd *s = f->object;
	size_t room = iov_total(iov, n) / sizeof(struct signalfd_siginfo);
	struct signalfd_siginfo out;
	size_t done = 0;
	siginfo_t info;

	if (!room)
		return -EINVAL;
	while (done < room) {
		if (!signal_dequeue(t, s->set, &info)) {
			if (done)
				break;
			if (f->flags & O_NONBLOCK)
				return -EAGAIN;
			if (WAIT_ON(th, &t->process->signal_wait, signal_there(t, s->set),
				    TIME_NEVER))
				return -ERESTARTSYS;
			continue;
		}
		describe(&out, &info);
		if (iov_copy_to(iov, n, done * sizeof(out), &out, sizeof(out)) != sizeof(out))
			return done ? (long)(done * sizeof(out)) : -EFAULT;
		done++;
	}
	return done * sizeof(out);
}

static u32 signalfd_poll(struct thread *th, struct file *f)
{
	struct signalfd *s = f->object;

	return signal_there(th->task, s->set) ? POLLIN : 0;
}

static long signalfd_stat(struct thread *th, struct file *f, struct stat *st)
{
	anon_stat(th->host, st);
	return 0;
}

static void signalfd_release(struct host *h, struct file *f)
{
	arena_free(h, f->object);
}

static void signalfd_name(struct file *f, char *buf, size_t size)
{
	str_copy(buf, "anon_inode:[signalfd]", size);
}

const struct file_ops signalfd_file_ops = {
	.read = read_signals,
	.poll = signalfd_poll,
	.stat = signalfd_stat,
	.release = signalfd_release,
	.name = signalfd_name,
};

static long change_set(struct thread *th, int fd, u64 set)
{
	struct file *f = fd_peek(th->task->process, fd);

	if (!f || f->kind == FILE_PATH)
		return -EBADF;
	if (f->kind != FILE_SIGNALFD)
		return -EINVAL;
	((struct signalfd *)f->object)->set = set;
	waitq_wake(&th->task->process->signal_wait, 0);
	return fd;
}

static long make_signalfd(struct thread *th, int fd, u64 mask, u64 size, u32 flags)
{
	struct signalfd *s;
	struct file *f;
	u64 set;

	if (size != sizeof(set))
		return -EINVAL;
	if (get_user(set, mask))
		return -EFAULT;
	if (flags & ~(u32)(SFD_CLOEXEC | SFD_NONBLOCK))
		return -EINVAL;
	set &= ~(SIGBIT(SIGKILL) | SIGBIT(SIGSTOP));
	if (fd != -1)
		return change_set(th, fd, set);
	s = arena_alloc(th->host, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->set = set;
	f = file_create(th->host, FILE_SIGNALFD, O_RDWR | (flags & O_NONBLOCK), s);
	if (!f) {
		arena_free(th->host, s);
		return -ENFILE;
	}
	return fd_install(th, f, flags & O_CLOEXEC);
}

SYSCALL_DEFINE(signalfd)
{
	return make_signalfd(th, a[0], a[1], a[2], 0);
}

SYSCALL_DEFINE(signalfd4)
{
	return make_signalfd(th, a[0], a[1], a[2], a[3]);
}
