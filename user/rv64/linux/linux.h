/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * riscv64 Linux over the host's kernel; sim.h has what differs over the simulated one.
 *
 * Each guest thread is a host thread with a struct rv64_thread; guest addresses are
 * host addresses, and the guest's descriptors, ids and signals are the host's. So a
 * call is passed on with its number changed, unless its structures differ, it takes
 * or gives a time (user/passthrough scales those), or it would show or break the
 * engine: memory, signals, threads, exec, /proc.
 *
 * What threads share: the memory map (mm.c, mm_lock), the table of signal handlers
 * (signal.c, its own lock); everything else belongs to one thread or does not change
 * after the start.
 */
#ifndef SUNDIAL_RV64_LINUX_H
#define SUNDIAL_RV64_LINUX_H

#include <signal.h>
#include <stdio.h>
#include "base/hostcall.h"
#include "load/stack.h"
#include "passthrough/pass.h"
#include "rv64/cpu.h"
#include "rv64/gdb/gdb.h"
#include "rv64/linux/sim.h"
#include "simkernel/uaccess.h"

/* A handler's result that is no result: the registers are right as they are, pc too. */
#define RV64_KEEP_STATE (-601)

struct rv64_thread {
	struct rv64_cpu cpu;
	/*
	 * One signal waits here at most, all others being blocked meanwhile, so that
	 * the kernel's queue keeps its order. Written by the thread's own handlers.
	 */
	u32 pending;
	int sig;
	siginfo_t info;
	u64 mask; /* the guest's when the signal came: its frame restores that */
	/* Faults must always reach the engine, so these two are blocked here, not by the host. */
	u64 blocked_faults;
	u64 held; /* faults' signals that somebody sent while they were blocked */
	siginfo_t held_info[2];
	bool closed; /* between rv64_block_all() and rv64_set_mask() */

	struct pass_sighand *sighand; /* the process's, or `own` in a child of vfork */
	stack_t altstack;
	u64 clear_child_tid;
	u64 robust_list;
	s32 tid;
	bool main;    /* on the process's first stack */
	bool lent;    /* vfork's child, on its parent's host thread */
	bool leaving; /* the loop ends, with exit_status */
	int exit_status;
	struct rv64_gdb_thread gdb;
	struct pass_sighand own;
	struct rv64_sim sim;
};

/* The calling host thread's; initial-exec, since handlers read it. */
extern __thread struct rv64_thread *rv64_self __attribute__((tls_model("initial-exec")));

/* The simulated kernel answers this process's calls, not the host's. */
static inline bool rv64_simulated(void)
{
	return rv64_self->sim.thread.host;
}

struct rv64_run_options {
	bool stats;
	const char *gdb;	/* where a debugger is awaited, or NULL */
	char sysroot[PATH_MAX]; /* without a slash at its end; "" for none */
};
extern struct rv64_run_options rv64_run_options;

/* Stops for the debugger, which has nothing to do with vfork's children. */
static inline bool rv64_debugged(const struct rv64_thread *t)
{
	return unlikely(READ_ONCE(rv64_gdb_active)) && !t->lent;
}

/* thread.c: runs the guest until its thread ends. */
void rv64_loop(struct rv64_thread *t);
/* What follows from a result of rv64_run(). */
void rv64_stopped(struct rv64_thread *t, enum rv64_stop stop);
struct rv64_thread *rv64_thread_new(void);
long rv64_clone(struct rv64_thread *t, const struct clone_request *req);
/* Ends this thread; PASS_RESTART when a signal goes first. */
long rv64_exit_thread(struct rv64_thread *t, int status);
void rv64_exit_process(int status) __attribute__((noreturn));
/* What every child has of its parent: registers, but for result, stack and thread pointer. */
void rv64_inherit(struct rv64_thread *child, const struct rv64_thread *parent,
		  const struct clone_request *req);
/* Around fork: what it copies must be whole. 0 or -errno. */
long rv64_fork_begin(struct rv64_thread *t);
void rv64_fork_end(struct rv64_thread *t);
#define RV64_HOST_STACK_BYTES (512 << 10)

/* syscall.c: one ecall, the guest's registers being t->cpu. */
void rv64_syscall(struct rv64_thread *t);
/* A host's call by its own name, with clocks, exe links and signals seen to. */
long rv64_pass(u64 host_nr, const u64 *a);
void rv64_count_unknown(u64 nr);
void rv64_print_unknown(FILE *file);

/* pointers.c: arguments of a call that are addresses outside of the guest's space become
 * ones that give EFAULT, or whatever the call says of memory that is not there. */
void rv64_check_pointers(u64 nr, u64 *a);

