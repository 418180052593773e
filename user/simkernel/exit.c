// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Death: exit, exit_group, being killed, and what the parent hears of it.
 *
 * A process ends in the arena first, with all that belongs to it, and only then
 * on the host. Its other threads are parked and hold nothing but what
 * task_release_call() knows, so they need not run again. Belongs to the holder
 * of the run token, or to the supervisor when it buries a holder.
 */
#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/hostids.h"
#include "simkernel/ids.h"
#include "simkernel/mm.h"
#include "simkernel/inotify.h"
#include "simkernel/pidfd.h"
#include "simkernel/pty.h"
#include "simkernel/record.h"
#include "simkernel/strace.h"
#include "simkernel/syscall.h"

static void end_vfork(struct process *p)
{
	struct task *parent = p->vfork_parent;

	p->vfork_parent = NULL;
	if (parent) {
		parent->vfork_pending = false;
		task_wake(parent);
	}
}

/* A dying task may be the sleeping parent of a vfork child. */
static void forget_vfork_children(struct process *p)
{
	struct process *child;

	list_for_each (child, &p->children, sibling)
		if (child->vfork_parent && child->vfork_parent->process == p)
			child->vfork_parent = NULL;
}

static void reparent_children(struct host *h, struct process *p)
{
	struct process *child, *next, *heir = p->parent;

	while (heir && heir != h->init && !(heir->child_subreaper && heir->state == PROCESS_ALIVE))
		heir = heir->parent;
	if (!heir)
		heir = h->init;
	list_for_each_safe (child, next, &p->children, sibling) {
		list_del(&child->sibling);
		child->parent = heir;
		child->exit_signal = SIGCHLD;
		list_add_tail(&child->sibling, &heir->children);
		if (child->state != PROCESS_ZOMBIE)
			continue;
		if (heir == h->init)
			process_free(child);
		else
			process_notify_parent(child);
	}
}

static int exit_code(u32 wait_status, int *status)
{
	if (WIFEXITED(wait_status)) {
		*status = WEXITSTATUS(wait_status);
		return CLD_EXITED;
	}
	*status = WTERMSIG(wait_status);
	return WCOREDUMP(wait_status) ? CLD_DUMPED : CLD_KILLED;
}

void process_notify_parent(struct process *p)
{
	struct process *parent = p->parent;
	const struct k_sigaction *act;
	siginfo_t info = {0};
	int status;

	if (!parent || !parent->sighand)
		return;
	waitq_wake_all(&parent->child_wait);
	if (!p->exit_signal)
		return;
	info.si_signo = p->exit_signal;
	info.si_code = exit_code(p->wait_status, &status);
	info.si_pid = p->pid;
	info.si_uid = p->uid;
	info.si_status = status;
	info.si_utime = (process_cpu_ns(p) - p->dead_sys_ns) / 10000000;
	info.si_stime = p->dead_sys_ns / 10000000;
	act = &parent->sighand->action[p->exit_signal];
	if (p->exit_signal == SIGCHLD && act->handler == (u64)SIG_IGN)
		return;
	signal_process(parent, p->exit_signal, &info);
}

static bool parent_ignores(struct process *p)
{
	const struct k_sigaction *act;

	if (!p->parent || p->parent == p->host->init || !p->parent->sighand)
		return true;
	if (p->exit_signal != SIGCHLD)
		return false;
	act = &p->parent->sighand->action[SIGCHLD];
	return act->handler == (u64)SIG_IGN || (act->flags & SA_NOCLDWAIT);
}

void process_free(struct process *p)
{
	struct host *h = p->host;

	pidfd_process_gone(p);
	/* An epoll that outlives p may still watch p's signals. */
	waitq_dissolve(&p->signal_wait);
	list_del(&p->sibling);
	list_del(&p->link);
	h->pid_process[p->pid] = NULL;
	arena_free(h, p->leader);
	arena_free(h, p);
}

