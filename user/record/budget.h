/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps what recording costs within a part of the processes' CPU time: the hits of each
 * source times what one costs here, against the CPU time of the same moment. What costs
 * most is switched off; of functions, those that cost most. One thread.
 */
#ifndef RECORD_BUDGET_H
#define RECORD_BUDGET_H

#include <stdbool.h>
#include "record/lib/librecord.h"
#include "record/programs.h"
#include "record/sources.h"

struct budget_options {
	double percent;	     /* 0: none */
	bool functions_only; /* the others may cost what they do */
	bool quiet;
};

#define BUDGET_TICK_MS 250

struct budget;

/* Switches a source off for good. */
typedef void budget_off(void *context, enum record_source source);

/* Measures; so before the first process is recorded. 0 or negative errno. */
int budget_open(struct budget **budget, struct programs *programs, struct sources *sources,
		const struct program_options *recorded, const struct budget_options *options,
		budget_off *off, void *context);

/* Every BUDGET_TICK_MS. */
void budget_check(struct budget *budget);

/* What was switched off, and why: as events, and in words for the end. NULL: no budget. */
void budget_write(const struct budget *budget, struct sundial_record_writer *writer);
void budget_report(const struct budget *budget);

void budget_close(struct budget *budget);

#endif
