// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * 32 threads, half of them waiting and half running, one of which crashes when all
 * are where they shall be.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#define THREADS 32

static atomic_int there;
static atomic_long spun;
static int pipes[2];

static __attribute__((noipa)) void wait_in_read(void)
{
	char byte;

	there++;
	if (read(pipes[0], &byte, 1) != 1)
		_exit(1);
}

static __attribute__((noipa)) void spin(void)
{
	there++;
	for (;;)
		spun++;
}

static __attribute__((noipa)) void crash(volatile int *nowhere)
{
	while (there < THREADS - 1)
		usleep(1000);
	usleep(20000);
	*nowhere = 1;
}

static void *run(void *number)
{
	if (number == (void *)(THREADS - 1))
		crash(NULL);
	else if ((long)number % 2)
		wait_in_read();
	else
		spin();
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	if (pipe(pipes))
		return 1;
	for (long i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, run, (void *)i);
	for (long i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
