// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest on jemalloc, whose background threads and spinning locks hang simulators
 * that only move when somebody makes a system call: threads that allocate, hand over,
 * free and sleep, with forks among them.
 */
#include <malloc.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#include "guest.h"

#define THREADS 6
#define SLOTS	256
#define ROUNDS	20000

static void *slot[SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *churn(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg * 7919 + 1;

	for (int i = 0; i < ROUNDS; i++) {
		size_t size = 1 + rand_r(&seed) % 8192;
		unsigned int at = rand_r(&seed) % SLOTS;
		void *mine = malloc(size), *theirs;

		CHECK(mine);
		memset(mine, at, size < 64 ? size : 64);
		pthread_mutex_lock(&lock);
		theirs = slot[at];
		slot[at] = mine;
		pthread_mutex_unlock(&lock);
		free(theirs);
		if (i % 2000 == 0)
			sleep_units(0.1);
	}
	return NULL;
}

int main(void)
{
	long long start = clock_ns(CLOCK_MONOTONIC);
	pthread_t thread[THREADS];
	int status;
	pid_t pid;

	for (long i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, churn, (void *)i);
	sleep_units(0.3);
	pid = fork();
	if (!pid) {
		free(malloc(100000));
		sleep_units(1);
		_exit(6);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	waitpid(pid, &status, 0);
	for (int i = 0; i < SLOTS; i++)
		free(slot[i]);
	printf("churned by %d threads, child %d, within %d units\n", THREADS, WEXITSTATUS(status),
	       (int)(units_since(start) + 4) / 5 * 5);
	return 0;
}