/* All that a process owns in the arena; what is left is its zombie. */
static void bury(struct host *h, struct process *p, u32 wait_status)
{
	struct task *t, *next;
	struct files *files = p->files;

	strace_flush(h, p);
	forget_vfork_children(p);
	ptrace_process_exit(h, p);
	list_for_each_safe (t, next, &p->threads, thread_link)
		task_reap(t);
	lock_process_exit(h, p);
	p->files = NULL;
	files_put(h, files);
	if (h->watched_events)
		inotify_after_call(h, NULL, SYS_exit_group);
	timer_disarm(h, &p->real_timer);
	timers_process_exit(h, p);
	ipc_process_exit(h, p);
	mm_put(h, p->mm);
	p->mm = NULL;
	sigpending_flush(h, &p->pending, ~0UL);
	if (!--p->sighand->refs)
		arena_free(h, p->sighand);
	p->sighand = NULL;
	p->state = PROCESS_ZOMBIE;
	p->wait_status = wait_status;
	jobs_process_exit(h, p);
	pty_process_exit(h, p);
	reparent_children(h, p);
	end_vfork(p);
	waitq_wake_all(&p->exit_wait);
	if (p == h->main) {
		h->main_status = wait_status;
		h->main = NULL;
		sim_end(h, END_MAIN_EXITED, "%s", "");
	}
	process_notify_parent(p);
	if (parent_ignores(p))
		process_free(p);
}

static void note_end(struct host *h, struct task *t, u32 status)
{
	char name[16];

	if (recording(h))
		record_ended(h, t, status);
	if (WIFEXITED(status))
		strace_note(h, t, "+++ exited with %d +++", WEXITSTATUS(status));
	else
		strace_note(h, t, "+++ killed by %s%s +++", signal_name(WTERMSIG(status), name),
			    WCOREDUMP(status) ? " (core dumped)" : "");
}

/* Only this process uses its host descriptors: give up locks and files before others run. */
static void close_host_files(struct process *p)
{
	if (p->files->refs == 1)
		hostcall(SYS_close_range, 0, ~0U, 0);
}

void process_exit(struct thread *th, u32 wait_status)
{
	struct process *p = th->task->process;
	struct host *h = th->host;
	struct task *t;

	p->exiting = true;
	list_for_each (t, &p->threads, thread_link)
		futex_exit_task(th, t);
	if (p->mm->refs > 1 && th->task->clear_child_tid) {
		u32 zero = 0;

		put_user(zero, th->task->clear_child_tid);
		futex_wake_address(th, th->task->clear_child_tid, 1);
	}
	note_end(h, th->task, wait_status);
	close_host_files(p);
	bury(h, p, wait_status);
	h->current = NULL;
	th->engine->exit_process(th, sched_pick_next(h), wait_status);
}

/* The host process must be gone before others see its files unlocked and its pid dead. */
static void kill_host_process(s32 host_pid)
{
	struct pollfd pfd = {.events = POLLIN};

	pfd.fd = hostcall(SYS_pidfd_open, host_pid, 0);
	if (pfd.fd < 0)
		return;
	hostcall(SYS_pidfd_send_signal, pfd.fd, SIGKILL, 0, 0);
	while (hostcall(SYS_poll, &pfd, 1, -1) == -EINTR)
		;
	hostcall(SYS_close, pfd.fd);
}

void process_kill(struct host *h, struct process *p, u32 wait_status)
{
	s32 host_pid = p->host_dead ? 0 : p->host_pid;

	if (p->state != PROCESS_ALIVE)
		return;
	p->exiting = true;
	note_end(h, p->leader, wait_status);
	if (host_pid)
		kill_host_process(host_pid);
	bury(h, p, wait_status);
}

