// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls of free and realloc with what is no live block. The recorder saw the call
 * itself, so this is certain, whatever the allocator made of it.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include "rewind/diagnose.h"

#define STACK_NEAR (8UL << 20)

enum { CALL_CLONE = 56, CALL_VFORK = 58 };

static const char *block_words(const struct record_block *block, char *text, size_t bytes)
{
	snprintf(text, bytes, "block of %llu bytes at %#llx", block->size_bytes, block->address);
	return text;
}

/* A free of an address that was never returned: what is there? */
static void explain_address(const struct model *model, struct process_files *files,
			    const struct record_misuse *misuse, struct diagnosis *d)
{
	const struct record_block *block, *wrong = &misuse->block;
	const struct record_mapping *mapping;
	const struct record_stack *stack;
	char text[96];

	say_headline(d, "invalid-free", "invalid free of %#llx, which malloc did not return",
		     wrong->address);
	d->mend = "free exactly what an allocation returned, and nothing else";
	block = model_block_at(model, wrong->header.tgid, wrong->epoch, RECORD_HOW_LIVE,
			       wrong->address);
	if (block) {
		say_headline(d, "invalid-free", "invalid free of %#llx, %llu bytes into a %s",
			     wrong->address, wrong->address - block->address,
			     block_words(block, text, sizeof(text)));
		say_site(d, files, "allocated", &block->allocated);
		if (wrong->address - block->address == sizeof(uint64_t) &&
		    stack_has(&d->places[1].stack, "operator new[](unsigned long)", 2)) {
			say_evidence(d, "new[] keeps the number of elements there, which have "
					"destructors");
			d->mend = "delete with delete[] what new[] returned";
		}
		return;
	}
	stack = model_stack(model, misuse->again.stack);
	if (stack && wrong->address - stack->sp < STACK_NEAR) {
		say_evidence(d, "the address is on the stack of the thread that freed it");
		return;
	}
	mapping = model_mapping_at(model, wrong->header.tgid, wrong->address);
	if (mapping && mapping->path[0] == '/')
		say_evidence(d, "the address is static memory of %s", mapping->path);
}

/*
 * A thread that ends gives back what its cache of freed blocks holds, and glibc does
 * that by its own free: such a call comes from nowhere but the C library.
 */
static bool is_flush(const struct stack *stack)
{
	if (stack_has(stack, "tcache_thread_shutdown", 2) ||
	    stack_has(stack, "__malloc_arena_thread_freeres", 2))
		return true;
	for (size_t i = 0; i < stack->count; i++)
		if (!stack->frames[i].object || !strstr(stack->frames[i].object, "/libc.so") ||
		    (stack->frames[i].function &&
		     !strcmp(stack->frames[i].function, "__libc_start_call_main")))
			return false;
	return stack->count;
}

static bool is_misuse(struct process_files *files, const struct record_misuse *misuse)
{
	static struct stack stack;

	unwind_site(files, &misuse->again, &stack);
	return !is_flush(&stack);
}

static void explain(const struct model *model, struct process_files *files,
		    const struct record_misuse *misuse, struct diagnosis *d)
{
	char text[96];

	say_site(d, files, "freed-again", &misuse->again);
	if (misuse->block.how != RECORD_HOW_FREED_TWICE) {
		d->places[0].role = "freed";
		explain_address(model, files, misuse, d);
		return;
	}
	say_headline(d, "double-free", "double free of a %s",
		     block_words(&misuse->block, text, sizeof(text)));
	d->mend = "decide which of the two owns the block; set the other's pointer to NULL when it "
		  "is freed";
	say_site(d, files, "freed", &misuse->block.freed);
	say_site(d, files, "allocated", &misuse->block.allocated);
}

bool diagnose_misuse(const struct crash_case *c, struct diagnosis *d)
{
	const struct record_misuse *last = NULL;

	for (size_t i = 0; i < c->model->misuses.count; i++) {
		const struct record_misuse *misuse =
			(const struct record_misuse *)c->model->misuses.all[i];

		if (misuse->block.header.tgid != c->crash->header.tgid ||
		    misuse->block.epoch != c->crash->epoch ||
		    misuse->again.host_ns > c->crash->header.host_ns ||
		    !is_misuse(c->files, misuse))
			continue;
		/* Of the crash itself if it is its thread's; else it may have caused it. */
		if (!last || misuse->again.tid == c->crash->header.tid)
			last = misuse;
	}
	if (!last)
		return false;
	explain(c->model, c->files, last, d);
	return true;
}

/*
 * What a child of vfork allocates is its parent's to free: they have one memory. The
 * recorder sees two processes, and the allocation as the other's.
 */
static bool may_be_childs(const struct model *model, const struct record_misuse *misuse)
{
	if (misuse->block.how != RECORD_HOW_NEVER_ALLOCATED)
		return false;
	for (size_t i = 0; i < model->events.count; i++) {
		const struct record_syscall *call =
			(const struct record_syscall *)model->events.all[i];

		if (call->header.type == RECORD_SYSCALL &&
		    call->header.tgid == misuse->block.header.tgid &&
		    call->header.host_ns < misuse->again.host_ns &&
		    (call->number == CALL_VFORK ||
		     (call->number == CALL_CLONE && call->args[0] & CLONE_VFORK)))
			return true;
	}
	return false;
}

size_t diagnose_quiet_misuse(const struct model *model, struct diagnosis *found, size_t max)
{
	for (size_t i = 0; i < model->misuses.count && max; i++) {
		const struct record_misuse *misuse =
			(const struct record_misuse *)model->misuses.all[i];
		struct process_files *files = unwind_open(model, misuse->block.header.tgid);

		if (!files || !is_misuse(files, misuse) || may_be_childs(model, misuse)) {
			unwind_close(files);
			continue;
		}
		memset(found, 0, sizeof(*found));
		explain(model, files, misuse, found);
		say_evidence(found, "the process did not crash of it");
		return 1;
	}
	return 0;
}
