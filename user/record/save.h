/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes what the buffers and tables hold to a file. */
#ifndef RECORD_SAVE_H
#define RECORD_SAVE_H

#include "record/budget.h"
#include "record/injected.h"
#include "record/mappings.h"
#include "record/programs.h"
#include "record/sources.h"
#include "record/stream.h"

struct save_what {
	struct programs *programs;
	const struct mappings *mappings;
	const struct sources *sources;
	const struct budget *budget; /* or NULL */
	struct injected *injected;   /* or NULL */
	const char *command;	     /* as the user gave it */
	pid_t pid;		     /* the process that was asked for */
	bool alone;		     /* of mappings and crashes only that one's */
};

/* 0 or negative errno. The buffers are paused meanwhile. */
int save_file(const char *path, const struct save_what *what);

/* The same of what a stream has not written yet, which is then closed. */
int save_stream(struct stream *stream, const struct save_what *what);

#define SAVE_WORDS_BYTES (2 * RECORD_WORDS_HALF + 1)

/*
 * The latest that process pid wrote to standard error into text, of SAVE_WORDS_BYTES and
 * with a zero byte at its end; returns how much it is.
 */
size_t save_words(const struct programs *programs, pid_t pid, char *text);

/* What can be told without BPF: threads that were kept, the first one's crash first. */
int save_traced(const char *path, const struct save_what *what,
		const struct record_crashed_thread *threads, size_t count);

#endif
