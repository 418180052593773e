// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tells the reports of run-time systems from a program's other words, by the line that
 * each begins with and by what must follow it, and by the status that each ends with.
 */
#include "record/lib/report.h"
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>

#define GO_STATUS   2
#define RUST_STATUS 101

static const char *const sanitizers[] = {
	"ERROR: AddressSanitizer: ",   "ERROR: LeakSanitizer: ",     "WARNING: MemorySanitizer: ",
	"ERROR: HWAddressSanitizer: ", "WARNING: ThreadSanitizer: ",
};

static int begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Within one line. */
static const char *in_line(const char *line, const char *what)
{
	const char *found = strstr(line, what);

	return found && (size_t)(found - line) < strcspn(line, "\n") ? found : NULL;
}

static int is_sanitizer(const char *line)
{
	for (size_t i = 0; i < sizeof(sanitizers) / sizeof(sanitizers[0]); i++)
		if (in_line(line, sanitizers[i]) && strstr(line, "SUMMARY: "))
			return 1;
	return 0;
}

static enum report_maker maker_of(const char *line)
{
	if ((line[0] == '=' && line[1] == '=') || begins(line, "WARNING: ThreadSanitizer"))
		return is_sanitizer(line) ? REPORT_SANITIZER : REPORT_NONE;
	if (begins(line, "panic: ") || begins(line, "fatal error: "))
		return strstr(line, "\ngoroutine ") ? REPORT_GO : REPORT_NONE;
	if (begins(line, "thread '"))
		return in_line(line, "' panicked at ") ? REPORT_RUST : REPORT_NONE;
	return in_line(line, ": runtime error: ") ? REPORT_UNDEFINED : REPORT_NONE;
}

enum report_maker report_find(const char *text, const char **start)
{
	enum report_maker found = REPORT_NONE, maker;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += line != text;
		maker = maker_of(line);
		/* A panic's trace is part of it, and may quote another. */
		if (maker == REPORT_NONE || (found == REPORT_GO && maker != REPORT_GO))
			continue;
		found = maker;
		*start = line;
	}
	return found;
}

int report_explains(enum report_maker maker, int status)
{
	if (WIFSIGNALED(status))
		return maker != REPORT_NONE;
	switch (maker) {
	case REPORT_GO:
		return WEXITSTATUS(status) == GO_STATUS;
	case REPORT_RUST:
		return WEXITSTATUS(status) == RUST_STATUS;
	case REPORT_SANITIZER:
	case REPORT_UNDEFINED:
		return WEXITSTATUS(status) != 0;
	default:
		return 0;
	}
}

const char *report_words(enum report_maker maker)
{
	switch (maker) {
	case REPORT_GO:
		return "a Go panic";
	case REPORT_RUST:
		return "a Rust panic";
	case REPORT_SANITIZER:
		return "a sanitizer";
	case REPORT_UNDEFINED:
		return "UndefinedBehaviorSanitizer";
	default:
		return "nothing";
	}
}
