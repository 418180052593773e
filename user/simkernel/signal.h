/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals are state in the arena. Nobody but the target itself runs a handler:
 * a sender queues and wakes, the target looks when it returns to user code.
 */
#ifndef SUNDIAL_SIMKERNEL_SIGNAL_H
#define SUNDIAL_SIMKERNEL_SIGNAL_H

#include "simkernel/task.h"
#include "simkernel/thread.h"

/* Results of a call that a signal interrupted; they never reach the guest. */
#define ERESTARTSYS	      512
#define ERESTARTNOINTR	      513
#define ERESTARTNOHAND	      514
#define ERESTART_RESTARTBLOCK 516

/* The nr of signal_return_to_user() when no call is being left (fault, preemption). */
#define SIGNAL_NO_CALL (~0UL)

/* Queue to a process or to one task; info may be NULL for SI_KERNEL. 0 or -EAGAIN (queue full). */
long signal_process(struct process *p, int sig, const siginfo_t *info);
long signal_task(struct task *t, int sig, const siginfo_t *info);
/* A fault: unblocks and resets to default where the guest had blocked or ignored it. */
void signal_force(struct task *t, int sig, const siginfo_t *info);
/*
 * Something deliverable (not blocked, not ignored) or a stop waits for t, and t
 * is the thread that was chosen for it. Kept by signal_recalc().
 */
static inline bool signal_waiting(const struct task *t)
{
	return t->signal_look;
}
/* Something that will end t waits: it must not sleep again, even uninterruptibly. */
bool signal_fatal(struct task *t);
/* Computes signal_look anew; after blocked, sigwait_set or a queue changed. */
void signal_recalc(struct task *t);
/*
 * Called on the way back to user code with the call's result: delivers handlers,
 * stops, ends the process, restarts. Returns the result for the guest.
 */
long signal_return_to_user(struct thread *th, long ret, u64 nr);
void sigpending_init(struct sigpending *p);
void sigpending_flush(struct host *h, struct sigpending *p, u64 set);
/* The sets that are pending for t: its own and its process's, blocked or not. */
u64 signal_pending_set(struct task *t);
/* Takes the next signal in set out of t's or its process's queue; 0: none. */
int signal_dequeue(struct task *t, u64 set, siginfo_t *info);
void signal_set_blocked(struct task *t, u64 set);
/* Blocks set until the call's end (sigsuspend, ppoll, pselect, epoll_pwait). */
void signal_temporary_mask(struct task *t, u64 set);
/* t ends while its process goes on: what it had been chosen for goes to another thread. */
void signal_task_exit(struct task *t);
/* Sends SIGHUP and SIGCONT to the stopped process groups that p's end leaves without a parent. */
void signal_orphans(struct process *p);
/* The process group has no member with a parent in another group of the session. */
bool pgrp_is_orphaned(struct host *h, s32 pgid, const struct process *except);
/* Stops p as sig does, or lets it go on; the parent hears. */
void process_stop(struct process *p, int sig);
void process_continue(struct process *p);
/* What kill() from that process would say: SI_USER, its pid and uid. */
void signal_info_from(struct process *from, int sig, int code, siginfo_t *info);
/* sigtext.c: "SIGSEGV", "SIGRT_3"; the line that strace writes for a delivery. */
const char *signal_name(int sig, char buf[16]);
void signal_note(struct host *h, struct task *t, int sig, const siginfo_t *info);

/*
 * Calls with a relative time-out that continue after a stop or an ignored
 * signal: such a call computes its deadline through restart_deadline(), and
 * when it is interrupted returns restart_later(). restart_syscall() runs its
 * handler once more with the same arguments, and restart_deadline() then gives
 * the first deadline.
 */
static inline u64 restart_deadline(struct thread *th, u64 deadline_ns)
{
	return th->task->restart.active ? th->task->restart.deadline_ns : deadline_ns;
}
/* Always -ERESTART_RESTARTBLOCK. */
long restart_later(struct thread *th, u64 nr, const u64 *a, u64 deadline_ns);

/* Reads the (sigset pointer, size) of those calls. -EINVAL, -EFAULT, 0. */
long sigset_from_user(u64 addr, u64 size, u64 *set);

#endif
