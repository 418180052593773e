// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals at every moment: natively nothing is lost, doubled or delivered on a
 * wrong stack or under a wrong mask, and nothing may be in `sundial run` either.
 * Bounded by counts, not by time.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QUEUED 20000

extern char **environ;
static int count;

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, name);
	fflush(stdout);
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

	sigaction(sig, &sa, NULL);
}

static void interval_us(int us)
{
	struct itimerval it = {{0, us}, {0, us}};

	setitimer(ITIMER_REAL, &it, NULL);
}

static atomic_int ticks, received, disorder;
static int last;

static void on_tick(int sig, siginfo_t *info, void *uc)
{
	ticks++;
}

static void on_queued(int sig, siginfo_t *info, void *uc)
{
	if (info->si_value.sival_int != last + 1)
		disorder++;
	last = info->si_value.sival_int;
	received++;
}

/* Queued signals against a fast timer, in the middle of calls. */
static void test_queue(void)
{
	int i;

	handle(SIGALRM, on_tick, SA_RESTART);
	handle(SIGRTMIN, on_queued, SA_RESTART);
	interval_us(150);
	for (i = 1; i <= QUEUED; i++) {
		while (sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}) &&
		       errno == EAGAIN)
			;
		getppid();
	}
	interval_us(0);
	ok(received == QUEUED && !disorder, "20,000 queued signals arrive once each, in order");
	ok(ticks > 0, "and the timer's between them");
}

/* What a program reads it may set again: sigsetjmp() and siglongjmp() do. */
static void test_mask(void)
{
	int i, wrong = 0;
	sigset_t now;

	handle(SIGALRM, on_tick, SA_RESTART);
	interval_us(50);
	for (i = 0; i < QUEUED; i++) {
		sigemptyset(&now);
		sigprocmask(SIG_BLOCK, NULL, &now);
		wrong += sigismember(&now, SIGUSR1) || sigismember(&now, SIGALRM);
	}
	interval_us(0);
	ok(!wrong, "the mask that is read is the one that was set, whatever arrives");
}

static void *send_many(void *arg)
{
	sigset_t set;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (i = 1; i <= QUEUED / 4; i++)
		while (sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}))
			sched_yield();
	return NULL;
}

/* From another thread, while this one blocks and unblocks, sleeps, computes. */
static void test_queue_from_thread(void)
{
	struct timespec ts = {0, 1000};
	volatile double sum = 0;
	pthread_t thread;
	sigset_t set;
	int i;

	received = last = disorder = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	interval_us(500);
	pthread_create(&thread, NULL, send_many, NULL);
	while (received < QUEUED / 4) {
		sigprocmask(SIG_BLOCK, &set, NULL);
		i = received;
		getppid();
		if (i != received)
			disorder++;
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		for (i = 0; i < 100; i++)
			sum += i * 0.5;
		nanosleep(&ts, NULL);
	}
	pthread_join(thread, NULL);
	interval_us(0);
	ok(received == QUEUED / 4 && !disorder,
	   "signals of another thread arrive once each, never while blocked");
}

static char altstack[65536];
static sigjmp_buf back;
static bool on_altstack;

static void on_segv(int sig, siginfo_t *info, void *uc)
{
	char here;

	on_altstack = &here >= altstack && &here < altstack + sizeof(altstack);
	siglongjmp(back, 1);
}

static void test_faults(void)
{
	stack_t ss = {.ss_sp = altstack, .ss_size = sizeof(altstack)};
	volatile int caught = 0, i, *volatile bad = (int *)16;

	sigaltstack(&ss, NULL);
	handle(SIGSEGV, on_segv, SA_ONSTACK);
	interval_us(300);
	for (i = 0; i < 5000; i++) {
		if (!sigsetjmp(back, 1))
			*bad = 1;
		else
			caught += on_altstack;
	}
	for (i = 0; i < 2000; i++)
		if (syscall(SYS_read, 0, (void *)bad, 0) ||
		    syscall(SYS_clock_gettime, 0, bad) != -1 || errno != EFAULT)
			caught--;
	interval_us(0);
	signal(SIGSEGV, SIG_DFL);
	ok(caught == 5000, "siglongjmp out of 5,000 faults on an alternate stack, EFAULT between");
}

static bool exited(pid_t pid, int want)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == want;
}

static void test_processes(void)
{
	char *argv[] = {"sh", "-c", "exit 9", NULL}, line[32];
	volatile int i, good = 0;
	pid_t pid;

	handle(SIGALRM, on_tick, SA_RESTART);
	interval_us(1000);
	for (i = 0; i < 60; i++) {
		pid = fork();
		if (!pid) {
			interval_us(700);
			while (ticks < 3 + (int)(i % 3))
				getppid();
			_exit(i);
		}
		good += exited(pid, i);
		pid = vfork();
		if (!pid)
			_exit(i);
		good += exited(pid, i);
	}
	ok(good == 120, "fork and vfork under a timer");
	for (i = good = 0; i < 20; i++) {
		FILE *f;

		good += !posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) && exited(pid, 9);
		f = popen("echo out", "r");
		good += f && fgets(line, sizeof(line), f) && !strcmp(line, "out\n") && !pclose(f);
	}
	interval_us(0);
	ok(good == 40, "posix_spawn and popen under a timer");
}

static void *spin(void *arg)
{
	atomic_int *stop = arg;

	while (!*stop)
		getppid();
	return NULL;
}

