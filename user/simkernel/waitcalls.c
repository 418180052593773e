// SPDX-License-Identifier: GPL-2.0-or-later
/* wait4 and waitid. Belong to the holder of the run token. */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include "base/string.h"
#include "simkernel/pidfd.h"
#include "simkernel/syscall.h"

#define WAIT_CLONE 0x80000000U /* __WCLONE */
#define WAIT_ALL   0x40000000U /* __WALL */

struct wait_query {
	int type; /* P_ALL, P_PID, P_PGID */
	s32 id;
	u32 options;
	siginfo_t info;
	u32 status;
	struct rusage usage;
};

static void fill_usage(struct rusage *ru, u64 cpu_ns, u64 sys_ns)
{
	u64 user_us = (cpu_ns > sys_ns ? cpu_ns - sys_ns : 0) / 1000, sys_us = sys_ns / 1000;

	memset(ru, 0, sizeof(*ru));
	ru->ru_utime.tv_sec = user_us / 1000000;
	ru->ru_utime.tv_usec = user_us % 1000000;
	ru->ru_stime.tv_sec = sys_us / 1000000;
	ru->ru_stime.tv_usec = sys_us % 1000000;
}

static bool eligible(struct process *child, const struct wait_query *q)
{
	if (q->type == P_PID && child->pid != q->id)
		return false;
	if (q->type == P_PGID && child->pgid != q->id)
		return false;
	if (q->options & WAIT_ALL)
		return true;
	return (child->exit_signal != SIGCHLD) == !!(q->options & WAIT_CLONE);
}

static void reap_zombie(struct process *parent, struct process *child, struct wait_query *q)
{
	u64 cpu = process_cpu_ns(child) + child->children_cpu_ns;
	u64 sys = child->dead_sys_ns + child->children_sys_ns;

	q->status = child->wait_status;
	fill_usage(&q->usage, cpu, sys);
	q->info.si_code = WIFEXITED(q->status)	 ? CLD_EXITED
			  : WCOREDUMP(q->status) ? CLD_DUMPED
						 : CLD_KILLED;
	q->info.si_status = WIFEXITED(q->status) ? WEXITSTATUS(q->status) : WTERMSIG(q->status);
	if (q->options & WNOWAIT)
		return;
	parent->children_cpu_ns += cpu;
	parent->children_sys_ns += sys;
	process_free(child);
}

/* Takes what one child has to tell, if anything. */
static bool take_state(struct process *parent, struct process *child, struct wait_query *q)
{
	q->info.si_signo = SIGCHLD;
	q->info.si_pid = child->pid;
	q->info.si_uid = child->uid;
	if (child->state == PROCESS_ZOMBIE && (q->options & WEXITED)) {
		reap_zombie(parent, child, q);
		return true;
	}
	if (child->state == PROCESS_ZOMBIE)
		return false;
	fill_usage(&q->usage, process_cpu_ns(child), 0);
	if (child->stopped && !child->stop_reported && (q->options & WSTOPPED)) {
		child->stop_reported = !(q->options & WNOWAIT);
		q->status = child->stop_signal << 8 | 0x7f;
		q->info.si_code = CLD_STOPPED;
		q->info.si_status = child->stop_signal;
		return true;
	}
	if (child->continued && (q->options & WCONTINUED)) {
		child->continued = q->options & WNOWAIT;
		q->status = 0xffff;
		q->info.si_code = CLD_CONTINUED;
		q->info.si_status = SIGCONT;
		return true;
	}
	return false;
}

/* 1: found; 0: children, but nothing yet; -ECHILD. */
static long look(struct thread *th, struct wait_query *q)
{
	struct process *p = th->task->process, *child;
	bool traces = false;
	struct task *stopped = NULL;
	long ret = -ECHILD;

	if (p->ntraced && q->type != P_PGID)
		stopped = ptrace_take_stop(p, q->type == P_ALL, q->id, &traces);
	if (stopped) {
		q->id = stopped->tid;
		q->status = SIGSTOP << 8 | 0x7f;
		q->info.si_pid = stopped->tid;
		q->info.si_code = CLD_TRAPPED;
		q->info.si_status = SIGSTOP;
		return 1;
	}
	if (traces)
		ret = 0;

	list_for_each (child, &p->children, sibling) {
		s32 pid = child->pid;

		if (!eligible(child, q))
			continue;
		ret = 0;
		if (take_state(p, child, q)) {
			q->id = pid;
			return 1;
		}
	}
	return ret;
}

static long do_wait(struct thread *th, struct wait_query *q)
{
	struct process *p = th->task->process;
	long found = 0, ret;

	ret = WAIT_ON(th, &p->child_wait, (found = look(th, q)) || (q->options & WNOHANG),
		      TIME_NEVER);
	return ret == -EINTR ? -ERESTARTSYS : found;
}

SYSCALL_DEFINE(wait4)
{
	struct wait_query q = {.options = (u32)a[2] | WEXITED};
	s32 pid = a[0];
	long ret;

	if ((u32)a[2] & ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | WAIT_CLONE | WAIT_ALL))
		return -EINVAL;
	if (pid == INT_MIN)
		return -ESRCH;
	q.type = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
	q.id = pid > 0 ? pid : pid ? -pid : th->task->process->pgid;
	ret = do_wait(th, &q);
	if (ret <= 0)
		return ret;
	if (a[1] && put_user(q.status, a[1]))
		return -EFAULT;
	if (a[3] && put_user(q.usage, a[3]))
		return -EFAULT;
	return q.id;
}

static long waitid_target(struct thread *th, struct wait_query *q, u64 type, u64 id)
{
	struct process *p;
	struct file *f;

	q->type = type;
	q->id = id;
	switch (type) {
	case P_ALL:
		return 0;
	case P_PID:
		return q->id > 0 ? 0 : -EINVAL;
	case P_PGID:
		if (!q->id)
			q->id = th->task->process->pgid;
		return q->id > 0 ? 0 : -EINVAL;
	case P_PIDFD:
		f = q->id < 0 ? NULL : fd_file(th, q->id);
		if (q->id < 0)
			return -EINVAL;
		if (!f || f->kind != FILE_PIDFD)
			return -EBADF;
		p = pidfd_process(f);
		if (f->flags & O_NONBLOCK)
			q->options |= 0x10000000; /* EAGAIN instead of sleeping */
		q->type = P_PID;
		q->id = p ? p->pid : -1;
		return 0;
	}
	return -EINVAL;
}

SYSCALL_DEFINE(waitid)
{
	struct wait_query q = {.options = (u32)a[3]};
	bool again;
	long ret;

	if (q.options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD |
			  WAIT_CLONE | WAIT_ALL))
		return -EINVAL;
	if (!(q.options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	ret = waitid_target(th, &q, a[0], a[1]);
	if (ret)
		return ret;
	again = (q.options & 0x10000000) && !(q.options & WNOHANG);
	if (again)
		q.options |= WNOHANG;
	ret = do_wait(th, &q);
	if (ret < 0)
		return ret;
	if (!ret && again)
		return -EAGAIN;
	if (!ret)
		memset(&q.info, 0, sizeof(q.info));
	if (a[2] && put_user(q.info, a[2]))
		return -EFAULT;
	if (ret && a[4] && put_user(q.usage, a[4]))
		return -EFAULT;
	return 0;
}
