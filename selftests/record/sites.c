// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Allocates known amounts from some places, keeps one block in KEEP of each, and prints
 * "PLACE BYTES LIVE".
 */
#include <stdio.h>
#include <stdlib.h>

#define KEEP 16

struct truth {
	unsigned long bytes, live;
};

static char *volatile kept;

/* One place for each: the callers shall be different ones. */
#define PLACE(name)                                                                        \
	static __attribute__((noipa)) struct truth name(unsigned long count, size_t least, \
							size_t more)                       \
	{                                                                                  \
		struct truth truth = {0};                                                  \
                                                                                           \
		for (unsigned long i = 0; i < count; i++) {                                \
			size_t bytes = least + (i * 2654435761UL >> 7) % more;             \
			char *block = malloc(bytes);                                       \
                                                                                           \
			truth.bytes += bytes;                                              \
			kept = block;                                                      \
			if (i % KEEP)                                                      \
				free(block);                                               \
			else                                                               \
				truth.live += bytes;                                       \
		}                                                                          \
		return truth;                                                              \
	}

PLACE(tiny)
PLACE(small)
PLACE(mixed)
PLACE(large)

static void print(const char *name, struct truth truth)
{
	printf("%s %lu %lu\n", name, truth.bytes, truth.live);
}

int main(void)
{
	print("tiny", tiny(400000, 8, 32));
	print("small", small(40000, 64, 512));
	print("mixed", mixed(4000, 1, 20000));
	print("large", large(300, 50000, 200000));
	return 0;
}
