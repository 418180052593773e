// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest whose operations are timed from outside: it does one thing COUNT times.
 * Its own clock would be the virtual one, so it measures nothing; the bench takes the
 * real time of two counts and divides the difference.
 *
 *	ops getppid|clock|pipe COUNT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int ping_pong(long count)
{
	int there[2], back[2];
	char byte = 0;
	pid_t pid;

	if (pipe(there) || pipe(back))
		return 1;
	pid = fork();
	if (pid < 0)
		return 1;
	for (long i = 0; i < count; i++) {
		if (pid && (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1))
			return 1;
		if (!pid && (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1))
			return 1;
	}
	if (!pid)
		_exit(0);
	return waitpid(pid, NULL, 0) != pid;
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 0;
	struct timespec ts = {0, 0};
	long long sum = 0;

	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "pipe"))
		return ping_pong(count);
	if (!strcmp(argv[1], "getppid")) {
		for (long i = 0; i < count; i++)
			sum += getppid();
	} else if (!strcmp(argv[1], "clock")) {
		for (long i = 0; i < count; i++) {
			clock_gettime(CLOCK_MONOTONIC, &ts);
			sum += ts.tv_nsec;
		}
	} else {
		return 2;
	}
	return sum == 42;
}
