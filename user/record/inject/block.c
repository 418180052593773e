// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of blocks, live and freed: so that one that was allocated long ago still
 * has its stack. An entry is claimed by a compare-and-exchange of its state; nobody
 * waits for one that is claimed.
 */
#include "record/inject/state.h"

static NOINLINE struct inject_block *find_near(uintptr_t address, uint32_t index)
{
	for (int i = 1; i < INJECT_BLOCK_PROBE; i++) {
		struct inject_block *block = &region->blocks[(index + i) & (INJECT_BLOCKS - 1)];

		if (block->address == address && block->state >= INJECT_LIVE)
			return block;
	}
	return NULL;
}

struct inject_block *find_block(uintptr_t address)
{
	uint32_t index = block_index(address);
	struct inject_block *block = &region->blocks[index];

	if (likely(block->address == address) && likely(block->state >= INJECT_LIVE))
		return block;
	return find_near(address, index);
}

/* One never used, or that of the block freed longest ago. */
static NOINLINE struct inject_block *find_place(uintptr_t address)
{
	uint32_t index = block_index(address);
	struct inject_block *best = NULL;

	for (int i = 0; i < INJECT_BLOCK_PROBE; i++) {
		struct inject_block *block = &region->blocks[(index + i) & (INJECT_BLOCKS - 1)];

		if (block->state == INJECT_EMPTY)
			return block;
		if (block->state == INJECT_FREED &&
		    (!best || block->freed_ticks < best->freed_ticks))
			best = block;
	}
	return best;
}

static COLD void count_full(void)
{
	__atomic_fetch_add(&region->table_full, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&region->complete, 0, __ATOMIC_RELAXED);
}

void keep_block(uintptr_t address, size_t size, uint64_t ticks, uint32_t function, uint32_t stack)
{
	struct inject_block *block = find_block(address);
	uint32_t state;

	/* If possible its own of an earlier life, which somebody may be taking over. */
	if (unlikely(!block))
		block = find_place(address);
	if (unlikely(!block)) {
		count_full();
		return;
	}
	state = __atomic_load_n(&block->state, __ATOMIC_RELAXED);
	if (unlikely(state == INJECT_BUSY ||
		     !__atomic_compare_exchange_n(&block->state, &state, INJECT_BUSY, false,
						  __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))) {
		count_full();
		return;
	}
	block->address = address;
	block->size = size;
	block->functions = function;
	block->allocated_ticks = ticks;
	block->allocated_stack = stack;
	block->allocated_tid = self.tid;
	__atomic_store_n(&block->state, INJECT_LIVE, __ATOMIC_RELEASE);
}

COLD void keep_misuse(const struct inject_block *block, uintptr_t address, uint64_t ticks,
		      uint32_t function, uint32_t stack)
{
	uint32_t index = __atomic_fetch_add(&region->misuse_count, 1, __ATOMIC_RELAXED);
	struct inject_misuse *misuse;

	if (index >= INJECT_MISUSES)
		return;
	misuse = &region->misuses[index];
	if (block)
		misuse->block = *block;
	misuse->address = address;
	misuse->ticks = ticks;
	misuse->tid = self.tid;
	misuse->stack = stack;
	misuse->function = function;
	__atomic_store_n(&misuse->how, block ? RECORD_HOW_FREED_TWICE : RECORD_HOW_NEVER_ALLOCATED,
			 __ATOMIC_RELEASE);
}
