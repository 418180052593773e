// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who opens /dev/sundial under the packaged rule, in each way of opening.
 * $SUNDIAL_TEST_USER says as whom it runs: root, member (of the group) or outsider.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/sundial.h>

#include "kselftest_harness.h"

static int open_error(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

FIXTURE(access)
{
	int expected;
};

FIXTURE_SETUP(access)
{
	const char *user = getenv("SUNDIAL_TEST_USER");

	ASSERT_NE(NULL, user);
	self->expected = strcmp(user, "outsider") ? 0 : EACCES;
}

FIXTURE_TEARDOWN(access)
{
}

TEST_F(access, open_is_for_the_group)
{
	EXPECT_EQ(self->expected, open_error("/dev/sundial", O_RDWR));
	EXPECT_EQ(self->expected, open_error("/dev/sundial", O_RDONLY));
	EXPECT_EQ(self->expected, open_error("/dev/sundial", O_WRONLY));
}

/* O_PATH needs no permission, and gives none. */
TEST_F(access, a_path_descriptor_is_no_way_in)
{
	struct sundial_clock_create how = {.count = 1};
	char path[64];
	int fd = open("/dev/sundial", O_PATH | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, ioctl(fd, SUNDIAL_CLOCK_CREATE, &how));
	EXPECT_EQ(EBADF, errno);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	EXPECT_EQ(self->expected, open_error(path, O_RDWR));
	close(fd);
}

TEST_F(access, its_permissions_are_roots_to_change)
{
	int expected = geteuid() ? EPERM : 0;

	EXPECT_EQ(expected, chmod("/dev/sundial", 0660) ? errno : 0);
	EXPECT_EQ(expected, chown("/dev/sundial", geteuid(), -1) ? errno : 0);
}

TEST_HARNESS_MAIN
