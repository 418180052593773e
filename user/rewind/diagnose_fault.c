// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SIGSEGV and SIGBUS: what was the address? In order: the end of the stack, an
 * address that freed memory held or that lies in it, the null page, the end of a
 * block, memory that is only to be read, code that is none.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "rewind/diagnose.h"

#define NULL_PAGES  65536 /* vm.mmap_min_addr */
#define HEAP_PAGES  0x400 /* numbers of pages below 4 MiB, where no program lies */
#define FIELD_BYTES 4096  /* how far a member is from its object's beginning */
#define STACK_FRAME (1UL << 20)
#define DEEP	    40 /* frames of a recursion */
#define PAST_BLOCK  65536
#define FROM_KERNEL 128 /* si_code SI_KERNEL: the processor gave no address */

/* The function that most of the frames are of. */
static const char *recurring(const struct stack *stack, size_t *times)
{
	const char *best = NULL;

	*times = 0;
	for (size_t i = 0; i < stack->count && i < 8; i++) {
		size_t count = 0;

		if (!stack->frames[i].function)
			continue;
		for (size_t j = 0; j < stack->count; j++)
			count += stack->frames[j].function &&
				 !strcmp(stack->frames[i].function, stack->frames[j].function);
		if (count > *times) {
			*times = count;
			best = stack->frames[i].function;
		}
	}
	return best;
}

static bool is_stack_overflow(const struct crash_case *c, struct diagnosis *d)
{
	uint64_t address = c->crash->address, sp = c->crash->registers[RECORD_RSP];
	uint32_t tgid = c->crash->header.tgid;
	const char *function;
	size_t times = 0;

	if (c->crash->code == FROM_KERNEL || address - (sp - STACK_FRAME) > 2 * STACK_FRAME ||
	    model_page_status(c->model, tgid, address) == RECORD_STATUS_OK)
		return false;
	/* One frame that is larger than the stack has its stack pointer outside of it. */
	if (c->stack.count < DEEP && model_page_status(c->model, tgid, sp) != RECORD_STATUS_FAULT)
		return false;
	if (c->stack.count < DEEP) {
		say_headline(d, "stack-overflow",
			     "stack overflow in %s: an array larger than the stack", c->where);
		say_evidence(d, "the stack pointer is %#lx, where nothing is mapped", sp);
		d->mend = "bound the size, or allocate it";
		say_crashed(c, d, "crashed");
		return true;
	}
	function = recurring(&c->stack, &times);
	say_headline(d, "stack-overflow", "stack overflow%s%s", function ? " in " : "",
		     function ? function : "");
	say_evidence(d,
		     "the address %#lx is %ld bytes from the stack pointer, in the guard below "
		     "the stack",
		     address, (long)(address - sp));
	if (function)
		say_evidence(d, "%zu of the innermost %zu frames are %s", times, c->stack.count,
			     function);
	d->mend = "end the recursion, or bound its depth";
	say_crashed(c, d, "crashed");
	return true;
}

/* Whether word, found in freed memory, is what the faulting address was made from. */
static bool made_from(const struct record_crash *crash, uint64_t word)
{
	if (word < HEAP_PAGES)
		return false;
	if (crash->code != FROM_KERNEL)
		return crash->address - word < FIELD_BYTES;
	/* Not canonical: no address is reported, but a register has it. */
	for (int i = 0; i < RECORD_RIP; i++)
		if (crash->registers[i] - word < FIELD_BYTES && (int64_t)word >> 47 != 0 &&
		    (int64_t)word >> 47 != -1)
			return true;
	return false;
}

/* The freed block at address that nothing was allocated over since. */
static const struct record_block *freed_at(const struct crash_case *c, uint64_t address)
{
	uint32_t tgid = c->crash->header.tgid, epoch = c->crash->epoch;
	const struct record_block *freed =
		model_block_at(c->model, tgid, epoch, RECORD_HOW_FREED, address);
	const struct record_block *live =
		model_block_at(c->model, tgid, epoch, RECORD_HOW_LIVE, address);

	return freed && live && site_after(&live->allocated, &freed->freed) ? NULL : freed;
}

static void say_use_after_free(const struct crash_case *c, struct diagnosis *d,
			       const struct record_block *freed)
{
	char before[64];

	span_words(c->crash->header.host_ns - freed->freed.host_ns, before, sizeof(before));
	say_headline(d, "use-after-free",
		     "use after free in %s: a block of %llu bytes at %#llx, freed %s before",
		     c->where, freed->size_bytes, freed->address, before);
	d->mend = "keep the block until its last use, or forget the pointer when it is freed";
	say_crashed(c, d, "used");
	say_site(d, c->files, "freed", &freed->freed);
	say_site(d, c->files, "allocated", &freed->allocated);
}

