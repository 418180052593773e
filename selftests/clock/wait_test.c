// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for a clock: what WAIT, KICK, ALARM, read() and poll() promise, over the
 * device and over its memfd twin. A wake that is lost hangs its test, which the
 * harness then ends. wait_race_test.c has what only shows under load.
 */
#include "common.h"

#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>

#include "waiters.h"

#define WAITERS	     1000
#define FEW_WAITERS  200
#define MANY_WAITERS 2000
#define LONG_SECONDS 120
#define EXPECT_CALL(ret, command, argument) \
	EXPECT_EQ(ret, sundial_clock_call(self->clock, command, argument))

TEST_F(clock, a_wait_that_is_due_returns_at_once)
{
	struct sundial_clock_create how = kernel_manual();
	static const __u64 deadlines_ns[] = {0, 1, 999, 1000};
	__u64 now_ns;
	unsigned int i;

	CREATE(how);
	for (i = 0; i < sizeof(deadlines_ns) / sizeof(deadlines_ns[0]); i++) {
		now_ns = POISON64;
		EXPECT_EQ(0, sundial_clock_wait(self->clock, 0, deadlines_ns[i], &now_ns));
		EXPECT_EQ(1000, now_ns);
	}
}

TEST_F(clock, a_wait_ends_when_the_count_gets_there_and_not_before)
{
	struct sundial_clock_create how = kernel_manual();
	struct waiter waiter = {0};

	CREATE(how);
	start_waiter(&waiter, self->clock, 0, 5000);
	ASSERT_EQ(0, sundial_clock_set(self->clock, 4999));
	ASSERT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 5000));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_EQ(5000, waiter.now_ns);
	start_waiter(&waiter, self->clock, 0, 6000);
	ASSERT_EQ(0, sundial_clock_advance(self->clock, 999, NULL));
	ASSERT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_advance(self->clock, 7000, NULL));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_EQ(12999, waiter.now_ns);
	start_waiter(&waiter, self->clock, 0, ~0ULL);
	ASSERT_EQ(0, sundial_clock_set(self->clock, ~0ULL));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_EQ(~0ULL, waiter.now_ns);
}

TEST_F(clock, a_wait_refuses_what_is_not_described)
{
	struct sundial_clock_create how = kernel_manual();
	struct sundial_clock_wait wait = {.now_ns = POISON64};
	struct sundial_clock *array;

	CREATE(how);
	wait.flags = 1;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_WAIT, &wait);
	wait.flags = 0;
	wait.pad = 1;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_WAIT, &wait);
	wait.pad = 0;
	wait.index = 1;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_WAIT, &wait);
	EXPECT_EQ(POISON64, wait.now_ns);
	wait.index = 0;
	EXPECT_CALL(0, SUNDIAL_CLOCK_WAIT, &wait);
	how = user_manual(3);
	ASSERT_EQ(0, sundial_clock_create(&how, self->backing, &array));
	EXPECT_EQ(0, sundial_clock_wait(array, 2, 1, NULL));
	EXPECT_EQ(-EINVAL, sundial_clock_wait(array, 3, 1, NULL));
	EXPECT_EQ(-EINVAL, sundial_clock_wait(array, ~0U, 1, NULL));
	sundial_clock_close(array);
}

/* Its rate can change with no call, so nobody could be woken. */
TEST_F(clock, user_written_scaled_pages_cannot_be_waited_for)
{
	struct sundial_clock_create how = user_manual(2);

	how.mode = SUNDIAL_MODE_SCALED;
	CREATE(how);
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_wait(self->clock, 1, 0, NULL));
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_alarm(self->clock, 1, 0));
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_kick(self->clock, 1, NULL));
}

TEST_F(clock, kick_is_for_writers_of_user_written_pages)
{
	struct sundial_clock_create how = kernel_manual();
	struct sundial_clock_kick kick = {.woken = POISON};
	struct sundial_clock *reader;
	int fd;

	CREATE(how);
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_kick(self->clock, 0, NULL));
	sundial_clock_close(self->clock);
	how = user_manual(2);
	CREATE(how);
	kick.index = 2;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_KICK, &kick);
	kick.index = 1;
	kick.flags = 1;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_KICK, &kick);
	kick.flags = 0;
	kick.pad = 1;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_KICK, &kick);
	EXPECT_EQ(POISON, kick.woken);
	kick.pad = 0;
	EXPECT_CALL(0, SUNDIAL_CLOCK_KICK, &kick);
	EXPECT_EQ(0, kick.woken);
	fd = sundial_clock_reader(self->clock);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sundial_clock_attach(fd, &reader));
	EXPECT_EQ(-EPERM, sundial_clock_kick(reader, 0, NULL));
	sundial_clock_close(reader);
	close(fd);
}

