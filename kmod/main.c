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
#include <linux/workqueue.h>

#include <linux/sundial.h>

#include "kfunc.h"
#include "sundial.h"
#include "tb.h"
#include "view.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

unsigned int sundial_max_clock_pages = SUNDIAL_CLOCK_MAX_PAGES;
unsigned int sundial_max_tb_slots = SUNDIAL_TB_MAX_SLOTS;
struct workqueue_struct *sundial_worker;

static_assert(SUNDIAL_CLOCK_MAX_PAGES == SUNDIAL_TB_MAX_SLOTS);

/* Who loads the module may allow less than the ABI does, but neither nothing nor more. */
static int limit_set(const char *value, const struct kernel_param *param)
{
	return param_set_uint_minmax(value, param, 1, SUNDIAL_CLOCK_MAX_PAGES);
}

static const struct kernel_param_ops limit_ops = {
	.set = limit_set,
	.get = param_get_uint,
};

module_param_cb(max_clock_pages, &limit_ops, &sundial_max_clock_pages, 0444);
MODULE_PARM_DESC(max_clock_pages, "Most pages in one array of clocks (default and most: 65536)");
module_param_cb(max_tb_slots, &limit_ops, &sundial_max_tb_slots, 0444);
MODULE_PARM_DESC(max_tb_slots, "Most slots in one TB set (default and most: 65536)");

static int device_call(struct file *file, unsigned int command, void *how)
{
	switch (command) {
	case SUNDIAL_CLOCK_CREATE:
		return sundial_clock_create(how);
	case SUNDIAL_TB_CREATE:
		return sundial_tb_create(how);
	default:
		return -ENOTTY;
	}
}

static long sundial_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	return sundial_call(device_call, SUNDIAL_CLOCK_CREATE, SUNDIAL_TB_CREATE, file, command,
			    arg);
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

static int __init sundial_init(void)
{
	int ret;

	sundial_worker = alloc_workqueue("sundial", WQ_UNBOUND, 0);
	if (!sundial_worker)
		return -ENOMEM;
	ret = sundial_kfunc_init();
	if (!ret)
		ret = misc_register(&sundial_device);
	if (ret)
		destroy_workqueue(sundial_worker);
	else
		sundial_view_init();
	return ret;
}

/* Nobody has a file any more; what is on its way to be freed is waited for. */
static void __exit sundial_exit(void)
{
	sundial_view_exit();
	misc_deregister(&sundial_device);
	rcu_barrier(); /* bindings become works after a grace period */
	destroy_workqueue(sundial_worker);
	sundial_space_exit();
}

module_init(sundial_init);
module_exit(sundial_exit);

MODULE_DESCRIPTION("Virtual clocks and generations of translated code, read from memory");
MODULE_LICENSE("GPL");