/* A freed block whose contents made the address. */
static const struct record_block *read_from_freed(const struct crash_case *c, uint64_t *offset,
						  uint64_t *word)
{
	for (size_t i = 0; i < c->model->pages.count; i++) {
		const struct record_page *page = (const struct record_page *)c->model->pages.all[i];

		if (page->header.tid != c->crash->header.tid)
			continue;
		for (size_t at = 0; at + 8 <= page->bytes; at += 8) {
			const struct record_block *freed;

			memcpy(word, page->memory + at, sizeof(*word));
			if (!made_from(c->crash, *word))
				continue;
			freed = freed_at(c, page->address + at);
			*offset = page->address + at - (freed ? freed->address : 0);
			if (freed)
				return freed;
		}
	}
	return NULL;
}

/*
 * The first word of a block that glibc keeps is the next such block, or none, hidden by
 * its own address shifted by 12 (from 2.32 on). Which of a page's blocks it was cannot
 * be told from that; the last one freed is the likeliest.
 */
static const struct record_block *hidden_link(const struct crash_case *c)
{
	const struct record_block *found = NULL;

	for (size_t i = 0; i < c->model->blocks.count; i++) {
		const struct record_block *block =
			(const struct record_block *)c->model->blocks.all[i];

		if (block->header.tgid == c->crash->header.tgid &&
		    block->epoch == c->crash->epoch && block->how == RECORD_HOW_FREED &&
		    block->address >> 12 >= HEAP_PAGES &&
		    c->crash->address - (block->address >> 12) < FIELD_BYTES &&
		    freed_at(c, block->address) == block &&
		    (!found || site_after(&block->freed, &found->freed)))
			found = block;
	}
	return found;
}

static bool is_use_after_free(const struct crash_case *c, struct diagnosis *d)
{
	const struct record_block *freed = NULL;
	uint64_t offset, word;

	if (c->crash->code != FROM_KERNEL)
		freed = freed_at(c, c->crash->address);
	if (freed) {
		say_use_after_free(c, d, freed);
		say_evidence(d, "the address %#llx is %llu bytes into that block",
			     c->crash->address, c->crash->address - freed->address);
		return true;
	}
	freed = read_from_freed(c, &offset, &word);
	if (!freed && c->crash->code != FROM_KERNEL) {
		freed = hidden_link(c);
		if (!freed)
			return false;
		say_use_after_free(c, d, freed);
		say_evidence(d, "the address is made from what glibc writes at the beginning of a "
				"block of that page when it is freed");
		return true;
	}
	if (!freed)
		return false;
	say_use_after_free(c, d, freed);
	say_evidence(d, "the address was read from the freed block: at offset %lu it holds %#lx",
		     offset, word);
	return true;
}

static bool is_null(const struct crash_case *c, struct diagnosis *d)
{
	uint64_t address = c->crash->address;

	if (c->crash->code == FROM_KERNEL || address >= NULL_PAGES)
		return false;
	if (c->crash->registers[RECORD_RIP] == address) {
		say_headline(d, "null-call", "call of a null function pointer in %s", c->where);
		d->mend = "set the pointer before it is called, or test it";
	} else {
		say_headline(d, "null-dereference",
			     "null pointer dereference in %s, at address %#lx", c->where, address);
		d->mend = "find out why the pointer is null here, or test it before";
	}
	if (address)
		say_evidence(d, "%#lx is a member or an element of an object at address 0",
			     address);
	say_crashed(c, d, "crashed");
	return true;
}

static bool is_overflow(const struct crash_case *c, struct diagnosis *d)
{
	const struct record_block *found = NULL;
	uint64_t past = PAST_BLOCK;

	if (c->crash->code == FROM_KERNEL)
		return false;
	for (size_t i = 0; i < c->model->blocks.count; i++) {
		const struct record_block *block =
			(const struct record_block *)c->model->blocks.all[i];
		uint64_t distance = c->crash->address - (block->address + block->size_bytes);

		if (block->header.tgid == c->crash->header.tgid &&
		    block->epoch == c->crash->epoch && block->how == RECORD_HOW_LIVE &&
		    distance < past) {
			past = distance;
			found = block;
		}
	}
	if (!found)
		return false;
	say_headline(d, "heap-overflow",
		     "access %lu bytes past the end of a block of %llu bytes at %#llx", past,
		     found->size_bytes, found->address);
	say_evidence(d, "%#llx is not accessible, and the nearest block ends %lu bytes before",
		     c->crash->address, past);
	d->mend = "compare the index with the block's size";
	say_crashed(c, d, "used");
	say_site(d, c->files, "allocated", &found->allocated);
	return true;
}

