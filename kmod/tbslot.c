// SPDX-License-Identifier: GPL-2.0
/*
 * The generations of a TB set's slots, and the queue that tells of their changes.
 *
 * Locking: tb->lock for both. A reader of the queue holds tb->read_mutex besides,
 * so that what it copies to user space without tb->lock stays where it is: new
 * events never overwrite old ones, and only a reader takes some out.
 *
 * Readers in user space take nothing. A slot turns odd before page tables change
 * and even after TLBs were flushed (struct sundial_space), and they look at it
 * before and after they read the memory:
 *
 *	translator			munmap()
 *	load-acquire: 4
 *					5
 *					page tables change, TLBs are flushed
 *	reads old or new bytes
 *	load: 5, not 4: starts again
 *	load-acquire: 5, odd: waits
 *					store-release: 6
 *	load-acquire: 6
 *	reads new bytes: the release and
 *	the acquire put them after the flush
 *
 * If the store of 5 comes late to the translator it has made something of new
 * bytes under generation 4: wasted, but never stale.
 */
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "tb.h"
#include "trace.h"

/* How many events a reader copies at once. */
#define QUEUE_BATCH 8

static u64 generation_add(struct sundial_tb *tb, u32 slot, u64 step)
{
	u64 *generation = (u64 *)(sundial_tb_page(tb) + 1) + slot;

	lockdep_assert_held(&tb->lock);
	smp_store_release(generation, *generation + step);
	return *generation;
}

static void queue_event(struct sundial_tb *tb, const struct sundial_tb_event *event)
{
	struct sundial_tb_page *page = sundial_tb_page(tb);

	lockdep_assert_held(&tb->lock);
	trace_sundial_tb_change(tb->id, event->slot, event->reason, event->start, event->end,
				event->generation);
	if (!tb->events)
		return;
	if (tb->head - tb->tail < tb->events)
		tb->ring[tb->head++ % tb->events] = *event;
	else
		tb->lost++;
	WRITE_ONCE(page->queued, page->queued + 1);
	if (wq_has_sleeper(&tb->readable))
		wake_up_interruptible_poll(&tb->readable, EPOLLIN | EPOLLRDNORM);
}

void sundial_slot_event(struct sundial_tb *tb, u32 slot, u32 reason, u64 start, u64 end)
{
	struct sundial_tb_event event = {
		.slot = slot,
		.reason = reason,
		.start = start,
		.end = end,
		.generation = generation_add(tb, slot, 0),
	};

	queue_event(tb, &event);
}

void sundial_slot_change(struct sundial_tb *tb, u32 slot, u32 reason)
{
	generation_add(tb, slot, 2);
	sundial_slot_event(tb, slot, reason, 0, 0);
}

void sundial_slot_begin(struct sundial_tb *tb, u32 slot, u32 reason, u64 start, u64 end)
{
	if (!tb->busy[slot]++)
		generation_add(tb, slot, 1);
	sundial_slot_event(tb, slot, reason, start, end);
}

void sundial_slot_end(struct sundial_tb *tb, u32 slot)
{
	lockdep_assert_held(&tb->lock);
	if (!--tb->busy[slot])
		generation_add(tb, slot, 1);
}

static bool queue_ready(struct sundial_tb *tb)
{
	bool ready;

	spin_lock(&tb->lock);
	ready = tb->head != tb->tail || tb->lost;
	spin_unlock(&tb->lock);
	return ready;
}

/* Copies up to room of the next events without taking them out; *lost is what the first tells. */
static u32 queue_peek(struct sundial_tb *tb, struct sundial_tb_event *events, u32 room, u64 *lost)
{
	u32 count = 0;
	u64 at;

	spin_lock(&tb->lock);
	*lost = tb->lost;
	if (*lost)
		events[count++] = (struct sundial_tb_event){
			.reason = SUNDIAL_TB_LOST,
			.generation = *lost,
		};
	for (at = tb->tail; at != tb->head && count < room; at++)
		events[count++] = tb->ring[at % tb->events];
	spin_unlock(&tb->lock);
	return count;
}

/* The events that queue_peek() returned have been read. */
static void queue_drop(struct sundial_tb *tb, u32 count, u64 lost)
{
	spin_lock(&tb->lock);
	tb->lost -= lost;
	tb->tail += count - !!lost;
	spin_unlock(&tb->lock);
}

/* Returns bytes copied; 0 if there is nothing. Holds tb->read_mutex. */
static ssize_t queue_copy(struct sundial_tb *tb, char __user *buffer, size_t room)
{
	struct sundial_tb_event events[QUEUE_BATCH];
	size_t done = 0;
	u32 count;
	u64 lost;

	while (done < room) {
		count = queue_peek(tb, events, min_t(size_t, room - done, QUEUE_BATCH), &lost);
		if (!count)
			break;
		if (copy_to_user(buffer + done * sizeof(*events), events, count * sizeof(*events)))
			return done ? done * sizeof(*events) : -EFAULT;
		queue_drop(tb, count, lost);
		done += count;
	}
	return done * sizeof(*events);
}

ssize_t sundial_queue_read(struct file *file, char __user *buffer, size_t size, loff_t *at)
{
	struct sundial_tb *tb = file->private_data;
	size_t room = size / sizeof(struct sundial_tb_event);
	ssize_t ret;

	if (!tb->events || !room)
		return -EINVAL;
	for (;;) {
		if (mutex_lock_interruptible(&tb->read_mutex))
			return -ERESTARTSYS;
		ret = queue_copy(tb, buffer, room);
		mutex_unlock(&tb->read_mutex);
		if (ret)
			return ret;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(tb->readable, queue_ready(tb)))
			return -ERESTARTSYS;
	}
}

__poll_t sundial_queue_poll(struct file *file, struct poll_table_struct *table)
{
	struct sundial_tb *tb = file->private_data;

	poll_wait(file, &tb->readable, table);
	return queue_ready(tb) ? EPOLLIN | EPOLLRDNORM : 0;
}
