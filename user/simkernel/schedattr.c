// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scheduling attributes: nice values, policies, CPU affinity, I/O priority. The
 * run token knows none of them (ready threads take turns); they are kept and
 * checked as Linux does, so that programs see what they set.
 */
#include <errno.h>
#include <linux/sched.h>
#include "simkernel/clocks.h"
#include "simkernel/ids.h"
#include "simkernel/syscall.h"

#define CAP_SYS_NICE_ 23
#define RT_PRIO_MAX   99
#define RR_SLICE_NS   100000000L
#define PRIO_PROCESS_ 0
#define PRIO_PGRP_    1
#define PRIO_USER_    2

SYSCALL_DEFINE(sched_yield)
{
	if (th->host->nready)
		sched_yield_token(th);
	sched_asked_in_vain(th);
	return 0;
}

static struct task *task_arg(struct thread *th, s32 tid)
{
	struct task *t = tid ? task_find(th->host, tid) : th->task;
	struct process *p = t ? NULL : process_find(th->host, tid);

	return p ? p->leader : t; /* of init or a zombie, the structure is all there is */
}

/* Same user, or allowed to change anybody's scheduling. */
static bool may_change(struct thread *th, struct task *t)
{
	struct process *self = th->task->process;
	u32 euid = process_cred(self)->uid.effective;
	struct id_set *uid = &process_cred(t->process)->uid;

	return euid == uid->effective || euid == uid->real || cred_capable(self, CAP_SYS_NICE_);
}

struct selection { /* of getpriority() and setpriority() */
	s32 which, who;
};

static bool selected(struct thread *th, const struct selection *s, struct task *t)
{
	struct process *self = th->task->process;
	u32 uid;

	switch (s->which) {
	case PRIO_PROCESS_:
		return t == (s->who ? task_find(th->host, s->who) : th->task);
	case PRIO_PGRP_:
		return t->process->pgid == (s->who ? s->who : self->pgid);
	}
	uid = s->who ? (u32)s->who : process_cred(self)->uid.real;
	return process_cred(t->process)->uid.real == uid;
}

SYSCALL_DEFINE(getpriority)
{
	struct selection s = {a[0], a[1]};
	struct process *p;
	struct task *t;
	long best = -ESRCH;

	if (s.which < PRIO_PROCESS_ || s.which > PRIO_USER_)
		return -EINVAL;
	list_for_each (p, &th->host->processes, link)
		list_for_each (t, &p->threads, thread_link)
			if (selected(th, &s, t))
				best = max(best, 20L - t->nice);
	return best;
}

static long set_nice(struct thread *th, struct task *t, s32 nice)
{
	struct process *self = th->task->process;

	if (!may_change(th, t))
		return -EPERM;
	if (nice < t->nice && !cred_capable(self, CAP_SYS_NICE_) &&
	    20 - nice > (s64)min(t->process->rlimit[RLIMIT_NICE].rlim_cur, 40UL))
		return -EACCES;
	t->nice = nice;
	return 0;
}

SYSCALL_DEFINE(setpriority)
{
	s32 nice = max(min((s32)a[2], 19), -20);
	struct selection s = {a[0], a[1]};
	struct process *p;
	struct task *t;
	long ret = -ESRCH;

	if (s.which < PRIO_PROCESS_ || s.which > PRIO_USER_)
		return -EINVAL;
	list_for_each (p, &th->host->processes, link) {
		list_for_each (t, &p->threads, thread_link) {
			long err;

			if (!selected(th, &s, t))
				continue;
			err = set_nice(th, t, nice);
			if (ret == -ESRCH || err)
				ret = err;
		}
	}
	return ret;
}

