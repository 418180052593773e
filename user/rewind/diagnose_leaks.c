// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that a process had not freed when it ended. Much of that is meant: tables
 * that live as long as the process. What grows until the end is not, so a group of
 * blocks from one place counts as a leak only if it has many and grew in each quarter
 * but the first, in which programs set up what they keep. A quarter is one of the
 * process's time, or of its events: one that had to wait for long did nothing then. One
 * place is one stack: who called a function that allocates for others counts as well.
 */
#include <stdlib.h>
#include <string.h>
#include "rewind/diagnose.h"
#include "rewind/stacks.h"

#define LEAST_BLOCKS 64
#define LEAST_SHARE  4	/* percent of the group, in each of those quarters */
#define LATE_SHARE   20 /* and in the second half */
#define UNWINDS	     1000

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

static bool in_each(const uint64_t *quarters, uint64_t count)
{
	for (int i = 1; i < STACK_QUARTERS; i++)
		if (quarters[i] * 100 < count * LEAST_SHARE)
			return false;
	return true;
}

static bool grows(const struct stack_group *group)
{
	uint64_t late =
		group->in_quarter[STACK_QUARTERS - 1] + group->in_quarter[STACK_QUARTERS - 2];

	return group->count >= LEAST_BLOCKS && late * 100 >= group->count * LATE_SHARE &&
	       (in_each(group->in_quarter, group->count) || in_each(group->in_part, group->count));
}

/* When the process had done a quarter of what is recorded of it, a half, three quarters. */
static void find_parts(const struct model *model, struct stack_query *query)
{
	size_t count = 0, seen = 0, part = 0;

	for (size_t i = 0; i < model->events.count; i++)
		count += model->events.all[i]->tgid == query->tgid;
	for (size_t i = 0; i < model->events.count && part < STACK_QUARTERS - 1; i++) {
		seen += model->events.all[i]->tgid == query->tgid;
		if (seen * STACK_QUARTERS >= count * (part + 1))
			query->part_ends[part++] = model->events.all[i]->host_ns;
	}
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

static void say_leak(struct diagnosis *d, struct process_files *files,
		     const struct stack_group *group, double life_s)
{
	const uint64_t *in = group->in_quarter;

	memset(d, 0, sizeof(*d));
	say_headline(d, "leak", "leak: %lu bytes in %lu blocks from one place, never freed",
		     group->bytes, group->count);
	say_evidence(d, "allocated in each quarter of the process's life: %lu, %lu, %lu, %lu",
		     in[0], in[1], in[2], in[3]);
	if (life_s > 0)
		say_evidence(d, "it grew by %.0f bytes/s to the end",
			     (double)group->bytes / life_s);
	d->mend = "free each block when its last user is done, or bound how many are kept";
	say_site(d, files, "allocated", &group->first->allocated);
	if (unwind_mismatch(files))
		say_evidence(d, "%s", unwind_mismatch(files));
}

size_t diagnose_leaks(const struct model *model, struct diagnosis *found, size_t max)
{
	const struct record_exit *end = ended(model);
	struct stack_query query = {.least = LEAST_BLOCKS, .unwinds = UNWINDS};
	struct process_files *files;
	struct stack_group *groups;
	size_t count, said = 0;

	if (!end || !max)
		return 0;
	files = unwind_open(model, end->header.tgid);
	if (!files)
		return 0;
	query.tgid = end->header.tgid;
	query.epoch = end->epoch;
	query.start = start_of(model, end->header.tgid);
	query.end = end->header.host_ns;
	find_parts(model, &query);
	count = stacks_group(model, files, &query, &groups);
	for (size_t i = 0; i < count && said < max; i++)
		if (grows(&groups[i]))
			say_leak(&found[said++], files, &groups[i],
				 (double)(query.end - query.start) / 1e9);
	free(groups);
	/* Names in what was said are the files'. */
	if (!said)
		unwind_close(files);
	return said;
}
