// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sending: pending sets and queues, the choice of the thread that is to take a
 * signal, and what a stop signal or SIGCONT undoes of the other.
 *
 * task->signal_look plays the part of Linux's TIF_SIGPENDING: it is set on the
 * one thread that was chosen, so that a process-wide signal is not taken by
 * whichever thread happens to make a call next. A fatal signal is no different:
 * the target ends itself when it looks, because only there can its robust
 * futexes be reached. Everything here belongs to the holder of the run token.
 */
#include <errno.h>
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/record.h"
#include "simkernel/signal.h"
#include "simkernel/sigset.h"
#include "simkernel/sched.h"
#include "simkernel/timers.h"

void sigpending_init(struct sigpending *p)
{
	p->set = 0;
	list_init(&p->queue);
}

static void entry_free(struct host *h, struct sigqueue_entry *e)
{
	list_del(&e->link);
	h->signals_queued--;
	if (e->timer)
		posix_timer_unqueued(e->timer);
	arena_free(h, e);
}

void sigpending_flush(struct host *h, struct sigpending *p, u64 set)
{
	struct sigqueue_entry *e, *tmp;

	if (!(p->set & set))
		return;
	p->set &= ~set;
	list_for_each_safe (e, tmp, &p->queue, link)
		if (set & SIGBIT(e->info.si_signo))
			entry_free(h, e);
}

u64 signal_pending_set(struct task *t)
{
	return t->pending.set | t->process->pending.set;
}

static u64 blocked_now(const struct task *t)
{
	return t->blocked & ~t->sigwait_set;
}

void signal_recalc(struct task *t)
{
	t->signal_look = (signal_pending_set(t) & ~blocked_now(t)) || t->process->stopped;
}

static bool default_ignores(int sig)
{
	return SIGBIT(sig) & SIGSET_IGNORED;
}

/* What would become of sig if t took it now, blocked or not. */
static bool would_be_ignored(const struct task *t, int sig)
{
	u64 handler = t->process->sighand->action[sig].handler;

	if (handler == (u64)SIG_IGN)
		return !(SIGBIT(sig) & SIGSET_UNCATCHABLE);
	return handler == (u64)SIG_DFL && default_ignores(sig);
}

static bool is_fatal(const struct task *t, int sig)
{
	if (sig == SIGKILL)
		return true;
	return t->process->sighand->action[sig].handler == (u64)SIG_DFL && !default_ignores(sig) &&
	       !(SIGBIT(sig) & SIGSET_STOP);
}

bool signal_fatal(struct task *t)
{
	u64 set = signal_pending_set(t) & ~blocked_now(t);

	if (likely(!t->signal_look))
		return false;
	if (t->pending.set & SIGBIT(SIGKILL))
		return true;
	if (t->process->stopped)
		return false;
	while (set) {
		int sig = __builtin_ctzl(set) + 1;

		if (is_fatal(t, sig))
			return true;
		set &= set - 1;
	}
	return false;
}

/* Makes t look, and ends its sleep where a signal may. */
static void signal_wake(struct task *t, bool fatal)
{
	t->signal_look = true;
	if (t->interruptible || fatal)
		task_interrupt(t);
}

static bool wants_signal(const struct task *t, int sig)
{
	if (t->state == TASK_DEAD)
		return false;
	if (sig == SIGKILL)
		return true;
	if (blocked_now(t) & SIGBIT(sig) || t->process->stopped)
		return false;
	return t == t->host->current || !t->signal_look;
}

/* The main thread if it wants the signal, else the first that does, as Linux chooses. */
static struct task *choose_thread(struct process *p, int sig)
{
	struct task *t;

	if (p->leader && wants_signal(p->leader, sig))
		return p->leader;
	list_for_each (t, &p->threads, thread_link)
		if (wants_signal(t, sig))
			return t;
	return NULL;
}

/* Ends every thread's sleep; the first one that looks takes the whole process along. */
static void kill_all_threads(struct process *p)
{
	struct task *t;

	p->stopped = false;
	list_for_each (t, &p->threads, thread_link) {
		if (t->state == TASK_DEAD)
			continue;
		t->pending.set |= SIGBIT(SIGKILL);
		signal_wake(t, true);
	}
	process_continue_tasks(p);
}

/* Tells the parent of a stop or a continuation: SIGCHLD unless it asked not to hear, and wait(). */
static void notify_job_control(struct process *p, int code, int status)
{
	struct process *parent = p->parent;
	struct k_sigaction *act;
	siginfo_t info;

	if (!parent || parent->state != PROCESS_ALIVE)
		return;
	waitq_wake_all(&parent->child_wait);
	if (!parent->sighand)
		return;
	act = &parent->sighand->action[SIGCHLD];
	if (act->handler == (u64)SIG_IGN || act->flags & SA_NOCLDSTOP)
		return;
	memset(&info, 0, sizeof(info));
	info.si_signo = SIGCHLD;
	info.si_code = code;
	info.si_pid = p->pid;
	info.si_uid = p->uid;
	info.si_status = status;
	signal_process(parent, SIGCHLD, &info);
}

