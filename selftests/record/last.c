// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * last CALLS PAIRS: makes so many system calls and pairs of malloc and free, prints the
 * time of CLOCK_REALTIME in ns, and crashes.
 * last wait THREADS: a child of so many threads crashes; prints how long it took, in ns,
 * until that was known here.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void *idle(void *unused)
{
	pause();
	return NULL;
}

static void crash(long long *at)
{
	*at = now_ns();
	*(volatile int *)NULL = 1;
}

static int wait_for_child(int threads)
{
	long long *at =
		mmap(NULL, sizeof(*at), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;

	if (at == MAP_FAILED)
		return 1;
	if (!fork()) {
		for (int i = 1; i < threads; i++)
			pthread_create(&thread, NULL, idle, NULL);
		usleep(100000);
		crash(at);
	}
	wait(NULL);
	printf("%lld\n", now_ns() - *at);
	return 0;
}

int main(int argc, char **argv)
{
	const struct rlimit none = {0};
	unsigned long calls, pairs;
	long long at;

	setrlimit(RLIMIT_CORE, &none);
	if (argc == 3 && !strcmp(argv[1], "wait"))
		return wait_for_child(atoi(argv[2]));
	if (argc != 3)
		return 2;
	calls = strtoul(argv[1], NULL, 10);
	pairs = strtoul(argv[2], NULL, 10);
	for (unsigned long i = 0; i < calls; i++)
		syscall(SYS_getppid, i);
	for (unsigned long i = 0; i < pairs; i++) {
		void *volatile block = malloc(i & 127);

		free(block);
	}
	printf("%lld\n", now_ns());
	fflush(stdout);
	crash(&at);
	return 0;
}
