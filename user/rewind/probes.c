// SPDX-License-Identifier: GPL-2.0-or-later
/* Events of functions, by the names that the recorder left for their numbers. */
#include "rewind/probes.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rewind/demangle.h"

#define NUMBERS_MAX 65536 /* what a recorder gives out */

static struct known_probe *probes; /* of number n at n */
static size_t probe_count;

int probes_keep(const struct record_header *header)
{
	const struct record_probe *record = (const struct record_probe *)header;
	size_t text_bytes = header->length - sizeof(*record);
	size_t name_bytes = strlen(record->name) + 1;
	struct known_probe *grown;
	const char *file = "?";
	char *plain = NULL;

	if (record->id >= NUMBERS_MAX)
		return 0;
	if (record->id >= probe_count) {
		size_t count = 2 * (size_t)record->id + 64;

		grown = realloc(probes, count * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		memset(grown + probe_count, 0, (count - probe_count) * sizeof(*grown));
		probes = grown;
		probe_count = count;
	}
	if (name_bytes < text_bytes &&
	    memchr(record->name + name_bytes, 0, text_bytes - name_bytes))
		file = record->name + name_bytes;
	plain = demangle_name(record->name);
	if (!probes[record->id].record)
		probes[record->id] =
			(struct known_probe){record, plain ? plain : strdup(record->name), file};
	return 0;
}

const struct known_probe *probes_find(__u32 id)
{
	return id < probe_count && probes[id].record ? &probes[id] : NULL;
}

void probes_forget(void)
{
	for (size_t i = 0; i < probe_count; i++)
		free((char *)probes[i].name);
	free(probes);
	probes = NULL;
	probe_count = 0;
}

static const char *name_of(__u32 id)
{
	const struct known_probe *known = probes_find(id);

	return known && known->name ? known->name : "an unknown function";
}

/* C++ has the parameters in the name already. */
static void call_words(const struct record_function_call *e, char *text, size_t bytes)
{
	const char *name = name_of(e->probe);
	int length = (int)strcspn(name, "(");

	snprintf(text, bytes, "calls %.*s(%#llx, %#llx, %#llx)", length, name, e->args[0],
		 e->args[1], e->args[2]);
}

static void return_words(const struct record_function_return *e, char *text, size_t bytes)
{
	const char *name = name_of(e->probe);

	snprintf(text, bytes, "%.*s returns %#llx, %.6f s", (int)strcspn(name, "("), name,
		 e->result, (double)e->duration_ns / 1e9);
}

static void usdt_words(const struct record_usdt *e, char *text, size_t bytes)
{
	int at = snprintf(text, bytes, "passes %s(", name_of(e->probe));

	for (int i = 0; i < e->count && i < RECORD_ARGUMENTS && at > 0 && (size_t)at < bytes; i++)
		if (e->bad & 1 << i)
			at += snprintf(text + at, bytes - (size_t)at, "%s?", i ? ", " : "");
		else
			at += snprintf(text + at, bytes - (size_t)at,
				       (__s64)e->args[i] < 0 && (__s64)e->args[i] > -65536
					       ? "%s%lld"
					       : "%s%#llx",
				       i ? ", " : "", e->args[i]);
	if (at > 0 && (size_t)at < bytes)
		snprintf(text + at, bytes - (size_t)at, ")");
}

void probes_words(const struct record_header *event, char *text, size_t bytes)
{
	if (event->type == RECORD_CALL)
		call_words((const struct record_function_call *)event, text, bytes);
	else if (event->type == RECORD_USDT)
		usdt_words((const struct record_usdt *)event, text, bytes);
	else
		return_words((const struct record_function_return *)event, text, bytes);
}
