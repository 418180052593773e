// SPDX-License-Identifier: GPL-2.0
/*
 * The generations of a TB set's slots, and the queue that tells of their changes.
 *
 * Locking: tb->lock for both. A reader of the queue holds tb->read_mutex besides,
 * so that the event it copies to user space without tb->lock stays the first: new
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

static u64 generation_add(struct sundial_tb *tb, u32 slot, u64 step)
{
	u64 *generation = (u64 *)(sundial_tb_page(tb) + 1) + slot;

	lockdep_assert_held(&tb->lock);
	smp_store_release(generation, *generation + step);
	return *generation;
}

void sundial_slot_event(struct sundial_tb *tb, u32 slot, u32 reason, u64 start, u64 end)
{
	struct sundial_tb_page *page = sundial_tb_page(tb);
	u64 generation = generation_add(tb, slot, 0);

	trace_sundial_tb_change(tb->id, slot, reason, start, end, generation);
	if (!tb->events)
		return;
	if (tb->head - tb->tail < tb->events)
		tb->ring[tb->head++ % tb->events] = (struct sundial_tb_event){
			.slot = slot,
			.reason = reason,
			.start = start,
			.end = end,
			.generation = generation,
		};
	else
		tb->lost++;
	WRITE_ONCE(page->queued, page->queued + 1);
	if (wq_has_sleeper(&tb->readable))
		wake_up_interruptible_poll(&tb->readable, EPOLLIN | EPOLLRDNORM);
}

void sundial_slot_change(struct sundial_tb *tb, u32 slot, u32 reason, u64 bytes)
{
	generation_add(tb, slot, 2);
	sundial_slot_event(tb, slot, reason, 0, bytes);
}

void sundial_slot_begin(struct sundial_tb *tb, u32 slot)
{
	if (!tb->busy[slot]++)
		generation_add(tb, slot, 1);
}

void sundial_slot_end(struct sundial_tb *tb, u32 slot)
{
	if (!--tb->busy[slot])
		generation_add(tb, slot, 1);
}

/* The next event that a reader is told, if there is one: first how many were lost. */
static bool queue_first(struct sundial_tb *tb, struct sundial_tb_event *event)
{
	bool ready;

	spin_lock(&tb->lock);
	ready = tb->lost || tb->head != tb->tail;
	if (tb->lost)
		*event = (struct sundial_tb_event){
			.reason = SUNDIAL_TB_LOST,
			.generation = tb->lost,
		};
	else if (ready)
		*event = tb->ring[tb->tail % tb->events];
	spin_unlock(&tb->lock);
	return ready;
}

/* It has been told. */
static void queue_drop(struct sundial_tb *tb, const struct sundial_tb_event *event)
{
	spin_lock(&tb->lock);
	if (event->reason == SUNDIAL_TB_LOST)
		tb->lost -= event->generation;
	else
		tb->tail++;
	spin_unlock(&tb->lock);
}

/* Returns bytes copied; 0 if there is nothing. Holds tb->read_mutex. */
static ssize_t queue_copy(struct sundial_tb *tb, char __user *buffer, size_t size)
{
	struct sundial_tb_event event;
	size_t done = 0;

	while (size - done >= sizeof(event) && queue_first(tb, &event)) {
		if (copy_to_user(buffer + done, &event, sizeof(event)))
			return done ?: -EFAULT;
		queue_drop(tb, &event);
		done += sizeof(event);
	}
	return done;
}

static bool queue_ready(struct sundial_tb *tb)
{
	struct sundial_tb_event event;

	return queue_first(tb, &event);
}

ssize_t sundial_queue_read(struct file *file, char __user *buffer, size_t size, loff_t *at)
{
	struct sundial_tb *tb = file->private_data;
	ssize_t ret;

	if (!tb->events || size < sizeof(struct sundial_tb_event))
		return -EINVAL;
	for (;;) {
		if (mutex_lock_interruptible(&tb->read_mutex))
			return -ERESTARTSYS;
		ret = queue_copy(tb, buffer, size);
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
