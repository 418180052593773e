// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pidfds: descriptors for processes. One waits on its process's exit queue
 * through a waiter of its own, so that whoever polls it, or watches it with
 * epoll, need not know the process. Belongs to the holder of the run token.
 */
#include <errno.h>
#include <fcntl.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/anon.h"
#include "simkernel/arena.h"
#include "simkernel/pidfd.h"
#include "simkernel/poll.h"
#include "simkernel/procfs.h"
#include "simkernel/syscall.h"

#define PIDFD_NONBLOCK		   O_NONBLOCK
#define PIDFD_SIGNAL_THREAD	   1U
#define PIDFD_SIGNAL_THREAD_GROUP  2U
#define PIDFD_SIGNAL_PROCESS_GROUP 4U

struct pidfd {
	struct process *process; /* NULL once it has been reaped */
	struct waiter exit_wait; /* on process->exit_wait */
};

struct file *pidfd_file(struct host *h, struct process *p, u32 flags)
{
	struct pidfd *d = arena_alloc(h, sizeof(*d));
	struct file *f = d ? file_create(h, FILE_PIDFD, O_RDWR | flags, d) : NULL;

	if (!f) {
		arena_free(h, d);
		return NULL;
	}
	d->process = p;
	d->exit_wait.kind = WAITER_FILE;
	d->exit_wait.owner = f;
	waitq_add(&p->exit_wait, &d->exit_wait);
	return f;
}

struct process *pidfd_process(struct file *f)
{
	return f->kind == FILE_PIDFD ? ((struct pidfd *)f->object)->process : NULL;
}

void pidfd_process_gone(struct process *p)
{
	struct waiter *w, *next;

	list_for_each_safe (w, next, &p->exit_wait.waiters, link) {
		struct file *f = w->owner;

		if (w->kind != WAITER_FILE)
			continue;
		waitq_remove(w);
		((struct pidfd *)f->object)->process = NULL;
		file_wake(f, POLLIN | POLLRDNORM | POLLHUP);
	}
}

static u32 pidfd_poll(struct thread *th, struct file *f)
{
	struct process *p = pidfd_process(f);

	if (!p)
		return POLLIN | POLLRDNORM | POLLHUP;
	return p->state == PROCESS_ZOMBIE ? POLLIN | POLLRDNORM : 0;
}

static long pidfd_stat(struct thread *th, struct file *f, struct stat *st)
{
	anon_stat(th->host, st);
	return 0;
}

static void pidfd_release(struct host *h, struct file *f)
{
	struct pidfd *d = f->object;

	if (d->process)
		waitq_remove(&d->exit_wait);
	arena_free(h, d);
}

static void pidfd_name(struct file *f, char *buf, size_t size)
{
	str_copy(buf, "anon_inode:[pidfd]", size);
}

void pidfd_fdinfo(struct file *f, struct text_out *o)
{
	struct process *p = pidfd_process(f);
	s32 pid = p ? p->pid : -1;

	text_format(o, "Pid:\t%d\nNSpid:\t%d\n", pid, pid);
}

const struct file_ops pidfd_file_ops = {
	.poll = pidfd_poll,
	.stat = pidfd_stat,
	.release = pidfd_release,
	.name = pidfd_name,
};

SYSCALL_DEFINE(pidfd_open)
{
	s32 pid = a[0];
	u32 flags = a[1];
	struct process *p;
	struct file *f;

	if (flags & ~(u32)PIDFD_NONBLOCK || pid <= 0)
		return -EINVAL;
	p = process_find(th->host, pid);
	if (!p) /* a thread that is not its process's leader has no pidfd */
		return task_find(th->host, pid) ? -EINVAL : -ESRCH;
	f = pidfd_file(th->host, p, flags);
	return f ? fd_install(th, f, O_CLOEXEC) : -ENOMEM;
}

