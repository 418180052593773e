// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One guest for every way to link: threads with TLS, timed waits, fork, vfork,
 * posix_spawn, execve, a #! script, signals and timers. Built dynamic, static and
 * static-pie; prints the same each time and for any unit of time.
 *
 * "linkage child N" is what it executes of itself: sleeps N units, exits with N.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "guest.h"

extern char **environ;

static const char *self;
static __thread int tls = 42;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int order[8], finished;

static void *sleeper(void *arg)
{
	int n = (int)(long)arg;

	CHECK(tls == 42);
	tls = n;
	sleep_units(8 - n);
	CHECK(tls == n);
	pthread_mutex_lock(&lock);
	order[finished++] = n;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&lock);
	return (void *)(long)(n * n);
}

static void test_threads(void)
{
	long long start = clock_ns(CLOCK_MONOTONIC);
	pthread_t thread[8];
	struct timespec deadline;
	long sum = 0;
	void *value;
	int err;

	for (long i = 0; i < 8; i++)
		CHECK(!pthread_create(&thread[i], NULL, sleeper, (void *)i));
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_nsec += units(0.5).tv_nsec;
	deadline.tv_sec += units(0.5).tv_sec + deadline.tv_nsec / NSEC_PER_SEC;
	deadline.tv_nsec %= NSEC_PER_SEC;
	pthread_mutex_lock(&lock);
	err = pthread_cond_timedwait(&cond, &lock, &deadline);
	printf("threads: timed wait says %s\n", err == ETIMEDOUT ? "ETIMEDOUT" : strerror(err));
	while (finished < 8)
		pthread_cond_wait(&cond, &lock);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < 8; i++) {
		pthread_join(thread[i], &value);
		sum += (long)value;
	}
	printf("threads: woke in order");
	for (int i = 0; i < 8; i++)
		printf(" %d", order[i]);
	printf(", sum %ld, tls %d, %lld units\n", sum, tls, units_since(start));
}

static int status_of(pid_t pid)
{
	int status;

	CHECK(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_fork(void)
{
	long long start = clock_ns(CLOCK_MONOTONIC);
	int pipes[2];
	pid_t pid[3];
	char buf[64];
	ssize_t n, total = 0;

	CHECK(!pipe(pipes));
	for (int i = 0; i < 3; i++) {
		pid[i] = fork();
		CHECK(pid[i] >= 0);
		if (!pid[i]) {
			sleep_units(3 - i);
			dprintf(pipes[1], "%d", i);
			_exit(10 + i);
		}
	}
	close(pipes[1]);
	while ((n = read(pipes[0], buf + total, sizeof(buf) - 1 - total)) > 0)
		total += n;
	close(pipes[0]);
	buf[total] = 0;
	printf("fork: read %s", buf);
	for (int i = 0; i < 3; i++)
		printf(", %d", status_of(pid[i]));
	printf(", %lld units\n", units_since(start));
}

static void test_exec(void)
{
	char *child[] = {(char *)self, "child", "2", NULL};
	long long start = clock_ns(CLOCK_MONOTONIC);
	const char text[] = "#!/bin/sh\nexit $(($# + 4))\n";
	char *script[] = {"./script", "a", "b", NULL};
	pid_t pid;
	int fd;

	pid = fork();
	if (!pid) {
		execve(self, child, environ);
		_exit(99);
	}
	printf("exec: fork %d", status_of(pid));
	pid = vfork();
	if (!pid) {
		execve(self, child, environ);
		_exit(99);
	}
	printf(", vfork %d", status_of(pid));
	CHECK(!posix_spawn(&pid, self, NULL, NULL, child, environ));
	printf(", posix_spawn %d", status_of(pid));

	fd = open("script", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	CHECK(fd >= 0);
	CHECK(write(fd, text, sizeof(text) - 1) == sizeof(text) - 1);
	close(fd);
	CHECK(!posix_spawn(&pid, "./script", NULL, NULL, script, environ));
	printf(", script %d", status_of(pid));
	pid = vfork();
	if (!pid) {
		execve("/no/such/file", child, environ);
		_exit(errno == ENOENT ? 3 : 99);
	}
	printf(", missing %d, %lld units\n", status_of(pid), units_since(start));
}

static volatile sig_atomic_t alarms, queued, last_value;

static void on_alarm(int sig)
{
	alarms++;
}

static void on_queued(int sig, siginfo_t *info, void *context)
{
	queued++;
	last_value = info->si_value.sival_int;
}

static void test_signals(void)
{
	long long start = clock_ns(CLOCK_MONOTONIC);
	struct timespec one = units(1);
	struct itimerval every = {{one.tv_sec, one.tv_nsec / 1000},
				  {one.tv_sec, one.tv_nsec / 1000}};
	const struct itimerval off = {{0, 0}, {0, 0}};
	struct sigaction act = {.sa_handler = on_alarm};
	struct timespec wait = units(2);
	siginfo_t info;
	sigset_t set, old;
	pid_t pid;

	sigaction(SIGALRM, &act, NULL);
	act.sa_flags = SA_SIGINFO;
	act.sa_sigaction = on_queued;
	sigaction(SIGRTMIN, &act, NULL);

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, &old);
	setitimer(ITIMER_REAL, &every, NULL);
	while (alarms < 5)
		sigsuspend(&old);
	setitimer(ITIMER_REAL, &off, NULL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	printf("signals: %d alarms in %lld units\n", alarms, units_since(start));

	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, &old);
	for (int i = 1; i <= 10; i++)
		CHECK(!sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}));
	CHECK(sigwaitinfo(&set, &info) == SIGRTMIN);
	printf("signals: first of the queue is %d", info.si_value.sival_int);
	sigprocmask(SIG_SETMASK, &old, NULL);
	printf(", then %d more, last %d\n", queued, last_value);

	start = clock_ns(CLOCK_MONOTONIC);
	sigprocmask(SIG_BLOCK, &set, &old);
	CHECK(sigtimedwait(&set, NULL, &wait) == -1);
	printf("signals: sigtimedwait %s after %lld units\n", errno == EAGAIN ? "EAGAIN" : "?",
	       units_since(start));
	sigprocmask(SIG_SETMASK, &old, NULL);

	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	sleep_units(1);
	kill(pid, SIGTERM);
	printf("signals: a killed child says %d\n", status_of(pid));
}

static void test_poll(void)
{
	long long start = clock_ns(CLOCK_MONOTONIC);
	struct pollfd fd = {.events = POLLIN};
	int pipes[2], n, ms = 3 * unit_ns() / 1000000;
	char c;

	CHECK(!pipe(pipes));
	if (!fork()) {
		sleep_units(5);
		CHECK(write(pipes[1], "x", 1) == 1);
		_exit(0);
	}
	fd.fd = pipes[0];
	n = poll(&fd, 1, ms);
	printf("poll: %d after %lld units", n, units_since(start));
	n = poll(&fd, 1, ms);
	CHECK(read(pipes[0], &c, 1) == 1);
	printf(", %d (%c) after %lld units\n", n, c, units_since(start));
	CHECK(wait(NULL) > 0);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	self = argv[0];
	if (argc > 2 && !strcmp(argv[1], "child")) {
		sleep_units(atoi(argv[2]));
		return atoi(argv[2]);
	}
	test_threads();
	test_fork();
	test_exec();
	test_signals();
	test_poll();
	return 7;
}
