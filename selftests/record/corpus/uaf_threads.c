// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* One thread frees what another one uses. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct message {
	char *text;
	char rest[80];
};

static struct message *volatile shared;

static void *release(void *unused)
{
	free(shared); /* freed */
	return NULL;
}

int main(void)
{
	pthread_t thread;

	shared = malloc(sizeof(*shared)); /* allocated */
	memset(shared, 0, sizeof(*shared));
	shared->text = shared->rest;
	pthread_create(&thread, NULL, release, NULL);
	pthread_join(thread, NULL);
	shared->text[5] = 'x'; /* used */
	return 0;
}
