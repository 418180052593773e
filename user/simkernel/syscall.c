// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dispatch: from a system call's number to what answers it, with its virtual
 * latency, its count in the statistics, its line in the strace file.
 */
#include <errno.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/fault.h"
#include "simkernel/inotify.h"
#include "simkernel/record.h"
#include "simkernel/strace.h"
#include "simkernel/syscall.h"

/*
 * A handler that an image lacks is a null pointer here: arch_prctl belongs to an
 * engine, and the supervisor has none.
 */
#define E(nr, name, args) syscall_fn sys_##name __attribute__((weak));
#define N(nr, name, args) E(nr, name, args)
#define P(nr, name, args)
#define U(nr, name, args, error)
#include "simkernel/syscalls.tbl"
#undef E
#undef N
#undef P
#undef U

const struct syscall_desc syscall_table[SYSCALL_SLOTS] = {
#define E(nr, name, args)	 [nr] = {#name, args, sys_##name, SYSCALL_EMULATED, 0},
#define N(nr, name, args)	 [nr] = {#name, args, sys_##name, SYSCALL_ENGINE, 0},
#define P(nr, name, args)	 [nr] = {#name, args, NULL, SYSCALL_PASSED, 0},
#define U(nr, name, args, error) [nr] = {#name, args, NULL, SYSCALL_UNSUPPORTED, error},
#include "simkernel/syscalls.tbl"
#undef E
#undef N
#undef P
#undef U
};

static long dispatch(struct thread *th, u64 nr, const u64 *a)
{
	const struct syscall_desc *d = nr < SYSCALL_SLOTS ? &syscall_table[nr] : NULL;

	if (likely(d && d->fn))
		return d->fn(th, a);
	if (d && d->class == SYSCALL_PASSED)
		return pass(th, nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (d && d->class == SYSCALL_UNSUPPORTED)
		return -(long)d->error;
	th->host->unknown_calls++;
	th->host->stat[min(nr, (u64)SYSCALL_SLOTS - 1)].unknown++;
	return -ENOSYS;
}

/*
 * A clock read costs a tick however it is made, so that a program without the
 * clock page goes through the same times as one with it.
 */
static void charge(struct host *h, struct task *t, u64 nr)
{
	if (nr == SYS_clock_gettime || nr == SYS_gettimeofday || nr == SYS_time) {
		h->clock->now_ns += h->config.tick_ns;
		return;
	}
	t->sys_ns += h->config.call_ns / 2; /* the rest stands for the program around it */
	h->clock->now_ns += h->config.call_ns;
}

static void __attribute__((noinline))
log_call(struct thread *th, u64 nr, const u64 *a, u64 begun_ns)
{
	if (th->host->logs & LOG_STRACE)
		strace_enter(th, nr, a, begun_ns);
	if (th->host->logs & LOG_RECORD)
		record_call(th, nr, a, begun_ns);
}

static void __attribute__((noinline)) log_done(struct thread *th, u64 nr, const u64 *a, long ret)
{
	if (th->host->logs & LOG_STRACE)
		strace_exit(th, nr, a, ret);
	if (th->host->logs & LOG_RECORD)
		record_call_done(th, nr, a, ret);
}

long sim_syscall(struct thread *th, u64 nr, const u64 *a)
{
	struct host *h = th->host;
	struct task *t = th->task;
	struct syscall_stat *stat = &h->stat[nr < SYSCALL_SLOTS ? nr : SYSCALL_SLOTS - 1];
	u64 begun_ns = h->clock->now_ns;
	long ret;

	t->in_kernel = true;
	fault_point(h, FAULT_IN_CALL);
	t->calls++;
	t->call_nr = nr;
	h->progress++;
	stat->calls++;
	charge(h, t, nr);
	if (unlikely(h->clock->now_ns >= h->clock->limit_ns || h->death_pending))
		sched_look(th);
	h->call_used_host = false;
	if (unlikely(h->logs))
		log_call(th, nr, a, begun_ns);
	ret = dispatch(th, nr, a);
	if (unlikely(t->nheld || t->poll || t->scratch))
		task_release_call(t);
	if (unlikely(h->watched_events && h->call_used_host))
		inotify_after_call(h, th, nr);
	stat->host += h->call_used_host;
	stat->errors += is_error(ret);
	if (unlikely(h->logs))
		log_done(th, nr, a, ret);
	if (unlikely(signal_waiting(t) || t->restore_mask || ret <= -ERESTARTSYS))
		ret = signal_return_to_user(th, ret, nr);
	t->in_kernel = false;
	return ret;
}