/* mm.c: the guest's address space. Results as of the calls of the same name. */
void rv64_mm_init(void);
long rv64_mmap(u64 addr, u64 bytes, int prot, int flags, int fd, u64 offset);
long rv64_munmap(u64 addr, u64 bytes);
long rv64_mprotect(u64 addr, u64 bytes, int prot);
long rv64_mremap(u64 old, u64 old_bytes, u64 bytes, u64 flags, u64 addr);
long rv64_madvise(u64 addr, u64 bytes, int advice);
long rv64_shmat(int id, u64 addr, int flags);
long rv64_shmdt(u64 addr);
long rv64_brk(u64 want);
/* Whether the guest may execute there, and write. */
enum rv64_memory rv64_memory_at(u64 addr);
void rv64_brk_start(u64 addr);
void rv64_mm_lock(void);
void rv64_mm_unlock(void);
/* A child of vfork has ended, maybe while it held the lock. */
void rv64_mm_bury(s32 tid);

/* What is mapped where; mapping.c. */
struct rv64_mapping {
	u64 start, end;
	int prot;	      /* as the guest asked: the host's pages are never executable */
	bool shared;	      /* MAP_SHARED */
	u64 dev, ino, offset; /* of a file, of start; ino is 0 for anonymous memory */
};

/* Copies the mapping that holds addr, or the first above it. False: there is none. */
bool rv64_mapping_find(u64 addr, struct rv64_mapping *out);
/* signal.c, frame.c */
void rv64_signals_init(struct rv64_thread *t, u64 ignored);
/* The engine's own handlers, which guests do not see. */
void rv64_take_faults(void);
void rv64_install(int sig, void (*handler)(int, siginfo_t *, void *));
/* The guest caused it: sent to this thread as the CPU's own. */
void rv64_force_signal(struct rv64_thread *t, int sig, int code, u64 addr);
void rv64_deliver(struct rv64_thread *t);
/* The pending signal is forgotten. */
void rv64_drop_signal(struct rv64_thread *t);
/* The host's entries anew, as a debugger comes or goes. */
void rv64_install_signals(struct pass_sighand *s);
u64 rv64_block_all(void);
void rv64_block_faults(void);
void rv64_set_mask(u64 mask);
u64 rv64_ignored_inside(struct pass_sighand *s);
void rv64_copy_sighand(struct pass_sighand *to, struct pass_sighand *from);
/* Writes the frame and enters the handler; -EFAULT when the stack has no room. */
long rv64_frame_push(struct rv64_thread *t, int sig, const siginfo_t *info,
		     const struct k_sigaction *act, u64 mask);
long rv64_frame_pop(struct rv64_thread *t, u64 *mask, stack_t *altstack);
bool rv64_on_altstack(const stack_t *ss, u64 sp);

/* hostcall.S: {nr, six arguments}; PASS_RESTART when *pending was set before it began. */
long rv64_host_call(const u64 call[7], const u32 *pending);

/* vdso.c: maps the image; returns its address and that of its signal return. */
u64 rv64_vdso_map(u64 *sigreturn);
extern u64 rv64_sigreturn_code;

/*
 * sysroot.c: where the file that a guest calls path is, path itself or in buf (of
 * PATH_MAX bytes); follow says what a symbolic link at the end of it stands for.
 */
const char *rv64_sysroot_look(const char *path, bool follow, char *buf);
const char *rv64_sysroot_path(const char *path, char *buf); /* follows */
/* The same for an address of the guest's. */
u64 rv64_sysroot_user(u64 path, bool follow, char *buf);

/* procfs.c: opens of what shows the machine. True: *ret is the result. */
bool rv64_proc_open(const u64 *a, long *ret);

/* limits.c: at the start, with what an argument of the engine's says, or NULL; whether an
 * argument is that one; and before an exec. */
void rv64_limits_start(const char *text);
bool rv64_limits_is_argument(const char *argument);
void rv64_limits_before_exec(void);
/* Of code memory, where the host's limits hold for the engine too; 0: the default will do. */
size_t rv64_limits_tb_bytes(void);
/* Sets the host's limits to the guest's, for an exec of the other machine; and back. */
void rv64_limits_give(bool to_host);

/* clock.c: the counter registers show the guest's time from here on. */
void rv64_clock_init(void);

/* machine.c */
u64 rv64_hwcap(void);
void rv64_cpuinfo(FILE *file);
/* Its text for one processor; bytes, as snprintf(). */
int rv64_cpuinfo_of(char *text, size_t size, u32 cpu);

/* load.c: where the auxiliary vector is, and the program in memory and its first stack; ends the
 * process if it cannot. */
extern u64 rv64_auxv, rv64_auxv_bytes;
struct rv64_start {
	const char *path, *name; /* the ELF file; AT_EXECFN */
	char **argv, **envp;
	u32 uid, euid, gid, egid;
	bool secure; /* AT_SECURE */
	u64 stack_limit;
	u8 random[16];
	/* Results */
	struct stack_result stack;
	u64 stack_top, brk;
	u64 base, interp_base; /* what was added to the files' addresses */
	const char *interp;    /* the ELF interpreter's file, or NULL */
	u64 vdso;
};
/* Ids, limits and random bytes as the host's kernel gives them to this process. */
void rv64_start_of_host(struct rv64_start *s);
void rv64_load(struct rv64_thread *t, struct rv64_start *s);

#endif
