/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pidfds, as clone and waitid need them (pidfd.c). */
#ifndef SUNDIAL_SIMKERNEL_PIDFD_H
#define SUNDIAL_SIMKERNEL_PIDFD_H

#include "base/types.h"

struct file;
struct host;
struct process;

/* A new open file for p; flags: O_NONBLOCK or 0. NULL: no memory. */
struct file *pidfd_file(struct host *h, struct process *p, u32 flags);
/* The process that f names, or NULL when f is no pidfd or the process is gone. */
struct process *pidfd_process(struct file *f);
/* p's structure goes away: its pidfds know it no more. */
void pidfd_process_gone(struct process *p);

#endif
