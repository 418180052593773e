// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: double-free */
/* The old address is freed after realloc has moved the block. */
#include <stdlib.h>

int main(void)
{
	void *volatile block = malloc(100); /* allocated */
	void *volatile between = malloc(100);
	void *volatile larger = realloc(block, 10000); /* freed */

	free(block); /* freed-again */
	free(larger);
	free(between);
	abort();
}
