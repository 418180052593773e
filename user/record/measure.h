/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hit of each source costs on this machine, measured on ourselves. */
#ifndef RECORD_MEASURE_H
#define RECORD_MEASURE_H

#include <stdint.h>
#include "record/programs.h"

struct hit_costs {
	uint64_t source_ns[RECORD_SOURCES_MAX];
	uint64_t call_ns;    /* of a function at a cheap place */
	uint64_t both_ns;    /* with its return */
	uint64_t stepped_ns; /* what it is more where the kernel steps */
};

/*
 * Records a few thousand events of this process, takes their time, and empties the
 * buffers again; so before any other process is recorded. It takes some ms, or a second
 * where probes are attached one by one. 0 or negative errno.
 */
int measure_hits(struct programs *programs, const struct program_options *options,
		 struct hit_costs *costs);

#endif
