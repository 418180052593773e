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

/*
 * recordheap.c: the malloc family. caller has the registers that a stack is unwound from,
 * as the caller will see them when the call returns. True: the call shall return by
 * record_heap_leave(), which gives the address to go on at.
 */
bool record_heap_enter(struct thread *th, u32 index, const u64 args[3],
		       struct record_stack *caller);
u64 record_heap_leave(struct thread *th, u64 sp, u64 result);
/* Finds the family, and wanted functions, in the symbols of the file open as fd. */
void record_heap_find(const struct process *p, int fd, struct recorder_file *file);
/* Has th's engine hook what file has in the part of it that is mapped at start. */
void record_heap_hook(struct thread *th, const struct recorder_file *file, u64 start, u64 end,
		      u64 offset);

/* recordfunc.c: name has so many bytes at most; number counts from 0 */
bool record_function_wanted(const struct process *p, const struct recorder_file *file,
			    const char *name, u64 room);
void record_function_found(struct host *h, struct recorder_file *file, const char *name, u64 room,
			   u64 offset);
void record_function_called(struct thread *th, u32 number, const u64 args[3]);

/* recordmaps.c: files that are mapped to be executed */
void record_mapped(struct thread *th, u64 start, u64 bytes, u64 offset, u32 protection, int fd);
void record_maps_forked(struct host *h, const struct process *from, struct process *to);
void record_maps_executed(struct host *h, struct process *p);

/* The segments of the ELF file at path, loaded by an engine with that added to its addresses. */
void record_loaded(struct thread *th, const char *path, u64 base);

/* recordcrash.c: a signal ends th's process, or meets a handler (final false) */
void record_crash(struct thread *th, int sig, const siginfo_t *info, bool final);
/*
 * th's process is ended by a signal that is no crash, or will never go on (sig 0): where its
 * threads are says who waits for whom.
 */
void record_stopped(struct thread *th, int sig);
void record_task_gone(struct host *h, struct task *t);

#endif
