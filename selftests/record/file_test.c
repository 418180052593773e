// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file format and its library: what is written is read back; a file that was cut
 * off at any byte opens up to its last whole block; one with any byte changed never
 * yields a record that was not written.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "record/lib/librecord.h"

#define RECORDS 9000 /* several blocks */

static int count, failed;

static void result(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, name);
	failed += !good;
}

static void make_event(struct record_syscall *event, uint64_t number)
{
	memset(event, 0, sizeof(*event));
	event->header = (struct record_header){.type = RECORD_SYSCALL,
					       .length = sizeof(*event),
					       .cpu = (uint16_t)(number % 3),
					       .tid = (uint32_t)number,
					       .host_ns = number * 10};
	event->number = 39;
	event->args[0] = number;
	event->result = (int64_t)~number;
}

static int write_file(const char *path, uint64_t records)
{
	struct record_header info = {.type = RECORD_INFO};
	struct sundial_record_writer *writer;
	struct record_syscall event;
	int ret = sundial_record_create(path, &writer);

	if (ret)
		return ret;
	sundial_record_write_tail(writer, &info, sizeof(info), "key=value", 10);
	for (uint64_t i = 0; i < records; i++) {
		make_event(&event, i);
		sundial_record_write(writer, &event.header);
	}
	return sundial_record_finish(writer);
}

/* How many events a file has, each as it was written and in order; -1: another one. */
static long read_events(struct sundial_record_reader *reader)
{
	const struct record_header *header;
	struct record_syscall want;
	long events = 0;

	while ((header = sundial_record_next(reader))) {
		if (header->type != RECORD_SYSCALL)
			continue;
		make_event(&want, (uint64_t)events);
		if (memcmp(header, &want, sizeof(want)))
			return -1;
		events++;
	}
	return events;
}

static void test_round_trip(const char *path)
{
	struct sundial_record_reader *reader = (void *)0xcc;
	const struct record_header *header;
	struct sundial_record_time time;
	int ret;

	ret = write_file(path, RECORDS);
	result(!ret, "a file is written");
	ret = sundial_record_open(path, &reader);
	result(!ret, "and opens");
	if (ret)
		exit(1);
	sundial_record_time(reader, &time);
	result(time.realtime_ns > time.monotonic_ns && time.monotonic_ns,
	       "it says when it was made");
	header = sundial_record_next(reader);
	result(header && header->type == RECORD_INFO && header->length == 56 &&
		       !strcmp(((const struct record_text *)header)->text, "key=value"),
	       "a record with text is read back");
	result(read_events(reader) == RECORDS, "every event is read back, in order");
	result(sundial_record_whole(reader), "the file is whole");
	sundial_record_restart(reader);
	result(!sundial_record_whole(reader), "before the end that is not known");
	result(read_events(reader) == RECORDS, "it can be read again");
	sundial_record_close(reader);
}

static unsigned char *load(const char *path, size_t *bytes)
{
	FILE *file = fopen(path, "rb");
	unsigned char *data;
	struct stat st;

	if (!file || fstat(fileno(file), &st))
		exit(1);
	*bytes = (size_t)st.st_size;
	data = malloc(*bytes);
	if (!data || fread(data, 1, *bytes, file) != *bytes)
		exit(1);
	fclose(file);
	return data;
}

static void store(const char *path, const unsigned char *data, size_t bytes)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(data, 1, bytes, file) != bytes || fclose(file))
		exit(1);
}

static void test_truncated(const char *path, const char *other)
{
	bool opens = true, prefix = true, not_whole = true, grows = true;
	size_t bytes;
	unsigned char *data = load(path, &bytes);
	long before = 0;

	for (size_t cut = 64; cut < bytes; cut += cut < 200 ? 1 : 9973) {
		struct sundial_record_reader *reader = (void *)0xcc;
		long events;

		store(other, data, cut);
		if (sundial_record_open(other, &reader)) {
			opens = false;
			continue;
		}
		events = read_events(reader);
		prefix &= events >= 0;
		grows &= events >= before;
		not_whole &= !sundial_record_whole(reader);
		before = events;
		sundial_record_close(reader);
	}
	result(opens, "a truncated file opens");
	result(prefix, "what it has is what was written");
	result(grows && before > RECORDS / 2, "up to its last whole block");
	result(not_whole, "and it does not pass for a whole one");
	free(data);
}