static bool is_realtime(u32 policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool policy_known(u32 policy)
{
	return policy <= SCHED_BATCH || policy == SCHED_IDLE || policy == SCHED_DEADLINE;
}

#define RESET_ON_FORK 0x40000000U

static long set_policy(struct thread *th, struct task *t, u32 policy, s32 priority)
{
	u32 plain = policy & ~RESET_ON_FORK;
	u64 rtprio;

	if (!policy_known(plain))
		return -EINVAL;
	if (is_realtime(plain) ? priority < 1 || priority > RT_PRIO_MAX : priority != 0)
		return -EINVAL;
	if (!cred_capable(th->task->process, CAP_SYS_NICE_)) {
		rtprio = t->process->rlimit[RLIMIT_RTPRIO].rlim_cur;
		if (is_realtime(plain) && (u64)priority > rtprio &&
		    ((u32)t->sched_policy != plain || priority > t->sched_priority))
			return -EPERM;
		if (plain == SCHED_DEADLINE || !may_change(th, t))
			return -EPERM;
	}
	if (plain == SCHED_DEADLINE)
		return -EBUSY; /* there is no CPU bandwidth to reserve */
	t->sched_policy = plain;
	t->sched_priority = priority;
	return 0;
}

SYSCALL_DEFINE(sched_setscheduler)
{
	struct task *t;
	s32 priority;

	if ((s32)a[0] < 0 || (s32)a[1] < 0 || !a[2])
		return -EINVAL;
	if (get_user(priority, a[2]))
		return -EFAULT;
	t = task_arg(th, a[0]);
	return t ? set_policy(th, t, a[1], priority) : -ESRCH;
}

SYSCALL_DEFINE(sched_setparam)
{
	struct task *t;
	s32 priority;

	if ((s32)a[0] < 0 || !a[1])
		return -EINVAL;
	if (get_user(priority, a[1]))
		return -EFAULT;
	t = task_arg(th, a[0]);
	return t ? set_policy(th, t, t->sched_policy, priority) : -ESRCH;
}

SYSCALL_DEFINE(sched_getscheduler)
{
	struct task *t;

	if ((s32)a[0] < 0)
		return -EINVAL;
	t = task_arg(th, a[0]);
	return t ? t->sched_policy : -ESRCH;
}

SYSCALL_DEFINE(sched_getparam)
{
	struct task *t;

	if ((s32)a[0] < 0 || !a[1])
		return -EINVAL;
	t = task_arg(th, a[0]);
	return t ? put_user(t->sched_priority, a[1]) : -ESRCH;
}

SYSCALL_DEFINE(sched_get_priority_max)
{
	if (!policy_known(a[0]))
		return -EINVAL;
	return is_realtime(a[0]) ? RT_PRIO_MAX : 0;
}

SYSCALL_DEFINE(sched_get_priority_min)
{
	if (!policy_known(a[0]))
		return -EINVAL;
	return is_realtime(a[0]) ? 1 : 0;
}

SYSCALL_DEFINE(sched_rr_get_interval)
{
	struct task *t;

	if ((s32)a[0] < 0)
		return -EINVAL;
	t = task_arg(th, a[0]);
	if (!t)
		return -ESRCH;
	if (t->sched_policy == SCHED_RR)
		return timespec_to_user(a[1], RR_SLICE_NS);
	return timespec_to_user(a[1],
				t->sched_policy == SCHED_FIFO ? 0 : (s64)th->host->config.slice_ns);
}

struct user_sched_attr {
	u32 size, policy;
	u64 flags;
	s32 nice;
	u32 priority;
	u64 runtime, deadline, period;
	u32 util_min, util_max;
};
#define SCHED_ATTR_MIN 48

SYSCALL_DEFINE(sched_setattr)
{
	struct user_sched_attr attr = {0};
	struct task *t;
	u32 size, ours = sizeof(attr);
	long ret;

	if (!a[1] || (s32)a[0] < 0 || (u32)a[2])
		return -EINVAL;
	if (get_user(size, a[1]))
		return -EFAULT;
	if (!size)
		size = SCHED_ATTR_MIN;
	if (size < SCHED_ATTR_MIN || size > PAGE_BYTES) {
		put_user(ours, a[1]);
		return -E2BIG;
	}
	if (copy_from_user(&attr, a[1], min(size, ours)))
		return -EFAULT;
	if ((s32)attr.policy < 0 || attr.flags & ~0x7fUL)
		return -EINVAL;
	t = task_arg(th, a[0]);
	if (!t)
		return -ESRCH;
	ret = set_policy(th, t, attr.policy, attr.priority);
	if (!ret && !is_realtime(attr.policy))
		ret = set_nice(th, t, max(min(attr.nice, 19), -20));
	return ret;
}

SYSCALL_DEFINE(sched_getattr)
{
	struct user_sched_attr attr = {0};
	struct task *t;
	u32 size = a[2];

	if (!a[1] || (s32)a[0] < 0 || size > PAGE_BYTES || size < SCHED_ATTR_MIN || (u32)a[3])
		return -EINVAL;
	t = task_arg(th, a[0]);
	if (!t)
		return -ESRCH;
	attr.size = min(size, (u32)sizeof(attr));
	attr.policy = t->sched_policy;
	attr.priority = t->sched_priority;
	if (!is_realtime(attr.policy))
		attr.nice = t->nice;
	attr.util_max = 1024;
	return copy_to_user(a[1], &attr, attr.size);
}

static u64 online(struct host *h)
{
	return h->config.cpus >= 64 ? ~0UL : (1UL << h->config.cpus) - 1;
}

SYSCALL_DEFINE(sched_setaffinity)
{
	size_t len = min((size_t)(u32)a[1], sizeof(u64));
	struct task *t;
	u64 mask = 0;

	if (copy_from_user(&mask, a[2], len))
		return -EFAULT;
	t = task_arg(th, a[0]);
	if (!t)
		return -ESRCH;
	if (!may_change(th, t))
		return -EPERM;
	mask &= online(th->host);
	if (!mask)
		return -EINVAL;
	t->affinity = mask;
	return 0;
}

SYSCALL_DEFINE(sched_getaffinity)
{
	u32 len = a[1];
	struct task *t;

	if (len * 8UL < th->host->config.cpus || len & (sizeof(u64) - 1))
		return -EINVAL;
	t = task_arg(th, a[0]);
	if (!t)
		return -ESRCH;
	if (put_user(t->affinity, a[2]))
		return -EFAULT;
	return sizeof(u64);
}

/* The first CPU that the thread may use; the vDSO's image says the same. */
SYSCALL_DEFINE(getcpu)
{
	u32 cpu = th->task->affinity ? __builtin_ctzl(th->task->affinity) : 0, node = 0;

	if ((a[0] && put_user(cpu, a[0])) || (a[1] && put_user(node, a[1])))
		return -EFAULT;
	return 0;
}

#define IOPRIO_CLASS(value) ((value) >> 13)
#define IOPRIO_WHO_PROCESS  1
#define IOPRIO_WHO_USER	    3
#define CAP_SYS_ADMIN_	    21

SYSCALL_DEFINE(ioprio_set)
{
	s32 value = a[2], level = value & 7;
	struct task *t;

	switch (IOPRIO_CLASS(value)) {
	case 1: /* real time */
		if (!cred_capable(th->task->process, CAP_SYS_ADMIN_) &&
		    !cred_capable(th->task->process, CAP_SYS_NICE_))
			return -EPERM;
		break;
	case 2: /* best effort */
	case 3: /* idle */
		break;
	case 0:
		if (level)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	if ((s32)a[0] < IOPRIO_WHO_PROCESS || (s32)a[0] > IOPRIO_WHO_USER)
		return -EINVAL;
	t = task_arg(th, (s32)a[0] == IOPRIO_WHO_PROCESS ? (s32)a[1] : 0);
	if (!t)
		return -ESRCH;
	if (!may_change(th, t))
		return -EPERM;
	t->ioprio = value;
	return 0;
}

SYSCALL_DEFINE(ioprio_get)
{
	struct task *t;

	if ((s32)a[0] < IOPRIO_WHO_PROCESS || (s32)a[0] > IOPRIO_WHO_USER)
		return -EINVAL;
	t = task_arg(th, (s32)a[0] == IOPRIO_WHO_PROCESS ? (s32)a[1] : 0);
	return t ? t->ioprio : -ESRCH;
}
