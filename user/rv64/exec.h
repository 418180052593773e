/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running guest code: what the layers above (Linux, the simulated kernel, tests) call.
 *
 * A process calls rv64_exec_init() once, each of its threads rv64_thread_enter() and
 * then rv64_run() as often as it likes. rv64_run() translates, looks up and chains;
 * where that is not possible it interprets. Both give the same results.
 *
 * What a host signal handler must know: translated code keeps no host stack, its rsp
 * points into a table of return addresses. Every handler is therefore installed with
 * SA_ONSTACK; rv64_thread_enter() gives each thread an alternate stack.
 */
#ifndef SUNDIAL_RV64_EXEC_H
#define SUNDIAL_RV64_EXEC_H

#include <signal.h>
#include <stdio.h>
#include "rv64/cpu.h"

enum rv64_dump {
	RV64_DUMP_IN = 1,  /* guest instructions of each TB */
	RV64_DUMP_IR = 2,  /* its IR, after the optimiser */
	RV64_DUMP_OUT = 4, /* its host code */
};

/* What the layer above knows of the memory at an address. */
enum rv64_memory {
	RV64_MEMORY_DATA,     /* mapped, but not executable: going there faults */
	RV64_MEMORY_CODE,     /* may be written to, here or through another mapping */
	RV64_MEMORY_CONSTANT, /* code that rv64_code_changed() is told of before it changes:
			       * needs no comparison at fence.i */
};

struct rv64_exec_options {
	size_t tb_bytes;  /* of code memory; 0: the default. Rounded up to a page */
	u32 max_tb_insns; /* guest instructions of one TB; 0: the default */
	u32 dump;	  /* enum rv64_dump */
	FILE *dump_file;  /* stderr if NULL */
	bool interpret;	  /* never translate */
	bool stats;	  /* count also the executions of each TB, which costs time */
	/* Every instruction that was executed is taken off cpu->budget, and RV64_STOP_BUDGET
	 * comes when none is left: after exactly so many. An ecall is not charged. */
	bool count_budget;
	bool perf_map;	     /* write /tmp/perf-PID.map for perf report */
	const char *jitdump; /* folder to write jit-PID.dump into, for perf inject, or NULL */
	const char *tb_log;  /* file for rv64_write_log(), or NULL; counts as stats does */
	/* Asked before code is translated, without locks, on a thread that is not running;
	 * NULL: everything that can be read is RV64_MEMORY_CODE. */
	enum rv64_memory (*memory_at)(u64 address);
};

/* Maps code memory and makes the parts that all TBs share. Returns 0 or a negative
 * errno. Once per process, before any thread enters. */
int rv64_exec_init(const struct rv64_exec_options *options);

/*
 * The calling thread will run cpu, or has stopped running it. Between the two the cpu is
 * known to flushes, which wait until it has left translated code. Entering sets the
 * thread's alternate signal stack. Returns 0 or -ENOMEM.
 */
int rv64_thread_enter(struct rv64_cpu *cpu);
void rv64_thread_leave(struct rv64_cpu *cpu);

/* The calling thread goes on with cpu, which it entered before: after another cpu entered
 * and left on it, as the child of a vfork does on its parent's thread. */
void rv64_thread_again(struct rv64_cpu *cpu);

/*
 * Runs guest code from cpu->pc until something is the caller's business; see enum
 * rv64_stop. fence.i is handled inside. After RV64_STOP_FAULT cpu->fault_address,
 * fault_signal and fault_code say what happened at cpu->pc, and the state is that before
 * the instruction. RV64_STOP_EXIT_REQUEST leaves cpu->exit_request as it was: the caller
 * clears it.
 */
enum rv64_stop rv64_run(struct rv64_cpu *cpu);

/*
 * Executes one instruction, whether or not there is a breakpoint; an LR and what follows
 * it, up to its SC, are one. Returns RV64_STOP_BUDGET when it is done, else as rv64_run().
 */
enum rv64_stop rv64_step(struct rv64_cpu *cpu);

#define RV64_MAX_BREAKPOINTS 4096

/*
 * A debugger's breakpoints: rv64_run() returns RV64_STOP_BREAKPOINT before it executes the
 * instruction at address. Both may be called by any thread that is not inside rv64_run();
 * adding one that is there, or removing one that is not, changes nothing. 0 or -ENOSPC.
 */
int rv64_breakpoint_add(u64 address);
/* Not while another thread may add or remove one. */
bool rv64_breakpoint_within(u64 address, u64 bytes);
void rv64_breakpoint_remove(u64 address);
void rv64_breakpoint_remove_all(void);

/* Makes rv64_run() of another thread, or of a handler's own, return soon. Safe in signal
 * handlers. */
void rv64_request_exit(struct rv64_cpu *cpu);

/*
 * To be called first by the handler of SIGSEGV, SIGBUS and SIGFPE. True: the fault was
 * guest code's or the engine's; the context was changed, and the handler returns at once.
 * If guest code caused it, rv64_run() will return RV64_STOP_FAULT. False: not ours.
 */
bool rv64_fault(int signal, siginfo_t *info, void *ucontext);

/*
 * Guest memory [address, address + bytes) was unmapped, mapped anew or reprotected, or
 * written to from outside: translations made from it are forgotten. May be called by any
 * thread that is not inside rv64_run(). After it returns no thread enters such a
 * translation; those inside leave at their next branch.
 */
void rv64_code_changed(u64 address, u64 bytes);

/* What fence.i and riscv_flush_icache ask for: every translation whose guest bytes are no
 * longer what was translated is forgotten. Same rules as rv64_code_changed(). */
void rv64_code_check(void);

/* The same, and of constant code what is in [address, end): whoever names a range knows
 * that it was written to, in whatever way. */
void rv64_code_flush(u64 address, u64 end);

/* From now on no code counts as constant: somebody may write to read-only memory. */
void rv64_code_distrust(void);

/* Around fork(): before it, after it in the parent, after it in the child, whose only
 * thread runs cpu. All translations stay. 0 or -ENOMEM; if the first fails there must be no
 * fork, if the last does the child must end. */
int rv64_fork_prepare(void);
void rv64_fork_parent(void);
int rv64_fork_child(struct rv64_cpu *cpu);

/* Appends to the file of `sundial tb` what was executed since the last time. */
void rv64_write_log(void);

/* What --stats prints: what the loop, the caches, the chains and the translator did. */
void rv64_print_stats(FILE *file);

#endif
