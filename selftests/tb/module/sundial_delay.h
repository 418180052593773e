/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What delay_test.c asks of sundial_delay.ko, on /dev/sundial_delay. WATCH must come
 * before the process registers with a TB set: notifiers are called latest first.
 */
#ifndef SUNDIAL_DELAY_H
#define SUNDIAL_DELAY_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Bytes whose next invalidation is to be held between its start and its end. */
struct sundial_delay_range {
	__u64 start;
	__u64 end;
};

#define SUNDIAL_DELAY_WATCH   _IO('D', 0) /* this process, while the descriptor is open */
#define SUNDIAL_DELAY_ARM     _IOW('D', 1, struct sundial_delay_range)
#define SUNDIAL_DELAY_WAIT    _IO('D', 2) /* until one is held */
#define SUNDIAL_DELAY_RELEASE _IO('D', 3) /* what is held goes on */

#endif /* SUNDIAL_DELAY_H */
