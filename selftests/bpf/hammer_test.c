// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A BPF reader beside a C writer: no value that the writer had not published, and
 * none below an earlier one. Each reading is compared where it is made, in the
 * program (hammer in ask.bpf.c).
 *
 * The number of readings is SUNDIAL_READS, or what make check has time for.
 */
#include "common.h"

#define LOOPS	     100000 /* in one call: the program keeps its CPU meanwhile */
#define READS_NATIVE 10000000
#define READS_IN_VM  1000000 /* emulated */

struct writer {
	struct sundial_clock *clock;
	__u32 pattern;
	atomic_bool done;
	atomic_ulong reads; /* so far */
};

/*
 * Of values whose halves are equal there are 1 << 32, a few seconds' worth, and the next
 * one would be below the last: the writer is at most four values a reading ahead.
 */
static void let_reader_follow(struct writer *writer, __u64 turn)
{
	while (turn > 4 * atomic_load(&writer->reads) && !atomic_load(&writer->done))
		sundial_cpu_relax();
}

FIXTURE(hammer)
{
	struct ask *skeleton;
	struct sundial_clock *array;
	unsigned long reads;
};

FIXTURE_SETUP(hammer)
{
	const char *reads = getenv("SUNDIAL_READS");

	self->skeleton = NULL;
	self->array = NULL;
	libbpf_set_print(silent);
	self->reads = has_module() ? READS_IN_VM : READS_NATIVE;
	if (reads)
		self->reads = strtoul(reads, NULL, 0);
	if (!has_bpf())
		SKIP_SETUP(NO_BPF);
	self->skeleton = open_ask(has_kfuncs());
	ASSERT_NE(NULL, self->skeleton);
}

FIXTURE_TEARDOWN(hammer)
{
	ask__destroy(self->skeleton);
	sundial_clock_close(self->array);
	wait_for_module();
}

/* All these rates give the same count, the host's time: any mixture of two does not. */
static void write_line(struct sundial_clock_page *page, __u64 turn)
{
	__u32 shift = turn % 40;
	struct sundial_clock_rate rate = {.host_base_ns = 1 + turn % 1000003,
					  .base_ns = 1 + turn % 1000003,
					  .mult = 1ULL << shift,
					  .shift = shift};

	sundial_rate_write(page, &rate);
}

static void *write_pages(void *argument)
{
	struct writer *writer = argument;
	struct sundial_clock_page *page = sundial_clock_user_page(writer->clock, 0);
	__u64 turn;
	int i;

	for (turn = 1; !atomic_load(&writer->done); turn++) {
		if (writer->pattern == PATTERN_LINE) {
			write_line(page, turn);
			/* a writer that does nothing else starves the readers of any latch */
			for (i = 0; i < 20; i++)
				sundial_cpu_relax();
		} else {
			let_reader_follow(writer, turn);
			sundial_page_set(page, (turn & 0xffffffff) << 32 | (turn & 0xffffffff));
		}
	}
	return NULL;
}

/* Fast and frozen by turns, so that an old rate overshoots. */
static void *write_rates(void *argument)
{
	struct writer *writer = argument;
	int turn;

	for (turn = 0; !atomic_load(&writer->done); turn++)
		sundial_clock_set_rate(writer->clock, turn & 1 ? 100 : 0, 0);
	return NULL;
}

static void *advance(void *argument)
{
	struct writer *writer = argument;
	__u64 turn;

	for (turn = 1; !atomic_load(&writer->done); turn++) {
		let_reader_follow(writer, turn);
		/* the same for both halves */
		sundial_clock_advance(writer->clock, 1ULL << 32 | 1, NULL);
	}
	return NULL;
}

