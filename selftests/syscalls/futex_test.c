// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * futex_test.c - futex(2): waiting and waking, time-outs on both clocks,
 * bitsets, requeueing, wake_op, shared against private keys. What has to happen
 * only once the others wait is repeated until it has happened to all of them,
 * so nothing depends on how long a thread takes to get there.
 */
#include "check.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>

#define MS	1000000LL
#define THREADS 3

static uint32_t word, word2;

static long futex(uint32_t *addr, int op, uint32_t val, const void *timeout, uint32_t *addr2,
		  uint32_t val3)
{
	return sys(futex, addr, op, val, timeout, addr2, val3);
}

static uint32_t *shared_word(void)
{
	uint32_t *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	return p;
}

/* Wakes until count waiters have been woken in all. */
static void wake_in_all(uint32_t *addr, int op, int count, uint32_t bitset)
{
	for (int woken = 0; woken < count;) {
		long n = futex(addr, op, INT_MAX, NULL, NULL, bitset);

		REQUIRE(n >= 0);
		woken += n;
		if (!n)
			sleep_ms(2);
	}
}

TEST(wait_on_another_value_is_eagain, "futex")
{
	word = 1;
	CHECK_ERRNO(futex(&word, FUTEX_WAIT, 0, NULL, NULL, 0), EAGAIN);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EAGAIN);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, ~0u), EAGAIN);
	CHECK_EQ(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0);
}

TEST(bad_arguments, "futex")
{
	struct timespec ts = {0, 1000000000};

	CHECK_ERRNO(futex(&word, 99, 0, NULL, NULL, 0), ENOSYS);
	CHECK_ERRNO(futex((uint32_t *)((char *)&word + 1), FUTEX_WAIT, 0, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex((uint32_t *)((char *)&word + 2), FUTEX_WAKE, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(bad, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO(futex(bad, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO(futex(bad, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
	CHECK_EQ(futex(bad, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT, 0, bad, NULL, 0), EFAULT);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT, 0, &ts, NULL, 0), EINVAL);
	ts = (struct timespec){-1, 0};
	CHECK_ERRNO(futex(&word, FUTEX_WAIT, 0, &ts, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0), ENOSYS);
	CHECK_ERRNO(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)-1L, &word2, 0), EINVAL);
	CHECK_ERRNO(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, bad, 0), EFAULT);
}

TEST(relative_timeout, "futex")
{
	struct timespec ts = ms_to_ts(20), zero = {0, 0};
	int64_t start = now_ns(CLOCK_MONOTONIC);

	word = 0;
	CHECK_ERRNO(futex(&word, FUTEX_WAIT, 0, &ts, NULL, 0), ETIMEDOUT);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20 * MS);
	start = now_ns(CLOCK_MONOTONIC);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, &ts, NULL, 0), ETIMEDOUT);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20 * MS);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT, 0, &zero, NULL, 0), ETIMEDOUT);
	/* The other clock can only be asked for with an absolute time. */
	CHECK_ERRNO(futex(&word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 0, &ts, NULL, 0), ENOSYS);
}

TEST(absolute_timeout_on_both_clocks, "futex")
{
	static const struct {
		clockid_t clock;
		int flag;
	} kinds[] = {{CLOCK_MONOTONIC, 0}, {CLOCK_REALTIME, FUTEX_CLOCK_REALTIME}};

	word = 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int64_t until = now_ns(kinds[i].clock) + 20 * MS;
		struct timespec ts = {until / 1000000000, until % 1000000000}, past = {1, 0};
		int op = FUTEX_WAIT_BITSET_PRIVATE | kinds[i].flag;

		CHECK_ERRNO(futex(&word, op, 0, &ts, NULL, ~0u), ETIMEDOUT);
		CHECK(now_ns(kinds[i].clock) >= until);
		CHECK_ERRNO(futex(&word, op, 0, &past, NULL, ~0u), ETIMEDOUT);
	}
}

static void *waiter(void *arg)
{
	CHECK_EQ(futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), 0);
	return NULL;
}

TEST(wake_wakes_as_many_as_asked, "futex")
{
	pthread_t threads[THREADS];
	int woken = 0;

	word = 0;
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, waiter, NULL) == 0);
	while (woken < THREADS) {
		long n = futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);

		CHECK(n == 0 || n == 1);
		woken += n;
		if (!n)
			sleep_ms(2);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0);
}

