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

#define CALLERS	    12		  /* frames within which the reason for an abort is */
#define MMAP_BYTES  (128UL << 10) /* from here on blocks are mappings of their own */
#define HEAP_BYTES  (64UL << 20)
#define CHUNK_BYTES 48 /* from the end of a block to the beginning of the next, at most */

/* The last line that the process wrote to standard error and that has something in it. */
static const char *last_words(const struct crash_case *c)
{
	const char *words = model_words(c->model, c->crash->header.tgid), *found = NULL;

	/* A simulated host's processes have only the beginning of each write. */
	for (size_t i = words ? 0 : c->model->events.count; i-- > 0;) {
		const struct record_header *header = c->model->events.all[i];

		if (header->type == RECORD_OUTPUT && header->tgid == c->crash->header.tgid)
			return ((const struct record_text *)header)->text;
	}
	for (const char *line = words; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[strspn(line, " \n")])
			found = line;
	}
	return found;
}

/* What libstdc++ prints of an exception that nobody catches: its type, and what(). */
static void say_exception(const struct crash_case *c, struct diagnosis *d)
{
	static const char terminated[] = "terminate called after throwing an instance of ";
	const char *words = model_words(c->model, c->crash->header.tgid);
	const char *type = words ? strstr(words, terminated) : NULL, *what;

	if (!type)
		return;
	say_evidence(d, "it threw %.*s", (int)strcspn(type + strlen(terminated), "\n"),
		     type + strlen(terminated));
	what = strstr(type, "what():  ");
	if (what)
		say_evidence(d, "what(): %.*s", (int)strcspn(what + 9, "\n"), what + 9);
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
		if (!found || block->address > found->address ||
		    (block->address == found->address &&
		     site_after(&block->allocated, &found->allocated)))
			found = block;
	}
	return found && limit - (found->address + found->size_bytes) <= CHUNK_BYTES ? found : NULL;
}

/* The end of the heap is damaged: the last block of the heap that the thread uses. */
static const struct record_block *last_block(const struct crash_case *c)
{
	const struct record_block *found = NULL, *newest = NULL;

	for (size_t i = 0; i < c->model->blocks.count; i++) {
		const struct record_block *block =
			(const struct record_block *)c->model->blocks.all[i];

		if (block->header.tgid == c->crash->header.tgid &&
		    block->epoch == c->crash->epoch &&
		    block->allocated.tid == c->crash->header.tid &&
		    block->size_bytes < MMAP_BYTES &&
		    (!newest || site_after(&block->allocated, &newest->allocated)))
			newest = block;
	}
	for (size_t i = 0; newest && i < c->model->blocks.count; i++) {
		const struct record_block *block =
			(const struct record_block *)c->model->blocks.all[i];

		if (block->header.tgid == c->crash->header.tgid &&
		    block->epoch == c->crash->epoch && block->size_bytes < MMAP_BYTES &&
		    block->address - newest->address < HEAP_BYTES &&
		    (!found || block->address > found->address))
			found = block;
	}
	return found;
}

/*
 * The first word of a freed block is the next one in the allocator's list. Whoever wrote
 * to it made the allocator take that for a block: it was the one handed out last.
 */
static const struct record_block *written_freed(const struct crash_case *c)
{
	for (size_t i = c->model->events.count; i-- > 0;) {
		const struct record_header *header = c->model->events.all[i];

		if (header->tid != c->crash->header.tid)
			continue;
		if (header->type == RECORD_FREE)
			return NULL;
		if (header->type == RECORD_ALLOC)
			return model_block_at(c->model, c->crash->header.tgid, c->crash->epoch,
					      RECORD_HOW_FREED,
					      ((const struct record_memory *)header)->address);
	}
	return NULL;
}

static void explain_written_freed(const struct crash_case *c, struct diagnosis *d,
				  const struct record_block *freed)
{
	say_headline(d, "use-after-free",
		     "use after free: something wrote to a block of %llu bytes at %#llx after it "
		     "was freed",
		     freed->size_bytes, freed->address);
	say_evidence(d, "the allocator's list of free blocks began there, and was overwritten; it "
			"was found at a later allocation");
	d->mend = "forget the pointer when the block is freed";
	say_site(d, c->files, "freed", &freed->freed);
	say_site(d, c->files, "allocated", &freed->allocated);
}

