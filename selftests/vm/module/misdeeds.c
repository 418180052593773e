// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does what a debug kernel must report, to show that it would have: after the tests
 * selftests/vm/watchers.sh loads this once for each misdeed, and looks for the report.
 * A watcher that was not built in, or that has switched itself off, is found so.
 *
 *	insmod misdeeds.ko deed=use_after_free
 *
 * Loading always fails in the end, so that nothing needs to be unloaded.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

static char *deed = "";
module_param(deed, charp, 0);

static void use_after_free(void)
{
	char *bytes = kmalloc(64, GFP_KERNEL);

	if (!bytes)
		return;
	OPTIMIZER_HIDE_VAR(bytes);
	kfree(bytes);
	WRITE_ONCE(bytes[8], 1);
}

static void leak(void)
{
	char *bytes = kmalloc(72, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(bytes);
}

static void sleep_in_atomic(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

static void dereference_outside_of_rcu(void)
{
	static int number;
	static int __rcu *pointer = (int __rcu *)&number;

	WRITE_ONCE(number, !!rcu_dereference(pointer));
}

static void lock_both_ways(void)
{
	static DEFINE_MUTEX(one);
	static DEFINE_MUTEX(other);

	mutex_lock(&one);
	mutex_lock(&other);
	mutex_unlock(&other);
	mutex_unlock(&one);
	mutex_lock(&other);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&other);
}

static void shift_too_far(void)
{
	static int bits = 40;
	static int result;

	OPTIMIZER_HIDE_VAR(bits);
	result = 1 << READ_ONCE(bits);
	WRITE_ONCE(bits, result | 40);
}

static void nothing(struct timer_list *timer)
{
}

static void make_active_timer_again(void)
{
	static struct timer_list timer;

	timer_setup(&timer, nothing, 0);
	mod_timer(&timer, jiffies + HZ);
	timer_setup(&timer, nothing, 0);
	mod_timer(&timer, jiffies);
	msleep(50);
}

/* Not volatile and not marked, or it would be no race. */
static long raced;

static int race_main(void *unused)
{
	while (!kthread_should_stop()) {
		raced++;
		barrier();
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *threads[2];
	int i;

	for (i = 0; i < 2; i++)
		threads[i] = kthread_run(race_main, NULL, "misdeeds/%d", i);
	msleep(3000);
	for (i = 0; i < 2; i++)
		if (!IS_ERR(threads[i]))
			kthread_stop(threads[i]);
}

static const struct {
	const char *name;
	void (*commit)(void);
} deeds[] = {
	{"use_after_free", use_after_free},
	{"leak", leak},
	{"sleep_in_atomic", sleep_in_atomic},
	{"dereference_outside_of_rcu", dereference_outside_of_rcu},
	{"lock_both_ways", lock_both_ways},
	{"shift_too_far", shift_too_far},
	{"make_active_timer_again", make_active_timer_again},
	{"race", race},
};

static int __init misdeeds_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(deeds); i++)
		if (!strcmp(deed, deeds[i].name))
			deeds[i].commit();
	return -ECANCELED;
}
module_init(misdeeds_init);

MODULE_DESCRIPTION("Does what a debug kernel must report");
MODULE_LICENSE("GPL");
