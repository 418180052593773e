// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /sys/kernel/debug/sundial: an object is in it while it lives, for root to read
 * and for nobody to write.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sundial.h>

#include "kselftest_harness.h"

#define FOLDER	"/sys/kernel/debug/sundial/"
#define DOMAINS FOLDER "domains"
#define SETS	FOLDER "sets"

static char text[1 << 20];

/* The line of a file that starts with this id; NULL if there is none. */
static char *line_of(const char *path, unsigned long long id)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;
	char start[32], *line;

	while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += got;
	close(fd);
	text[length] = 0;
	snprintf(start, sizeof(start), "\n%llu ", id);
	line = strstr(text, start);
	if (!line)
		return NULL;
	line[1 + strcspn(line + 1, "\n")] = 0;
	return line + 1;
}

FIXTURE(view)
{
	int device;
};

FIXTURE_SETUP(view)
{
	if (geteuid())
		SKIP(_exit(255), "needs root, whose the files are");
	self->device = open("/dev/sundial", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->device);
}

FIXTURE_TEARDOWN(view)
{
	close(self->device);
}

static unsigned long long domain_of(int clock)
{
	struct sundial_clock_info info = {0};

	return ioctl(clock, SUNDIAL_CLOCK_INFO, &info) ? 0 : info.domain;
}

TEST_F(view, a_clock_is_shown_while_it_lives)
{
	struct sundial_clock_create how = {.count = 1, .now_ns = 4711};
	struct sundial_clock_reader as_reader = {0};
	int clock = ioctl(self->device, SUNDIAL_CLOCK_CREATE, &how);
	unsigned long long domain = domain_of(clock);
	char expected[128];
	int reader;

	ASSERT_NE(0, domain);
	snprintf(expected, sizeof(expected), "%llu kernel manual 1 0 4711 1 0 %d", domain,
		 getpid());
	EXPECT_STREQ(expected, line_of(DOMAINS, domain));
	reader = ioctl(clock, SUNDIAL_CLOCK_READER, &as_reader);
	snprintf(expected, sizeof(expected), "%llu kernel manual 1 0 4711 2 0 %d", domain,
		 getpid());
	EXPECT_STREQ(expected, line_of(DOMAINS, domain));
	close(clock);
	EXPECT_NE(NULL, line_of(DOMAINS, domain));
	close(reader);
	EXPECT_EQ(NULL, line_of(DOMAINS, domain));
}

TEST_F(view, an_array_is_shown_without_what_its_pages_say)
{
	struct sundial_clock_create how = {
		.kind = SUNDIAL_KIND_USER, .mode = SUNDIAL_MODE_SCALED, .count = 3};
	int clock = ioctl(self->device, SUNDIAL_CLOCK_CREATE, &how);
	unsigned long long domain = domain_of(clock);
	char expected[128];

	ASSERT_NE(0, domain);
	snprintf(expected, sizeof(expected), "%llu user scaled 3 0 - 1 0 %d", domain, getpid());
	EXPECT_STREQ(expected, line_of(DOMAINS, domain));
	close(clock);
	EXPECT_EQ(NULL, line_of(DOMAINS, domain));
}

/* Whether the line of domain comes to show so many waiters. */
static int comes_to_show(unsigned long long domain, int waiters)
{
	char expected[128];
	const char *line;
	int tries;

	snprintf(expected, sizeof(expected), "%llu kernel manual 1 %d 0 ", domain, waiters);
	for (tries = 0; tries < 100000; tries++) {
		line = line_of(DOMAINS, domain);
		if (line && !strncmp(line, expected, strlen(expected)))
			return 1;
		sched_yield();
	}
	return 0;
}

TEST_F(view, who_waits_is_counted)
{
	struct sundial_clock_create how = {.count = 1};
	struct sundial_clock_alarm alarm = {.deadline_ns = 5};
	int clock = ioctl(self->device, SUNDIAL_CLOCK_CREATE, &how);
	unsigned long long domain = domain_of(clock);
	pid_t pid = fork();

	if (!pid) {
		struct sundial_clock_wait wait = {.deadline_ns = 1000};

		ioctl(clock, SUNDIAL_CLOCK_WAIT, &wait);
		_exit(0);
	}
	EXPECT_TRUE(comes_to_show(domain, 1));
	ASSERT_EQ(0, ioctl(clock, SUNDIAL_CLOCK_ALARM, &alarm));
	EXPECT_TRUE(comes_to_show(domain, 2));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EXPECT_TRUE(comes_to_show(domain, 1));
	close(clock);
	EXPECT_EQ(NULL, line_of(DOMAINS, domain));
}

/* Ids of sets are not told to anybody else, so it is found by its maker. */
static int shows_set_of_mine(const char *numbers)
{
	char end[64];

	line_of(SETS, 0);
	snprintf(end, sizeof(end), " %s 0 %d\n", numbers, getpid());
	return strstr(text, end) != NULL;
}

