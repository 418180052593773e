/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of sundial.ko call of one another. <linux/sundial.h> is the
 * interface to user space and says what each call does.
 */
#ifndef KMOD_SUNDIAL_H
#define KMOD_SUNDIAL_H

#include <linux/uaccess.h>

#include <linux/sundial.h>

/* Parameters of the module, constant once it is loaded. */
extern unsigned int sundial_max_clock_pages;
extern unsigned int sundial_max_tb_slots;

/* For what frees and waits later. */
extern struct workqueue_struct *sundial_worker;

/* Each returns a new descriptor or a negative errno. Process context, may sleep. */
int sundial_clock_create(const struct sundial_clock_create *how);
int sundial_tb_create(const struct sundial_tb_create *how);

/* Room for the largest argument of all. */
#define SUNDIAL_ARGUMENT_MAX sizeof(struct sundial_clock_create)

/*
 * An ioctl whose number is one of those from first to last, else -ENOTTY: its argument
 * is copied in for call, and out again if call succeeds or ends by a timeout. size is
 * bounded here, so copy_from_user() need not find out what it may be, which takes as
 * long as the copy.
 */
static inline long sundial_call(int (*call)(struct file *file, unsigned int command, void *how),
				unsigned int first, unsigned int last, struct file *file,
				unsigned int command, unsigned long arg)
{
	u64 how[SUNDIAL_ARGUMENT_MAX / sizeof(u64)];
	void __user *argument = (void __user *)arg;
	size_t size = _IOC_SIZE(command);
	int ret;

	if (_IOC_NR(command) < _IOC_NR(first) || _IOC_NR(command) > _IOC_NR(last) ||
	    size > sizeof(how))
		return -ENOTTY;
	if (_IOC_DIR(command) & _IOC_WRITE && _copy_from_user(how, argument, size))
		return -EFAULT;
	ret = call(file, command, how);
	if (ret && ret != -ETIMEDOUT)
		return ret;
	if (_IOC_DIR(command) & _IOC_READ && _copy_to_user(argument, how, size))
		return -EFAULT;
	return ret;
}

#endif /* KMOD_SUNDIAL_H */