/*
 * All threads share one CPU and one real-time priority below this one's, so they
 * run in the order in which they became runnable, each until it sleeps.
 */
static int take_turns(void)
{
	struct sched_param above = {.sched_priority = 20};
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu))
		return -errno;
	return sched_setscheduler(0, SCHED_FIFO, &above) ? -errno : 0;
}

/* Wakes the waiters of clock in some way, all at once. */
typedef int wake_all(struct sundial_clock *clock, __u64 now_ns);

static int wake_by_set(struct sundial_clock *clock, __u64 now_ns)
{
	return sundial_clock_set(clock, now_ns);
}

static int wake_by_kick(struct sundial_clock *clock, __u64 now_ns)
{
	__u32 woken;
	int ret;

	if (!sundial_page_set_due(sundial_clock_user_page(clock, 0), now_ns))
		return -EINVAL;
	ret = sundial_clock_kick(clock, 0, &woken);
	return ret || woken == FEW_WAITERS ? ret : -ERANGE;
}

/* 0, or the number of the check that failed. */
static int check_order(struct sundial_clock *clock, wake_all *wake, __u32 count, __u32 groups)
{
	struct waiter *waiters = calloc(count, sizeof(*waiters));
	__u32 turn, last_group = 0, last_id = 0, i;
	struct waiter last = {0};
	atomic_uint turns = 0;

	for (i = 0; i < count; i++) {
		waiters[i].turns = &turns;
		waiters[i].priority = 10;
		start_waiter(&waiters[i], clock, 0, 2000 + i * 7919 % groups);
	}
	/* The last may still be on its way to sleep; it is there before another one runs. */
	last.priority = 10;
	start_waiter(&last, clock, 0, 2001 + groups);
	if (wake(clock, 2000 + groups))
		return 1;
	for (i = 0; i < count; i++)
		if (end_waiter(&waiters[i]) || waiters[i].now_ns != 2000 + groups)
			return 2;
	wake(clock, 2001 + groups);
	if (end_waiter(&last))
		return 2;
	for (turn = 0; turn < count; turn++) {
		for (i = 0; i < count && waiters[i].turn != turn; i++)
			;
		if (i == count)
			return 3;
		if (turn && i * 7919 % groups < last_group)
			return 4;
		if (turn && i * 7919 % groups == last_group && i < last_id)
			return 5;
		last_group = i * 7919 % groups;
		last_id = i;
	}
	free(waiters);
	return 0;
}

TEST_F_TIMEOUT(clock, waiters_are_woken_in_the_order_of_their_deadlines, LONG_SECONDS)
{
	struct sundial_clock_create how = kernel_manual();

	if (take_turns())
		SKIP(return, "needs root, to set the real-time priority that shows the order");
	CREATE(how);
	EXPECT_EQ(0, check_order(self->clock, wake_by_set, WAITERS, WAITERS));
}

TEST_F_TIMEOUT(clock, waiters_with_one_deadline_are_woken_in_the_order_of_their_coming,
	       LONG_SECONDS)
{
	struct sundial_clock_create how = kernel_manual();

	if (take_turns())
		SKIP(return, "needs root, to set the real-time priority that shows the order");
	CREATE(how);
	EXPECT_EQ(0, check_order(self->clock, wake_by_set, FEW_WAITERS, 3));
}

TEST_F_TIMEOUT(clock, a_kick_wakes_in_the_order_of_the_deadlines_too, LONG_SECONDS)
{
	struct sundial_clock_create how = user_manual(1);

	if (take_turns())
		SKIP(return, "needs root, to set the real-time priority that shows the order");
	CREATE(how);
	EXPECT_EQ(0, check_order(self->clock, wake_by_kick, FEW_WAITERS, 17));
}

TEST_F_TIMEOUT(clock, thousands_can_wait, LONG_SECONDS)
{
	struct sundial_clock_create how = kernel_manual();
	struct waiter *waiters = calloc(MANY_WAITERS, sizeof(*waiters));
	struct rlimit limit;
	int i;

	getrlimit(RLIMIT_NPROC, &limit);
	if (geteuid() && limit.rlim_cur < MANY_WAITERS + 100)
		SKIP(return, "needs root, to have so many threads here");
	CREATE(how);
	for (i = 0; i < MANY_WAITERS; i++)
		start_waiter(&waiters[i], self->clock, 0, 2000 + i);
	ASSERT_EQ(0, sundial_clock_set(self->clock, 2000 + MANY_WAITERS / 2 - 1));
	for (i = 0; i < MANY_WAITERS / 2; i++)
		ASSERT_EQ(0, end_waiter(&waiters[i]));
	for (i = MANY_WAITERS / 2; i < MANY_WAITERS; i++)
		ASSERT_FALSE(atomic_load(&waiters[i].ended));
	ASSERT_EQ(0, sundial_clock_set(self->clock, ~0ULL));
	for (i = MANY_WAITERS / 2; i < MANY_WAITERS; i++)
		ASSERT_EQ(0, end_waiter(&waiters[i]));
	free(waiters);
}

