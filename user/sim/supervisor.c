// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The supervisor's loop: waits for the simulation's end, for dead children, for
 * signals and for the watchdog's next look; then ends what still runs.
 *
 * Owns: every guest process, as their parent (they are made with CLONE_PARENT).
 * It has one thread that makes children, so that a guest's PR_SET_PDEATHSIG
 * means the process; a second one (parcel.c) only keeps descriptors.
 *
 * Locking: the arena belongs to the holder of the run token, which the
 * supervisor is not. While guests run it only reads words that are never
 * unmapped (what it sees may be a moment old, every decision allows for that),
 * and writes host_dead, death_pending and end. When the holder itself died in
 * user code nobody owns the arena: the supervisor is then the holder.
 *
 * A guest that dies from outside (kill -9, the OOM killer) while parked:
 *
 *	supervisor                        holder of the token
 *	waitpid() gives its pid
 *	process->host_dead = true
 *	host->death_pending = 1
 *	                                  sched_look(): process_kill()
 */
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "sim/children.h"
#include "sim/fail.h"
#include "sim/sim.h"
#include "simkernel/process.h"
#include "simkernel/sched.h"

/* Looks after a death from outside at which the token may be found lost. */
#define TOKEN_LOOKS 4
/* Deaths whose process was not in the arena yet: looked for again. */
#define ORPHANS	     16
#define ORPHAN_LOOKS 5

/* Set by the signal handlers, and a futex: a signal just before the wait is not lost. */
static volatile u32 signalled;
static volatile sig_atomic_t asked_to_end, asked_to_stop;

struct orphan {
	pid_t pid;
	int status, looks;
};

struct mourner { /* what must be looked at again after deaths */
	struct orphan orphan[ORPHANS];
	int token_looks;
	struct task *holder; /* at the last look */
	u64 moves;
};

u64 wall_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static void on_signal(int sig)
{
	if (sig == SIGTSTP)
		asked_to_stop = sig;
	else if (sig != SIGCHLD)
		asked_to_end = sig;
	signalled = 1;
}

static void catch_signals(void)
{
	static const int sigs[] = {SIGCHLD, SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP};
	struct sigaction sa = {.sa_handler = on_signal}, old;

	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++) {
		sigaction(sigs[i], NULL, &old);
		/* nohup's SIGHUP stays ignored, and SIGTSTP where nobody could continue us. */
		if ((sigs[i] != SIGHUP && sigs[i] != SIGTSTP) || old.sa_handler != SIG_IGN)
			sigaction(sigs[i], &sa, NULL);
	}
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

/* Until end or a signal or the next look, whichever is first. */
static void wait_for_something(struct host *h)
{
	struct futex_waitv on[2] = {
		{.uaddr = (u64)&h->end, .flags = FUTEX_32},
		{.uaddr = (u64)&signalled, .flags = FUTEX_32},
	};
	const struct timespec slice = {0, WATCHDOG_MS * NSEC_PER_MSEC};
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += slice.tv_nsec;
	if (until.tv_nsec >= (long)NSEC_PER_SEC) {
		until.tv_sec++;
		until.tv_nsec -= NSEC_PER_SEC;
	}
	if (syscall(SYS_futex_waitv, on, 2, 0, &until, CLOCK_MONOTONIC) < 0 && errno == ENOSYS)
		/* Before 5.16: a signal in the gap costs one slice. */
		syscall(SYS_futex, &h->end, FUTEX_WAIT, 0, &slice, NULL, 0);
}

static struct process *process_of(struct sim *s, pid_t pid)
{
	struct host *h = s->host;

	for (int i = 1; i < PID_MAX; i++) {
		struct process *p = READ_ONCE(h->pid_process[i]);

		if (p && p->host_pid == pid && p->state == PROCESS_ALIVE)
			return p;
	}
	return NULL;
}

static void note_death(struct sim *s, struct process *p, int status)
{
	char name[TASK_COMM_BYTES], *end = s->deaths + strlen(s->deaths);
	size_t room = sizeof(s->deaths) - (end - s->deaths);

	snprintf(name, sizeof(name), "%.15s", p->leader ? p->leader->comm : "?");
	s->outside_deaths += WIFSIGNALED(status);
	if (WIFSIGNALED(status))
		snprintf(end, room,
			 "process %d (%s) was killed from outside the simulation by SIG%s\n",
			 p->pid, name, sigabbrev_np(WTERMSIG(status)) ?: "?");
	else
		snprintf(end, room, "process %d (%s) left the simulation with exit status %d\n",
			 p->pid, name, WEXITSTATUS(status));
}

