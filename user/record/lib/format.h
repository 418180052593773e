/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file around the records: Documentation/record-format.md in C. */
#ifndef RECORD_FORMAT_H
#define RECORD_FORMAT_H

#include <assert.h>
#include <stddef.h>
#include <linux/types.h>

#define RECORD_FILE_MAGIC  "SUNDIALR"
#define RECORD_BLOCK_MAGIC 0x4b4c4253 /* "SBLK" */
#define RECORD_BYTE_ORDER  0x01020304

/* Features without which the records cannot be understood; none yet. */
#define RECORD_FEATURES_KNOWN 0ULL

struct record_file_header {
	char magic[8];
	__u32 header_bytes; /* of this; the first block follows */
	__u32 byte_order;
	__u64 required; /* a reader refuses bits that it does not know */
	__u64 optional; /* and passes over those */
	__u64 monotonic_ns;
	__u64 realtime_ns;
	__u64 pad;
	__u32 pad2;
	__u32 checksum; /* CRC32C of all before */
};

struct record_block_header {
	__u32 magic;
	__u32 checksum; /* CRC32C of the rest of this header and the records */
	__u32 number;	/* 0, 1, 2, ... */
	__u32 bytes;	/* of records that follow */
};

static_assert(sizeof(struct record_file_header) == 64, "fixed by the format");
static_assert(sizeof(struct record_block_header) == 16, "fixed by the format");

#define RECORD_BLOCK_BYTES_MAX (1U << 20)

/* The CRC32C (Castagnoli, RFC 3720) of data, going on from that of what came before. */
__u32 record_crc32c(__u32 before, const void *data, size_t bytes);

#endif
