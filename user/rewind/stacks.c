// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every block has a copy of a stack, and most copies differ in their local variables
 * though they are of the same calls. So copies are first told apart by what in them
 * looks like code, which is cheap; one of each is unwound, and those with the same
 * return addresses are one group.
 */
#include "rewind/stacks.h"
#include <stdlib.h>
#include <string.h>

#define HASH_BASIS 14695981039346656037ULL /* FNV-1a */
#define HASH_PRIME 1099511628211ULL

/* From a key to what is known of it; open addressing, never more than half full. */
struct known {
	uint64_t key; /* 0: a free place */
	uint64_t value;
};

struct table {
	struct known *all;
	size_t places, used;
};

/* Where a process has code. */
struct code {
	struct {
		uint64_t start, end;
	} * ranges;
	size_t count;
	uint64_t low, high;
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * HASH_PRIME;
	return hash ^ hash >> 29;
}

static bool table_grow(struct table *t)
{
	struct table larger = {.places = t->places ? 2 * t->places : 1024, .used = t->used};

	larger.all = calloc(larger.places, sizeof(*larger.all));
	if (!larger.all)
		return false;
	for (size_t i = 0; i < t->places; i++) {
		size_t at = t->all[i].key & (larger.places - 1);

		if (!t->all[i].key)
			continue;
		while (larger.all[at].key)
			at = (at + 1) & (larger.places - 1);
		larger.all[at] = t->all[i];
	}
	free(t->all);
	*t = larger;
	return true;
}

/* The place of key, which is new if its value is 0; NULL without memory. */
static uint64_t *table_at(struct table *t, uint64_t key)
{
	size_t at;

	key = key ? key : 1;
	if (2 * t->used >= t->places && !table_grow(t))
		return NULL;
	at = key & (t->places - 1);
	while (t->all[at].key && t->all[at].key != key)
		at = (at + 1) & (t->places - 1);
	t->used += !t->all[at].key;
	t->all[at].key = key;
	return &t->all[at].value;
}

static void find_code(const struct model *model, uint32_t tgid, struct code *code)
{
	memset(code, 0, sizeof(*code));
	code->ranges = calloc(model->mappings.count + 1, sizeof(*code->ranges));
	code->low = UINT64_MAX;
	for (size_t i = 0; code->ranges && i < model->mappings.count; i++) {
		const struct record_mapping *m =
			(const struct record_mapping *)model->mappings.all[i];

		if (m->header.tgid != tgid || !(m->protection & 4))
			continue;
		code->ranges[code->count].start = m->start;
		code->ranges[code->count++].end = m->end;
		code->low = m->start < code->low ? m->start : code->low;
		code->high = m->end > code->high ? m->end : code->high;
	}
}

static bool is_code(const struct code *code, uint64_t address)
{
	if (address < code->low || address >= code->high)
		return false;
	for (size_t i = 0; i < code->count; i++)
		if (address >= code->ranges[i].start && address < code->ranges[i].end)
			return true;
	return false;
}

static uint64_t caller_of(const struct record_stack *stack)
{
	return stack->kind == RECORD_STACK_CHAIN && stack->bytes >= 8 ? stack->memory[0]
								      : stack->ip;
}

static uint64_t copy_key(const struct code *code, const struct record_stack *stack)
{
	uint64_t hash = mix(HASH_BASIS, caller_of(stack));

	for (size_t i = 0; i < stack->bytes / 8; i++)
		if (stack->kind == RECORD_STACK_CHAIN || is_code(code, stack->memory[i]))
			hash = mix(hash, stack->memory[i]);
	return hash;
}

static uint64_t unwound_key(struct process_files *files, const struct record_site *site)
{
	uint64_t addresses[FRAMES_MAX], hash = HASH_BASIS;
	size_t count = unwind_addresses(files, site, addresses, FRAMES_MAX);

	for (size_t i = 0; i < count; i++)
		hash = mix(hash, addresses[i]);
	return hash;
}

