// SPDX-License-Identifier: GPL-2.0-or-later
/* A guest's call over the host's kernel: what is ours, and the rest passed on. */
#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include "base/hostcall.h"
#include "passthrough/pass.h"
#include "simkernel/mm.h"
#include "simkernel/uaccess.h"

static long clone_call(struct native_thread *nt, u64 nr, const u64 *a)
{
	struct clone_request req = {.exit_signal = SIGCHLD};
	struct clone_args args = {0};

	switch (nr) {
	case SYS_vfork:
		req.flags = CLONE_VFORK | CLONE_VM;
		break;
	case SYS_clone:
		req = (struct clone_request){
			.flags = a[0] & 0xffffff00UL,
			.exit_signal = a[0] & 0xff,
			.stack = a[1],
			.parent_tid = a[2],
			.child_tid = a[3],
			.tls = a[4],
		};
		break;
	case SYS_clone3:
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
		break;
	}
	return pass_clone(nt, &req);
}

static long arch_prctl_call(const u64 *a)
{
	long ret;

	if (native_segment_call(a, &ret))
		return ret;
	return a[0] == ARCH_SET_GS ? -EPERM : hostcall(SYS_arch_prctl, a[0], a[1]);
}

/*
 * A tracer would see the engine's calls and signals in place of the guest's.
 * One of the same address space only stops its own threads to look at them
 * (LeakSanitizer); requests about anything else fail for want of a tracee.
 */
static bool traces_engine(const u64 *a)
{
	long self = hostcall(SYS_getpid);

	if (a[0] == PTRACE_ATTACH)
		return hostcall(SYS_kcmp, self, (s32)a[1], KCMP_VM, 0, 0);
	return a[0] == PTRACE_TRACEME || a[0] == PTRACE_SEIZE;
}

/* What would take the engine's own calls away, or claim its places. */
static bool breaks_engine(u64 nr, const u64 *a, long *ret)
{
	switch (nr) {
	case SYS_prctl:
		*ret = -EINVAL;
		return a[0] == PR_SET_SYSCALL_USER_DISPATCH || a[0] == PR_SET_SECCOMP ||
		       a[0] == PR_SET_MM;
	case SYS_seccomp:
		*ret = -EINVAL;
		return true;
	case SYS_ptrace:
		*ret = -EPERM;
		return traces_engine(a);
	case SYS_rseq:
		*ret = -ENOSYS;
		return true;
	case SYS_mmap:
		*ret = a[3] & MAP_FIXED_NOREPLACE ? -EEXIST : -ENOMEM;
		return (a[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)) && mm_reserved(a[0], a[1]);
	case SYS_munmap:
		*ret = -EINVAL;
		return mm_reserved(a[0], a[1]);
	case SYS_mprotect:
	case SYS_madvise:
		*ret = -ENOMEM;
		return mm_reserved(a[0], a[1]);
	case SYS_mremap:
		*ret = -EFAULT;
		return mm_reserved(a[0], a[1]) ||
		       ((a[3] & MREMAP_FIXED) && mm_reserved(a[4], a[2]));
	}
	return false;
}

/* sigprocmask and sigsuspend: the guest's mask without what must not be blocked. */
static long mask_call(struct native_thread *nt, u64 nr, const u64 *a)
{
	u64 mask, addr = nr == SYS_rt_sigprocmask ? a[1] : a[0],
		  size = nr == SYS_rt_sigprocmask ? a[3] : a[1];
	long ret;

	/*
	 * A signal that already waits here has blocked all others: let it go first.
	 * That holds for a look at the mask as well, which the guest may keep
	 * (sigsetjmp) and set again later.
	 */
	if (!addr)
		return pass_call(SYS_rt_sigprocmask, a[0], 0, a[2], a[3], 0, 0);
	ret = pass_mask_from_user(addr, size, &mask);
	if (ret)
		return ret;
	if (nr == SYS_rt_sigprocmask)
		return pass_call(SYS_rt_sigprocmask, a[0], (u64)&mask, a[2], 8, 0, 0);
	return pass_call(SYS_rt_sigsuspend, (u64)&mask, 8, 0, 0, 0, 0);
}

static long answer(struct native_thread *nt, u64 nr, const u64 *a)
{
	long ret;

	switch (nr) {
	case SYS_rt_sigaction:
		return pass_rt_sigaction(nt, a);
	case SYS_rt_sigreturn:
		return pass_rt_sigreturn(nt);
	case SYS_sigaltstack:
		return pass_sigaltstack(nt, a);
	case SYS_rt_sigprocmask:
	case SYS_rt_sigsuspend:
		return mask_call(nt, nr, a);
	case SYS_fork:
	case SYS_vfork:
	case SYS_clone:
	case SYS_clone3:
		return clone_call(nt, nr, a);
	case SYS_execve:
		return pass_exec(nt, AT_FDCWD, a[0], a[1], a[2], 0);
	case SYS_execveat:
		return pass_exec(nt, a[0], a[1], a[2], a[3], a[4]);
	case SYS_exit:
		return pass_exit_thread(nt, a[0]);
	case SYS_brk:
		return pass_brk(a[0]);
	case SYS_arch_prctl:
		return arch_prctl_call(a);
	}
	if (breaks_engine(nr, a, &ret) || pass_time_call(nr, a, &ret) ||
	    pass_file_call(nr, a, &ret))
		return ret;
	return pass_call(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

long passthrough_syscall(struct native_thread *nt, u64 nr, const u64 *a)
{
	long ret = answer(nt, nr, a);

	if (unlikely(ret == PASS_RESTART)) {
		nt->thread.engine->restart(&nt->thread, nr);
		return 0;
	}
	return ret;
}
