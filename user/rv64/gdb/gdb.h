/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gdb for riscv64 programs: gdb's remote protocol, spoken by a thread of the engine's
 * own. What the Linux layer calls, on guest threads.
 *
 * One debugger, one process: children of fork and what is executed run free. All threads
 * stop together. A thread that waits in a call of the host's goes on waiting while the
 * others are stopped, and stays in front of its ecall until it may run.
 */
#ifndef SUNDIAL_RV64_GDB_H
#define SUNDIAL_RV64_GDB_H

#include <signal.h>
#include "base/types.h"

struct rv64_thread;

/* Of each guest thread, in struct rv64_thread. Under the stub's lock (stub.h). */
struct rv64_gdb_thread {
	struct rv64_thread *next;
	u8 action; /* enum gdb_action */
	bool parked;
	bool in_call;  /* its registers do not change until it has the lock again */
	bool replaced; /* the debugger wrote registers meanwhile */
	bool answered; /* the call was over, but its result not returned */
	s64 answer;
	u64 call_pc, call_sp; /* of the last call */
	s32 deliver;	      /* signal that the debugger resumed it with, or 0 */
	s32 passing;	      /* one that it has sent itself: not reported again */
	u64 range_end;	      /* stepping goes on while pc is in [range_start, range_end) */
	u64 range_start;
	u64 watched; /* address of a watchpoint that was hit and not reported, or 0 */
	u8 watch_kind;
	siginfo_t info; /* of the signal reported last */
};

/* A debugger is there, or awaited. Only while it is may the functions below be called. */
extern u32 rv64_gdb_active;

/*
 * Listens at where, a TCP port of this machine or the path of a UNIX socket, and waits for
 * the debugger. On the first guest thread, before it runs. Returns 0 or a negative errno.
 */
int rv64_gdb_start(const char *where);

/* Threads come and go; a new one waits in its first turn if the others are stopped. */
void rv64_gdb_thread_begin(struct rv64_thread *t);
void rv64_gdb_thread_end(struct rv64_thread *t);

/* One turn of the thread's loop: runs guest code, steps, or waits. */
void rv64_gdb_turn(struct rv64_thread *t);

/* A signal that the guest itself caused. True: it is the guest's; false: execute on. */
bool rv64_gdb_fault(struct rv64_thread *t, const siginfo_t *info);

/*
 * Around a call. The debugger may give the thread other registers while it waits, to call
 * a function with it: then end is false, and nothing is returned to the guest. When it is
 * back at its ecall, the call is made again, or, if it was over by then, begin is false and
 * the result is that of the first time.
 */
bool rv64_gdb_call_begin(struct rv64_thread *t, long *ret);
bool rv64_gdb_call_end(struct rv64_thread *t, long ret);

/* Whether a SIGSEGV only ends a call that waits. Safe in its handler. */
bool rv64_gdb_is_kick(const siginfo_t *info);

/* The process is about to end: by exit with status, or by signal. Returns when the
 * debugger has been told. */
void rv64_gdb_exit(struct rv64_thread *t, int status);
void rv64_gdb_killed(struct rv64_thread *t, int signal);

/* In the child of a fork, whose only thread is t: nothing of it is left. */
void rv64_gdb_forked(struct rv64_thread *t);

#endif