static bool is_asked(const struct stack_query *q, const struct record_block *block)
{
	return block->header.tgid == q->tgid && block->epoch == q->epoch &&
	       block->how == RECORD_HOW_LIVE && block->allocated.host_ns >= q->start;
}

static void count_block(struct stack_group *group, const struct record_block *block,
			const struct stack_query *q)
{
	uint64_t at = block->allocated.host_ns - q->start, life = q->end - q->start;
	size_t quarter = life ? (size_t)((double)at * STACK_QUARTERS / (double)life) : 0, part = 0;

	if (!group->first)
		group->first = block;
	group->count++;
	group->bytes += block->size_bytes;
	while (part < STACK_QUARTERS - 1 && block->allocated.host_ns > q->part_ends[part])
		part++;
	group->in_part[part]++;
	group->in_quarter[quarter < STACK_QUARTERS ? quarter : STACK_QUARTERS - 1]++;
}

static int by_bytes(const void *a, const void *b)
{
	const struct stack_group *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

/* The group of a block: one for each key. */
static struct stack_group *group_of(struct table *index, struct stack_group **groups, size_t *count,
				    uint64_t key)
{
	uint64_t *number = table_at(index, key);
	struct stack_group *grown;

	if (!number)
		return NULL;
	if (*number)
		return &(*groups)[*number - 1];
	if (!(*count & (*count - 1))) {
		grown = realloc(*groups, (*count ? 2 * *count : 1) * sizeof(*grown));
		if (!grown)
			return NULL;
		*groups = grown;
	}
	*number = ++*count;
	memset(&(*groups)[*count - 1], 0, sizeof(**groups));
	(*groups)[*count - 1].key = key;
	return &(*groups)[*count - 1];
}

struct grouping {
	const struct model *model;
	const struct stack_query *query;
	struct table callers, copies;
	struct code code;
	size_t unwinds;
};

/* What tells the block's way of allocation from others; 0 if it is not worth a look. */
static uint64_t key_of(struct grouping *g, struct process_files *files,
		       const struct record_block *block)
{
	const struct record_stack *stack = model_stack(g->model, block->allocated.stack);
	uint64_t *many, *key;

	if (!stack)
		return 1;
	many = table_at(&g->callers, caller_of(stack));
	if (!many || *many < g->query->least)
		return 0;
	key = table_at(&g->copies, copy_key(&g->code, stack));
	if (!key)
		return 0;
	if (!*key && g->unwinds) {
		g->unwinds--;
		*key = unwound_key(files, &block->allocated);
	}
	return *key ? *key : caller_of(stack);
}

size_t stacks_group(const struct model *model, struct process_files *files,
		    const struct stack_query *query, struct stack_group **groups)
{
	struct grouping g = {.model = model, .query = query, .unwinds = query->unwinds};
	struct table index = {0};
	size_t count = 0;

	*groups = NULL;
	find_code(model, query->tgid, &g.code);
	for (size_t i = 0; i < model->blocks.count; i++) {
		const struct record_block *block =
			(const struct record_block *)model->blocks.all[i];
		const struct record_stack *stack =
			is_asked(query, block) ? model_stack(model, block->allocated.stack) : NULL;
		uint64_t *many = stack ? table_at(&g.callers, caller_of(stack)) : NULL;

		if (many)
			++*many;
	}
	for (size_t i = 0; i < model->blocks.count; i++) {
		const struct record_block *block =
			(const struct record_block *)model->blocks.all[i];
		uint64_t key = is_asked(query, block) ? key_of(&g, files, block) : 0;
		struct stack_group *group = key ? group_of(&index, groups, &count, key) : NULL;

		if (group)
			count_block(group, block, query);
	}
	if (count)
		qsort(*groups, count, sizeof(**groups), by_bytes);
	free(g.callers.all);
	free(g.copies.all);
	free(g.code.ranges);
	free(index.all);
	return count;
}
