// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module's parameters: their limits hold, and a value outside of the range
 * keeps the module out. Runs as root while the module is not loaded.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/sundial.h>

#include "kselftest_harness.h"

#define MODULE "/modules/sundial.ko"

/* Returns 0 or errno. */
static int load(const char *parameters)
{
	int file = open(MODULE, O_RDONLY | O_CLOEXEC);
	int error = 0;

	if (file < 0 || syscall(SYS_finit_module, file, parameters, 0))
		error = errno;
	close(file);
	return error;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "sundial", O_NONBLOCK) ? errno : 0;
}

FIXTURE(module)
{
	int unused;
};

FIXTURE_SETUP(module)
{
	ASSERT_EQ(ENOENT, unload());
}

FIXTURE_TEARDOWN(module)
{
	unload();
}

/* Returns 0 or errno. */
static int create_clocks(unsigned int count)
{
	struct sundial_clock_create how = {.kind = SUNDIAL_KIND_USER, .count = count};
	int device = open("/dev/sundial", O_RDWR | O_CLOEXEC);
	int clock = ioctl(device, SUNDIAL_CLOCK_CREATE, &how);
	int error = clock < 0 ? errno : 0;

	if (clock >= 0)
		close(clock);
	close(device);
	return error;
}

TEST_F(module, max_clock_pages_is_obeyed)
{
	ASSERT_EQ(0, load("max_clock_pages=4"));
	EXPECT_EQ(0, create_clocks(4));
	EXPECT_EQ(E2BIG, create_clocks(5));
	EXPECT_EQ(0, unload());
}

/* Returns 0 or errno. */
static int create_set(unsigned int slots)
{
	struct sundial_tb_create how = {.slots = slots};
	int device = open("/dev/sundial", O_RDWR | O_CLOEXEC);
	int set = ioctl(device, SUNDIAL_TB_CREATE, &how);
	int error = set < 0 ? errno : 0;

	if (set >= 0)
		close(set);
	close(device);
	return error;
}

TEST_F(module, max_tb_slots_is_obeyed)
{
	ASSERT_EQ(0, load("max_tb_slots=4"));
	EXPECT_EQ(0, create_set(4));
	EXPECT_EQ(E2BIG, create_set(5));
	EXPECT_EQ(0, create_clocks(5));
	EXPECT_EQ(0, unload());
}

TEST_F(module, without_parameters_the_limits_are_those_of_the_header)
{
	ASSERT_EQ(0, load(""));
	EXPECT_EQ(0, create_clocks(4096));
	EXPECT_EQ(E2BIG, create_clocks(SUNDIAL_CLOCK_MAX_PAGES + 1));
	EXPECT_EQ(0, create_set(SUNDIAL_TB_MAX_SLOTS));
	EXPECT_EQ(E2BIG, create_set(SUNDIAL_TB_MAX_SLOTS + 1));
	EXPECT_EQ(0, unload());
}

TEST_F(module, values_outside_their_range_are_refused)
{
	static const char *const names[] = {"max_clock_pages", "max_tb_slots"};
	static const char *const values[] = {"0", "65537", "-1", "x", ""};
	char parameter[64];
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(values); i++) {
		snprintf(parameter, sizeof(parameter), "%s=%s", names[i % 2], values[i / 2]);
		TH_LOG("%s", parameter);
		EXPECT_EQ(EINVAL, load(parameter));
		EXPECT_EQ(ENOENT, unload());
	}
	EXPECT_EQ(ERANGE, load("max_clock_pages=4294967297"));
}

TEST_HARNESS_MAIN
