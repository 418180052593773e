/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest thread as the native engine sees it. %gs points at struct
 * native_thread, which lies with its stacks in a slot of the runtime's part of
 * the address space (base/layout.h), so that it never moves the guest's own
 * mappings.
 */
#ifndef SUNDIAL_NATIVE_THREAD_H
#define SUNDIAL_NATIVE_THREAD_H

#include <signal.h>
#include "base/layout.h"
#include "simkernel/thread.h"

/* In the order in which entry.S pushes them, lowest address first. */
struct native_regs {
	u64 r15, r14, r13, r12, rbp, rbx;
	u64 rdi, rsi, rdx, r10, r8, r9; /* the system call's arguments */
	u64 rax, rcx, r11, flags;
};

struct native_thread {
	struct native_thread *self; /* entry.S: %gs:0 */
	u64 guest_sp;		    /* %gs:8 */
	u64 stack_top;		    /* %gs:16: the runtime stack, empty but for regs */
	/*
	 * Leave through iretq with every register from regs and the address from
	 * rip; else by a jump to regs->rcx, as after a syscall instruction.
	 */
	u64 full_restore;	  /* %gs:24 */
	u64 rip;		  /* %gs:32 */
	struct native_regs *regs; /* %gs:40 */
	/* Over the host's kernel: a signal waits for this thread to leave the runtime. */
	u64 pending;	  /* %gs:48 */
	bool keep_result; /* regs->rax is already right */
	bool trapped;	  /* this call came by SIGSYS: its site may change meanwhile */
	siginfo_t fault;
	struct thread thread;
	u32 *slot_word;			 /* zero when the slot is free again */
	struct pass_thread *passthrough; /* over the host's kernel; NULL in a simulation */
	stack_t *altstack; /* the guest's, where the kernel behind this thread keeps it */
};

static inline struct native_thread *native_self(void)
{
	struct native_thread *nt;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(nt));
	return nt;
}

static inline struct native_thread *native_of(struct thread *th)
{
	return container_of(th, struct native_thread, thread);
}

#define NATIVE_PREEMPT_SIGNAL 63

/* thread.c */
struct native_thread *native_thread_new(void);
/* Alternate stack, Syscall User Dispatch: what a new host thread lacks. */
void native_thread_arm(struct native_thread *nt);
extern const struct engine native_engine;

/* entry.S */
void native_enter_guest(u64 sp, u64 entry) __attribute__((noreturn));
/* Leaves by the way that nt->full_restore says, from an empty runtime stack. */
void native_resume(struct native_thread *nt) __attribute__((noreturn));
void native_syscall_entry(void);
void native_fault_entry(void);
void native_preempt_entry(void);
void native_signal_entry(void);
void native_restorer(void);
void native_hook_entry(void);
/* A guest's call: {nr, six arguments}; NATIVE_BACKED_OUT if a signal came before it began. */
#define NATIVE_BACKED_OUT (-600)
long native_host_call(const u64 call[7]);
void native_exit_slot(u32 *slots_used, u32 *slot_word, int status) __attribute__((noreturn));
/* clone(2) whose child starts in native_child_start(child) on child's stack. */
long native_clone(u64 flags, struct native_thread *child, u32 *parent_tid, u32 *child_tid, u64 tls);
void native_child_start(struct native_thread *nt) __attribute__((noreturn));

/*
 * Keeps the whole interrupted state of guest code in regs, rip and guest_sp; the
 * handler's return then continues at entry on the runtime stack. Called by
 * signal handlers.
 */
void native_enter_runtime(struct native_thread *nt, void *ucontext, void (*entry)(void));
/* Whether ip lies in the runtime's own code. */
bool native_in_runtime(u64 ip);

/* trap.c */
void native_install(int sig, void (*handler)(int, siginfo_t *, void *));
void native_fault_handler(int sig, siginfo_t *info, void *ucontext);
void native_install_handlers(void);
/* SIGSYS and the faults alone, for the host's kernel. */
void native_install_faults(void);
/* The other threads of a forked child's copy are not there: their slots are free. */
void native_forget_slots(struct native_thread *nt);
/* The thread that lived there is gone, or has not begun. */
void native_free_slot(struct native_thread *nt);
/* Ends the calling thread alone; frees its slot. */
void native_leave_slot(struct native_thread *nt, int status) __attribute__((noreturn));
/* True while no other thread of this address space can run guest code. */
bool native_single_threaded(void);
void native_fatal(const char *what, u64 a, u64 b) __attribute__((noreturn));

/* arch.c: arch_prctl of FS, and reads of GS, which Sundial uses itself; false: another call. */
bool native_segment_call(const u64 *a, long *ret);

/* hook.c: struct engine's hook and hook_return; and what entry.S calls */
bool native_hook_function(struct thread *th, u64 address, u32 index);
u64 native_hook_return(struct thread *th);
void native_hook(struct native_thread *nt);

/* frame.c */
long native_deliver(struct thread *th, int sig, const siginfo_t *info,
		    const struct k_sigaction *act, u64 saved_mask);
long native_sigreturn(struct thread *th, u64 *mask, stack_t *altstack);
void native_xstate_init(void);
/* The host's kernel loads the guest's registers and this mask; for a process about to die. */
void native_return_to_host(struct thread *th, u64 mask) __attribute__((noreturn));
/* core.c: has the host write a core file of this process; returns when it is there. */
void native_dump_core(struct thread *th, int sig, const siginfo_t *info);

#endif
