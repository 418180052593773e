/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run token and virtual time.
 *
 * At most one thread of a host runs at all, user code included. The token
 * leaves it only when it blocks, is preempted, yields its slice or ends; whoever
 * holds it owns the whole arena. Time moves only by the ticks and latencies of
 * the running thread, or, when every thread is blocked, to the next event.
 */
#ifndef SUNDIAL_SIMKERNEL_SCHED_H
#define SUNDIAL_SIMKERNEL_SCHED_H

#include "simkernel/host.h"
#include "simkernel/thread.h"
#include <linux/sundial.h>

/* The count (CLOCK_MONOTONIC) of the host. */
static inline u64 host_now(const struct host *h)
{
	return h->clock->now_ns;
}

/* Moves the count; never backwards. Charges the running task. */
void host_advance(struct host *h, u64 ns);
/* Offsets of the other clocks: CLOCK_REALTIME = count + realtime_ns... */
s64 host_realtime_offset(struct host *h);

/*
 * The calling thread only asked (a clock, sched_yield, an empty poll, EAGAIN).
 * A program that does nothing else waits for time to pass; after some
 * consecutive asks each one moves the count further, so that it gets there.
 */
void sched_asked_in_vain(struct thread *th);

/* Puts a blocked task on the ready queue. Fine when it is not blocked. */
void task_wake(struct task *t);
/* Ends a sleep without having been woken: task_sleep() looks why, and says -EINTR. */
void task_interrupt(struct task *t);
/* Takes a waiting task off the ready queue: it is stopped until task_start(). */
void task_unready(struct task *t);
/* Lets the tasks of a stopped process run again. */
void process_continue_tasks(struct process *p);
/* A new task's first entry into the ready queue. */
void task_start(struct task *t);
/* Gives others a turn; returns when this task has the token again. */
void sched_yield_token(struct thread *th);
/* At each call and slow clock read: due events, the slice, deaths, the end. */
void sched_look(struct thread *th);
/* Recomputes the clock page's limit after a timer or the ready queue changed. */
void sched_update_limit(struct host *h);
/* Chooses who runs after a task that ends; runs events as needed. NULL: nobody is left. */
struct task *sched_pick_next(struct host *h);
/* Hands the token to t (its host thread is parked or about to park). */
void sched_hand_over(struct host *h, struct task *t);
/* Makes th the thread of t, which is in the arena. */
static inline void thread_bind(struct thread *th, struct task *t)
{
	th->task = t;
	t->thread = th;
	th->ticket = t->ticket;
}
/* Waits until this thread's task has the token. */
void sched_park(struct thread *th);
/* Adds a line to the report, once for each distinct text. */
void sim_note(struct host *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Ends the simulation and never returns to the guest. */
void sim_end(struct host *h, enum host_end why, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
