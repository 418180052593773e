// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the calls of <linux/sundial.h> and libsundial promise: every call, every
 * field, every errno, over the device and over its memfd twin.
 */
#include "common.h"

#include <sys/stat.h>

TEST_F(clock, create_fills_the_page)
{
	struct sundial_clock_create how = kernel_manual();
	const struct sundial_clock_page *page;
	const char *bytes;
	int i;

	how.flags = SUNDIAL_CREATE_STEPPABLE;
	how.realtime_ns = 11;
	how.boottime_ns = -12;
	how.tai_ns = 13;
	how.raw_ns = 14;
	CREATE(how);
	page = sundial_clock_page(self->clock, 0);
	ASSERT_NE(NULL, page);
	EXPECT_EQ(SUNDIAL_CLOCK_MAGIC, page->magic);
	EXPECT_EQ(0, memcmp(page, "SDAL", 4));
	EXPECT_EQ(sizeof(*page), page->size);
	EXPECT_EQ(SUNDIAL_CLOCK_VERSION, page->version);
	EXPECT_EQ(SUNDIAL_KIND_KERNEL, page->kind);
	EXPECT_EQ(SUNDIAL_MODE_MANUAL, page->mode);
	EXPECT_EQ(SUNDIAL_PAGE_STEPPABLE, page->flags);
	EXPECT_NE(0, page->domain);
	EXPECT_EQ(1000, page->now_ns);
	EXPECT_EQ(~0ULL, page->limit_ns);
	EXPECT_EQ(0, page->tick_ns);
	EXPECT_EQ(0, page->deadline_ns);
	EXPECT_EQ(0, page->reads);
	EXPECT_EQ(0, page->reserved);
	EXPECT_EQ(SUNDIAL_CLOCK_COARSE_NS, page->coarse_ns);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(11, page->rate[i].realtime_ns);
		EXPECT_EQ(-12, page->rate[i].boottime_ns);
		EXPECT_EQ(13, page->rate[i].tai_ns);
		EXPECT_EQ(14, page->rate[i].raw_ns);
	}
	bytes = (const char *)page;
	for (i = page->size; i < PAGE; i++)
		ASSERT_EQ(0, bytes[i]);
	EXPECT_EQ(NULL, sundial_clock_page(self->clock, 1));
	EXPECT_EQ(NULL, sundial_clock_user_page(self->clock, 0));
	EXPECT_EQ(self->backing, sundial_clock_backing(self->clock));
	EXPECT_EQ(FD_CLOEXEC, fcntl(sundial_clock_fd(self->clock), F_GETFD));
}

TEST_F(clock, create_numbers_the_pages_of_an_array)
{
	struct sundial_clock_create how = user_manual(3);
	struct sundial_clock *other;
	const struct sundial_clock_page *page;
	__u64 first;
	__u32 i;

	CREATE(how);
	ASSERT_EQ(3, sundial_clock_count(self->clock));
	first = sundial_clock_page(self->clock, 0)->domain;
	for (i = 0; i < 3; i++) {
		page = sundial_clock_page(self->clock, i);
		EXPECT_EQ(first + i, page->domain);
		EXPECT_EQ(1000, page->now_ns);
		EXPECT_EQ(SUNDIAL_KIND_USER, page->kind);
		EXPECT_EQ((void *)page, sundial_clock_user_page(self->clock, i));
	}
	ASSERT_EQ(0, sundial_clock_create(&how, self->backing, &other));
	page = sundial_clock_page(other, 0);
	EXPECT_TRUE(page->domain < first || page->domain >= first + 3);
	sundial_clock_close(other);
}