TEST_F(view, a_tb_set_is_shown_while_it_lives)
{
	struct sundial_tb_create how = {.slots = 7, .vcpus = 2, .events = 64};
	struct sundial_tb_register enter = {0};
	struct sundial_tb_attach attach = {.slot = 3, .address = 0x10000, .length = 0x1000};
	int set = ioctl(self->device, SUNDIAL_TB_CREATE, &how);

	ASSERT_LE(0, set);
	EXPECT_TRUE(shows_set_of_mine("7 2 64 0 0 1"));
	ASSERT_EQ(0, ioctl(set, SUNDIAL_TB_REGISTER, &enter));
	ASSERT_EQ(0, ioctl(set, SUNDIAL_TB_ATTACH, &attach));
	EXPECT_TRUE(shows_set_of_mine("7 2 64 1 1 1"));
	close(set);
	EXPECT_FALSE(shows_set_of_mine("7 2 64 1 1 1"));
	EXPECT_EQ(&text[0], strstr(text, "set slots vcpus "));
}

/* The first line names the columns, and more lines than fit a page come whole. */
TEST_F_TIMEOUT(view, many_objects_are_all_shown, 300)
{
	struct sundial_clock_create how = {.count = 1};
	unsigned long long first = 0;
	int clocks[300], i;

	for (i = 0; i < 300; i++) {
		clocks[i] = ioctl(self->device, SUNDIAL_CLOCK_CREATE, &how);
		ASSERT_LE(0, clocks[i]);
		if (!i)
			first = domain_of(clocks[i]);
	}
	for (i = 0; i < 300; i++)
		EXPECT_NE(NULL, line_of(DOMAINS, domain_of(clocks[i])));
	for (i = 0; i < 300; i++)
		close(clocks[i]);
	EXPECT_EQ(NULL, line_of(DOMAINS, first));
	EXPECT_EQ(&text[0], strstr(text, "domain kind mode pages "));
}

TEST_F(view, a_refused_creation_leaves_nothing)
{
	struct sundial_clock_create how = {.count = 1};
	unsigned long long next;
	int clock = ioctl(self->device, SUNDIAL_CLOCK_CREATE, &how);
	struct rlimit limit = {.rlim_cur = clock + 1, .rlim_max = clock + 1};

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	next = domain_of(clock) + 1;
	EXPECT_EQ(-1, ioctl(self->device, SUNDIAL_CLOCK_CREATE, &how));
	EXPECT_EQ(EMFILE, errno);
	close(clock);
	EXPECT_EQ(NULL, line_of(DOMAINS, next));
	EXPECT_STREQ("\n", strchr(text, '\n')); /* only the first line is left */
}

TEST_F(view, nobody_writes_and_only_root_reads)
{
	struct stat stat_of;
	int fd;

	ASSERT_EQ(0, stat(DOMAINS, &stat_of));
	EXPECT_EQ(0400, stat_of.st_mode & 07777);
	EXPECT_EQ(0, stat_of.st_uid);
	fd = open(DOMAINS, O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
	EXPECT_EQ(-1, ioctl(fd, SUNDIAL_CLOCK_INFO, text));
	EXPECT_EQ(ENOTTY, errno);
	close(fd);
}

/* A kernel's address has this many digits, and starts so. */
TEST_F(view, no_address_is_shown)
{
	struct sundial_clock_create how = {.count = 1};
	int clock = ioctl(self->device, SUNDIAL_CLOCK_CREATE, &how);

	EXPECT_EQ(NULL, line_of(DOMAINS, 0)); /* which is nobody's: text is the whole file */
	EXPECT_NE(NULL, strstr(text, " kernel manual "));
	EXPECT_EQ(NULL, strstr(text, "ffff"));
	EXPECT_EQ(NULL, strstr(text, "0x"));
	close(clock);
}

TEST_F_TIMEOUT(view, objects_come_and_go_beside_a_reader, 300)
{
	struct sundial_clock_create how = {.count = 1};
	int i, status;
	pid_t pid = fork();

	if (!pid) {
		for (i = 0; i < 3000; i++)
			close(ioctl(self->device, SUNDIAL_CLOCK_CREATE, &how));
		_exit(0);
	}
	while (!waitpid(pid, &status, WNOHANG)) {
		line_of(DOMAINS, 0);
		EXPECT_EQ(&text[0], strstr(text, "domain "));
	}
	EXPECT_EQ(0, status);
}

TEST(other_users_read_nothing)
{
	if (!geteuid())
		return;
	EXPECT_EQ(-1, open(DOMAINS, O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(EACCES, errno);
}

TEST_HARNESS_MAIN
