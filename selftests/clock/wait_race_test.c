// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting under load: whatever meets whatever in the wrong moment, nobody sleeps
 * for ever and nobody wakes too early. A lost wake hangs its test, which the harness
 * then ends. SUNDIAL_TEST_ROUNDS makes the loops as long as is wanted; otherwise
 * they also end after a while.
 */
#include "common.h"

#include <poll.h>

#include "waiters.h"

#define RACE_FOR_NS (1 * SECOND)
#define THREADS	    4
#define ROUNDS	    100000

struct race {
	struct sundial_clock *clock;
	__u32 index;
	int fd;
	atomic_ulong reached; /* by the one who waits */
	atomic_bool done;
	atomic_ulong early, failed, interrupted;
};

/* Whether another round is to be made; start_ns is when the first was. */
static bool another(unsigned long round, __u64 start_ns)
{
	const char *rounds = getenv("SUNDIAL_TEST_ROUNDS");

	if (rounds)
		return round < strtoul(rounds, NULL, 0);
	return round < ROUNDS && sundial_host_now() - start_ns < (__u64)RACE_FOR_NS;
}

/* Waits for each count in turn, from 1001 to the greatest. */
static void *wait_for_each(void *arg)
{
	struct race *race = arg;
	__u64 next = 1001, now_ns;

	while (!atomic_load(&race->done)) {
		now_ns = 0;
		if (sundial_clock_wait(race->clock, race->index, next, &now_ns))
			atomic_fetch_add(&race->failed, 1);
		else if (now_ns < next)
			atomic_fetch_add(&race->early, 1);
		next = now_ns + 1;
		atomic_store(&race->reached, now_ns);
	}
	return NULL;
}

/*
 * The waiter asks for the next count just when the writer makes it: the window
 * between its look at the page and its sleep is hit from both sides.
 */
TEST_F_TIMEOUT(clock, a_set_that_meets_a_wait_wakes_it, 600)
{
	struct sundial_clock_create how = kernel_manual();
	__u64 count = 1000, start_ns = sundial_host_now();
	struct race race = {0};
	unsigned long round;
	pthread_t thread;

	CREATE(how);
	race.clock = self->clock;
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_each, &race));
	for (round = 0; another(round, start_ns); round++) {
		ASSERT_EQ(0, sundial_clock_set(self->clock, ++count));
		while (atomic_load(&race.reached) < count)
			if (round & 1)
				sched_yield();
	}
	atomic_store(&race.done, true);
	ASSERT_EQ(0, sundial_clock_set(self->clock, ~0ULL));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, race.early);
	EXPECT_EQ(0, race.failed);
	TH_LOG("%lu rounds", round);
}

TEST_F_TIMEOUT(clock, a_store_that_meets_a_wait_is_told_to_kick, 600)
{
	struct sundial_clock_create how = user_manual(2);
	struct sundial_clock_page *page;
	__u64 count = 1000, start_ns = sundial_host_now();
	struct race race = {0};
	unsigned long round, kicks = 0;
	pthread_t thread;

	CREATE(how);
	race.clock = self->clock;
	race.index = 1;
	page = sundial_clock_user_page(self->clock, 1);
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_each, &race));
	for (round = 0; another(round, start_ns); round++) {
		if (sundial_page_set_due(page, ++count)) {
			kicks++;
			ASSERT_EQ(0, sundial_clock_kick(self->clock, 1, NULL));
		}
		while (atomic_load(&race.reached) < count)
			if (round & 1)
				sched_yield();
	}
	atomic_store(&race.done, true);
	if (sundial_page_set_due(page, ~0ULL))
		ASSERT_EQ(0, sundial_clock_kick(self->clock, 1, NULL));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, race.early);
	EXPECT_EQ(0, race.failed);
	TH_LOG("%lu rounds, %lu kicks", round, kicks);
}

/* What a writer reached for a moment only is reached for those who waited for it. */
static void *wait_for_steps(void *arg)
{
	struct race *race = arg;
	__u64 now_ns;

	while (!atomic_load(&race->done)) {
		now_ns = 0;
		if (sundial_clock_wait(race->clock, 0, 5000, &now_ns))
			atomic_fetch_add(&race->failed, 1);
		else if (now_ns < 5000)
			atomic_fetch_add(&race->early, 1);
		atomic_fetch_add(&race->reached, 1);
	}
	return NULL;
}

static void *step_to_and_fro(void *arg)
{
	struct race *race = arg;

	while (!atomic_load(&race->done)) {
		if (sundial_clock_set(race->clock, 5000) || sundial_clock_set(race->clock, 1))
			atomic_fetch_add(&race->failed, 1);
	}
	return NULL;
}