static void *bit_waiter(void *arg)
{
	CHECK_EQ(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, (uintptr_t)arg), 0);
	return NULL;
}

TEST(bitset_selects_who_wakes, "futex")
{
	pthread_t one, two;

	word = 0;
	REQUIRE(pthread_create(&one, NULL, bit_waiter, (void *)1) == 0);
	REQUIRE(pthread_create(&two, NULL, bit_waiter, (void *)2) == 0);
	CHECK_EQ(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 4), 0);
	wake_in_all(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, 1);
	pthread_join(one, NULL);
	wake_in_all(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, ~0u);
	pthread_join(two, NULL);
}

static void requeue(int op)
{
	pthread_t threads[THREADS];

	word = 0;
	word2 = 0;
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, waiter, NULL) == 0);
	for (int moved = 0; moved < THREADS;) {
		long n = futex(&word, op, 0, (void *)(long)INT_MAX, &word2, 0);

		REQUIRE(n >= 0);
		moved += n;
		if (!n)
			sleep_ms(2);
	}
	CHECK_EQ(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0);
	CHECK_EQ(futex(&word2, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
	CHECK_EQ(futex(&word2, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), THREADS - 1);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

TEST(requeue_moves_waiters, "futex")
{
	requeue(FUTEX_REQUEUE_PRIVATE);
}

TEST(cmp_requeue_moves_waiters_if_the_value_holds, "futex")
{
	word = 1;
	CHECK_ERRNO(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)1, &word2, 0), EAGAIN);
	requeue(FUTEX_CMP_REQUEUE_PRIVATE);
}

TEST(wake_op_changes_the_second_word, "futex")
{
	static const struct {
		int op;
		uint32_t before, arg, after;
	} ops[] = {
		{FUTEX_OP_SET, 5, 7, 7}, {FUTEX_OP_ADD, 5, 7, 12},
		{FUTEX_OP_OR, 5, 2, 7},	 {FUTEX_OP_ANDN, 7, 2, 5},
		{FUTEX_OP_XOR, 7, 2, 5}, {FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT, 0, 4, 16},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		word = 0;
		word2 = ops[i].before;
		CHECK_EQ(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &word2,
			       FUTEX_OP(ops[i].op, ops[i].arg, FUTEX_OP_CMP_EQ, ops[i].before)),
			 0);
		CHECK_EQ(word2, ops[i].after);
	}
	CHECK_ERRNO(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, bad,
			  FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_EQ, 0)),
		    EFAULT);
	CHECK_ERRNO(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &word2,
			  FUTEX_OP(FUTEX_OP_SET, 0, 9, 0)),
		    ENOSYS);
}

static void *waiter2(void *arg)
{
	CHECK_EQ(futex(&word2, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), 0);
	return NULL;
}

TEST(wake_op_wakes_both_when_the_comparison_holds, "futex")
{
	pthread_t a, b;
	int woken = 0;

	word = word2 = 0;
	REQUIRE(pthread_create(&a, NULL, waiter, NULL) == 0);
	REQUIRE(pthread_create(&b, NULL, waiter2, NULL) == 0);
	while (woken < 2) {
		/* Adds nothing, so the comparison with 0 holds each time. */
		long n = futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &word2,
			       FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0));

		REQUIRE(n >= 0);
		woken += n;
		if (!n)
			sleep_ms(2);
	}
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

static void wait_shared(void *arg)
{
	CHECK_EQ(futex(arg, FUTEX_WAIT, 0, NULL, NULL, 0), 0);
}

TEST(shared_futex_wakes_another_process, "futex mmap")
{
	uint32_t *shared = shared_word();
	pid_t pid = spawn(wait_shared, shared);

	wake_in_all(shared, FUTEX_WAKE, 1, 0);
	JOIN(pid);
}

TEST(shared_futex_is_the_same_through_two_mappings, "futex mmap memfd_create")
{
	int fd = memfd_create("futex", 0);
	uint32_t *a, *b;
	pid_t pid;

	REQUIRE(fd >= 0 && ftruncate(fd, 4096) == 0);
	a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(a != MAP_FAILED && b != MAP_FAILED && a != b);
	pid = spawn(wait_shared, a + 3);
	wake_in_all(b + 3, FUTEX_WAKE, 1, 0);
	JOIN(pid);
}

static void wait_private_until_timeout(void *arg)
{
	struct timespec ts = ms_to_ts(100);

	CHECK_ERRNO(futex(arg, FUTEX_WAIT_PRIVATE, 0, &ts, NULL, 0), ETIMEDOUT);
}

