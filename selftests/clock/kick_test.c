// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for pages of kind USER: what they show to their writer, KICK, and pages whose
 * writer means harm.
 */
#include "common.h"

#include "waiters.h"

#define EXPECT_CALL(ret, command, argument) \
	EXPECT_EQ(ret, sundial_clock_call(self->clock, command, argument))

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

TEST_HARNESS_MAIN
