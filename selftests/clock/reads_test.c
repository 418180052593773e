// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Millions of readings beside a writer, of both kinds in both modes: no value that
 * the writer had not published, and none below an earlier one.
 *
 * The number of readings is SUNDIAL_READS, or what make check has time for.
 */
#include "common.h"

#include <sched.h>
#include <stdatomic.h>

#ifdef SUNDIAL_TEST_MEMFD_ONLY
#define READS 10000000
#else
#define READS 1000000 /* emulated machines */
#endif
#define ENOUGH_CHANGES 100
#define FOLLOWED       1024 /* readings between which the writer is told */
#define TIMEOUT_SEC    36000

struct writer {
	struct sundial_clock *clock;
	atomic_bool done;
	atomic_ulong changes, reads;
	void (*change)(struct sundial_clock *clock, __u64 turn);
};

/*
 * Of values whose halves are equal there are 1 << 32, a few seconds' worth, and the next
 * one would be below the last: the writer is at most four values a reading ahead.
 */
static void *keep_writing(void *argument)
{
	struct writer *writer = argument;
	__u64 turn;

	for (turn = 1; !atomic_load(&writer->done); turn++) {
		while (turn > 4 * atomic_load(&writer->reads) && !atomic_load(&writer->done))
			sundial_cpu_relax();
		writer->change(writer->clock, turn);
		atomic_fetch_add(&writer->changes, 1);
	}
	return NULL;
}

/* What the reader took as the host's time. */
static __u64 last_host_ns;

static __u64 noted_host(void)
{
	last_host_ns = sundial_host_now();
	return last_host_ns;
}

/* Every count that is published has the same number in both halves. */
static bool has_equal_halves(__u64 now_ns)
{
	return now_ns >> 32 == (now_ns & 0xffffffff);
}

/* Every rate that is published gives the same count: the host's time less this. */
static __u64 line_ns;

static bool is_on_the_line(__u64 now_ns)
{
	return now_ns == last_host_ns - line_ns;
}

static void read_beside(struct __test_metadata *_metadata, struct writer *writer,
			bool (*is_whole)(__u64 now_ns))
{
	const struct sundial_clock_page *page = sundial_clock_page(writer->clock, 0);
	const char *reads = getenv("SUNDIAL_READS");
	unsigned long wanted = reads ? strtoul(reads, NULL, 0) : READS, i;
	unsigned long torn = 0, backward = 0;
	__u64 last = 0, now;
	pthread_t thread;

	atomic_store(&writer->reads, FOLLOWED);
	ASSERT_EQ(0, pthread_create(&thread, NULL, keep_writing, writer));
	/* on a busy machine the writer may not run beside the first of them */
	for (i = 0; i < wanted || atomic_load(&writer->changes) < ENOUGH_CHANGES; i++) {
		now = sundial_page_now(page, noted_host);
		torn += !is_whole(now);
		backward += now < last;
		last = now;
		if (i % FOLLOWED == 0)
			atomic_store(&writer->reads, i + FOLLOWED);
	}
	atomic_store(&writer->done, true);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, torn);
	EXPECT_EQ(0, backward);
}

static void set_halves(struct sundial_clock *clock, __u64 turn)
{
	sundial_page_set(sundial_clock_user_page(clock, 0),
			 (turn & 0xffffffff) << 32 | (turn & 0xffffffff));
}

TEST_F_TIMEOUT(clock, a_manual_page_of_the_user_is_read_whole_and_forward, TIMEOUT_SEC)
{
	struct sundial_clock_create how = user_manual(1);
	struct writer writer = {.change = set_halves};

	how.now_ns = 0;
	CREATE(how);
	writer.clock = self->clock;
	read_beside(_metadata, &writer, has_equal_halves);
}

static void advance_both_halves(struct sundial_clock *clock, __u64 turn)
{
	sundial_clock_advance(clock, 1ULL << 32 | 1, NULL);
}

TEST_F_TIMEOUT(clock, a_manual_page_of_the_kernel_is_read_whole_and_forward, TIMEOUT_SEC)
{
	struct sundial_clock_create how = kernel_manual();
	struct writer writer = {.change = advance_both_halves};

	how.now_ns = 0;
	CREATE(how);
	writer.clock = self->clock;
	read_beside(_metadata, &writer, has_equal_halves);
}

/* Other bases and shifts for the same line: a mixture of two is far from it. */
static void write_line(struct sundial_clock *clock, __u64 turn)
{
	__u32 shift = turn % 40;
	__u64 base_ns = 1 + turn % 1000003;
	struct sundial_clock_rate rate = {.host_base_ns = line_ns + base_ns,
					  .base_ns = base_ns,
					  .mult = 1ULL << shift,
					  .shift = shift};

	sundial_rate_write(sundial_clock_user_page(clock, 0), &rate);
}

TEST_F_TIMEOUT(clock, a_scaled_page_of_the_user_is_read_whole_and_forward, TIMEOUT_SEC)
{
	struct sundial_clock_create how = user_manual(1);
	struct writer writer = {.change = write_line};

	how.mode = SUNDIAL_MODE_SCALED;
	CREATE(how);
	writer.clock = self->clock;
	line_ns = 0;
	write_line(self->clock, 0);
	read_beside(_metadata, &writer, is_on_the_line);
}

static void set_same_rate(struct sundial_clock *clock, __u64 turn)
{
	sundial_clock_set_rate(clock, 1ULL << turn % 40, turn % 40);
}

TEST_F_TIMEOUT(clock, a_scaled_page_of_the_kernel_is_read_whole_and_forward, TIMEOUT_SEC)
{
	struct sundial_clock_create how = kernel_scaled();
	struct writer writer = {.change = set_same_rate};

	CREATE(how);
	writer.clock = self->clock;
	line_ns = -sundial_page_now(sundial_clock_page(self->clock, 0), noted_host);
	line_ns += last_host_ns;
	read_beside(_metadata, &writer, is_on_the_line);
}

TEST_HARNESS_MAIN