TEST_F(clock, create_refuses_what_is_not_described)
{
	struct sundial_clock *poison = (void *)POISON64;
	struct sundial_clock *out = poison;
	struct sundial_clock_create how;

#define EXPECT_REFUSED(error, statement)                                             \
	do {                                                                         \
		how = kernel_manual();                                               \
		statement;                                                           \
		EXPECT_EQ(-(error), sundial_clock_create(&how, self->backing, &out)) \
		{                                                                    \
			TH_LOG("with " #statement);                                  \
		}                                                                    \
		EXPECT_EQ(poison, out);                                              \
	} while (0)

	EXPECT_REFUSED(EINVAL, how.kind = 2);
	EXPECT_REFUSED(EINVAL, how.kind = ~0U);
	EXPECT_REFUSED(EINVAL, how.mode = 2);
	EXPECT_REFUSED(EINVAL, how.flags = 2);
	EXPECT_REFUSED(EINVAL, how.flags = 1U << 31);
	EXPECT_REFUSED(EINVAL, how.count = 0);
	EXPECT_REFUSED(EINVAL, how.count = 2);
	EXPECT_REFUSED(EINVAL, how.coarse_ns = SUNDIAL_CLOCK_MAX_COARSE_NS + 1);
	EXPECT_REFUSED(EINVAL, how.pad[0] = 1);
	EXPECT_REFUSED(EINVAL, how.pad[1] = 1ULL << 63);
	EXPECT_REFUSED(EINVAL, how = user_manual(0));
	EXPECT_REFUSED(EINVAL, (how = user_manual(1), how.flags = SUNDIAL_CREATE_STEPPABLE));
	EXPECT_REFUSED(E2BIG, how = user_manual(SUNDIAL_CLOCK_MAX_PAGES + 1));
	EXPECT_REFUSED(E2BIG, how = user_manual(~0U));
	how = kernel_manual();
	EXPECT_EQ(-EINVAL, sundial_clock_create(&how, 4, &out));
}

TEST_F(clock, info_says_what_it_is)
{
	struct sundial_clock_create how = kernel_manual();
	struct sundial_clock_info info;

	how.flags = SUNDIAL_CREATE_STEPPABLE;
	CREATE(how);
	memset(&info, POISON, sizeof(info));
	ASSERT_EQ(0, sundial_clock_info(self->clock, &info));
	EXPECT_EQ(SUNDIAL_KIND_KERNEL, info.kind);
	EXPECT_EQ(SUNDIAL_MODE_MANUAL, info.mode);
	EXPECT_EQ(SUNDIAL_PAGE_STEPPABLE, info.flags);
	EXPECT_EQ(1, info.count);
	EXPECT_EQ(sundial_clock_page(self->clock, 0)->domain, info.domain);
	EXPECT_EQ(1000, info.now_ns);
	EXPECT_EQ(PAGE, info.page_size);
	EXPECT_EQ(1, info.writable);
	EXPECT_EQ(0, info.pad[0] | info.pad[1] | info.pad[2]);
}

TEST_F(clock, info_of_an_array_does_not_look_at_its_pages)
{
	struct sundial_clock_create how = user_manual(5);
	struct sundial_clock_info info;

	CREATE(how);
	memset(&info, POISON, sizeof(info));
	ASSERT_EQ(0, sundial_clock_info(self->clock, &info));
	EXPECT_EQ(SUNDIAL_KIND_USER, info.kind);
	EXPECT_EQ(5, info.count);
	EXPECT_EQ(0, info.now_ns);
	EXPECT_EQ(1, info.writable);
}

TEST_F(clock, set_goes_forward_only)
{
	struct sundial_clock_create how = kernel_manual();
	const struct sundial_clock_page *page;

	CREATE(how);
	page = sundial_clock_page(self->clock, 0);
	EXPECT_EQ(0, sundial_clock_set(self->clock, 5000));
	EXPECT_EQ(5000, sundial_manual_now(page));
	EXPECT_EQ(0, sundial_clock_set(self->clock, 5000));
	EXPECT_EQ(-ERANGE, sundial_clock_set(self->clock, 4999));
	EXPECT_EQ(5000, sundial_manual_now(page));
	EXPECT_EQ(0, sundial_clock_set(self->clock, ~0ULL));
	EXPECT_EQ(~0ULL, sundial_manual_now(page));
}

TEST_F(clock, a_steppable_one_goes_backward)
{
	struct sundial_clock_create how = kernel_manual();

	how.flags = SUNDIAL_CREATE_STEPPABLE;
	CREATE(how);
	EXPECT_EQ(0, sundial_clock_set(self->clock, 1));
	EXPECT_EQ(1, sundial_manual_now(sundial_clock_page(self->clock, 0)));
}

TEST_F(clock, advance_adds)
{
	struct sundial_clock_create how = kernel_manual();
	const struct sundial_clock_page *page;
	__u64 now = POISON64;

	CREATE(how);
	page = sundial_clock_page(self->clock, 0);
	EXPECT_EQ(0, sundial_clock_advance(self->clock, 234, &now));
	EXPECT_EQ(1234, now);
	EXPECT_EQ(1234, sundial_manual_now(page));
	EXPECT_EQ(0, sundial_clock_advance(self->clock, 0, NULL));
	now = POISON64;
	EXPECT_EQ(-EOVERFLOW, sundial_clock_advance(self->clock, ~0ULL - 1233, &now));
	EXPECT_EQ(POISON64, now);
	EXPECT_EQ(1234, sundial_manual_now(page));
	EXPECT_EQ(0, sundial_clock_advance(self->clock, ~0ULL - 1234, &now));
	EXPECT_EQ(~0ULL, now);
}

TEST_F(clock, offsets_change_together)
{
	struct sundial_clock_create how = kernel_manual();
	const struct sundial_clock_page *page;

	CREATE(how);
	page = sundial_clock_page(self->clock, 0);
	EXPECT_EQ(0, sundial_clock_set_offsets(self->clock, 1, -2, 3, -4));
	EXPECT_EQ(0, page->seq & 1);
	EXPECT_EQ(1, page->rate[0].realtime_ns);
	EXPECT_EQ(-2, page->rate[0].boottime_ns);
	EXPECT_EQ(3, page->rate[0].tai_ns);
	EXPECT_EQ(-4, page->rate[0].raw_ns);
	EXPECT_EQ(0, memcmp(&page->rate[0], &page->rate[1], sizeof(page->rate[0])));
	EXPECT_EQ(1000, sundial_manual_now(page));
}

TEST_F(clock, unknown_flags_and_padding_are_einval)
{
	struct sundial_clock_create how = kernel_scaled();
	struct sundial_clock_set set = {.now_ns = ~0ULL};
	struct sundial_clock_advance advance = {.delta_ns = 1, .now_ns = POISON64};
	struct sundial_clock_set_rate rate = {.mult = 5};
	struct sundial_clock_set_offsets offsets = {.realtime_ns = 5};
	struct sundial_clock_reader reader = {0};
	struct sundial_clock_page before;
	__u32 bit;

	CREATE(how);
	before = *sundial_clock_page(self->clock, 0);
	for (bit = 1; bit; bit <<= 1) {
#define EXPECT_EINVAL(command, object, field)                                         \
	do {                                                                          \
		object.field = bit;                                                   \
		EXPECT_EQ(-EINVAL, sundial_clock_call(self->clock, command, &object)) \
		{                                                                     \
			TH_LOG(#object "." #field " = %#x", bit);                     \
		}                                                                     \
		object.field = 0;                                                     \
	} while (0)
		EXPECT_EINVAL(SUNDIAL_CLOCK_SET, set, flags);
		EXPECT_EINVAL(SUNDIAL_CLOCK_SET, set, pad);
		EXPECT_EINVAL(SUNDIAL_CLOCK_ADVANCE, advance, flags);
		EXPECT_EINVAL(SUNDIAL_CLOCK_ADVANCE, advance, pad);
		EXPECT_EINVAL(SUNDIAL_CLOCK_SET_RATE, rate, flags);
		EXPECT_EINVAL(SUNDIAL_CLOCK_SET_OFFSETS, offsets, flags);
		EXPECT_EINVAL(SUNDIAL_CLOCK_SET_OFFSETS, offsets, pad);
		EXPECT_EINVAL(SUNDIAL_CLOCK_READER, reader, flags);
		EXPECT_EINVAL(SUNDIAL_CLOCK_READER, reader, pad);
	}
	EXPECT_EQ(POISON64, advance.now_ns);
	EXPECT_EQ(0, memcmp(&before, sundial_clock_page(self->clock, 0), sizeof(before)));
}

TEST_F(clock, unknown_commands_are_enotty)
{
	struct sundial_clock_create how = kernel_manual();
	struct sundial_clock_info info;
	unsigned int nr;

	CREATE(how);
	EXPECT_EQ(-ENOTTY, sundial_clock_call(self->clock, SUNDIAL_CLOCK_CREATE, &how));
	for (nr = 0x87; nr < 0xa0; nr++)
		EXPECT_EQ(-ENOTTY,
			  sundial_clock_call(self->clock,
					     _IOC(_IOC_READ, SUNDIAL_IOC_MAGIC, nr, sizeof(info)),
					     &info));
	/* the number of INFO with another size is another command */
	EXPECT_EQ(-ENOTTY,
		  sundial_clock_call(self->clock, _IOR(SUNDIAL_IOC_MAGIC, 0x81, __u64), &info));
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY
TEST_F(device, a_bad_pointer_is_efault)
{
	static const unsigned long commands[] = {
		SUNDIAL_CLOCK_INFO,	SUNDIAL_CLOCK_SET,	   SUNDIAL_CLOCK_ADVANCE,
		SUNDIAL_CLOCK_SET_RATE, SUNDIAL_CLOCK_SET_OFFSETS, SUNDIAL_CLOCK_READER,
	};
	struct sundial_clock_create how = kernel_scaled();
	unsigned int i;
	int device;

	CREATE(how);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		EXPECT_EQ(-EFAULT, sundial_clock_call(self->clock, commands[i], NULL));
		EXPECT_EQ(-EFAULT, sundial_clock_call(self->clock, commands[i], (void *)-8));
	}
	device = open("/dev/sundial", O_RDWR);
	ASSERT_LE(0, device);
	EXPECT_ERRNO(EFAULT, ioctl(device, SUNDIAL_CLOCK_CREATE, NULL));
	EXPECT_ERRNO(ENOTTY, ioctl(device, SUNDIAL_CLOCK_INFO, NULL));
	EXPECT_ERRNO(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, device, 0));
	EXPECT_ERRNO(EINVAL, read(device, &how, sizeof(how)));
	close(device);
}
#endif

TEST_F(clock, an_array_is_not_changed_by_calls)
{
	struct sundial_clock_create how = user_manual(2);
	__u64 now = POISON64;

	CREATE(how);
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_set(self->clock, 2000));
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_advance(self->clock, 1, &now));
	EXPECT_EQ(POISON64, now);
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_set_rate(self->clock, 1, 0));
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_set_offsets(self->clock, 1, 2, 3, 4));
	EXPECT_EQ(1000, sundial_clock_page(self->clock, 0)->now_ns);
}

