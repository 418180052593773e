// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Emits numbered events: in each of some threads, system calls whose first argument
 * counts from 0. emit THREADS CALLS
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned long calls;

static void *emit(void *unused)
{
	for (unsigned long i = 0; i < calls; i++)
		syscall(SYS_getppid, i);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	int count = argc > 2 ? atoi(argv[1]) : 0;

	if (count < 1 || count > 64)
		return 2;
	calls = strtoul(argv[2], NULL, 10);
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, emit, NULL))
			return 1;
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
