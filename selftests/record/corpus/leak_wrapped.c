// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: leak */
/* One of the callers of a function that allocates for all forgets its blocks. */
#include <stdlib.h>
#include <unistd.h>

static void *table[400];

static __attribute__((noinline)) void *allocate(size_t bytes)
{
	volatile char local[64];
	void *block = malloc(bytes);

	local[0] = 1;
	return block ? block : (void *)abort;
}

static __attribute__((noinline)) void *name_it(size_t bytes)
{
	void *volatile name = allocate(bytes); /* allocated */

	return name;
}

int main(void)
{
	for (int i = 0; i < 400; i++)
		table[i] = allocate(40);
	for (int i = 0; i < 300; i++) {
		name_it(20 + (size_t)i % 3);
		usleep(400);
	}
	return 0;
}