TEST_F(clock, an_array_is_shared_memory)
{
	struct sundial_clock_create how = user_manual(3);
	struct sundial_clock *other;
	pid_t pid;

	CREATE(how);
	ASSERT_EQ(0, sundial_clock_attach(sundial_clock_fd(self->clock), &other));
	ASSERT_EQ(3, sundial_clock_count(other));
	sundial_page_set(sundial_clock_user_page(other, 1), 77);
	EXPECT_EQ(77, sundial_manual_now(sundial_clock_page(self->clock, 1)));
	EXPECT_EQ(1000, sundial_manual_now(sundial_clock_page(self->clock, 0)));
	EXPECT_EQ(1000, sundial_manual_now(sundial_clock_page(self->clock, 2)));
	sundial_clock_close(other);
	pid = fork_child();
	if (!pid) {
		sundial_page_set(sundial_clock_user_page(self->clock, 2), 88);
		_exit(0);
	}
	ASSERT_EQ(0, child_status(pid));
	EXPECT_EQ(88, sundial_manual_now(sundial_clock_page(self->clock, 2)));
}

TEST_F(clock, a_reader_reads_and_changes_nothing)
{
	struct sundial_clock_create how = kernel_scaled();
	struct sundial_clock_info info;
	struct sundial_clock *reader, *second;
	__u64 now = POISON64;
	int fd, again;

	CREATE(how);
	fd = sundial_clock_reader(self->clock);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDONLY, fcntl(fd, F_GETFL) & O_ACCMODE);
	ASSERT_EQ(0, sundial_clock_attach(fd, &reader));
	EXPECT_EQ(-EPERM, sundial_clock_set(reader, ~0ULL));
	EXPECT_EQ(-EPERM, sundial_clock_advance(reader, 1, &now));
	EXPECT_EQ(POISON64, now);
	EXPECT_EQ(-EPERM, sundial_clock_set_rate(reader, 2, 0));
	EXPECT_EQ(-EPERM, sundial_clock_set_offsets(reader, 1, 2, 3, 4));
	EXPECT_EQ(NULL, sundial_clock_user_page(reader, 0));
	ASSERT_EQ(0, sundial_clock_info(reader, &info));
	EXPECT_EQ(0, info.writable);
	EXPECT_EQ(sundial_clock_page(self->clock, 0)->domain, info.domain);
	ASSERT_EQ(0, sundial_clock_set(self->clock, 1000 * SECOND));
	EXPECT_LE(1000 * SECOND, sundial_page_now(sundial_clock_page(reader, 0), sundial_host_now));
	again = sundial_clock_reader(reader);
	ASSERT_LE(0, again);
	ASSERT_EQ(0, sundial_clock_attach(again, &second));
	EXPECT_EQ(-EPERM, sundial_clock_set(second, ~0ULL));
	sundial_clock_close(second);
	sundial_clock_close(reader);
	close(again);
	close(fd);
}

