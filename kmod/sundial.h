/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of sundial.ko call of one another. <linux/sundial.h> is the
 * interface to user space and says what each call does.
 */
#ifndef KMOD_SUNDIAL_H
#define KMOD_SUNDIAL_H

struct sundial_clock_create;
struct sundial_tb_create;

/* Parameters of the module, constant once it is loaded. */
extern unsigned int sundial_max_clock_pages;
extern unsigned int sundial_max_tb_slots;

/* Each returns a new descriptor or a negative errno. Process context, may sleep. */
int sundial_clock_create(const struct sundial_clock_create __user *argument);
int sundial_tb_create(const struct sundial_tb_create __user *argument);

#endif /* KMOD_SUNDIAL_H */
