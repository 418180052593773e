/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which events, as a person writes it: type=alloc,free and not tid=17
 *
 *	either	  = both { "or" both }
 *	both	  = one { [ "and" ] one }
 *	one	  = "not" one | "(" either ")" | key op value { "," value } | word
 *	op	  = "=" | "!=" | "~" | "!~"
 *
 * Keys are type, tid, pid, cpu, host, comm and text; ~ asks for a part of it. A word
 * alone is a part of the text. A value with spaces or operators stands in quotes.
 */
#ifndef REWIND_FILTER_H
#define REWIND_FILTER_H

#include "rewind/model.h"

struct filter;

/* NULL and *why, which is static, if text is no such expression. */
struct filter *filter_parse(const char *text, const char **why);
bool filter_matches(const struct filter *filter, const struct model *model,
		    const struct record_header *event);
void filter_free(struct filter *filter);

#endif
