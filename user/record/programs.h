/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BPF half: the programs of bpf/record.bpf.c, loaded and attached, and the
 * buffers that they fill, mapped here.
 */
#ifndef RECORD_PROGRAMS_H
#define RECORD_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "record/allocator.h"
#include "record/probes.h"
#include "record/shared.h"

struct record;

struct program_options {
	size_t buffer_bytes; /* of all CPUs together */
	bool follow, syscalls, scheduling, malloc;
	bool functions, returns; /* may be probed */
	bool budget;		 /* hits are counted */
	bool usdts;		 /* the same; needs functions */
	bool files;		 /* paths and addresses of system calls; needs those */
	bool faults;		 /* of pages */
	bool system;		 /* every process: signals, forks, execs, exits and crashes */
};

struct cpu_buffer {
	int fd;
	int node;
	const struct record_slot *slots;
	struct record_nodes placement;
};

struct programs {
	struct record *skeleton;
	bool multi;  /* uprobe_multi */
	bool kfuncs; /* the module's, for virtual time */
	size_t cpus, slots;
	struct cpu_buffer *buffers;
	const struct record_ring *rings;
	struct record_crashed_thread *crashed;
};

/*
 * Loads and attaches everything but uprobes. 0, or a negative errno: -EPERM without
 * CAP_BPF and CAP_PERFMON.
 */
int programs_load(struct programs *programs, const struct program_options *options);

/* Whether this process has a capability, one of <linux/capability.h>. */
bool programs_may(int capability);

/*
 * Says on standard error which capability is missing for what programs_load() returned,
 * and what works without it.
 */
void programs_say_refused(int error);

/* Begins to record process pid; known: from its next exec on nothing is missed. */
int programs_track(struct programs *programs, pid_t pid, bool known);

/* From now on some allocations of pid were missed. */
void programs_unknow(struct programs *programs, pid_t pid);

/* Probes an allocator in process pid. */
int programs_probe(struct programs *programs, struct probes *probes, pid_t pid, const char *path,
		   const struct allocator *allocator);

/* Numbers of probes are below this. */
#define PROBES_MAX 65536

/*
 * Probes functions of the file at path, at their entries or returns; the sites' cookies
 * are numbers of probes, with RECORD_COOKIE_RETURNS at entries whose return is probed.
 */
int programs_probe_functions(struct programs *programs, struct probes *probes, bool at_return,
			     pid_t pid, const char *path, const struct probe_site *sites,
			     size_t count);

/* Probes USDT probes; their specifications come first. */
int programs_probe_usdts(struct programs *programs, struct probes *probes, pid_t pid,
			 const char *path, const struct probe_site *sites, size_t count);
int programs_specify_usdt(struct programs *programs, __u32 number,
			  const struct record_usdt_spec *spec);

/* A source that is off: its programs return at once, and what can be is detached. */
void programs_switch_off(struct programs *programs, enum record_source source);

/* Undoes that this process was recorded, with a block of memory at address. */
void programs_forget_self(struct programs *programs, __u64 address);

/* What was kept of the crash of pid has been written. */
void programs_release(struct programs *programs, pid_t pid);

/* Stops and goes on filling the buffers, so that they can be read. */
void programs_pause(struct programs *programs, bool pause);

void programs_unload(struct programs *programs);

#endif