static void thread_exit(struct thread *th)
{
	struct task *t = th->task;
	struct host *h = th->host;

	futex_exit_task(th, t);
	if (t->clear_child_tid) {
		u32 zero = 0;

		put_user(zero, t->clear_child_tid);
		futex_wake_address(th, t->clear_child_tid, 1);
	}
	if (recording(h))
		record_ended(h, t, 0);
	strace_note(h, t, "+++ exited +++");
	signal_task_exit(t);
	task_reap(t);
	h->current = NULL;
	th->engine->exit_thread(th, sched_pick_next(h));
}

SYSCALL_DEFINE(exit)
{
	if (th->task->process->nthreads > 1)
		thread_exit(th);
	process_exit(th, (a[0] & 0xff) << 8);
}

SYSCALL_DEFINE(exit_group)
{
	process_exit(th, (a[0] & 0xff) << 8);
}

static void drop_other_threads(struct thread *th)
{
	struct process *p = th->task->process;
	struct task *t, *next, *self = th->task;
	struct host *h = th->host;

	if (p->nthreads > 1) {
		list_for_each_safe (t, next, &p->threads, thread_link)
			if (t != self)
				task_reap(t);
	}
	if (p->leader == self)
		return;
	/* The thread that executes takes the process's number. */
	h->pid_task[self->tid] = NULL;
	arena_free(h, p->leader);
	p->leader = self;
	self->tid = p->pid;
	h->pid_task[self->tid] = self;
}

static long unshare_for_exec(struct host *h, struct process *p)
{
	struct sighand *s;
	int sig;

	if (p->sighand->refs > 1) {
		s = arena_alloc(h, sizeof(*s));
		if (!s)
			return -ENOMEM;
		memcpy(s, p->sighand, sizeof(*s));
		s->refs = 1;
		p->sighand->refs--;
		p->sighand = s;
	}
	for (sig = 1; sig <= NSIG_MAX; sig++) {
		struct k_sigaction *act = &p->sighand->action[sig];
		bool ignored = act->handler == (u64)SIG_IGN;

		memset(act, 0, sizeof(*act));
		if (ignored)
			act->handler = (u64)SIG_IGN;
	}
	if (p->files->refs > 1) {
		struct files *f = files_copy(h, p->files);

		if (!f)
			return -ENOMEM;
		p->files->refs--;
		p->files = f;
	}
	return 0;
}

void exec_fd_close(struct process *p)
{
	if (p->exec_fd)
		hostcall(SYS_close, p->exec_fd);
	p->exec_fd = 0;
}

/* exe is absolute, or the link of a file that has no name, as "/memfd:x (deleted)". */
static void set_exe(struct process *p, const char *exe)
{
	long n = p->exec_fd ? hostcall(SYS_readlink, exe, p->exe, sizeof(p->exe) - 1) : 0;

	if (n > 0)
		p->exe[n] = 0;
	else
		str_copy(p->exe, exe, sizeof(p->exe));
	exec_fd_close(p);
}

void process_exec_done(struct thread *th, const char *exe, const char *name)
{
	struct process *p = th->task->process;
	struct task *t = th->task;
	struct host *h = th->host;
	const char *base = strrchr(name, '/');
	struct mm *mm;

	drop_other_threads(th);
	mm = mm_create(h);
	if (!mm || unshare_for_exec(h, p)) {
		sim_end(h, END_NO_MEMORY, "the arena is full: no room for a new program image");
		sched_park(th);
	}
	mm_put(h, p->mm);
	p->mm = mm;
	files_close_on_exec(h, p);
	timers_process_exec(h, p);
	cred_exec(p);
	host_ids_follow(p);
	if (p == h->main && !p->execed)
		limits_start(p);
	set_exe(p, exe);
	str_copy(p->name, name, sizeof(p->name));
	str_copy(t->comm, base ? base + 1 : name, sizeof(t->comm));
	t->altstack = (stack_t){.ss_flags = SS_DISABLE};
	t->clear_child_tid = t->set_child_tid = t->robust_list = 0;
	p->execed = true;
	p->dumpable = true;
	if (recording(h))
		record_executed(h, t, exe);
	end_vfork(p);
}
