/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU-time timers, as the scheduler sees them (timers.c). */
#ifndef SUNDIAL_SIMKERNEL_TIMERS_H
#define SUNDIAL_SIMKERNEL_TIMERS_H

#include "simkernel/task.h"

/*
 * The count at which, if t keeps running, the nearest CPU-time timer of its
 * process is due; TIME_NEVER when there is none.
 */
u64 cpu_timer_next(struct task *t) __attribute__((weak));
/* That count is reached. */
void cpu_timer_due(struct task *t) __attribute__((weak));

#endif
