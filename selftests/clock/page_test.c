// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The inline readers and writers of sundial_page.h on a page in ordinary
 * memory: arithmetic at its edges, ticking, and pages that a dead writer left.
 */
#include "common.h"

static __u64 fake_host_ns;

static __u64 fake_host(void)
{
	return fake_host_ns;
}

static struct sundial_clock_page page __attribute__((aligned(PAGE)));

static void init(struct sundial_clock_create how)
{
	memset(&page, 0, sizeof(page));
	fake_host_ns = 500;
	sundial_page_init(&page, &how, 7, fake_host_ns);
}

static struct sundial_clock_create user_scaled(void)
{
	struct sundial_clock_create how = user_manual(1);

	how.mode = SUNDIAL_MODE_SCALED;
	return how;
}

TEST(a_page_made_in_memory_is_like_a_created_one)
{
	struct sundial_clock_create how = user_manual(1);
	const struct sundial_clock_page *created;
	struct sundial_clock *clock;

	how.tai_ns = 37 * SECOND;
	how.realtime_ns = -1;
	init(how);
	ASSERT_EQ(0, sundial_clock_create(&how, SUNDIAL_BACKING_ANY, &clock));
	created = sundial_clock_page(clock, 0);
	page.domain = created->domain;
	EXPECT_EQ(0, memcmp(&page, created, sizeof(page)));
	sundial_clock_close(clock);
}

TEST(the_product_has_128_bits)
{
	struct sundial_clock_rate rate = {.base_ns = 3, .mult = 1ULL << 63, .shift = 63};

	init(user_scaled());
	sundial_rate_write(&page, &rate);
	fake_host_ns = 1ULL << 62;
	EXPECT_EQ((1ULL << 62) + 3, sundial_page_now(&page, fake_host));
	rate.mult = ~0ULL;
	rate.shift = 0;
	sundial_rate_write(&page, &rate);
	fake_host_ns = 2;
	EXPECT_EQ(1, sundial_page_now(&page, fake_host)); /* 3 + 2 * -1, modulo 2^64 */
}

TEST(a_host_time_before_the_base_counts_as_the_base)
{
	struct sundial_clock_rate rate = {.host_base_ns = 100, .base_ns = 9, .mult = 50};

	init(user_scaled());
	sundial_rate_write(&page, &rate);
	fake_host_ns = 99;
	EXPECT_EQ(9, sundial_page_now(&page, fake_host));
	fake_host_ns = 101;
	EXPECT_EQ(59, sundial_page_now(&page, fake_host));
}

TEST(an_odd_seq_sends_readers_to_the_old_copy)
{
	struct sundial_clock_rate rate;
	__s64 ns;

	init(user_manual(1));
	page.seq = 1;
	page.rate[1].tai_ns = 5;
	memset(&page.rate[0], POISON, sizeof(page.rate[0]));
	sundial_rate_read(&page, &rate);
	EXPECT_EQ(5, rate.tai_ns);
	EXPECT_EQ(0, sundial_page_gettime(&page, SUNDIAL_CLOCK_TAI, NULL, &ns));
	EXPECT_EQ(1005, ns);
}

/* A writer may have died at any of its stores. From each, the next one must get the page right. */
TEST(a_new_writer_goes_on_from_any_place)
{
	struct sundial_clock_rate rate = {.tai_ns = 6, .raw_ns = 6};
	struct sundial_clock_rate seen;
	int odd;

	for (odd = 0; odd < 2; odd++) {
		init(user_manual(1));
		page.seq = odd;
		memset(&page.rate[!odd], POISON, sizeof(page.rate[0])); /* half written */
		sundial_rate_write(&page, &rate);
		EXPECT_EQ(2, page.seq);
		sundial_rate_read(&page, &seen);
		EXPECT_EQ(6, seen.tai_ns);
		EXPECT_EQ(6, page.rate[0].raw_ns);
		EXPECT_EQ(6, page.rate[1].raw_ns);
	}
}

TEST(readers_keep_the_old_rate_while_a_new_one_is_written)
{
	struct sundial_clock_rate rate, seen;

	init(user_manual(1));
	page.rate[0].tai_ns = 4;
	memset(&page.rate[1], POISON,
	       sizeof(page.rate[1])); /* its writer died in its second half */
	sundial_rate_begin(&page, &rate);
	EXPECT_EQ(4, rate.tai_ns);
	EXPECT_EQ(1, page.seq);
	sundial_rate_read(&page, &seen);
	EXPECT_EQ(4, seen.tai_ns);
	EXPECT_EQ(0, seen.raw_ns);
	rate.tai_ns = 5;
	sundial_rate_end(&page, &rate);
	sundial_rate_read(&page, &seen);
	EXPECT_EQ(5, seen.tai_ns);
}

