// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free probes */
/* expect: heap-corruption inject */
/* A write to a freed block changes the allocator's list; a later allocation finds it. */
#include <stdlib.h>
#include <string.h>

static __attribute__((noipa)) char *make(void)
{
	return malloc(56); /* allocated */
}

static __attribute__((noipa)) void drop(char *block)
{
	free(block); /* freed */
}

int main(void)
{
	char *volatile first = make();
	char *volatile second = make();

	drop(second);
	drop(first);
	strcpy(first, "stale data");
	first = make();
	second = make(); /* crashed */
	return first == second;
}