static __u64 count_of(struct sundial_clock *clock)
{
	return sundial_page_now(sundial_clock_page(clock, 0), sundial_host_now);
}

TEST_F(clock, host_time_ends_a_wait_for_a_scaled_clock)
{
	struct sundial_clock_create how = kernel_scaled();
	__u64 deadline_ns, now_ns;
	int i;

	CREATE(how);
	for (i = 0; i < 50; i++) {
		deadline_ns = count_of(self->clock) + 1 + 17777 * i;
		ASSERT_EQ(0, sundial_clock_wait(self->clock, 0, deadline_ns, &now_ns));
		EXPECT_LE(deadline_ns, now_ns);
		EXPECT_LE(now_ns, count_of(self->clock));
	}
	/* a rate that does not divide */
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 3333333, 20));
	for (i = 0; i < 50; i++) {
		deadline_ns = count_of(self->clock) + 1 + 17777 * i;
		ASSERT_EQ(0, sundial_clock_wait(self->clock, 0, deadline_ns, &now_ns));
		EXPECT_LE(deadline_ns, now_ns);
		EXPECT_LE(now_ns, count_of(self->clock));
	}
}

TEST_F(clock, a_frozen_clock_wakes_nobody_and_a_faster_rate_wakes_sooner)
{
	struct sundial_clock_create how = kernel_scaled();
	struct waiter waiter = {0};

	CREATE(how);
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 0, 0));
	start_waiter(&waiter, self->clock, 0, count_of(self->clock) + 1000 * SECOND);
	usleep(20000);
	EXPECT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 1, 0));
	usleep(20000);
	EXPECT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 1000000, 0));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_LE(waiter.deadline_ns, waiter.now_ns);
}

TEST_F(clock, a_slower_rate_and_a_freeze_put_a_wake_off)
{
	struct sundial_clock_create how = kernel_scaled();
	struct waiter waiter = {0};
	__u64 now_ns;

	CREATE(how);
	start_waiter(&waiter, self->clock, 0, count_of(self->clock) + 2 * SECOND);
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 1, 20));
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 0, 0));
	now_ns = count_of(self->clock);
	if (now_ns >= waiter.deadline_ns) {
		end_waiter(&waiter);
		SKIP(return, "the machine took two seconds for two calls");
	}
	/* host time passes the deadline that was */
	usleep(2200000);
	EXPECT_TRUE(sleeps_on(&waiter));
	EXPECT_EQ(now_ns, count_of(self->clock));
	ASSERT_EQ(0, sundial_clock_set(self->clock, waiter.deadline_ns));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_EQ(waiter.deadline_ns, waiter.now_ns);
}

/* The arithmetic of the timer at its edges: never too early, never a timer that runs away. */
TEST_F(clock, extreme_rates_wake_at_their_time_or_never)
{
	static const struct {
		__u64 mult;
		__u32 shift;
		bool wakes; /* in human time, for a deadline a million years off */
	} rates[] = {
		{1, 63, false},		 {1, 0, false},	   {~0ULL, 63, false},
		{1ULL << 63, 63, false}, {~0ULL, 0, true}, {1ULL << 63, 0, true},
		{1ULL << 62, 1, true},
	};
	struct sundial_clock_create how = kernel_scaled();
	unsigned int i;

	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct waiter waiter = {0};

		CREATE(how);
		start_waiter(&waiter, self->clock, 0, ~0ULL - i % 2);
		ASSERT_EQ(0, sundial_clock_set_rate(self->clock, rates[i].mult, rates[i].shift));
		if (!rates[i].wakes) {
			usleep(2000);
			EXPECT_TRUE(sleeps_on(&waiter));
			ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 0, 0));
			ASSERT_EQ(0, sundial_clock_set(self->clock, ~0ULL));
		}
		EXPECT_EQ(0, end_waiter(&waiter));
		EXPECT_LE(waiter.deadline_ns, waiter.now_ns);
		sundial_clock_close(self->clock);
		self->clock = NULL;
	}
}

