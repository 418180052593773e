// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ABI grows without a version: programs and libraries built against the
 * first release's header, today's, and a later one's work with one another's
 * pages and with today's module. first/ holds the first header as it was
 * released; future.sh makes the later one.
 */
#include "../clock/common.h"
#include "peer.h"

/* libsundial built against the later header, its symbols renamed. */
int later_sundial_clock_create(const struct sundial_clock_create *how, unsigned int backing,
			       struct sundial_clock **out);
int later_sundial_clock_attach(int fd, struct sundial_clock **out);
void later_sundial_clock_close(struct sundial_clock *clock);
int later_sundial_clock_fd(const struct sundial_clock *clock);
int later_sundial_clock_gettime(const struct sundial_clock *clock, __u32 index, clockid_t id,
				struct timespec *ts);
struct sundial_clock_page *later_sundial_clock_user_page(const struct sundial_clock *clock,
							 __u32 index);

#define LATER_PAGE_SIZE 320	  /* of the later header's page */
#define LATER_FLAG	(1U << 1) /* SUNDIAL_PAGE_LEAP, SUNDIAL_CREATE_LEAP */

typedef unsigned long long (*read_function)(int fd, const char **why);

static const struct {
	const char *edition;
	read_function read;
} readers[] = {{"first", first_read}, {"now", now_read}, {"future", future_read}};

static int check_reader(read_function read, int fd, unsigned long long from, unsigned long long to)
{
	const char *why;
	unsigned long long count = read(fd, &why);

	if (why || count < from || count > to)
		printf("# %s: %llu, not in %llu to %llu\n", why ? why : "count", count, from, to);
	return !why && count >= from && count <= to;
}

TEST_F(clock, programs_of_every_edition_read_a_manual_page_of_today)
{
	struct sundial_clock_create how = kernel_manual();
	size_t i;

	CREATE(how);
	ASSERT_EQ(0, sundial_clock_set(self->clock, 5000));
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		EXPECT_TRUE(
			check_reader(readers[i].read, sundial_clock_fd(self->clock), 5000, 5000));
}

TEST_F(clock, programs_of_every_edition_read_a_scaled_page_of_today)
{
	struct sundial_clock_create how = kernel_scaled();
	size_t i;

	CREATE(how);
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		EXPECT_TRUE(check_reader(readers[i].read, sundial_clock_fd(self->clock), 1000,
					 3600 * SECOND));
}

TEST_F(clock, a_later_program_finds_that_a_page_of_today_lacks_the_new_field)
{
	struct sundial_clock_create how = user_manual(1);

	CREATE(how);
	EXPECT_EQ(0, future_sees_leap(sundial_clock_fd(self->clock)));
	/* the bit alone, from a writer gone mad, is not enough */
	sundial_clock_user_page(self->clock, 0)->flags |= LATER_FLAG;
	EXPECT_EQ(0, future_sees_leap(sundial_clock_fd(self->clock)));
}

TEST_F(clock, a_later_library_attaches_to_a_page_of_today)
{
	struct sundial_clock_create how = kernel_manual();
	struct sundial_clock *attached;
	struct timespec ts;

	CREATE(how);
	ASSERT_EQ(0, later_sundial_clock_attach(sundial_clock_fd(self->clock), &attached));
	ASSERT_EQ(0, later_sundial_clock_gettime(attached, 0, CLOCK_MONOTONIC, &ts));
	EXPECT_EQ(1000, ts.tv_nsec);
	later_sundial_clock_close(attached);
}

/* A page as a later library makes it: longer, and with a flag that nobody knows today. */
static struct sundial_clock *later_clock(void)
{
	struct sundial_clock_create how = user_manual(1);
	struct sundial_clock *clock;

	if (later_sundial_clock_create(&how, SUNDIAL_BACKING_MEMFD, &clock))
		return NULL;
	later_sundial_clock_user_page(clock, 0)->flags |= LATER_FLAG;
	return clock;
}

TEST(programs_of_every_edition_read_a_later_page)
{
	struct sundial_clock *clock = later_clock();
	size_t i;

	ASSERT_NE(NULL, clock);
	ASSERT_EQ(LATER_PAGE_SIZE, later_sundial_clock_user_page(clock, 0)->size);
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		EXPECT_TRUE(
			check_reader(readers[i].read, later_sundial_clock_fd(clock), 1000, 1000));
	EXPECT_EQ(1, future_sees_leap(later_sundial_clock_fd(clock)));
	later_sundial_clock_close(clock);
}

TEST(the_library_of_today_attaches_to_a_later_page)
{
	struct sundial_clock *clock = later_clock(), *attached;
	struct timespec ts;

	ASSERT_NE(NULL, clock);
	ASSERT_EQ(0, sundial_clock_attach(later_sundial_clock_fd(clock), &attached));
	ASSERT_EQ(0, sundial_clock_gettime(attached, 0, CLOCK_MONOTONIC, &ts));
	EXPECT_EQ(1000, ts.tv_nsec);
	sundial_clock_close(attached);
	later_sundial_clock_close(clock);
}

TEST(no_number_and_no_place_has_changed_since_the_first_edition)
{
	int i;

	for (i = 0; i < PEER_CONSTANTS; i++) {
		EXPECT_EQ(first_constants()[i], now_constants()[i]);
		EXPECT_EQ(first_constants()[i], future_constants()[i]);
	}
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY
TEST(the_module_of_today_serves_old_programs_and_refuses_later_wishes)
{
	int device = open("/dev/sundial", O_RDWR);
	int fd;

	if (device_refuses_user())
		SKIP(return, DEVICE_REFUSES_USER);
	ASSERT_LE(0, device);
	fd = first_create(device, 0);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(check_reader(first_read, fd, 4711, 4711));
	EXPECT_EQ(-ENOTTY, future_later_call(fd));
	EXPECT_EQ(-ENOTTY, future_later_call(device));
	close(fd);
	EXPECT_EQ(-EINVAL, future_create(device, LATER_FLAG));
	close(device);
}
#endif

TEST_HARNESS_MAIN
