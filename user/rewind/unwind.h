/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks of a recorded process, unwound and named afterwards from its files by their
 * call frame and debugging information.
 */
#ifndef REWIND_UNWIND_H
#define REWIND_UNWIND_H

#include "rewind/model.h"

#define FRAMES_MAX 128

struct frame {
	uint64_t pc;
	const char *function; /* demangled; NULL if it is not known */
	const char *file;     /* source; NULL if it is not known */
	const char *folder;   /* that a relative file is in, or NULL */
	const char *object;   /* the mapped file; NULL outside of any */
	int line;
	bool inlined; /* into the frame after it */
	bool truncated;
};

struct stack {
	size_t count;
	bool truncated; /* there were more */
	struct frame frames[FRAMES_MAX];
};

/* The files of one process. Names that frames point at live as long as it. */
struct process_files;

/* Whether servers of debugging information may be asked for what is not here; before open. */
void unwind_debuginfod(bool ask);

struct process_files *unwind_open(const struct model *model, uint32_t tgid);
void unwind_close(struct process_files *files);

/* Where the process was when it was stopped. */
void unwind_crash(struct process_files *files, const struct record_crash *crash,
		  struct stack *stack);

/* From where the allocator was called: the allocator's own frame is left out. */
void unwind_site(struct process_files *files, const struct record_site *site, struct stack *stack);

/* The same without names: fills addresses, the innermost first; how many. */
size_t unwind_addresses(struct process_files *files, const struct record_site *site,
			uint64_t *addresses, size_t max);

/* A file that is not the recorded one any more, in words; NULL: all are. It names nothing. */
const char *unwind_mismatch(const struct process_files *files);

/* The first frame that is not a library's: where a person would look. */
const struct frame *stack_own(const struct stack *stack);

/* Whether a frame among the innermost max is of that function. */
bool stack_has(const struct stack *stack, const char *function, size_t max);

#endif
