// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest that waits by spinning, in the way its argument names: on the clock, on
 * sched_yield, or on memory without any call, until another thread or a timer has
 * done its part. Under a clock that stood still while anyone runs, none would end.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>
#include "guest.h"

static volatile int flag;

static void *raise_flag(void *arg)
{
	struct timespec ts = {0, 50 * 1000 * 1000};

	nanosleep(&ts, NULL);
	flag = 1;
	return NULL;
}

static void on_alarm(int sig)
{
	flag = 1;
}

static void spin_clock(clockid_t id)
{
	long long end = clock_ns(id) + NSEC_PER_SEC / 100, reads = 0;

	while (clock_ns(id) < end)
		reads++;
	printf("clock: ended, some reads %d\n", reads > 0);
}

int main(int argc, char **argv)
{
	const struct itimerval once = {{0, 0}, {0, 50000}};
	const char *how = argc > 1 ? argv[1] : "";
	pthread_t thread;

	if (!strcmp(how, "monotonic")) {
		spin_clock(CLOCK_MONOTONIC);
	} else if (!strcmp(how, "coarse")) {
		spin_clock(CLOCK_REALTIME_COARSE);
	} else if (!strcmp(how, "time")) {
		time_t end = time(NULL) + 1;

		while (time(NULL) < end)
			;
		printf("time: ended\n");
	} else if (!strcmp(how, "yield")) {
		pthread_create(&thread, NULL, raise_flag, NULL);
		while (!flag)
			sched_yield();
		pthread_join(thread, NULL);
		printf("yield: ended\n");
	} else if (!strcmp(how, "getppid")) {
		pthread_create(&thread, NULL, raise_flag, NULL);
		while (!flag)
			getppid();
		pthread_join(thread, NULL);
		printf("getppid: ended\n");
	} else if (!strcmp(how, "thread")) {
		pthread_create(&thread, NULL, raise_flag, NULL);
		while (!flag)
			;
		pthread_join(thread, NULL);
		printf("thread: ended\n");
	} else if (!strcmp(how, "alarm")) {
		signal(SIGALRM, on_alarm);
		setitimer(ITIMER_REAL, &once, NULL);
		while (!flag)
			;
		printf("alarm: ended\n");
	} else {
		return 2;
	}
	return 3;
}
