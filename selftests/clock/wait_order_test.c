// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In which order those who wait for a clock are woken, and that thousands can wait.
 * The order shows in threads of a real-time priority, so to root only.
 */
#include "common.h"

#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "waiters.h"

#define WAITERS	     1000
#define FEW_WAITERS  200
#define MANY_WAITERS 2000

/*
 * All threads share one CPU and one real-time priority below this one's, so they
 * run in the order in which they became runnable, each until it sleeps.
 */
static int take_turns(void)
{
	struct sched_param above = {.sched_priority = 20};
	unsigned long node = 1;
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu))
		return -errno;
	/* Who sleeps in a fault, for a page or to move it between nodes, loses its turn. */
	syscall(SYS_set_mempolicy, MPOL_BIND, &node, 8 * sizeof(node));
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
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

TEST_F(clock, waiters_are_woken_in_the_order_of_their_deadlines)
{
	struct sundial_clock_create how = kernel_manual();

	if (take_turns())
		SKIP(return, "needs root, to set the real-time priority that shows the order");
	CREATE(how);
	EXPECT_EQ(0, check_order(self->clock, wake_by_set, WAITERS, WAITERS));
}

TEST_F(clock, waiters_with_one_deadline_are_woken_in_the_order_of_their_coming)
{
	struct sundial_clock_create how = kernel_manual();

	if (take_turns())
		SKIP(return, "needs root, to set the real-time priority that shows the order");
	CREATE(how);
	EXPECT_EQ(0, check_order(self->clock, wake_by_set, FEW_WAITERS, 3));
}

TEST_F(clock, a_kick_wakes_in_the_order_of_the_deadlines_too)
{
	struct sundial_clock_create how = user_manual(1);

	if (take_turns())
		SKIP(return, "needs root, to set the real-time priority that shows the order");
	CREATE(how);
	EXPECT_EQ(0, check_order(self->clock, wake_by_kick, FEW_WAITERS, 17));
}

TEST_F(clock, thousands_can_wait)
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

TEST_HARNESS_MAIN
