// SPDX-License-Identifier: GPL-2.0-or-later
/* Code memory, TBs in it, their hash, their pages and their chains. See tb.h. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "rv64/back.h"
#include "rv64/vcpu.h"

#define HASH_SIZE (1 << 16)
#define PAGE_HASH (1 << 12)

#define MAX_CODE_BYTES (1UL << 30)

/* What a TB needs at least, to size the arrays that go with code memory. */
#define MIN_TB_BYTES   48
#define MIN_EXIT_BYTES 16

struct code_memory rv64_code;

static struct tb *hash[HASH_SIZE];
static struct tb *pages[PAGE_HASH];
static u32 regions[RV64_SPACE_END / TB_REGION_BYTES]; /* TBs that begin or end there */
static struct tb *retired[HASH_SIZE];
static struct tb *valid[2]; /* by tb->constant */

static u32 hash_of(u64 pc)
{
	return (pc >> 1 ^ pc >> 17) & (HASH_SIZE - 1);
}

static struct tb **page_slot(u64 address)
{
	return &pages[address / PAGE_BYTES & (PAGE_HASH - 1)];
}

static u64 last_byte(const struct tb *tb)
{
	return tb->pc + tb->bytes - 1;
}

static bool one_page(const struct tb *tb)
{
	return tb->pc / PAGE_BYTES == last_byte(tb) / PAGE_BYTES;
}

/* Anonymous memory that costs nothing until it is used. */
static void *reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/*
 * Code memory twice: what is written through one mapping is executed through the other.
 * Without a descriptor, since the guest's program sees and may close all that there are.
 */
