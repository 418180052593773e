// SPDX-License-Identifier: GPL-2.0-or-later
/* The system calls that send signals, and who may send to whom. */
#include <errno.h>
#include "base/string.h"
#include "simkernel/ids.h"
#include "simkernel/syscall.h"

#define CAP_KILL 5

long signal_permission(struct process *from, struct process *to, int sig)
{
	struct id_set *mine, *theirs;

	if (from == to)
		return 0;
	if (sig == SIGCONT && from->sid == to->sid)
		return 0;
	if (cred_capable(from, CAP_KILL))
		return 0;
	if (to == to->host->init)
		return -EPERM;
	mine = &process_cred(from)->uid;
	theirs = &process_cred(to)->uid;
	if (mine->effective == theirs->saved || mine->effective == theirs->real ||
	    mine->real == theirs->saved || mine->real == theirs->real)
		return 0;
	return -EPERM;
}

static long send_checked(struct thread *th, struct process *to, int sig, const siginfo_t *info)
{
	long ret;

	if (sig < 0 || sig > NSIG_MAX)
		return -EINVAL;
	ret = signal_permission(th->task->process, to, sig);
	if (ret || !sig)
		return ret;
	return signal_process(to, sig, info);
}

void signal_info_from(struct process *from, int sig, int code, siginfo_t *info)
{
	memset(info, 0, sizeof(*info));
	info->si_signo = sig;
	info->si_code = code;
	info->si_pid = from->pid;
	info->si_uid = process_cred(from)->uid.real;
}

struct process *process_of_tid(struct host *h, s32 pid)
{
	struct task *t = task_find(h, pid);

	return t ? t->process : process_find(h, pid);
}

static long kill_group(struct thread *th, s32 pgid, int sig, const siginfo_t *info)
{
	struct process *p, *tmp;
	bool success = false;
	long ret = -ESRCH;

	list_for_each_safe (p, tmp, &th->host->processes, link) {
		long err;

		if (p->pgid != pgid || p == th->host->init)
			continue;
		err = send_checked(th, p, sig, info);
		success |= !err;
		ret = err;
	}
	return success ? 0 : ret;
}

static long kill_all(struct thread *th, int sig, const siginfo_t *info)
{
	struct process *p, *tmp;
	long ret = 0;
	bool any = false;

	list_for_each_safe (p, tmp, &th->host->processes, link) {
		long err;

		if (p == th->host->init || p == th->task->process)
			continue;
		err = send_checked(th, p, sig, info);
		any = true;
		if (err != -EPERM)
			ret = err;
	}
	return any ? ret : -ESRCH;
}

SYSCALL_DEFINE(kill)
{
	s32 pid = a[0];
	int sig = a[1];
	struct process *p;
	siginfo_t info;

	signal_info_from(th->task->process, sig, SI_USER, &info);
	if (pid == -1)
		return kill_all(th, sig, &info);
	if (pid == INT_MIN)
		return -ESRCH;
	if (pid <= 0)
		return kill_group(th, pid ? -pid : th->task->process->pgid, sig, &info);
	p = process_of_tid(th->host, pid);
	return p ? send_checked(th, p, sig, &info) : -ESRCH;
}

/* To one thread; tgid 0: whatever process it belongs to. */
static long send_to_task(struct thread *th, s32 tgid, s32 tid, int sig, const siginfo_t *info)
{
	struct task *t = task_find(th->host, tid);
	long ret;

	if (!t || (tgid && t->process->pid != tgid))
		return -ESRCH;
	if (sig < 0 || sig > NSIG_MAX)
		return -EINVAL;
	ret = signal_permission(th->task->process, t->process, sig);
	if (ret || !sig)
		return ret;
	return signal_task(t, sig, info);
}

SYSCALL_DEFINE(tkill)
{
	siginfo_t info;

	if ((s32)a[0] <= 0)
		return -EINVAL;
	signal_info_from(th->task->process, a[1], SI_TKILL, &info);
	return send_to_task(th, 0, a[0], a[1], &info);
}

SYSCALL_DEFINE(tgkill)
{
	siginfo_t info;

	if ((s32)a[0] <= 0 || (s32)a[1] <= 0)
		return -EINVAL;
	signal_info_from(th->task->process, a[2], SI_TKILL, &info);
	return send_to_task(th, a[0], a[1], a[2], &info);
}

/* Nobody may pretend to be the kernel, or kill(), to another process. */
static bool may_claim(struct thread *th, s32 pid, const siginfo_t *info)
{
	return (info->si_code < 0 && info->si_code != SI_TKILL) || th->task->process->pid == pid;
}

SYSCALL_DEFINE(rt_sigqueueinfo)
{
	struct process *p;
	siginfo_t info;

	if (get_user(info, a[2]))
		return -EFAULT;
	info.si_signo = a[1];
	if (!may_claim(th, a[0], &info))
		return -EPERM;
	p = process_of_tid(th->host, a[0]);
	return p ? send_checked(th, p, a[1], &info) : -ESRCH;
}

SYSCALL_DEFINE(rt_tgsigqueueinfo)
{
	siginfo_t info;

	if (get_user(info, a[3]))
		return -EFAULT;
	info.si_signo = a[2];
	if ((s32)a[0] <= 0 || (s32)a[1] <= 0)
		return -EINVAL;
	if (!may_claim(th, a[0], &info))
		return -EPERM;
	return send_to_task(th, a[0], a[1], a[2], &info);
}
