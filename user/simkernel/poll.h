/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readiness: what poll, select and epoll share, and what a task that sleeps in
 * one of them leaves behind. Belongs to the holder of the run token.
 */
#ifndef SUNDIAL_SIMKERNEL_POLL_H
#define SUNDIAL_SIMKERNEL_POLL_H

#include <poll.h>
#include "simkernel/file.h"

struct task;

/* The events of a file that has no poll operation. */
#define POLL_ALWAYS (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

/* Takes the task's waiters out of all queues, drops the files, frees task->poll. */
void poll_table_release(struct task *t);
/* Kernel state of PI futexes that a dead task owned (futex.c). */
void futex_task_gone(struct task *t);

/* Events of f that hold now, as poll(2) names them. */
u32 file_poll(struct thread *th, struct file *f);
/*
 * The queue on which a change of f's readiness is announced to th: f's own, or,
 * for a signalfd, that of the process that looks at it.
 */
struct waitq *file_waitq(struct thread *th, struct file *f);
/* Whether f can tell readiness at all: epoll refuses (EPERM) regular files. */
bool file_can_poll(struct file *f);

/* A relative timespec at a guest address as a deadline; 0: TIME_NEVER. -EFAULT, -EINVAL, 0. */
long deadline_from_timespec(struct thread *th, u64 addr, u64 *deadline_ns);
/*
 * The signal mask of ppoll, pselect6 and epoll_pwait: installed for the call
 * (mask 0: none), and taken back at its end unless a signal is to be delivered
 * under it, which is when ret says that the call was interrupted.
 */
long poll_mask_begin(struct thread *th, u64 mask, u64 size);
void poll_mask_end(struct thread *th, long ret);

/* epoll.c: a waiter of kind WAITER_EPOLL was woken; whether its epoll had somebody to wake. */
bool epoll_item_wake(struct waiter *w, u32 events);
/* The description's last reference is gone: its epoll items go too. */
void epoll_file_gone(struct file *f);

#endif
