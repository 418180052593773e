/* SPDX-License-Identifier: LGPL-2.1-or-later OR GPL-2.0-or-later */
/*
 * libsundial-record: reads and writes files of the flight recorder, which
 * Documentation/record-format.md describes. The records are those of events.h.
 *
 * Functions return 0 or a negative errno, may block on the disk, and keep no state
 * outside their handle: different handles may be used by different threads, one
 * handle by one thread at a time.
 */
#ifndef LIBRECORD_H
#define LIBRECORD_H

#include <stdbool.h>
#include "events.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sundial_record_reader;
struct sundial_record_writer;

/* When the file was made, by two clocks at the same moment. */
struct sundial_record_time {
	__u64 monotonic_ns; /* what host_ns of records counts */
	__u64 realtime_ns;
};

/*
 * Opens a file. -EBADMSG: it is no recording; -EPROTONOSUPPORT: it needs a feature
 * that this library does not know. A file that was cut off or damaged opens; it ends
 * after its last whole block.
 */
int sundial_record_open(const char *path, struct sundial_record_reader **reader);

/*
 * The next record, or NULL after the last one. It is part of the mapped file: it is
 * valid until close. Its length is at least that of its type when this library was
 * made, and text in it ends with a zero byte. The events of a RECORD_RUN are returned
 * one by one, as ALLOC and FREE.
 */
const struct record_header *sundial_record_next(struct sundial_record_reader *reader);

/* Begins again with the first record. */
void sundial_record_restart(struct sundial_record_reader *reader);

/* Whether every block up to the last record that a recorder writes is there; after the end. */
bool sundial_record_whole(const struct sundial_record_reader *reader);

/* How many bytes of the file were read as whole blocks. */
__u64 sundial_record_bytes(const struct sundial_record_reader *reader);

void sundial_record_time(const struct sundial_record_reader *reader,
			 struct sundial_record_time *time);

void sundial_record_close(struct sundial_record_reader *reader);

/* Makes a file, which appears under its name when it is finished: no half files. */
int sundial_record_create(const char *path, struct sundial_record_writer **writer);

/* The same, with this for the time at which it was made: host_ns of its records counts that. */
int sundial_record_create_at(const char *path, const struct sundial_record_time *time,
			     struct sundial_record_writer **writer);

/* Appends a record of header->length bytes. An error stays, and finish reports it. */
void sundial_record_write(struct sundial_record_writer *writer, const struct record_header *header);

/*
 * The same with what follows the header's type-specific part: bytes of tail, zero
 * padded. header->length is set to the sum.
 */
void sundial_record_write_tail(struct sundial_record_writer *writer, struct record_header *header,
			       __u32 head_bytes, const void *tail, __u32 tail_bytes);

/* Writes what is left and closes; also the handle of a writer that failed. */
int sundial_record_finish(struct sundial_record_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
