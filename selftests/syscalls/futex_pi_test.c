// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * futex_pi_test.c - futexes that know their owner: priority-inheritance locks
 * and robust lists, where a thread that dies leaves its locks behind.
 */
#include "check.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>

#define MS 1000000LL

static long futex(uint32_t *addr, int op, uint32_t val, const void *timeout)
{
	return sys(futex, addr, op, val, timeout, NULL, 0);
}

static void *shared_page(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	return p;
}

TEST(pi_lock_without_contention, "futex")
{
	uint32_t word = 0;

	CHECK_EQ(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL), 0);
	CHECK_EQ(word & FUTEX_TID_MASK, gettid());
	CHECK_ERRNO(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL), EDEADLK);
	CHECK_ERRNO(futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL), EDEADLK);
	CHECK_EQ(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL), 0);
	CHECK_EQ(word & FUTEX_TID_MASK, 0);
	CHECK_EQ(futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL), 0);
	CHECK_EQ(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL), 0);
}

TEST(pi_errors, "futex")
{
	uint32_t word = 0;
	struct timespec wrong = {0, 1000000000};

	CHECK_ERRNO(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL), EPERM);
	/* No thread has this id. */
	word = FUTEX_TID_MASK - 1;
	CHECK_ERRNO(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL), ESRCH);
	CHECK_ERRNO(futex(bad, FUTEX_LOCK_PI_PRIVATE, 0, NULL), EFAULT);
	CHECK_ERRNO(futex(bad, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL), EFAULT);
	CHECK_ERRNO(futex((uint32_t *)((char *)&word + 1), FUTEX_LOCK_PI_PRIVATE, 0, NULL), EINVAL);
	word = 0;
	CHECK_ERRNO(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, &wrong), EINVAL);
}

struct held {
	uint32_t word;
	int ready[2], release[2];
};

static void *hold(void *arg)
{
	struct held *h = arg;
	char c;

	CHECK_EQ(futex(&h->word, FUTEX_LOCK_PI_PRIVATE, 0, NULL), 0);
	CHECK_EQ(write(h->ready[1], "r", 1), 1);
	CHECK_EQ(read(h->release[0], &c, 1), 1);
	CHECK_EQ(futex(&h->word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL), 0);
	return NULL;
}

TEST(pi_lock_held_by_another_thread, "futex")
{
	struct held h = {0};
	int64_t until = now_ns(CLOCK_REALTIME) + 20 * MS;
	struct timespec ts = {until / 1000000000, until % 1000000000};
	pthread_t thread;
	char c;

	REQUIRE(pipe(h.ready) == 0 && pipe(h.release) == 0);
	REQUIRE(pthread_create(&thread, NULL, hold, &h) == 0);
	REQUIRE(read(h.ready[0], &c, 1) == 1);
	CHECK_ERRNO(futex(&h.word, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL), EAGAIN);
	CHECK_ERRNO(futex(&h.word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL), EPERM);
	/* FUTEX_LOCK_PI's time-out is absolute, on CLOCK_REALTIME. */
	CHECK_ERRNO(futex(&h.word, FUTEX_LOCK_PI_PRIVATE, 0, &ts), ETIMEDOUT);
	CHECK(now_ns(CLOCK_REALTIME) >= until);
	CHECK_EQ(write(h.release[1], "x", 1), 1);
	CHECK_EQ(futex(&h.word, FUTEX_LOCK_PI_PRIVATE, 0, NULL), 0);
	CHECK_EQ(h.word & FUTEX_TID_MASK, gettid());
	CHECK_EQ(futex(&h.word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL), 0);
	pthread_join(thread, NULL);
}

static void lock_and_add(void *arg)
{
	uint32_t *p = arg;

	for (int i = 0; i < 100; i++) {
		CHECK_EQ(futex(p, FUTEX_LOCK_PI, 0, NULL), 0);
		p[1]++;
		CHECK_EQ(futex(p, FUTEX_UNLOCK_PI, 0, NULL), 0);
	}
}

TEST(pi_lock_between_processes, "futex")
{
	uint32_t *p = shared_page();
	pid_t pid = spawn(lock_and_add, p);

	lock_and_add(p);
	JOIN(pid);
	CHECK_EQ(p[1], 200);
	CHECK_EQ(p[0] & FUTEX_TID_MASK, 0);
}

static pthread_mutex_t pi_mutex;
static int counter;

static void *count_under_mutex(void *arg)
{
	for (int i = 0; i < 300; i++) {
		CHECK_EQ(pthread_mutex_lock(&pi_mutex), 0);
		counter++;
		CHECK_EQ(pthread_mutex_unlock(&pi_mutex), 0);
	}
	return NULL;
}

TEST(pi_mutex_of_libc, "futex")
{
	pthread_mutexattr_t attr;
	pthread_t thread;

	pthread_mutexattr_init(&attr);
	CHECK_EQ(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT), 0);
	CHECK_EQ(pthread_mutex_init(&pi_mutex, &attr), 0);
	REQUIRE(pthread_create(&thread, NULL, count_under_mutex, NULL) == 0);
	count_under_mutex(NULL);
	pthread_join(thread, NULL);
	CHECK_EQ(counter, 600);
}

