/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks (threads), processes, and what they share. All of it lives in the arena
 * and belongs to the holder of the run token.
 */
#ifndef SUNDIAL_SIMKERNEL_TASK_H
#define SUNDIAL_SIMKERNEL_TASK_H

#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include "base/list.h"
#include "simkernel/cred.h"
#include "simkernel/event.h"
#include "simkernel/wait.h"

struct file;
struct poll_table;
struct thread;

#define NSIG_MAX	64
#define SIGBIT(sig)	(1UL << ((sig)-1))
#define TASK_COMM_BYTES 16

/* The kernel's struct sigaction for 64-bit machines (x86-64 layout; riscv64 has no restorer). */
struct k_sigaction {
	u64 handler, flags, restorer, mask;
};

struct sighand {
	u32 refs;
	struct k_sigaction action[NSIG_MAX + 1];
};

struct sigqueue_entry { /* one queued signal */
	struct list link;
	siginfo_t info;
	void *timer; /* struct posix_timer that sent it, or NULL */
};

struct sigpending {
	u64 set;
	struct list queue; /* sigqueue_entry */
};

/* The address space, as far as futex keys and brk need it. */
struct mm {
	u32 refs;
	u64 id; /* never reused */
	u64 brk_start, brk, brk_mapped;
	struct list shared; /* struct shared_map, mm.c */
	struct list shm;    /* struct shm_attach, shm.c */
	u64 arg_start, arg_end, env_start, env_end, stack_top;
	u64 space_end; /* of what belongs to the guest; 0: all but Sundial's part (layout.h) */
};

/* A call of the malloc family that has not returned, in a recorded host (recordheap.c). */
struct heap_call {
	u64 sp;	  /* the caller's; 0: none */
	u64 back; /* where the call returns to, which now comes by the engine first */
	u64 args[3];
	u32 index; /* which function */
	u32 stack;
	bool freed; /* realloc: the old block is marked so */
};

#define HEAP_CALLS 4

enum task_state {
	TASK_READY,   /* on the ready queue or running */
	TASK_BLOCKED, /* in task_sleep() */
	TASK_STOPPED, /* its process is stopped; not on the ready queue */
	TASK_DEAD,
};

#define TASK_HELD 8

struct task {
	/*
	 * The park word: equal to ticket when this task holds the token, else 0. The
	 * only field that others poll. A ticket is never given out twice, because a
	 * thread may poll the word of a task that is gone:
	 *
	 *	exiting process              its parent          parked thread of it
	 *	buries its tasks                                 waits on run
	 *	hands the token on
	 *	                             wait4() frees them
	 *	                             fork() reuses one
	 *	                             run = ticket, wake
	 *	                                                 not its ticket: waits on
	 *	exit_group()                                     is killed
	 */
	u32 run __attribute__((aligned(64)));
	u32 ticket;
	u32 state;
	s32 host_tid;
	bool in_kernel;	    /* inside sim_syscall(), sim_fault() or sim_preempted() */
	bool execing;	    /* in the host's execve(): in_kernel, but nothing is half done */
	bool interruptible; /* while blocked: a signal may end it */
	bool woken;	    /* a waker came */
	bool timed_out;
	bool new_thread; /* has not run yet */

	struct list ready_link;	 /* host->ready */
	struct list thread_link; /* process->threads */
	struct process *process;
	struct host *host;
	s32 tid;
	char comm[TASK_COMM_BYTES];

	struct waiter wait; /* for waits on one queue */
	struct timer timeout;

	/* Released when the call ends, or the task dies in it. */
	struct file *held[TASK_HELD];
	u32 nheld;
	struct poll_table *poll;
	void *scratch;

	/* Signals */
	bool signal_look; /* a signal or stop wants a look on the way back to user code */
	u64 blocked;
	u64 saved_mask; /* of sigsuspend, ppoll...: restored when the frame is built */
	bool restore_mask;
	u64 sigwait_set; /* in sigtimedwait: wakes even when blocked */
	struct sigpending pending;
	stack_t altstack;
	/* What a restart_syscall() continues: absolute deadline and the original call. */
	struct {
		u64 nr, deadline_ns, args[6];
		bool active; /* restart_syscall() is running the call again */
	} restart;

	/* ptrace.c: who stopped it, and whether that was told to the tracer's wait */
	struct process *tracer;
	bool trace_stopped, trace_reported;
	struct thread *thread; /* its engine's half; to be used in its own address space only */

	u64 clear_child_tid; /* guest address, 0: none */
	u64 set_child_tid;   /* written by the child itself when it first runs */
	bool vfork_pending;  /* its vfork child has neither executed nor ended */
	u64 robust_list;
	void *futex;	       /* struct futex_wait (futex.h), NULL before the first wait */
	s64 realtime_deadline; /* of task_sleep_realtime() */
	bool realtime_sleep;
	struct list pi_held; /* futexpi.c: PI futexes owned in the kernel */

