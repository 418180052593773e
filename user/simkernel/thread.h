/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the simulated kernel knows of the engine that called it: a thread, and
 * the few things that only an engine can do to guest registers and images.
 * A struct thread is memory of one process, never in the arena.
 */
#ifndef SUNDIAL_SIMKERNEL_THREAD_H
#define SUNDIAL_SIMKERNEL_THREAD_H

#include <signal.h>
#include "base/types.h"

struct host;
struct task;
struct thread;
struct k_sigaction;
struct user_regs_struct;

struct clone_request {
	u64 flags; /* as clone3(2), exit signal excluded */
	u32 exit_signal;
	u64 stack; /* the child's stack pointer, 0: the parent's */
	u64 tls;
	u64 parent_tid, child_tid, pidfd; /* guest addresses */
};

struct exec_request {
	u16 machine;	  /* EM_X86_64 or EM_RISCV */
	const char *path; /* the ELF file's host path, resolved and checked */
	const char *name; /* what AT_EXECFN and comm come from */
	/* Interpreters, their arguments and the script: replaces argv[0]; NULL-ended. */
	const char *const *prefix;
	u64 argv, envp; /* guest arrays */
};

struct engine {
	/*
	 * Makes the host thread or process behind child (a task already in the
	 * arena, not yet on the ready queue) and starts it parked, with a copy of
	 * th's registers, result 0. Returns the host's tid or a negative errno.
	 */
	long (*clone)(struct thread *th, struct task *child, const struct clone_request *req);
	/* Replaces the process image; returns only a negative errno. */
	long (*exec)(struct thread *th, const struct exec_request *req);
	/*
	 * Ends this host thread, or its whole process, after the arena says so.
	 * next is the task that gets the run token, or NULL when none is left.
	 */
	void (*exit_thread)(struct thread *th, struct task *next) __attribute__((noreturn));
	void (*exit_process)(struct thread *th, struct task *next, int status)
		__attribute__((noreturn));
	/*
	 * Writes a signal frame for handler act on the guest's stack and points
	 * the registers at it. -EFAULT when the stack cannot take it. The frame
	 * keeps the registers as they are: in a system call, set_result() or
	 * restart() comes first.
	 */
	long (*deliver)(struct thread *th, int sig, const siginfo_t *info,
			const struct k_sigaction *act, u64 saved_mask);
	/*
	 * Loads registers, the result's among them, from the frame at the guest's
	 * stack pointer; the mask goes to *mask. 0, or -EFAULT: the frame is unreadable.
	 * After deliver and sigreturn the engine ignores what sim_syscall() returns.
	 */
	long (*sigreturn)(struct thread *th, u64 *mask, stack_t *altstack);
	/* Backs the registers up so that the system call is made again. */
	void (*restart)(struct thread *th, long nr);
	/* Has the host write a core file of th's process, which sig is about to end. NULL: none. */
	void (*dump_core)(struct thread *th, int sig, const siginfo_t *info);
	/* The registers of a thread that does not run, of the same address space. */
	void (*get_registers)(struct thread *th, struct user_regs_struct *regs);
	/*
	 * Of a machine that the structure is not made for: its registers in the order of
	 * DWARF's numbers, the instruction pointer behind them; returns how many, of 33 at
	 * most. NULL: x86-64.
	 */
	u32 (*machine_registers)(struct thread *th, u64 *to);
	u16 elf_machine;
	u64 (*stack_pointer)(struct thread *th);
	u64 (*instruction_pointer)(struct thread *th);
	void (*set_result)(struct thread *th, long ret);
	/* As uname(2) calls the machine that its programs see. */
	const char *machine;
	/* Text of /proc/cpuinfo for one processor, its bytes; NULL: as the host's. */
	int (*cpuinfo)(char *text, size_t size, u32 cpu);
	/*
	 * mmap, munmap, mprotect, mremap, madvise and shmat's mappings, of an engine that
	 * keeps account of its guest's memory; NULL: as the host's kernel does them.
	 */
	long (*memory)(struct thread *th, long nr, const u64 *a);
	/*
	 * Has record_heap_enter() asked at each call of the guest's function there, and
	 * record_heap_leave() when it returns. False: its code does not allow it.
	 */
	bool (*hook)(struct thread *th, u64 address, u32 index);
	/* Where calls that are hooked seem to return to. */
	u64 (*hook_return)(struct thread *th);
	/* Where the file is that its programs call path: path itself, or buf (of PATH_MAX
	 * bytes). NULL: there. */
	const char *(*lookup)(const char *path, char *buf);
};

/* The head of every engine's thread structure. */
struct thread {
	struct task *task;
	struct host *host;
	const struct engine *engine;
	u32 ticket; /* the task's, by thread_bind(): readable when the task is gone */
};

/*
 * A guest's system call nr with its six arguments; the engine's way in. The
 * caller holds the run token. Returns the result, already decided with regard
 * to restarts; registers may have been redirected to a signal handler.
 */
long sim_syscall(struct thread *th, u64 nr, const u64 *args);
/* A fault of the guest's own instruction (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP). */
void sim_fault(struct thread *th, const siginfo_t *info);
/*
 * Virtual time has passed while th ran user code, by its engine's count of instructions:
 * runs due events, lets others run whose turn it is, delivers signals.
 */
void sim_user_time(struct thread *th, u64 ns);
/* The watchdog stopped th in the middle of user code: charges quantum, yields. */
void sim_preempted(struct thread *th);

#endif
