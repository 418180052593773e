// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Other processes and threads, and signals. Puppets are threads that make one
 * call when they are told to, and may still be in it when the next is made; the
 * one who tells them waits before telling them again.
 *
 * A call that may sleep is interrupted after a while of the machine's own time:
 * first by a signal whose handler lets it go on, then by one that does not.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define PUPPETS 2
#define EXEC_FD 700

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

struct puppet {
	pthread_t thread;
	pid_t tid;
	sem_t go, done;
	bool busy, end;
	struct fuzz f;
};

static struct puppet puppets[PUPPETS];
static bool started;

static void nothing(int signal)
{
}

void signals_set(void)
{
	struct sigaction action = {.sa_handler = nothing};

	sigaction(SIGALRM, &action, NULL);
	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &action, NULL);
}

/* Timers belong to a process and signal one thread; a forked child makes its own. */
static _Thread_local timer_t timers[2];
static _Thread_local pid_t timers_of;

static void make_timers(struct fuzz *f)
{
	static const int signals[] = {SIGUSR1, SIGALRM};
	pid_t tid = syscall(SYS_gettid);
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID};
	int i;

	if (timers_of == tid)
		return;
	event.sigev_notify_thread_id = tid;
	for (i = 0; i < 2; i++) {
		event.sigev_signo = signals[i];
		if (timer_create(CLOCK_MONOTONIC, &event, &timers[i]))
			fail(f, "no timer: %d", errno);
	}
	timers_of = tid;
}

void interrupt_later(struct fuzz *f)
{
	struct itimerspec once = {.it_value.tv_nsec = 400000};
	struct itimerspec often = {.it_value.tv_nsec = 1200000, .it_interval.tv_nsec = 1200000};

	make_timers(f);
	timer_settime(timers[0], 0, &once, NULL);
	timer_settime(timers[1], 0, &often, NULL);
}

void interrupt_no_more(struct fuzz *f)
{
	struct itimerspec never = {0};
	int saved = errno, i;

	for (i = 0; i < 2; i++)
		timer_settime(timers[i], 0, &never, NULL);
	errno = saved;
}

static void *puppet_main(void *arg)
{
	struct puppet *puppet = arg;

	puppet->tid = syscall(SYS_gettid);
	sem_post(&puppet->done);
	for (;;) {
		while (sem_wait(&puppet->go))
			;
		if (puppet->end)
			return NULL;
		if (one_in(&puppet->f, 4))
			do_read(&puppet->f);
		else
			do_ioctl(&puppet->f);
		sem_post(&puppet->done);
	}
}

static void await(sem_t *done)
{
	while (sem_wait(done))
		;
}

void tasks_start(struct fuzz *f)
{
	int i;

	for (i = 0; i < PUPPETS; i++) {
		struct puppet *puppet = &puppets[i];

		memset(puppet, 0, sizeof(*puppet));
		puppet->f.thread = f->thread + 1 + i;
		puppet->f.mode = f->mode;
		puppet->f.seed = f->seed;
		puppet->f.verbose = f->verbose;
		puppet->f.lenient = true;
		puppet->f.puppet = true;
		arena_make(&puppet->f);
		puppet->f.arena = f->arena; /* to have the same ranges attached */
		sem_init(&puppet->go, 0, 0);
		sem_init(&puppet->done, 0, 0);
		if (pthread_create(&puppet->thread, NULL, puppet_main, puppet))
			fail(f, "no thread");
		await(&puppet->done);
	}
	started = true;
}

void tasks_stop(struct fuzz *f)
{
	int i;

	for (i = 0; i < PUPPETS; i++) {
		if (puppets[i].busy)
			await(&puppets[i].done);
		puppets[i].end = true;
		sem_post(&puppets[i].go);
		pthread_join(puppets[i].thread, NULL);
		f->failed |= puppets[i].f.failed;
	}
	started = false;
}

