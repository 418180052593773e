// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way back to user code: the thread takes its signals, builds handler
 * frames through its engine, does default actions, and decides whether an
 * interrupted call is made again.
 *
 * The order is Linux's: of several handlers the last frame runs first, the
 * first frame carries the mask that sigsuspend() and its kin had put away, and a
 * call is restarted by the first frame or, without one, at the end.
 */
#include <errno.h>
#include <sys/syscall.h>
#include "simkernel/process.h"
#include "simkernel/record.h"
#include "simkernel/sched.h"
#include "simkernel/signal.h"
#include "simkernel/sigset.h"

#define SA_RESETHAND_ 0x80000000UL
#define SA_NODEFER_   0x40000000UL
#define SA_RESTART_   0x10000000UL

struct leaving { /* a call on its way back */
	u64 nr;
	long ret;
	bool restart; /* ret is one of the restart codes */
};

static bool is_restart_code(u64 nr, long ret)
{
	/* A frame may hold any number as the result of what it had interrupted. */
	if (nr == SIGNAL_NO_CALL || nr == SYS_rt_sigreturn)
		return false;
	return ret == -ERESTARTSYS || ret == -ERESTARTNOINTR || ret == -ERESTARTNOHAND ||
	       ret == -ERESTART_RESTARTBLOCK;
}

static void make_again(struct thread *th, struct leaving *l, u64 nr)
{
	th->engine->restart(th, nr);
	l->ret = nr;
	l->restart = false;
}

/* The result that the frame of a handler with these flags keeps. */
static void settle_result(struct thread *th, struct leaving *l, u64 sa_flags)
{
	if (l->nr == SIGNAL_NO_CALL)
		return;
	if (!l->restart) {
		if (l->nr != SYS_rt_sigreturn)
			th->engine->set_result(th, l->ret);
	} else if (l->ret == -ERESTARTNOINTR ||
		   (l->ret == -ERESTARTSYS && sa_flags & SA_RESTART_)) {
		make_again(th, l, l->nr);
	} else {
		l->ret = -EINTR;
		l->restart = false;
		th->engine->set_result(th, l->ret);
	}
	l->nr = SIGNAL_NO_CALL;
}

/* A frame that cannot be written is a fault of the stack's owner. */
static void frame_failed(struct thread *th, int sig)
{
	struct task *t = th->task;

	if (sig == SIGSEGV)
		t->process->sighand->action[SIGSEGV].handler = (u64)SIG_DFL;
	signal_force(t, SIGSEGV, NULL);
}

static void run_handler(struct thread *th, struct leaving *l, int sig, const siginfo_t *info)
{
	struct task *t = th->task;
	struct k_sigaction *slot = &t->process->sighand->action[sig];
	struct k_sigaction act = *slot;
	u64 blocked;

	if (act.flags & SA_RESETHAND_)
		slot->handler = (u64)SIG_DFL;
	settle_result(th, l, act.flags);
	if (th->engine->deliver(th, sig, info, &act,
				t->restore_mask ? t->saved_mask : t->blocked)) {
		frame_failed(th, sig);
		return;
	}
	t->restore_mask = false;
	blocked = t->blocked | act.mask;
	if (!(act.flags & SA_NODEFER_))
		blocked |= SIGBIT(sig);
	signal_set_blocked(t, blocked);
	if ((u32)t->altstack.ss_flags & SS_AUTODISARM) {
		t->altstack.ss_sp = NULL;
		t->altstack.ss_size = 0;
		t->altstack.ss_flags = SS_DISABLE;
	}
	l->ret = 0;
}

/*
 * A signal that ends the process, with a core file where Linux's rules ask for
 * one: the signal's kind, RLIMIT_CORE, dumpable. The host writes it.
 */
static void die_of(struct thread *th, int sig, const siginfo_t *info)
{
	struct process *p = th->task->process;
	u32 status = sig;

	if (recording(th->host))
		record_crash(th, sig, info, true);
	if (SIGBIT(sig) & SIGSET_CORE && p->rlimit[RLIMIT_CORE].rlim_cur && p->dumpable &&
	    th->engine->dump_core) {
		status |= 0x80;
		th->engine->dump_core(th, sig, info);
	}
	process_exit(th, status);
}

static void default_action(struct thread *th, int sig, const siginfo_t *info)
{
	struct process *p = th->task->process;

	if (SIGBIT(sig) & SIGSET_IGNORED)
		return;
	if (!(SIGBIT(sig) & SIGSET_STOP))
		die_of(th, sig, info);
	if (sig != SIGSTOP && pgrp_is_orphaned(th->host, p->pgid, NULL))
		return;
	process_stop(p, sig);
}

/* The scheduler passes over a stopped process's tasks until it is continued or must end. */
static void wait_while_stopped(struct thread *th)
{
	struct task *t = th->task;

	while (t->process->stopped)
		sched_yield_token(th);
	signal_recalc(t);
}

static void log_delivery(struct thread *th, int sig, const siginfo_t *info, u64 handler)
{
	struct host *h = th->host;

	if (h->logs & LOG_STRACE)
		signal_note(h, th->task, sig, info);
	if (!(h->logs & LOG_RECORD))
		return;
	record_delivered(h, th->task, sig, info, handler);
	if (handler != (u64)SIG_DFL && sig != SIGKILL)
		record_crash(th, sig, info, false);
}

static void deliver_all(struct thread *th, struct leaving *l)
{
	struct task *t = th->task;
	siginfo_t info;

	while (t->signal_look) {
		u64 handler;
		int sig;

		if (t->process->stopped) {
			wait_while_stopped(th);
			continue;
		}
		sig = signal_dequeue(t, ~t->blocked, &info);
		if (!sig) {
			/* Another thread has taken the signal that we were woken for. */
			signal_recalc(t);
			return;
		}
		handler = t->process->sighand->action[sig].handler;
		if (sig != SIGKILL && handler == (u64)SIG_IGN)
			continue;
		if (th->host->logs)
			log_delivery(th, sig, &info, handler);
		if (handler == (u64)SIG_DFL || sig == SIGKILL)
			default_action(th, sig, &info);
		else
			run_handler(th, l, sig, &info);
	}
}

long signal_return_to_user(struct thread *th, long ret, u64 nr)
{
	struct task *t = th->task;
	struct leaving l = {nr, ret, is_restart_code(nr, ret)};

	t->sigwait_set = 0;
	deliver_all(th, &l);
	if (l.restart)
		make_again(th, &l, l.ret == -ERESTART_RESTARTBLOCK ? SYS_restart_syscall : nr);
	if (t->restore_mask) {
		t->restore_mask = false;
		signal_set_blocked(t, t->saved_mask);
		/* What the old mask lets through waits for the next look, as after any unblocking.
		 */
		if (t->signal_look)
			deliver_all(th, &l);
	}
	return l.ret;
}

void sim_fault(struct thread *th, const siginfo_t *info)
{
	th->task->in_kernel = true;
	signal_force(th->task, info->si_signo, info);
	signal_return_to_user(th, 0, SIGNAL_NO_CALL);
	th->task->in_kernel = false;
}
