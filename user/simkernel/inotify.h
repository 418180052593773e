/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inotify, as the dispatcher and the end of processes see it (inotify.c). */
#ifndef SUNDIAL_SIMKERNEL_INOTIFY_H
#define SUNDIAL_SIMKERNEL_INOTIFY_H

#include "base/types.h"

struct host;
struct thread;

/*
 * Call nr has used the host's kernel and may have changed something that is
 * watched: wakes who waits for it. Only when host->watched_events says that
 * anything is watched at all. th is the caller, or NULL when a process ended.
 */
void inotify_after_call(struct host *h, struct thread *th, u64 nr);

#endif
