// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that the module gives out: nothing in it of what was there before, all of it
 * counted, to the user and to his control group, and given back with the descriptor.
 */
#include "common.h"

#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define OTHER_USER 1200
#define PAGES	   512
#define ROUNDS	   10
#define CGROUP	   "/sys/fs/cgroup/sundial-memory-test"

static int create_user_clock(unsigned int pages)
{
	struct sundial_clock_create how = {.kind = SUNDIAL_KIND_USER, .count = pages};
	int device = open("/dev/sundial", O_RDWR | O_CLOEXEC), fd;

	fd = ioctl(device, SUNDIAL_CLOCK_CREATE, &how);
	if (fd < 0)
		fd = -errno;
	close(device);
	return fd;
}

static int create_set(const struct sundial_tb_create *how)
{
	int device = open("/dev/sundial", O_RDWR | O_CLOEXEC),
	    fd = ioctl(device, SUNDIAL_TB_CREATE, how);

	close(device);
	return fd;
}

static bool is_byte(const unsigned char *bytes, size_t count, unsigned char byte)
{
	while (count--)
		if (*bytes++ != byte)
			return false;
	return true;
}

/*
 * Makes much of the free memory a pattern, as its last owner would leave it; Debian's
 * kernels clear what they give out in any case, check-kasan's do not.
 */
static void leave_pattern(size_t bytes)
{
	unsigned char *memory = mmap(NULL, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return;
	memset(memory, 0xa5, bytes);
	munmap(memory, bytes);
}

FIXTURE(memory){};

FIXTURE_SETUP(memory)
{
	SKIP_IF_DEVICE_REFUSES_USER();
}

FIXTURE_TEARDOWN(memory)
{
}

TEST_F_TIMEOUT(memory, new_pages_hold_nothing_but_what_the_header_says, 90)
{
	const struct sundial_clock_page *page;
	unsigned char *pages;
	unsigned int round, i, count = 16;
	int fd;

	for (round = 0; round < ROUNDS; round++) {
		leave_pattern(16 << 20);
		fd = create_user_clock(count);
		ASSERT_LE(0, fd);
		pages = mmap(NULL, (size_t)count * PAGE, PROT_READ, MAP_SHARED, fd, 0);
		ASSERT_NE(MAP_FAILED, (void *)pages);
		for (i = 0; i < count; i++) {
			page = (const void *)(pages + (size_t)i * PAGE);
			EXPECT_EQ(sizeof(*page), page->size);
			EXPECT_TRUE(is_byte((const void *)(page + 1), PAGE - sizeof(*page), 0));
			EXPECT_TRUE(is_byte((const void *)page->pad, sizeof(page->pad), 0));
			EXPECT_EQ(0,
				  page->now_ns | page->tick_ns | page->deadline_ns | page->reads);
			EXPECT_TRUE(is_byte((const void *)page->rate, sizeof(page->rate), 0));
		}
		munmap(pages, (size_t)count * PAGE);
		close(fd);
	}
}

/* Runs in a child that became another user; returns the number of the check that failed. */
static int count_against_limit(int device)
{
	struct sundial_clock_create user = {.kind = SUNDIAL_KIND_USER, .count = 8},
				    kernel = {.count = 1};
	struct sundial_tb_create set = {.slots = 4, .vcpus = 1};
	struct rlimit limit = {8 * PAGE, 8 * PAGE};
	int fds[8], i;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || setgroups(0, NULL) || setgid(OTHER_USER) ||
	    setuid(OTHER_USER))
		return 1;
	fds[0] = ioctl(device, SUNDIAL_CLOCK_CREATE, &user);
	if (fds[0] < 0)
		return 2;
	if (ioctl(device, SUNDIAL_CLOCK_CREATE, &kernel) != -1 || errno != ENOMEM)
		return 3;
	close(fds[0]);
	for (i = 0; i < 8; i++) {
		fds[i] = ioctl(device, SUNDIAL_CLOCK_CREATE, &kernel);
		if (fds[i] < 0)
			return 4;
	}
	if (ioctl(device, SUNDIAL_CLOCK_CREATE, &kernel) != -1 || errno != ENOMEM)
		return 5;
	close(fds[3]);
	/* generations need one page, an event queue or words of vCPUs more */
	if (ioctl(device, SUNDIAL_TB_CREATE, &set) != -1 || errno != ENOMEM)
		return 6;
	set.vcpus = 0;
	fds[3] = ioctl(device, SUNDIAL_TB_CREATE, &set);
	if (fds[3] < 0)
		return 7;
	if (ioctl(device, SUNDIAL_CLOCK_CREATE, &kernel) != -1 || errno != ENOMEM)
		return 8;
	close(fds[3]);
	return ioctl(device, SUNDIAL_CLOCK_CREATE, &kernel) < 0 ? 9 : 0;
}

