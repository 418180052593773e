// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: heap-overflow */
/* An index runs off the end of a large block, to where nothing can be written. */
#include <stdlib.h>
#include <sys/mman.h>

#define BYTES (1UL << 20)

int main(void)
{
	volatile size_t count = BYTES + 65536;
	volatile char *block;

	/* The kernel puts the block directly before this. */
	if (mmap(NULL, BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		return 1;
	block = malloc(BYTES); /* allocated */
	for (size_t i = 0; i < count; i++)
		block[i] = 1; /* used */
	return 0;
}
