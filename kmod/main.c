// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/sundial: a misc device whose ioctls make the objects of the module. It
 * keeps nothing itself; every object lives in a file descriptor of its own,
 * which holds a reference on the module.
 *
 * Locking: none here.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include <linux/sundial.h>

#include "sundial.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static long sundial_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	void __user *argument = (void __user *)arg;

	switch (command) {
	case SUNDIAL_CLOCK_CREATE:
		return sundial_clock_create(argument);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations sundial_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = sundial_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/* Root's, until udev gives it to the group sundial (60-sundial.rules). */
static struct miscdevice sundial_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "sundial",
	.fops = &sundial_fops,
	.mode = 0660,
};

module_misc_device(sundial_device);

MODULE_DESCRIPTION("Virtual clocks that are read from memory");
MODULE_LICENSE("GPL");
