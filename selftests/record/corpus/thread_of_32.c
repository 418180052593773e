// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* A job is freed by one worker and used by another, while 30 more run. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct job {
	struct job *next;
	long number;
	long rest[10];
};

static struct job *volatile shared;
static pthread_barrier_t barrier;

static __attribute__((noipa)) void finish(struct job *job)
{
	free(job); /* freed */
}

static __attribute__((noipa)) long look(struct job *job)
{
	return job->next->number; /* used */
}

static void *work(void *argument)
{
	long me = (long)argument;

	if (me == 0) {
		shared = malloc(sizeof(*shared)); /* allocated */
		shared->next = shared;
	}
	pthread_barrier_wait(&barrier);
	if (me == 1)
		finish(shared);
	pthread_barrier_wait(&barrier);
	if (me == 2)
		look(shared);
	for (volatile long i = 0;; i++)
		if (me % 2)
			pause();
}

int main(void)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 32);
	for (long i = 1; i < 32; i++)
		pthread_create(&thread, NULL, work, (void *)i);
	work(NULL);
	return 0;
}
