/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of a file that are to be probed, by their symbols. */
#ifndef RECORD_FUNCTIONS_H
#define RECORD_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "record/placement.h"

struct function {
	char *name;	 /* as in the symbol table */
	uint64_t offset; /* of its first instruction in the file */
	uint32_t bytes;
	uint32_t at;  /* the probe's distance from there */
	bool cheap;   /* the kernel emulates what the probe replaces */
	bool returns; /* its return can be probed */
};

struct functions {
	struct function *all;
	size_t count, cheap;
	/* Left out. */
	size_t expensive;	/* nobody named them, and the kernel would step */
	size_t over_limit;	/* the smallest of what is more than limit */
	size_t unsafe;		/* no place that is passed once a call */
	const char *no_returns; /* why no return of this file is probed, or NULL */
};

struct function_choice {
	const char *const *globs; /* a name that one of them matches; none: every function */
	size_t glob_count;
	bool expensive; /* also where the kernel would step */
	size_t limit;
};

/*
 * Fills found with functions of the file at path. 0 or negative errno: -ENOEXEC if it
 * is no x86-64 ELF file. Free it with functions_free, also after none were found.
 */
int functions_find(struct functions *found, const char *path, const struct function_choice *choice);
void functions_free(struct functions *functions);

#endif
