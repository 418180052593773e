/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the clock tests share: one fixture that runs each of them over the
 * device and over the memfd twin, and makes clocks.
 *
 * Built with SUNDIAL_TEST_MEMFD_ONLY, for machines without the module, there is
 * only the twin's half; otherwise a missing /dev/sundial fails in the VM, and is a
 * skip elsewhere.
 */
#ifndef SELFTESTS_CLOCK_COMMON_H
#define SELFTESTS_CLOCK_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "../device.h"
#include "lib/sundial.h"

#define PAGE	   SUNDIAL_CLOCK_PAGE_SIZE
#define POISON	   0xcc
#define POISON64   0xccccccccccccccccULL
#define OTHER_USER 65534
#define SECOND	   1000000000LL

FIXTURE(clock)
{
	unsigned int backing;
	struct sundial_clock *clock;
};

FIXTURE_VARIANT(clock)
{
	unsigned int backing;
};

#ifndef SUNDIAL_TEST_MEMFD_ONLY
FIXTURE_VARIANT_ADD(clock, device){.backing = SUNDIAL_BACKING_DEVICE};
#endif
FIXTURE_VARIANT_ADD(clock, memfd){.backing = SUNDIAL_BACKING_MEMFD};

FIXTURE_SETUP(clock)
{
	if (variant->backing == SUNDIAL_BACKING_DEVICE)
		SKIP_IF_DEVICE_REFUSES_USER();
	self->backing = variant->backing;
	self->clock = NULL;
}

FIXTURE_TEARDOWN(clock)
{
	sundial_clock_close(self->clock);
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY
/* For what the device does alone. */
FIXTURE(device)
{
	unsigned int backing;
	struct sundial_clock *clock;
};

FIXTURE_SETUP(device)
{
	SKIP_IF_DEVICE_REFUSES_USER();
	self->backing = SUNDIAL_BACKING_DEVICE;
	self->clock = NULL;
}

FIXTURE_TEARDOWN(device)
{
	sundial_clock_close(self->clock);
}
#endif

/* A domain of kind KERNEL in mode MANUAL at 1,000 ns, unless changed. */
static inline struct sundial_clock_create kernel_manual(void)
{
	struct sundial_clock_create how = {
		.kind = SUNDIAL_KIND_KERNEL,
		.mode = SUNDIAL_MODE_MANUAL,
		.count = 1,
		.now_ns = 1000,
	};

	return how;
}

static inline struct sundial_clock_create kernel_scaled(void)
{
	struct sundial_clock_create how = kernel_manual();

	how.mode = SUNDIAL_MODE_SCALED;
	return how;
}

static inline struct sundial_clock_create user_manual(__u32 count)
{
	struct sundial_clock_create how = kernel_manual();

	how.kind = SUNDIAL_KIND_USER;
	how.count = count;
	return how;
}

#define CREATE(how) ASSERT_EQ(0, sundial_clock_create(&(how), self->backing, &self->clock))

/* Runs statement with errno cleared and expects it to fail with error. */
#define EXPECT_ERRNO(error, statement)            \
	do {                                      \
		errno = 0;                        \
		EXPECT_EQ(-1, (long)(statement)); \
		EXPECT_EQ(error, errno);          \
	} while (0)

/* fork(), but the child does not outlive a test that was given up. */
static inline pid_t fork_child(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/*
 * Sends the result of a child as its exit status: 0 is success, else the number
 * of the check that failed.
 */
static inline int child_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

#endif /* SELFTESTS_CLOCK_COMMON_H */