TEST_F(clock, a_step_backward_puts_off_but_undoes_nothing)
{
	struct sundial_clock_create how = kernel_manual();
	struct waiter near = {0}, far = {0};

	how.flags = SUNDIAL_CREATE_STEPPABLE;
	CREATE(how);
	start_waiter(&near, self->clock, 0, 2000);
	start_waiter(&far, self->clock, 0, 3000);
	ASSERT_EQ(0, sundial_clock_set(self->clock, 2999));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 1));
	EXPECT_EQ(0, end_waiter(&near));
	EXPECT_EQ(2999, near.now_ns);
	ASSERT_EQ(0, sundial_clock_advance(self->clock, 2998, NULL));
	EXPECT_TRUE(sleeps_on(&far));
	ASSERT_EQ(0, sundial_clock_advance(self->clock, 1, NULL));
	EXPECT_EQ(0, end_waiter(&far));
	EXPECT_EQ(3000, far.now_ns);
}

static atomic_uint handled;

static void count_signal(int signal)
{
	atomic_fetch_add(&handled, 1);
}

static void handle_signal(int flags)
{
	struct sigaction action = {.sa_handler = count_signal, .sa_flags = flags};

	atomic_store(&handled, 0);
	sigaction(SIGUSR1, &action, NULL);
}

static void until_handled(unsigned int count)
{
	while (atomic_load(&handled) < count)
		usleep(100);
}

TEST_F(clock, a_signal_without_restart_ends_a_wait_and_writes_nothing)
{
	struct sundial_clock_create how = kernel_manual();
	struct waiter waiter = {0};

	CREATE(how);
	handle_signal(0);
	start_waiter(&waiter, self->clock, 0, 5000);
	pthread_kill(waiter.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, end_waiter(&waiter));
	EXPECT_EQ(POISON64, waiter.now_ns);
	EXPECT_EQ(1, atomic_load(&handled));
	/* it has left the queue */
	ASSERT_EQ(0, sundial_clock_set(self->clock, 6000));
}

TEST_F(clock, a_wait_goes_on_after_a_signal_with_restart)
{
	struct sundial_clock_create how = kernel_manual();
	struct waiter waiter = {0};
	unsigned int i;

	CREATE(how);
	handle_signal(SA_RESTART);
	start_waiter(&waiter, self->clock, 0, 5000);
	for (i = 1; i <= 10; i++) {
		pthread_kill(waiter.thread, SIGUSR1);
		until_handled(i);
	}
	EXPECT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 5000));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_EQ(5000, waiter.now_ns);
}

TEST_F(clock, a_scaled_wait_that_a_signal_ends_can_be_made_again)
{
	struct sundial_clock_create how = kernel_scaled();
	struct waiter waiter = {0};

	CREATE(how);
	handle_signal(0);
	start_waiter(&waiter, self->clock, 0, count_of(self->clock) + 1000 * SECOND);
	pthread_kill(waiter.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, end_waiter(&waiter));
	EXPECT_EQ(POISON64, waiter.now_ns);
	start_waiter(&waiter, self->clock, 0, waiter.deadline_ns);
	ASSERT_EQ(0, sundial_clock_set(self->clock, waiter.deadline_ns));
	EXPECT_EQ(0, end_waiter(&waiter));
}

TEST_F(clock, waiters_that_are_killed_leave_a_working_queue)
{
	struct sundial_clock_create how = kernel_manual();
	struct waiter waiter = {0};
	pid_t pids[20];
	int i, round;

	if (self->backing == SUNDIAL_BACKING_MEMFD && no_robust_futexes())
		SKIP(return, "no robust futexes here (QEMU's user emulation)");
	CREATE(how);
	start_waiter(&waiter, self->clock, 0, 5000);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 20; i++) {
			pids[i] = fork_child();
			if (!pids[i])
				_exit(sundial_clock_wait(self->clock, 0, 4900 + 10 * i, NULL));
		}
		usleep(1000 * round);
		for (i = 0; i < 20; i++) {
			kill(pids[i], SIGKILL);
			EXPECT_EQ(256 + SIGKILL, child_status(pids[i]));
		}
	}
	ASSERT_EQ(0, sundial_clock_set(self->clock, 4999));
	EXPECT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 5000));
	EXPECT_EQ(0, end_waiter(&waiter));
	start_waiter(&waiter, self->clock, 0, 6000);
	ASSERT_EQ(0, sundial_clock_set(self->clock, 6000));
	EXPECT_EQ(0, end_waiter(&waiter));
}

