// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: abort */
/* A program that gives up, and says why. */
#include <stdio.h>
#include <stdlib.h>

static __attribute__((noipa)) void fatal(const char *what)
{
	fprintf(stderr, "fatal: %s\n", what);
	abort(); /* crashed */
}

int main(void)
{
	fatal("the database is of a newer version");
	return 0;
}
