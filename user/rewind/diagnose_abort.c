// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SIGABRT: who called abort, and what it said. An allocator that aborts has found
 * its own data between blocks overwritten, long after it happened: the block before
 * the damage is the one that was overrun.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "rewind/diagnose.h"

#define CALLERS	    12 /* frames within which the reason for an abort is */
#define CHUNK_BYTES 48 /* from the end of a block to the beginning of the next, at most */

/* The last line that the process wrote to standard error, within its last events. */
static const char *last_words(const struct crash_case *c)
{
	for (size_t i = c->model->events.count; i-- > 0;) {
		const struct record_header *header = c->model->events.all[i];

		if (header->type == RECORD_OUTPUT && header->tgid == c->crash->header.tgid)
			return ((const struct record_text *)header)->text;
	}
	return NULL;
}

/* The block that the thread was freeing, by its address. */
static uint64_t being_freed(const struct crash_case *c)
{
	for (size_t i = c->model->events.count; i-- > 0;) {
		const struct record_header *header = c->model->events.all[i];

		if (header->tid != c->crash->header.tid)
			continue;
		if (header->type == RECORD_FREE)
			return ((const struct record_memory *)header)->address;
		if (header->type == RECORD_ALLOC)
			return 0;
	}
	return 0;
}

/* The block that ends last before limit: what wrote past its end damaged what follows. */
static const struct record_block *block_before(const struct crash_case *c, uint64_t limit)
{
	const struct record_block *found = NULL;

	for (size_t i = 0; i < c->model->blocks.count; i++) {
		const struct record_block *block =
			(const struct record_block *)c->model->blocks.all[i];

		if (block->header.tgid != c->crash->header.tgid ||
		    block->epoch != c->crash->epoch || block->address >= limit)
			continue;
		if (!found || block->address > found->address)
			found = block;
	}
	return found && limit - (found->address + found->size_bytes) <= CHUNK_BYTES ? found : NULL;
}

/* Which block was overrun, from what glibc calls the damage. */
static const struct record_block *overrun(const struct crash_case *c, const char *message)
{
	uint64_t freed = being_freed(c);
	uint32_t tgid = c->crash->header.tgid, epoch = c->crash->epoch;

	if (strstr(message, "corrupted top size"))
		return block_before(c, UINT64_MAX);
	if (!freed)
		return NULL;
	if (strstr(message, "next size") || strstr(message, "vs. prev_size")) {
		const struct record_block *block =
			model_block_at(c->model, tgid, epoch, RECORD_HOW_FREED, freed);

		return block ? block : block_before(c, freed);
	}
	return block_before(c, freed);
}

static void explain_allocator(const struct crash_case *c, struct diagnosis *d)
{
	const char *message = last_words(c);
	const struct record_block *block;

	say_headline(d, "heap-corruption", "the allocator found its data overwritten");
	if (message && *message)
		say_evidence(d, "it said: %.*s", (int)strcspn(message, "\n"), message);
	d->mend = "look for writes past the end of the block, or before its beginning";
	block = message ? overrun(c, message) : NULL;
	if (!block)
		return;
	say_headline(
		d, "heap-overflow",
		"heap overflow: something wrote past the end of a block of %llu bytes at %#llx",
		block->size_bytes, block->address);
	say_evidence(d, "what was overwritten follows that block directly");
	say_site(d, c->files, "allocated", &block->allocated);
}

bool diagnose_abort(const struct crash_case *c, struct diagnosis *d)
{
	const struct frame *own = stack_own(&c->stack);
	const char *message = last_words(c);

	if (c->crash->number != SIGABRT)
		return false;
	say_crashed(c, d, "crashed");
	if (stack_has(&c->stack, "malloc_printerr", CALLERS)) {
		explain_allocator(c, d);
		return true;
	}
	if (stack_has(&c->stack, "__stack_chk_fail", CALLERS)) {
		say_headline(d, "stack-smash", "a local array was written past its end in %s",
			     own && own->function ? own->function : "unknown code");
		d->mend = "compare the index with the array's size";
	} else if (stack_has(&c->stack, "__chk_fail", CALLERS)) {
		say_headline(d, "fortify", "a checked copy would write past its destination");
		d->mend = "the destination is smaller than what is copied there";
	} else if (stack_has(&c->stack, "__assert_fail", CALLERS)) {
		say_headline(d, "assertion", "an assertion failed in %s",
			     own && own->function ? own->function : "unknown code");
	} else if (stack_has(&c->stack, "std::terminate()", CALLERS)) {
		say_headline(d, "uncaught-exception", "an exception was thrown and not caught");
	} else {
		say_headline(d, "abort", "abort called by %s",
			     own && own->function ? own->function : "unknown code");
	}
	if (message && *message)
		say_evidence(d, "it said: %.*s", (int)strcspn(message, "\n"), message);
	return true;
}
