/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wait queues. A condition that was checked while holding the run token stays
 * as it was until the token is given away, so "check, then sleep" has no race.
 *
 * A waiter lives in the arena, never on a runtime stack: another process walks it.
 */
#ifndef SUNDIAL_SIMKERNEL_WAIT_H
#define SUNDIAL_SIMKERNEL_WAIT_H

#include "base/list.h"

struct task;
struct thread;

enum waiter_kind {
	WAITER_TASK,  /* wakes owner (struct task) */
	WAITER_EPOLL, /* tells owner (struct epitem) that its file may be ready */
	WAITER_FILE,  /* passes the event on to those who wait for owner (struct file) */
};

struct waitq {
	struct list waiters;
};

struct waiter {
	struct list link;
	u32 kind;
	u32 key;     /* free for the queue's owner: poll events, futex bitset */
	void *owner; /* task, epitem or file */
	bool exclusive;
};

static inline void waitq_init(struct waitq *q)
{
	list_init(&q->waiters);
}

void waitq_add(struct waitq *q, struct waiter *w);
/* Fine when w is on no queue. */
void waitq_remove(struct waiter *w);
/*
 * Wakes every non-exclusive waiter whose key shares a bit with events (0 on
 * either side matches all) and the first exclusive one that somebody waits behind.
 */
void waitq_wake(struct waitq *q, u32 events);
void waitq_wake_all(struct waitq *q);
/* The queue's memory goes away: takes whoever is left off it, and wakes them to look. */
void waitq_dissolve(struct waitq *q);

/*
 * Sleeps until somebody wakes this task, the count reaches deadline_ns
 * (TIME_NEVER: none) or a deliverable signal waits: 0, -ETIMEDOUT, -EINTR.
 * The caller has queued its waiters, and looks at its condition again after 0.
 */
long task_sleep(struct thread *th, u64 deadline_ns);
/* The same, and signals other than a fatal one do not end it. */
long task_sleep_uninterruptible(struct thread *th, u64 deadline_ns);

/*
 * Waits on q until cond holds. Value: 0, -ETIMEDOUT, or -EINTR, which callers
 * turn into -ERESTARTSYS or what their man page says. Uses task->wait.
 */
#define WAIT_ON(th, q, cond, deadline_ns)                            \
	({                                                           \
		long wait_ret_ = 0;                                  \
		waitq_add((q), &(th)->task->wait);                   \
		while (!(cond)) {                                    \
			wait_ret_ = task_sleep((th), (deadline_ns)); \
			if (wait_ret_)                               \
				break;                               \
		}                                                    \
		waitq_remove(&(th)->task->wait);                     \
		wait_ret_;                                           \
	})

#endif
