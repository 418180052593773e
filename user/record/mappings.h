/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the recorded processes have mapped, with build-ids, followed as it happens:
 * after a crash /proc has nothing left to read. The kernel tells it through
 * perf_event_open(2), which costs a wake-up for each mapping of a file and nothing
 * between them.
 */
#ifndef RECORD_MAPPINGS_H
#define RECORD_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mapping {
	pid_t tgid;
	uint64_t host_ns;
	uint64_t start, end, offset;
	uint32_t protection;
	uint32_t build_id_bytes;
	uint8_t build_id[24];
	char *path;
};

struct mappings;

/* Called for each executable mapping of a file. */
typedef void mapping_seen(void *context, const struct mapping *mapping);

/*
 * Follows process pid, and what it forks if inherit; seen is told of each executable
 * file, those already mapped too if existing. 0 or negative errno.
 */
int mappings_open(struct mappings **mappings, pid_t pid, bool existing, mapping_seen *seen,
		  void *context);

/* What process pid has mapped now, and no more. 0 or negative errno. */
int mappings_read_existing(struct mappings **mappings, pid_t pid);

/* Follows every process of the system, those that run already too. */
int mappings_open_system(struct mappings **mappings);

/* Of a whole system: forgets the processes that have ended, but those that are wanted. */
typedef bool mapping_wanted(void *context, pid_t tgid);
void mappings_forget_ended(struct mappings *mappings, mapping_wanted *wanted, void *context);

/* Descriptors to poll for input, at most max; returns how many. */
size_t mappings_fds(const struct mappings *mappings, int *fds, size_t max);

/* Takes in what the kernel has reported. */
void mappings_read(struct mappings *mappings);

/* How many records of the kernel were lost. */
uint64_t mappings_lost(const struct mappings *mappings);

const struct mapping *mappings_all(const struct mappings *mappings, size_t *count);

void mappings_close(struct mappings *mappings);

#endif