static void test_damaged(const char *path, const char *other)
{
	size_t bytes, refused = 0, tried = 0;
	unsigned char *data;
	bool sound = true, less = true;

	if (write_file(path, 20))
		exit(1);
	data = load(path, &bytes);
	for (size_t at = 0; at < bytes; at++) {
		struct sundial_record_reader *reader = (void *)0xcc;
		int ret;

		data[at] ^= 0x41;
		store(other, data, bytes);
		data[at] ^= 0x41;
		tried++;
		ret = sundial_record_open(other, &reader);
		if (ret) {
			refused++;
			sound &= ret == -EBADMSG;
			continue;
		}
		sound &= read_events(reader) >= 0;
		less &= !sundial_record_whole(reader);
		sundial_record_close(reader);
	}
	result(sound && tried == bytes, "a changed byte never makes another record");
	result(less, "nor goes unnoticed");
	result(refused == 64, "each byte of the file's header is covered by its checksum");
	free(data);
}

static void test_refused(const char *other)
{
	struct sundial_record_reader *reader;

	store(other, (const unsigned char *)"", 0);
	result(sundial_record_open(other, &reader) == -EBADMSG, "an empty file is refused");
	store(other, (const unsigned char *)"#!/bin/sh\n", 10);
	result(sundial_record_open(other, &reader) == -EBADMSG, "so is another kind of file");
	result(sundial_record_open("/", &reader) == -EBADMSG, "and a folder");
	unlink(other);
	result(sundial_record_open(other, &reader) == -ENOENT,
	       "a missing file is said to be missing");
}

#define RUN	 2500
#define FIRST_NS 5000000000000ULL

/* Small events, a tick of a third of a nanosecond apart in threes. */
static int write_run(const char *path, uint32_t said, uint32_t there)
{
	static struct record_packed records[RUN];
	struct sundial_record_writer *writer;
	struct record_run run = {
		.header = {.type = RECORD_RUN,
			   .tgid = 7,
			   .tid = 8,
			   .host_ns = FIRST_NS,
			   .virtual_ns = 42},
		.base_ticks = 1000,
		.base_ns = FIRST_NS,
		.ns_per_tick = (1ULL << 32) / 3 + 1,
		.count = said,
		.stack_base = 100,
	};
	int ret = sundial_record_create(path, &writer);

	if (ret)
		return ret;
	for (uint32_t i = 0; i < RUN; i++)
		records[i] = (struct record_packed){
			.ticks = 1000 + 3 * i,
			.what = (0x10000ULL + 16 * i) |
				(uint64_t)RECORD_CALLOC << RECORD_PACKED_SHIFT |
				(i % 2 ? RECORD_PACKED_FREE : 0),
			.size_bytes = i,
			.stack = i % 5,
		};
	sundial_record_write_tail(writer, &run.header, sizeof(run), records,
				  there * (uint32_t)sizeof(records[0]));
	return sundial_record_finish(writer);
}

/* Whether event i is what was written small. */
static bool is_expanded(const struct record_header *header, uint32_t i)
{
	const struct record_memory *event = (const struct record_memory *)header;

	return header->type == (i % 2 ? RECORD_FREE : RECORD_ALLOC) && header->tgid == 7 &&
	       header->tid == 8 && header->length == sizeof(*event) &&
	       header->host_ns == FIRST_NS + i && header->virtual_ns == 42 + i &&
	       event->address == 0x10000ULL + 16 * i && event->size_bytes == i &&
	       event->function == RECORD_CALLOC && event->stack == (i % 5 ? 100 + i % 5 : 0);
}

static void test_run(const char *path)
{
	struct sundial_record_reader *reader;
	const struct record_header *header;
	uint32_t good = 0;

	if (write_run(path, RUN, RUN) || sundial_record_open(path, &reader)) {
		result(false, "a run of small events is written");
		return;
	}
	for (int again = 0; again < 2; again++) {
		for (uint32_t i = 0; (header = sundial_record_next(reader)); i++)
			good += header->type != RECORD_COMPLETE && is_expanded(header, i);
		sundial_record_restart(reader);
	}
	result(good == 2 * RUN, "each event of a run is read as one of its own, twice");
	sundial_record_close(reader);
	if (write_run(path, RUN, RUN - 1) || sundial_record_open(path, &reader)) {
		result(false, "a run that is too short is written");
		return;
	}
	header = sundial_record_next(reader);
	result(!header && !sundial_record_whole(reader),
	       "one that says it has more than it has is not read");
	sundial_record_close(reader);
}

int main(void)
{
	char folder[] = "/tmp/sundial-file-XXXXXX", path[64], other[64];

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/a", folder);
	snprintf(other, sizeof(other), "%s/b", folder);
	test_round_trip(path);
	test_truncated(path, other);
	test_damaged(path, other);
	test_refused(other);
	test_run(path);
	printf("1..%d\n", count);
	unlink(path);
	rmdir(folder);
	return failed != 0;
}
