// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * As much of ptrace as a process needs to stop its own threads and look at them,
 * which LeakSanitizer does at the end of every ASan program: a child that shares
 * the address space attaches to each thread, reads its registers, detaches.
 * Tracing another program is refused by name: it would see the engine.
 *
 * In a simulation a task that does not run has its registers in the runtime
 * already, so that attaching is nothing but keeping it off the ready queue.
 * Belongs to the holder of the run token.
 */
#include <elf.h>
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include "simkernel/syscall.h"

static void let_go(struct task *t)
{
	t->tracer->ntraced--;
	t->tracer = NULL;
	t->trace_stopped = t->trace_reported = false;
	if (t->state == TASK_STOPPED && !t->process->stopped)
		task_start(t);
}

void ptrace_task_gone(struct task *t)
{
	if (t->tracer)
		t->tracer->ntraced--;
	t->tracer = NULL;
}

void ptrace_process_exit(struct host *h, struct process *p)
{
	struct process *other;
	struct task *t;

	if (!p->ntraced)
		return;
	list_for_each (other, &h->processes, link)
		list_for_each (t, &other->threads, thread_link)
			if (t->tracer == p)
				let_go(t);
}

struct task *ptrace_take_stop(struct process *p, bool all, s32 tid, bool *any)
{
	struct process *other;
	struct task *t;

	list_for_each (other, &p->host->processes, link) {
		list_for_each (t, &other->threads, thread_link) {
			if (t->tracer != p || (!all && t->tid != tid))
				continue;
			*any = true;
			if (!t->trace_stopped || t->trace_reported)
				continue;
			t->trace_reported = true;
			return t;
		}
	}
	return NULL;
}

static long attach(struct thread *th, struct task *t)
{
	struct process *self = th->task->process;

	if (t->tracer || t->process == self)
		return -EPERM;
	if (t->process->mm != self->mm) {
		sim_note(th->host, "refused: ptrace of another program (%s, by %s)", t->comm,
			 th->task->comm);
		return -EPERM;
	}
	t->tracer = self;
	t->trace_stopped = true;
	t->trace_reported = false;
	self->ntraced++;
	task_unready(t);
	return 0;
}

static long get_regset(const struct user_regs_struct *regs, u64 kind, u64 uiov)
{
	struct iovec iov;

	if (kind != NT_PRSTATUS)
		return -EINVAL;
	if (get_user(iov, uiov))
		return -EFAULT;
	iov.iov_len = min(iov.iov_len, sizeof(*regs));
	if (copy_to_user((u64)iov.iov_base, regs, iov.iov_len))
		return -EFAULT;
	return put_user(iov, uiov);
}

SYSCALL_DEFINE(ptrace)
{
	struct user_regs_struct regs;
	struct task *t;

	if (a[0] == PTRACE_TRACEME) {
		sim_note(th->host, "refused: %s asked to be traced", th->task->comm);
		return -EPERM;
	}
	t = task_find(th->host, a[1]);
	if (!t)
		return -ESRCH;
	if (a[0] == PTRACE_ATTACH)
		return attach(th, t);
	if (t->tracer != th->task->process || !t->trace_stopped)
		return a[0] == PTRACE_SEIZE ? -EPERM : -ESRCH;
	th->engine->get_registers(t->thread, &regs);
	switch (a[0]) {
	case PTRACE_GETREGS:
		return put_user(regs, a[3]);
	case PTRACE_GETREGSET:
		return get_regset(&regs, a[2], a[3]);
	case PTRACE_DETACH:
		let_go(t);
		return 0;
	}
	return -EIO;
}
