// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The recording as one JSON object. Events are written one by one, since there may
 * be millions; each is on a line of its own. Text that is not UTF-8 is null.
 */
#include <errno.h>
#include <jansson.h>
#include "rewind/event_json.h"
#include "rewind/view.h"

static void put(FILE *to, const char *key, json_t *value)
{
	fprintf(to, "\"%s\":", key);
	json_dumpf(value, to, JSON_COMPACT | JSON_ENCODE_ANY);
	fputs(",\n", to);
	json_decref(value);
}

static json_t *text(const char *value)
{
	json_t *string = value ? json_string(value) : NULL;

	return string ? string : json_null();
}

/* -1: the event of a thread, of which the CPU is not known. */
static int cpu_number(const struct record_header *header)
{
	return header->cpu == UINT16_MAX ? -1 : header->cpu;
}

static json_t *stack_json(const struct stack *stack)
{
	json_t *frames = json_array();

	for (size_t i = 0; i < stack->count; i++) {
		const struct frame *f = &stack->frames[i];

		json_array_append_new(frames,
				      json_pack("{s:I,s:o,s:o,s:i,s:o,s:b}", "pc",
						(json_int_t)f->pc, "function", text(f->function),
						"file", text(f->file), "line", f->line, "object",
						text(f->object), "inlined", f->inlined));
	}
	return frames;
}

static json_t *diagnosis_json(const struct diagnosis *d)
{
	json_t *evidence = json_array(), *places = json_array();

	for (size_t i = 0; i < d->evidence_count; i++)
		json_array_append_new(evidence, text(d->evidence[i]));
	for (size_t i = 0; i < d->place_count; i++) {
		const struct place *place = &d->places[i];

		json_array_append_new(places,
				      json_pack("{s:s,s:I,s:I,s:I,s:o}", "role", place->role,
						"host_ns", (json_int_t)place->host_ns, "virtual_ns",
						(json_int_t)place->virtual_ns, "tid",
						(json_int_t)place->tid, "stack",
						stack_json(&place->stack)));
	}
	return json_pack("{s:s,s:o,s:o,s:o,s:o}", "kind", d->kind, "headline", text(d->headline),
			 "evidence", evidence, "mend", text(d->mend), "places", places);
}

static json_t *info_json(const struct model *model)
{
	static const char *const keys[] = {"host", "kernel", "machine", "command", "pid"};
	json_t *info = json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_set_new(info, keys[i], text(model_info(model, keys[i])));
	return info;
}

static json_t *counts_json(const struct model *model)
{
	json_t *all = json_array();

	for (size_t i = 0; i < model->counts.count; i++) {
		const struct record_counts *c = (const struct record_counts *)model->counts.all[i];

		json_array_append_new(
			all, json_pack("{s:i,s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "cpu",
				       cpu_number(&c->header), "node", c->header.node, "emitted",
				       (json_int_t)c->emitted, "recorded", (json_int_t)c->recorded,
				       "overwritten", (json_int_t)c->overwritten, "busy",
				       (json_int_t)c->busy, "overtaken", (json_int_t)c->overtaken,
				       "paused", (json_int_t)c->paused, "unfinished",
				       (json_int_t)c->unfinished, "table_full",
				       (json_int_t)c->table_full, "missed", (json_int_t)c->missed));
	}
	return all;
}

static json_t *crash_json(const struct model *model)
{
	static struct crashed_thread threads[CRASHED_THREADS_MAX];
	size_t count = crashed_threads(model, threads);
	json_t *all = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct record_crash *c = threads[i].crash;

		json_array_append_new(all, json_pack("{s:i,s:i,s:i,s:i,s:I,s:I,s:b,s:o}", "tgid",
						     c->header.tgid, "tid", c->header.tid, "signal",
						     c->number, "code", c->code, "address",
						     (json_int_t)c->address, "ip",
						     (json_int_t)c->registers[RECORD_RIP], "first",
						     !!(c->flags & RECORD_CRASH_FIRST), "stack",
						     stack_json(&threads[i].stack)));
	}
	return all;
}

static json_t *placement_json(const struct model *model)
{
	json_t *all = json_array();

	for (size_t i = 0; i < model->placements.count; i++) {
		const struct record_nodes *p =
			(const struct record_nodes *)model->placements.all[i];

		json_array_append_new(all, json_pack("{s:i,s:i,s:I,s:I,s:I}", "cpu",
						     cpu_number(&p->header), "node", p->header.node,
						     "pages", (json_int_t)p->pages, "elsewhere",
						     (json_int_t)p->elsewhere, "unused",
						     (json_int_t)p->unused));
	}
	return all;
}

/* Estimates by stack, of a process of which not every allocation was recorded; or null. */
static json_t *sampling_json(const struct model *model)
{
	const struct record_sampling *sampling;
	struct process_files *files;
	json_t *stacks;

	if (!model->samplings.count)
		return json_null();
	sampling = (const struct record_sampling *)model->samplings.all[0];
	files = unwind_open(model, sampling->header.tgid);
	stacks = json_array();
	for (size_t i = 0; i < model->totals.count && files; i++) {
		const struct record_total *t = (const struct record_total *)model->totals.all[i];
		struct record_site site = {.stack = t->stack};
		static struct stack stack;

		unwind_site(files, &site, &stack);
		json_array_append_new(
			stacks, json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "samples",
					  (json_int_t)t->samples, "bytes", (json_int_t)t->bytes,
					  "deviation_bytes", (json_int_t)t->deviation_bytes,
					  "live_samples", (json_int_t)t->live_samples, "live_bytes",
					  (json_int_t)t->live_bytes, "live_deviation_bytes",
					  (json_int_t)t->live_deviation_bytes, "stack",
					  stack_json(&stack)));
	}
	unwind_close(files);
	return json_pack("{s:I,s:I,s:o}", "interval_bytes", (json_int_t)sampling->interval_bytes,
			 "seed", (json_int_t)sampling->seed, "stacks", stacks);
}

int view_json(FILE *to, const struct model *model, const struct diagnosis *found, size_t count,
	      const struct shown *shown)
{
	json_t *diagnoses = json_array();
	bool first = true;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(diagnoses, diagnosis_json(&found[i]));
	fputs("{", to);
	put(to, "info", info_json(model));
	put(to, "whole", json_boolean(model->whole));
	put(to, "realtime_ns", json_integer((json_int_t)model->time.realtime_ns));
	put(to, "monotonic_ns", json_integer((json_int_t)model->time.monotonic_ns));
	put(to, "diagnoses", diagnoses);
	put(to, "crashes", crash_json(model));
	put(to, "counts", counts_json(model));
	put(to, "placement", placement_json(model));
	put(to, "sampling", sampling_json(model));
	fputs("\"events\":[", to);
	for (size_t i = 0; i < shown->count; i++) {
		json_t *event = event_json(model->events.all[shown->index[i]]);

		fputs(first ? "\n" : ",\n", to);
		json_dumpf(event, to, JSON_COMPACT);
		json_decref(event);
		first = false;
	}
	fputs("\n]}\n", to);
	return ferror(to) ? -EIO : 0;
}
