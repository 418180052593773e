// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: nothing */
/* Blocks of all kinds, and every one is freed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	void *blocks[100];

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 100; i++)
			blocks[i] =
				i % 2 ? malloc((size_t)(i * round + 1)) : calloc(3, (size_t)i + 1);
		for (int i = 0; i < 100; i += 3)
			blocks[i] = realloc(blocks[i], (size_t)(i * 100 + 1));
		for (int i = 0; i < 100; i++)
			free(blocks[i]);
	}
	if (posix_memalign(&blocks[0], 64, 1000))
		return 1;
	blocks[1] = aligned_alloc(4096, 8192);
	blocks[2] = strdup("text");
	for (int i = 0; i < 3; i++)
		free(blocks[i]);
	free(NULL);
	puts("done");
	return 0;
}
