// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command's messages. A message is one write(2), so that it does not tear
 * when guests write to the same terminal.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "sim/fail.h"

static int message_fd = STDERR_FILENO;

void say_to(int fd)
{
	message_fd = fd;
}

int say_fd(void)
{
	return message_fd;
}

static void vsay(const char *fmt, va_list ap)
{
	char line[4096];
	int n = snprintf(line, sizeof(line), "sundial: ");

	n += vsnprintf(line + n, sizeof(line) - 1 - n, fmt, ap);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	if (write(message_fd, line, n) < 0)
		return;
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
}

void fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
	exit(status);
}
