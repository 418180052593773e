/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event queue: a heap of timers ordered by (virtual time, sequence), so
 * that two timers due at the same nanosecond fire in the order they were armed.
 */
#ifndef SUNDIAL_SIMKERNEL_EVENT_H
#define SUNDIAL_SIMKERNEL_EVENT_H

#include "base/types.h"

struct host;

#define TIME_NEVER (~0UL)

/* What a timer does when it fires; the switch is in event.c. */
enum timer_kind {
	TIMER_TASK,    /* container: struct task.timeout; ends its sleep */
	TIMER_ITIMER,  /* struct process.real_timer: SIGALRM */
	TIMER_POSIX,   /* struct posix_timer (timers.h) */
	TIMER_TIMERFD, /* struct timerfd */
	TIMER_SOCKET,  /* struct socket: loopback delivery, time-outs */
};

struct timer {
	u64 expiry_ns; /* on the host's CLOCK_MONOTONIC count */
	u64 seq;
	u32 index; /* place in the heap plus one; 0: not armed */
	u32 kind;
};

/* Arms or re-arms t. An expiry in the past fires at the next look. */
void timer_arm(struct host *h, struct timer *t, u64 expiry_ns);
void timer_disarm(struct host *h, struct timer *t);
static inline bool timer_armed(const struct timer *t)
{
	return t->index != 0;
}
/* Expiry of the earliest timer, or TIME_NEVER. */
u64 event_next(struct host *h);
/* Fires every timer due at or before the host's now. */
void event_run_due(struct host *h);

/* One for each kind, defined where the timer is owned. */
void task_timeout(struct host *h, struct timer *t);
void itimer_fire(struct host *h, struct timer *t);
void posix_timer_fire(struct host *h, struct timer *t);
void timerfd_fire(struct host *h, struct timer *t);
void socket_timer_fire(struct host *h, struct timer *t);

#endif
