/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a task that sleeps in poll or select leaves behind (poll.c). */
#ifndef SUNDIAL_SIMKERNEL_POLL_H
#define SUNDIAL_SIMKERNEL_POLL_H

struct task;

/* Takes the task's waiters out of all queues, drops the files, frees task->poll. */
void poll_table_release(struct task *t) __attribute__((weak));
/* Kernel state of PI futexes that a dead task owned (futex.c). */
void futex_task_gone(struct task *t) __attribute__((weak));

#endif