void do_in_thread(struct fuzz *f)
{
	struct puppet *puppet = &puppets[below(f, PUPPETS)];
	__u64 random = draw(f);
	bool wait = one_in(f, 2);

	if (!started || f->child)
		return;
	if (puppet->busy)
		await(&puppet->done);
	f->failed |= puppet->f.failed;
	note(f, "thread %u calls%s", puppet->f.thread, wait ? ", and we wait" : "");
	puppet->f.random = random;
	puppet->f.call = puppet->f.last_call = f->call;
	puppet->busy = true;
	sem_post(&puppet->go);
	if (!wait)
		return;
	await(&puppet->done);
	puppet->busy = false;
}

pid_t some_thread(struct fuzz *f)
{
	__u64 choice = below(f, 8), puppet = below(f, PUPPETS), other = number(f);

	if (choice < 3)
		return 0;
	if (choice < 5 && started)
		return puppets[puppet].tid;
	switch (choice) {
	case 5:
		return 1;
	case 6:
		return (pid_t)other;
	default:
		return getpid();
	}
}

static pid_t fork_child(struct fuzz *f)
{
	pid_t pid;

	pool_before_fork();
	pid = fork();
	pool_after_fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	f->child = true;
	f->lenient = true;
	f->failed = false;
	return 0;
}

static void reap(struct fuzz *f, pid_t pid, const char *what, bool killed)
{
	int status = 0;

	if (pid < 0)
		return;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	if (killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return;
	fail(f, "%s ended with status %#x", what, status);
}

void do_fork(struct fuzz *f)
{
	unsigned int slot, calls = 1 + below(f, 8);
	__u64 random = draw(f);
	struct object set = pool_pick(f, OBJECT_TB, &slot);
	pid_t pid;

	if (f->child)
		return;
	note(f, "fork, a child makes %u calls", calls);
	pid = fork_child(f);
	if (!pid) {
		f->random = random;
		do_stale_calls(f, set.fd, &set);
		while (calls-- && !f->failed)
			do_something(f);
		_exit(f->failed);
	}
	reap(f, pid, "a child", false);
}

/* A process is killed wherever it is: its descriptors clean up. */
void do_kill(struct fuzz *f)
{
	unsigned int us = below(f, 2000);
	__u64 random = draw(f);
	pid_t pid;

	if (f->child)
		return;
	note(f, "fork, a child is killed after %u us", us);
	pid = fork_child(f);
	if (!pid) {
		f->random = random;
		while (!f->failed)
			do_something(f);
		_exit(f->failed);
	}
	usleep(us);
	if (pid > 0)
		kill(pid, SIGKILL);
	reap(f, pid, "a child", true);
}

/* The descriptor goes on in another program: module_fuzz --after-exec, see main. */
void do_exec(struct fuzz *f)
{
	unsigned int slot;
	struct object object = pool_pick(f, OBJECT_CLOCK + below(f, 2), &slot);
	pid_t pid;

	if (f->child || object.fd < 0 || f->lenient)
		return;
	note(f, "exec with slot %u", slot);
	pid = fork_child(f);
	if (!pid) {
		if (dup2(object.fd, EXEC_FD) < 0)
			_exit(3);
		execl("/proc/self/exe", "module_fuzz", "--after-exec",
		      object.type == OBJECT_TB	    ? "tb"
		      : object.type == OBJECT_CLOCK ? "clock"
						    : "other",
		      object.vcpus ? "vcpus" : "", NULL);
		_exit(2);
	}
	reap(f, pid, "a program with an inherited descriptor", false);
}

int after_exec(char **args)
{
	static struct fuzz f = {.mode = "exec"};
	struct object object = {.fd = EXEC_FD, .vcpus = !!*args[1], .slots = 1, .count = 1};
	int i;

	signals_set();
	arena_make(&f);
	if (!strcmp(args[0], "tb"))
		object.type = OBJECT_TB;
	do_stale_calls(&f, EXEC_FD, &object);
	pool_open(-1);
	pool_put(1, &object);
	f.lenient = true;
	f.child = true;
	for (i = 0; i < 20; i++)
		do_something(&f);
	return f.failed;
}