TEST_F(clock, an_array_has_readers_too)
{
	struct sundial_clock_create how = user_manual(2);
	struct sundial_clock *reader;
	int fd;

	CREATE(how);
	fd = sundial_clock_reader(self->clock);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sundial_clock_attach(fd, &reader));
	EXPECT_EQ(NULL, sundial_clock_user_page(reader, 0));
	EXPECT_EQ(-EPERM, sundial_clock_set(reader, ~0ULL));
	sundial_page_set(sundial_clock_user_page(self->clock, 1), 4321);
	EXPECT_EQ(4321, sundial_manual_now(sundial_clock_page(reader, 1)));
	EXPECT_ERRNO(EACCES, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	sundial_clock_close(reader);
	close(fd);
}

TEST_F(clock, the_domain_outlives_its_maker)
{
	struct sundial_clock_create how = kernel_manual();
	const struct sundial_clock_page *page;
	struct sundial_clock *reader;
	int fd;

	CREATE(how);
	fd = sundial_clock_reader(self->clock);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sundial_clock_attach(fd, &reader));
	close(fd);
	sundial_clock_set(self->clock, 9999);
	sundial_clock_close(self->clock);
	self->clock = NULL;
	page = sundial_clock_page(reader, 0);
	EXPECT_EQ(9999, sundial_manual_now(page));
	EXPECT_EQ(SUNDIAL_CLOCK_MAGIC, page->magic);
	sundial_clock_close(reader);
}

