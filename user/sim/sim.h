/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A simulation of one host as its supervisor sees it. The supervisor is one
 * process, whose main thread is the parent of every guest process; it holds the
 * arena's and the clock's memory, and touches the arena only while no guest
 * runs, or in the words that are made for it (host_dead, death_pending, end).
 */
#ifndef SUNDIAL_SIM_SIM_H
#define SUNDIAL_SIM_SIM_H

#include <limits.h>
#include <stdio.h>
#include <sys/types.h>
#include "sim/program.h"
#include "simkernel/host.h"

/* The count at the beginning: small, positive, and no program takes it for "never". */
#define SIM_BOOT_NS NSEC_PER_SEC

struct sim_options {
	s64 start_ns;
	u64 seed, until_ns, quantum_ns; /* until_ns: a duration; 0: none */
	u32 cpus, strace_mode;
	bool clock_page, patch, stats, verify, quiet;
	int progress; /* 1, 0, or -1: when stderr is a terminal */
	u32 fault_point, fault_count;
	const char *stats_file, *strace_dir, *dir, *hostname;
	const char *record_file; /* NULL: nothing is recorded */
	u64 record_bytes;	 /* of buffers */
	char functions[1024];	 /* whose calls are recorded, a line for each pattern */
	char **argv;		 /* the program and its arguments, NULL-ended */
	/* Of riscv64 programs; see struct host_config. */
	char sysroot[PATH_MAX];
	u64 tb_bytes;
	u32 insn_ns;
	bool interpret;
};

struct watchdog {
	struct task *task;
	u64 progress, cpu_ns; /* when task was first seen without progress since */
};

struct sundial_clock;

struct sim {
	const struct sim_options *opt;
	struct program program;
	struct host *host;
	int arena_fd;
	struct sundial_clock *clock;
	int strace_fd;	 /* the strace folder, or -1 */
	int record_fd;	 /* the folder of the recording, or -1 */
	int native_fd;	 /* sundial-native, with --dir; else -1 */
	int rv64_fd;	 /* the same of sundial-rv64 */
	FILE *stats_out; /* of --stats=FILE, or NULL */
	pid_t main_pid;	 /* the first program's host pid */
	int cpu;	 /* where all guests run */
	u64 wall_start_ns, wall_end_ns;
	struct watchdog watchdog;
	int requested; /* the signal that ended the simulation, or 0 */
	u32 outside_deaths;
	char deaths[1024]; /* a line for each death from outside */
};

/* simulate.c: runs one simulation and returns the command's exit status. */
int simulate(const struct sim_options *o);
/* verify.c: runs it twice and compares. The status is that of the program, or 1. */
int verify(const struct sim_options *o);
/*
 * hostdir.c: gives this process, and all it starts, private folders kept in dir,
 * whose full path goes to real. Ends the command on failure.
 */
void hostdir_enter(const char *dir, char real[PATH_MAX]);
/* segment.c: makes and maps arena and clock page, fills host->config; ends the command on failure.
 */
void segment_create(struct sim *s);
/* parcel.c: keeps the host descriptors that guests send each other; before launch(). */
void parcel_start(struct sim *s);
/*
 * recording.c: before --dir hides folders; makes the buffers, before launch(); and after
 * supervise(), writes the file and says which programs crashed. End the command on failure.
 */
void recording_open(struct sim *s);
void recording_create(struct sim *s);
void recording_write(struct sim *s);
/* launch.c: starts the first program. */
void launch(struct sim *s);
/* supervisor.c: returns when the simulation has ended and every guest process is gone. */
void supervise(struct sim *s);
/* Before launch(): signals of the supervisor, so that none is missed. */
void supervisor_prepare(void);
/* watchdog.c: to be called every WATCHDOG_MS. */
#define WATCHDOG_MS 20
void watchdog_look(struct sim *s);
/* place.c: moves the guests to an idle CPU when theirs is wanted by others; with the watchdog. */
void place_look(struct sim *s);
/* progress.c */
void progress_show(struct sim *s);
void progress_clear(struct sim *s);
/* report.c: after supervise(). report_status() is the command's exit status. */
void report_end(struct sim *s);
int report_status(struct sim *s);
/* The name of t's last system call. */
const char *report_call(const struct task *t);
/* stats.c: after supervise(). The JSON goes to stats_out, which is then closed. */
void report_summary(struct sim *s);
void stats_unknown(struct sim *s);
void stats_table(struct sim *s);
void stats_json(struct sim *s);

u64 wall_now_ns(void);

#endif
