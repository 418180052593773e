// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Resource limits and what has been used of resources. Limits are the simulated
 * process's own. The number of descriptors is passed down as the host's soft
 * limit, because the host's table hands out the numbers. The size of files is
 * watched where they are written (hostfile.c), a mapping greater than RLIMIT_AS is
 * refused (mm.c), RLIMIT_CPU is a timer (cputimer.c); what would hit the runtime
 * in the same address space (RLIMIT_STACK, DATA...) is state only.
 */
#include <errno.h>
#include <sys/times.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/ids.h"
#include "simkernel/syscall.h"
#include "simkernel/timers.h"

#define CAP_SYS_RESOURCE_ 24
#define NR_OPEN		  1048576UL
#define TICKS_PER_SEC	  100
/* Resident memory depends on the host; guests that print it are told this. */
#define MAXRSS_KIB 8192

/* Never above the host's hard limit, which an unprivileged host could not raise again. */
static void pass_down(struct process *p, u32 which, u64 soft)
{
	struct rlimit host;

	if (p->state != PROCESS_ALIVE || !p->host_pid)
		return;
	if (hostcall(SYS_prlimit64, p->host_pid, which, 0, &host))
		return;
	host.rlim_cur = min(soft, (u64)host.rlim_max);
	hostcall(SYS_prlimit64, p->host_pid, which, &host, 0);
}

void limits_start(struct process *p)
{
	pass_down(p, RLIMIT_NOFILE, p->rlimit[RLIMIT_NOFILE].rlim_cur);
}

static long limit_set(struct thread *th, struct process *p, u32 which, const struct rlimit *new)
{
	struct rlimit *old = &p->rlimit[which];

	if (new->rlim_cur > new->rlim_max)
		return -EINVAL;
	if (which == RLIMIT_NOFILE && new->rlim_max > NR_OPEN)
		return -EPERM;
	if (new->rlim_max > old->rlim_max && !cred_capable(th->task->process, CAP_SYS_RESOURCE_))
		return -EPERM;
	*old = *new;
	if (which == RLIMIT_NOFILE)
		pass_down(p, RLIMIT_NOFILE, new->rlim_cur);
	if (which == RLIMIT_CPU) {
		/* A limit of nothing means as soon as something can be measured. */
		if (!old->rlim_cur)
			old->rlim_cur = 1;
		cpu_timers_changed(p);
	}
	return 0;
}

SYSCALL_DEFINE(getrlimit)
{
	if ((u32)a[0] >= RLIM_NLIMITS)
		return -EINVAL;
	return put_user(th->task->process->rlimit[(u32)a[0]], a[1]);
}

SYSCALL_DEFINE(setrlimit)
{
	struct rlimit new;

	if (get_user(new, a[1]))
		return -EFAULT;
	if ((u32)a[0] >= RLIM_NLIMITS)
		return -EINVAL;
	return limit_set(th, th->task->process, a[0], &new);
}

static bool may_limit(struct process *from, struct process *to)
{
	struct id_set *uid = &process_cred(to)->uid, *gid = &process_cred(to)->gid;
	struct cred *c = process_cred(from);

	if (from == to || cred_capable(from, CAP_SYS_RESOURCE_))
		return true;
	return c->uid.real == uid->real && c->uid.real == uid->effective &&
	       c->uid.real == uid->saved && c->gid.real == gid->real &&
	       c->gid.real == gid->effective && c->gid.real == gid->saved;
}

SYSCALL_DEFINE(prlimit64)
{
	struct process *p = th->task->process;
	struct rlimit new, old;
	u32 which = a[1];
	long ret;

	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	if (a[2] && get_user(new, a[2]))
		return -EFAULT;
	if ((s32)a[0]) {
		p = process_of_tid(th->host, a[0]);
		if (!p)
			return -ESRCH;
		if (!may_limit(th->task->process, p))
			return -EPERM;
	}
	old = p->rlimit[which];
	ret = a[2] ? limit_set(th, p, which, &new) : 0;
	if (!ret && a[3])
		ret = put_user(old, a[3]);
	return ret;
}

static struct timeval timeval_of(u64 ns)
{
	return (struct timeval){ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC};
}

SYSCALL_DEFINE(getrusage)
{
	struct process *p = th->task->process;
	struct task *t = th->task;
	struct rusage ru;
	u64 cpu_ns, sys_ns;

	memset(&ru, 0, sizeof(ru));
	switch ((s32)a[0]) {
	case RUSAGE_SELF:
		cpu_ns = process_cpu_ns(p);
		sys_ns = process_sys_ns(p);
		list_for_each (t, &p->threads, thread_link) {
			ru.ru_nvcsw += t->voluntary_switches;
			ru.ru_nivcsw += t->involuntary_switches;
		}
		break;
	case RUSAGE_CHILDREN:
		cpu_ns = p->children_cpu_ns;
		sys_ns = p->children_sys_ns;
		break;
	case RUSAGE_THREAD:
		cpu_ns = task_cpu_ns(t);
		sys_ns = t->sys_ns;
		ru.ru_nvcsw = t->voluntary_switches;
		ru.ru_nivcsw = t->involuntary_switches;
		break;
	default:
		return -EINVAL;
	}
	ru.ru_utime = timeval_of(cpu_ns - sys_ns);
	ru.ru_stime = timeval_of(sys_ns);
	ru.ru_maxrss = cpu_ns ? MAXRSS_KIB : 0;
	return put_user(ru, a[1]);
}

static clock_t ticks(u64 ns)
{
	return ns / (NSEC_PER_SEC / TICKS_PER_SEC);
}

SYSCALL_DEFINE(times)
{
	struct process *p = th->task->process;
	u64 sys_ns = process_sys_ns(p);
	struct tms tms = {
		.tms_utime = ticks(process_cpu_ns(p) - sys_ns),
		.tms_stime = ticks(sys_ns),
		.tms_cutime = ticks(p->children_cpu_ns - p->children_sys_ns),
		.tms_cstime = ticks(p->children_sys_ns),
	};

	if (a[0] && put_user(tms, a[0]))
		return -EFAULT;
	return ticks(host_now(th->host));
}
