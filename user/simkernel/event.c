// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The event queue: a binary heap of armed timers. A timer knows its place, so
 * that disarming costs what arming costs. Belongs to the holder of the run token.
 */
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/fault.h"
#include "simkernel/sched.h"

static bool before(const struct timer *a, const struct timer *b)
{
	return a->expiry_ns != b->expiry_ns ? a->expiry_ns < b->expiry_ns : a->seq < b->seq;
}

static void place(struct host *h, u32 i, struct timer *t)
{
	h->heap[i] = t;
	t->index = i + 1;
}

static void sift_up(struct host *h, u32 i, struct timer *t)
{
	while (i && before(t, h->heap[(i - 1) / 2])) {
		place(h, i, h->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(h, i, t);
}

static void sift_down(struct host *h, u32 i, struct timer *t)
{
	for (;;) {
		u32 child = 2 * i + 1;

		if (child >= h->heap_len)
			break;
		if (child + 1 < h->heap_len && before(h->heap[child + 1], h->heap[child]))
			child++;
		if (before(t, h->heap[child]))
			break;
		place(h, i, h->heap[child]);
		i = child;
	}
	place(h, i, t);
}

static bool grow(struct host *h)
{
	u32 cap = h->heap_cap ? 2 * h->heap_cap : 512;
	struct timer **heap = arena_alloc(h, cap * sizeof(*heap));

	if (!heap)
		return false;
	if (h->heap_len)
		memcpy(heap, h->heap, h->heap_len * sizeof(*heap));
	arena_free(h, h->heap);
	h->heap = heap;
	h->heap_cap = cap;
	return true;
}

static void heap_remove(struct host *h, struct timer *t)
{
	u32 i = t->index - 1;
	struct timer *last = h->heap[--h->heap_len];

	t->index = 0;
	if (last == t)
		return;
	if (i && before(last, h->heap[(i - 1) / 2]))
		sift_up(h, i, last);
	else
		sift_down(h, i, last);
}

void timer_arm(struct host *h, struct timer *t, u64 expiry_ns)
{
	if (t->index)
		heap_remove(h, t);
	if (h->heap_len == h->heap_cap && !grow(h)) {
		sim_end(h, END_NO_MEMORY, "the arena is full: no room for another timer");
		return;
	}
	t->expiry_ns = expiry_ns;
	t->seq = h->timer_seq++;
	sift_up(h, h->heap_len++, t);
	if (t->index == 1)
		sched_update_limit(h);
}

void timer_disarm(struct host *h, struct timer *t)
{
	if (t->index)
		heap_remove(h, t);
}

u64 event_next(struct host *h)
{
	return h->heap_len ? h->heap[0]->expiry_ns : TIME_NEVER;
}

static void event_fire(struct host *h, struct timer *t)
{
	switch ((enum timer_kind)t->kind) {
	case TIMER_TASK:
		task_timeout(h, t);
		break;
	case TIMER_ITIMER:
		itimer_fire(h, t);
		break;
	case TIMER_POSIX:
		posix_timer_fire(h, t);
		break;
	case TIMER_TIMERFD:
		timerfd_fire(h, t);
		break;
	case TIMER_SOCKET:
		socket_timer_fire(h, t);
		break;
	}
}

void event_run_due(struct host *h)
{
	while (h->heap_len && h->heap[0]->expiry_ns <= host_now(h)) {
		struct timer *t = h->heap[0];

		heap_remove(h, t);
		h->events++;
		fault_point(h, FAULT_IN_EVENT);
		event_fire(h, t);
	}
}
