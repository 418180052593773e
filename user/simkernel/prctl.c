// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prctl, personality, membarrier, kcmp, process_vm_readv: odds and
 * ends of what a process can say or ask about itself and others. What would
 * also hit the runtime in the same address space is refused by name in the
 * report.
 */
#include <errno.h>
#include <linux/kcmp.h>
#include <linux/membarrier.h>
#include <sys/prctl.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/ids.h"
#include "simkernel/syscall.h"

#define DEFAULT_SLACK_NS 50000
#define CAP_SYS_PTRACE_	 19

#ifndef PR_SET_VMA
#define PR_SET_VMA	     0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

static long set_comm(struct thread *th, u64 addr)
{
	char comm[TASK_COMM_BYTES] = {0};
	long ret = string_from_user(comm, addr, sizeof(comm));

	if (ret == -EFAULT)
		return ret;
	comm[TASK_COMM_BYTES - 1] = '\0';
	memcpy(th->task->comm, comm, sizeof(comm));
	return 0;
}

static long refuse(struct thread *th, const char *what, long error)
{
	sim_note(th->host, "%s: %s is refused in a simulation", th->task->comm, what);
	return error;
}

/* Options that are a small state of the process. */
static long state_option(struct thread *th, const u64 *a)
{
	struct process *p = th->task->process;
	struct task *t = th->task;
	struct cred *c = process_cred(p);
	u32 value;

	switch ((s32)a[0]) {
	case PR_SET_PDEATHSIG:
		if (a[1] > NSIG_MAX)
			return -EINVAL;
		p->pdeath_signal = a[1];
		return 0;
	case PR_GET_PDEATHSIG:
		return put_user(p->pdeath_signal, a[1]);
	case PR_SET_DUMPABLE:
		if (a[1] > 1)
			return -EINVAL;
		p->dumpable = a[1];
		return 0;
	case PR_GET_DUMPABLE:
		return p->dumpable;
	case PR_SET_CHILD_SUBREAPER:
		p->child_subreaper = a[1];
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		value = p->child_subreaper;
		return put_user(value, a[1]);
	case PR_SET_NO_NEW_PRIVS:
		if (a[1] != 1 || a[2] || a[3] || a[4])
			return -EINVAL;
		c->no_new_privs = true;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return a[1] || a[2] || a[3] || a[4] ? -EINVAL : c->no_new_privs;
	case PR_SET_TIMERSLACK:
		t->timerslack_ns = (s64)a[1] > 0 ? a[1] : 0;
		return 0;
	case PR_GET_TIMERSLACK:
		return t->timerslack_ns ? (long)t->timerslack_ns : DEFAULT_SLACK_NS;
	case PR_SET_THP_DISABLE:
		if (a[2] || a[3] || a[4])
			return -EINVAL;
		p->thp_disabled = a[1];
		return 0;
	case PR_GET_THP_DISABLE:
		return a[1] || a[2] || a[3] || a[4] ? -EINVAL : p->thp_disabled;
	}
	return -ENOSYS;
}

SYSCALL_DEFINE(prctl)
{
	u32 one = PR_TSC_ENABLE;
	long ret = state_option(th, a);

	if (ret != -ENOSYS)
		return ret;
	switch ((s32)a[0]) {
	case PR_SET_NAME:
		return set_comm(th, a[1]);
	case PR_GET_NAME:
		return copy_to_user(a[1], th->task->comm, TASK_COMM_BYTES);
	case PR_GET_TIMING:
		return PR_TIMING_STATISTICAL;
	case PR_SET_TIMING:
		return a[1] == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
	case PR_GET_TSC:
		return put_user(one, a[1]);
	case PR_SET_TSC:
		if (a[1] == PR_TSC_ENABLE)
			return 0;
		return a[1] == PR_TSC_SIGSEGV ? refuse(th, "PR_SET_TSC", -EINVAL) : -EINVAL;
	case PR_GET_SECCOMP:
		return 0;
	case PR_SET_SECCOMP:
		return refuse(th, "PR_SET_SECCOMP", -EINVAL);
	case PR_SET_SYSCALL_USER_DISPATCH:
		return refuse(th, "PR_SET_SYSCALL_USER_DISPATCH", -EINVAL);
	case PR_SET_MM:
		return refuse(th, "PR_SET_MM", -EPERM);
	case PR_SET_PTRACER:
		return 0;
	case PR_GET_TID_ADDRESS:
		return put_user(th->task->clear_child_tid, a[1]);
	case PR_SET_VMA:
		return a[1] == PR_SET_VMA_ANON_NAME
			       ? pass(th, SYS_prctl, a[0], a[1], a[2], a[3], a[4])
			       : -EINVAL;
	case PR_CAPBSET_READ:
	case PR_CAPBSET_DROP:
	case PR_GET_SECUREBITS:
	case PR_SET_SECUREBITS:
	case PR_GET_KEEPCAPS:
	case PR_SET_KEEPCAPS:
	case PR_CAP_AMBIENT:
		return caps_prctl(th->task->process, a);
	}
	return -EINVAL;
}

