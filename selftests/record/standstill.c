// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: deadlock */
/* Two threads lock two mutexes, each in another order, and a day later nobody ends them. */
#include <pthread.h>
#include <unistd.h>

static pthread_mutex_t accounts = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t journal = PTHREAD_MUTEX_INITIALIZER;

static void *report(void *unused)
{
	pthread_mutex_lock(&journal);
	sleep(3600);
	pthread_mutex_lock(&accounts); /* waits */
	return unused;
}

int main(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, report, NULL);
	pthread_mutex_lock(&accounts);
	sleep(86400);
	pthread_mutex_lock(&journal); /* waits */
	return 0;
}
