// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest threads under a debugger: how they run, stop, and wait. One of them reports why
 * it stopped; the others, whatever they were about to report, stop with it:
 *
 *	this thread			another
 *					meets a breakpoint: stopped = true
 *	a signal is pending
 *	stopped already: waits
 *	resumed: the signal is still pending, and is reported now
 *
 * Nothing is lost by that: a breakpoint and a fault are met again at the same
 * instruction, signals wait where they are, a watchpoint's hit is kept.
 */
#include <errno.h>
#include "rv64/exec.h"
#include "rv64/gdb/stub.h"

struct gdb_stub gdb_stub = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.resume = PTHREAD_COND_INITIALIZER,
	.wake = PTHREAD_COND_INITIALIZER,
};
u32 rv64_gdb_active;

#define stub gdb_stub

static void lock(void)
{
	pthread_mutex_lock(&stub.lock);
}

static void unlock(void)
{
	pthread_mutex_unlock(&stub.lock);
}

/* With the lock: until this thread may run. */
static void wait_turn(struct rv64_thread *t)
{
	while (stub.attached && (stub.stopped || t->gdb.action == GDB_STAY)) {
		t->gdb.parked = true;
		pthread_cond_broadcast(&stub.wake);
		pthread_cond_wait(&stub.resume, &stub.lock);
	}
	t->gdb.parked = false;
}

static bool stands_still(const struct rv64_thread *t)
{
	return t->gdb.parked || t->gdb.in_call;
}

/* With the lock. The thread comes out of rv64_run() and waits in its next turn. */
static void stop_others(void)
{
	stub.stopped = true;
	for (struct rv64_thread *t = stub.threads; t; t = t->gdb.next)
		rv64_request_exit(&t->cpu);
	pthread_cond_broadcast(&stub.wake);
}

void gdb_stop_world(void)
{
	struct rv64_thread *t;

	if (!stub.stopped)
		stop_others();
	do {
		for (t = stub.threads; t && stands_still(t); t = t->gdb.next)
			;
		if (t)
			pthread_cond_wait(&stub.wake, &stub.lock);
	} while (t);
}

void gdb_resume_world(void)
{
	stub.stopped = false;
	pthread_cond_broadcast(&stub.resume);
}

struct rv64_thread *gdb_thread(s32 tid)
{
	struct rv64_thread *t;

	for (t = stub.threads; t && tid > 0 && t->tid != tid; t = t->gdb.next)
		;
	return t;
}

/* With the lock: everybody stops, and the debugger is told why. True when this thread
 * goes on; false if somebody else was first, or the debugger is gone. */
static bool report_locked(struct rv64_thread *t, const struct gdb_event *event)
{
	if (stub.stopped || !stub.attached) {
		wait_turn(t);
		return false;
	}
	stub.event = *event;
	stub.event.tid = t->tid;
	stop_others();
	wait_turn(t);
	return true;
}

static bool report(struct rv64_thread *t, u8 kind, s32 number)
{
	struct gdb_event event = {.kind = kind, .number = number};
	bool first;

	lock();
	first = report_locked(t, &event);
	unlock();
	return first;
}

void rv64_gdb_thread_begin(struct rv64_thread *t)
{
	lock();
	t->gdb.action = GDB_RUN;
	t->gdb.next = stub.threads;
	stub.threads = t;
	unlock();
}

/* With the lock: nobody that was resumed is left. */
static bool nobody_runs(void)
{
	struct rv64_thread *t;

	for (t = stub.threads; t && t->gdb.action == GDB_STAY; t = t->gdb.next)
		;
	return !t;
}

void rv64_gdb_thread_end(struct rv64_thread *t)
{
	struct rv64_thread **at = &stub.threads;

	lock();
	while (*at && *at != t)
		at = &(*at)->gdb.next;
	if (*at)
		*at = t->gdb.next;
	t->gdb.in_call = false;
	if (stub.attached && !stub.stopped && stub.threads && nobody_runs()) {
		stub.event = (struct gdb_event){.kind = GDB_NOBODY};
		stub.stopped = true;
	}
	pthread_cond_broadcast(&stub.wake);
	unlock();
}

bool rv64_gdb_call_begin(struct rv64_thread *t, long *ret)
{
	if (t->gdb.answered && t->gdb.call_pc == t->cpu.pc && t->gdb.call_sp == t->cpu.x[2]) {
		t->gdb.answered = false;
		*ret = t->gdb.answer;
		return false;
	}
	lock();
	t->gdb.in_call = true;
	t->gdb.replaced = false;
	t->gdb.call_pc = t->cpu.pc;
	t->gdb.call_sp = t->cpu.x[2];
	pthread_cond_broadcast(&stub.wake);
	unlock();
	return true;
}

bool rv64_gdb_call_end(struct rv64_thread *t, long ret)
{
	bool kept;

	lock();
	wait_turn(t);
	t->gdb.in_call = false;
	kept = !t->gdb.replaced || ret == RV64_KEEP_STATE;
	if (!kept && ret != PASS_RESTART && ret != -EINTR) {
		t->gdb.answered = true;
		t->gdb.answer = ret;
	}
	unlock();
	return kept;
}

/*
 * SIGSEGV, since that one reaches the engine at any time, whatever the guest does. Calls
 * that wait end with EINTR, which is not returned to the guest.
 */
