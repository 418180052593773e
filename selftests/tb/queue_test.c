// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The event queue: order, what fits, what is lost and that it is told, readers
 * beside each other, and waiting.
 */
#include <sys/epoll.h>

#include "common.h"

#define EVENT sizeof(struct sundial_tb_event)

static void *read_one(void *argument)
{
	static struct sundial_tb_event event;
	struct sundial_tb *tb = argument;

	return sundial_tb_read(tb, &event, 1, SUNDIAL_TB_FOREVER) == 1 ? &event : NULL;
}

TEST_F(tb, events_come_in_order_and_once)
{
	struct sundial_tb_event events[8];
	char *memory = map_anonymous(4);

	memset(events, POISON, sizeof(events));
	SET(3, 0, 8);
	ASSERT_EQ(0, sundial_tb_attach(self->tb, 2, memory, 4 * PAGE));
	ASSERT_EQ(0, sundial_tb_invalidate(self->tb, 0, 2));
	CHANGE(self->tb, memory + PAGE, 2 * PAGE, SUNDIAL_TB_UNMAPPED,
	       munmap(memory + PAGE, 2 * PAGE));
	ASSERT_EQ(0, sundial_tb_detach(self->tb, 2));
	EXPECT_EQ(5, sundial_tb_page(self->tb)->queued);
	ASSERT_EQ(5, sundial_tb_read(self->tb, events, 8, 0));
	EXPECT_EQ(SUNDIAL_TB_ATTACHED, events[0].reason);
	EXPECT_EQ(2, events[0].slot);
	EXPECT_EQ(0, events[0].start | events[0].end);
	EXPECT_EQ(4, events[0].generation);
	EXPECT_EQ(SUNDIAL_TB_INVALIDATED, events[1].reason);
	EXPECT_EQ(0, events[1].slot);
	EXPECT_EQ(4, events[1].generation);
	EXPECT_EQ(1, events[2].slot);
	EXPECT_EQ(SUNDIAL_TB_UNMAPPED, events[3].reason);
	EXPECT_EQ(2, events[3].slot);
	EXPECT_EQ(PAGE, events[3].start);
	EXPECT_EQ(3 * PAGE, events[3].end);
	EXPECT_EQ(5, events[3].generation);
	EXPECT_EQ(SUNDIAL_TB_DETACHED, events[4].reason);
	EXPECT_EQ(8, events[4].generation);
	EXPECT_EQ(POISON64, events[5].generation);
	EXPECT_EQ(-EAGAIN, sundial_tb_read(self->tb, events, 8, 0));
	EXPECT_EQ(-EAGAIN, sundial_tb_read(self->tb, events, 8, MILLISECOND));
}

TEST_F(tb, a_small_buffer_gets_the_first_events_and_the_next_read_the_rest)
{
	struct sundial_tb_event events[20];

	SET(20, 0, 20);
	ASSERT_EQ(0, sundial_tb_invalidate(self->tb, 0, 20));
	memset(events, POISON, sizeof(events));
	ASSERT_EQ(3, sundial_tb_read(self->tb, events, 3, 0));
	EXPECT_EQ(2, events[2].slot);
	EXPECT_EQ(POISON64, events[3].generation);
	ASSERT_EQ(17, sundial_tb_read(self->tb, events, 20, 0));
	EXPECT_EQ(3, events[0].slot);
	EXPECT_EQ(19, events[16].slot);
	EXPECT_EQ(-EINVAL, sundial_tb_read(self->tb, events, 0, 0));
}

TEST_F(tb, what_did_not_fit_is_told_first_and_the_queue_goes_on)
{
	struct sundial_tb_event events[10];

	SET(16, 0, 4);
	ASSERT_EQ(0, sundial_tb_invalidate(self->tb, 0, 10));
	EXPECT_EQ(10, sundial_tb_page(self->tb)->queued);
	memset(events, POISON, sizeof(events));
	ASSERT_EQ(5, sundial_tb_read(self->tb, events, 10, 0));
	EXPECT_EQ(SUNDIAL_TB_LOST, events[0].reason);
	EXPECT_EQ(0, events[0].slot);
	EXPECT_EQ(0, events[0].start | events[0].end);
	EXPECT_EQ(6, events[0].generation);
	EXPECT_EQ(0, events[1].slot);
	EXPECT_EQ(3, events[4].slot);
	/* the generations were told nothing of this */
	EXPECT_EQ(4, generation(self->tb, 9));
	ASSERT_EQ(0, sundial_tb_invalidate(self->tb, 9, 1));
	ASSERT_EQ(1, sundial_tb_read(self->tb, events, 10, 0));
	EXPECT_EQ(SUNDIAL_TB_INVALIDATED, events[0].reason);
	EXPECT_EQ(9, events[0].slot);
}

TEST_F(tb, lost_alone_fills_a_buffer_of_one)
{
	struct sundial_tb_event event;

	SET(4, 0, 1);
	ASSERT_EQ(0, sundial_tb_invalidate(self->tb, 0, 4));
	ASSERT_EQ(1, sundial_tb_read(self->tb, &event, 1, 0));
	EXPECT_EQ(SUNDIAL_TB_LOST, event.reason);
	EXPECT_EQ(3, event.generation);
	ASSERT_EQ(1, sundial_tb_read(self->tb, &event, 1, 0));
	EXPECT_EQ(SUNDIAL_TB_INVALIDATED, event.reason);
	EXPECT_EQ(0, event.slot);
}

TEST_F(tb, a_set_without_a_queue_cannot_be_read)
{
	struct sundial_tb_event event;

	SET(4, 0, 0);
	ASSERT_EQ(0, sundial_tb_invalidate(self->tb, 0, 4));
	EXPECT_EQ(-EINVAL, sundial_tb_read(self->tb, &event, 1, 0));
	EXPECT_EQ(0, sundial_tb_page(self->tb)->queued);
}

