/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths and addresses that system calls were given, in words. */
#ifndef REWIND_OPERANDS_H
#define REWIND_OPERANDS_H

#include <stddef.h>
#include "record/lib/librecord.h"

/* Words for RECORD_FILE and RECORD_NET; call is the name of the system call. */
void operand_words(const struct record_header *event, const char *call, char *text, size_t bytes);

/* The address alone: "127.0.0.1:80", "[::1]:80", "unix:/run/socket", "unix:@abstract". */
void operand_address(const struct record_address *event, char *text, size_t bytes);

/* What became of reading it, in one word. */
const char *operand_status(__u8 status);

#endif