TEST_F(clock, a_child_waits_for_what_its_parent_sets_and_the_other_way_round)
{
	struct sundial_clock_create how = kernel_manual();
	__u64 now_ns;
	pid_t pid;

	CREATE(how);
	pid = fork_child();
	if (!pid) {
		if (sundial_clock_wait(self->clock, 0, 2000, &now_ns) || now_ns < 2000)
			_exit(1);
		_exit(sundial_clock_set(self->clock, 3000) ? 2 : 0);
	}
	ASSERT_EQ(0, sundial_clock_set(self->clock, 2000));
	ASSERT_EQ(0, sundial_clock_wait(self->clock, 0, 3000, &now_ns));
	EXPECT_EQ(3000, now_ns);
	EXPECT_EQ(0, child_status(pid));
}

/* The writer's half: store, full barrier, compare, KICK. */
TEST_F(clock, the_page_shows_its_writer_the_earliest_deadline)
{
	struct sundial_clock_create how = user_manual(3);
	struct waiter early = {0}, late = {0}, other = {0};
	struct sundial_clock_page *page;
	__u32 woken = POISON;

	CREATE(how);
	page = sundial_clock_user_page(self->clock, 1);
	EXPECT_EQ(0, page->deadline_ns);
	EXPECT_FALSE(sundial_page_set_due(page, 1500));
	start_waiter(&late, self->clock, 1, 4000);
	EXPECT_EQ(4000, page->deadline_ns);
	start_waiter(&early, self->clock, 1, 3000);
	EXPECT_EQ(3000, page->deadline_ns);
	start_waiter(&other, self->clock, 2, 2000);
	EXPECT_EQ(3000, page->deadline_ns);
	EXPECT_EQ(0, sundial_clock_page(self->clock, 0)->deadline_ns);
	EXPECT_FALSE(sundial_page_set_due(page, 2999));
	EXPECT_EQ(0, sundial_clock_kick(self->clock, 1, &woken));
	EXPECT_EQ(0, woken);
	EXPECT_TRUE(sleeps_on(&early));
	EXPECT_TRUE(sundial_page_set_due(page, 3000));
	EXPECT_TRUE(sleeps_on(&early));
	EXPECT_EQ(0, sundial_clock_kick(self->clock, 1, &woken));
	EXPECT_EQ(1, woken);
	EXPECT_EQ(0, end_waiter(&early));
	EXPECT_EQ(3000, early.now_ns);
	EXPECT_EQ(4000, page->deadline_ns);
	EXPECT_TRUE(sundial_page_set_due(page, ~0ULL));
	EXPECT_EQ(0, sundial_clock_kick(self->clock, 1, &woken));
	EXPECT_EQ(1, woken);
	EXPECT_EQ(0, end_waiter(&late));
	EXPECT_EQ(0, page->deadline_ns);
	EXPECT_FALSE(sundial_page_due(page, ~0ULL));
	EXPECT_EQ(2000, sundial_clock_page(self->clock, 2)->deadline_ns);
	EXPECT_TRUE(sleeps_on(&other));
	EXPECT_TRUE(sundial_page_set_due(sundial_clock_user_page(self->clock, 2), 2000));
	EXPECT_EQ(0, sundial_clock_kick(self->clock, 2, &woken));
	EXPECT_EQ(0, end_waiter(&other));
}

TEST_F(clock, the_deadline_of_a_wait_that_was_interrupted_goes_from_the_page)
{
	struct sundial_clock_create how = user_manual(1);
	struct waiter early = {0}, late = {0};
	const struct sundial_clock_page *page;

	CREATE(how);
	page = sundial_clock_page(self->clock, 0);
	handle_signal(0);
	start_waiter(&early, self->clock, 0, 3000);
	start_waiter(&late, self->clock, 0, 4000);
	pthread_kill(early.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, end_waiter(&early));
	EXPECT_EQ(4000, page->deadline_ns);
	pthread_kill(late.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, end_waiter(&late));
	EXPECT_EQ(0, page->deadline_ns);
}

static void *scribble(void *arg)
{
	struct scribbler *scribbler = arg;
	struct sundial_clock_page *page = scribbler->page;
	__u64 bits = 88172645463325252ULL;

	while (!atomic_load(&scribbler->done)) {
		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		page->now_ns = bits;
		page->deadline_ns = bits >> (bits % 64);
		page->kind = (__u8)bits;
		page->mode = (__u8)(bits >> 8);
		page->flags = (__u32)bits;
		page->seq++;
		page->rate[0].shift = page->rate[1].shift = (__u32)bits;
		page->rate[0].mult = page->rate[1].mult = bits;
		if (bits % 16 == 0)
			sundial_clock_kick(scribbler->clock, 0, NULL);
	}
	return NULL;
}

