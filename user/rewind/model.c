// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads a recording and answers what the views and the diagnosis ask of it. */
#include "rewind/model.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "rewind/probes.h"

static int keep(struct records *records, const struct record_header *header)
{
	const struct record_header **grown;

	if (records->count == records->room) {
		records->room = records->room ? 2 * records->room : 256;
		grown = realloc(records->all, records->room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		records->all = grown;
	}
	records->all[records->count++] = header;
	return 0;
}

#define STACKS_MAX (1U << 24)

/* Where its number says; numbers may have gaps. */
static int keep_stack(struct records *records, const struct record_header *header)
{
	__u32 id = ((const struct record_known_stack *)header)->id;
	int ret = 0;

	if (!id || id > STACKS_MAX)
		return 0;
	while (!ret && records->count < id)
		ret = keep(records, NULL);
	if (!ret)
		records->all[id - 1] = header;
	return ret;
}

static struct records *kind_of(struct model *m, const struct record_header *header)
{
	switch (header->type) {
	case RECORD_INFO:
		return &m->infos;
	case RECORD_MAPPING:
		return &m->mappings;
	case RECORD_BLOCK:
		return &m->blocks;
	case RECORD_MISUSE:
		return &m->misuses;
	case RECORD_CRASH:
		return &m->crashes;
	case RECORD_MACHINE:
		return &m->machines;
	case RECORD_PAGE:
		return &m->pages;
	case RECORD_STACK:
		return &m->stacks;
	case RECORD_COUNTS:
		return &m->counts;
	case RECORD_SAMPLING:
		return &m->samplings;
	case RECORD_TOTAL:
		return &m->totals;
	case RECORD_NODES:
		return &m->placements;
	case RECORD_WORDS:
		return &m->words;
	default:
		return header->type < RECORD_INFO ? &m->events : NULL;
	}
}

uint64_t model_when(const struct model *m, const struct record_header *event)
{
	return m->has_virtual ? event->virtual_ns : event->host_ns;
}

uint64_t model_first(const struct model *m)
{
	return m->events.count ? model_when(m, m->events.all[0]) : 0;
}

uint64_t model_last(const struct model *m)
{
	return m->events.count ? model_when(m, m->events.all[m->events.count - 1]) : 0;
}

struct timed {
	uint64_t when;
	const struct record_header *event;
};

#define DIGIT_BITS 11
#define DIGITS	   (1U << DIGIT_BITS)

/* One pass of the sort; events of the same digit stay in their order. */
static void sort_by_digit(const struct timed *from, struct timed *to, size_t count, int shift)
{
	size_t start[DIGITS] = {0}, sum = 0;

	for (size_t i = 0; i < count; i++)
		start[from[i].when >> shift & (DIGITS - 1)]++;
	for (size_t i = 0; i < DIGITS; i++) {
		size_t here = start[i];

		start[i] = sum;
		sum += here;
	}
	for (size_t i = 0; i < count; i++)
		to[start[from[i].when >> shift & (DIGITS - 1)]++] = from[i];
}

/*
 * Millions of events of a few CPUs, each nearly in order: by the digits of their times,
 * which is several times faster than by comparing them. Those of one time keep the
 * order of the file.
 */
static int sort_events(struct model *m)
{
	size_t count = m->events.count;
	struct timed *from = malloc((count + 1) * sizeof(*from));
	struct timed *to = malloc((count + 1) * sizeof(*to)), *other;
	uint64_t least = UINT64_MAX, most = 0;
	int ret = from && to ? 0 : -ENOMEM;

	if (ret)
		goto out;
	for (size_t i = 0; i < count; i++) {
		from[i].event = m->events.all[i];
		from[i].when = model_when(m, from[i].event);
		least = from[i].when < least ? from[i].when : least;
		most = from[i].when > most ? from[i].when : most;
	}
	for (size_t i = 0; i < count; i++)
		from[i].when -= least;
	for (int shift = 0; count && shift < 64 && (most - least) >> shift; shift += DIGIT_BITS) {
		sort_by_digit(from, to, count, shift);
		other = from;
		from = to;
		to = other;
	}
	for (size_t i = 0; i < count; i++)
		m->events.all[i] = from[i].event;
out:
	free(from);
	free(to);
	return ret;
}

static int by_when(const void *a, const void *b, void *model)
{
	uint64_t x = model_when(model, *(const struct record_header *const *)a);
	uint64_t y = model_when(model, *(const struct record_header *const *)b);

	return (x > y) - (x < y);
}

/* Events that say how threads came to be. */
static bool is_life(const struct record_header *header)
{
	return header->type == RECORD_EXEC || header->type == RECORD_FORK;
}

int model_load(const char *path, struct model *m)
{
	const struct record_header *header;
	struct records *kind;
	int ret;

	memset(m, 0, sizeof(*m));
	ret = sundial_record_open(path, &m->reader);
	if (ret)
		return ret;
	sundial_record_time(m->reader, &m->time);
	while (!ret && (header = sundial_record_next(m->reader))) {
		kind = kind_of(m, header);
		if (kind == &m->stacks)
			ret = keep_stack(kind, header);
		else if (kind)
			ret = keep(kind, header);
		if (!ret && header->type == RECORD_PROBE)
			ret = probes_keep(header);
		if (!ret && is_life(header))
			ret = keep(&m->lives, header);
		if (kind == &m->events && (!m->first_host_ns || header->host_ns < m->first_host_ns))
			m->first_host_ns = header->host_ns;
		if (kind == &m->events && header->virtual_ns != header->host_ns)
			m->has_virtual = true;
	}
	m->whole = sundial_record_whole(m->reader);
	if (!ret)
		ret = sort_events(m);
	if (m->lives.count)
		qsort_r(m->lives.all, m->lives.count, sizeof(*m->lives.all), by_when, m);
	if (!ret)
		ret = thread_names_load(m);
	if (ret)
		model_free(m);
	return ret;
}

void model_free(struct model *m)
{
	struct records *kinds[] = {&m->events,	  &m->lives,   &m->infos,     &m->mappings,
				   &m->blocks,	  &m->misuses, &m->crashes,   &m->stacks,
				   &m->pages,	  &m->counts,  &m->words,     &m->machines,
				   &m->samplings, &m->totals,  &m->placements};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		free(kinds[i]->all);
	thread_names_free(m->names);
	probes_forget();
	sundial_record_close(m->reader);
	memset(m, 0, sizeof(*m));
}

static const char *value_of(const struct record_header *info, const char *key)
{
	const char *text = ((const struct record_text *)info)->text;
	size_t length = strlen(key);

	return !strncmp(text, key, length) && text[length] == '=' ? text + length + 1 : NULL;
}

const char *model_info(const struct model *m, const char *key)
{
	const char *value = NULL;

	for (size_t i = 0; i < m->infos.count && !value; i++)
		value = value_of(m->infos.all[i], key);
	return value;
}

const char *model_info_of(const struct model *m, uint64_t domain, const char *key)
{
	const char *value = NULL;

	for (size_t i = 0; i < m->infos.count && !value; i++)
		if (m->infos.all[i]->domain == domain)
			value = value_of(m->infos.all[i], key);
	return value;
}

const char *model_words(const struct model *m, uint32_t tgid)
{
	for (size_t i = 0; i < m->words.count; i++)
		if (m->words.all[i]->tgid == tgid)
			return ((const struct record_text *)m->words.all[i])->text;
	return NULL;
}

const struct record_machine *model_machine(const struct model *m, const struct record_crash *crash)
{
	for (size_t i = 0; i < m->machines.count; i++) {
		const struct record_machine *machine =
			(const struct record_machine *)m->machines.all[i];

		if (machine->header.tgid == crash->header.tgid &&
		    machine->header.tid == crash->header.tid)
			return machine;
	}
	return NULL;
}

const struct record_crash *model_crash(const struct model *m)
{
	const struct record_crash *found = NULL;

	for (size_t i = 0; i < m->crashes.count; i++) {
		const struct record_crash *crash = (const struct record_crash *)m->crashes.all[i];

		if (crash->flags & RECORD_CRASH_FINAL &&
		    (!found || crash->header.host_ns > found->header.host_ns))
			found = crash;
	}
	return found;
}

static const struct record_page *page_at(const struct model *m, uint32_t tgid, uint64_t address)
{
	for (size_t i = 0; i < m->pages.count; i++) {
		const struct record_page *page = (const struct record_page *)m->pages.all[i];

		if (page->header.tgid == tgid && page->status == RECORD_STATUS_OK &&
		    address - page->address < page->bytes)
			return page;
	}
	return NULL;
}

bool model_memory(const struct model *m, uint32_t tgid, uint64_t address, void *to, size_t bytes)
{
	while (bytes) {
		const struct record_page *page = page_at(m, tgid, address);
		size_t part;

		if (!page)
			return false;
		part = page->bytes - (address - page->address);
		if (part > bytes)
			part = bytes;
		memcpy(to, page->memory + (address - page->address), part);
		to = (char *)to + part;
		address += part;
		bytes -= part;
	}
	return true;
}

int model_page_status(const struct model *m, uint32_t tgid, uint64_t address)
{
	for (size_t i = 0; i < m->pages.count; i++) {
		const struct record_page *page = (const struct record_page *)m->pages.all[i];

		if (page->header.tgid == tgid &&
		    page->address == (address & ~(uint64_t)(RECORD_PAGE_BYTES - 1)))
			return (int)page->status;
	}
	return -1;
}

bool site_after(const struct record_site *a, const struct record_site *b)
{
	/* A simulated host's clock stands still while a program only computes. */
	if (a->host_ns == b->host_ns)
		return (__s32)(a->order - b->order) > 0;
	return a->host_ns > b->host_ns;
}

const struct record_block *model_block_at(const struct model *m, uint32_t tgid, uint32_t epoch,
					  enum record_how how, uint64_t address)
{
	const struct record_block *found = NULL;

	for (size_t i = 0; i < m->blocks.count; i++) {
		const struct record_block *block = (const struct record_block *)m->blocks.all[i];

		if (block->header.tgid != tgid || block->epoch != epoch || block->how != how ||
		    address - block->address >= (block->size_bytes ? block->size_bytes : 1))
			continue;
		if (how == RECORD_HOW_FREED && found && site_after(&found->freed, &block->freed))
			continue;
		found = block;
	}
	return found;
}

const struct record_mapping *model_mapping_at(const struct model *m, uint32_t tgid,
					      uint64_t address)
{
	const struct record_mapping *found = NULL;

	for (size_t i = 0; i < m->mappings.count; i++) {
		const struct record_mapping *mapping =
			(const struct record_mapping *)m->mappings.all[i];

		if (mapping->header.tgid == tgid && address >= mapping->start &&
		    address < mapping->end)
			found = mapping;
	}
	return found;
}

const struct record_stack *model_stack(const struct model *m, uint32_t id)
{
	const struct record_known_stack *stack;

	if (!id || id > m->stacks.count)
		return NULL;
	stack = (const struct record_known_stack *)m->stacks.all[id - 1];
	return stack ? &stack->stack : NULL;
}

double model_seconds(const struct model *m, uint64_t host_ns)
{
	uint64_t first = m->first_host_ns ? m->first_host_ns : m->time.monotonic_ns;

	return (double)(int64_t)(host_ns - first) / 1e9;
}
