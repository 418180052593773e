// SPDX-License-Identifier: GPL-2.0-or-later
/* A program to be debugged: its first argument says what it does. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

long shared_sum(long n); /* library.c */

extern char **environ;
volatile long counter, watched;
volatile int spinning = 1, handled;
volatile double ratio = 0.5;

/* Of fixed length, so that a debugger may write another number into it. */
long answer(void);
__asm__(".text\n.option push\n.option norvc\n.globl answer\n.type answer, @function\n"
	"answer:\n	li a0, 41\n	ret\n.size answer, .-answer\n.option pop\n");

__attribute__((noinline)) static void touch(long i)
{
	counter += i;
}

__attribute__((noinline)) static long hot(long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++)
		touch(1);
	for (long i = 0; i < n; i++)
		sum += i ^ counter;
	return sum;
}

#define SUM_UP                                                 \
	for (unsigned long i = 0; i < (unsigned long)n; i++) { \
		sum += i;                                      \
		__asm__ volatile("" : "+r"(sum));              \
	}

__attribute__((noinline)) static long loop(long n)
{
	long sum = 0;

	SUM_UP
	return sum;
}

static int calls(void)
{
	double half = ratio;

	hot(1000);
	loop(1000);
	printf("sum %ld counter %ld half %g\n", shared_sum(10), counter, half);
	return 7;
}

static int patched(void)
{
	long sum = 0;

	for (int i = 0; i < 1000; i++)
		sum += answer();
	touch(0);
	printf("before %ld after %ld\n", sum, answer());
	return 0;
}

static void *worker(void *arg)
{
	touch((long)arg);
	while (spinning)
		;
	return NULL;
}

static void show_ready(void)
{
	close(open("ready", O_CREAT | O_WRONLY, 0600));
}

static int threads(void)
{
	pthread_t id[3];

	for (long i = 0; i < 3; i++)
		pthread_create(&id[i], NULL, worker, (void *)(i + 1));
	while (counter != 6)
		usleep(1000);
	show_ready();
	for (int i = 0; i < 3; i++)
		pthread_join(id[i], NULL);
	printf("joined %ld\n", counter);
	return 3;
}

static int spin(void)
{
	show_ready();
	while (spinning)
		;
	puts("out of it");
	return 4;
}

static int waits(void)
{
	char byte;
	int fd[2];

	pipe(fd);
	show_ready();
	if (read(fd[0], &byte, 1) == 1)
		puts("read");
	return 5;
}

static void on_signal(int sig)
{
	handled = sig;
}

static int signals(void)
{
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	printf("handled %d\n", handled);
	raise(SIGUSR2);
	puts("alive");
	return 0;
}

static int fault(void)
{
	watched = 1;
	*(volatile long *)0x123450 = 1;
	return 0;
}

static int watches(void)
{
	hot(10);
	watched = 5;
	hot(10);
	return watched == 5 ? 0 : 1;
}

static int children(void)
{
	char *argv[] = {"/bin/true", NULL};
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		touch(1000);
		_exit(counter == 1000 ? 11 : 12);
	}
	waitpid(pid, &status, 0);
	printf("forked %d\n", WEXITSTATUS(status));
	posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
	waitpid(pid, &status, 0);
	printf("spawned %d\n", WEXITSTATUS(status));
	touch(1);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} modes[] = {
	{"calls", calls}, {"patched", patched}, {"threads", threads},
	{"spin", spin},	  {"waits", waits},	{"signals", signals},
	{"fault", fault}, {"watches", watches}, {"children", children},
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (!strcmp(argv[1], modes[i].name))
			return modes[i].run();
	}
	return 2;
}
