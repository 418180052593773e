/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * riscv64 programs over the simulated kernel: what a thread has besides. Of all threads
 * of a simulated host one runs at a time, so what a process shares needs no lock; but a
 * thread that has handed the run token on must not be inside libc, which a fork by
 * another would copy in that state.
 */
#ifndef SUNDIAL_RV64_LINUX_SIM_H
#define SUNDIAL_RV64_LINUX_SIM_H

#include <setjmp.h>
#include "simkernel/thread.h"

struct rv64_thread;
struct rv64_host_thread;

struct rv64_sim {
	struct thread thread;	      /* its host is NULL over the host's kernel */
	jmp_buf way_out;	      /* of whatever the thread is in: ended, or begun as a child */
	u64 argument;		      /* a0 of the call that is being made, for its restart */
	long result;		      /* where settled: what the guest will see of it */
	bool settled;		      /* registers are right as they are */
	u32 preempted;		      /* written by the handler of the watchdog's signal */
	s64 granted;		      /* instructions that rv64_run() was allowed to execute */
	struct rv64_host_thread *own; /* what it runs on; NULL: a process's first */
};

/* sim.c: sundial-rv64 sim SPEC PATH ARGV0 ARG... */
void rv64_sim_main(const char *spec, char **argv, char **envp) __attribute__((noreturn));
/* Around an ecall; the result may be RV64_KEEP_STATE. */
void rv64_sim_begin_call(struct rv64_thread *t);
void rv64_sim_end_call(struct rv64_thread *t, long ret);
/* A call by x86-64's number; returns what the guest will see of its result. */
long rv64_sim_call(struct rv64_thread *t, u64 nr, const u64 *a);
/* Runs the guest until its thread ends; returns then. */
void rv64_sim_loop(struct rv64_thread *t);

/*
 * hook.c: struct engine's hook and hook_return. start: before the first, with the vDSO's
 * address. meet: at a breakpoint; true: it was a return, and pc is where it goes.
 */
void rv64_hook_start(u64 vdso);
bool rv64_hook_function(struct thread *th, u64 address, u32 index);
u64 rv64_hook_return(struct thread *th);
bool rv64_hook_meet(struct rv64_thread *t);

/* simthread.c: the engine's clone and exit_thread. */
long rv64_sim_clone(struct thread *th, struct task *child, const struct clone_request *req);
void rv64_sim_exit_thread(struct thread *th, struct task *next) __attribute__((noreturn));
struct rv64_thread *rv64_of(struct thread *th);

#endif
