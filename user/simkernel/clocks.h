/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linux's clock ids on the simulated host (clocks.c). */
#ifndef SUNDIAL_SIMKERNEL_CLOCKS_H
#define SUNDIAL_SIMKERNEL_CLOCKS_H

#include <time.h>
#include "simkernel/task.h"
#include "simkernel/thread.h"

/* What the clock shows, in ns. -EINVAL for an id that Linux lacks. */
long clock_read(struct thread *th, s32 id, s64 *ns);
/* The same for the clocks that are offsets of the count; false for others. */
bool clock_wall(struct host *h, s32 id, s64 *ns);
/*
 * The task or process behind a CPU-time clock id; both NULL for other clocks.
 * -EINVAL when there is none.
 */
long clock_cpu_target(struct thread *th, s32 id, struct task **t, struct process **p);
/* The count at which clock id shows abs_ns (0 when that is past). Not for CPU clocks. */
u64 clock_deadline(struct host *h, s32 id, s64 abs_ns);
/* A valid timespec's nanoseconds, saturated; -EINVAL or -EFAULT. */
long timespec_from_user(u64 addr, s64 *ns);
long timespec_to_user(u64 addr, s64 ns);
/* now + ns without overflow, for relative time-outs; ns <= 0 gives now. */
u64 deadline_after(struct host *h, s64 ns);
/* task_sleep() until CLOCK_REALTIME shows abs_ns, also when the clock is set meanwhile. */
long task_sleep_realtime(struct thread *th, s64 abs_ns);
/* Continues a nanosleep that a stop or an ignored signal broke off (task->restart). */
long nanosleep_restart(struct thread *th);

#endif
