/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program to be started, and the image that starts it. */
#ifndef SUNDIAL_SIM_PROGRAM_H
#define SUNDIAL_SIM_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* A program that can be started: what is mapped, what it is called, with which arguments. */
struct program {
	bool riscv64_too;    /* given: riscv64 programs can be started as well */
	const char *sysroot; /* given: where their files are looked for first; NULL: nowhere else */
	bool riscv64;	     /* it is one */
	char exe[PATH_MAX];  /* the ELF file */
	char name[PATH_MAX]; /* what was asked for: a script's own path */
	char **argv;	     /* begins with the interpreter for a script; NULL-ended */
};

/* Fills p or ends the command with a message and status 126 or 127. */
void program_find(struct program *p, char **argv);
/* The full path of sundial-native; false when there is none, path is then where it was looked for.
 */
bool native_look(char *path, size_t size);
/* The same; ends the command when there is none. */
void native_find(char *path, size_t size);
/* The riscv64 engine, which is beside native; "" in path (of PATH_MAX) when there is none. */
void rv64_look(const char *native, char *path);

#endif