/* A page that says anything and everything; whoever waits for another does not notice. */
TEST_F(clock, a_hostile_page_harms_nobody_else)
{
	struct sundial_clock_create how = user_manual(2), own = kernel_scaled();
	struct waiter victims[8] = {0}, bystander = {0};
	struct scribbler scribbler = {0};
	struct sundial_clock *other;
	pthread_t thread;
	__u64 now_ns;
	int i, round;

	CREATE(how);
	ASSERT_EQ(0, sundial_clock_create(&own, self->backing, &other));
	scribbler.clock = self->clock;
	scribbler.page = sundial_clock_user_page(self->clock, 0);
	start_waiter(&bystander, self->clock, 1, 5000);
	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &scribbler));
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 8; i++)
			start_waiter_now(&victims[i], self->clock, 0, ~0ULL >> (8 * i));
		now_ns = 0;
		ASSERT_EQ(0, sundial_clock_wait(other, 0, count_of(other) + 1000000, &now_ns));
		EXPECT_NE(0, now_ns);
		/* ends the victims' waits, whatever else is stored */
		for (i = 0; i < 8; i++) {
			while (!atomic_load(&victims[i].ended)) {
				atomic_store_explicit((_Atomic __u64 *)&scribbler.page->now_ns,
						      ~0ULL, memory_order_seq_cst);
				ASSERT_EQ(0, sundial_clock_kick(self->clock, 0, NULL));
			}
			EXPECT_EQ(0, end_waiter(&victims[i]));
		}
	}
	atomic_store(&scribbler.done, true);
	pthread_join(thread, NULL);
	EXPECT_TRUE(sleeps_on(&bystander));
	EXPECT_EQ(5000, sundial_clock_page(self->clock, 1)->deadline_ns);
	EXPECT_TRUE(sundial_page_set_due(sundial_clock_user_page(self->clock, 1), 5000));
	EXPECT_EQ(0, sundial_clock_kick(self->clock, 1, NULL));
	EXPECT_EQ(0, end_waiter(&bystander));
	sundial_clock_close(other);
}

/* What a memfd cannot do, and says so; the device can. */
TEST_F(clock, a_memfd_has_no_alarm_and_its_waiters_are_a_family)
{
	int ret = self->backing == SUNDIAL_BACKING_MEMFD ? -EOPNOTSUPP : 0;
	struct sundial_clock_create how = user_manual(1);
	struct sundial_clock *attached;
	__u64 now_ns = POISON64;

	CREATE(how);
	EXPECT_EQ(ret, sundial_clock_alarm(self->clock, 0, 1));
	EXPECT_EQ(ret, sundial_clock_read(self->clock, &now_ns));
	EXPECT_EQ(ret, sundial_clock_alarm_off(self->clock));
	EXPECT_EQ(ret ? POISON64 : 1000, now_ns);
	now_ns = POISON64;
	ASSERT_EQ(0, sundial_clock_attach(sundial_clock_fd(self->clock), &attached));
	EXPECT_EQ(ret, sundial_clock_wait(attached, 0, 0, &now_ns));
	EXPECT_EQ(ret, sundial_clock_kick(attached, 0, NULL));
	EXPECT_EQ(ret ? POISON64 : 1000, now_ns);
	sundial_clock_close(attached);
}

TEST_F(clock, an_alarm_refuses_what_is_not_described)
{
	struct sundial_clock_create how = kernel_manual();
	struct sundial_clock_alarm alarm = {0};

	CREATE(how);
	alarm.flags = 2;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_ALARM, &alarm);
	alarm.flags = SUNDIAL_ALARM_OFF;
	alarm.deadline_ns = 1;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_ALARM, &alarm);
	alarm.deadline_ns = 0;
	alarm.index = 1;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_ALARM, &alarm);
	alarm.flags = 0;
	EXPECT_CALL(-EINVAL, SUNDIAL_CLOCK_ALARM, &alarm);
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY
static int readable(int fd)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};

	return poll(&poller, 1, 0) == 1 && poller.revents == POLLIN;
}

