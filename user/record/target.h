/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program that is started to be recorded, or the process that runs already. */
#ifndef RECORD_TARGET_H
#define RECORD_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

struct target {
	pid_t pid;
	bool own;  /* started here */
	int go;	   /* a byte to this lets it execute */
	int pidfd; /* readable when it has ended */
};

/* Starts a child that waits to become argv, injected if that has a region. 0 or negative errno. */
struct injected;
int target_start(struct target *target, char **argv, const struct injected *injected);

/* Takes a process that runs already. */
int target_attach(struct target *target, pid_t pid);

void target_go(struct target *target);

/* After its end: its status for our exit, as a shell has it; 0 of a process not started here. */
int target_status(struct target *target);

#endif