TEST_F_TIMEOUT(clock, steps_to_and_fro_forget_nobody, 300)
{
	struct sundial_clock_create how = kernel_manual();
	pthread_t waiters[THREADS], steppers[2];
	struct race race = {0};
	struct waiter waiter = {0};
	int i;

	how.flags = SUNDIAL_CREATE_STEPPABLE;
	CREATE(how);
	race.clock = self->clock;
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&waiters[i], NULL, wait_for_steps, &race));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&steppers[i], NULL, step_to_and_fro, &race));
	start_waiter_now(&waiter, self->clock, 0, 6000);
	usleep(300000);
	atomic_store(&race.done, true);
	for (i = 0; i < 2; i++)
		pthread_join(steppers[i], NULL);
	/* the last steps ended with a count of 1; only those are left who began after them */
	EXPECT_FALSE(atomic_load(&waiter.ended));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 6000));
	for (i = 0; i < THREADS; i++)
		pthread_join(waiters[i], NULL);
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_EQ(6000, waiter.now_ns);
	EXPECT_EQ(0, race.early);
	EXPECT_EQ(0, race.failed);
	EXPECT_LT(0, race.reached);
}

/*
 * That the page shows no less afterwards is not asked: on a busy machine a writer can
 * lose its CPU amid a change that slows the clock down, for longer than readers wait
 * for it; see sundial_latch_begin().
 */
static void *wait_for_host_time(void *arg)
{
	struct race *race = arg;
	const struct sundial_clock_page *page = sundial_clock_page(race->clock, 0);
	__u64 step_ns = 1, deadline_ns, now_ns;

	while (!atomic_load(&race->done)) {
		step_ns = step_ns * 5 % 1000003;
		deadline_ns = sundial_page_now(page, sundial_host_now) + step_ns;
		if (sundial_clock_wait(race->clock, 0, deadline_ns, &now_ns))
			atomic_fetch_add(&race->failed, 1);
		else if (now_ns < deadline_ns)
			atomic_fetch_add(&race->early, 1);
		atomic_fetch_add(&race->reached, 1);
	}
	return NULL;
}

/* The timer is set by one rate while another takes over. */
TEST_F_TIMEOUT(clock, rates_that_change_forget_nobody, 300)
{
	static const struct {
		__u64 mult;
		__u32 shift;
	} rates[] = {{1, 0}, {0, 0}, {1000, 0}, {1, 10}, {12345, 7}, {0, 63}, {1, 63}};
	struct sundial_clock_create how = kernel_scaled();
	pthread_t threads[THREADS];
	struct race race = {0};
	unsigned int i;

	CREATE(how);
	race.clock = self->clock;
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, wait_for_host_time, &race));
	for (i = 0; i < 2000; i++) {
		ASSERT_EQ(0, sundial_clock_set_rate(self->clock, rates[i % 7].mult,
						    rates[i % 7].shift));
		usleep(i % 13 * 10);
	}
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 1, 0));
	atomic_store(&race.done, true);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, race.early);
	EXPECT_EQ(0, race.failed);
	EXPECT_LT(0, race.reached);
}

static void no_handler(int signal)
{
}

static void *wait_through_signals(void *arg)
{
	struct race *race = arg;
	__u64 next = 1001, now_ns;
	int ret;

	while (!atomic_load(&race->done)) {
		now_ns = POISON64;
		ret = sundial_clock_wait(race->clock, 0, next, &now_ns);
		if (ret == -EINTR) {
			atomic_fetch_add(now_ns == POISON64 ? &race->interrupted : &race->early, 1);
			continue;
		}
		if (ret)
			atomic_fetch_add(&race->failed, 1);
		else if (now_ns < next)
			atomic_fetch_add(&race->early, 1);
		next = now_ns + 1;
		atomic_store(&race->reached, now_ns);
	}
	return NULL;
}

TEST_F_TIMEOUT(clock, signals_during_waits_lose_neither, 300)
{
	struct sigaction action = {.sa_handler = no_handler};
	struct sundial_clock_create how = kernel_manual();
	__u64 count = 1000, start_ns = sundial_host_now();
	struct race race = {0};
	pthread_t thread;
	unsigned int i;

	CREATE(how);
	sigaction(SIGUSR1, &action, NULL);
	race.clock = self->clock;
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_through_signals, &race));
	for (i = 0; sundial_host_now() - start_ns < SECOND; i++) {
		pthread_kill(thread, SIGUSR1);
		ASSERT_EQ(0, sundial_clock_set(self->clock, ++count));
		while (atomic_load(&race.reached) < count)
			sched_yield();
		if (i % 16 == 0)
			usleep(100); /* so that some signals come while it sleeps */
	}
	atomic_store(&race.done, true);
	ASSERT_EQ(0, sundial_clock_set(self->clock, ~0ULL));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, race.early);
	EXPECT_EQ(0, race.failed);
	TH_LOG("%u rounds, %lu interrupted", i, atomic_load(&race.interrupted));
}