TEST_F(device, an_alarm_makes_its_descriptor_readable)
{
	struct sundial_clock_create how = kernel_manual();
	struct epoll_event event = {.events = EPOLLIN}, out;
	__u64 buffer[2] = {POISON64, POISON64};
	void *unmapped = (void *)(uintptr_t)PAGE;
	int fd, epoll;

	CREATE(how);
	fd = sundial_clock_fd(self->clock);
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK));
	epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	EXPECT_FALSE(readable(fd));
	EXPECT_EQ(-EAGAIN, sundial_clock_read(self->clock, buffer));
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, 5000));
	EXPECT_FALSE(readable(fd));
	EXPECT_EQ(-EAGAIN, sundial_clock_read(self->clock, buffer));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 4999));
	EXPECT_EQ(0, epoll_wait(epoll, &out, 1, 0));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 5001));
	EXPECT_TRUE(readable(fd));
	EXPECT_EQ(1, epoll_wait(epoll, &out, 1, 0));
	EXPECT_ERRNO(EINVAL, read(fd, buffer, 7));
	EXPECT_ERRNO(EINVAL, read(fd, buffer, 0));
	EXPECT_EQ(8, read(fd, buffer, 16));
	EXPECT_EQ(5001, buffer[0]);
	EXPECT_EQ(POISON64, buffer[1]);
	EXPECT_FALSE(readable(fd));
	EXPECT_EQ(0, epoll_wait(epoll, &out, 1, 0));
	EXPECT_EQ(-EAGAIN, sundial_clock_read(self->clock, buffer));
	/* one that cannot be stored is gone nevertheless */
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, 1));
	EXPECT_ERRNO(EFAULT, read(fd, unmapped, 8));
	EXPECT_FALSE(readable(fd));
	/* already due; replaced by one that is not; switched off */
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, 1));
	EXPECT_TRUE(readable(fd));
	EXPECT_EQ(1, epoll_wait(epoll, &out, 1, 0));
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, 9000));
	EXPECT_FALSE(readable(fd));
	ASSERT_EQ(0, sundial_clock_alarm_off(self->clock));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 9000));
	EXPECT_FALSE(readable(fd));
	EXPECT_EQ(-EAGAIN, sundial_clock_read(self->clock, buffer));
	close(epoll);
}

TEST_F(device, each_descriptor_has_an_alarm_of_its_own)
{
	struct sundial_clock_create how = user_manual(2);
	struct sundial_clock *reader;
	__u64 now_ns;
	__u32 woken;
	int fd, same;

	CREATE(how);
	fd = sundial_clock_reader(self->clock);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sundial_clock_attach(fd, &reader));
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 1, 2000));
	ASSERT_EQ(0, sundial_clock_alarm(reader, 1, 3000));
	EXPECT_EQ(2000, sundial_clock_page(self->clock, 1)->deadline_ns);
	EXPECT_TRUE(sundial_page_set_due(sundial_clock_user_page(self->clock, 1), 2500));
	ASSERT_EQ(0, sundial_clock_kick(self->clock, 1, &woken));
	EXPECT_EQ(1, woken);
	EXPECT_TRUE(readable(sundial_clock_fd(self->clock)));
	EXPECT_FALSE(readable(fd));
	EXPECT_EQ(0, sundial_clock_read(self->clock, &now_ns));
	EXPECT_EQ(2500, now_ns);
	EXPECT_EQ(3000, sundial_clock_page(self->clock, 1)->deadline_ns);
	/* a duplicate is the same open file */
	same = dup(fd);
	sundial_clock_close(reader);
	EXPECT_TRUE(sundial_page_set_due(sundial_clock_user_page(self->clock, 1), 3000));
	ASSERT_EQ(0, sundial_clock_kick(self->clock, 1, &woken));
	EXPECT_EQ(1, woken);
	EXPECT_TRUE(readable(same));
	EXPECT_TRUE(readable(fd));
	/* the last one closed takes the alarm with it */
	ASSERT_EQ(0, sundial_clock_attach(fd, &reader));
	ASSERT_EQ(0, sundial_clock_alarm(reader, 1, 4000));
	EXPECT_EQ(4000, sundial_clock_page(self->clock, 1)->deadline_ns);
	close(same);
	close(fd);
	sundial_clock_close(reader);
	EXPECT_EQ(0, sundial_clock_page(self->clock, 1)->deadline_ns);
}

struct reader {
	struct sundial_clock *clock;
	__u64 now_ns;
	int ret;
	atomic_int tid;
};

static void *read_alarm(void *arg)
{
	struct reader *reader = arg;

	reader->now_ns = POISON64;
	atomic_store(&reader->tid, gettid());
	reader->ret = sundial_clock_read(reader->clock, &reader->now_ns);
	return NULL;
}

