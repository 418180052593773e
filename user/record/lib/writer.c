// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a recording beside its final name and renames it when it is whole, so that
 * an older file of that name stays until then. Records are collected to blocks.
 */
#include "record/lib/librecord.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "record/lib/format.h"

#define BLOCK_BYTES (256U << 10) /* a block is written when it has so many */

struct sundial_record_writer {
	int fd, error;
	struct sundial_record_time time; /* all zero: the machine's */
	char *path, *partial;
	__u32 number, bytes;
	struct record_block_header *block; /* with room for a block and the longest record */
};

static __u64 now_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (__u64)ts.tv_sec * 1000000000 + (__u64)ts.tv_nsec;
}

static void put(struct sundial_record_writer *w, const void *data, size_t bytes)
{
	const char *at = data;
	ssize_t n;

	while (bytes && !w->error) {
		n = write(w->fd, at, bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			w->error = -errno;
			return;
		}
		at += n;
		bytes -= (size_t)n;
	}
}

static void put_header(struct sundial_record_writer *w)
{
	struct record_file_header header = {
		.magic = RECORD_FILE_MAGIC,
		.header_bytes = sizeof(header),
		.byte_order = RECORD_BYTE_ORDER,
		.monotonic_ns = w->time.monotonic_ns ?: now_ns(CLOCK_MONOTONIC),
		.realtime_ns = w->time.realtime_ns ?: now_ns(CLOCK_REALTIME),
	};

	header.checksum = record_crc32c(0, &header, offsetof(struct record_file_header, checksum));
	put(w, &header, sizeof(header));
}

static void flush(struct sundial_record_writer *w)
{
	if (!w->bytes)
		return;
	w->block->magic = RECORD_BLOCK_MAGIC;
	w->block->number = w->number++;
	w->block->bytes = w->bytes;
	w->block->checksum = record_crc32c(0, &w->block->number, 8 + w->bytes);
	put(w, w->block, sizeof(*w->block) + w->bytes);
	w->bytes = 0;
}

int sundial_record_create(const char *path, struct sundial_record_writer **writer)
{
	return sundial_record_create_at(path, &(struct sundial_record_time){0}, writer);
}

int sundial_record_create_at(const char *path, const struct sundial_record_time *time,
			     struct sundial_record_writer **writer)
{
	struct sundial_record_writer *w = calloc(1, sizeof(*w));
	int ret = -ENOMEM;

	if (!w)
		return ret;
	w->fd = -1;
	w->time = *time;
	w->path = strdup(path);
	w->block = malloc(sizeof(*w->block) + BLOCK_BYTES + UINT16_MAX + 1);
	if (!w->path || !w->block || asprintf(&w->partial, "%s.partial", path) < 0)
		goto out;
	w->fd = open(w->partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (w->fd < 0) {
		ret = -errno;
		goto out;
	}
	put_header(w);
	*writer = w;
	return 0;
out:
	free(w->path);
	free(w->block);
	free(w);
	return ret;
}

void sundial_record_write_tail(struct sundial_record_writer *w, struct record_header *header,
			       __u32 head_bytes, const void *tail, __u32 tail_bytes)
{
	__u32 length = (head_bytes + tail_bytes + 7) & ~7U;
	char *to = (char *)(w->block + 1) + w->bytes;

	if (length > UINT16_MAX) {
		w->error = w->error ? w->error : -EMSGSIZE;
		return;
	}
	header->length = (__u16)length;
	memcpy(to, header, head_bytes);
	memcpy(to + head_bytes, tail, tail_bytes);
	memset(to + head_bytes + tail_bytes, 0, length - head_bytes - tail_bytes);
	w->bytes += length;
	if (w->bytes >= BLOCK_BYTES)
		flush(w);
}

void sundial_record_write(struct sundial_record_writer *w, const struct record_header *header)
{
	memcpy((char *)(w->block + 1) + w->bytes, header, header->length);
	w->bytes += header->length;
	if (w->bytes >= BLOCK_BYTES)
		flush(w);
}

int sundial_record_finish(struct sundial_record_writer *w)
{
	struct record_header complete = {.type = RECORD_COMPLETE,
					 .length = sizeof(complete),
					 .host_ns =
						 w->time.monotonic_ns ?: now_ns(CLOCK_MONOTONIC)};
	int ret;

	sundial_record_write(w, &complete);
	flush(w);
	if (close(w->fd) && !w->error)
		w->error = -errno;
	if (!w->error && rename(w->partial, w->path))
		w->error = -errno;
	ret = w->error;
	free(w->path);
	free(w->partial);
	free(w->block);
	free(w);
	return ret;
}
