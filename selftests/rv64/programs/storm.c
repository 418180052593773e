// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads that compute, fork, spawn and are hit by signals, all at once. Prints "done"
 * when every child ended as it should and every signal's handler came back.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS	 4
#define FORKERS	 4
#define SPAWNERS 4
#define ALL	 (WORKERS + FORKERS + SPAWNERS)

extern char **environ;
static atomic_int stop, caught, wrong;

static void count(int sig)
{
	caught++;
}

static void *work(void *arg)
{
	unsigned int x = 1;

	while (!stop) {
		for (int i = 0; i < 1000; i++)
			x = x * 31 + 7;
		free(malloc(x % 5000 + 1));
	}
	return NULL;
}

static void expect(pid_t pid, int code)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR) {
			wrong++;
			return;
		}
	wrong += !WIFEXITED(status) || WEXITSTATUS(status) != code;
}

static void *fork_many(void *arg)
{
	for (int i = 0; i < 40; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(i & 15);
		expect(pid, i & 15);
	}
	return NULL;
}

static void *spawn_many(void *arg)
{
	char *argv[] = {"/bin/true", NULL};
	pid_t pid;

	for (int i = 0; i < 20; i++)
		if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ))
			wrong++;
		else
			expect(pid, 0);
	return NULL;
}

int main(void)
{
	struct sigaction act = {.sa_handler = count, .sa_flags = SA_RESTART};
	pthread_t threads[ALL];
	int i;

	sigaction(SIGUSR1, &act, NULL);
	for (i = 0; i < ALL; i++)
		if (pthread_create(&threads[i], NULL,
				   i < WORKERS		   ? work
				   : i < WORKERS + FORKERS ? fork_many
							   : spawn_many,
				   NULL))
			return 2;
	for (i = 0; i < 3000; i++) {
		pthread_kill(threads[i % WORKERS], SIGUSR1);
		if (i % 10 == 0)
			usleep(1000);
	}
	for (i = WORKERS; i < ALL; i++)
		pthread_join(threads[i], NULL);
	stop = 1;
	for (i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	if (!wrong && caught)
		puts("done");
	return 0;
}