TEST_F(device, a_read_waits_for_the_alarm)
{
	struct sundial_clock_create how = kernel_manual();
	struct reader reader = {0};
	pthread_t thread;

	CREATE(how);
	reader.clock = self->clock;
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_alarm, &reader));
	until_asleep(&reader.tid); /* the alarm is off */
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, 5000));
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, 4000));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 4000));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, reader.ret);
	EXPECT_EQ(4000, reader.now_ns);
	handle_signal(0);
	atomic_store(&reader.tid, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_alarm, &reader));
	until_asleep(&reader.tid);
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	EXPECT_EQ(-EINTR, reader.ret);
	EXPECT_EQ(POISON64, reader.now_ns);
}

TEST_F(device, host_time_brings_the_alarm_of_a_scaled_clock)
{
	struct sundial_clock_create how = kernel_scaled();
	struct pollfd poller = {.events = POLLIN};
	__u64 deadline_ns, now_ns;

	CREATE(how);
	poller.fd = sundial_clock_fd(self->clock);
	deadline_ns = count_of(self->clock) + 10000000;
	ASSERT_EQ(0, sundial_clock_alarm(self->clock, 0, deadline_ns));
	ASSERT_EQ(1, poll(&poller, 1, -1));
	EXPECT_EQ(POLLIN, poller.revents);
	ASSERT_EQ(0, sundial_clock_read(self->clock, &now_ns));
	EXPECT_LE(deadline_ns, now_ns);
	EXPECT_LE(now_ns, count_of(self->clock));
}

TEST_F(device, user_written_scaled_pages_have_no_alarm_to_read)
{
	struct sundial_clock_create how = user_manual(1);
	__u64 now_ns;

	how.mode = SUNDIAL_MODE_SCALED;
	CREATE(how);
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_read(self->clock, &now_ns));
	EXPECT_FALSE(readable(sundial_clock_fd(self->clock)));
}

TEST_F(device, calls_of_waiting_refuse_memory_that_is_not_there)
{
	struct sundial_clock_create how = user_manual(1);
	struct sundial_clock_wait *wait;
	int fd;

	CREATE(how);
	fd = sundial_clock_fd(self->clock);
	EXPECT_ERRNO(EFAULT, ioctl(fd, SUNDIAL_CLOCK_WAIT, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(fd, SUNDIAL_CLOCK_ALARM, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(fd, SUNDIAL_CLOCK_KICK, NULL));
	wait = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)wait);
	EXPECT_ERRNO(EFAULT, ioctl(fd, SUNDIAL_CLOCK_WAIT, wait));
	EXPECT_ERRNO(EFAULT, ioctl(fd, SUNDIAL_CLOCK_KICK, wait));
}

TEST_F(device, a_reader_may_wait_and_closing_its_descriptor_does_not_end_that)
{
	struct sundial_clock_create how = kernel_manual();
	struct sundial_clock *reader;
	struct waiter waiter = {0};
	int fd;

	CREATE(how);
	fd = sundial_clock_reader(self->clock);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sundial_clock_attach(fd, &reader));
	close(fd);
	start_waiter(&waiter, reader, 0, 5000);
	close(sundial_clock_fd(reader));
	EXPECT_TRUE(sleeps_on(&waiter));
	ASSERT_EQ(0, sundial_clock_set(self->clock, 5000));
	EXPECT_EQ(0, end_waiter(&waiter));
	EXPECT_EQ(5000, waiter.now_ns);
}

/* A deadline in the creator's time, a timer in the machine's. */
TEST_F(device, a_scaled_wait_ends_in_another_time_namespace)
{
	struct sundial_clock_create how = kernel_scaled();
	__u64 deadline_ns, now_ns;
	int fd, status;
	pid_t pid;

	pid = fork_child();
	if (pid) {
		status = child_status(pid);
		if (status == 77)
			SKIP(return, "needs root, to make a time namespace");
		EXPECT_EQ(0, status);
		return;
	}
	if (unshare(0x80 /* CLONE_NEWTIME */))
		_exit(77);
	fd = open("/proc/self/timens_offsets", O_WRONLY);
	if (fd < 0 || write(fd, "monotonic 100000 0\n", 19) != 19)
		_exit(77);
	pid = fork_child();
	if (pid)
		_exit(child_status(pid));
	if (sundial_clock_create(&how, self->backing, &self->clock))
		_exit(1);
	deadline_ns = count_of(self->clock) + 10000000;
	if (sundial_clock_wait(self->clock, 0, deadline_ns, &now_ns) || now_ns < deadline_ns ||
	    count_of(self->clock) < now_ns)
		_exit(2);
	if (now_ns > deadline_ns + 1000 * SECOND)
		_exit(3);
	_exit(0);
}
#endif

TEST_HARNESS_MAIN
