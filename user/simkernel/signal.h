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

/* Queue to a process or to one task; info may be NULL for SI_KERNEL. 0 or -EAGAIN (queue full). */
long signal_process(struct process *p, int sig, const siginfo_t *info);
long signal_task(struct task *t, int sig, const siginfo_t *info);
/* A fault: unblocks and resets to default where the guest had blocked or ignored it. */
void signal_force(struct task *t, int sig, const siginfo_t *info);
/* Something deliverable (not blocked, not ignored) waits for t. */
bool signal_waiting(struct task *t);
/* A SIGKILL waits for t: it must not sleep again. */
bool signal_fatal(struct task *t);
/*
 * Called on the way back to user code with the call's result: delivers handlers,
 * stops, ends the process, restarts. Returns the result for the guest.
 */
long signal_return_to_user(struct thread *th, long ret, u64 nr);
void sigpending_init(struct sigpending *p);
void sigpending_flush(struct host *h, struct sigpending *p, u64 set);
/* Takes the next signal in set out of t's or its process's queue; 0: none. */
int signal_dequeue(struct task *t, u64 set, siginfo_t *info);
void signal_set_blocked(struct task *t, u64 set);
/* Blocks set until the call's end (sigsuspend, ppoll, pselect, epoll_pwait). */
void signal_temporary_mask(struct task *t, u64 set);
/* Reads the (sigset pointer, size) of those calls. -EINVAL, -EFAULT, 0. */
long sigset_from_user(u64 addr, u64 size, u64 *set);

#endif