/* The state is kept; address-space randomisation stays off whatever it says. */
SYSCALL_DEFINE(personality)
{
	struct process *p = th->task->process;
	u32 old = p->personality;

	if ((u32)a[0] != 0xffffffffU)
		p->personality = a[0];
	return old;
}

#define MEMBARRIER_SUPPORTED                                                                      \
	(MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |                                \
	 MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |            \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE | \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE)

/*
 * Giving the run token away is a full barrier, and nobody else runs until then.
 * Only the barrier for changed code is the host's: its CPUs may have fetched it.
 */
SYSCALL_DEFINE(membarrier)
{
	struct process *p = th->task->process;
	s32 cmd = a[0];

	if ((u32)a[1])
		return -EINVAL;
	if (cmd == MEMBARRIER_CMD_QUERY)
		return MEMBARRIER_SUPPORTED;
	if (cmd < 0 || cmd & (cmd - 1) || !(cmd & MEMBARRIER_SUPPORTED))
		return -EINVAL;
	switch (cmd) {
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
		p->membarrier |= cmd;
		return 0;
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
		p->membarrier |= cmd;
		return pass(th, SYS_membarrier, cmd, 0);
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
		return p->membarrier & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED ? 0 : -EPERM;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		if (!(p->membarrier & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE))
			return -EPERM;
		return pass(th, SYS_membarrier, cmd, 0);
	}
	return 0;
}

/* 0: the same; 1, 2: an order that holds as long as both live. */
static long compare(const void *x, const void *y)
{
	return x == y ? 0 : x < y ? 1 : 2;
}

SYSCALL_DEFINE(kcmp)
{
	struct task *t1 = task_find(th->host, a[0]), *t2 = task_find(th->host, a[1]);
	struct file *f1, *f2;

	if (!t1 || !t2)
		return -ESRCH;
	if (signal_permission(th->task->process, t1->process, 0) ||
	    signal_permission(th->task->process, t2->process, 0))
		return -EPERM;
	switch ((s32)a[2]) {
	case KCMP_FILE:
		f1 = fd_peek(t1->process, a[3]);
		f2 = fd_peek(t2->process, a[4]);
		return f1 && f2 ? compare(f1, f2) : -EBADF;
	case KCMP_VM:
		return compare(t1->process->mm, t2->process->mm);
	case KCMP_FILES:
		return compare(t1->process->files, t2->process->files);
	case KCMP_SIGHAND:
		return compare(t1->process->sighand, t2->process->sighand);
	case KCMP_FS:
	case KCMP_IO:
	case KCMP_SYSVSEM:
		return compare(t1->process, t2->process);
	}
	return -EINVAL;
}

/* Both run on the host's own call; only the target's number is translated. */
static long vm_transfer(struct thread *th, const u64 *a, long nr)
{
	struct process *self = th->task->process;
	struct task *t = task_find(th->host, a[0]);

	if (a[5])
		return -EINVAL;
	if (a[2] > IOV_MAX || a[4] > IOV_MAX)
		return -EINVAL;
	if (!t || !t->process->host_pid)
		return -ESRCH;
	if (t->process != self &&
	    (!t->process->dumpable || signal_permission(self, t->process, 0)) &&
	    !cred_capable(self, CAP_SYS_PTRACE_))
		return -EPERM;
	return pass(th, nr, t->process->host_pid, a[1], a[2], a[3], a[4], 0);
}

SYSCALL_DEFINE(process_vm_readv)
{
	return vm_transfer(th, a, SYS_process_vm_readv);
}

SYSCALL_DEFINE(process_vm_writev)
{
	return vm_transfer(th, a, SYS_process_vm_writev);
}
