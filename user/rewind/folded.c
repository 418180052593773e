// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stacks as flame graph programs read them: frames from the outermost to the innermost
 * with semicolons between, and a number. Of memory: bytes that were live at the end, by
 * the stack that allocated them. Of calls: nanoseconds in each that were not in a call
 * within it, by thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "rewind/stacks.h"
#include "rewind/tracks.h"

#define UNWINDS	  20000
#define DEPTH_MAX 64

/* Without what would end the name or the line. */
static void put_part(FILE *to, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == ';' || *text == 0x7f ? '?' : *text,
		      to);
}

static void put_frames(FILE *to, const struct stack *stack)
{
	for (size_t i = stack->count; i-- > 0;) {
		const struct frame *f = &stack->frames[i];

		fputc(';', to);
		if (f->function)
			put_part(to, f->function);
		else
			fprintf(to, "%#lx", f->pc);
	}
	if (!stack->count)
		fputs(";unknown", to);
}

/* One process, in the last program that it executed. */
static void put_process(FILE *to, const struct model *model, uint32_t tgid, uint64_t domain)
{
	struct stack_query query = {.tgid = tgid, .unwinds = UNWINDS};
	struct process_files *files = unwind_open(model, tgid);
	static struct stack stack;
	struct stack_group *groups;
	size_t count;

	for (size_t i = 0; i < model->blocks.count; i++) {
		const struct record_block *b = (const struct record_block *)model->blocks.all[i];

		if (b->header.tgid == tgid && b->epoch > query.epoch)
			query.epoch = b->epoch;
	}
	if (!files)
		return;
	count = stacks_group(model, files, &query, &groups);
	for (size_t i = 0; i < count; i++) {
		put_part(to, model_thread_name(model, domain, tgid) ?: "process");
		unwind_site(files, &groups[i].first->allocated, &stack);
		put_frames(to, &stack);
		fprintf(to, " %lu\n", groups[i].bytes);
	}
	free(groups);
	unwind_close(files);
}

int view_folded_memory(FILE *to, const struct model *model)
{
	uint32_t *done = calloc(model->blocks.count + 1, sizeof(*done));
	size_t count = 0;

	if (!done)
		return -ENOMEM;
	for (size_t i = 0; i < model->blocks.count; i++) {
		const struct record_header *block = model->blocks.all[i];
		size_t n = 0;

		while (n < count && done[n] != block->tgid)
			n++;
		if (n < count)
			continue;
		done[count++] = block->tgid;
		put_process(to, model, block->tgid, block->domain);
	}
	free(done);
	return ferror(to) ? -EIO : 0;
}

/* What is open in a thread, and how much of it was spent in what lies within. */
struct nest {
	const struct slice *open[DEPTH_MAX];
	uint64_t inner[DEPTH_MAX];
	size_t depth;
};

static void put_call(FILE *to, const struct model *model, struct nest *n)
{
	const struct slice *last = n->open[--n->depth];
	const struct record_header *event = last->event;
	uint64_t length = last->to - last->from;
	char name[128];

	put_part(to, model_thread_name(model, event->domain, event->tid) ?: "thread");
	fprintf(to, " %u", event->tid);
	for (size_t i = 0; i <= n->depth; i++) {
		slice_name(n->open[i]->event, name, sizeof(name));
		fputc(';', to);
		put_part(to, name);
	}
	fprintf(to, " %lu\n", length > n->inner[n->depth] ? length - n->inner[n->depth] : 0);
	if (n->depth)
		n->inner[n->depth - 1] += length;
}

int view_folded_calls(FILE *to, const struct model *model, const struct shown *shown)
{
	struct tracks tracks;
	struct nest *nests;
	int ret = tracks_build(model, shown, &tracks);

	if (ret)
		return ret;
	nests = calloc(tracks.thread_count + 1, sizeof(*nests));
	for (size_t i = 0; nests && i < tracks.slice_count; i++) {
		const struct slice *s = &tracks.slices[i];
		struct nest *n = &nests[tracks_thread(&tracks, s->event->domain, s->event->tid)];

		while (n->depth > s->depth)
			put_call(to, model, n);
		if (s->depth != n->depth || n->depth == DEPTH_MAX)
			continue;
		n->open[n->depth] = s;
		n->inner[n->depth++] = 0;
	}
	for (size_t i = 0; nests && i < tracks.thread_count; i++)
		while (nests[i].depth)
			put_call(to, model, &nests[i]);
	ret = !nests ? -ENOMEM : ferror(to) ? -EIO : 0;
	free(nests);
	tracks_free(&tracks);
	return ret;
}
