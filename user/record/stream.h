/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything to the file as it happens, instead of the latest at the end. */
#ifndef RECORD_STREAM_H
#define RECORD_STREAM_H

#include "record/injected.h"
#include "record/programs.h"

struct stream;

/* Begins a file. 0 or negative errno; programs and injected outlive it. */
int stream_open(struct stream **stream, const char *path, struct programs *programs,
		struct injected *injected);

/* Writes what has come since the last time; how many records that were. May block on the disk. */
__u64 stream_poll(struct stream *stream);

/* The file, for what is not an event. */
struct sundial_record_writer *stream_writer(struct stream *stream);

/* Writes the rest, and what became of every event; the buffers are paused. */
void stream_end(struct stream *stream);

/* The file stays under its name. 0 or the first error there was. */
int stream_close(struct stream *stream);

#endif
