// SPDX-License-Identifier: GPL-2.0-or-later
/* The system calls of handlers, masks, waiting and alternate stacks; sending is sigsend.c. */
#include <errno.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/clocks.h"
#include "simkernel/sigset.h"
#include "simkernel/syscall.h"

#define KERNEL_SIGSET_BYTES 8
#define MINSIGSTKSZ_KERNEL  2048

long sigset_from_user(u64 addr, u64 size, u64 *set)
{
	if (size != KERNEL_SIGSET_BYTES)
		return -EINVAL;
	return get_user(*set, addr);
}

/* Flags that Linux knows; it clears others, so that a program can ask what there is. */
#define SA_KNOWN 0xdc000807UL

SYSCALL_DEFINE(rt_sigaction)
{
	struct task *t = th->task;
	struct process *p = t->process;
	struct k_sigaction act, old, *slot;
	int sig = a[0];
	struct task *o;

	if (a[3] != KERNEL_SIGSET_BYTES)
		return -EINVAL;
	if (a[1] && get_user(act, a[1]))
		return -EFAULT;
	if (sig < 1 || sig > NSIG_MAX || (a[1] && SIGBIT(sig) & SIGSET_UNCATCHABLE))
		return -EINVAL;
	slot = &p->sighand->action[sig];
	old = *slot;
	if (a[1]) {
		act.flags &= SA_KNOWN;
		act.mask &= ~SIGSET_UNCATCHABLE;
		*slot = act;
		if (act.handler == (u64)SIG_IGN ||
		    (act.handler == (u64)SIG_DFL && SIGBIT(sig) & SIGSET_IGNORED)) {
			sigpending_flush(th->host, &p->pending, SIGBIT(sig));
			list_for_each (o, &p->threads, thread_link) {
				sigpending_flush(th->host, &o->pending, SIGBIT(sig));
				if (o->signal_look)
					signal_recalc(o);
			}
		}
	}
	return a[2] ? put_user(old, a[2]) : 0;
}

SYSCALL_DEFINE(rt_sigprocmask)
{
	struct task *t = th->task;
	u64 old = t->blocked, set, blocked;

	if (a[3] != KERNEL_SIGSET_BYTES)
		return -EINVAL;
	if (a[1]) {
		if (get_user(set, a[1]))
			return -EFAULT;
		switch ((int)a[0]) {
		case SIG_BLOCK:
			blocked = old | set;
			break;
		case SIG_UNBLOCK:
			blocked = old & ~set;
			break;
		case SIG_SETMASK:
			blocked = set;
			break;
		default:
			return -EINVAL;
		}
		signal_set_blocked(t, blocked);
	}
	return a[2] ? put_user(old, a[2]) : 0;
}

SYSCALL_DEFINE(rt_sigpending)
{
	u64 set = signal_pending_set(th->task) & th->task->blocked;

	if (a[1] > KERNEL_SIGSET_BYTES)
		return -EINVAL;
	return copy_to_user(a[0], &set, a[1]);
}

/* Sleeps until a signal of set arrives (taken into *info), another one, or the deadline. */
static long wait_for_signal(struct thread *th, u64 set, s64 timeout_ns, siginfo_t *info)
{
	struct task *t = th->task;
	u64 deadline_ns = TIME_NEVER;
	long ret = 0;
	int sig;

	sig = signal_dequeue(t, set, info);
	if (sig || !timeout_ns)
		return sig ? sig : -EAGAIN;
	if (timeout_ns >= 0)
		deadline_ns = deadline_after(th->host, timeout_ns);
	/* Other signals of t->blocked stay blocked; those of set now wake it. */
	t->sigwait_set = set;
	signal_recalc(t);
	while (!sig && !ret) {
		ret = task_sleep(th, deadline_ns);
		sig = signal_dequeue(t, set, info);
	}
	t->sigwait_set = 0;
	signal_recalc(t);
	if (sig)
		return sig;
	return ret == -ETIMEDOUT ? -EAGAIN : -EINTR;
}

