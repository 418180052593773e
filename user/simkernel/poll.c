// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * poll and ppoll, and the readiness of a file for whoever asks.
 *
 * A call that finds something ready, or may not wait, queues nothing. One that
 * sleeps keeps its waiters and a reference to each file in task->poll, which
 * task_release_call() frees when the call ends or its task dies in it. Belongs
 * to the holder of the run token.
 */
#include <errno.h>
#include <fcntl.h>
#include "base/hostcall.h"
#include "simkernel/arena.h"
#include "simkernel/clocks.h"
#include "simkernel/poll.h"
#include "simkernel/poll_table.h"
#include "simkernel/syscall.h"

u32 file_poll(struct thread *th, struct file *f)
{
	const struct file_ops *ops = file_ops[f->kind];

	return ops && ops->poll ? ops->poll(th, f) : POLL_ALWAYS;
}

struct waitq *file_waitq(struct thread *th, struct file *f)
{
	return f->kind == FILE_SIGNALFD ? &th->task->process->signal_wait : &f->wait;
}

bool file_can_poll(struct file *f)
{
	switch ((enum file_kind)f->kind) {
	case FILE_HOST:
	case FILE_DIR:
	case FILE_TEXT:
	case FILE_PROCDIR:
	case FILE_PATH:
		return false;
	default:
		return true;
	}
}

static bool owned_by(const struct file *f, const struct process *p)
{
	return f->owner_pid > 0 ? p->pid == f->owner_pid : p->pgid == -f->owner_pid;
}

/* F_SETOWN: a positive number is a process, a negative one a group. */
static void send_sigio(struct file *f, u32 events)
{
	int sig = f->owner_signal ? f->owner_signal : SIGIO;
	siginfo_t info = {.si_signo = sig, .si_code = events & POLLIN ? POLL_IN : POLL_OUT};
	struct process *p, *next;

	info.si_band = events;
	info.si_fd = f->async_fd;
	list_for_each_safe (p, next, &f->host->processes, link)
		if (owned_by(f, p) && p->state == PROCESS_ALIVE)
			signal_process(p, sig, f->owner_signal ? &info : NULL);
}

void file_wake(struct file *f, u32 events)
{
	if (!list_empty(&f->wait.waiters))
		waitq_wake(&f->wait, events);
	if (unlikely(f->flags & O_ASYNC) && f->owner_pid &&
	    (f->kind == FILE_PIPE || f->kind == FILE_SOCKET))
		send_sigio(f, events);
}

bool poll_table_begin(struct thread *th, u32 room)
{
	struct poll_table *t = arena_alloc(th->host, sizeof(*t) + room * sizeof(t->entry[0]));

	if (!t)
		return false;
	t->room = room;
	th->task->poll = t;
	return true;
}

void poll_table_add(struct thread *th, struct file *f, u32 events)
{
	struct poll_table *t = th->task->poll;
	struct poll_entry *e = &t->entry[t->used++];

	file_get(f);
	e->file = f;
	e->waiter.kind = WAITER_TASK;
	e->waiter.owner = th->task;
	e->waiter.key = events | POLLERR | POLLHUP;
	waitq_add(file_waitq(th, f), &e->waiter);
}

void poll_table_release(struct task *t)
{
	struct poll_table *table = t->poll;
	u32 i;

	if (!table)
		return;
	t->poll = NULL;
	for (i = 0; i < table->used; i++) {
		waitq_remove(&table->entry[i].waiter);
		file_put(table->entry[i].file);
	}
	arena_free(t->host, table);
}

struct file *poll_file(struct thread *th, int fd)
{
	struct file *f = fd_peek(th->task->process, fd);

	return f && f->kind != FILE_PATH ? f : NULL;
}

long deadline_from_timespec(struct thread *th, u64 addr, u64 *deadline_ns)
{
	s64 ns;
	long ret;

	*deadline_ns = TIME_NEVER;
	if (!addr)
		return 0;
	ret = timespec_from_user(addr, &ns);
	if (!ret)
		*deadline_ns = deadline_after(th->host, ns);
	return ret;
}

long poll_mask_begin(struct thread *th, u64 mask, u64 size)
{
	u64 set;
	long ret;

	if (!mask)
		return 0;
	ret = sigset_from_user(mask, size, &set);
	if (ret)
		return ret;
	signal_temporary_mask(th->task, set);
	return 0;
}

void poll_mask_end(struct thread *th, long ret)
{
	struct task *t = th->task;

	if (!t->restore_mask || ret == -EINTR || ret == -ERESTARTNOHAND)
		return;
	t->restore_mask = false;
	signal_set_blocked(t, t->saved_mask);
}

