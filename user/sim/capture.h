/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running a function in a child with its output kept in files, and comparing such files. */
#ifndef SUNDIAL_SIM_CAPTURE_H
#define SUNDIAL_SIM_CAPTURE_H

#include <stdbool.h>

struct sim_options;

/*
 * Runs simulate(o) in a child whose stdout and stderr are pipes; what comes out
 * of them is written to the files out and err, and, with pass_on, also to this
 * process's own. The command's messages go to this process's stderr with
 * pass_on, else nowhere. Standard input is a fresh look at input_fd. Returns
 * the exit status.
 */
int capture_run(const struct sim_options *o, int input_fd, const char *out, const char *err,
		bool pass_on);

/*
 * Says where two files first differ, with both lines; what names them. Lines
 * that begin with a word of skip (NULL-ended) are taken as equal. True when the
 * files agree.
 */
bool capture_same(const char *first, const char *second, const char *what, const char *const *skip);

#endif
