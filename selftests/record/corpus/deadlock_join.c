// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: deadlock */
/* A thread's end is waited for while what it needs is locked; the parent kills it. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t state = PTHREAD_MUTEX_INITIALIZER;

static void *work(void *unused)
{
	pthread_mutex_lock(&state); /* waits */
	pthread_mutex_unlock(&state);
	return unused;
}

static void stop(void)
{
	pthread_t thread;

	pthread_mutex_lock(&state);
	pthread_create(&thread, NULL, work, NULL);
	pthread_join(thread, NULL); /* waits */
	pthread_mutex_unlock(&state);
}

int main(void)
{
	pid_t child = fork();

	if (!child) {
		stop();
		return 0;
	}
	usleep(200000);
	kill(child, SIGKILL);
	return waitpid(child, NULL, 0) != child;
}