TEST_F(tb, a_reader_that_waits_is_woken)
{
	pthread_t thread;
	void *event;
	int i;

	SET(1, 0, 2);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, read_one, self->tb));
		if (i % 2)
			sched_yield();
		ASSERT_EQ(0, sundial_tb_invalidate(self->tb, 0, 1));
		pthread_join(thread, &event);
		ASSERT_NE(NULL, event);
		EXPECT_EQ(4 + 2 * i, ((struct sundial_tb_event *)event)->generation);
	}
}

#define SHARED_EVENTS 20000

struct reader {
	struct sundial_tb *tb;
	pthread_t thread;
	__u64 count;
	__u64 last;
	bool backward;
	bool lost;
};

static void *read_many(void *argument)
{
	struct reader *reader = argument;
	struct sundial_tb_event events[5];
	int got, i;

	for (;;) {
		got = sundial_tb_read(reader->tb, events, 5, SUNDIAL_TB_FOREVER);
		for (i = 0; i < got; i++) {
			if (events[i].slot == 1)
				return NULL;
			reader->lost |= events[i].reason == SUNDIAL_TB_LOST;
			reader->backward |= events[i].generation <= reader->last;
			reader->last = events[i].generation;
			reader->count++;
		}
	}
}

TEST_F(tb, two_readers_share_the_events_each_read_once)
{
	struct reader readers[2];
	int i;

	SET(2, 0, SUNDIAL_TB_MAX_EVENTS);
	for (i = 0; i < 2; i++) {
		readers[i] = (struct reader){.tb = self->tb};
		pthread_create(&readers[i].thread, NULL, read_many, &readers[i]);
	}
	for (i = 0; i < SHARED_EVENTS; i++)
		sundial_tb_invalidate(self->tb, 0, 1);
	/* one to end each; a reader that got both left none for the other */
	sundial_tb_invalidate(self->tb, 1, 1);
	while (pthread_tryjoin_np(readers[0].thread, NULL) &&
	       pthread_tryjoin_np(readers[1].thread, NULL))
		sched_yield();
	sundial_tb_invalidate(self->tb, 1, 1);
	while (sundial_tb_page(self->tb)->queued != SHARED_EVENTS + 2)
		sched_yield();
	for (i = 0; i < 2; i++)
		pthread_join(readers[i].thread, NULL);
	EXPECT_LE(readers[0].count + readers[1].count, SHARED_EVENTS);
	EXPECT_GE(readers[0].count + readers[1].count, SHARED_EVENTS - 4);
	for (i = 0; i < 2; i++) {
		EXPECT_FALSE(readers[i].backward);
		EXPECT_FALSE(readers[i].lost);
	}
}

static void nothing(int signal)
{
}

TEST_F(tb, a_signal_interrupts_a_reader)
{
	struct itimerval often = {.it_interval = {.tv_usec = 5000}, .it_value = {.tv_usec = 5000}};
	struct sigaction action = {.sa_handler = nothing};
	struct itimerval never = {};
	struct sundial_tb_event event;

	SET(1, 0, 1);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	EXPECT_EQ(-EINTR, sundial_tb_read(self->tb, &event, 1, SUNDIAL_TB_FOREVER));
	setitimer(ITIMER_REAL, &never, NULL);
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY

TEST_F(device, poll_and_epoll_report_events_and_their_end)
{
	struct epoll_event ready = {.events = EPOLLIN};
	int epoll = epoll_create1(0);
	struct sundial_tb_event event;
	struct pollfd set;

	SET(1, 0, 4);
	set = (struct pollfd){.fd = sundial_tb_fd(self->tb), .events = POLLIN};
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, set.fd, &ready));
	EXPECT_EQ(0, poll(&set, 1, 0));
	EXPECT_EQ(0, epoll_wait(epoll, &ready, 1, 0));
	ASSERT_EQ(0, sundial_tb_invalidate(self->tb, 0, 1));
	EXPECT_EQ(1, poll(&set, 1, -1));
	EXPECT_EQ(POLLIN, set.revents);
	EXPECT_EQ(1, epoll_wait(epoll, &ready, 1, -1));
	EXPECT_EQ(EVENT, read(set.fd, &event, EVENT));
	EXPECT_EQ(0, poll(&set, 1, 0));
	EXPECT_EQ(0, epoll_wait(epoll, &ready, 1, 0));
	close(epoll);
}

TEST_F(device, read_gives_whole_events_and_its_own_errors)
{
	char buffer[2 * EVENT + 5];
	char *volatile nowhere = NULL;
	int fd;

	SET(4, 0, 4);
	fd = sundial_tb_fd(self->tb);
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	EXPECT_ERRNO(EAGAIN, read(fd, buffer, sizeof(buffer)));
	EXPECT_ERRNO(EINVAL, read(fd, buffer, EVENT - 1));
	ASSERT_EQ(0, sundial_tb_invalidate(self->tb, 0, 3));
	memset(buffer, POISON, sizeof(buffer));
	EXPECT_ERRNO(EINVAL, read(fd, buffer, EVENT - 1));
	EXPECT_ERRNO(EFAULT, read(fd, nowhere, sizeof(buffer)));
	EXPECT_EQ(2 * EVENT, read(fd, buffer, sizeof(buffer)));
	EXPECT_EQ((char)POISON, buffer[2 * EVENT]);
	EXPECT_EQ(EVENT, read(fd, buffer, sizeof(buffer)));
	EXPECT_EQ(2, ((struct sundial_tb_event *)buffer)->slot);
}

#endif

TEST_HARNESS_MAIN