/* p's host process died, and the simulation had not ended it. */
static void bury(struct sim *s, struct mourner *m, struct process *p, int status)
{
	struct host *h = s->host;
	struct task *holder = READ_ONCE(h->current), *next;

	note_death(s, p, status);
	if (!holder || holder->process != p) {
		p->host_dead = true;
		__atomic_store_n(&h->death_pending, 1, __ATOMIC_RELEASE);
		return;
	}
	/* An engine that could not load a program says so and exits; nothing is half done then. */
	if (holder->in_kernel && !holder->execing && WIFSIGNALED(status)) {
		sim_end(h, END_BROKEN,
			"process %d (%s) was killed from outside in the middle of the simulated "
			"kernel's work (its last call: %s), which leaves that half done",
			p->pid, holder->comm, report_call(holder));
		return;
	}
	WRITE_ONCE(holder->run, 0);
	process_kill(h, p, status);
	next = sched_pick_next(h);
	if (next)
		sched_hand_over(h, next);
}

static void say_broken(struct sim *s, const char *what)
{
	sim_end(s->host, END_BROKEN, "a process was killed from outside %s", what);
}

/*
 * A process that was killed may have held the token in a way that p->state and
 * h->current do not show: it was ending, or had named the next holder without
 * waking it. Nobody runs then, and nothing moves from one look to the next.
 */
static void look_for_token(struct sim *s, struct mourner *m)
{
	struct host *h = s->host;
	struct task *t = READ_ONCE(h->current);
	u64 moves = h->switches + h->progress + h->clock->reads;
	bool stuck = t == m->holder && moves == m->moves;

	if (!m->token_looks || h->end)
		return;
	m->token_looks--;
	m->holder = t;
	m->moves = moves;
	if (!stuck)
		return;
	if (!t) {
		say_broken(s, "while it ended, before the next one ran");
	} else if (!t->process || kill(t->process->host_pid, 0)) {
		say_broken(s, "while it ended, in the middle of the simulated kernel's work");
	} else {
		/* A running holder is not disturbed by this. */
		WRITE_ONCE(t->run, t->ticket);
		syscall(SYS_futex, &t->run, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	}
}

static void remember_orphan(struct mourner *m, pid_t pid, int status)
{
	for (int i = 0; i < ORPHANS; i++)
		if (!m->orphan[i].looks) {
			m->orphan[i] = (struct orphan){pid, status, ORPHAN_LOOKS};
			return;
		}
}

/*
 * A child may die between its creation and its parent's note of its pid; so one
 * that was killed and is not in the arena is looked for a few times more.
 */
static void look_for_orphans(struct sim *s, struct mourner *m)
{
	for (int i = 0; i < ORPHANS; i++) {
		struct orphan *o = &m->orphan[i];
		struct process *p;

		if (!o->looks || s->host->end)
			continue;
		o->looks--;
		p = process_of(s, o->pid);
		if (p) {
			o->looks = 0;
			bury(s, m, p, o->status);
		}
	}
}

static void reap_children(struct sim *s, struct mourner *m)
{
	struct process *p;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->main_pid)
			s->main_pid = 0;
		if (s->host->end)
			continue;
		p = process_of(s, pid);
		if (WIFSIGNALED(status) || p)
			m->token_looks = TOKEN_LOOKS;
		if (p)
			bury(s, m, p, status);
		else if (WIFSIGNALED(status))
			remember_orphan(m, pid, status);
	}
}

/* Ctrl-Z: guests do not see the host's signals, so they are stopped for themselves. */
static void stop_for_a_while(void)
{
	asked_to_stop = 0;
	children_signal(SIGSTOP);
	raise(SIGSTOP);
	children_signal(SIGCONT);
}

void supervise(struct sim *s)
{
	struct mourner m = {0};
	struct host *h = s->host;
	u64 next_look_ns;

	next_look_ns = wall_now_ns() + WATCHDOG_MS * NSEC_PER_MSEC;
	while (!READ_ONCE(h->end)) {
		wait_for_something(h);
		signalled = 0;
		barrier();
		reap_children(s, &m);
		if (asked_to_stop)
			stop_for_a_while();
		if (asked_to_end && !h->end) {
			s->requested = asked_to_end;
			sim_end(h, END_REQUESTED, "SIG%s", sigabbrev_np(asked_to_end));
		}
		if (wall_now_ns() < next_look_ns)
			continue;
		next_look_ns = wall_now_ns() + WATCHDOG_MS * NSEC_PER_MSEC;
		look_for_orphans(s, &m);
		look_for_token(s, &m);
		watchdog_look(s);
		place_look(s);
		progress_show(s);
	}
	children_kill_all(s->main_pid);
	s->wall_end_ns = wall_now_ns();
	progress_clear(s);
}

void supervisor_prepare(void)
{
	catch_signals();
}
