/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the source files that stacks name. */
#ifndef REWIND_SOURCE_H
#define REWIND_SOURCE_H

#include "rewind/unwind.h"

#define SOURCE_LINE_BYTES 160

struct source_line {
	int number;
	char text[SOURCE_LINE_BYTES]; /* tabs are spaces, what does not fit is cut off */
};

/*
 * The lines around a frame's, as the file is now: how many, at most 2 * around + 1; 0 if
 * there is no such file or line here.
 */
size_t source_lines(const struct frame *frame, int around, struct source_line *to);

#endif
