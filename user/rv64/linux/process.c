// SPDX-License-Identifier: GPL-2.0-or-later
/* The calls that begin, end and replace programs and threads. */
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <sys/ptrace.h>
#include "rv64/exec.h"
#include "rv64/linux/calls.h"

/* As on all machines with CONFIG_CLONE_BACKWARDS, tls comes before child_tid. */
CALL(clone)
{
	struct clone_request req = {
		.flags = a[0] & 0xffffff00UL,
		.exit_signal = a[0] & 0xff,
		.stack = a[1],
		.parent_tid = a[2],
		.tls = a[3],
		.child_tid = a[4],
	};

	if (rv64_simulated()) {
		u64 b[6] = {a[0], a[1], a[2], a[4], a[3]};

		return rv64_pass(SYS_clone, b);
	}
	return rv64_clone(t, &req);
}

CALL(clone3)
{
	struct clone_args args = {0};
	struct clone_request req;

	if (a[1] < CLONE_ARGS_SIZE_VER0 || a[1] > PAGE_BYTES)
		return a[1] > PAGE_BYTES ? -E2BIG : -EINVAL;
	if (copy_from_user(&args, a[0], min(a[1], (u64)sizeof(args))))
		return -EFAULT;
	if ((args.flags & (CSIGNAL | CLONE_DETACHED)) || args.exit_signal > NSIG_MAX ||
	    !args.stack != !args.stack_size ||
	    ((args.flags & (CLONE_THREAD | CLONE_PARENT)) && args.exit_signal))
		return -EINVAL;
	/* clone(2) takes all that glibc, Go and musl ask for. */
	if (args.set_tid_size || (args.flags >> 32) ||
	    ((args.flags & CLONE_PIDFD) && (args.flags & CLONE_PARENT_SETTID)))
		return -ENOSYS;
	req = (struct clone_request){
		.flags = args.flags,
		.exit_signal = args.exit_signal,
		.stack = args.stack + args.stack_size,
		.tls = args.tls,
		.parent_tid = args.flags & CLONE_PIDFD ? args.pidfd : args.parent_tid,
		.child_tid = args.child_tid,
	};
	return rv64_clone(t, &req);
}

static long execute(struct rv64_thread *t, int dirfd, u64 path, u64 argv, u64 envp, u64 flags)
{
	struct pass_exec *e;
	bool native;
	long ret;
	u64 mask;

	rv64_limits_before_exec();
	ret = pass_exec_prepare(dirfd, path, argv, flags, &e);
	if (ret)
		return ret;
	/* Signals stay blocked until the new image has handlers again; it gets the mask in SPEC. */
	mask = rv64_block_all();
	if (t->pending) {
		pass_exec_drop(e);
		return PASS_RESTART;
	}
	rv64_block_faults();
	native = pass_exec_is_native(e);
	if (native)
		rv64_limits_give(true);
	if (!t->lent)
		rv64_write_log();
	ret = pass_exec_commit(e, mask, rv64_ignored_inside(t->sighand), envp);
	if (native)
		rv64_limits_give(false);
	rv64_set_mask(mask);
	return ret;
}

CALL(execve)
{
	return execute(t, AT_FDCWD, a[0], a[1], a[2], 0);
}

CALL(execveat)
{
	return execute(t, a[0], a[1], a[2], a[3], a[4]);
}

CALL(exit)
{
	return rv64_exit_thread(t, a[0]);
}

CALL(exit_group)
{
	rv64_exit_process(a[0]);
}

CALL(set_tid_address)
{
	t->clear_child_tid = a[0];
	return t->tid;
}

CALL(set_robust_list)
{
	long ret = hostcall(SYS_set_robust_list, a[0], a[1]);

	if (!ret)
		t->robust_list = a[0];
	return ret;
}

CALL(get_robust_list)
{
	return rv64_pass(SYS_get_robust_list, a);
}

/* Signals make guest calls again by themselves; nothing else asks for this. */
CALL(restart_syscall)
{
	return -EINTR;
}

/* A tracer would see the engine's calls and registers in place of the guest's. */
CALL(ptrace)
{
	if (a[0] == PTRACE_TRACEME || a[0] == PTRACE_SEIZE || a[0] == PTRACE_ATTACH)
		return -EPERM;
	return -ESRCH;
}

/* A filter would judge the engine's calls by the host's numbers. */
CALL(seccomp)
{
	return -EINVAL;
}

CALL(prctl)
{
	switch (a[0]) {
	case PR_SET_SYSCALL_USER_DISPATCH:
	case PR_SET_SECCOMP:
	case PR_SET_MM:
	case PR_SET_TSC:
	case PR_GET_TSC:
		return -EINVAL;
	}
	return rv64_pass(SYS_prctl, a);
}
