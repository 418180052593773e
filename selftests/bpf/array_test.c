// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SUNDIAL_BACKING_BPF: pages in a mappable BPF array, made, attached and refused.
 */
#include "common.h"

FIXTURE(array)
{
	struct sundial_clock *clock, *other;
};

FIXTURE_SETUP(array)
{
	struct sundial_clock_create how = {
		.kind = SUNDIAL_KIND_USER, .count = 3, .now_ns = 1000, .tai_ns = 37};

	self->clock = self->other = NULL;
	if (!has_bpf())
		SKIP_SETUP(NO_BPF);
	ASSERT_EQ(0, sundial_clock_create(&how, SUNDIAL_BACKING_BPF, &self->clock));
}

FIXTURE_TEARDOWN(array)
{
	sundial_clock_close(self->other);
	sundial_clock_close(self->clock);
}

TEST_F(array, its_pages_are_like_those_of_a_memfd)
{
	struct sundial_clock_create how = {
		.kind = SUNDIAL_KIND_USER, .count = 3, .now_ns = 1000, .tai_ns = 37};
	struct sundial_clock_page copy;
	__u32 i;

	ASSERT_EQ(0, sundial_clock_create(&how, SUNDIAL_BACKING_MEMFD, &self->other));
	EXPECT_EQ(SUNDIAL_BACKING_BPF, sundial_clock_backing(self->clock));
	EXPECT_EQ(3, sundial_clock_count(self->clock));
	for (i = 0; i < 3; i++) {
		copy = *sundial_clock_page(self->other, i);
		copy.domain = sundial_clock_page(self->clock, 0)->domain + i;
		EXPECT_NE(0, copy.domain);
		EXPECT_EQ(0, memcmp(&copy, sundial_clock_page(self->clock, i), sizeof(copy)));
	}
}

TEST_F(array, who_has_the_descriptor_shares_it)
{
	struct sundial_clock_info info;

	memset(&info, 0xcc, sizeof(info));
	ASSERT_EQ(0, sundial_clock_attach(sundial_clock_fd(self->clock), &self->other));
	EXPECT_EQ(SUNDIAL_BACKING_BPF, sundial_clock_backing(self->other));
	EXPECT_EQ(3, sundial_clock_count(self->other));
	sundial_page_set(sundial_clock_user_page(self->clock, 2), 4711);
	EXPECT_EQ(4711, sundial_manual_now(sundial_clock_page(self->other, 2)));
	sundial_page_set(sundial_clock_user_page(self->other, 2), 4712);
	EXPECT_EQ(4712, sundial_manual_now(sundial_clock_page(self->clock, 2)));
	ASSERT_EQ(0, sundial_clock_info(self->other, &info));
	EXPECT_EQ(SUNDIAL_KIND_USER, info.kind);
	EXPECT_EQ(3, info.count);
	EXPECT_EQ(1, info.writable);
	EXPECT_EQ(sundial_clock_page(self->clock, 0)->domain, info.domain);
}

TEST_F(array, what_it_cannot_be_is_refused)
{
	struct sundial_clock_create how = {.kind = SUNDIAL_KIND_KERNEL, .count = 1};
	struct sundial_clock_wait wait = {.deadline_ns = 1};
	struct sundial_clock_bind bind = {0};

	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_create(&how, SUNDIAL_BACKING_BPF, &self->other));
	how.kind = SUNDIAL_KIND_USER;
	how.count = 0;
	EXPECT_EQ(-EINVAL, sundial_clock_create(&how, SUNDIAL_BACKING_BPF, &self->other));
	how.count = SUNDIAL_CLOCK_MAX_PAGES + 1;
	EXPECT_EQ(-E2BIG, sundial_clock_create(&how, SUNDIAL_BACKING_BPF, &self->other));
	EXPECT_EQ(NULL, self->other);
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_reader(self->clock));
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_set(self->clock, 2000));
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_call(self->clock, SUNDIAL_CLOCK_WAIT, &wait));
	EXPECT_EQ(-EOPNOTSUPP, sundial_clock_call(self->clock, SUNDIAL_CLOCK_BIND, &bind));
	EXPECT_EQ(-ENOTTY, sundial_clock_call(self->clock, SUNDIAL_TB_CREATE, &bind));
}

TEST_F(array, another_map_is_no_clock)
{
	LIBBPF_OPTS(bpf_map_create_opts, mappable, .map_flags = BPF_F_MMAPABLE);
	int maps[] = {
		bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, 4096, 1, NULL),
		bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, 2048, 2, &mappable),
		bpf_map_create(BPF_MAP_TYPE_HASH, NULL, 4, 4096, 1, NULL),
		bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, 4096, 1, &mappable), /* no page yet */
		open("/dev/null", O_RDWR),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(maps); i++) {
		ASSERT_LE(0, maps[i]);
		EXPECT_EQ(-EINVAL, sundial_clock_attach(maps[i], &self->other));
		close(maps[i]);
	}
	EXPECT_EQ(NULL, self->other);
}

TEST_HARNESS_MAIN
