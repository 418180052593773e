// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: double-free */
/* Two owners of one block. */
#include <stdlib.h>

static __attribute__((noinline)) void close_first(void *block)
{
	free(block); /* freed */
}

static __attribute__((noinline)) void close_second(void *block)
{
	free(block); /* freed-again */
}

int main(void)
{
	void *volatile block = malloc(100); /* allocated */

	close_first(block);
	close_second(block);
	return 0;
}
