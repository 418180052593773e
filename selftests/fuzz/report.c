// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The last calls of a run, kept in memory until one goes wrong. Written with
 * dprintf: threads and forked children report too.
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"

void note(struct fuzz *f, const char *format, ...)
{
	char *line = f->log[f->log_next++ % LOG_LINES];
	va_list args;
	int used;

	used = snprintf(line, LOG_LENGTH, "%lu ", f->call);
	va_start(args, format);
	vsnprintf(line + used, LOG_LENGTH - used, format, args);
	va_end(args);
	/* before the call: if the kernel dies of it, this is the last thing seen */
	if (f->verbose)
		dprintf(STDOUT_FILENO, "# %u: %s\n", f->thread, line);
}

void fail(struct fuzz *f, const char *format, ...)
{
	unsigned long i = f->log_next > LOG_LINES ? f->log_next - LOG_LINES : 0;
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(STDOUT_FILENO, "# thread %u%s, call %lu: %s\n", f->thread,
		f->child ? " (a forked child)" : "", f->call, text);
	if (f->failed)
		return;
	f->failed = true;
	dprintf(STDOUT_FILENO, "# the last calls were\n");
	for (; i < f->log_next; i++)
		dprintf(STDOUT_FILENO, "#   %s\n", f->log[i % LOG_LINES]);
	dprintf(STDOUT_FILENO,
		"# again: SUNDIAL_FUZZ_SEED=%llu SUNDIAL_FUZZ_MODE=%s SUNDIAL_FUZZ_CALLS=%lu\n",
		(unsigned long long)f->seed, f->mode, f->last_call);
}
