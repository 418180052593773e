/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arena: one shared mapping that holds all kernel state of a simulated
 * host, at the same address in every process that has it, so that pointers into
 * it are plain pointers. It never holds code pointers: images differ.
 *
 * Everything in it belongs to whoever holds the host's run token (sched.h);
 * there are no other locks.
 */
#ifndef SUNDIAL_SIMKERNEL_ARENA_H
#define SUNDIAL_SIMKERNEL_ARENA_H

#include "base/types.h"

struct host;

/* Zeroed memory, 16-byte aligned (page-aligned from 4 KiB on); NULL when the arena is full. */
void *arena_alloc(struct host *h, size_t size);
/* Gives it back; NULL is allowed. Large blocks return their pages to the host's kernel. */
void arena_free(struct host *h, void *p);
/* Makes an empty arena of the given size in a fresh mapping at ARENA_BASE. */
struct host *arena_format(size_t size);

#endif
