// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets the wall clock 2,000 s ahead while a thread sleeps, another waits for a
 * semaphore and a timer is armed, all until a date 1,000 s ahead: all three must
 * end at once. Then sets it back. Only ever run on a simulated host.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>

static time_t target;
static sem_t never;

static time_t seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec;
}

static time_t begun;

static void *sleep_until(void *arg)
{
	struct timespec ts = {target, 0};
	int ret = clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL);

	printf("sleep: %d after %ld s\n", ret, (long)(seconds(CLOCK_MONOTONIC) - begun));
	return NULL;
}

static void *wait_until(void *arg)
{
	struct timespec ts = {target, 0};
	int ret = sem_timedwait(&never, &ts);

	printf("semaphore: %s after %ld s\n", ret ? strerror(errno) : "posted",
	       (long)(seconds(CLOCK_MONOTONIC) - begun));
	return NULL;
}

int main(void)
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct timex tx = {.modes = ADJ_SETOFFSET, .time = {100, 0}};
	struct itimerspec its;
	pthread_t sleeper, waiter;
	struct timespec now;
	struct timeval tv;
	struct utsname u;
	sigset_t set;
	timer_t timer;
	time_t wall;
	int ret;

	if (uname(&u) || !strstr(u.release, "sundial"))
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sem_init(&never, 0, 0);
	begun = seconds(CLOCK_MONOTONIC);
	target = seconds(CLOCK_REALTIME) + 1000;
	memset(&its, 0, sizeof(its));
	its.it_value.tv_sec = target;
	pthread_create(&sleeper, NULL, sleep_until, NULL);
	pthread_create(&waiter, NULL, wait_until, NULL);
	timer_create(CLOCK_REALTIME, &ev, &timer);
	timer_settime(timer, TIMER_ABSTIME, &its, NULL);
	nanosleep(&(struct timespec){10, 0}, NULL);
	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += 2000;
	if (clock_settime(CLOCK_REALTIME, &now)) {
		printf("clock_settime: %s\n", strerror(errno));
		return 1;
	}
	printf("timer: signal %d after %ld s\n", sigwaitinfo(&set, NULL) == SIGUSR1,
	       (long)(seconds(CLOCK_MONOTONIC) - begun));
	pthread_join(sleeper, NULL);
	pthread_join(waiter, NULL);

	wall = seconds(CLOCK_REALTIME);
	ret = adjtimex(&tx);
	printf("adjtimex: %d, %ld s\n", ret >= 0, (long)(seconds(CLOCK_REALTIME) - wall));
	gettimeofday(&tv, NULL);
	tv.tv_sec -= 3600;
	ret = settimeofday(&tv, NULL);
	printf("settimeofday: %d, %ld s\n", ret, (long)(seconds(CLOCK_REALTIME) - wall));
	printf("monotonic: %ld s\n", (long)(seconds(CLOCK_MONOTONIC) - begun));
	return 0;
}
