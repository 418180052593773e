/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the allocator's entry points tell the shared memory. All may be called by any thread. */
#ifndef RECORD_INJECT_RECORD_H
#define RECORD_INJECT_RECORD_H

#include <stddef.h>
#include "record/inject/inject.h"

/* Finds the region; after that blocks are recorded. Called once, by the loader. */
void inject_start(void);

/* A block was allocated. */
void inject_enter(void *block, size_t size, uint32_t function, const struct inject_caller *caller);

/* A block is about to be freed. */
void inject_leave(void *block, uint32_t function, const struct inject_caller *caller);

/* It was not, after all: realloc failed. */
void inject_restore(void *block, uint32_t function, const struct inject_caller *caller);

#endif
