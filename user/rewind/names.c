// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What threads and hosts are called. A thread has the name of the program that its
 * process executed, or its starter's, until it is known better.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rewind/model.h"

#define NAME_BYTES 32

struct thread_name {
	uint64_t domain;
	uint32_t tid; /* 0: a free place */
	char name[NAME_BYTES];
};

/* Open addressing; never more than half full. */
struct thread_names {
	size_t places, used;
	struct thread_name *all;
};

static struct thread_name *place_of(const struct thread_names *names, uint64_t domain, uint32_t tid)
{
	size_t at = (tid * 2654435761U ^ domain * 40503) & (names->places - 1);

	while (names->all[at].tid && (names->all[at].tid != tid || names->all[at].domain != domain))
		at = (at + 1) & (names->places - 1);
	return &names->all[at];
}

static int grow(struct thread_names *names)
{
	struct thread_names larger = {.places = names->places ? 2 * names->places : 64};

	larger.all = calloc(larger.places, sizeof(*larger.all));
	if (!larger.all)
		return -ENOMEM;
	for (size_t i = 0; i < names->places; i++)
		if (names->all[i].tid)
			*place_of(&larger, names->all[i].domain, names->all[i].tid) = names->all[i];
	larger.used = names->used;
	free(names->all);
	*names = larger;
	return 0;
}

static int set(struct thread_names *names, uint64_t domain, uint32_t tid, const char *name,
	       size_t bytes)
{
	struct thread_name *place;

	if (!tid || !*name)
		return 0;
	if (2 * names->used >= names->places && grow(names))
		return -ENOMEM;
	place = place_of(names, domain, tid);
	if (!place->tid)
		names->used++;
	place->domain = domain;
	place->tid = tid;
	snprintf(place->name, sizeof(place->name), "%.*s", (int)bytes, name);
	return 0;
}

static int from_event(struct thread_names *names, const struct record_header *event)
{
	const struct record_fork *fork = (const struct record_fork *)event;
	const char *path = ((const struct record_text *)event)->text, *slash;
	char parent[NAME_BYTES] = "";

	if (event->type == RECORD_EXEC) {
		slash = strrchr(path, '/');
		return set(names, event->domain, event->tid, slash ? slash + 1 : path, NAME_BYTES);
	}
	if (names->places)
		strcpy(parent, place_of(names, event->domain, event->tid)->name);
	return set(names, event->domain, fork->child_tid, parent, NAME_BYTES);
}

/* The process that was recorded when it ran already: its command is all that is known. */
static int from_command(struct model *m, struct thread_names *names)
{
	const char *pid = model_info(m, "pid"), *command = model_info(m, "command"), *base;
	size_t bytes;

	if (!pid || !command)
		return 0;
	bytes = strcspn(command, " ");
	base = memrchr(command, '/', bytes);
	base = base ? base + 1 : command;
	return set(names, 0, (uint32_t)strtoul(pid, NULL, 10), base,
		   bytes - (size_t)(base - command));
}

int thread_names_load(struct model *m)
{
	int ret;

	m->names = calloc(1, sizeof(*m->names));
	if (!m->names)
		return -ENOMEM;
	ret = from_command(m, m->names);
	for (size_t i = 0; i < m->lives.count && !ret; i++)
		ret = from_event(m->names, m->lives.all[i]);
	for (size_t i = 0; i < m->crashes.count && !ret; i++) {
		const struct record_crash *crash = (const struct record_crash *)m->crashes.all[i];

		ret = set(m->names, crash->header.domain, crash->header.tid, crash->name,
			  sizeof(crash->name));
	}
	return ret;
}

void thread_names_free(struct thread_names *names)
{
	if (names)
		free(names->all);
	free(names);
}

const char *model_thread_name(const struct model *m, uint64_t domain, uint32_t tid)
{
	const struct thread_name *place = NULL;

	if (m->names && m->names->places && tid)
		place = place_of(m->names, domain, tid);
	return place && place->tid ? place->name : NULL;
}

const char *model_host(const struct model *m, uint64_t domain)
{
	return model_info_of(m, domain, "host") ?: "?";
}