TEST_F(clock, the_latch_of_a_rate_is_left_even_and_equal)
{
	struct sundial_clock_create how = kernel_scaled();
	const struct sundial_clock_page *page;
	__u32 seq;

	CREATE(how);
	page = sundial_clock_page(self->clock, 0);
	seq = page->seq;
	EXPECT_EQ(1, page->rate[0].mult);
	EXPECT_EQ(0, page->rate[0].shift);
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 3, 1));
	EXPECT_EQ(seq + 2, page->seq);
	EXPECT_EQ(3, page->rate[0].mult);
	EXPECT_EQ(1, page->rate[0].shift);
	EXPECT_EQ(0, memcmp(&page->rate[0], &page->rate[1], sizeof(page->rate[0])));
	EXPECT_EQ(-EINVAL, sundial_clock_set_rate(self->clock, 1, SUNDIAL_CLOCK_MAX_SHIFT + 1));
	EXPECT_EQ(-EINVAL, sundial_clock_set_rate(self->clock, 1, ~0U));
	EXPECT_EQ(3, page->rate[0].mult);
	EXPECT_EQ(0, sundial_clock_set_rate(self->clock, 1, SUNDIAL_CLOCK_MAX_SHIFT));
}

TEST_F(clock, a_manual_one_has_no_rate)
{
	struct sundial_clock_create how = kernel_manual();

	CREATE(how);
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_set_rate(self->clock, 1, 0));
}

