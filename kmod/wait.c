// SPDX-License-Identifier: GPL-2.0
/*
 * Sleeping until a clock shows a count: SUNDIAL_CLOCK_WAIT, alarms with read()
 * and poll(), and SUNDIAL_CLOCK_KICK.
 *
 * Each page has a struct sundial_queue: a tree of waits in the order of their
 * deadlines, equal ones in the order of their coming. A wait lies on the stack of
 * who sleeps, or in the open file whose alarm it is; both leave the queue before
 * they go. A clock of kind KERNEL in mode SCALED also has one timer, set to when
 * host time brings the count to the first deadline. Pages of kind USER show the
 * first deadline to their writer; what they show to the kernel decides about
 * those who wait for them and nothing else. user/lib/wait.c is the memfd's half.
 *
 * Locking: queue->lock protects the tree, first_ns, the page's deadline_ns, the
 * setting of the timer, and whether a wait is queued. Whoever is due is woken
 * under it, which keeps the order also if two wake at once, but only WAKE_BATCH
 * at a time. clock->lock is taken inside it. alarm->lock is taken outside of it.
 */
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include <linux/sundial.h>

#include "clock.h"
#include "compat.h"
#include "trace.h"

/* How many are woken with interrupts off, and the pause that the timer then makes. */
#define WAKE_BATCH    32
#define WAKE_PAUSE_NS 10000

/*
 * As rate_count() in clock.c, but stops at 2^64 - 1 where that wraps: a clock that
 * has passed every deadline must not keep a timer busy with looking for the next.
 */
static u64 count_after(const struct sundial_clock_rate *rate, u64 since_ns)
{
	unsigned __int128 sum = (unsigned __int128)since_ns * rate->mult >> rate->shift;

	sum += rate->base_ns;
	return sum > U64_MAX ? U64_MAX : (u64)sum;
}

/*
 * The rate in force and the host time, by the time that the timer and user space's
 * readers go by. Both under the lock: an old rate must not meet a time after its end.
 */
static u64 current_rate(struct sundial_clock *clock, struct sundial_clock_rate *rate)
{
	unsigned long flags;
	u64 host_ns;

	spin_lock_irqsave(&clock->lock, flags);
	*rate = sundial_clock_page(clock, 0)->rate[0];
	host_ns = ktime_get_ns() + clock->timens_ns;
	spin_unlock_irqrestore(&clock->lock, flags);
	return host_ns;
}

/* The count that decides. */
static u64 count_now(struct sundial_clock *clock, u32 index)
{
	struct sundial_clock_rate rate;
	u64 since_ns;

	if (clock->mode == SUNDIAL_MODE_MANUAL)
		return sundial_clock_now(clock, index);
	since_ns = current_rate(clock, &rate) - rate.host_base_ns;
	return count_after(&rate, (s64)since_ns < 0 ? 0 : since_ns);
}

/*
 * When the count of a SCALED clock reaches deadline_ns, KTIME_MAX for never. Found
 * by bisection, so that it agrees with count_after() to the nanosecond.
 */
static ktime_t when_due(struct sundial_clock *clock, u64 deadline_ns)
{
	struct sundial_clock_rate rate;
	u64 too_early_ns = 0, start_ns;
	int bit;

	current_rate(clock, &rate);
	for (bit = 62; bit >= 0; bit--)
		if (count_after(&rate, too_early_ns | BIT_ULL(bit)) < deadline_ns)
			too_early_ns |= BIT_ULL(bit);
	start_ns = rate.host_base_ns - clock->timens_ns;
	if (start_ns > KTIME_MAX || too_early_ns >= KTIME_MAX - start_ns)
		return KTIME_MAX;
	return start_ns + too_early_ns + 1;
}

static struct sundial_wait *first_wait(struct sundial_queue *queue)
{
	return rb_entry_safe(rb_first_cached(&queue->waits), struct sundial_wait, node);
}

static void take_off(struct sundial_clock *clock, struct sundial_queue *queue,
		     struct sundial_wait *wait)
{
	lockdep_assert_held(&queue->lock);
	rb_erase_cached(&wait->node, &queue->waits);
	atomic_dec(&clock->waiters);
}