	/* Accounting on the virtual clock */
	u64 run_start_ns, cpu_ns, sys_ns, start_ns;
	u64 calls, voluntary_switches, involuntary_switches;
	u64 call_start_ns; /* strace.c, record.c */
	u64 call_args[6];  /* record.c */
	struct heap_call heap_calls[HEAP_CALLS];
	void *record_fault; /* recordcrash.c: as it was at its last signal with a handler */
	s32 nice, sched_policy, sched_priority;
	u64 affinity;
	s32 ioprio;
	u64 timerslack_ns;	     /* 0: the default */
	struct process *lock_holder; /* while blocked: whose POSIX lock it waits for (lock.c) */
	u32 call_nr;		     /* its last system call, for reports */
};

enum process_state {
	PROCESS_ALIVE,
	PROCESS_ZOMBIE,
};

struct files { /* a file descriptor table, file.h */
	u32 refs;
	u32 size;
	struct fdent *ent;
};

struct process {
	struct list link; /* host->processes */
	struct host *host;
	s32 pid, pgid, sid;
	u32 state;
	s32 host_pid;
	struct process *parent;
	struct list children, sibling;
	struct list threads;
	u32 nthreads;
	struct task *leader; /* main thread; stays until the process is reaped */

	struct files *files;
	struct mm *mm;
	struct sighand *sighand;
	struct sigpending pending; /* process-wide */
	struct waitq child_wait;   /* wait4 and friends sleep here */
	struct waitq exit_wait;	   /* pidfds, vfork parents */
	struct waitq signal_wait;  /* signalfds of this process */

	bool stopped, stop_reported, continued;
	int stop_signal;
	bool exiting;
	bool host_dead; /* the supervisor saw its host process die unasked */
	bool dumpable;
	struct task *vfork_parent; /* sleeps until this process executes or ends */
	bool execed;
	u32 ntraced; /* tasks that it traces */
	bool child_subreaper;
	u32 exit_signal;
	u32 wait_status; /* as wait(2) gives it */
	u32 no_clock_page;

	struct timer real_timer; /* ITIMER_REAL */
	u64 real_interval_ns;
	/* ITIMER_VIRTUAL, ITIMER_PROF: expiry on the user and CPU time used (0: off), interval */
	u64 virt_value_ns, virt_interval_ns, prof_value_ns, prof_interval_ns;
	bool cpu_timers; /* something is armed on CPU time (cputimer.c) */
	struct list posix_timers;
	s32 next_timer_id;

	u64 start_ns;
	u64 dead_cpu_ns, dead_sys_ns;	      /* of threads that ended */
	u64 children_cpu_ns, children_sys_ns; /* of reaped children */
	struct rlimit rlimit[RLIM_NLIMITS];
	char exe[PATH_MAX];  /* /proc/self/exe */
	char name[PATH_MAX]; /* AT_EXECFN */
	u32 oom_score_adj, umask_shadow;
	s32 exec_fd;		 /* the host's alone: execve finds a nameless file by it; 0: none */
	const char *virtual_cwd; /* a working directory under /proc or /sys; NULL: the host's */
	struct strace_buffer *strace;
	void *ipc; /* SysV undo lists */
	/* record.c: programs executed; its code; whom it was forked from, and when */
	u32 record_epoch;
	u64 record_text[2];
	s32 record_from;
	u64 record_forked_ns;
	struct record_words *record_words; /* what it wrote to standard error last */
	bool record_heap;		   /* every allocation since its program began was seen */
	u32 uid, gid;
	struct cred cred; /* through process_cred(), ids.h */
	u32 pdeath_signal, personality;
	u32 membarrier; /* registered commands */
	bool thp_disabled;
};

/* task.c */
struct task *task_create(struct host *h, struct process *p);
struct process *process_create(struct host *h, struct process *parent);
struct task *task_find(struct host *h, s32 tid);
struct process *process_find(struct host *h, s32 pid); /* alive or zombie */
/* CPU time used up to now, on the virtual clock. */
u64 task_cpu_ns(struct task *t);
u64 process_cpu_ns(struct process *p);
/* The part of it that is spent in calls. */
u64 process_sys_ns(struct process *p);
/* Keeps f until this call ends. */
void task_hold(struct thread *th, struct file *f);
/* Drops whatever a call (finished, or cut off by death) still holds. */
void task_release_call(struct task *t);
/* Takes a parked task out of everything: queues, timers, pid table. */
void task_reap(struct task *t);

#endif
