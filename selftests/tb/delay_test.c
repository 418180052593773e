// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Invalidations that take their time: sundial_delay.ko holds one between the
 * callbacks for its start and its end, so that each step beside it is seen. Needs
 * root, and the module in /modules.
 *
 * What is held is madvise(MADV_DONTNEED), which takes the mmap lock for reading
 * only: the test itself must be able to fault meanwhile.
 */
#include "common.h"

#include "module/sundial_delay.h"

#define PAGES 4

FIXTURE(delay)
{
	struct sundial_tb *tb;
	int fd;
	char *memory; /* PAGES, attached to slot 0 */
	pthread_t thread;
	char *cleared;
};

static void load_module(void)
{
	int fd = open("/modules/sundial_delay.ko", O_RDONLY);

	if (fd < 0)
		return;
	syscall(SYS_finit_module, fd, "", 0);
	close(fd);
}

FIXTURE_SETUP(delay)
{
	memset(self, 0, sizeof(*self));
	SKIP_IF_DEVICE_REFUSES_USER();
	if (geteuid())
		SKIP_SETUP("needs root");
	if (access("/modules/sundial_delay.ko", F_OK))
		SKIP_SETUP("no /modules/sundial_delay.ko: selftests/vm/run.sh puts it there");
	load_module();
	self->fd = open("/dev/sundial_delay", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	/* before the set: what is registered later is called earlier */
	ASSERT_EQ(0, ioctl(self->fd, SUNDIAL_DELAY_WATCH));
	ASSERT_EQ(0, make_set(SUNDIAL_BACKING_DEVICE, 4, 0, 16, &self->tb));
	self->memory = map_anonymous(PAGES);
	ASSERT_EQ(0, sundial_tb_attach(self->tb, 0, self->memory, PAGES * PAGE));
}

FIXTURE_TEARDOWN(delay)
{
	sundial_tb_close(self->tb);
	close(self->fd);
	syscall(SYS_delete_module, "sundial_delay", O_NONBLOCK);
}

static void *clear(void *address)
{
	return (void *)(intptr_t)madvise(address, PAGE, MADV_DONTNEED);
}

/* Another thread clears a page of memory; returns when that is held amid it. */
static void hold(FIXTURE_DATA(delay) * self, char *page)
{
	struct sundial_delay_range range = {(uintptr_t)page, (uintptr_t)page + PAGE};

	ioctl(self->fd, SUNDIAL_DELAY_ARM, &range);
	pthread_create(&self->thread, NULL, clear, page);
	ioctl(self->fd, SUNDIAL_DELAY_WAIT);
}

static void release(FIXTURE_DATA(delay) * self)
{
	ioctl(self->fd, SUNDIAL_DELAY_RELEASE);
	pthread_join(self->thread, NULL);
}

static bool is_odd(FIXTURE_DATA(delay) * self, __u32 slot)
{
	return generation_now(self->tb, slot) & 1;
}

/* Waits for that. */
static bool comes_to_rest(FIXTURE_DATA(delay) * self, __u32 slot)
{
	return !(generation(self->tb, slot) & 1);
}

TEST_F(delay, a_translation_begun_before_or_during_an_invalidation_does_not_survive_it)
{
	const struct sundial_tb_page *page = sundial_tb_page(self->tb);
	__u64 before, during, after;

	before = sundial_tb_begin(page, 0);
	EXPECT_FALSE(sundial_tb_retry(page, 0, before));
	hold(self, self->memory);
	EXPECT_TRUE(sundial_tb_retry(page, 0, before));
	EXPECT_FALSE(sundial_tb_valid(page, 0, before));
	during = sundial_tb_begin(page, 0);
	EXPECT_EQ(1, during & 1);
	/* the old bytes are still there, and what is made of them is refused */
	EXPECT_EQ(0x55, *(volatile char *)self->memory);
	EXPECT_TRUE(sundial_tb_retry(page, 0, during));
	release(self);
	EXPECT_FALSE(sundial_tb_valid(page, 0, before));
	EXPECT_FALSE(sundial_tb_valid(page, 0, during));
	after = generation(self->tb, 0);
	EXPECT_EQ(0, *(volatile char *)self->memory);
	EXPECT_FALSE(sundial_tb_retry(page, 0, after));
}

TEST_F(delay, a_range_attached_during_an_invalidation_is_odd_until_that_ends)
{
	hold(self, self->memory);
	EXPECT_EQ(0, sundial_tb_attach(self->tb, 1, self->memory, PAGE));
	EXPECT_TRUE(is_odd(self, 1));
	release(self);
	EXPECT_TRUE(comes_to_rest(self, 1));
	EXPECT_LT(2, generation(self->tb, 1));
}

TEST_F(delay, a_range_attached_during_one_survives_another_that_begins_and_ends_in_it)
{
	hold(self, self->memory);
	EXPECT_EQ(0, sundial_tb_attach(self->tb, 1, self->memory, 2 * PAGE));
	EXPECT_EQ(0, madvise(self->memory + PAGE, PAGE, MADV_DONTNEED));
	EXPECT_TRUE(is_odd(self, 1));
	release(self);
	EXPECT_TRUE(comes_to_rest(self, 1));
	EXPECT_EQ(0, madvise(self->memory + PAGE, PAGE, MADV_DONTNEED));
	EXPECT_TRUE(comes_to_rest(self, 1));
}

TEST_F(delay, a_range_detached_during_an_invalidation_gives_its_slot_back)
{
	__u64 detached;

	hold(self, self->memory);
	EXPECT_EQ(0, sundial_tb_detach(self->tb, 0));
	detached = generation_now(self->tb, 0);
	EXPECT_EQ(0, detached & 1);
	EXPECT_EQ(0, sundial_tb_attach(self->tb, 0, self->memory, PAGE));
	EXPECT_TRUE(is_odd(self, 0));
	EXPECT_EQ(0, sundial_tb_detach(self->tb, 0));
	detached = generation_now(self->tb, 0);
	release(self);
	EXPECT_EQ(detached, generation(self->tb, 0));
}

TEST_F(delay, a_second_invalidation_that_overlaps_leaves_the_slot_odd_when_it_ends)
{
	hold(self, self->memory);
	EXPECT_EQ(0, madvise(self->memory, 2 * PAGE, MADV_DONTNEED));
	EXPECT_TRUE(is_odd(self, 0));
	release(self);
	EXPECT_TRUE(comes_to_rest(self, 0));
}

TEST_F(delay, one_that_ends_does_not_end_another_processs_on_the_same_slot)
{
	int go[2], done[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(go) | pipe(done));
	pid = fork_child();
	if (!pid) {
		char *theirs = map_anonymous(1);

		if (sundial_tb_register(self->tb) || sundial_tb_attach(self->tb, 0, theirs, PAGE))
			_exit(1);
		pipe_put(done[1]);
		pipe_get(go[0]);
		madvise(theirs, PAGE, MADV_DONTNEED);
		pipe_put(done[1]);
		_exit(0);
	}
	pipe_get(done[0]);
	hold(self, self->memory);
	EXPECT_EQ(1, generation_now(self->tb, 0) & 1);
	pipe_put(go[1]);
	pipe_get(done[0]);
	EXPECT_EQ(1, generation_now(self->tb, 0) & 1);
	release(self);
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(0, generation(self->tb, 0) & 1);
}

TEST_F(delay, an_invalidation_elsewhere_keeps_no_other_slot_odd)
{
	char *elsewhere = map_anonymous(1);
	__u64 before = generation_now(self->tb, 0);

	ASSERT_EQ(0, sundial_tb_attach(self->tb, 1, elsewhere, PAGE));
	hold(self, elsewhere);
	EXPECT_TRUE(is_odd(self, 1));
	EXPECT_EQ(before, generation_now(self->tb, 0));
	release(self);
	EXPECT_TRUE(comes_to_rest(self, 1));
}

TEST_F(delay, invalidate_during_an_invalidation_changes_the_odd_generation)
{
	__u64 during;

	hold(self, self->memory);
	during = generation_now(self->tb, 0);
	EXPECT_EQ(0, sundial_tb_invalidate(self->tb, 0, 1));
	EXPECT_EQ(during + 2, generation_now(self->tb, 0));
	release(self);
	EXPECT_EQ(during + 3, generation(self->tb, 0));
}

/* By plain calls, since unmapping has to wait for what is held. */
TEST_F(delay, a_set_is_closed_during_an_invalidation)
{
	struct sundial_tb_attach attach = {.address = (uintptr_t)self->memory, .length = PAGE};
	struct sundial_tb_create how = {.slots = 2, .events = 4};
	struct sundial_tb_register registering = {};
	int device = open("/dev/sundial", O_RDWR);
	int set = ioctl(device, SUNDIAL_TB_CREATE, &how);

	ASSERT_LE(0, set);
	ASSERT_EQ(0, ioctl(set, SUNDIAL_TB_REGISTER, &registering));
	ASSERT_EQ(0, ioctl(set, SUNDIAL_TB_ATTACH, &attach));
	hold(self, self->memory);
	attach.slot = 1;
	ASSERT_EQ(0, ioctl(set, SUNDIAL_TB_ATTACH, &attach));
	close(set);
	EXPECT_TRUE(is_odd(self, 0));
	release(self);
	EXPECT_TRUE(comes_to_rest(self, 0));
	close(device);
}

TEST_F(delay, a_process_killed_during_an_invalidation_leaves_the_slot_even)
{
	struct sundial_tb_info info;
	pid_t pid = fork_child();

	if (!pid) {
		close(self->fd);
		self->fd = open("/dev/sundial_delay", O_RDWR);
		if (ioctl(self->fd, SUNDIAL_DELAY_WATCH) || sundial_tb_register(self->tb) ||
		    sundial_tb_attach(self->tb, 2, self->memory, PAGE))
			_exit(1);
		hold(self, self->memory);
		raise(SIGKILL);
	}
	EXPECT_EQ(256 + SIGKILL, child_status(pid));
	do {
		ASSERT_EQ(0, sundial_tb_info(self->tb, &info));
	} while (info.spaces > 1 && !usleep(1000));
	EXPECT_TRUE(comes_to_rest(self, 2));
	EXPECT_LT(4, generation(self->tb, 2));
}

TEST_F(delay, the_module_is_not_unloaded_while_a_set_is_open)
{
	errno = 0;
	EXPECT_EQ(-1, syscall(SYS_delete_module, "sundial", O_NONBLOCK));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_HARNESS_MAIN
