// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that a process had not freed when it ended. Much of that is meant: tables
 * that live as long as the process. What grows until the end is not, so a group of
 * blocks from one place counts as a leak only if it has many and grew in each quarter
 * of the process's life but the first, in which programs set up what they keep.
 */
#include <stdlib.h>
#include <string.h>
#include "rewind/diagnose.h"

#define LEAST_BLOCKS 64
#define LEAST_SHARE  10 /* percent of the group, in each of those quarters */
#define QUARTERS     4

struct group {
	uint64_t key;
	const struct record_block *first;
	uint64_t count, bytes;
	uint64_t in_quarter[QUARTERS];
};

/* The process that ended by itself: leaks of one that was killed are no wonder. */
static const struct record_exit *ended(const struct model *model)
{
	const char *pid = model_info(model, "pid");
	const struct record_exit *found = NULL;

	for (size_t i = 0; i < model->events.count; i++) {
		const struct record_header *header = model->events.all[i];

		if (header->type == RECORD_EXIT && pid && header->tgid == (uint32_t)atoi(pid))
			found = (const struct record_exit *)header;
	}
	return found && !(found->code & 0x7f) ? found : NULL;
}

/* The same place: the same caller of the allocator. */
static uint64_t place_key(const struct model *model, const struct record_block *block)
{
	const struct record_stack *stack = model_stack(model, block->allocated.stack);

	if (!stack)
		return 0;
	return stack->kind == RECORD_STACK_CHAIN && stack->bytes >= 8 ? stack->memory[0]
								      : stack->ip;
}

static struct group *group_of(struct group **groups, size_t *count, uint64_t key)
{
	struct group *grown;

	for (size_t i = 0; i < *count; i++)
		if ((*groups)[i].key == key)
			return &(*groups)[i];
	grown = realloc(*groups, (*count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	*groups = grown;
	grown += (*count)++;
	memset(grown, 0, sizeof(*grown));
	grown->key = key;
	return grown;
}

static void count_block(struct group *group, const struct record_block *block, uint64_t start,
			uint64_t end)
{
	uint64_t at = block->allocated.host_ns - start, life = end - start;
	size_t quarter = life ? at * QUARTERS / life : 0;

	if (!group->first)
		group->first = block;
	group->count++;
	group->bytes += block->size_bytes;
	group->in_quarter[quarter < QUARTERS ? quarter : QUARTERS - 1]++;
}

static bool grows(const struct group *group)
{
	for (int i = 1; i < QUARTERS; i++)
		if (group->in_quarter[i] * 100 < group->count * LEAST_SHARE)
			return false;
	return group->count >= LEAST_BLOCKS;
}

static int by_bytes(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

/* When the process executed what it is: the life of its blocks begins there. */
static uint64_t start_of(const struct model *model, uint32_t tgid)
{
	uint64_t start = model->events.count ? model->events.all[0]->host_ns : 0;

	for (size_t i = 0; i < model->events.count; i++)
		if (model->events.all[i]->type == RECORD_EXEC && model->events.all[i]->tgid == tgid)
			start = model->events.all[i]->host_ns;
	return start;
}

size_t diagnose_leaks(const struct model *model, struct diagnosis *found, size_t max)
{
	const struct record_exit *end = ended(model);
	struct process_files *files = NULL;
	struct group *groups = NULL;
	size_t count = 0, said = 0;
	uint64_t start;

	if (!end || !max)
		return 0;
	start = start_of(model, end->header.tgid);
	for (size_t i = 0; i < model->blocks.count; i++) {
		const struct record_block *block =
			(const struct record_block *)model->blocks.all[i];
		struct group *group;

		if (block->header.tgid != end->header.tgid || block->epoch != end->epoch ||
		    block->how != RECORD_HOW_LIVE || block->allocated.host_ns < start)
			continue;
		group = group_of(&groups, &count, place_key(model, block));
		if (group)
			count_block(group, block, start, end->header.host_ns);
	}
	if (count)
		qsort(groups, count, sizeof(*groups), by_bytes);
	for (size_t i = 0; i < count && said < max; i++) {
		struct diagnosis *d = &found[said];

		if (!grows(&groups[i]))
			continue;
		if (!files)
			files = unwind_open(model, end->header.tgid);
		if (!files)
			break;
		memset(d, 0, sizeof(*d));
		say_headline(d, "leak", "leak: %lu bytes in %lu blocks from one place, never freed",
			     groups[i].bytes, groups[i].count);
		say_evidence(d,
			     "allocated in each quarter of the process's life: %lu, %lu, %lu, %lu",
			     groups[i].in_quarter[0], groups[i].in_quarter[1],
			     groups[i].in_quarter[2], groups[i].in_quarter[3]);
		d->mend = "free each block when its last user is done, or bound how many are kept";
		say_site(d, files, "allocated", &groups[i].first->allocated);
		said++;
	}
	free(groups);
	return said;
}
