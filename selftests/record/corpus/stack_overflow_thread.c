// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: stack-overflow */
/* A parser that calls itself for each bracket, on a thread's small stack. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char *parse(const char *text);

static __attribute__((noipa)) const char *list(const char *text)
{
	char copy[200];

	memset(copy, *text, sizeof(copy));
	text = parse(text + 1);
	return copy[5] == *text ? text + 1 : text;
}

static __attribute__((noipa)) const char *parse(const char *text)
{
	return *text == '[' ? list(text) : text; /* crashed */
}

static void *run(void *text)
{
	return (void *)parse(text);
}

int main(void)
{
	char *text = malloc(1 << 20);
	pthread_attr_t attributes;
	pthread_t thread;

	memset(text, '[', (1 << 20) - 1);
	text[(1 << 20) - 1] = 0;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	pthread_create(&thread, &attributes, run, text);
	pthread_join(thread, NULL);
	return 0;
}
