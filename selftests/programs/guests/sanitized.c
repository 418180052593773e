// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest built with a sanitizer: threads, sleeps and the heap without an error, or
 * with the one that its argument names. It sleeps before and after, so that the
 * sanitizer's own threads and mappings live through virtual time.
 */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#include "guest.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int guarded, racy;

static void *count(void *arg)
{
	for (int i = 0; i < 100; i++) {
		pthread_mutex_lock(&lock);
		guarded++;
		pthread_mutex_unlock(&lock);
		if (i == 50)
			sleep_units(1);
	}
	if (arg)
		racy++;
	return NULL;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	pthread_t thread[4];
	char *heap;
	int status;
	pid_t pid;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, count, !strcmp(how, "race") ? "" : NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	printf("counted %d\n", guarded);
	fflush(stdout);
	heap = malloc(64);
	if (!strcmp(how, "uninitialised") && heap[argc])
		printf("branched\n");
	memset(heap, 1, 64);
	if (!strcmp(how, "leak"))
		heap = memset(malloc(64), 1, 64); /* the first block is lost */
	if (!strcmp(how, "overflow"))
		((volatile char *)heap)[64] = 1;
	free(heap);
	if (!strcmp(how, "free"))
		return ((volatile char *)heap)[argc];
	pid = fork();
	if (!pid) {
		sleep_units(1);
		_exit(5);
	}
	waitpid(pid, &status, 0);
	printf("child said %d\n", WEXITSTATUS(status));
	return 0;
}
