/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole system: a file for each process that crashes. */
#ifndef RECORD_SYSTEM_H
#define RECORD_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>

struct system_options {
	const char *folder; /* made with mode 0700 if it is not there */
	size_t files_max;   /* in it, the oldest go */
	size_t bytes_max;   /* of all of them together */
	size_t rate_max;    /* crashes a minute; more are counted and not written */
	size_t buffer_bytes;
	bool quiet;
};

/*
 * Records until SIGINT or SIGTERM: signals, forks, execs and exits of every process, and
 * crashes. Returns the exit status: 0, or 125 if recording was not possible.
 */
int system_run(const struct system_options *options);

#endif