/* To be called whenever another wait may be the first: tells who looks out for it. */
static void first_changed(struct sundial_clock *clock, u32 index)
{
	struct sundial_queue *queue = &clock->queues[index];
	struct sundial_wait *first = first_wait(queue);

	lockdep_assert_held(&queue->lock);
	/* A deadline of 0 is never queued. */
	WRITE_ONCE(queue->first_ns, first ? first->deadline_ns : 0);
	if (clock->kind == SUNDIAL_KIND_USER) {
		WRITE_ONCE(sundial_clock_page(clock, index)->deadline_ns, queue->first_ns);
	} else if (clock->mode == SUNDIAL_MODE_SCALED) {
		ktime_t when = first ? when_due(clock, first->deadline_ns) : KTIME_MAX;

		if (when != KTIME_MAX)
			hrtimer_start(&clock->timer, when, HRTIMER_MODE_ABS);
		else
			hrtimer_try_to_cancel(
				&clock->timer); /* one that runs sees that nobody is due */
	}
}

static void wake_readers(struct sundial_alarm *alarm)
{
	wake_up_interruptible_poll(&alarm->readers, EPOLLIN | EPOLLRDNORM);
}

/*
 * Takes the first wait of the queue off it and wakes who waits. A sleeper may
 * return, and its stack with the wait be gone, as soon as it sees REACHED; that its
 * task stays until it has been woken is RCU's doing. Whoever wants to free an alarm
 * takes queue->lock first.
 */
static void end_wait(struct sundial_clock *clock, u32 index, struct sundial_wait *wait, u64 now_ns)
{
	struct sundial_queue *queue = &clock->queues[index];
	struct task_struct *task = wait->task;

	lockdep_assert_held(&queue->lock);
	trace_sundial_clock_wake(clock->domain + index, wait->deadline_ns, now_ns);
	take_off(clock, queue, wait);
	wait->reached_ns = now_ns;
	rcu_read_lock();
	smp_store_release(&wait->state, SUNDIAL_WAIT_REACHED);
	if (task)
		wake_up_process(task);
	else
		wake_readers(container_of(wait, struct sundial_alarm, wait));
	rcu_read_unlock();
}

/* Wakes some of those who are due, in order, and adds their number to *woken. True: more are. */
static bool wake_some(struct sundial_clock *clock, u32 index, u32 *woken)
{
	struct sundial_queue *queue = &clock->queues[index];
	struct sundial_wait *first;
	u32 batch = 0;
	u64 now_ns;

	lockdep_assert_held(&queue->lock);
	now_ns = count_now(clock, index);
	while ((first = first_wait(queue)) && first->deadline_ns <= now_ns && batch < WAKE_BATCH) {
		end_wait(clock, index, first, now_ns);
		batch++;
	}
	*woken += batch;
	first_changed(clock, index);
	return first && first->deadline_ns <= now_ns;
}

static u32 wake_due(struct sundial_clock *clock, u32 index)
{
	struct sundial_queue *queue = &clock->queues[index];
	u32 woken = 0;
	bool more;

	do {
		spin_lock_irq(&queue->lock);
		more = wake_some(clock, index, &woken);
		spin_unlock_irq(&queue->lock);
		cond_resched();
	} while (more);
	return woken;
}

static enum hrtimer_restart timer_fired(struct hrtimer *timer)
{
	struct sundial_clock *clock = container_of(timer, struct sundial_clock, timer);
	struct sundial_queue *queue = &clock->queues[0];
	unsigned long flags;
	u32 woken = 0;

	spin_lock_irqsave(&queue->lock, flags);
	/* This sets the timer anew, from the rate of now; the machine gets a moment in between. */
	if (wake_some(clock, 0, &woken))
		hrtimer_start(timer, ktime_add_ns(ktime_get(), WAKE_PAUSE_NS), HRTIMER_MODE_ABS);
	spin_unlock_irqrestore(&queue->lock, flags);
	return HRTIMER_NORESTART;
}

/*
 * No waiter is forgotten, and a change with nobody due takes no lock:
 *
 *	change				queue_wait()
 *	page shows t			first_ns = d
 *	full barrier			full barrier
 *	reads first_ns; if that		reads the page; if that shows
 *	is not 0 and <= t: wakes	d or more: does not sleep
 *
 * At least one of the two sees the other's store. A d that comes later than
 * another's first_ns is not stored; but then who sees that other is due takes the
 * lock, and finds both.
 */
