// SPDX-License-Identifier: GPL-2.0-or-later
/* Wait queues (wait.h). Belong to the holder of the run token. */
#include "simkernel/poll.h"
#include "simkernel/sched.h"
#include "simkernel/wait.h"

void waitq_add(struct waitq *q, struct waiter *w)
{
	list_add_tail(&w->link, &q->waiters);
}

void waitq_remove(struct waiter *w)
{
	if (list_linked(&w->link))
		list_del(&w->link);
}

/* Whether somebody is there to handle the event. */
static bool wake_one(struct waiter *w, u32 events)
{
	switch ((enum waiter_kind)w->kind) {
	case WAITER_TASK:
		task_wake(w->owner);
		return true;
	case WAITER_EPOLL:
		return epoll_item_wake(w, events);
	case WAITER_FILE:
		file_wake(w->owner, events);
		return true;
	}
	return false;
}

void waitq_wake(struct waitq *q, u32 events)
{
	struct waiter *w, *next;

	list_for_each_safe (w, next, &q->waiters, link) {
		if (w->key && events && !(w->key & events))
			continue;
		if (wake_one(w, events) && w->exclusive)
			break;
	}
}

void waitq_wake_all(struct waitq *q)
{
	struct waiter *w, *next;

	list_for_each_safe (w, next, &q->waiters, link)
		wake_one(w, 0);
}

void waitq_dissolve(struct waitq *q)
{
	while (!list_empty(&q->waiters)) {
		struct waiter *w = list_first(&q->waiters, struct waiter, link);

		waitq_remove(w);
		wake_one(w, POLLHUP);
	}
}
