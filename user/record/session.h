/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One recording, from its start until there is a file. */
#ifndef RECORD_SESSION_H
#define RECORD_SESSION_H

#include <stdbool.h>
#include "record/budget.h"
#include "record/programs.h"
#include "record/sources.h"
#include "record/target.h"

struct session_options {
	const char *path; /* the file */
	const char *command;
	const char *program; /* the file that is executed, or NULL */
	bool quiet;
	bool inject;		   /* was asked for, whether or not the program can be injected */
	bool stream;		   /* to the file as it happens */
	struct injected *injected; /* its region is NULL without --inject */
	struct program_options programs;
	struct source_options sources;
	struct budget_options budget;
};

/*
 * Records target until it ends, or a signal interrupts this. Returns the exit status:
 * the target's, 0 for a process that was only attached to, or 125.
 */
int session_run(const struct session_options *options, struct target *target);

#endif