/* The block that is being freed, if nothing that could have been overrun is before it. */
static const struct record_block *underrun(const struct crash_case *c, const char *message)
{
	uint64_t freed = being_freed(c);

	if (!freed || strstr(message, "next size") || strstr(message, "vs. prev_size"))
		return NULL;
	return model_block_at(c->model, c->crash->header.tgid, c->crash->epoch, RECORD_HOW_FREED,
			      freed);
}

/* Which block was overrun, from what glibc calls the damage. */
static const struct record_block *overrun(const struct crash_case *c, const char *message)
{
	uint64_t freed = being_freed(c);
	uint32_t tgid = c->crash->header.tgid, epoch = c->crash->epoch;

	if (strstr(message, "corrupted top size") || stack_has(&c->stack, "sysmalloc", CALLERS))
		return last_block(c);
	if (!freed)
		return NULL;
	if (strstr(message, "next size") || strstr(message, "vs. prev_size")) {
		const struct record_block *block =
			model_block_at(c->model, tgid, epoch, RECORD_HOW_FREED, freed);

		return block ? block : block_before(c, freed);
	}
	return block_before(c, freed);
}

void diagnose_allocator(const struct crash_case *c, struct diagnosis *d)
{
	const char *message = c->crash->number == SIGABRT ? last_words(c) : NULL;
	const struct record_block *block;

	say_headline(d, "heap-corruption", "the allocator found its data overwritten");
	if (message && *message)
		say_evidence(d, "it said: %.*s", (int)strcspn(message, "\n"), message);
	d->mend = "look for writes past the end of the block, or before its beginning";
	block = stack_has(&c->stack, "tcache_get", CALLERS) ? written_freed(c) : NULL;
	if (block) {
		explain_written_freed(c, d, block);
		return;
	}
	if (!message)
		return;
	block = overrun(c, message);
	if (!block) {
		block = underrun(c, message);
		if (!block)
			return;
		say_headline(d, "heap-underflow",
			     "heap underflow: something wrote before the beginning of a block of "
			     "%llu bytes at %#llx",
			     block->size_bytes, block->address);
		say_evidence(d, "no block ends directly before it");
		d->mend = "compare the index with the block's beginning";
		say_site(d, c->files, "allocated", &block->allocated);
		return;
	}
	say_headline(
		d, "heap-overflow",
		"heap overflow: something wrote past the end of a block of %llu bytes at %#llx",
		block->size_bytes, block->address);
	say_evidence(d, "what was overwritten follows that block directly");
	say_site(d, c->files, "allocated", &block->allocated);
}

bool diagnose_abort(const struct crash_case *c, struct diagnosis *d)
{
	const char *message = last_words(c);

	if (c->crash->number != SIGABRT)
		return false;
	say_crashed(c, d, "crashed");
	if (stack_has(&c->stack, "malloc_printerr", CALLERS) ||
	    stack_has(&c->stack, "__malloc_assert", CALLERS)) {
		diagnose_allocator(c, d);
		return true;
	}
	if (stack_has(&c->stack, "__stack_chk_fail", CALLERS)) {
		say_headline(d, "stack-smash", "a local array was written past its end in %s",
			     c->where);
		d->mend = "compare the index with the array's size";
	} else if (stack_has(&c->stack, "__chk_fail", CALLERS)) {
		say_headline(d, "fortify", "a checked copy would write past its destination");
		d->mend = "the destination is smaller than what is copied there";
	} else if (stack_has(&c->stack, "__assert_fail", CALLERS)) {
		say_headline(d, "assertion", "an assertion failed in %s", c->where);
	} else if (stack_has(&c->stack, "__cxa_pure_virtual", CALLERS)) {
		say_headline(d, "pure-virtual-call",
			     "a virtual function was called on an object that has none yet, or no "
			     "longer, in %s",
			     c->where);
		d->mend = "call no virtual functions in constructors and destructors, nor after";
	} else if (stack_has(&c->stack, "std::terminate()", CALLERS) && message &&
		   strstr(message, "without an active exception")) {
		say_headline(d, "terminate", "std::terminate() without an exception, in %s",
			     c->where);
		d->mend = "join or detach each thread before its object goes";
	} else if (stack_has(&c->stack, "std::terminate()", CALLERS)) {
		say_headline(d, "uncaught-exception", "an exception was thrown and not caught");
		say_exception(c, d);
	} else {
		say_headline(d, "abort", "abort called by %s", c->where);
	}
	if (message && *message)
		say_evidence(d, "it said: %.*s", (int)strcspn(message, "\n"), message);
	return true;
}
