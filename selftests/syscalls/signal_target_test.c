// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * signal_target_test.c - which thread takes a signal that was sent to the
 * process, what a process is to others once its main thread has ended, and what
 * becomes of locks whose owner was killed.
 */
#include "check.h"

#include <pthread.h>
#include <sys/mman.h>

static volatile pid_t taken_by;

static void note_taker(int sig)
{
	taken_by = gettid();
}

static void mask_all(int how)
{
	sigset_t all;

	sigfillset(&all);
	REQUIRE(pthread_sigmask(how, &all, NULL) == 0);
}

static void *sleeper(void *arg)
{
	sleep_ms((int)(intptr_t)arg);
	return NULL;
}

static void *open_sleeper(void *arg)
{
	mask_all(SIG_UNBLOCK);
	return sleeper(arg);
}

/* The sender blocks it: else whichever thread is first back from the kernel may take it. */
static void *sender(void *arg)
{
	mask_all(SIG_BLOCK);
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	sleep_ms(20);
	return NULL;
}

TEST(the_main_thread_takes_what_the_sender_blocks, "kill")
{
	struct sigaction sa = {.sa_handler = note_taker};
	pthread_t thread;

	REQUIRE(sigaction(SIGUSR1, &sa, NULL) == 0);
	REQUIRE(pthread_create(&thread, NULL, sender, NULL) == 0);
	pthread_join(thread, NULL);
	CHECK_EQ(taken_by, getpid());
}

TEST(a_thread_that_does_not_block_it_takes_it, "kill")
{
	struct sigaction sa = {.sa_handler = note_taker};
	pthread_t thread;

	REQUIRE(sigaction(SIGUSR1, &sa, NULL) == 0);
	mask_all(SIG_BLOCK);
	REQUIRE(pthread_create(&thread, NULL, open_sleeper, (void *)100) == 0);
	sleep_ms(10);
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	pthread_join(thread, NULL);
	CHECK(taken_by && taken_by != getpid());
}

/* A child whose main thread has ended and whose other thread sleeps. */
static pid_t headless_child(int ms)
{
	pid_t pid = fork();
	pthread_t thread;

	REQUIRE(pid >= 0);
	if (pid)
		return pid;
	REQUIRE(pthread_create(&thread, NULL, sleeper, (void *)(intptr_t)ms) == 0);
	pthread_exit(NULL);
}

TEST(threads_outlive_the_main_thread, "exit wait4")
{
	int64_t start = now_ns(CLOCK_MONOTONIC);
	pid_t pid = headless_child(50);
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 50000000);
}

TEST(a_process_without_main_thread_can_be_ended, "kill exit")
{
	static const int signals[] = {SIGTERM, SIGKILL};

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		pid_t pid = headless_child(1000000);
		int status;

		sleep_ms(20);
		CHECK_EQ(kill(pid, signals[i]), 0);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(WIFSIGNALED(status));
		CHECK_EQ(WTERMSIG(status), signals[i]);
	}
}

TEST(a_process_without_main_thread_stops_and_goes_on, "kill exit")
{
	pid_t pid = headless_child(200);
	int status;

	sleep_ms(20);
	CHECK_EQ(kill(pid, SIGSTOP), 0);
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
	CHECK_EQ(kill(pid, SIGCONT), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

static pthread_mutex_t *shared_robust_mutex(int protocol)
{
	pthread_mutex_t *m =
		mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attr;

	REQUIRE(m != MAP_FAILED);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setprotocol(&attr, protocol);
	REQUIRE(pthread_mutex_init(m, &attr) == 0);
	return m;
}

static void owner_killed(int protocol, int sig)
{
	pthread_mutex_t *m = shared_robust_mutex(protocol);
	pid_t owner = fork(), killer;
	int status;

	if (!owner) {
		pthread_mutex_lock(m);
		pause();
		_exit(1);
	}
	sleep_ms(20);
	killer = fork();
	if (!killer) {
		sleep_ms(30);
		_exit(kill(owner, sig) != 0);
	}
	/* Already waiting when the owner dies. */
	CHECK_EQ(pthread_mutex_lock(m), EOWNERDEAD);
	CHECK_EQ(pthread_mutex_consistent(m), 0);
	CHECK_EQ(pthread_mutex_unlock(m), 0);
	CHECK_EQ(pthread_mutex_trylock(m), 0);
	CHECK_EQ(waitpid(owner, &status, 0), owner);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == sig);
	JOIN(killer);
}

TEST(a_killed_owner_leaves_its_robust_lock, "set_robust_list futex")
{
	owner_killed(PTHREAD_PRIO_NONE, SIGTERM);
	owner_killed(PTHREAD_PRIO_NONE, SIGKILL);
}

TEST(a_killed_owner_leaves_its_robust_pi_lock, "set_robust_list futex")
{
	owner_killed(PTHREAD_PRIO_INHERIT, SIGTERM);
	owner_killed(PTHREAD_PRIO_INHERIT, SIGKILL);
}