bool sundial_clock_due(struct sundial_clock *clock, u64 count_ns)
{
	u64 first_ns;

	smp_mb();
	first_ns = READ_ONCE(clock->queues[0].first_ns);
	return first_ns && first_ns <= count_ns;
}

void sundial_clock_changed(struct sundial_clock *clock, u64 now_ns)
{
	/* In mode SCALED the timer is to be set anew, whoever is due. */
	if (sundial_clock_due(clock, clock->mode == SUNDIAL_MODE_SCALED ? U64_MAX : now_ns))
		wake_due(clock, 0);
}

static bool wait_before(struct rb_node *node, const struct rb_node *other)
{
	return rb_entry(node, struct sundial_wait, node)->deadline_ns <
	       rb_entry(other, struct sundial_wait, node)->deadline_ns;
}

/* Queues wait, whose deadline_ns and task are set, unless it is due: then it is REACHED at once. */
static void queue_wait(struct sundial_clock *clock, u32 index, struct sundial_wait *wait)
{
	struct sundial_queue *queue = &clock->queues[index];

	wait->reached_ns = count_now(clock, index);
	if (wait->reached_ns >= wait->deadline_ns) {
		WRITE_ONCE(wait->state, SUNDIAL_WAIT_REACHED);
		return;
	}
	spin_lock_irq(&queue->lock);
	WRITE_ONCE(wait->state, SUNDIAL_WAIT_QUEUED);
	atomic_inc(&clock->waiters);
	if (rb_add_cached(&wait->node, &queue->waits, wait_before))
		first_changed(clock, index);
	smp_mb(); /* see sundial_clock_due(), and "Waiting" in <linux/sundial.h> */
	wait->reached_ns = count_now(clock, index);
	if (wait->reached_ns >= wait->deadline_ns) {
		take_off(clock, queue, wait);
		first_changed(clock, index);
		WRITE_ONCE(wait->state, SUNDIAL_WAIT_REACHED);
	}
	spin_unlock_irq(&queue->lock);
}

/* Takes wait off its queue if it is still there; false if it is not. */
static bool leave_queue(struct sundial_clock *clock, u32 index, struct sundial_wait *wait)
{
	struct sundial_queue *queue = &clock->queues[index];
	bool queued;

	spin_lock_irq(&queue->lock);
	queued = wait->state == SUNDIAL_WAIT_QUEUED;
	if (queued) {
		bool first = first_wait(queue) == wait;

		WRITE_ONCE(wait->state, SUNDIAL_WAIT_OFF);
		take_off(clock, queue, wait);
		if (first)
			first_changed(clock, index);
	}
	spin_unlock_irq(&queue->lock);
	return queued;
}

static bool is_reached(const struct sundial_wait *wait)
{
	return smp_load_acquire(&wait->state) == SUNDIAL_WAIT_REACHED;
}

/* The errors that WAIT and ALARM share. */
static int check_page(struct sundial_clock *clock, u32 index)
{
	if (index >= clock->count)
		return -EINVAL;
	return clock->queues ? 0 : -EOPNOTSUPP;
}

int sundial_clock_wait(struct sundial_clock *clock, struct sundial_clock_wait *how)
{
	struct sundial_wait wait = {.task = current, .deadline_ns = how->deadline_ns};
	int ret;

	if (how->flags || how->pad)
		return -EINVAL;
	ret = check_page(clock, how->index);
	if (ret)
		return ret;
	trace_sundial_clock_wait(clock->domain + how->index, how->deadline_ns, 0);
	queue_wait(clock, how->index, &wait);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (is_reached(&wait))
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS; /* the deadline is absolute: the same call again */
			break;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	if (ret && leave_queue(clock, how->index, &wait))
		return ret;
	how->now_ns = wait.reached_ns;
	return 0;
}

/* Caller holds alarm->lock, or nobody else has the alarm. */
static void alarm_off(struct sundial_clock *clock, struct sundial_alarm *alarm)
{
	leave_queue(clock, alarm->index, &alarm->wait);
	WRITE_ONCE(alarm->wait.state, SUNDIAL_WAIT_OFF);
}

