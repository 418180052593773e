/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The native engine over the host's kernel (sundial run): real files, real
 * network, real waiting, the clock shifted or scaled.
 *
 * Most calls go to the host unchanged. What is answered here is what would show
 * the engine or break it (signals, exec, brk, its own mappings), and every call
 * that takes or gives a time. Several guest threads run at once; what a process
 * shares is guarded where it is declared.
 */
#ifndef SUNDIAL_PASSTHROUGH_PASS_H
#define SUNDIAL_PASSTHROUGH_PASS_H

#include <linux/sundial.h>
#include "native/program.h"
#include "native/thread.h"
#include "simkernel/task.h" /* struct k_sigaction, NSIG_MAX */

/* What the guest has asked for each signal; the host's table holds our handler instead. */
struct pass_sighand {
	u32 lock;
	struct k_sigaction action[NSIG_MAX + 1];
};

/* Behind struct native_thread in the thread's slot. */
struct pass_thread {
	struct pass_sighand *sighand; /* the process's, or `own` in a child of vfork */
	stack_t altstack;
	/* The signal that waits while native_thread.pending is set; all others are blocked. */
	int sig;
	siginfo_t info;
	u64 mask;	/* the guest's, to be restored by its handler's return */
	u64 child_mask; /* what a new thread starts with */
	bool closed;	/* between pass_block_all() and pass_set_mask() */
	bool lent;	/* vfork's child: its parent frees the slot */
	struct pass_sighand own;
};

#define PASS_RV64_ARGS 8

/* Of this address space; written at start only, but for brk under brk_lock. */
struct pass_mm {
	struct sundial_clock_rate rate;
	char spec[256]; /* the clock's part of SPEC, for programs that it executes */
	char exe[PATH_MAX];
	char native[PATH_MAX], rv64[PATH_MAX]; /* the engines */
	char *rv64_args[PASS_RV64_ARGS + 1];   /* what sundial-rv64 was started with, NULL-ended */
	char *native_env; /* "NAME=VALUE" that native programs are given besides; NULL: nothing */
	/* Where a file that a guest names is, in buf if elsewhere; NULL: where it says. */
	const char *(*lookup)(const char *path, char *buf);
	u32 brk_lock; /* after sighand.lock, where both are taken */
	u64 brk_start, brk, brk_mapped;
};
extern struct pass_mm pass_mm;

/* What SPEC says besides the clock (spec.c). */
struct pass_start {
	bool from_guest;   /* by a guest's execve; else the rest is zero */
	u64 mask, ignored; /* signals */
	s32 spare_fd;	   /* to be closed once the file is open; 0: none */
	const char *name;  /* for AT_EXECFN, within SPEC; NULL: the path */
};

/* Fills pass_mm.rate and pass_mm.spec, too. */
void pass_parse_spec(const char *spec, struct pass_start *out);

/* Linux's codes for a call that a signal interrupted are the host's own business here. */
#define PASS_RESTART NATIVE_BACKED_OUT

long passthrough_syscall(struct native_thread *nt, u64 nr, const u64 *a);
/* entry.S: the waiting signal goes to the guest, on top of regs. */
void passthrough_deliver(struct native_thread *nt);
/* Handler of every guest signal; also told of faults in guest code. */
void passthrough_signal(int sig, siginfo_t *info, void *ucontext);
void passthrough_fault(struct native_thread *nt, int sig, siginfo_t *info, void *ucontext);
void passthrough_child_start(struct native_thread *nt) __attribute__((noreturn));

/* A guest's call passed on; backs out for a signal. */
static inline long pass_call(u64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	u64 call[7] = {nr, a, b, c, d, e, f};

	return native_host_call(call);
}

/* Short locks between threads; never held across a call that may sleep. */
void pass_lock(u32 *lock);
void pass_unlock(u32 *lock);

/* signals.c */
long pass_rt_sigaction(struct native_thread *nt, const u64 *a);
long pass_rt_sigreturn(struct native_thread *nt);
long pass_sigaltstack(struct native_thread *nt, const u64 *a);
/* Ignored signals that the host's table shows as handled: an execve would forget them. */
u64 pass_ignored_inside(struct pass_sighand *s);
/*
 * Blocks what may wait; returns the old mask. SIGSEGV and SIGBUS stay open: a
 * guest's bad pointer faults in the runtime, and the host ends a process whose
 * fault is blocked.
 */
u64 pass_block_all(void);
/* Those two as well, where no handler may run at all. */
void pass_block_faults(void);
void pass_set_mask(u64 mask);
/* Reads a guest's mask without what must never be blocked; 0 or -errno. */
long pass_mask_from_user(u64 addr, u64 size, u64 *mask);

/*
 * exec.c: an execve up to the point of no return, and that. prepare gives an
 * object to commit or drop, or -errno; commit comes back only with -errno.
 * Signals are blocked by the caller from before commit, mask being the guest's,
 * ignored as of pass_ignored_inside().
 */
struct pass_exec;
long pass_exec_prepare(int dirfd, u64 path, u64 argv, u64 flags, struct pass_exec **out);
long pass_exec_commit(struct pass_exec *e, u64 mask, u64 ignored, u64 envp);
void pass_exec_drop(struct pass_exec *e);
/* Whether it will be a program of the host's machine. */
bool pass_exec_is_native(const struct pass_exec *e);

/* process.c */
long pass_clone(struct native_thread *nt, const struct clone_request *req);
long pass_exec(struct native_thread *nt, int dirfd, u64 path, u64 argv, u64 envp, u64 flags);
/* Comes back only with PASS_RESTART: a signal goes first. */
long pass_exit_thread(struct native_thread *nt, int status);

/* time.c: true when the call takes or gives a time; its result is then in *ret. */
bool pass_time_call(u64 nr, const u64 *a, long *ret);
/* files.c: the same for calls that would show the engine. */
bool pass_file_call(u64 nr, const u64 *a, long *ret);
long pass_brk(u64 want);

#endif
