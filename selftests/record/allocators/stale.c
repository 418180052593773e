// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/*
 * A node is used after it was freed, with whatever allocator the program has: somebody
 * else writes there meanwhile, as the next owner of the memory would.
 */
#include <stdlib.h>
#include <string.h>

struct node {
	struct node *next;
	long value;
	char rest[100];
};

static __attribute__((noipa)) struct node *make(void)
{
	return malloc(sizeof(struct node)); /* allocated */
}

static __attribute__((noipa)) void drop(struct node *node)
{
	free(node); /* freed */
}

static __attribute__((noipa)) void fill(void *memory, size_t bytes)
{
	memset(memory, 0x5a, bytes);
}

static __attribute__((noipa)) long second(struct node *node)
{
	return node->next->value; /* used */
}

int main(void)
{
	char *volatile moved = realloc(malloc(100), 50000);
	void *volatile zeroed = calloc(10, 10), *volatile aligned = aligned_alloc(64, 640);
	struct node *volatile others = make();
	struct node *node = make();

	others = make();
	free(moved);
	free(zeroed);
	free(aligned);
	drop(node);
	fill(node, sizeof(*node));
	return (int)second(node);
}