/* Fills in revents; the number of entries that have any. */
static u32 scan(struct thread *th, struct pollfd *fds, u32 n)
{
	u32 ready = 0, i;

	for (i = 0; i < n; i++) {
		struct file *f;
		u32 events = 0;

		if (fds[i].fd >= 0) {
			f = poll_file(th, fds[i].fd);
			events = f ? file_poll(th, f) & ((u16)fds[i].events | POLLERR | POLLHUP)
				   : POLLNVAL;
		}
		fds[i].revents = events;
		ready += events != 0;
	}
	return ready;
}

static long queue_waiters(struct thread *th, const struct pollfd *fds, u32 n)
{
	u32 i;

	if (!poll_table_begin(th, n))
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if (fds[i].fd >= 0)
			poll_table_add(th, poll_file(th, fds[i].fd), (u16)fds[i].events);
	return 0;
}

/* Waits for one of n files: how many are ready, 0 after the deadline, -ERESTARTNOHAND. */
static long wait_for_files(struct thread *th, struct pollfd *fds, u32 n, u64 deadline_ns)
{
	long ready, ret;

	ready = scan(th, fds, n);
	if (ready || deadline_ns <= host_now(th->host))
		return ready;
	ret = n ? queue_waiters(th, fds, n) : 0;
	while (!ret) {
		ret = task_sleep(th, deadline_ns);
		ready = scan(th, fds, n);
		if (ready)
			break;
	}
	poll_table_release(th->task);
	if (ready || ret == -ETIMEDOUT)
		return ready;
	return ret == -EINTR ? -ERESTARTNOHAND : ret;
}

#define POLLFDS_ON_STACK 32

static long do_poll(struct thread *th, u64 ufds, u32 n, u64 deadline_ns)
{
	struct process *p = th->task->process;
	struct pollfd few[POLLFDS_ON_STACK];
	struct pollfd *fds = few;
	bool may_sleep = deadline_ns > host_now(th->host);
	long ret;
	u32 i;

	if (n > p->rlimit[RLIMIT_NOFILE].rlim_cur)
		return -EINVAL;
	if (n > ARRAY_SIZE(few)) {
		fds = th->task->scratch = arena_alloc(th->host, n * sizeof(*fds));
		if (!fds)
			return -ENOMEM;
	}
	if (n && copy_from_user(fds, ufds, n * sizeof(*fds)))
		return -EFAULT;
	ret = wait_for_files(th, fds, n, deadline_ns);
	if (ret < 0)
		return ret;
	for (i = 0; i < n; i++)
		if (put_user(fds[i].revents,
			     ufds + i * sizeof(*fds) + offsetof(struct pollfd, revents)))
			return -EFAULT;
	if (!ret && !may_sleep)
		sched_asked_in_vain(th);
	return ret;
}

SYSCALL_DEFINE(poll)
{
	s32 timeout_ms = a[2];
	u64 deadline_ns = TIME_NEVER;
	long ret;

	if (timeout_ms >= 0)
		deadline_ns = deadline_after(th->host, timeout_ms * (s64)NSEC_PER_MSEC);
	deadline_ns = restart_deadline(th, deadline_ns);
	ret = do_poll(th, a[0], a[1], deadline_ns);
	return ret == -ERESTARTNOHAND ? restart_later(th, SYS_poll, a, deadline_ns) : ret;
}

/* Linux gives the time that is left back, and prefers the result to an error in doing so. */
long poll_finish_timespec(struct thread *th, u64 addr, u64 deadline_ns, long ret)
{
	u64 now = host_now(th->host);
	u64 left = deadline_ns > now ? deadline_ns - now : 0;
	struct timespec ts = {.tv_sec = left / NSEC_PER_SEC, .tv_nsec = left % NSEC_PER_SEC};

	poll_mask_end(th, ret);
	if (!addr || deadline_ns == TIME_NEVER)
		return ret;
	if (put_user(ts, addr) && ret == -ERESTARTNOHAND)
		return -EINTR;
	return ret;
}

SYSCALL_DEFINE(ppoll)
{
	u64 deadline_ns;
	long ret;

	ret = deadline_from_timespec(th, a[2], &deadline_ns);
	if (ret)
		return ret;
	ret = poll_mask_begin(th, a[3], a[4]);
	if (ret)
		return ret;
	ret = do_poll(th, a[0], a[1], deadline_ns);
	return poll_finish_timespec(th, a[2], deadline_ns, ret);
}