void gdb_kick(struct rv64_thread *t)
{
	siginfo_t info = {.si_signo = SIGSEGV, .si_code = SI_QUEUE};
	long pid = hostcall(SYS_getpid);

	info.si_pid = pid;
	info.si_ptr = &stub;
	hostcall(SYS_rt_tgsigqueueinfo, pid, t->tid, SIGSEGV, &info);
}

bool rv64_gdb_is_kick(const siginfo_t *info)
{
	return info->si_code == SI_QUEUE && info->si_ptr == &stub &&
	       info->si_pid == (pid_t)hostcall(SYS_getpid);
}

void rv64_gdb_exit(struct rv64_thread *t, int status)
{
	while (READ_ONCE(rv64_gdb_active) && !report(t, GDB_EXIT, status & 0xff))
		;
}

void rv64_gdb_killed(struct rv64_thread *t, int signal)
{
	while (READ_ONCE(rv64_gdb_active) && !report(t, GDB_KILLED, signal))
		;
}

void rv64_gdb_forked(struct rv64_thread *t)
{
	rv64_gdb_active = 0;
	/* The stub may have held it. */
	pthread_mutex_init(&stub.lock, NULL);
	gdb_points_clear();
	t->gdb = (struct rv64_gdb_thread){0};
	stub.threads = NULL;
	stub.attached = stub.stopped = false;
}

/* The debugger resumed it with a signal that did not stop it. */
static void send_to_itself(struct rv64_thread *t)
{
	long pid = hostcall(SYS_getpid);
	int sig = t->gdb.deliver;

	t->gdb.deliver = 0;
	t->gdb.passing = sig;
	hostcall(SYS_tgkill, pid, t->tid, sig);
}

static bool not_reported(struct rv64_thread *t)
{
	bool passing = t->gdb.passing == t->sig;

	if (passing)
		t->gdb.passing = 0;
	return passing || (READ_ONCE(stub.passed) & SIGBIT(t->sig));
}

/* Tells the debugger of the signal; what it wants to be delivered instead, 0 for nothing,
 * or -EAGAIN: somebody else was first. */
static int ask(struct rv64_thread *t, const siginfo_t *info)
{
	int sig;

	t->gdb.info = *info;
	if (!report(t, GDB_SIGNAL, info->si_signo))
		return -EAGAIN;
	sig = READ_ONCE(rv64_gdb_active) ? t->gdb.deliver : info->si_signo;
	t->gdb.deliver = 0;
	return sig;
}

static void stepped(struct rv64_thread *t)
{
	if (t->gdb.action != GDB_STEP ||
	    (t->cpu.pc >= t->gdb.range_start && t->cpu.pc < t->gdb.range_end))
		return;
	report(t, GDB_STEPPED, 0);
}

static void take_pending(struct rv64_thread *t)
{
	u64 pc = t->cpu.pc;
	int sig = t->sig;

	if (!not_reported(t))
		sig = ask(t, &t->info);
	if (sig == -EAGAIN)
		return;
	if (sig != t->sig)
		rv64_drop_signal(t);
	if (sig && sig != t->sig) {
		t->gdb.deliver = sig;
		return;
	}
	if (sig)
		rv64_deliver(t);
	if (t->cpu.pc != pc)
		stepped(t); /* at the first instruction of the handler */
}

bool rv64_gdb_fault(struct rv64_thread *t, const siginfo_t *info)
{
	int sig = ask(t, info);

	if (sig == info->si_signo)
		return true;
	if (sig > 0)
		t->gdb.deliver = sig;
	return false;
}

static bool report_watched(struct rv64_thread *t)
{
	struct gdb_event event = {
		.kind = GDB_WATCH, .watch_kind = t->gdb.watch_kind, .address = t->gdb.watched};
	bool first;

	if (!event.address)
		return false;
	lock();
	first = report_locked(t, &event);
	unlock();
	if (first)
		t->gdb.watched = 0;
	return true;
}

/* One instruction, by the interpreter. */
static void step(struct rv64_thread *t)
{
	enum rv64_stop stop;
	u64 pc = t->cpu.pc;

	if (gdb_watching())
		gdb_watch_next(t);
	stop = rv64_step(&t->cpu);
	if (stop != RV64_STOP_BUDGET) {
		if (stop != RV64_STOP_ECALL)
			t->gdb.watched = 0; /* it did not happen */
		rv64_stopped(t, stop);
	}
	if (t->leaving)
		return;
	if (t->gdb.watched)
		report_watched(t);
	else if (stop == RV64_STOP_BUDGET || t->cpu.pc != pc)
		stepped(t);
}

void rv64_gdb_turn(struct rv64_thread *t)
{
	enum rv64_stop stop;

	lock();
	wait_turn(t);
	unlock();
	if (t->gdb.deliver)
		send_to_itself(t);
	if (READ_ONCE(t->pending)) {
		take_pending(t);
	} else if (report_watched(t)) {
		return;
	} else if (t->gdb.action == GDB_STEP) {
		step(t);
	} else if (gdb_watching()) {
		if (rv64_breakpoint_within(t->cpu.pc, 1))
			report(t, GDB_BREAKPOINT, 0);
		else
			step(t);
	} else {
		stop = rv64_run(&t->cpu);
		if (stop == RV64_STOP_BREAKPOINT)
			report(t, GDB_BREAKPOINT, 0);
		else
			rv64_stopped(t, stop);
	}
}