/* The host's time is read on both sides, so that the bounds hold however slow the machine is. */
TEST_F(clock, a_scaled_one_runs_at_its_rate)
{
	static const struct {
		__u64 mult;
		__u32 shift;
	} rates[] = {{1, 0}, {10, 0}, {1, 2}, {3ULL << 61, 62}, {1, 63}};
	struct sundial_clock_create how = kernel_scaled();
	const struct sundial_clock_page *page;
	struct sundial_clock_info info;
	unsigned int i;

	CREATE(how);
	page = sundial_clock_page(self->clock, 0);
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		__u64 host[4], count[2];
		sundial_u128 least, most;

		ASSERT_EQ(0, sundial_clock_set_rate(self->clock, rates[i].mult, rates[i].shift));
		host[0] = sundial_host_now();
		count[0] = sundial_page_now(page, sundial_host_now);
		host[1] = sundial_host_now();
		usleep(2000);
		host[2] = sundial_host_now();
		count[1] = sundial_page_now(page, sundial_host_now);
		host[3] = sundial_host_now();
		least = ((sundial_u128)(host[2] - host[1]) * rates[i].mult) >> rates[i].shift;
		most = ((sundial_u128)(host[3] - host[0]) * rates[i].mult) >> rates[i].shift;
		EXPECT_GE(count[1] - count[0] + 1, (__u64)least);
		EXPECT_LE(count[1] - count[0], (__u64)most + 1);
		ASSERT_EQ(0, sundial_clock_info(self->clock, &info));
		EXPECT_GE(info.now_ns, count[1]);
	}
}

TEST_F(clock, a_rate_takes_over_without_a_jump)
{
	struct sundial_clock_create how = kernel_scaled();
	const struct sundial_clock_page *page;
	__u64 before, after, host[2];

	CREATE(how);
	page = sundial_clock_page(self->clock, 0);
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 1000, 0));
	usleep(1000);
	host[0] = sundial_host_now();
	before = sundial_page_now(page, sundial_host_now);
	ASSERT_EQ(0, sundial_clock_set_rate(self->clock, 0, 0));
	after = sundial_page_now(page, sundial_host_now);
	host[1] = sundial_host_now();
	EXPECT_GE(after, before);
	EXPECT_LE(after - before, (host[1] - host[0]) * 1000);
	usleep(1000);
	EXPECT_EQ(after, sundial_page_now(page, sundial_host_now));
	ASSERT_EQ(0, sundial_clock_advance(self->clock, 5, &before));
	EXPECT_EQ(after + 5, before);
	EXPECT_EQ(after + 5, sundial_page_now(page, sundial_host_now));
	EXPECT_EQ(-ERANGE, sundial_clock_set(self->clock, after));
	EXPECT_EQ(0, sundial_clock_set(self->clock, after + 6));
	EXPECT_EQ(after + 6, sundial_page_now(page, sundial_host_now));
}

TEST_F(clock, each_clock_id_has_its_own_value)
{
	struct sundial_clock_create how = kernel_manual();
	struct timespec ts, poison;
	unsigned int i;
	static const struct {
		int id;
		__s64 sec, nsec;
	} clocks[] = {
		{SUNDIAL_CLOCK_MONOTONIC, 1, 7000000},
		{SUNDIAL_CLOCK_MONOTONIC_COARSE, 1, 4000000},
		{SUNDIAL_CLOCK_REALTIME, 101, 7000000},
		{SUNDIAL_CLOCK_REALTIME_ALARM, 101, 7000000},
		{SUNDIAL_CLOCK_REALTIME_COARSE, 101, 4000000},
		{SUNDIAL_CLOCK_BOOTTIME, 201, 7000000},
		{SUNDIAL_CLOCK_BOOTTIME_ALARM, 201, 7000000},
		{SUNDIAL_CLOCK_TAI, 138, 7000000},
		{SUNDIAL_CLOCK_MONOTONIC_RAW, -1, 7000001},
	};

	how.now_ns = SECOND + 7000000;
	how.realtime_ns = 100 * SECOND;
	how.boottime_ns = 200 * SECOND;
	how.tai_ns = 137 * SECOND;
	how.raw_ns = -2 * SECOND + 1;
	CREATE(how);
	for (i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		memset(&ts, POISON, sizeof(ts));
		EXPECT_EQ(0, sundial_clock_gettime(self->clock, 0, clocks[i].id, &ts));
		EXPECT_EQ(clocks[i].sec, ts.tv_sec)
		{
			TH_LOG("clock id %d", clocks[i].id);
		}
		EXPECT_EQ(clocks[i].nsec, ts.tv_nsec);
	}
	memset(&poison, POISON, sizeof(poison));
	ts = poison;
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_gettime(self->clock, 0, 2, &ts));
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_gettime(self->clock, 0, 3, &ts));
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_gettime(self->clock, 0, -6, &ts));
	EXPECT_EQ(-EINVAL, sundial_clock_gettime(self->clock, 0, 10, &ts));
	EXPECT_EQ(-EINVAL, sundial_clock_gettime(self->clock, 0, 12, &ts));
	EXPECT_EQ(-EINVAL, sundial_clock_gettime(self->clock, 1, 0, &ts));
	EXPECT_EQ(0, memcmp(&poison, &ts, sizeof(ts)));
}