SYSCALL_DEFINE(rt_sigtimedwait)
{
	s64 timeout_ns = -1; /* none */
	u64 set;
	siginfo_t info;
	long ret;

	ret = sigset_from_user(a[0], a[3], &set);
	if (!ret && a[2])
		ret = timespec_from_user(a[2], &timeout_ns);
	if (ret)
		return ret;
	ret = wait_for_signal(th, set & ~SIGSET_UNCATCHABLE, timeout_ns, &info);
	if (ret > 0 && a[1] && copy_to_user(a[1], &info, sizeof(info)))
		return -EFAULT;
	return ret;
}

SYSCALL_DEFINE(rt_sigsuspend)
{
	u64 set;
	long ret = sigset_from_user(a[0], a[1], &set);

	if (ret)
		return ret;
	signal_temporary_mask(th->task, set);
	while (!signal_waiting(th->task))
		task_sleep(th, TIME_NEVER);
	return -ERESTARTNOHAND;
}

SYSCALL_DEFINE(pause)
{
	while (!signal_waiting(th->task))
		task_sleep(th, TIME_NEVER);
	return -ERESTARTNOHAND;
}

static bool on_altstack(struct thread *th)
{
	const stack_t *s = &th->task->altstack;
	u64 sp = th->engine->stack_pointer(th), base = (u64)s->ss_sp;

	/* With SS_AUTODISARM a handler has no alternate stack while it runs on it. */
	if ((u32)s->ss_flags & SS_AUTODISARM)
		return false;
	return s->ss_size && sp > base && sp - base <= s->ss_size;
}

SYSCALL_DEFINE(sigaltstack)
{
	struct task *t = th->task;
	stack_t new, old = t->altstack;
	bool on = on_altstack(th);
	u32 mode;

	if (!old.ss_size)
		old.ss_flags = SS_DISABLE;
	else
		old.ss_flags = (old.ss_flags & SS_AUTODISARM) | (on ? SS_ONSTACK : 0);
	if (a[0]) {
		if (get_user(new, a[0]))
			return -EFAULT;
		if (on)
			return -EPERM;
		mode = new.ss_flags & ~SS_AUTODISARM;
		if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
			return -EINVAL;
		if (mode == SS_DISABLE) {
			new.ss_size = 0;
			new.ss_sp = NULL;
		} else if (new.ss_size < MINSIGSTKSZ_KERNEL) {
			return -ENOMEM;
		}
		t->altstack = new;
	}
	return a[1] ? put_user(old, a[1]) : 0;
}

SYSCALL_DEFINE(rt_sigreturn)
{
	struct task *t = th->task;
	stack_t altstack = t->altstack;
	u64 mask = t->blocked;
	long ret;

	ret = th->engine->sigreturn(th, &mask, &altstack);
	if (ret) {
		signal_force(t, SIGSEGV, NULL);
		return 0;
	}
	altstack.ss_flags &= ~SS_ONSTACK; /* a state, not a setting */
	t->altstack = altstack;
	t->restart.nr = 0;
	signal_set_blocked(t, mask);
	return 0;
}

long restart_later(struct thread *th, u64 nr, const u64 *a, u64 deadline_ns)
{
	struct task *t = th->task;

	t->restart.nr = nr;
	t->restart.deadline_ns = deadline_ns;
	memcpy(t->restart.args, a, sizeof(t->restart.args));
	return -ERESTART_RESTARTBLOCK;
}

SYSCALL_DEFINE(restart_syscall)
{
	struct task *t = th->task;
	u64 nr = t->restart.nr, args[6];
	long ret;

	if (!nr || nr >= SYSCALL_SLOTS || !syscall_table[nr].fn)
		return -EINTR;
	if (nr == SYS_nanosleep)
		return nanosleep_restart(th);
	memcpy(args, t->restart.args, sizeof(args));
	t->restart.active = true;
	ret = syscall_table[nr].fn(th, args);
	t->restart.active = false;
	return ret;
}
