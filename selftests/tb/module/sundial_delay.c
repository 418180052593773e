// SPDX-License-Identifier: GPL-2.0
/*
 * For tests only: holds an invalidation of a process's page tables between the
 * callbacks of other notifiers for its start and for its end, until told.
 *
 * Locking: delay->lock for state and range. The callback that is held sleeps, which
 * a notifier may where the range is blockable, and stops doing so when its thread
 * is killed.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "sundial_delay.h"

enum delay_state { IDLE, ARMED, HELD };

struct delay {
	struct mmu_notifier notifier;
	struct mm_struct *mm; /* a reference, while watched */
	spinlock_t lock;
	enum delay_state state;
	struct sundial_delay_range range;
	wait_queue_head_t changed;
};

static bool delay_takes(struct delay *delay, const struct mmu_notifier_range *range)
{
	bool takes;

	spin_lock(&delay->lock);
	takes = delay->state == ARMED && mmu_notifier_range_blockable(range) &&
		range->start < delay->range.end && range->end > delay->range.start;
	if (takes)
		delay->state = HELD;
	spin_unlock(&delay->lock);
	return takes;
}

static void delay_set(struct delay *delay, enum delay_state state)
{
	spin_lock(&delay->lock);
	delay->state = state;
	spin_unlock(&delay->lock);
	wake_up_all(&delay->changed);
}

static int delay_start(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
	struct delay *delay = container_of(notifier, struct delay, notifier);

	if (!delay_takes(delay, range))
		return 0;
	wake_up_all(&delay->changed);
	wait_event_killable(delay->changed, READ_ONCE(delay->state) != HELD);
	return 0;
}

static const struct mmu_notifier_ops delay_ops = {
	.invalidate_range_start = delay_start,
};

static int delay_open(struct inode *inode, struct file *file)
{
	struct delay *delay = kzalloc(sizeof(*delay), GFP_KERNEL);

	if (!delay)
		return -ENOMEM;
	spin_lock_init(&delay->lock);
	init_waitqueue_head(&delay->changed);
	delay->notifier.ops = &delay_ops;
	file->private_data = delay;
	return 0;
}

static int delay_release(struct inode *inode, struct file *file)
{
	struct delay *delay = file->private_data;

	delay_set(delay, IDLE);
	if (delay->mm) {
		mmu_notifier_unregister(&delay->notifier, delay->mm);
		mmdrop(delay->mm);
	}
	kfree(delay);
	return 0;
}

static int delay_watch(struct delay *delay)
{
	int ret;

	if (delay->mm)
		return -EBUSY;
	ret = mmu_notifier_register(&delay->notifier, current->mm);
	if (ret)
		return ret;
	mmgrab(current->mm);
	delay->mm = current->mm;
	return 0;
}

static long delay_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	struct delay *delay = file->private_data;
	struct sundial_delay_range range;

	switch (command) {
	case SUNDIAL_DELAY_WATCH:
		return delay_watch(delay);
	case SUNDIAL_DELAY_ARM:
		if (copy_from_user(&range, (void __user *)arg, sizeof(range)))
			return -EFAULT;
		spin_lock(&delay->lock);
		delay->range = range;
		delay->state = ARMED;
		spin_unlock(&delay->lock);
		return 0;
	case SUNDIAL_DELAY_WAIT:
		return wait_event_interruptible(delay->changed, READ_ONCE(delay->state) == HELD);
	case SUNDIAL_DELAY_RELEASE:
		delay_set(delay, IDLE);
		return 0;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations delay_fops = {
	.owner = THIS_MODULE,
	.open = delay_open,
	.release = delay_release,
	.unlocked_ioctl = delay_ioctl,
};

static struct miscdevice delay_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "sundial_delay",
	.fops = &delay_fops,
};

module_misc_device(delay_device);

MODULE_DESCRIPTION("Holds invalidations for tests of sundial.ko");
MODULE_LICENSE("GPL");