/* As kill(2) would describe the sender. */
static void info_of_sender(struct thread *th, int sig, siginfo_t *info)
{
	struct process *self = th->task->process;

	memset(info, 0, sizeof(*info));
	info->si_signo = sig;
	info->si_code = SI_USER;
	info->si_pid = self->pid;
	info->si_uid = self->uid;
}

static long send_to_group(struct host *h, s32 pgid, int sig, const siginfo_t *info)
{
	struct process *p, *next;
	long ret = -ESRCH;

	list_for_each_safe (p, next, &h->processes, link) {
		if (p->pgid != pgid || p->state != PROCESS_ALIVE)
			continue;
		ret = sig ? signal_process(p, sig, info) : 0;
	}
	return ret;
}

/* A pidfd's process, or that of an open /proc/PID, which serves as well. False: neither. */
static bool process_behind(struct host *h, struct file *f, struct process **p)
{
	u64 pid;

	if (f->kind == FILE_PIDFD) {
		*p = pidfd_process(f);
		return true;
	}
	if (f->kind != FILE_PROCDIR || !f->path || !starts_with(f->path, "/proc/") ||
	    !str_to_u64(f->path + strlen("/proc/"), &pid))
		return false;
	*p = pid < PID_MAX ? process_find(h, pid) : NULL;
	return true;
}

SYSCALL_DEFINE(pidfd_send_signal)
{
	struct process *self = th->task->process, *p;
	int sig = a[1];
	u32 flags = a[3];
	siginfo_t info;
	struct file *f;

	if (flags & ~(PIDFD_SIGNAL_THREAD | PIDFD_SIGNAL_THREAD_GROUP |
		      PIDFD_SIGNAL_PROCESS_GROUP) ||
	    flags & (flags - 1))
		return -EINVAL;
	f = fd_file(th, a[0]);
	if (!f || !process_behind(th->host, f, &p))
		return -EBADF;
	if (a[2]) {
		if (get_user(info, a[2]))
			return -EFAULT;
		if (info.si_signo != sig)
			return -EINVAL;
		/* Only to oneself may one send what looks like a kernel's or a kill's signal. */
		if (p != self && (info.si_code >= 0 || info.si_code == SI_TKILL))
			return -EPERM;
	} else {
		info_of_sender(th, sig, &info);
	}
	if (sig < 0 || sig > NSIG_MAX)
		return -EINVAL;
	if (!p)
		return -ESRCH;
	if (flags & PIDFD_SIGNAL_PROCESS_GROUP)
		return send_to_group(th->host, p->pgid, sig, &info);
	if (!sig || p->state != PROCESS_ALIVE)
		return 0;
	return flags & PIDFD_SIGNAL_THREAD ? signal_task(p->leader, sig, &info)
					   : signal_process(p, sig, &info);
}

/*
 * A copy of the other process's descriptor under the lowest free number: the
 * host's pidfd for it would hold that number, so the copy replaces it.
 */
static long host_getfd(struct process *p, int fd)
{
	long pidfd, copy, ret;

	pidfd = hostcall(SYS_pidfd_open, p->host_pid, 0);
	if (pidfd < 0)
		return pidfd;
	copy = hostcall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (copy < 0) {
		hostcall(SYS_close, pidfd);
		return copy;
	}
	ret = hostcall(SYS_dup3, copy, pidfd, O_CLOEXEC);
	hostcall(SYS_close, copy);
	return ret;
}

SYSCALL_DEFINE(pidfd_getfd)
{
	struct file *f, *wanted;
	struct process *p;
	long fd;

	if (a[2])
		return -EINVAL;
	f = fd_file(th, a[0]);
	if (!f || f->kind != FILE_PIDFD)
		return -EBADF;
	p = pidfd_process(f);
	if (!p || p->state != PROCESS_ALIVE)
		return -ESRCH;
	wanted = fd_peek(p, a[1]);
	if (!wanted)
		return -EBADF;
	th->host->call_used_host = true;
	fd = host_getfd(p, a[1]);
	if (fd < 0)
		return fd;
	file_get(wanted);
	return fd_install_at(th, wanted, fd, true);
}
