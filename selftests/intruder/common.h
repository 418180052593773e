/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of intruders share: the mappings that nobody may write to, one
 * variant of the fixture each.
 */
#ifndef SELFTESTS_INTRUDER_COMMON_H
#define SELFTESTS_INTRUDER_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "device.h"
#include <linux/sundial.h>

#define PAGE 4096
#define RW   (PROT_READ | PROT_WRITE)
#define EVIL 0x4141414141414141ULL

/* Where in a page an attack writes: an offset of REALTIME, or the first generation. */
#define TARGET 160

enum view { VIEW_KERNEL, VIEW_KERNEL_READER, VIEW_USER_READER, VIEW_GENERATIONS };

/* The descriptor through which the view is mapped, or a negative errno. */
static inline int make_view(enum view view)
{
	struct sundial_clock_create how = {
		.kind = view == VIEW_USER_READER ? SUNDIAL_KIND_USER : SUNDIAL_KIND_KERNEL,
		.count = 1,
		.now_ns = 1000,
	};
	struct sundial_tb_create set = {.slots = 8, .vcpus = 1};
	struct sundial_clock_reader reader = {0};
	int device = open("/dev/sundial", O_RDWR | O_CLOEXEC), made, fd;

	if (device < 0)
		return -errno;
	made = view == VIEW_GENERATIONS ? ioctl(device, SUNDIAL_TB_CREATE, &set)
					: ioctl(device, SUNDIAL_CLOCK_CREATE, &how);
	fd = made < 0 ? -errno : made;
	close(device);
	if (fd < 0 || view == VIEW_KERNEL || view == VIEW_GENERATIONS)
		return fd;
	made = ioctl(fd, SUNDIAL_CLOCK_READER, &reader);
	close(fd);
	return made < 0 ? -errno : made;
}

static inline pid_t fork_child(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static inline int child_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

#endif /* SELFTESTS_INTRUDER_COMMON_H */