static void *map_shared(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* A second mapping of the pages at rv64_code.write; at a fixed place if there is one. */
static int map_run(void)
{
	int flags = MREMAP_MAYMOVE | (rv64_code.run ? MREMAP_FIXED : 0);
	void *run = mremap(rv64_code.write, 0, rv64_code.bytes, flags, rv64_code.run);

	if (run == MAP_FAILED || mprotect(run, rv64_code.bytes, PROT_READ | PROT_EXEC))
		return -errno;
	rv64_code.run = run;
	return 0;
}

const u8 *rv64_constant(enum code_constant which)
{
	return rv64_code.thunks.constants + which * 16;
}

int rv64_code_init(size_t bytes)
{
	struct emit e;
	int err;

	/* Jumps reach 2 GiB. */
	if (bytes > MAX_CODE_BYTES)
		return -EINVAL;
	bytes = ALIGN_UP(bytes, PAGE_BYTES);
	rv64_code.bytes = bytes;
	rv64_code.write = map_shared(bytes);
	err = rv64_code.write ? map_run() : -ENOMEM;
	if (err)
		return err;
	rv64_code.max_tbs = bytes / MIN_TB_BYTES;
	rv64_code.max_exits = bytes / MIN_EXIT_BYTES;
	rv64_code.max_note_bytes = ALIGN_UP(bytes * 4, PAGE_BYTES);
	rv64_code.tbs = reserve(rv64_code.max_tbs * sizeof(struct tb));
	rv64_code.exits = reserve(rv64_code.max_exits * sizeof(struct tb_exit));
	rv64_code.notes = reserve(rv64_code.max_note_bytes);
	if (!rv64_code.tbs || !rv64_code.exits || !rv64_code.notes)
		return -ENOMEM;
	e = (struct emit){rv64_code.write, rv64_code.write, rv64_code.write + bytes, false};
	rv64_thunks_make(&e, &rv64_code.thunks);
	if (e.full)
		return -ENOMEM;
	rv64_code.thunk_bytes = rv64_code.used = ALIGN_UP((size_t)(e.p - e.base), 64);
	return 0;
}

/*
 * The mappings are shared, so a child of fork() would write into its parent's code. The
 * parent makes the copy that the child takes over, as after the fork it translates on.
 */
void *rv64_code_copy(void)
{
	void *copy = map_shared(rv64_code.bytes);

	if (copy)
		memcpy(copy, rv64_code.write, rv64_code.used);
	return copy;
}

void rv64_code_drop(void *copy)
{
	munmap(copy, rv64_code.bytes);
}

int rv64_code_adopt(void *copy)
{
	if (mremap(copy, rv64_code.bytes, rv64_code.bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
		   rv64_code.write) == MAP_FAILED)
		return -errno;
	return map_run();
}

void *rv64_note(size_t bytes)
{
	void *note = rv64_code.notes + rv64_code.note_bytes;

	bytes = ALIGN_UP(bytes, sizeof(u64));
	if (rv64_code.note_bytes + bytes > rv64_code.max_note_bytes)
		return NULL;
	rv64_code.note_bytes += bytes;
	return note;
}

static u32 code_offset(const u8 *p)
{
	return p ? p - rv64_code.write : 0;
}

static void fill_exit(struct tb_exit *exit, const struct site *site, struct tb *tb)
{
	*exit = (struct tb_exit){
		.target = site->target,
		.tb = tb,
		.field = code_offset(site->field),
		.stub = code_offset(site->stub),
		.next = NO_EXIT,
		.kind = site->kind,
		.slot = site->slot,
		.wide = site->wide,
		.imm = code_offset(site->imm),
		.miss = code_offset(site->miss),
		.search = code_offset(site->search),
	};
}

static void link_page(struct tb *tb, u32 which, u64 address)
{
	struct tb **slot = page_slot(address);

	tb->next_in_page[which] = *slot;
	*slot = tb;
}

static u32 *region_slot(u64 address)
{
	return &regions[address / TB_REGION_BYTES % ARRAY_SIZE(regions)];
}

static void count_regions(const struct tb *tb, int by)
{
	*region_slot(tb->pc) += by;
	*region_slot(last_byte(tb)) += by;
}

bool rv64_tb_in_region(u64 address)
{
	return *region_slot(address) != 0;
}

/* The map and the guest bytes, which last as long as the TB. */
static bool keep_notes(struct tb *tb, const struct ir_block *block)
{
	u32 n = block->nr_insns;
	u32 *host_offset = rv64_note(n * sizeof(*host_offset));
	u16 *offset = rv64_note((n + 1) * sizeof(*offset));
	u8 *code = rv64_note(block->bytes);

	if (!host_offset || !offset || !code)
		return false;
	memcpy(offset, block->offset, (n + 1) * sizeof(*offset));
	memcpy(code, block->code, block->bytes);
	tb->host_offset = host_offset;
	tb->offset = offset;
	tb->code = code;
	return true;
}

static void publish(struct tb *tb)
{
	struct tb **slot = &hash[hash_of(tb->pc)], **first = &valid[tb->constant];

	link_page(tb, 0, tb->pc);
	if (!one_page(tb))
		link_page(tb, 1, last_byte(tb));
	count_regions(tb, 1);
	tb->valid = true;
	tb->previous_valid = NULL;
	tb->next_valid = *first;
	if (*first)
		(*first)->previous_valid = tb;
	*first = tb;
	tb->next_hash = *slot;
	__atomic_store_n(slot, tb, __ATOMIC_RELEASE);
}

struct tb *rv64_tb_make(struct ir_block *block, bool constant)
{
	static struct gen gen; /* large; the translation lock is held */
	struct tb *tb = &rv64_code.tbs[rv64_code.nr_tbs];
	size_t notes = rv64_code.note_bytes;

	if (rv64_code.nr_tbs == rv64_code.max_tbs ||
	    rv64_code.nr_exits + MAX_SITES > rv64_code.max_exits)
		return NULL;
	gen.e = (struct emit){rv64_code.write, rv64_code.write + rv64_code.used,
			      rv64_code.write + rv64_code.bytes, false};
	gen.count = rv64_options.count_budget;
	gen.executions = rv64_options.stats || rv64_options.tb_log ? &tb->executions : NULL;
	*tb = (struct tb){
		.pc = block->pc,
		.bytes = block->bytes,
		.nr_insns = block->nr_insns,
		.rounding = block->rounding,
		.breakpoint = block->breakpoint,
		.constant = constant,
		.first_exit = rv64_code.nr_exits,
		.incoming = NO_EXIT,
	};
	/* The address before the entry is what a jump cache compares. */
	x_align(&gen.e, 8);
	if (!((uintptr_t)gen.e.p & 8))
		emit64(&gen.e, 0);
	emit64(&gen.e, block->pc);
	tb->entry = gen.e.p - rv64_code.write;
	if (!keep_notes(tb, block))
		goto out_full;
	rv64_back(&gen, block, tb->first_exit, (u32 *)tb->host_offset);
	if (gen.e.full)
		goto out_full;
	tb->host_bytes = gen.e.p - gen.entry;
	tb->nr_exits = gen.nr_sites;
	for (u32 i = 0; i < gen.nr_sites; i++)
		fill_exit(&rv64_code.exits[rv64_code.nr_exits++], &gen.sites[i], tb);
	rv64_code.used = gen.e.p - rv64_code.write;
	rv64_code.nr_tbs++;
	publish(tb);
	return tb;

out_full:
	rv64_code.note_bytes = notes;
	return NULL;
}

struct tb *rv64_tb_find(u64 pc, bool rounding)
{
	struct tb *tb = __atomic_load_n(&hash[hash_of(pc)], __ATOMIC_ACQUIRE);

	while (tb && (tb->pc != pc || tb->rounding != rounding))
		tb = tb->next_hash;
	return tb;
}

const struct tb *rv64_tb_at(uintptr_t host)
{
	u32 low = 0, high = READ_ONCE(rv64_code.nr_tbs);
	uintptr_t at = host - (uintptr_t)rv64_code.run;

	if (at < rv64_code.thunk_bytes || at >= rv64_code.bytes)
		return NULL;
	while (low < high) {
		u32 middle = (low + high) / 2;

		if (rv64_code.tbs[middle].entry <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || at >= rv64_code.tbs[low - 1].entry + rv64_code.tbs[low - 1].host_bytes)
		return NULL;
	return &rv64_code.tbs[low - 1];
}

/* Where other threads may execute: one store, of a field within an aligned word. */
static void patch32(u32 field, u32 value)
{
	__atomic_store_n((u32 *)(rv64_code.write + field), value, __ATOMIC_RELEASE);
}

static void aim(u32 field, u32 target)
{
	patch32(field, target - (field + 4));
}

static void fill_inline_cache(struct tb_exit *exit, u64 pc)
{
	if (exit->wide)
		__atomic_store_n((u64 *)(rv64_code.write + exit->imm), pc, __ATOMIC_RELEASE);
	else if (pc < 1ULL << 31)
		patch32(exit->imm, pc);
	aim(exit->miss, exit->search);
	exit->filled = true;
	exit->target = pc;
}

void rv64_tb_chain(struct tb_exit *exit, struct tb *tb)
{
	if (exit->kind == EXIT_INDIRECT && !exit->filled)
		fill_inline_cache(exit, tb->pc);
	if (exit->field)
		aim(exit->field, tb->entry);
	exit->to = tb;
	exit->next = tb->incoming;
	tb->incoming = exit - rv64_code.exits;
}

static void unchain(struct tb_exit *exit)
{
	if (exit->field)
		aim(exit->field, exit->stub);
	exit->to = NULL;
	exit->next = NO_EXIT;
}

static void unlink_incoming(struct tb_exit *exit)
{
	u32 *at = &exit->to->incoming, index = exit - rv64_code.exits;

	while (*at != index)
		at = &rv64_code.exits[*at].next;
	*at = exit->next;
	unchain(exit);
}

/* The link of the list that address's page is in: of the first or of the last byte. Two
 * neighbouring pages are never in one list. */
static struct tb **link_in(struct tb *tb, u64 address)
{
	return &tb->next_in_page[page_slot(tb->pc) != page_slot(address)];
}

static void unlink_page(struct tb *tb, u64 address)
{
	struct tb **at = page_slot(address);

	while (*at != tb)
		at = link_in(*at, address);
	*at = *link_in(tb, address);
}

/* The TB's jumps stay in its memory but lead to C, as does every jump to it. */
void rv64_tb_invalidate(struct tb *tb)
{
	struct tb **at = &hash[hash_of(tb->pc)];

	while (*at != tb)
		at = &(*at)->next_hash;
	*at = tb->next_hash;
	unlink_page(tb, tb->pc);
	if (!one_page(tb))
		unlink_page(tb, last_byte(tb));
	for (u32 i = 0; i < tb->nr_exits; i++) {
		if (rv64_code.exits[tb->first_exit + i].to)
			unlink_incoming(&rv64_code.exits[tb->first_exit + i]);
	}
	while (tb->incoming != NO_EXIT) {
		struct tb_exit *exit = &rv64_code.exits[tb->incoming];

		tb->incoming = exit->next;
		unchain(exit);
	}
	if (tb->previous_valid)
		tb->previous_valid->next_valid = tb->next_valid;
	else
		valid[tb->constant] = tb->next_valid;
	if (tb->next_valid)
		tb->next_valid->previous_valid = tb->previous_valid;
	count_regions(tb, -1);
	tb->valid = false;
	at = &retired[hash_of(tb->pc)];
	tb->next_hash = *at;
	*at = tb;
}

struct tb *rv64_tb_revive(u64 pc, bool rounding, const u8 *code, u32 bytes, bool constant)
{
	struct tb **at = &retired[hash_of(pc)], *tb;

	for (; (tb = *at); at = &tb->next_hash) {
		if (tb->pc == pc && tb->rounding == rounding && tb->bytes <= bytes &&
		    !tb->breakpoint && !rv64_breakpoint_within(pc, tb->bytes) &&
		    !memcmp(tb->code, code, tb->bytes))
			break;
	}
	if (!tb)
		return NULL;
	*at = tb->next_hash;
	tb->constant = constant;
	publish(tb);
	return tb;
}

void rv64_tb_flush(void)
{
	memset(hash, 0, sizeof(hash));
	memset(pages, 0, sizeof(pages));
	memset(regions, 0, sizeof(regions));
	memset(retired, 0, sizeof(retired));
	valid[0] = valid[1] = NULL;
	rv64_code.flushes++;
	rv64_code.used = rv64_code.thunk_bytes;
	rv64_code.nr_tbs = rv64_code.nr_exits = 0;
	rv64_code.note_bytes = 0;
}

struct tb *rv64_tb_first(bool constant)
{
	return valid[constant];
}

static bool in_page(const struct tb *tb, u64 address)
{
	return tb->pc / PAGE_BYTES == address / PAGE_BYTES ||
	       last_byte(tb) / PAGE_BYTES == address / PAGE_BYTES;
}

static struct tb *find_in_page(struct tb *tb, u64 address)
{
	while (tb && !in_page(tb, address))
		tb = *link_in(tb, address);
	return tb;
}

struct tb *rv64_tb_first_in_page(u64 address)
{
	return find_in_page(*page_slot(address), address);
}

struct tb *rv64_tb_next_in_page(const struct tb *tb, u64 address)
{
	return find_in_page(*link_in((struct tb *)tb, address), address);
}
