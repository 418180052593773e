/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that scale times share: time.c, timeouts.c, timers.c. */
#ifndef SUNDIAL_PASSTHROUGH_TIME_H
#define SUNDIAL_PASSTHROUGH_TIME_H

#include "passthrough/pass.h"

#define PASS_NS_MAX ((u64)1 << 62)

/* A valid timespec's nanoseconds, saturated; -EINVAL or -EFAULT. */
long pass_timespec_from_user(u64 addr, s64 *ns);
long pass_timespec_to_user(u64 addr, u64 ns);
struct timespec pass_timespec(u64 ns);
/* Calls with a time-out (timeouts.c), and timers (timers.c); as pass_time_call(). */
bool pass_timeout_call(u64 nr, const u64 *a, long *ret);
bool pass_timer_call(u64 nr, const u64 *a, long *ret);

#endif
