/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of probes in words, and what the numbers of probes in them refer to. A program
 * shows one recording, so the names are kept here and not handed around.
 */
#ifndef REWIND_PROBES_H
#define REWIND_PROBES_H

#include <stddef.h>
#include "record/lib/librecord.h"

struct known_probe {
	const struct record_probe *record;
	const char *name; /* demangled */
	const char *file; /* that it is in */
};

/* Takes in a record of the file, which must stay. 0 or -ENOMEM. */
int probes_keep(const struct record_header *header);

/* The probe of that number, or NULL. */
const struct known_probe *probes_find(__u32 id);

void probes_forget(void);

/* Words for RECORD_CALL, RECORD_RETURN and RECORD_USDT. */
void probes_words(const struct record_header *event, char *text, size_t bytes);

#endif
