// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A node that is short of memory gives way to another one silently, so it is asked
 * afterwards: move_pages(2) without a destination only tells.
 */
#include "record/nodes.h"
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BATCH 1024

void nodes_find(struct record_nodes *record, const void *memory, size_t bytes, int node)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	const char *at = (const char *)((uintptr_t)memory & ~(page_bytes - 1));
	const char *end = (const char *)memory + bytes;

	memset(record, 0, sizeof(*record));
	record->header.type = RECORD_NODES;
	record->header.length = sizeof(*record);
	record->header.node = (__u16)node;
	while (at < end) {
		const void *pages[BATCH];
		int status[BATCH];
		unsigned long count = 0;

		for (; count < BATCH && at < end; at += page_bytes)
			pages[count++] = at;
		memset(status, 0xff, sizeof(status));
		syscall(SYS_move_pages, 0, count, pages, NULL, status, 0);
		for (unsigned long i = 0; i < count; i++)
			if (status[i] < 0)
				record->unused++;
			else if (status[i] == node)
				record->pages++;
			else
				record->elsewhere++;
	}
}