TEST_F(clock, resolutions)
{
	struct sundial_clock_create how = kernel_manual();
	const struct sundial_clock_page *page;
	__s64 ns = -1;

	how.coarse_ns = 1000000;
	CREATE(how);
	page = sundial_clock_page(self->clock, 0);
	EXPECT_EQ(0, sundial_page_getres(page, SUNDIAL_CLOCK_MONOTONIC, &ns));
	EXPECT_EQ(1, ns);
	EXPECT_EQ(0, sundial_page_getres(page, SUNDIAL_CLOCK_REALTIME_COARSE, &ns));
	EXPECT_EQ(1000000, ns);
	EXPECT_EQ(-EINVAL, sundial_page_getres(page, 99, &ns));
	EXPECT_EQ(-EOPNOTSUPP, sundial_page_getres(page, 2, &ns));
	EXPECT_EQ(1000000, ns);
}

TEST_F(clock, attach_refuses_what_is_no_clock)
{
	struct sundial_clock *poison = (void *)POISON64;
	struct sundial_clock *out = poison;
	int fds[2], fd;

	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(-EINVAL, sundial_clock_attach(fds[0], &out));
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(-EBADF, sundial_clock_attach(fds[0], &out));
	EXPECT_EQ(-EBADF, sundial_clock_attach(-1, &out));
	fd = memfd_create("not-a-clock", MFD_ALLOW_SEALING);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, sundial_clock_attach(fd, &out));
	ASSERT_EQ(0, ftruncate(fd, PAGE));
	EXPECT_EQ(-EINVAL, sundial_clock_attach(fd, &out));
	ASSERT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	EXPECT_EQ(-EINVAL, sundial_clock_attach(fd, &out));
	EXPECT_EQ(poison, out);
	close(fd);
}

TEST_F(clock, no_descriptor_left_is_emfile)
{
	struct sundial_clock_create how = kernel_manual();
	struct rlimit limit;
	int fd;

	CREATE(how);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	fd = dup(0);
	ASSERT_LE(0, fd);
	close(fd);
	limit.rlim_cur = fd;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, sundial_clock_reader(self->clock));
}

TEST_F(clock, a_large_array)
{
	struct sundial_clock_create how = user_manual(4096);
	__u64 first;
	__u32 i;

	if (geteuid() && self->backing == SUNDIAL_BACKING_DEVICE)
		SKIP(return, "needs root, to lock 16 MiB");
	CREATE(how);
	first = sundial_clock_page(self->clock, 0)->domain;
	for (i = 0; i < 4096; i++)
		ASSERT_EQ(first + i, sundial_clock_page(self->clock, i)->domain);
	EXPECT_EQ(NULL, sundial_clock_page(self->clock, 4096));
}

