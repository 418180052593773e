/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Birth, image change, death and burial of processes. */
#ifndef SUNDIAL_SIMKERNEL_PROCESS_H
#define SUNDIAL_SIMKERNEL_PROCESS_H

#include "simkernel/task.h"
#include "simkernel/thread.h"

/*
 * Creates the simulated init and the first program's process and task, which
 * has the run token. Called by the supervisor on a formatted arena whose clock
 * and configuration are set. NULL: no memory.
 */
struct task *sim_start(struct host *h, const char *exe);
/* A new task's first moment with the token, on its own thread. */
void sim_task_begin(struct thread *th);

/* Ends the calling process with a wait(2) status; does not return. */
void process_exit(struct thread *th, u32 wait_status) __attribute__((noreturn));
/*
 * Ends another process at once (SIGKILL, or found dead by the supervisor):
 * its tasks leave all queues, files close, the parent hears. The host process
 * is killed and waited for when it still lives.
 */
void process_kill(struct host *h, struct process *p, u32 wait_status);
/* Closes the descriptor by which execve found a file without a name. */
void exec_fd_close(struct process *p);
/* The new image is up: close-on-exec, handlers, other threads, the vfork parent. */
void process_exec_done(struct thread *th, const char *exe, const char *name);
/* Queries for wait4, waitid, pidfd. */
void process_notify_parent(struct process *p);
void process_free(struct process *p);
/* limits.c: the first program's host process gets the limits that the guest is told. */
void limits_start(struct process *p);

/* Hooks of other concerns, called in process context unless said otherwise. */
void ids_inherit(struct process *p, const struct process *from);
void futex_exit_task(struct thread *th, struct task *t);
/* Wakes up to n waiters on the 32-bit word at addr of th's address space. */
void futex_wake_address(struct thread *th, u64 addr, u32 n);
/* ptrace.c: p lets go of all it traces; t is traced no more. Any context. */
void ptrace_process_exit(struct host *h, struct process *p);
void ptrace_task_gone(struct task *t);
/* A stop that p's wait has not heard of, among tasks it traces; *any: it traces one that fits. */
struct task *ptrace_take_stop(struct process *p, bool all, s32 tid, bool *any);
/* The process is gone or going: forget its timers, locks, IPC undo. Any context. */
void timers_process_exit(struct host *h, struct process *p);
void timers_process_exec(struct host *h, struct process *p);
void lock_process_exit(struct host *h, struct process *p);
void ipc_process_exit(struct host *h, struct process *p);
/* A session leader or group changed: orphaned stopped groups get SIGHUP, SIGCONT. */
void jobs_process_exit(struct host *h, struct process *p);

#endif
