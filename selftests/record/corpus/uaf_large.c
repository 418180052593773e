// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* A block so large that its memory is given back. */
#include <stdlib.h>
#include <string.h>

#define BYTES (8UL << 20)

static __attribute__((noinline)) void fill(volatile char *block)
{
	block[BYTES / 2] = 1; /* used */
}

int main(void)
{
	char *volatile block = malloc(BYTES); /* allocated */

	memset(block, 0, BYTES);
	free(block); /* freed */
	fill(block);
	return 0;
}
