// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads, processes and programs over the host's kernel: its clone and execve,
 * with what they would lose of ours (dispatch, stacks, handlers) put back.
 * Signals are blocked from before each call until the new context is whole.
 */
#include <errno.h>
#include <linux/sched.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "native/patch.h"
#include "passthrough/pass.h"

static void copy_sighand(struct pass_sighand *to, struct pass_sighand *from)
{
	pass_lock(&from->lock);
	memcpy(to->action, from->action, sizeof(to->action));
	pass_unlock(&from->lock);
	to->lock = 0;
}

/*
 * Its C registers are not the guest's, so it leaves with every register from
 * regs, whether a signal comes first or not.
 */
void passthrough_child_start(struct native_thread *nt)
{
	nt->rip = native_fix_return(nt->regs->rcx);
	nt->regs->rcx = nt->rip;
	nt->regs->r11 = nt->regs->flags;
	nt->full_restore = 1;
	native_thread_arm(nt);
	pass_set_mask(nt->passthrough->child_mask);
	native_resume(nt);
}

/* A child that shares the address space: a thread, or vfork's. */
static long clone_sharing(struct native_thread *self, const struct clone_request *req, u64 mask)
{
	struct native_thread *nt = native_thread_new();
	struct pass_thread *pt;
	u64 flags = req->flags | req->exit_signal;
	long ret;

	if (!nt)
		return -EAGAIN;
	pt = (struct pass_thread *)(nt + 1);
	memset(pt, 0, offsetof(struct pass_thread, own));
	*nt->regs = *self->regs;
	nt->regs->rax = 0;
	nt->guest_sp = req->stack ? req->stack : self->guest_sp;
	nt->thread.engine = self->thread.engine;
	nt->passthrough = pt;
	nt->altstack = &pt->altstack;
	pt->sighand = self->passthrough->sighand;
	pt->child_mask = mask;
	pt->lent = req->flags & CLONE_VFORK;
	pt->altstack = (stack_t){.ss_flags = SS_DISABLE};
	if (req->flags & CLONE_VFORK)
		pt->altstack = self->passthrough->altstack;
	if (!(req->flags & CLONE_SIGHAND)) {
		copy_sighand(&pt->own, self->passthrough->sighand);
		pt->sighand = &pt->own;
	}
	ret = native_clone(flags, nt, (u32 *)req->parent_tid, (u32 *)req->child_tid, req->tls);
	/* vfork's child has executed or ended by now; a thread frees its slot itself. */
	if (ret < 0 || (req->flags & CLONE_VFORK))
		native_free_slot(nt);
	return ret;
}

/*
 * The child has a copy of what this process shares and none of the other
 * threads, so nobody may be in the middle of a change:
 *
 *	thread A, sigaction()		thread B, fork()
 *	pass_lock(sighand)
 *	table written, host's not yet
 *					clone: the child's lock is held for ever
 */
static long clone_copying(struct native_thread *nt, const struct clone_request *req)
{
	struct pass_sighand *sighand = nt->passthrough->sighand;
	long ret;

	pass_lock(&sighand->lock);
	pass_lock(&pass_mm.brk_lock);
	ret = hostcall(SYS_clone, req->flags | req->exit_signal, 0, req->parent_tid, req->child_tid,
		       req->tls);
	pass_unlock(&pass_mm.brk_lock);
	pass_unlock(&sighand->lock);
	if (ret)
		return ret;
	native_forget_slots(nt);
	nt->passthrough->lent = false;
	native_thread_arm(nt);
	if (req->stack)
		nt->guest_sp = req->stack;
	return 0;
}

long pass_clone(struct native_thread *nt, const struct clone_request *req)
{
	u64 mask = pass_block_all();
	long ret;

	if (nt->pending)
		return PASS_RESTART;
	/* The child begins without an alternate stack, and on its parent's. */
	pass_block_faults();
	if (req->flags & CLONE_VM)
		ret = clone_sharing(nt, req, mask);
	else
		ret = clone_copying(nt, req);
	pass_set_mask(mask);
	return ret;
}

/*
 * A signal that this thread has taken from the process's queue would be lost
 * with it, where the host gives it to another thread: its handler runs first.
 *
 * The slot of a child that borrows its parent's address space is the parent's
 * to free. Freed by both, it could be another thread's by the second time:
 *
 *	vfork's child			parent		a third thread
 *	exit: slot free
 *							clone: takes the slot
 *					slot free
 */
long pass_exit_thread(struct native_thread *nt, int status)
{
	pass_block_all();
	if (nt->pending)
		return PASS_RESTART;
	pass_block_faults();
	if (nt->passthrough->lent)
		return hostcall(SYS_exit, status);
	native_leave_slot(nt, status);
}

long pass_exec(struct native_thread *nt, int dirfd, u64 path, u64 argv, u64 envp, u64 flags)
{
	struct pass_exec *e;
	long ret = pass_exec_prepare(dirfd, path, argv, flags, &e);
	u64 mask;

	if (ret)
		return ret;
	/* Signals stay blocked until the new image has handlers again; it gets the mask in SPEC. */
	mask = pass_block_all();
	if (nt->pending) {
		pass_exec_drop(e);
		return PASS_RESTART;
	}
	pass_block_faults();
	ret = pass_exec_commit(e, mask, pass_ignored_inside(nt->passthrough->sighand), envp);
	pass_set_mask(mask);
	return ret;
}
