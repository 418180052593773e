/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What went wrong, in words, with what supports it. */
#ifndef REWIND_DIAGNOSE_H
#define REWIND_DIAGNOSE_H

#include "rewind/unwind.h"

#define EVIDENCE_MAX 8
#define PLACES_MAX   3

/* A place in the program that the diagnosis speaks of. */
struct place {
	const char *role; /* "allocated", "freed", "used", ... */
	uint64_t host_ns; /* 0: not known */
	uint64_t virtual_ns;
	uint64_t domain;
	uint32_t tid;
	struct stack stack;
};

struct diagnosis {
	const char *kind; /* one word, for programs; see sundial-rewind(1) */
	char headline[512];
	char evidence[EVIDENCE_MAX][256];
	size_t evidence_count;
	const char *mend; /* what is likely to repair it, or NULL */
	struct place places[PLACES_MAX];
	size_t place_count;
};

/*
 * Fills found with what is to be said of the recording, the crash first; returns how
 * many, at most max: 0 if nothing went wrong that can be told.
 */
size_t diagnose(const struct model *model, struct diagnosis *found, size_t max);

/* A crashed thread and what is known of its process. */
struct crash_case {
	const struct model *model;
	struct process_files *files;
	const struct record_crash *crash;
	struct stack stack; /* of the crash */
	char where[128];    /* the program's own innermost function, or what is known of it */
};

/* For the files of that folder. */
void say_headline(struct diagnosis *d, const char *kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void say_evidence(struct diagnosis *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct place *say_place(struct diagnosis *d, const char *role, uint64_t host_ns, uint32_t tid);
void say_crashed(const struct crash_case *c, struct diagnosis *d, const char *role);
/* "main (uaf.c:17)": where a person would look; for the sentences. */
void place_words(const struct stack *stack, char *text, size_t bytes);
void say_site(struct diagnosis *d, struct process_files *files, const char *role,
	      const struct record_site *site);

/* Each fills d and returns true if that is what happened. */
bool diagnose_report(const struct crash_case *c, struct diagnosis *d);
bool diagnose_misuse(const struct crash_case *c, struct diagnosis *d);
bool diagnose_fault(const struct crash_case *c, struct diagnosis *d);
void diagnose_allocator(const struct crash_case *c, struct diagnosis *d);
bool diagnose_abort(const struct crash_case *c, struct diagnosis *d);
void diagnose_other(const struct crash_case *c, struct diagnosis *d);

/* Says it otherwise if an allocation failed shortly before. */
void diagnose_refused(const struct crash_case *c, struct diagnosis *d);

/* One of memory that was never freed; how many. */
size_t diagnose_leaks(const struct model *model, struct diagnosis *found, size_t max);

/* A process that its run-time system ended, by a status and no signal. */
size_t diagnose_ended(const struct model *model, struct diagnosis *found, size_t max);

/* Threads of a process that was ended by a signal, which waited for each other. */
size_t diagnose_deadlock(const struct model *model, struct diagnosis *found, size_t max);

/* A process that the kernel killed for want of memory. */
size_t diagnose_killed(const struct model *model, struct diagnosis *found, size_t max);

/* The likely mend, if there is none yet. */
void diagnose_mend(struct diagnosis *d);

/* What was unusual before the end: beside a diagnosis, never alone. */
size_t diagnose_trend(const struct model *model, struct diagnosis *found, size_t max);

/* Misuse in a process that did not crash. */
size_t diagnose_quiet_misuse(const struct model *model, struct diagnosis *found, size_t max);

#endif
