/* SPDX-License-Identifier: GPL-2.0-or-later */
/* #! lines that lead to one another, for execve over either kernel. */
#ifndef SUNDIAL_LOAD_SCRIPT_H
#define SUNDIAL_LOAD_SCRIPT_H

#include "load/elf.h"

#define SCRIPT_DEPTH 5 /* as Linux */

struct script_chain {
	struct {
		char interpreter[PATH_MAX], argument[EXEC_HEAD_BYTES];
	} line[SCRIPT_DEPTH];
	int lines;
	char script[PATH_MAX];
	/* What replaces the guest's argv[0]; NULL-ended, empty when lines is 0. */
	const char *prefix[2 * SCRIPT_DEPTH + 2];
};

/* Takes the line that exec_probe() found. -ELOOP when there are too many. */
long script_push(struct script_chain *c, const struct exec_file *file);
/* Fills prefix: innermost interpreter first, each followed by its argument, the script last. */
void script_finish(struct script_chain *c, const char *name);

#endif
