// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: nothing */
/* A server that waits for work, some of it for a mutex for a while, and is ended. */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;

static void *serve(void *unused)
{
	pthread_mutex_lock(&lock);
	for (;;)
		pthread_cond_wait(&more, &lock);
	return unused;
}

static void *save(void *unused)
{
	pthread_mutex_lock(&lock);
	sleep(10);
	pthread_mutex_unlock(&lock);
	return unused;
}

int main(void)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, serve, NULL);
	usleep(20000);
	pthread_create(&thread, NULL, save, NULL);
	usleep(20000);
	pthread_create(&thread, NULL, serve, NULL);
	usleep(20000);
	kill(getpid(), SIGTERM);
	pause();
	return 0;
}
