// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Three threads that compute and never make a call, an interval timer, and a child that
 * competes with them. What it prints depends on every instruction at which a thread was
 * interrupted: counters at each tick, the order of lines, CPU times. With an argument it
 * crashes.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICKS	12
#define THREADS 3

static volatile unsigned long counter[THREADS];
static volatile double sums[THREADS];
static volatile sig_atomic_t ticks;

static void tick(int sig)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "tick %d: %lu %lu %lu\n", ++ticks, counter[0],
			 counter[1], counter[2]);

	if (write(1, line, n) != n)
		_exit(1);
}

/* Integer and floating point, branches, calls through a pointer. */
static unsigned long odd(unsigned long n)
{
	return 3 * n + 1;
}

static unsigned long even(unsigned long n)
{
	return n / 2;
}

static void *spin(void *arg)
{
	unsigned long (*const step[])(unsigned long) = {even, odd};
	long me = (long)arg;
	unsigned long n = me + 27;

	while (ticks < TICKS) {
		n = n == 1 ? counter[me] + 3 : step[n & 1](n);
		sums[me] += 1.0 / n;
		counter[me]++;
	}
	return NULL;
}

static double seconds(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct itimerval every = {{0, 2000}, {0, 2000}};
	struct sigaction act = {.sa_handler = tick, .sa_flags = SA_RESTART};
	pthread_t thread[THREADS];
	double begin = seconds(CLOCK_MONOTONIC);
	pid_t child = fork();
	long i;

	if (argc > 1)
		__builtin_trap();
	if (!child) {
		for (i = 0; i < 3000000; i++)
			counter[0] += i & 3;
		printf("child: %lu after %.9f\n", counter[0], seconds(CLOCK_MONOTONIC) - begin);
		return 0;
	}
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, spin, (void *)i);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	waitpid(child, NULL, 0);
	printf("sums %.17g %.17g %.17g\n", sums[0], sums[1], sums[2]);
	printf("cpu %.9f of %.9f\n", seconds(CLOCK_PROCESS_CPUTIME_ID),
	       seconds(CLOCK_MONOTONIC) - begin);
	return 0;
}
