/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a recording is shown. */
#ifndef REWIND_VIEW_H
#define REWIND_VIEW_H

#include <stdio.h>
#include "rewind/diagnose.h"

/* Which part of the timeline. */
struct view_window {
	bool all;
	size_t last;		 /* this many of the last events, without from and to */
	uint64_t from_ns, to_ns; /* host time; to_ns 0: no such limit */
	uint32_t tid;		 /* 0: every thread */
};

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
	       size_t count, const struct view_window *window);

/* The same for programs, as one JSON object. */
int view_json(FILE *to, const struct model *model, const struct diagnosis *found, size_t count,
	      const struct view_window *window);

/* Whether the event at index of model is in the window. */
bool view_shows(const struct model *model, const struct view_window *window, size_t index);

/* An event in a few words: "malloc(100) = 0x5555...". */
void event_words(const struct record_header *event, char *text, size_t bytes);

/* Its type in one word. */
const char *event_name(const struct record_header *event);

#endif
