// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: deadlock */
/* Two threads lock two mutexes, each in another order, and somebody gives up waiting. */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static pthread_mutex_t accounts = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t journal = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;

static void *transfer(void *unused)
{
	pthread_mutex_lock(&accounts);
	pthread_barrier_wait(&both);
	pthread_mutex_lock(&journal); /* waits */
	return unused;
}

static void *report(void *unused)
{
	pthread_mutex_lock(&journal);
	pthread_barrier_wait(&both);
	pthread_mutex_lock(&accounts); /* waits */
	return unused;
}

int main(void)
{
	pthread_t threads[2];

	pthread_barrier_init(&both, NULL, 2);
	pthread_create(&threads[0], NULL, transfer, NULL);
	pthread_create(&threads[1], NULL, report, NULL);
	usleep(100000);
	kill(getpid(), SIGTERM);
	pthread_join(threads[0], NULL);
	return 0;
}
