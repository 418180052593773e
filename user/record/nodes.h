/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether memory is on the NUMA node that it was asked for. */
#ifndef RECORD_NODES_H
#define RECORD_NODES_H

#include <stddef.h>
#include "record/lib/librecord.h"

/*
 * Asks the kernel where each page of bytes at memory is, and says how many are on node,
 * on another one, or nowhere yet. Moves nothing. May be called by any thread.
 */
void nodes_find(struct record_nodes *record, const void *memory, size_t bytes, int node);

#endif