int sundial_clock_alarm(struct sundial_clock_file *handle, const struct sundial_clock_alarm *how)
{
	struct sundial_clock *clock = handle->clock;
	struct sundial_alarm *alarm = &handle->alarm;
	int ret;

	if (how->flags & ~SUNDIAL_ALARM_OFF)
		return -EINVAL;
	if (how->flags & SUNDIAL_ALARM_OFF && (how->deadline_ns || how->index))
		return -EINVAL;
	ret = check_page(clock, how->index);
	if (ret)
		return ret;
	mutex_lock(&alarm->lock);
	alarm_off(clock, alarm);
	if (!(how->flags & SUNDIAL_ALARM_OFF)) {
		alarm->index = how->index;
		alarm->wait.deadline_ns = how->deadline_ns;
		queue_wait(clock, how->index, &alarm->wait);
	}
	trace_sundial_clock_alarm(clock->domain + how->index, how->deadline_ns, 0);
	if (is_reached(&alarm->wait))
		wake_readers(alarm);
	mutex_unlock(&alarm->lock);
	return 0;
}

/* Switches the alarm off if it is due. */
static bool alarm_take(struct sundial_alarm *alarm, u64 *reached_ns)
{
	bool due;

	mutex_lock(&alarm->lock);
	due = is_reached(&alarm->wait);
	if (due) {
		*reached_ns = alarm->wait.reached_ns;
		WRITE_ONCE(alarm->wait.state, SUNDIAL_WAIT_OFF);
	}
	mutex_unlock(&alarm->lock);
	return due;
}

ssize_t sundial_clock_read(struct file *file, char __user *buffer, size_t size, loff_t *position)
{
	struct sundial_clock_file *handle = file->private_data;
	struct sundial_alarm *alarm = &handle->alarm;
	u64 reached_ns;
	int ret;

	if (size < sizeof(reached_ns))
		return -EINVAL;
	if (!handle->clock->queues)
		return -EOPNOTSUPP;
	while (!alarm_take(alarm, &reached_ns)) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(alarm->readers, is_reached(&alarm->wait));
		if (ret)
			return ret;
	}
	return put_user(reached_ns, (u64 __user *)buffer) ? -EFAULT : sizeof(reached_ns);
}

__poll_t sundial_clock_poll(struct file *file, struct poll_table_struct *table)
{
	struct sundial_clock_file *handle = file->private_data;

	poll_wait(file, &handle->alarm.readers, table);
	return is_reached(&handle->alarm.wait) ? EPOLLIN | EPOLLRDNORM : 0;
}

int sundial_clock_kick(struct sundial_clock *clock, struct sundial_clock_kick *kick)
{
	if (clock->kind != SUNDIAL_KIND_USER || !clock->queues)
		return -EOPNOTSUPP;
	if (kick->flags || kick->pad || kick->index >= clock->count)
		return -EINVAL;
	kick->woken = wake_due(clock, kick->index);
	return 0;
}

void sundial_alarm_init(struct sundial_alarm *alarm)
{
	mutex_init(&alarm->lock);
	init_waitqueue_head(&alarm->readers);
}

void sundial_alarm_exit(struct sundial_clock *clock, struct sundial_alarm *alarm)
{
	if (clock->queues)
		alarm_off(clock, alarm);
	mutex_destroy(&alarm->lock);
}

int sundial_queues_alloc(struct sundial_clock *clock)
{
	u32 i;

	sundial_hrtimer_setup(&clock->timer, timer_fired, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	if (clock->kind == SUNDIAL_KIND_USER && clock->mode == SUNDIAL_MODE_SCALED)
		return 0; /* its rate can change with no call: nobody can wait */
	clock->queues = kvcalloc(clock->count, sizeof(*clock->queues), GFP_KERNEL_ACCOUNT);
	if (!clock->queues)
		return -ENOMEM;
	for (i = 0; i < clock->count; i++) {
		spin_lock_init(&clock->queues[i].lock);
		clock->queues[i].waits = RB_ROOT_CACHED;
	}
	return 0;
}

void sundial_queues_free(struct sundial_clock *clock)
{
	if (!clock->queues)
		return;
	hrtimer_cancel(&clock->timer);
	kvfree(clock->queues);
}
