// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an allocator's library must survive. storm threads: a thousand at once, and then
 * many that end. storm signals: handlers that allocate in the middle of an allocation,
 * forks and vforks. Prints how many calls of malloc and free it made.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 1000
#define PAIRS	100
#define SHORT	200 /* threads one after the other */
#define BUSY	400000

static atomic_ulong calls;
static atomic_int there, handled;
static pthread_barrier_t all;

static void pair(size_t bytes)
{
	void *volatile block = malloc(bytes);

	free(block);
	atomic_fetch_add(&calls, 2);
}

static void on_signal(int number)
{
	handled++;
	pair(7);
	pair(9);
}

static void *run(void *unused)
{
	there++;
	pthread_barrier_wait(&all);
	for (int i = 0; i < PAIRS; i++)
		pair(16);
	return NULL;
}

static void *run_short(void *unused)
{
	pair(32);
	return NULL;
}

static int crowd(void)
{
	static pthread_t threads[THREADS];
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_barrier_init(&all, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], &attr, run, NULL))
			return 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < SHORT; i++) {
		if (pthread_create(&threads[0], &attr, run_short, NULL))
			return 1;
		pthread_join(threads[0], NULL);
	}
	return 0;
}

static int signals(void)
{
	const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {0};
	int status;

	signal(SIGPROF, on_signal);
	setitimer(ITIMER_PROF, &often, NULL);
	for (int i = 0; i < BUSY || handled < 20; i++)
		pair(64);
	setitimer(ITIMER_PROF, &never, NULL);
	for (volatile int i = 0; i < 10; i++) {
		pid_t pid = i % 2 ? vfork() : fork();

		if (!pid) {
			/* After vfork only what is allowed then. */
			if (!(i % 2))
				free(malloc(100));
			_exit(7);
		}
		if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 7)
			return 1;
	}
	pair(64);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2 || (strcmp(argv[1], "threads") ? signals() : crowd()))
		return 1;
	printf("%lu\n", calls);
	return 0;
}
