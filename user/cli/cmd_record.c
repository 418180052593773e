// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sundial record and sundial rewind: programs of their own beside the engines, so that
 * the command itself needs neither libbpf nor elfutils. This process becomes them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/command.h"
#include "sim/fail.h"
#include "sim/machine.h"
#include "sim/program.h"

static int become(const char *name, char **argv)
{
	char path[PATH_MAX], *slash;

	native_find(path, sizeof(path));
	slash = strrchr(path, '/');
	if (slash)
		snprintf(slash + 1, sizeof(path) - (size_t)(slash + 1 - path), "%s", name);
	execv(path, argv);
	fail(EXIT_SUNDIAL, "%s: %s; it is built by make, and installed by make install", path,
	     strerror(errno));
}

int cmd_record(int argc, char **argv)
{
	return become("sundial-record", argv);
}

int cmd_rewind(int argc, char **argv)
{
	return become("sundial-rewind", argv);
}
