// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Readers beside writers: nothing torn, nothing backward, nothing lost, and
 * nobody stuck behind a writer that died.
 */
#include "common.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#define ADDERS 4
/* A time and not a count: on a busy machine threads must overlap, and tests must end. */
#define RACE_FOR_NS 300000000ULL

struct race {
	struct sundial_clock *clock;
	const struct sundial_clock_page *page;
	atomic_bool done;
	atomic_ulong adds;
	unsigned long torn, backward, reads;
};

/* Every change makes all offsets the same number, so a mixture shows. */
static void *read_offsets(void *arg)
{
	struct race *race = arg;
	struct sundial_clock_rate rate;
	__s64 last = 0;

	while (!atomic_load(&race->done)) {
		sundial_rate_read(race->page, &rate);
		if (rate.boottime_ns != rate.realtime_ns || rate.tai_ns != rate.realtime_ns ||
		    rate.raw_ns != rate.realtime_ns)
			race->torn++;
		if (rate.realtime_ns < last)
			race->backward++;
		last = rate.realtime_ns;
		race->reads++;
	}
	return NULL;
}

static void *read_count(void *arg)
{
	struct race *race = arg;
	__u64 last = 0, now;

	while (!atomic_load(&race->done)) {
		now = sundial_page_now(race->page, sundial_host_now);
		if (now < last)
			race->backward++;
		last = now;
		race->reads++;
	}
	return NULL;
}

TEST_F(clock, offsets_are_never_read_torn)
{
	struct sundial_clock_create how = kernel_manual();
	struct race race = {0};
	__u64 end_ns = sundial_host_now() + RACE_FOR_NS;
	pthread_t thread;
	__s64 i;

	CREATE(how);
	race.page = sundial_clock_page(self->clock, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_offsets, &race));
	for (i = 1; sundial_host_now() < end_ns; i++) {
		ASSERT_EQ(0, sundial_clock_set_offsets(self->clock, i, i, i, i));
		sched_yield(); /* a writer that does nothing else starves any seqcount's readers */
	}
	atomic_store(&race.done, true);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, race.torn);
	EXPECT_EQ(0, race.backward);
	EXPECT_LT(0, race.reads);
}

/*
 * The hardest case: fast and frozen by turns, so that an old rate overshoots.
 * The writer sleeps in between, or it would lose its CPU in the middle of a
 * change, where the memfd twin promises less.
 */
TEST_F(clock, a_scaled_count_never_goes_backward)
{
	struct sundial_clock_create how = kernel_scaled();
	struct race race = {0};
	__u64 end_ns = sundial_host_now() + RACE_FOR_NS;
	pthread_t thread;
	int i;

	CREATE(how);
	race.page = sundial_clock_page(self->clock, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_count, &race));
	for (i = 0; sundial_host_now() < end_ns; i++) {
		ASSERT_EQ(0, sundial_clock_set_rate(self->clock, i & 1 ? 100 : 0, 0));
		usleep(10);
	}
	atomic_store(&race.done, true);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, race.backward);
	EXPECT_LT(0, race.reads);
}

static void *advance_by_one(void *arg)
{
	struct race *race = arg;
	__u64 end_ns = sundial_host_now() + RACE_FOR_NS;
	unsigned long adds = 0;

	do {
		if (!sundial_clock_advance(race->clock, 1, NULL))
			adds++;
	} while (sundial_host_now() < end_ns);
	atomic_fetch_add(&race->adds, adds);
	return NULL;
}

TEST_F(clock, advances_at_the_same_time_add_up)
{
	struct sundial_clock_create how = kernel_manual();
	pthread_t threads[ADDERS], reader;
	struct race race = {0};
	int i;

	CREATE(how);
	race.clock = self->clock;
	race.page = sundial_clock_page(self->clock, 0);
	ASSERT_EQ(0, pthread_create(&reader, NULL, read_count, &race));
	for (i = 0; i < ADDERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, advance_by_one, &race));
	for (i = 0; i < ADDERS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&race.done, true);
	pthread_join(reader, NULL);
	EXPECT_EQ(1000 + race.adds, sundial_manual_now(race.page));
	EXPECT_EQ(0, race.backward);
}

/* A child dies inside a change, wherever the kill finds it; the next writer goes on. */
TEST_F(clock, a_killed_writer_leaves_a_working_clock)
{
	struct sundial_clock_create how = kernel_scaled();
	const struct sundial_clock_page *page;
	struct sundial_clock_rate rate;
	__s64 change = 0;
	void *head;
	size_t len;
	int i;

	if (self->backing == SUNDIAL_BACKING_MEMFD && syscall(SYS_get_robust_list, 0, &head, &len))
		SKIP(return, "no robust futexes here (QEMU's user emulation)");
	CREATE(how);
	page = sundial_clock_page(self->clock, 0);
	for (i = 0; i < 50; i++) {
		pid_t pid = fork_child();

		if (!pid)
			for (;; change++)
				sundial_clock_set_offsets(self->clock, change, change, change,
							  change);
		usleep(500 + 37 * i);
		kill(pid, SIGKILL);
		ASSERT_EQ(256 + SIGKILL, child_status(pid));
		sundial_rate_read(page, &rate);
		EXPECT_EQ(rate.realtime_ns, rate.raw_ns);
		EXPECT_EQ(rate.realtime_ns, rate.tai_ns);
		ASSERT_EQ(0, sundial_clock_set_offsets(self->clock, -i, -i, -i, -i));
		sundial_rate_read(page, &rate);
		EXPECT_EQ(-i, rate.realtime_ns);
		EXPECT_EQ(0, page->seq & 1);
		EXPECT_EQ(0, memcmp(&page->rate[0], &page->rate[1], sizeof(rate)));
	}
}

TEST_HARNESS_MAIN
