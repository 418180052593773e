/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A simulated host: the root of its arena. */
#ifndef SUNDIAL_SIMKERNEL_HOST_H
#define SUNDIAL_SIMKERNEL_HOST_H

#include "base/layout.h"
#include "base/list.h"
#include "simkernel/task.h"

struct sundial_clock_page;

#define HOST_MAGIC    0x31304c4149444e53UL /* "SNDIAL01" */
#define PID_MAX	      32768
#define PID_FIRST     1000 /* the first program; 1 is the simulated init */
#define SYSCALL_SLOTS 512
#define ARENA_CLASSES 40
#define HOST_ABI \
	((u64)sizeof(struct host) << 40 ^ sizeof(struct process) << 20 ^ sizeof(struct task))

enum strace_mode {
	STRACE_OFF,
	STRACE_STANDARD,
	STRACE_DETERMINISTIC,
};

/* Who wants to know of each system call: one word, so that nobody costs one branch. */
#define LOG_STRACE (1U << 0)
#define LOG_RECORD (1U << 1)

struct host_config {
	u64 seed;
	s64 start_ns;	/* CLOCK_REALTIME at the start, since 1970 */
	u64 until_ns;	/* count at which the simulation ends; TIME_NEVER: none */
	u64 call_ns;	/* virtual cost of a system call */
	u64 tick_ns;	/* virtual cost of a clock read */
	u64 slice_ns;	/* virtual time slice while others are ready */
	u64 quantum_ns; /* CPU time after which a silent thread is preempted */
	u32 cpus;	/* what the guests are told */
	u32 strace_mode;
	u32 fault_point, fault_count; /* fault.h */
	bool clock_page, patch, stats;
	s32 supervisor_pid, arena_fd, clock_fd; /* as guests reopen them: /proc/PID/fd/N */
	char hostname[65];
	char strace_dir[PATH_MAX];
	char start_dir[PATH_MAX];   /* where the simulation was started */
	char native_path[PATH_MAX]; /* sundial-native's executable */
	char rv64_path[PATH_MAX];   /* sundial-rv64's, or "" */
	char sysroot[PATH_MAX];	    /* where riscv64 programs look for files first, or "" */
	u64 tb_bytes;		    /* of translated code in a riscv64 process; 0: its default */
	bool interpret;		    /* riscv64 code, instead of translating it */
	u32 insn_ns;		    /* virtual cost of a riscv64 instruction; 0: none */
	char dir[PATH_MAX];	    /* the host's folder, or "" */
	char functions[1024];	    /* whose calls are recorded: recordfunc.c; a line for each */
};

/* Why the simulation ended; the supervisor turns it into a report. */
enum host_end {
	END_NONE,
	END_MAIN_EXITED,
	END_UNTIL,
	END_DEADLOCK, /* everything waits for ever */
	END_BROKEN,   /* a process died while it changed the arena */
	END_NO_MEMORY,
	END_REQUESTED, /* SIGINT at the supervisor */
};

struct syscall_stat {
	u64 calls, host, errors; /* host: a call to the host's kernel was part of the answer */
	u64 unknown;		 /* answered ENOSYS because nobody knows it */
};

struct host {
	u64 magic;
	u64 abi; /* HOST_ABI of the image that formatted it: sizes and offsets agree */
	u64 size, bump;
	u8 *page_class;
	void *free[ARENA_CLASSES];
	u64 allocated;
	struct host_config config;
	struct sundial_clock_page *clock; /* at CLOCK_BASE in every guest */
	struct recorder *recorder;	  /* record.h; NULL: nobody records */
	u32 logs;			  /* LOG_*, of system calls */

	/* Who runs (sched.c) */
	struct task *current;
	u32 last_ticket; /* task.h */
	struct list ready;
	u32 nready;
	u64 slice_end_ns;
	u64 switches;
	u64 progress;	  /* grows with every call: what the watchdog looks at */
	u64 last_ask;	  /* progress at the last call that only asked */
	u64 ask_since_ns; /* where the row of such calls began */

	/* Events (event.c) */
	struct timer **heap;
	u32 heap_len, heap_cap;
	u64 timer_seq, events;

	/* Processes */
	struct list processes;
	struct process *init;
	struct process *main;	      /* the program that was asked for */
	struct task **pid_task;	      /* [PID_MAX]; a process's leader stands for it */
	struct process **pid_process; /* [PID_MAX] */
	s32 last_pid;
	u64 next_mm_id;
	u32 main_status;

	/* Tables that other files own; each is allocated by its own init */
	void *inodes;  /* inode.c: virtual inode numbers and times */
	void *sockets; /* socket.c */
	void *locks;   /* lock.c */
	void *futexes; /* futex.c */
	void *pipes;   /* struct anon_table, anon.c */
	void *ipc;     /* ipc.c */

	char domainname[65];
	u32 watched_events; /* inotify.c: union of all watches' masks; 0: nothing is watched */

	u64 rng[4]; /* random.c, xoshiro256** */

	/* The end */
	u32 end; /* enum host_end; the supervisor's futex word */
	char end_text[1024];
	/* Host pids whose death the supervisor saw and nobody has handled yet */
	u32 death_pending;

	/* Lines for the report: refusals, fallbacks; sim_note() */
	char notes[8192];
	u32 notes_len, notes_lost;

	/* Statistics */
	struct syscall_stat stat[SYSCALL_SLOTS];
	u64 unknown_calls, preemptions, traps, patched_sites, unpatched_sites;
	u64 processes_made, threads_made, signals_sent;
	u64 signals_queued;  /* entries in all queues: what RLIMIT_SIGPENDING bounds */
	bool call_used_host; /* the call being made asked the host's kernel */
};

#endif