static void *toggle(void *arg)
{
	atomic_int *stop = arg;

	while (!*stop) {
		handle(SIGUSR2, on_tick, SA_RESTART);
		signal(SIGUSR2, SIG_IGN);
	}
	return NULL;
}

static void *come_and_go(void *arg)
{
	return NULL;
}

/* Handlers change, threads start and end and the process forks, all at once. */
static void test_threads(void)
{
	atomic_int stop = 0;
	pthread_t spinner, toggler, t;
	int i, good = 0, before;
	struct sigaction sa;

	signal(SIGUSR2, SIG_IGN);
	handle(SIGUSR1, on_tick, SA_RESTART);
	pthread_create(&spinner, NULL, spin, &stop);
	pthread_create(&toggler, NULL, toggle, &stop);
	for (i = 0; i < 300; i++) {
		pid_t pid;

		kill(getpid(), SIGUSR2);
		pthread_kill(spinner, SIGUSR1);
		pthread_create(&t, NULL, come_and_go, NULL);
		pthread_join(t, NULL);
		if (i % 10)
			continue;
		pid = fork();
		if (!pid) {
			handle(SIGUSR2, on_tick, 0);
			before = ticks;
			kill(getpid(), SIGUSR2);
			_exit(ticks == before + 1 ? 5 : 6);
		}
		good += exited(pid, 5);
	}
	stop = 1;
	pthread_join(spinner, NULL);
	pthread_join(toggler, NULL);
	ok(good == 30, "a fork's child has a table of handlers that works");
	handle(SIGUSR2, on_tick, 0);
	sigaction(SIGUSR2, NULL, &sa);
	before = ticks;
	raise(SIGUSR2);
	ok(sa.sa_sigaction == on_tick && ticks == before + 1,
	   "and so has its parent after them all");
}

static atomic_int masked_wrong, woken;

static void on_wake(int sig, siginfo_t *info, void *uc)
{
	sigset_t now;

	sigprocmask(SIG_BLOCK, NULL, &now);
	if (!sigismember(&now, SIGUSR1))
		masked_wrong++;
	woken++;
}

/* A signal that only the wait lets in: each wakes exactly one wait. */
static void test_waits(void)
{
	sigset_t block, open, now;
	struct pollfd none;
	pid_t pid, parent = getpid();
	int i, interrupted = 0;

	handle(SIGUSR1, on_wake, 0);
	sigemptyset(&open);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	for (i = 0; i < 200; i++) {
		pid = fork();
		if (!pid) {
			kill(parent, SIGUSR1);
			_exit(0);
		}
		if ((i & 1 ? sigsuspend(&open) : ppoll(&none, 0, NULL, &open)) == -1 &&
		    errno == EINTR)
			interrupted++;
		exited(pid, 0);
	}
	sigprocmask(SIG_BLOCK, NULL, &now);
	ok(interrupted == 200 && woken == 200 && !masked_wrong && sigismember(&now, SIGUSR1),
	   "sigsuspend and ppoll are woken once by each signal, and give the mask back");
	sigprocmask(SIG_UNBLOCK, &block, NULL);
}

static void *write_later(void *arg)
{
	struct timespec ts = {0, 30000000};

	nanosleep(&ts, NULL);
	return (void *)(intptr_t)write(*(int *)arg, "x", 1);
}

static void test_restart(void)
{
	sigset_t set, old;
	pthread_t thread;
	int fds[2];
	char c;

	if (pipe(fds))
		abort();
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	handle(SIGALRM, on_tick, SA_RESTART);
	ticks = 0;
	pthread_sigmask(SIG_BLOCK, &set, &old);
	pthread_create(&thread, NULL, write_later, &fds[1]);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	interval_us(1000);
	ok(read(fds[0], &c, 1) == 1 && ticks > 0, "SA_RESTART: a read goes on after each signal");
	handle(SIGALRM, on_tick, 0);
	ok(read(fds[0], &c, 1) == -1 && errno == EINTR, "without it: EINTR");
	interval_us(0);
	pthread_join(thread, NULL);
}

static void test_defaults(void)
{
	int status, fds[2];
	pid_t pid = fork();

	if (!pid) {
		raise(SIGTSTP);
		_exit(3);
	}
	setpgid(pid, pid);
	ok(waitpid(pid, &status, WUNTRACED) == pid && (WIFSTOPPED(status) || WIFEXITED(status)),
	   "SIGTSTP stops");
	kill(pid, SIGCONT);
	ok(WIFEXITED(status) || exited(pid, 3), "SIGCONT continues");
	if (pipe(fds))
		abort();
	close(fds[0]);
	pid = fork();
	if (!pid)
		_exit(write(fds[1], "x", 1) == 1);
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE, "SIGPIPE ends");
	pid = fork();
	if (!pid) {
		handle(SIGTERM, on_tick, SA_RESETHAND);
		raise(SIGTERM);
		raise(SIGTERM);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "SA_RESETHAND: the second one ends");
}

int main(void)
{
	/* A group of its own is not orphaned while its parent lives in another. */
	setpgid(0, 0);
	test_queue();
	test_mask();
	test_queue_from_thread();
	test_faults();
	test_processes();
	test_threads();
	test_waits();
	test_restart();
	test_defaults();
	printf("1..%d\n", count);
	return 0;
}
