// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * threads_test.c - what threads share and what is theirs alone: which of them a
 * signal goes to, fork and exec and exit of one among many, CPU-time clocks and
 * sleeps on them, cancellation.
 */
#include "check.h"

#include <pthread.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static volatile pid_t handler_tid;
static sem_t ready;

static void note_tid(int sig)
{
	handler_tid = gettid();
}

static void *sleep_with_usr1_open(void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	*(pid_t *)arg = gettid();
	sem_post(&ready);
	while (!handler_tid)
		sleep_ms(1);
	return NULL;
}

TEST(process_signal_goes_to_a_thread_that_takes_it, "kill rt_sigprocmask")
{
	struct sigaction sa = {.sa_handler = note_tid};
	pthread_t thread;
	sigset_t set;
	pid_t tid;

	sem_init(&ready, 0, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	REQUIRE(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	REQUIRE(sigaction(SIGUSR1, &sa, NULL) == 0);
	REQUIRE(pthread_create(&thread, NULL, sleep_with_usr1_open, &tid) == 0);
	sem_wait(&ready);
	CHECK_OK(kill(getpid(), SIGUSR1));
	pthread_join(thread, NULL);
	CHECK_EQ(handler_tid, tid);
}

static void *block_in_read(void *arg)
{
	char c;

	sem_post(&ready);
	CHECK_ERRNO(read(*(int *)arg, &c, 1), EINTR);
	return NULL;
}

TEST(pthread_kill_interrupts_that_thread_only, "tgkill read")
{
	struct sigaction sa = {.sa_handler = note_tid};
	int fds[2];
	pthread_t thread;

	sem_init(&ready, 0, 0);
	REQUIRE(pipe(fds) == 0);
	REQUIRE(sigaction(SIGUSR1, &sa, NULL) == 0);
	REQUIRE(pthread_create(&thread, NULL, block_in_read, &fds[0]) == 0);
	sem_wait(&ready);
	while (pthread_tryjoin_np(thread, NULL) == EBUSY) {
		sleep_ms(5);
		pthread_kill(thread, SIGUSR1);
	}
	CHECK(handler_tid != getpid());
}

static void *wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return NULL;
}

static void fork_leaves_one_thread(void *arg)
{
	CHECK_EQ(getpid(), gettid());
	CHECK_ERRNO(sys(tgkill, getpid(), *(pid_t *)arg, 0), ESRCH);
}

static void *report_tid(void *arg)
{
	*(pid_t *)arg = gettid();
	sem_post(&ready);
	return wait_for_ever(NULL);
}

TEST(fork_copies_only_the_calling_thread, "clone tgkill")
{
	pthread_t thread;
	pid_t tid;

	sem_init(&ready, 0, 0);
	REQUIRE(pthread_create(&thread, NULL, report_tid, &tid) == 0);
	sem_wait(&ready);
	CHECK_OK(sys(tgkill, getpid(), tid, 0));
	JOIN(spawn(fork_leaves_one_thread, &tid));
}

static void *fork_and_wait(void *arg)
{
	pid_t pid = fork();

	if (!pid)
		_exit(4);
	*(pid_t *)arg = pid;
	return NULL;
}

TEST(children_belong_to_the_process, "wait4 clone")
{
	pthread_t thread;
	pid_t pid;

	REQUIRE(pthread_create(&thread, NULL, fork_and_wait, &pid) == 0);
	pthread_join(thread, NULL);
	/* The thread that made it has gone; another may reap it. */
	JOIN_STATUS(pid, 4);
}

static void crash_in_thread(void *arg)
{
	pthread_t thread;

	pthread_create(&thread, NULL, (void *(*)(void *))(void *)abort, NULL);
	wait_for_ever(NULL);
}

TEST(a_crash_ends_all_threads, "tgkill wait4")
{
	int status;
	pid_t pid = spawn(crash_in_thread, NULL);

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void *cancelled_in_read(void *arg)
{
	char c;

	sem_post(&ready);
	while (read(*(int *)arg, &c, 1) < 0)
		;
	return NULL;
}

TEST(cancellation_of_libc, "tgkill read futex")
{
	int fds[2];
	pthread_t thread;
	void *result = NULL;

	sem_init(&ready, 0, 0);
	REQUIRE(pipe(fds) == 0);
	REQUIRE(pthread_create(&thread, NULL, cancelled_in_read, &fds[0]) == 0);
	sem_wait(&ready);
	CHECK_EQ(pthread_cancel(thread), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK(result == PTHREAD_CANCELED);
}

static volatile bool stop_working;

static void *work(void *arg)
{
	while (!stop_working)
		sys(getppid);
	return NULL;
}

TEST(sleep_on_the_cpu_clock_of_the_process, "clock_nanosleep")
{
	struct timespec ts = ms_to_ts(10);
	int64_t start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, work, NULL) == 0);
	CHECK_EQ(sys(clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, &ts, NULL), 0);
	CHECK(now_ns(CLOCK_PROCESS_CPUTIME_ID) - start >= 10000000);
	stop_working = true;
	pthread_join(thread, NULL);
}

static volatile sig_atomic_t expired;

static void note_expiry(int sig)
{
	expired = 1;
}

TEST(timer_on_a_cpu_clock, "timer_create timer_settime")
{
	struct sigaction sa = {.sa_handler = note_expiry};
	struct itimerspec its = {.it_value = {0, 5000000}};
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	int64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
	int id;

	REQUIRE(sigaction(SIGUSR1, &sa, NULL) == 0);
	CHECK_EQ(sys(timer_create, CLOCK_THREAD_CPUTIME_ID, &ev, &id), 0);
	CHECK_EQ(sys(timer_settime, id, 0, &its, NULL), 0);
	/* Not by sleeping. */
	sleep_ms(50);
	CHECK_EQ(expired, 0);
	while (!expired)
		sys(getppid);
	CHECK(now_ns(CLOCK_THREAD_CPUTIME_ID) - start >= 5000000);
}

static void burn(void *arg)
{
	for (;;)
		sys(getppid);
}

TEST(limit_of_cpu_time, "prlimit64")
{
	struct rlimit rl = {1, 2};
	int status;
	pid_t pid = fork();

	if (!pid) {
		CHECK_OK(setrlimit(RLIMIT_CPU, &rl));
		burn(NULL);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU);
}

static int turns[2], whose;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static void *count_turns(void *arg)
{
	int me = (int)(intptr_t)arg;

	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 1000; i++) {
		pthread_rwlock_wrlock(&rwlock);
		turns[me]++;
		pthread_rwlock_unlock(&rwlock);
		pthread_mutex_lock(&lock);
		whose += me ? 1 : -1;
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

TEST(locks_of_libc, "futex")
{
	pthread_t thread;
	struct timespec until;

	pthread_barrier_init(&barrier, NULL, 2);
	REQUIRE(pthread_create(&thread, NULL, count_turns, (void *)1) == 0);
	count_turns((void *)0);
	pthread_join(thread, NULL);
	CHECK(turns[0] == 1000 && turns[1] == 1000 && whose == 0);
	sem_init(&ready, 0, 0);
	CHECK_OK(clock_gettime(CLOCK_REALTIME, &until));
	CHECK_ERRNO(sem_timedwait(&ready, &until), ETIMEDOUT);
	CHECK_NEVER_RESTARTED((until.tv_sec += 100, sem_timedwait(&ready, &until)));
	pthread_mutex_lock(&lock);
	CHECK_OK(clock_gettime(CLOCK_MONOTONIC, &until));
	CHECK_EQ(pthread_mutex_clocklock(&lock, CLOCK_MONOTONIC, &until), ETIMEDOUT);
	pthread_mutex_unlock(&lock);
}
