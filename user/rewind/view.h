/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a recording is shown. */
#ifndef REWIND_VIEW_H
#define REWIND_VIEW_H

#include <stdio.h>
#include "rewind/diagnose.h"
#include "rewind/select.h"

/* A thread that was kept at the crash, and where it was. */
struct crashed_thread {
	const struct record_crash *crash;
	struct stack stack;
};

#define CRASHED_THREADS_MAX 64

/* Fills threads; returns how many there are, at most CRASHED_THREADS_MAX. */
size_t crashed_threads(const struct model *model, struct crashed_thread *threads);

/* Text for people: diagnosis, evidence, stacks, timeline, what is missing. */
void view_text(FILE *to, const char *path, const struct model *model, const struct diagnosis *found,
	       size_t count, const struct shown *shown);

/*
 * The same on a terminal, until it is left. -ENOTTY: the terminal cannot do it. shown is
 * what is selected first; it may be another one after.
 */
int view_terminal(const struct model *model, const struct diagnosis *found, size_t count,
		  const struct selection *selection, struct shown *shown);

/* The same for programs, as one JSON object. */
int view_json(FILE *to, const struct model *model, const struct diagnosis *found, size_t count,
	      const struct shown *shown);

/* A page for a browser, with a timeline. */
int view_html(FILE *to, const char *path, const struct model *model, const struct diagnosis *found,
	      size_t count, const struct shown *shown);

/* Trace events, which Perfetto opens. */
int view_perfetto(FILE *to, const struct model *model, const struct diagnosis *found, size_t count,
		  const struct shown *shown);

/* Stacks for flame graphs: of live memory, and of calls. */
int view_folded_memory(FILE *to, const struct model *model);
int view_folded_calls(FILE *to, const struct model *model, const struct shown *shown);

/* What a call is of: a system call's name, or a function's. */
void slice_name(const struct record_header *event, char *text, size_t bytes);

/* An event in a few words: "malloc(100) = 0x5555...". */
void event_words(const struct record_header *event, char *text, size_t bytes);

/* What --no-NAME of the recorder would leave out. */
const char *source_name(__u32 source);

/* Its type in one word. */
const char *event_name(const struct record_header *event);

#endif
