// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: null-dereference */
/* A program that executes itself, and only then crashes. */
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

static __attribute__((noipa)) int read_it(volatile int *from)
{
	return *from; /* crashed */
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return read_it(NULL);
	free(malloc(100));
	return execl("/proc/self/exe", argv[0], "again", NULL);
}