/* Threads of one process and other processes, killed anywhere in their waits. */
TEST_F_TIMEOUT(clock, kills_during_waits_lose_nobody_else, 300)
{
	struct sundial_clock_create how = user_manual(1);
	struct sundial_clock_page *page;
	struct waiter waiter = {0};
	int round;
	pid_t pid;

	if (self->backing == SUNDIAL_BACKING_MEMFD && no_robust_futexes())
		SKIP(return, "no robust futexes here (QEMU's user emulation)");
	CREATE(how);
	page = sundial_clock_user_page(self->clock, 0);
	for (round = 0; round < 100; round++) {
		__u64 now_ns = 10000 + round * 10;

		pid = fork_child();
		if (!pid)
			for (;;)
				sundial_clock_wait(self->clock, 0, sundial_manual_now(page) + 1,
						   NULL);
		start_waiter_now(&waiter, self->clock, 0, now_ns);
		usleep(37 * round % 1000);
		if (sundial_page_set_due(page, now_ns - 5))
			ASSERT_EQ(0, sundial_clock_kick(self->clock, 0, NULL));
		usleep(11 * round % 100);
		kill(pid, SIGKILL);
		EXPECT_EQ(256 + SIGKILL, child_status(pid));
		EXPECT_FALSE(atomic_load(&waiter.ended));
		if (sundial_page_set_due(page, now_ns))
			ASSERT_EQ(0, sundial_clock_kick(self->clock, 0, NULL));
		EXPECT_EQ(0, end_waiter(&waiter));
	}
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY
/* Sets and switches off the alarm of a file that others read, poll and close. */
static void *set_alarms(void *arg)
{
	struct race *race = arg;
	struct sundial_clock_alarm alarm = {0};
	unsigned int i;

	for (i = 0; !atomic_load(&race->done); i++) {
		alarm.flags = i % 5 ? 0 : SUNDIAL_ALARM_OFF;
		alarm.index = i % 5 ? i % 2 : 0;
		alarm.deadline_ns = i % 5 ? atomic_load(&race->reached) + i % 3 : 0;
		if (ioctl(race->fd, SUNDIAL_CLOCK_ALARM, &alarm) && errno != EBADF)
			atomic_fetch_add(&race->failed, 1);
	}
	return NULL;
}

static void *read_alarms(void *arg)
{
	struct race *race = arg;
	struct pollfd poller = {.events = POLLIN};
	__u64 now_ns;

	while (!atomic_load(&race->done)) {
		poller.fd = race->fd;
		poll(&poller, 1, 1);
		if (read(race->fd, &now_ns, sizeof(now_ns)) != 8 && errno != EAGAIN &&
		    errno != EBADF)
			atomic_fetch_add(&race->failed, 1);
	}
	return NULL;
}

TEST_F_TIMEOUT(device, alarms_that_are_set_read_and_closed_at_once_stay_whole, 300)
{
	struct sundial_clock_create how = user_manual(2);
	__u64 count = 1000, start_ns = sundial_host_now();
	pthread_t setters[2], readers[2];
	struct race race = {0};
	int i, reader;

	CREATE(how);
	race.clock = self->clock;
	race.fd = 99; /* not always a descriptor */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_create(&setters[i], NULL, set_alarms, &race));
		ASSERT_EQ(0, pthread_create(&readers[i], NULL, read_alarms, &race));
	}
	while (sundial_host_now() - start_ns < SECOND) {
		reader = sundial_clock_reader(self->clock);
		ASSERT_LE(0, reader);
		ASSERT_EQ(0, fcntl(reader, F_SETFL, O_NONBLOCK));
		ASSERT_EQ(99, dup2(reader, 99));
		close(reader);
		for (i = 0; i < 20; i++) {
			atomic_store(&race.reached, ++count);
			sundial_page_set(sundial_clock_user_page(self->clock, 0), count);
			if (sundial_page_set_due(sundial_clock_user_page(self->clock, 1), count))
				sundial_clock_kick(self->clock, 1, NULL);
			sundial_clock_kick(self->clock, 0, NULL);
			sched_yield();
		}
		close(99);
	}
	atomic_store(&race.done, true);
	for (i = 0; i < 2; i++) {
		pthread_join(setters[i], NULL);
		pthread_join(readers[i], NULL);
	}
	EXPECT_EQ(0, race.failed);
	/* no alarm is left on either page */
	EXPECT_EQ(0, sundial_clock_page(self->clock, 0)->deadline_ns);
	EXPECT_EQ(0, sundial_clock_page(self->clock, 1)->deadline_ns);
}

/* A thread that waits holds the domain, whoever closes what. */
TEST_F_TIMEOUT(device, closes_during_waits_leave_the_clock_to_those_who_wait, 300)
{
	struct sundial_clock_create how = kernel_scaled();
	int round;

	for (round = 0; round < 100; round++) {
		struct waiter waiter = {0};

		CREATE(how);
		start_waiter_now(
			&waiter, self->clock, 0,
			sundial_page_now(sundial_clock_page(self->clock, 0), sundial_host_now) +
				round * 30000);
		usleep(round * 7);
		close(sundial_clock_fd(self->clock));
		EXPECT_TRUE(end_waiter(&waiter) == 0 || waiter.ret == -EBADF);
		/* its descriptor is gone: only the mapping is left to be undone */
		sundial_clock_close(self->clock);
		self->clock = NULL;
	}
}
#endif

TEST_HARNESS_MAIN
