// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/*
 * An allocator that is loaded when the program runs already: it waits until its
 * functions have been changed, which is how a probe shows.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CODE  48
#define TRIES 2000

struct node {
	struct node *next;
	long value;
	char rest[100];
};

static void *(*get)(size_t bytes);
static void (*put)(void *block);

static int is_probed(const void *function, const unsigned char *before)
{
	return memcmp(function, before, CODE) != 0;
}

static void wait_for_probes(void)
{
	unsigned char get_before[CODE], put_before[CODE];

	memcpy(get_before, (void *)get, CODE);
	memcpy(put_before, (void *)put, CODE);
	for (int i = 0; i < TRIES; i++) {
		if (is_probed((void *)get, get_before) && is_probed((void *)put, put_before))
			return;
		usleep(10000);
	}
}

static __attribute__((noipa)) struct node *make(void)
{
	return get(sizeof(struct node)); /* allocated */
}

static __attribute__((noipa)) void drop(struct node *node)
{
	put(node); /* freed */
}

static __attribute__((noipa)) long second(struct node *node)
{
	return node->next->value; /* used */
}

int main(int argc, char **argv)
{
	void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	struct node *node;

	if (!library)
		return 2;
	get = (void *(*)(size_t))dlsym(library, "malloc");
	put = (void (*)(void *))dlsym(library, "free");
	wait_for_probes();
	node = make();
	drop(node);
	memset(node, 0x5a, sizeof(*node));
	return (int)second(node);
}
