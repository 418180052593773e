// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* A list is read after its node was freed. */
#include <stdio.h>
#include <stdlib.h>

struct node {
	struct node *next;
	long value;
	char rest[100];
};

static __attribute__((noinline)) struct node *make(void)
{
	struct node *node = malloc(sizeof(*node)); /* allocated */

	node->next = node;
	node->value = 42;
	return node;
}

static __attribute__((noinline)) void drop(struct node *node)
{
	free(node); /* freed */
}

static __attribute__((noinline)) long second(struct node *node)
{
	return node->next->value; /* used */
}

int main(void)
{
	struct node *volatile node = make();

	drop(node);
	printf("%ld\n", second(node));
	return 0;
}
