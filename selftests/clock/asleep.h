/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a thread of this process sleeps, by what /proc shows of it.
 */
#ifndef SELFTESTS_CLOCK_ASLEEP_H
#define SELFTESTS_CLOCK_ASLEEP_H

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whether a thread of this process sleeps, by what the system shows of it. */
static inline bool is_asleep(int tid)
{
	char path[64], stat[256], *end;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	length = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	if (length <= 0)
		return false;
	stat[length] = 0;
	end = strrchr(stat, ')');
	return end && end[1] && end[2] == 'S';
}

/* Until the thread that stores its id in *tid sleeps in the call that it makes next. */
static inline void until_asleep(atomic_int *tid)
{
	while (!atomic_load(tid) || !is_asleep(atomic_load(tid)))
		usleep(50);
}

#endif /* SELFTESTS_CLOCK_ASLEEP_H */
