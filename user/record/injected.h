/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder's side of the injected allocator library. */
#ifndef RECORD_INJECTED_H
#define RECORD_INJECTED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "record/inject/inject.h"
#include "record/lib/librecord.h"

struct injected {
	int fd;
	struct inject_region *region;
	uint64_t streamed; /* records so far */
};

/* Makes the shared memory, with about bytes for events. 0 or negative errno. */
int injected_create(struct injected *injected, size_t bytes, const struct inject_options *options);

/*
 * In a child that is about to execute: what its environment needs. library: the path
 * of sundial-inject.so. 0 or negative errno.
 */
int injected_prepare(const struct injected *injected, pid_t recorder, const char *library);

/* Whether the library runs in a process. */
bool injected_used(const struct injected *injected);

/* Writes the events that have come since the last time, and says how many. */
uint64_t injected_stream(struct injected *injected, struct sundial_record_writer *writer);

/*
 * Writes events, if they are not streamed, blocks and stacks; the file has had *stacks stacks,
 * none if events are streamed, and then has more.
 */
void injected_save(struct injected *injected, struct sundial_record_writer *writer, __u32 *stacks);

#endif