void process_stop(struct process *p, int sig)
{
	struct task *t;

	if (p->stopped || p->exiting || signal_fatal(p->host->current))
		return; /* a SIGKILL came first */
	p->stopped = true;
	p->stop_signal = sig;
	p->stop_reported = false;
	p->continued = false;
	list_for_each (t, &p->threads, thread_link)
		if (t->state != TASK_DEAD)
			signal_wake(t, false);
	notify_job_control(p, CLD_STOPPED, sig);
}

void process_continue(struct process *p)
{
	if (!p->stopped)
		return;
	p->stopped = false;
	p->continued = true;
	p->stop_reported = false;
	process_continue_tasks(p);
	notify_job_control(p, CLD_CONTINUED, SIGCONT);
}

static void flush_everywhere(struct process *p, u64 set)
{
	struct task *t;

	sigpending_flush(p->host, &p->pending, set);
	list_for_each (t, &p->threads, thread_link)
		sigpending_flush(p->host, &t->pending, set);
}

/*
 * What a signal does by being sent, whatever becomes of it, and whether it is
 * worth queueing. A blocked signal is kept even if it is ignored now: the
 * handler may have changed by the time it is unblocked.
 */
static bool prepare(struct process *p, struct task *t, int sig)
{
	/* A main thread that has ended still speaks for its process; see signal_task_exit(). */
	if (p->state != PROCESS_ALIVE || p->exiting || !t)
		return false;
	if (SIGBIT(sig) & SIGSET_STOP) {
		flush_everywhere(p, SIGBIT(SIGCONT));
	} else if (sig == SIGCONT) {
		flush_everywhere(p, SIGSET_STOP);
		process_continue(p);
	}
	return t->blocked & SIGBIT(sig) || !would_be_ignored(t, sig);
}

/* Entries are bounded by the sender's user; one user's processes share a host here. */
static struct sigqueue_entry *entry_new(struct process *p, bool override)
{
	struct host *h = p->host;
	struct sigqueue_entry *e;

	if (!override && h->signals_queued >= p->rlimit[RLIMIT_SIGPENDING].rlim_cur)
		return NULL;
	e = arena_alloc(h, sizeof(*e));
	if (e)
		h->signals_queued++;
	return e;
}

/*
 * A signal without an entry is delivered too, only without its details; for
 * real-time signals, which are to be counted, the sender hears of it.
 */
static long enqueue(struct process *p, struct sigpending *q, int sig, const siginfo_t *info,
		    void *timer)
{
	bool legacy = sig < SIGRTMIN_KERNEL;
	struct sigqueue_entry *e;

	if (legacy && !timer && q->set & SIGBIT(sig))
		return 0;
	e = entry_new(p, timer || (legacy && (!info || info->si_code >= 0)));
	if (!e) {
		if (!legacy && info && info->si_code != SI_USER)
			return -EAGAIN;
		q->set |= SIGBIT(sig);
		return 0;
	}
	if (info)
		memcpy(&e->info, info, sizeof(e->info));
	else
		e->info.si_code = SI_KERNEL;
	e->info.si_signo = sig;
	e->timer = timer;
	q->set |= SIGBIT(sig);
	list_add_tail(&e->link, &q->queue);
	return 0;
}

/* Queues to t alone, or with t NULL to the process. */
static long send(struct process *p, struct task *t, int sig, const siginfo_t *info, void *timer)
{
	struct host *h = p->host;
	struct task *judge = t ? t : p->leader, *target;
	long ret;

	h->signals_sent++;
	if (recording(h))
		record_sent(h, p, t, sig, info);
	if (p == h->init)
		return 0; /* has no handler for anything, and cannot be killed */
	if (!prepare(p, judge, sig))
		return 0;
	ret = sig == SIGKILL ? 0 : enqueue(p, t ? &t->pending : &p->pending, sig, info, timer);
	if (ret)
		return ret;
	waitq_wake_all(&p->signal_wait);
	if (sig == SIGKILL) {
		kill_all_threads(p);
		return 0;
	}
	target = t ? (wants_signal(t, sig) ? t : NULL) : choose_thread(p, sig);
	if (target)
		signal_wake(target, is_fatal(target, sig));
	return 0;
}

long signal_process(struct process *p, int sig, const siginfo_t *info)
{
	return send(p, NULL, sig, info, NULL);
}

long signal_task(struct task *t, int sig, const siginfo_t *info)
{
	return send(t->process, t, sig, info, NULL);
}

long signal_from_timer(struct process *p, struct task *t, int sig, const siginfo_t *info,
		       struct posix_timer *timer)
{
	struct task *judge = t ? t : p->leader;

	if (!judge || (!(judge->blocked & SIGBIT(sig)) && would_be_ignored(judge, sig)))
		return 1;
	return send(p, t, sig, info, timer);
}

void signal_force(struct task *t, int sig, const siginfo_t *info)
{
	struct k_sigaction *act = &t->process->sighand->action[sig];
	bool blocked = t->blocked & SIGBIT(sig);

	if (blocked || act->handler == (u64)SIG_IGN)
		act->handler = (u64)SIG_DFL;
	t->blocked &= ~SIGBIT(sig);
	send(t->process, t, sig, info, NULL);
	signal_recalc(t);
}