#if !defined(SUNDIAL_TEST_MEMFD_ONLY) && defined(__x86_64__)
/* As a 32-bit program would: int 0x80 is the compat entry, also from here. */
static int ioctl32(int fd, unsigned int command, void *argument)
{
	int ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(54), "b"(fd), "c"(command), "d"((unsigned int)(uintptr_t)argument)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

TEST_F(device, the_structures_are_the_same_in_32_bits)
{
	struct sundial_clock_create how = kernel_manual();
	struct sundial_clock_advance *advance;
	int fd, clock;

	advance = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		       -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)advance);
	fd = open("/dev/sundial", O_RDWR);
	ASSERT_LE(0, fd);
	memcpy(advance, &how, sizeof(how));
	clock = ioctl32(fd, SUNDIAL_CLOCK_CREATE, advance);
	if (clock == -ENOSYS)
		SKIP(return, "this kernel runs no 32-bit programs");
	ASSERT_LE(0, clock);
	memset(advance, 0, sizeof(*advance));
	advance->delta_ns = 1ULL << 40;
	EXPECT_EQ(0, ioctl32(clock, SUNDIAL_CLOCK_ADVANCE, advance));
	EXPECT_EQ((1ULL << 40) + 1000, advance->now_ns);
	EXPECT_EQ(-EFAULT, ioctl32(clock, SUNDIAL_CLOCK_ADVANCE, NULL));
}
#endif

#ifndef SUNDIAL_TEST_MEMFD_ONLY
/* Someone else, who may open the device. */
static int become_user_of_device(void)
{
	struct stat device;

	return stat("/dev/sundial", &device) || setgid(device.st_gid) || setuid(OTHER_USER);
}

TEST_F(device, pages_count_against_the_users_memlock_limit)
{
	struct sundial_clock_create nine = user_manual(9), eight = user_manual(8);
	struct sundial_clock_create one = kernel_manual();
	struct rlimit limit = {8 * PAGE, 8 * PAGE};
	struct sundial_clock *a, *b;
	pid_t pid;

	if (geteuid())
		SKIP(return, "needs root, to become another user");
	pid = fork_child();
	if (!pid) {
		if (setrlimit(RLIMIT_MEMLOCK, &limit) || become_user_of_device())
			_exit(1);
		if (sundial_clock_create(&nine, self->backing, &a) != -ENOMEM)
			_exit(2);
		if (sundial_clock_create(&eight, self->backing, &a))
			_exit(3);
		if (sundial_clock_create(&one, self->backing, &b) != -ENOMEM)
			_exit(4);
		sundial_clock_close(a);
		if (sundial_clock_create(&one, self->backing, &b))
			_exit(5);
		if (sundial_clock_create(&eight, self->backing, &a) != -ENOMEM)
			_exit(6);
		_exit(0);
	}
	EXPECT_EQ(0, child_status(pid));
	/* what the dead child held is given back */
	pid = fork_child();
	if (!pid) {
		if (setrlimit(RLIMIT_MEMLOCK, &limit) || become_user_of_device())
			_exit(1);
		_exit(sundial_clock_create(&eight, self->backing, &a) ? 2 : 0);
	}
	EXPECT_EQ(0, child_status(pid));
}
#endif

TEST_F(clock, a_scaled_page_is_in_its_creators_time_namespace)
{
	struct sundial_clock_create how = kernel_scaled();
	struct sundial_clock_info info;
	int fd;
	pid_t pid;

	pid = fork_child();
	if (pid) {
		int status = child_status(pid);

		if (status == 77 && geteuid())
			SKIP(return, "needs root, to make a time namespace");
		if (status == 77)
			SKIP(return, "cannot make a time namespace here");
		EXPECT_EQ(0, status);
		return;
	}
	if (unshare(0x80 /* CLONE_NEWTIME */))
		_exit(77);
	fd = open("/proc/self/timens_offsets", O_WRONLY);
	if (fd < 0 || write(fd, "monotonic 100000 0\n", 19) != 19)
		_exit(77);
	close(fd);
	pid = fork_child();
	if (pid)
		_exit(child_status(pid));
	if (sundial_host_now() < 100000 * SECOND)
		_exit(1);
	how.now_ns = 0;
	if (sundial_clock_create(&how, self->backing, &self->clock))
		_exit(2);
	if (sundial_page_now(sundial_clock_page(self->clock, 0), sundial_host_now) > 1000 * SECOND)
		_exit(3);
	if (sundial_clock_set(self->clock, 500 * SECOND) ||
	    sundial_clock_info(self->clock, &info) || info.now_ns < 500 * SECOND)
		_exit(4);
	if (sundial_page_now(sundial_clock_page(self->clock, 0), sundial_host_now) < info.now_ns)
		_exit(5);
	_exit(0);
}

TEST_HARNESS_MAIN
