/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waiting for a clock, as clock.c sees it. <linux/sundial.h>, section "Waiting",
 * says what the calls do.
 */
#ifndef KMOD_WAIT_H
#define KMOD_WAIT_H

#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

struct sundial_clock;
struct sundial_clock_file;
struct sundial_clock_wait;
struct sundial_clock_alarm;
struct sundial_clock_kick;

/* Who waits for one page, in the order of being woken. */
struct sundial_queue {
	spinlock_t lock; /* taken with interrupts off: the timer's handler takes it */
	struct rb_root_cached waits;
	u64 first_ns; /* deadline of the first; 0 while nobody waits; stored under lock */
};

enum sundial_wait_state {
	SUNDIAL_WAIT_OFF,
	SUNDIAL_WAIT_QUEUED,
	SUNDIAL_WAIT_REACHED,
};

struct sundial_wait {
	struct rb_node node;
	u64 deadline_ns;
	u64 reached_ns;		  /* in state REACHED: the count, deadline_ns or more */
	struct task_struct *task; /* who sleeps; NULL for an alarm */
	u32 state;		  /* enum sundial_wait_state */
};

/* Of an open file of a clock. */
struct sundial_alarm {
	struct mutex lock; /* taken to set, switch off and read it */
	wait_queue_head_t readers;
	u32 index; /* the page whose queue has or had wait */
	struct sundial_wait wait;
};

/* A clock's queues, one for each page of those that can be waited for. Return 0 or -ENOMEM. */
int sundial_queues_alloc(struct sundial_clock *clock);
void sundial_queues_free(struct sundial_clock *clock);

/*
 * To be called after each change of a clock of kind KERNEL, in process context
 * and without its lock: wakes whoever is due by now_ns, the count as it was
 * changed, or by what the page shows since. Cheap if nobody is.
 */
void sundial_clock_changed(struct sundial_clock *clock, u64 now_ns);

/* Whether somebody waits who is due by count_ns. Takes no lock; count_ns was read before. */
bool sundial_clock_due(struct sundial_clock *clock, u64 count_ns);

void sundial_alarm_init(struct sundial_alarm *alarm);
/* Before the alarm's memory goes. */
void sundial_alarm_exit(struct sundial_clock *clock, struct sundial_alarm *alarm);

/* The calls. */
int sundial_clock_wait(struct sundial_clock *clock, struct sundial_clock_wait *how);
int sundial_clock_alarm(struct sundial_clock_file *handle, const struct sundial_clock_alarm *how);
int sundial_clock_kick(struct sundial_clock *clock, struct sundial_clock_kick *kick);
ssize_t sundial_clock_read(struct file *file, char __user *buffer, size_t size, loff_t *position);
__poll_t sundial_clock_poll(struct file *file, struct poll_table_struct *table);

#endif /* KMOD_WAIT_H */
