/* SPDX-License-Identifier: LGPL-2.1-or-later OR GPL-2.0-or-later */
/* What a program's run-time system says on standard error when it ends it. */
#ifndef RECORD_REPORT_H
#define RECORD_REPORT_H

#ifdef __cplusplus
extern "C" {
#endif

enum report_maker {
	REPORT_NONE,
	REPORT_SANITIZER, /* "==PID==ERROR: AddressSanitizer: ...", and its siblings */
	REPORT_UNDEFINED, /* "FILE:LINE:COLUMN: runtime error: ..." */
	REPORT_GO,	  /* "panic: ..." or "fatal error: ...", and goroutines */
	REPORT_RUST,	  /* "thread 'NAME' panicked at ..." */
};

/*
 * Finds the last report in text; start is set to the beginning of its first line.
 * What a program merely quotes is not told from what it is: ask report_explains().
 */
enum report_maker report_find(const char *text, const char **start);

/* Whether a process that ended so (as wait(2) has it) can have been ended by maker. */
int report_explains(enum report_maker maker, int status);

/* Its maker in words: "a Go panic". */
const char *report_words(enum report_maker maker);

#ifdef __cplusplus
}
#endif

#endif