static int reader_runs;

static void *read_once(void *seen)
{
	__atomic_store_n(&reader_runs, 1, __ATOMIC_RELEASE);
	sundial_rate_read(&page, seen);
	return NULL;
}

/* A few microseconds of a writer are waited for. One try that the scheduler does not spoil is
 * enough. */
TEST(a_reader_waits_for_a_writer_that_runs)
{
	struct sundial_clock_rate rate, seen;
	pthread_t thread;
	int i, waited = 0;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "needs a second CPU for the writer");
	/* On a busy machine the two are seldom on different CPUs at the same time. */
	for (i = 0; i < 20000 && !waited; i++) {
		init(user_manual(1));
		__atomic_store_n(&reader_runs, 0, __ATOMIC_RELEASE);
		sundial_rate_begin(&page, &rate);
		ASSERT_EQ(0, pthread_create(&thread, NULL, read_once, &seen));
		while (!__atomic_load_n(&reader_runs, __ATOMIC_ACQUIRE))
			sundial_cpu_relax();
		fake_host_ns = sundial_host_now();
		while (sundial_host_now() - fake_host_ns < 20000)
			sundial_cpu_relax();
		rate.tai_ns = 5;
		sundial_rate_end(&page, &rate);
		pthread_join(thread, NULL);
		waited = seen.tai_ns == 5;
	}
	EXPECT_EQ(1, waited);
}

TEST(a_tick_adds_and_counts)
{
	__u64 now = POISON64;

	init(user_manual(1));
	page.tick_ns = 20;
	EXPECT_EQ(0, sundial_tick(&page, &now));
	EXPECT_EQ(1020, now);
	EXPECT_EQ(1020, sundial_manual_now(&page));
	EXPECT_EQ(1, page.reads);
	EXPECT_EQ(0, sundial_tick(&page, &now));
	EXPECT_EQ(1040, now);
	EXPECT_EQ(2, page.reads);
}

TEST(a_tick_never_passes_the_limit)
{
	__u64 now = POISON64;

	init(user_manual(1));
	page.tick_ns = 20;
	page.limit_ns = 1020;
	EXPECT_EQ(0, sundial_tick(&page, &now));
	EXPECT_EQ(1020, now);
	now = POISON64;
	EXPECT_EQ(-EAGAIN, sundial_tick(&page, &now));
	EXPECT_EQ(POISON64, now);
	EXPECT_EQ(1020, sundial_manual_now(&page));
	EXPECT_EQ(1, page.reads);
	page.limit_ns = ~0ULL;
	page.now_ns = ~0ULL - 19;
	EXPECT_EQ(-EAGAIN, sundial_tick(&page, &now)); /* it would wrap */
	EXPECT_EQ(~0ULL - 19, sundial_manual_now(&page));
}

TEST(a_tick_gives_way_to_a_handler_that_set_the_page)
{
	init(user_manual(1));
	EXPECT_EQ(0, sundial_tick_store(&page, 999, 1020));
	EXPECT_EQ(1000, page.now_ns);
	EXPECT_NE(0, sundial_tick_store(&page, 1000, 1020));
	EXPECT_EQ(1020, page.now_ns);
}

static void push_forward(int signal)
{
	sundial_page_set(&page, sundial_manual_now(&page) + 1000000);
}

/* A handler sets the page between any two instructions of a ticking reader. */
TEST(ticks_interrupted_by_a_signal_stay_monotonic)
{
	struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
	__u64 last = 0, now = 0, jumps = 0, i;

	init(user_manual(1));
	page.tick_ns = 1;
	signal(SIGALRM, push_forward);
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	for (i = 0; i < 20000000; i++) {
		ASSERT_EQ(0, sundial_tick(&page, &now));
		ASSERT_GT(now, last);
		jumps += now - last >= 1000000;
		last = now;
	}
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
	EXPECT_EQ(i, page.reads);
	EXPECT_LT(0, jumps);
	EXPECT_EQ(1000 + i, sundial_manual_now(&page) % 1000000 + (i / 1000000) * 1000000);
}

TEST_HARNESS_MAIN