/* A fault's own signals go before others that wait, so that their frame tells of the fault. */
static int next_signal(u64 set)
{
	u64 first = set & SIGSET_SYNCHRONOUS;

	if (first)
		set = first;
	return set ? __builtin_ctzl(set) + 1 : 0;
}

/* Takes sig, which is in q's set, out of q. The bit stays while another entry has it. */
static void collect(struct host *h, struct sigpending *q, int sig, siginfo_t *info)
{
	struct sigqueue_entry *e, *found = NULL;
	bool more = false;

	list_for_each (e, &q->queue, link) {
		if (e->info.si_signo != sig)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = e;
	}
	if (!more)
		q->set &= ~SIGBIT(sig);
	if (!found) {
		memset(info, 0, sizeof(*info));
		info->si_signo = sig;
		info->si_code = sig == SIGKILL ? SI_KERNEL : SI_USER;
		return;
	}
	memcpy(info, &found->info, sizeof(*info));
	if (found->timer) {
		struct posix_timer *timer = found->timer;

		found->timer = NULL;
		posix_timer_taken(timer, info);
	}
	entry_free(h, found);
}

int signal_dequeue(struct task *t, u64 set, siginfo_t *info)
{
	struct process *p = t->process;
	int sig;

	sig = next_signal(t->pending.set & set);
	if (sig) {
		collect(t->host, &t->pending, sig, info);
	} else {
		sig = next_signal(p->pending.set & set);
		if (!sig)
			return 0;
		collect(t->host, &p->pending, sig, info);
		if (sig == SIGALRM)
			itimer_real_taken(p);
	}
	signal_recalc(t);
	return sig;
}

/* Signals of the whole process in set, that t no longer takes, find another thread. */
static void retarget(struct task *t, u64 set)
{
	struct process *p = t->process;
	struct task *o;

	set &= p->pending.set;
	if (!set)
		return;
	list_for_each (o, &p->threads, thread_link) {
		u64 takes = set & ~blocked_now(o);

		if (o == t || o->state == TASK_DEAD || !takes)
			continue;
		set &= ~takes;
		if (!o->signal_look)
			signal_wake(o, is_fatal(o, __builtin_ctzl(takes) + 1));
		if (!set)
			return;
	}
}

void signal_set_blocked(struct task *t, u64 set)
{
	u64 more;

	set &= ~SIGSET_UNCATCHABLE;
	more = set & ~t->blocked;
	t->blocked = set;
	if (t->signal_look && more)
		retarget(t, more);
	signal_recalc(t);
}

void signal_temporary_mask(struct task *t, u64 set)
{
	if (!t->restore_mask) {
		t->saved_mask = t->blocked;
		t->restore_mask = true;
	}
	signal_set_blocked(t, set);
}

void signal_task_exit(struct task *t)
{
	u64 open = ~t->blocked;

	/* With all blocked nothing sent to the process is taken for ignored on its account. */
	sigpending_flush(t->host, &t->pending, ~0UL);
	t->blocked = ~0UL;
	if (t->signal_look)
		retarget(t, open);
	t->signal_look = false;
}

/*
 * The main program's parent is the simulated init, which stands for the shell
 * that started it: such a shell would keep its group from being orphaned.
 */
static bool ties_group(const struct process *p)
{
	const struct process *parent = p->parent;

	if (p == p->host->main)
		return true;
	return parent && parent != p->host->init && parent->pgid != p->pgid &&
	       parent->sid == p->sid;
}

bool pgrp_is_orphaned(struct host *h, s32 pgid, const struct process *except)
{
	struct process *p;

	list_for_each (p, &h->processes, link)
		if (p->pgid == pgid && p != except && p->state == PROCESS_ALIVE && ties_group(p))
			return false;
	return true;
}

static void wake_if_orphaned(struct host *h, struct process *leaving, s32 pgid)
{
	struct process *p;
	bool stopped = false;

	list_for_each (p, &h->processes, link)
		if (p->pgid == pgid && p != leaving && p->state == PROCESS_ALIVE && p->stopped)
			stopped = true;
	if (!stopped || !pgrp_is_orphaned(h, pgid, leaving))
		return;
	list_for_each (p, &h->processes, link) {
		if (p->pgid != pgid || p == leaving || p->state != PROCESS_ALIVE)
			continue;
		signal_process(p, SIGHUP, NULL);
		signal_process(p, SIGCONT, NULL);
	}
}

/* Called before p's children get a new parent. */
void signal_orphans(struct process *p)
{
	struct process *c;

	if (ties_group(p))
		wake_if_orphaned(p->host, p, p->pgid);
	list_for_each (c, &p->children, sibling)
		if (c->pgid != p->pgid && c->sid == p->sid) {
			struct process *parent = c->parent;

			c->parent = p->host->init;
			wake_if_orphaned(p->host, p, c->pgid);
			c->parent = parent;
		}
}