static bool is_read_only(const struct crash_case *c, struct diagnosis *d)
{
	const struct record_mapping *mapping =
		model_mapping_at(c->model, c->crash->header.tgid, c->crash->address);

	if (c->crash->code != SEGV_ACCERR || c->crash->registers[RECORD_RIP] == c->crash->address)
		return false;
	say_headline(d, "read-only", "write to memory that is only to be read, at %#llx",
		     c->crash->address);
	if (mapping && mapping->path[0] == '/') {
		say_evidence(d, "the address is in %s", mapping->path);
		d->mend = "string literals and const objects cannot be changed: copy them first";
	}
	say_crashed(c, d, "crashed");
	return true;
}

#define IS_CANONICAL(address) ((int64_t)(address) >> 47 == 0 || (int64_t)(address) >> 47 == -1)

/* A return to what is no address: what the stack has there was overwritten. */
static bool is_smashed(const struct crash_case *c, struct diagnosis *d)
{
	uint64_t target;

	if (c->crash->code != FROM_KERNEL ||
	    !model_memory(c->model, c->crash->header.tgid, c->crash->registers[RECORD_RSP], &target,
			  sizeof(target)) ||
	    IS_CANONICAL(target))
		return false;
	for (int i = 0; i < RECORD_RIP; i++)
		if (!IS_CANONICAL(c->crash->registers[i]) && i != RECORD_RBP)
			return false;
	say_headline(d, "stack-smash",
		     "the return address of %s was overwritten: a local array was written past its "
		     "end",
		     c->where);
	say_evidence(d, "it is %#lx", target);
	d->mend = "compare the index with the array's size";
	say_crashed(c, d, "crashed");
	return true;
}

#define MUNMAP 11 /* x86-64's numbers */
#define MMAP   9

/* The last call that unmapped the address, unless it was mapped again. */
static const struct record_syscall *unmapped_by(const struct crash_case *c)
{
	uint64_t address = c->crash->address;

	for (size_t i = c->model->events.count; i-- > 0;) {
		const struct record_syscall *call =
			(const struct record_syscall *)c->model->events.all[i];

		if (call->header.type != RECORD_SYSCALL ||
		    call->header.tgid != c->crash->header.tgid || call->flags & RECORD_UNFINISHED)
			continue;
		if (call->number == MMAP && address - (uint64_t)call->result < call->args[1])
			return NULL;
		if (call->number == MUNMAP && !call->result &&
		    address - call->args[0] < call->args[1])
			return call;
	}
	return NULL;
}

static bool is_unmapped(const struct crash_case *c, struct diagnosis *d)
{
	const struct record_syscall *call = c->crash->code == SEGV_MAPERR ? unmapped_by(c) : NULL;

	if (!call)
		return false;
	say_headline(d, "use-after-unmap", "access to %#llx, which was unmapped %.6f s before",
		     c->crash->address,
		     (double)(c->crash->header.host_ns - call->header.host_ns) / 1e9);
	say_evidence(d, "thread %u called munmap(%#llx, %llu)", call->header.tid, call->args[0],
		     call->args[1]);
	d->mend = "keep the mapping until its last use, or forget the pointer when it goes";
	say_crashed(c, d, "crashed");
	return true;
}

/* The allocator itself crashed: it followed what its program had written over. */
static bool is_allocator(const struct crash_case *c)
{
	static const char *const functions[] = {"tcache_get", "_int_malloc", "_int_free",
						"unlink_chunk", "malloc_consolidate"};

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (stack_has(&c->stack, functions[i], 2))
			return true;
	return false;
}

bool diagnose_fault(const struct crash_case *c, struct diagnosis *d)
{
	if (c->crash->number != SIGSEGV)
		return false;
	/* Sent by somebody, not by the processor. */
	if (c->crash->code <= 0)
		return false;
	if (is_stack_overflow(c, d))
		return true;
	if (is_allocator(c)) {
		say_crashed(c, d, "crashed");
		diagnose_allocator(c, d);
		return true;
	}
	if (is_use_after_free(c, d) || is_null(c, d) || is_smashed(c, d) || is_unmapped(c, d) ||
	    is_overflow(c, d) || is_read_only(c, d))
		return true;
	if (c->crash->registers[RECORD_RIP] == c->crash->address)
		say_headline(d, "wild-jump", "jump to %#llx, where no code is", c->crash->address);
	else if (c->crash->code == FROM_KERNEL)
		say_headline(d, "wild-pointer", "access through a pointer that is no address");
	else
		say_headline(d, "wild-pointer", "access to %#llx, where nothing is mapped",
			     c->crash->address);
	say_crashed(c, d, "crashed");
	return true;
}
