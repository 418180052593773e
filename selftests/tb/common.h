/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of TB sets share: a fixture that runs each of them over the device
 * and over the memfd twin, and ways to make sets, memory and children.
 *
 * Built with SUNDIAL_TEST_MEMFD_ONLY, for machines without the module, there is
 * only the twin's half.
 */
#ifndef SELFTESTS_TB_COMMON_H
#define SELFTESTS_TB_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/sundial_tbset.h"

#include "../device.h"

#define PAGE	    4096UL
#define POISON	    0xcc
#define POISON64    0xccccccccccccccccULL
#define SECOND	    1000000000ULL
#define MILLISECOND 1000000ULL

FIXTURE(tb)
{
	unsigned int backing;
	struct sundial_tb *tb;
};

FIXTURE_VARIANT(tb)
{
	unsigned int backing;
};

#ifndef SUNDIAL_TEST_MEMFD_ONLY
FIXTURE_VARIANT_ADD(tb, device){.backing = SUNDIAL_BACKING_DEVICE};
#endif
FIXTURE_VARIANT_ADD(tb, memfd){.backing = SUNDIAL_BACKING_MEMFD};

FIXTURE_SETUP(tb)
{
	self->backing = variant->backing;
	self->tb = NULL;
	if (self->backing == SUNDIAL_BACKING_DEVICE)
		SKIP_IF_DEVICE_REFUSES_USER();
}

FIXTURE_TEARDOWN(tb)
{
	sundial_tb_close(self->tb);
}

#ifndef SUNDIAL_TEST_MEMFD_ONLY
/* For what the device does alone. */
FIXTURE(device)
{
	unsigned int backing;
	struct sundial_tb *tb;
};

FIXTURE_SETUP(device)
{
	self->backing = SUNDIAL_BACKING_DEVICE;
	self->tb = NULL;
	SKIP_IF_DEVICE_REFUSES_USER();
}

FIXTURE_TEARDOWN(device)
{
	sundial_tb_close(self->tb);
}
#endif

/* A set of so many slots, vCPUs and events in *tb, registered. Returns an errno. */
static inline int make_set(unsigned int backing, __u32 slots, __u32 vcpus, __u32 events,
			   struct sundial_tb **tb)
{
	struct sundial_tb_create how = {.slots = slots, .vcpus = vcpus, .events = events};
	int ret = sundial_tb_create(&how, backing, tb);

	return ret ? ret : sundial_tb_register(*tb);
}

#define SET(slots, vcpus, events) \
	ASSERT_EQ(0, make_set(self->backing, slots, vcpus, events, &self->tb))

static inline __u64 generation_now(const struct sundial_tb *tb, __u32 slot)
{
	return sundial_tb_generation(sundial_tb_page(tb), slot);
}

/* Once it is even: TLBs may be flushed a little after the call that changed something. */
static inline __u64 generation(const struct sundial_tb *tb, __u32 slot)
{
	__u64 now;

	while ((now = generation_now(tb, slot)) & 1)
		sched_yield();
	return now;
}

/* Does statement, a change of so many bytes at address, as an engine over either backing. */
#define CHANGE(tb, address, length, reason, statement)            \
	do {                                                      \
		sundial_tb_changing(tb, address, length, reason); \
		statement;                                        \
		sundial_tb_changed(tb, address, length);          \
	} while (0)

/* Runs statement with errno cleared and expects it to fail with error. */
#define EXPECT_ERRNO(error, statement)            \
	do {                                      \
		errno = 0;                        \
		EXPECT_EQ(-1, (long)(statement)); \
		EXPECT_EQ(error, errno);          \
	} while (0)

static inline char *map_anonymous(size_t pages)
{
	char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	return memory == MAP_FAILED ? NULL : memset(memory, 0x55, pages * PAGE);
}

/* fork(), but the child does not outlive a test that was given up. */
static inline pid_t fork_child(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* The result of a child as its exit status: 0 is success, else the check that failed. */
static inline int child_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* One byte through a pipe, between processes that wait for each other. */
static inline void pipe_put(int fd)
{
	char byte = 1;

	if (write(fd, &byte, 1) != 1)
		_exit(250);
}

static inline void pipe_get(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		_exit(251);
}

#endif /* SELFTESTS_TB_COMMON_H */
