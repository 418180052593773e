// SPDX-License-Identifier: GPL-2.0-or-later
/* Wait queues (wait.h). Belong to the holder of the run token. */
#include "simkernel/sched.h"
#include "simkernel/wait.h"

void epoll_item_wake(struct waiter *w, u32 events) __attribute__((weak));

void waitq_add(struct waitq *q, struct waiter *w)
{
	list_add_tail(&w->link, &q->waiters);
}

void waitq_remove(struct waiter *w)
{
	if (list_linked(&w->link))
		list_del(&w->link);
}

static void wake_one(struct waiter *w, u32 events)
{
	if (w->kind == WAITER_EPOLL)
		epoll_item_wake(w, events);
	else
		task_wake(w->owner);
}

void waitq_wake(struct waitq *q, u32 events)
{
	struct waiter *w, *next;

	list_for_each_safe(w, next, &q->waiters, link) {
		if (w->key && events && !(w->key & events))
			continue;
		wake_one(w, events);
		if (w->exclusive)
			break;
	}
}

void waitq_wake_all(struct waitq *q)
{
	struct waiter *w, *next;

	list_for_each_safe(w, next, &q->waiters, link)
		wake_one(w, 0);
}
