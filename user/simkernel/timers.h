/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interval timers, POSIX timers and CPU-time timers (itimer.c, cputimer.c, posixtimer.c), as
 * signals, the scheduler and the life of processes see them.
 */
#ifndef SUNDIAL_SIMKERNEL_TIMERS_H
#define SUNDIAL_SIMKERNEL_TIMERS_H

#include "simkernel/task.h"

struct posix_timer;

/* Something on CPU time was armed or disarmed in p. */
void cpu_timers_changed(struct process *p);
/* Fires the POSIX timers of p that are due on CPU time; the least CPU time until one is. */
void posix_timers_cpu_due(struct process *p);
u64 posix_timers_cpu_next(struct process *p);

/*
 * The count at which, if t keeps running, the nearest CPU-time timer of its
 * process is due; TIME_NEVER when there is none.
 */
u64 cpu_timer_next(struct task *t);
/* That count is reached. */
void cpu_timer_due(struct task *t);

/* signal.c: queues a timer's signal to the process (t NULL) or task; 1: it is ignored. */
long signal_from_timer(struct process *p, struct task *t, int sig, const siginfo_t *info,
		       struct posix_timer *timer);

/* The timer's signal leaves the queue undelivered (flushed). */
void posix_timer_unqueued(struct posix_timer *timer);
/* It is being delivered: fills in the overrun count and arms the next expiry. */
void posix_timer_taken(struct posix_timer *timer, siginfo_t *info);
/* SIGALRM is being delivered: ITIMER_REAL goes on. */
void itimer_real_taken(struct process *p);

/* Deletes the POSIX timers (exec and exit). */
void posix_timers_delete_all(struct process *p);
/* CLOCK_REALTIME was set: absolute timers on it find their new expiry. */
void posix_timers_clock_set(struct host *h);

#endif
