/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One log of system calls per process, written as strace writes them. */
#ifndef SUNDIAL_SIMKERNEL_STRACE_H
#define SUNDIAL_SIMKERNEL_STRACE_H

#include "simkernel/sched.h"

void strace_enter(struct thread *th, u64 nr, const u64 *a, u64 begun_ns);
void strace_exit(struct thread *th, u64 nr, const u64 *a, long ret);
/* A line that is no call: "--- SIGSEGV {...} ---", "+++ exited with 0 +++". */
void strace_note(struct host *h, struct task *t, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Writes out what is buffered; at exec, at exit and, for the dead, by the supervisor. */
void strace_flush(struct host *h, struct process *p);

#endif
