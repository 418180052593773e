/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes that a program's authors put into it (USDT), by the notes that name them. */
#ifndef RECORD_USDT_H
#define RECORD_USDT_H

#include <stddef.h>
#include <stdint.h>
#include "record/shared.h"

struct usdt {
	char *name;	  /* "PROVIDER:NAME" */
	uint64_t offset;  /* of the nop in the file */
	uint64_t counter; /* offset of the count of those that listen, or 0 */
	struct record_usdt_spec spec;
};

struct usdts {
	struct usdt *all;
	size_t count;
	size_t unsafe; /* left out: at an instruction that is no nop of one byte */
};

/*
 * Fills found with the probes of the x86-64 file at path whose name matches one of
 * globs. 0 or negative errno. Free it with usdts_free, also after none were found.
 */
int usdts_find(struct usdts *found, const char *path, const char *const *globs, size_t glob_count);
void usdts_free(struct usdts *usdts);

/* What the words of a note say of arguments: "8@%rdi -4@$5 4@-8(%rbp,%rax,2)". */
void usdt_parse(struct record_usdt_spec *spec, const char *text);

#endif