TEST(private_futex_is_not_seen_by_another_process, "futex mmap")
{
	uint32_t *shared = shared_word();
	pid_t pid = spawn(wait_private_until_timeout, shared);

	sleep_ms(30);
	CHECK_EQ(futex(shared, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
	JOIN(pid);
}

static uint32_t *wake_word;

static void keep_waking(void *arg)
{
	wake_in_all(arg, FUTEX_WAKE, 1, 0);
}

TEST(interrupted_wait, "futex")
{
	struct timespec ts = {100, 0};
	pid_t pid;

	wake_word = shared_word();
	CHECK_INTERRUPTED(futex(wake_word, FUTEX_WAIT, 0, NULL, NULL, 0));
	/* With a time-out it is never restarted after a handler. */
	CHECK_NEVER_RESTARTED(futex(wake_word, FUTEX_WAIT, 0, &ts, NULL, 0));
	tick_start(SA_RESTART, NULL);
	pid = spawn_after(40, keep_waking, wake_word);
	CHECK_EQ(futex(wake_word, FUTEX_WAIT, 0, NULL, NULL, 0), 0);
	CHECK(ticks > 0);
	tick_stop();
	JOIN(pid);
}

TEST(waitv_waits_for_any, "futex_waitv")
{
	struct futex_waitv w[2] = {
		{.val = 0, .uaddr = (uintptr_t)&word, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG},
		{.val = 0, .uaddr = (uintptr_t)&word2, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG},
	};
	int64_t until = now_ns(CLOCK_MONOTONIC) + 20 * MS;
	struct timespec ts = {until / 1000000000, until % 1000000000};

	word = word2 = 0;
	if (sys(futex_waitv, w, 0, 0, NULL, 0) == -1 && errno == ENOSYS)
		skip("this kernel has no futex_waitv");
	CHECK_ERRNO(sys(futex_waitv, w, 2, 0, &ts, CLOCK_MONOTONIC), ETIMEDOUT);
	CHECK(now_ns(CLOCK_MONOTONIC) >= until);
	word2 = 1;
	CHECK_ERRNO(sys(futex_waitv, w, 2, 0, &ts, CLOCK_MONOTONIC), EAGAIN);
	CHECK_ERRNO(sys(futex_waitv, w, 0, 0, &ts, CLOCK_MONOTONIC), EINVAL);
	CHECK_ERRNO(sys(futex_waitv, w, 129, 0, &ts, CLOCK_MONOTONIC), EINVAL);
	CHECK_ERRNO(sys(futex_waitv, w, 2, 1, &ts, CLOCK_MONOTONIC), EINVAL);
	CHECK_ERRNO(sys(futex_waitv, bad, 2, 0, &ts, CLOCK_MONOTONIC), EFAULT);
	w[0].flags = 0x80;
	CHECK_ERRNO(sys(futex_waitv, w, 1, 0, &ts, CLOCK_MONOTONIC), EINVAL);
}

static void hold_and_wait(void *arg)
{
	pthread_mutex_t *mutex = arg;

	CHECK_EQ(pthread_mutex_lock(mutex), 0);
	sleep_ms(20);
	CHECK_EQ(pthread_mutex_unlock(mutex), 0);
}

TEST(process_shared_mutex_of_libc, "futex")
{
	pthread_mutex_t *mutex = (void *)shared_word();
	pthread_mutexattr_t attr;
	pid_t pid[2];

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(mutex, &attr);
	pid[0] = spawn(hold_and_wait, mutex);
	pid[1] = spawn(hold_and_wait, mutex);
	hold_and_wait(mutex);
	JOIN(pid[0]);
	JOIN(pid[1]);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int turn;

static void *take_turns(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = 0; i < 200; i++) {
		pthread_mutex_lock(&mutex);
		while (turn != me)
			pthread_cond_wait(&cond, &mutex);
		turn = !me;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

TEST(condition_variable_ping_pong, "futex")
{
	struct timespec until;
	pthread_t other;

	REQUIRE(pthread_create(&other, NULL, take_turns, (void *)1) == 0);
	take_turns((void *)0);
	pthread_join(other, NULL);
	CHECK_OK(clock_gettime(CLOCK_REALTIME, &until));
	pthread_mutex_lock(&mutex);
	CHECK_EQ(pthread_cond_timedwait(&cond, &mutex, &until), ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
}