static void hammer_beside(struct __test_metadata *_metadata, FIXTURE_DATA(hammer) * self,
			  struct writer *writer, void *(*write)(void *), bool kfunc)
{
	struct hammering how = {.loops = LOOPS, .kfunc = kfunc, .pattern = writer->pattern};
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &how, .ctx_size_in = sizeof(how));
	__u64 torn = 0, backward = 0, changes = 0;
	unsigned long reads;
	pthread_t thread;

	atomic_store(&writer->reads, LOOPS);
	ASSERT_EQ(0, pthread_create(&thread, NULL, write, writer));
	/* on a busy machine the writer may not have run beside the first of them */
	for (reads = 0; reads < self->reads || (changes < 100 && reads < 50 * self->reads);
	     reads += LOOPS) {
		ASSERT_EQ(0, bpf_prog_test_run_opts(bpf_program__fd(self->skeleton->progs.hammer),
						    &options));
		torn += how.torn;
		backward += how.backward;
		changes += how.changes;
		atomic_store(&writer->reads, reads + 2 * LOOPS);
	}
	atomic_store(&writer->done, true);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, torn);
	EXPECT_EQ(0, backward);
	EXPECT_LE(100, changes);
}

static void hammer_array(struct __test_metadata *_metadata, FIXTURE_DATA(hammer) * self, __u32 mode,
			 __u32 pattern)
{
	struct writer writer = {.pattern = pattern};

	ASSERT_EQ(0, give_pages(self->skeleton, mode, &self->array));
	ASSERT_EQ(0, ask__load(self->skeleton));
	if (pattern == PATTERN_LINE)
		write_line(sundial_clock_user_page(self->array, 0), 1);
	else
		sundial_page_set(sundial_clock_user_page(self->array, 0), 0);
	writer.clock = self->array;
	hammer_beside(_metadata, self, &writer, write_pages, false);
}

TEST_F_TIMEOUT(hammer, a_manual_array_is_read_whole_and_forward, 3600)
{
	hammer_array(_metadata, self, SUNDIAL_MODE_MANUAL, PATTERN_HALVES);
}

TEST_F_TIMEOUT(hammer, a_scaled_array_is_read_whole_and_forward, 3600)
{
	hammer_array(_metadata, self, SUNDIAL_MODE_SCALED, PATTERN_LINE);
}

static void hammer_device(struct __test_metadata *_metadata, FIXTURE_DATA(hammer) * self,
			  __u32 kind, __u32 mode, __u32 pattern, void *(*write)(void *))
{
	struct sundial_clock_create how = {.kind = kind, .mode = mode, .count = 1};
	struct sundial_clock_bind bind = {0};
	struct writer writer = {.pattern = pattern};

	if (!has_kfuncs())
		SKIP(return, "%s", has_module() ? NO_KFUNCS : "the module is not loaded");
	ASSERT_EQ(0, ask__load(self->skeleton));
	ASSERT_EQ(0, sundial_clock_create(&how, SUNDIAL_BACKING_DEVICE, &writer.clock));
	ASSERT_EQ(0, sundial_clock_call(writer.clock, SUNDIAL_CLOCK_BIND, &bind));
	if (pattern == PATTERN_LINE)
		write_line(sundial_clock_user_page(writer.clock, 0), 1);
	hammer_beside(_metadata, self, &writer, write, true);
	sundial_clock_close(writer.clock);
}

TEST_F_TIMEOUT(hammer, a_manual_page_of_the_user_is_read_whole_and_forward, 3600)
{
	hammer_device(_metadata, self, SUNDIAL_KIND_USER, SUNDIAL_MODE_MANUAL, PATTERN_HALVES,
		      write_pages);
}

TEST_F_TIMEOUT(hammer, a_scaled_page_of_the_user_is_read_whole_and_forward, 3600)
{
	hammer_device(_metadata, self, SUNDIAL_KIND_USER, SUNDIAL_MODE_SCALED, PATTERN_LINE,
		      write_pages);
}

TEST_F_TIMEOUT(hammer, a_manual_page_of_the_kernel_is_read_whole_and_forward, 3600)
{
	hammer_device(_metadata, self, SUNDIAL_KIND_KERNEL, SUNDIAL_MODE_MANUAL, PATTERN_HALVES,
		      advance);
}

/* The hardest: only a kernel that nothing takes off its CPU can promise it. */
TEST_F_TIMEOUT(hammer, a_scaled_page_of_the_kernel_is_read_forward_between_fast_and_frozen, 3600)
{
	hammer_device(_metadata, self, SUNDIAL_KIND_KERNEL, SUNDIAL_MODE_SCALED, PATTERN_NONE,
		      write_rates);
}

TEST_HARNESS_MAIN
