// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sessions and process groups: who is in which, and what an exit does to the
 * stopped group that it leaves without anybody to continue it. Groups are
 * numbers in struct process; there is no table of them.
 */
#include <errno.h>
#include "simkernel/ids.h"
#include "simkernel/syscall.h"

static bool group_in_session(struct host *h, s32 pgid, s32 sid)
{
	struct process *p;

	list_for_each (p, &h->processes, link)
		if (p->pgid == pgid && p->sid == sid)
			return true;
	return false;
}

SYSCALL_DEFINE(setpgid)
{
	struct process *self = th->task->process, *p;
	s32 pid = a[0] ? (s32)a[0] : self->pid, pgid = a[1] ? (s32)a[1] : pid;

	if (pgid < 0)
		return -EINVAL;
	p = process_find(th->host, pid);
	if (!p)
		return task_find(th->host, pid) ? -EINVAL : -ESRCH;
	if (p->parent == self) {
		if (p->sid != self->sid)
			return -EPERM;
		if (p->execed)
			return -EACCES;
	} else if (p != self) {
		return -ESRCH;
	}
	if (p->sid == p->pid)
		return -EPERM;
	if (pgid != p->pid && !group_in_session(th->host, pgid, self->sid))
		return -EPERM;
	p->pgid = pgid;
	return 0;
}

/* The process of a pid argument; 0 is the caller. */
static struct process *process_arg(struct thread *th, s32 pid)
{
	return pid ? process_of_tid(th->host, pid) : th->task->process;
}

SYSCALL_DEFINE(getpgid)
{
	struct process *p = process_arg(th, a[0]);

	return p ? p->pgid : -ESRCH;
}

SYSCALL_DEFINE(getpgrp)
{
	return th->task->process->pgid;
}

SYSCALL_DEFINE(getsid)
{
	struct process *p = process_arg(th, a[0]);

	return p ? p->sid : -ESRCH;
}

SYSCALL_DEFINE(setsid)
{
	struct process *p = th->task->process, *o;

	if (p->sid == p->pid)
		return -EPERM;
	list_for_each (o, &th->host->processes, link)
		if (o->pgid == p->pid)
			return -EPERM;
	p->sid = p->pgid = p->pid;
	return p->pid;
}

void jobs_process_exit(struct host *h, struct process *p)
{
	struct process *c, *next;
	siginfo_t info;

	list_for_each_safe (c, next, &p->children, sibling)
		if (c->pdeath_signal && c->state == PROCESS_ALIVE) {
			signal_info_from(p, c->pdeath_signal, SI_USER, &info);
			signal_process(c, c->pdeath_signal, &info);
		}
	signal_orphans(p);
}
