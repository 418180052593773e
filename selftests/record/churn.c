// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pairs of malloc and free, numbered by their size, in each of some threads, called
 * through so many frames; says what a pair took of the processor's time, in ns.
 * churn THREADS PAIRS [FRAMES]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static unsigned long pairs;
static int frames;

static void pair_up(void)
{
	for (unsigned long i = 1; i <= pairs; i++) {
		void *volatile block = malloc(i & 127);

		free(block);
	}
}

/* What comes after the call keeps each frame where it is. */
static __attribute__((noipa)) void through(int more)
{
	if (more)
		through(more - 1);
	else
		pair_up();
	__asm__ volatile("" ::: "memory");
}

static void *churn(void *unused)
{
	through(frames);
	return NULL;
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	int count = argc > 2 ? atoi(argv[1]) : 0;
	double start;

	if (count < 1 || count > 64)
		return 2;
	pairs = strtoul(argv[2], NULL, 10);
	frames = argc > 3 ? atoi(argv[3]) : 0;
	start = now_ns();
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, churn, NULL))
			return 1;
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%.2f\n", (now_ns() - start) / (double)pairs);
	return 0;
}