TEST_F_TIMEOUT(memory, new_sets_hold_nothing_but_what_the_header_says, 90)
{
	struct sundial_tb_create how = {.slots = 1000, .vcpus = 65};
	const size_t bytes = 2 * PAGE, vcpu_bytes = 2 * PAGE;
	const struct sundial_tb_page *page;
	const unsigned char *vcpus;
	const __u64 *generation;
	unsigned int round, i;
	int fd;

	for (round = 0; round < ROUNDS; round++) {
		leave_pattern(16 << 20);
		fd = create_set(&how);
		ASSERT_LE(0, fd);
		page = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
		vcpus = mmap(NULL, vcpu_bytes, PROT_READ, MAP_SHARED, fd, SUNDIAL_TB_VCPU_OFFSET);
		ASSERT_NE(MAP_FAILED, (void *)page);
		ASSERT_NE(MAP_FAILED, (void *)vcpus);
		generation = (const void *)((const unsigned char *)page + page->generations);
		for (i = 0; i < how.slots; i++)
			EXPECT_EQ(2, generation[i]);
		EXPECT_TRUE(is_byte((const void *)page->pad, sizeof(page->pad), 0));
		EXPECT_TRUE(is_byte((const void *)(generation + how.slots),
				    (const unsigned char *)page + bytes -
					    (const unsigned char *)(generation + how.slots),
				    0));
		EXPECT_TRUE(is_byte(vcpus, vcpu_bytes, 0));
		munmap((void *)page, bytes);
		munmap((void *)vcpus, vcpu_bytes);
		close(fd);
	}
}

TEST_F(memory, both_kinds_and_sets_count_against_one_limit)
{
	int device = open("/dev/sundial", O_RDWR | O_CLOEXEC);
	pid_t pid;

	if (geteuid())
		SKIP(return, "needs root, to become a user without locked memory");
	pid = fork_child();
	if (!pid)
		_exit(count_against_limit(device));
	EXPECT_EQ(0, child_status(pid));
	/* and what he had was given back when he ended */
	pid = fork_child();
	if (!pid)
		_exit(count_against_limit(device));
	EXPECT_EQ(0, child_status(pid));
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return done;
}

static long group_bytes(void)
{
	FILE *file = fopen(CGROUP "/memory.current", "re");
	long bytes = -1;

	if (file && fscanf(file, "%ld", &bytes) != 1)
		bytes = -1;
	if (file)
		fclose(file);
	return bytes;
}

/* In the group from its beginning: what it then has is the module's. */
static int measure_in_group(void)
{
	long before, with;
	int fd;

	if (!write_text(CGROUP "/cgroup.procs", "0"))
		return 1;
	before = group_bytes();
	fd = create_user_clock(PAGES);
	with = group_bytes();
	if (fd < 0 || before < 0)
		return 2;
	/* counters of each CPU are added up late, some pages at a time */
	if (with - before < (PAGES - 128) * PAGE)
		return 3;
	return 0;
}

TEST_F(memory, pages_count_in_the_control_group)
{
	pid_t pid;

	if (geteuid())
		SKIP(return, "needs root, for a control group");
	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) || access(CGROUP "/memory.current", R_OK)) {
		rmdir(CGROUP);
		SKIP(return, "no control groups for memory here");
	}
	pid = fork_child();
	if (!pid)
		_exit(measure_in_group());
	EXPECT_EQ(0, child_status(pid));
	rmdir(CGROUP);
}

TEST_HARNESS_MAIN