TEST(robust_list_calls, "set_robust_list get_robust_list")
{
	struct robust_list_head head = {.list = {&head.list}}, *got = NULL;
	size_t size = 0;

	CHECK_ERRNO(sys(set_robust_list, &head, sizeof(head) - 1), EINVAL);
	CHECK_EQ(sys(set_robust_list, &head, sizeof(head)), 0);
	CHECK_EQ(sys(get_robust_list, 0, &got, &size), 0);
	CHECK(got == &head && size == sizeof(head));
	CHECK_EQ(sys(get_robust_list, getpid(), &got, &size), 0);
	CHECK_ERRNO(sys(get_robust_list, 1 << 29, &got, &size), ESRCH);
	CHECK_ERRNO(sys(get_robust_list, 0, bad, &size), EFAULT);
	CHECK_ERRNO(sys(get_robust_list, 0, &got, bad), EFAULT);
	CHECK_EQ(sys(set_robust_list, NULL, sizeof(head)), 0);
}

struct robust_lock {
	struct robust_list_head head;
	struct robust_list entry;
	uint32_t word;
};

static void die_with_lock(void *arg)
{
	struct robust_lock *l = arg;

	l->head.list.next = &l->entry;
	l->entry.next = &l->head.list;
	l->head.futex_offset =
		offsetof(struct robust_lock, word) - offsetof(struct robust_lock, entry);
	l->head.list_op_pending = NULL;
	l->word = gettid() | FUTEX_WAITERS;
	CHECK_EQ(sys(set_robust_list, &l->head, sizeof(l->head)), 0);
	CHECK_EQ(write(*(int *)(l + 1), "r", 1), 1);
	sleep_ms(20);
}

TEST(robust_list_wakes_the_waiter_when_the_owner_dies, "set_robust_list futex")
{
	struct robust_lock *l = shared_page();
	int fds[2];
	uint32_t seen;
	pid_t pid;
	char c;

	REQUIRE(pipe(fds) == 0);
	*(int *)(l + 1) = fds[1];
	pid = spawn(die_with_lock, l);
	REQUIRE(read(fds[0], &c, 1) == 1);
	seen = (uint32_t)pid | FUTEX_WAITERS;
	if (futex(&l->word, FUTEX_WAIT, seen, NULL) == -1)
		CHECK_EQ(errno, EAGAIN);
	CHECK(l->word & FUTEX_OWNER_DIED);
	CHECK_EQ(l->word & FUTEX_TID_MASK, 0);
	JOIN(pid);
}

static void *exit_with_mutex(void *arg)
{
	CHECK_EQ(pthread_mutex_lock(arg), 0);
	return NULL;
}

TEST(robust_mutex_of_libc_thread, "futex")
{
	static pthread_mutex_t mutex;
	pthread_mutexattr_t attr;
	pthread_t thread;

	pthread_mutexattr_init(&attr);
	CHECK_EQ(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST), 0);
	CHECK_EQ(pthread_mutex_init(&mutex, &attr), 0);
	REQUIRE(pthread_create(&thread, NULL, exit_with_mutex, &mutex) == 0);
	pthread_join(thread, NULL);
	CHECK_EQ(pthread_mutex_lock(&mutex), EOWNERDEAD);
	CHECK_EQ(pthread_mutex_consistent(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
}

static void killed_with_mutex(void *arg)
{
	CHECK_EQ(pthread_mutex_lock(arg), 0);
	kill(getpid(), SIGKILL);
}

TEST(robust_mutex_of_killed_process, "futex kill")
{
	static const int protocols[] = {PTHREAD_PRIO_NONE, PTHREAD_PRIO_INHERIT};

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		pthread_mutex_t *mutex = shared_page();
		pthread_mutexattr_t attr;
		int status;

		pthread_mutexattr_init(&attr);
		pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
		pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
		pthread_mutexattr_setprotocol(&attr, protocols[i]);
		CHECK_EQ(pthread_mutex_init(mutex, &attr), 0);
		waitpid(spawn(killed_with_mutex, mutex), &status, 0);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		CHECK_EQ(pthread_mutex_lock(mutex), EOWNERDEAD);
		CHECK_EQ(pthread_mutex_consistent(mutex), 0);
		CHECK_EQ(pthread_mutex_unlock(mutex), 0);
	}
}

static void *note_clear(void *arg)
{
	return NULL;
}

TEST(clear_child_tid_wakes_join, "set_tid_address futex")
{
	static int tid_word;
	pthread_t thread;

	CHECK_EQ(sys(set_tid_address, &tid_word), gettid());
	/* libc's join waits for the kernel to clear the thread's id and wake it. */
	for (int i = 0; i < 20; i++) {
		REQUIRE(pthread_create(&thread, NULL, note_clear, NULL) == 0);
		CHECK_EQ(pthread_join(thread, NULL), 0);
	}
}
