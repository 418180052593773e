// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls that make a descriptor, where there is none left: for the process, or for
 * the whole system. Lowers fs.file-max for a moment, so it needs a machine of its own.
 */
#include <stdio.h>

#include "common.h"

struct maker {
	const char *name;
	int (*make)(int device, int clock);
};

static int make_clock(int device, int clock)
{
	struct sundial_clock_create how = kernel_manual();

	return ioctl(device, SUNDIAL_CLOCK_CREATE, &how);
}

static int make_reader(int device, int clock)
{
	struct sundial_clock_reader how = {0};

	return ioctl(clock, SUNDIAL_CLOCK_READER, &how);
}

static int make_set(int device, int clock)
{
	struct sundial_tb_create how = {.slots = 1};

	return ioctl(device, SUNDIAL_TB_CREATE, &how);
}

static const struct maker makers[] = {
	{"SUNDIAL_CLOCK_CREATE", make_clock},
	{"SUNDIAL_CLOCK_READER", make_reader},
	{"SUNDIAL_TB_CREATE", make_set},
};

/* Expects each maker to fail with error; returns how many did not. */
static int count_wrong(int device, int clock, int error)
{
	int wrong = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(makers); i++) {
		errno = 0;
		if (makers[i].make(device, clock) == -1 && errno == error)
			continue;
		printf("# %s: %s\n", makers[i].name, strerror(errno));
		wrong++;
	}
	return wrong;
}

FIXTURE(full)
{
	int device;
	int clock;
};

FIXTURE_SETUP(full)
{
	SKIP_IF_DEVICE_REFUSES_USER();
	self->device = open("/dev/sundial", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->device);
	self->clock = make_clock(self->device, -1);
	ASSERT_LE(0, self->clock);
}

FIXTURE_TEARDOWN(full)
{
	close(self->clock);
	close(self->device);
}

TEST_F(full, a_process_without_descriptors_is_told_so)
{
	struct rlimit limit = {.rlim_cur = (rlim_t)self->clock + 1, .rlim_max = 1024};

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(0, count_wrong(self->device, self->clock, EMFILE));
}

static int write_file_max(const char *text)
{
	int fd = open("/proc/sys/fs/file-max", O_WRONLY | O_CLOEXEC);
	ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return written == (ssize_t)strlen(text) ? 0 : -1;
}

TEST_F(full, a_system_without_descriptors_is_told_so)
{
	char before[32] = "";
	int fd = open("/proc/sys/fs/file-max", O_RDONLY);
	pid_t pid;
	int i;

	if (geteuid())
		SKIP(return, "needs root, to take the system's descriptors away");
	ASSERT_LT(0, read(fd, before, sizeof(before) - 1));
	close(fd);
	/* the kernel counts per CPU, and sums up some tens at a time */
	for (i = 0; i < 500; i++)
		ASSERT_LE(0, open("/dev/null", O_RDONLY | O_CLOEXEC));
	ASSERT_EQ(0, write_file_max("1"));
	pid = fork_child();
	if (!pid) {
		/* who has CAP_SYS_ADMIN always gets one */
		if (setresuid(OTHER_USER, OTHER_USER, OTHER_USER))
			_exit(99);
		_exit(count_wrong(self->device, self->clock, ENFILE));
	}
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(0, write_file_max(before));
}

TEST_HARNESS_MAIN
