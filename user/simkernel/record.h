/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the simulated kernel tells its flight recorder. Each function may only be called
 * when host->recorder is there (recording()), and by the holder of the run token.
 */
#ifndef SUNDIAL_SIMKERNEL_RECORD_H
#define SUNDIAL_SIMKERNEL_RECORD_H

#include "simkernel/recorder.h"
#include "simkernel/thread.h"

static inline bool recording(const struct host *h)
{
	return unlikely(h->recorder);
}

/*
 * Makes host->recorder, of about that many bytes of the arena; -ENOMEM. Before the
 * first process.
 */
long recorder_create(struct host *h, u64 bytes);

/* record.c: events */
void record_call(struct thread *th, u64 nr, const u64 *a, u64 begun_ns);
void record_call_done(struct thread *th, u64 nr, const u64 *a, long ret);
/* Fills in the call that t has not returned from; false: it is in none. */
bool record_pending(const struct host *h, const struct task *t, struct record_syscall *e);
/* t sleeps in a call: what it waited for, at its process's end. */
void record_unfinished(struct host *h, const struct task *t);
/* from left the CPU to next; both may be of any process. */
void record_switch(struct host *h, const struct task *from, const struct task *next);
void record_forked(struct host *h, const struct task *parent, const struct task *child);
/* The process's image has been replaced; its mappings are still to come. */
void record_executed(struct host *h, struct task *t, const char *path);
/* A thread ended; status as wait(2) gives it. */
void record_ended(struct host *h, const struct task *t, u32 status);
/* To t, or with t NULL to p. */
void record_sent(struct host *h, const struct process *p, const struct task *t, int sig,
		 const siginfo_t *info);
void record_delivered(struct host *h, const struct task *t, int sig, const siginfo_t *info,
		      u64 handler);
/* Appends an event of length header->length, whose header has type and task filled in. */
void record_put(struct host *h, const struct record_header *header);
void record_fill(const struct host *h, const struct task *t, struct record_header *header, u16 type,
		 u16 length);

/* recordmaps.c: files that are mapped to be executed */
void record_mapped(struct host *h, const struct process *p, u64 start, u64 bytes, u64 offset,
		   u32 protection, int fd, const char *path);
void record_maps_forked(struct host *h, const struct process *from, const struct process *to);
void record_maps_executed(struct host *h, const struct process *p);

/* The segments of the ELF file at path, loaded by an engine with that added to its addresses. */
void record_loaded(struct host *h, const struct process *p, const char *path, u64 base);

/* recordcrash.c: a signal ends th's process, or meets a handler (final false) */
void record_crash(struct thread *th, int sig, const siginfo_t *info, bool final);
void record_task_gone(struct host *h, struct task *t);

#endif
