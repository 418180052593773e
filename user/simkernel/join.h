/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a process of the host's becomes one of the simulation; what engines share of it. */
#ifndef SUNDIAL_SIMKERNEL_JOIN_H
#define SUNDIAL_SIMKERNEL_JOIN_H

#include "simkernel/thread.h"

struct join_trouble {
	const char *what;
	char object[64];
	long err; /* a negative errno, or 0 */
};

/*
 * Maps the arena and the clock page that spec names, "PID:ARENAFD:CLOCKFD:TID[:NAME]",
 * and returns the task that this process is. NULL: trouble says why.
 */
struct task *sim_join(const char *spec, struct join_trouble *trouble);
/* What AT_EXECFN shall say, within spec; NULL: the file's own path. */
const char *sim_spec_name(const char *spec);
/* Makes the descriptors that the first program inherits known to the arena. */
void sim_adopt_files(struct thread *th);
/* A child of the supervisor dies with it. */
void sim_die_with_supervisor(struct host *h);
/*
 * execve, the engines' half: the host's execve of the engine that runs req->machine.
 * Returns only a negative errno, while the old image is still whole.
 */
long sim_replace_image(struct thread *th, const struct exec_request *req);

#endif
