/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File locks as the descriptor calls see them (lock.c). */
#ifndef SUNDIAL_SIMKERNEL_LOCK_H
#define SUNDIAL_SIMKERNEL_LOCK_H

#include "base/types.h"

struct file;
struct host;
struct process;
struct thread;

/* F_GETLK, F_SETLK, F_SETLKW and the OFD three. */
long lock_fcntl(struct thread *th, struct file *f, int fd, u64 cmd, u64 arg);
/* p closed some descriptor of f: POSIX locks on that file go. */
void lock_file_closed(struct host *h, struct process *p, struct file *f);

#endif
