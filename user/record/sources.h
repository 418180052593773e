/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which functions and USDT probes of which files are probed, and under which numbers.
 * One thread.
 */
#ifndef RECORD_SOURCES_H
#define RECORD_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "record/lib/librecord.h"
#include "record/programs.h"

struct source_options {
	const char **functions; /* GLOB of the executable, or FILE:GLOB */
	size_t function_count;
	const char **usdts; /* globs of PROVIDER:NAME, or of PROVIDER */
	size_t usdt_count;
	bool executable; /* all of its functions, up to SOURCES_DEFAULT_MAX, if none is named */
	bool returns;	 /* of those that are named */
	bool quiet;
};

/* Of an executable whose functions nobody named. */
#define SOURCES_DEFAULT_MAX 2000

struct sources;

/* NULL if there is no memory. Both arguments stay the caller's, and are used until close. */
struct sources *sources_open(struct programs *programs, const struct source_options *options);

/*
 * Process pid has mapped the file at path, or will when it executes it (begins): probes
 * it if it is asked for and is not probed yet. An executable is probed in all processes
 * if follow, of which the program keeps those that are recorded; a library in pid alone.
 */
void sources_see(struct sources *sources, pid_t pid, const char *path, bool begins, bool follow);

/* Process pid has ended. */
void sources_forget(struct sources *sources, pid_t pid);

struct hit_costs;

/* What hits of functions have cost since the last call with begin, in ns; hits may be NULL. */
uint64_t sources_costs(struct sources *sources, const struct hit_costs *costs, bool begin,
		       uint64_t *hits);

/*
 * Probes no longer the functions that cost most, so that the others cost at most left_ns.
 * Returns how many went: 0 if it cannot be done so.
 */
size_t sources_drop(struct sources *sources, const struct hit_costs *costs, uint64_t left_ns);

/* Probes no function any longer, now or later. */
void sources_stop(struct sources *sources);

/* What numbers of probes in events refer to. */
void sources_write(const struct sources *sources, struct sundial_record_writer *writer);

void sources_close(struct sources *sources);

#endif
