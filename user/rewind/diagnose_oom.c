// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Out of memory: an allocation failed and the program did not mind, or the kernel killed
 * the process. Who had the memory is what a person wants to know, not who came last.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "rewind/diagnose.h"
#include "rewind/stacks.h"

#define CALLS_BEFORE 64 /* of the thread, in which the failure must be */
#define SHORTLY_NS   1000000000ULL
#define UNWINDS	     1000
#define FROM_KERNEL  128 /* si_code SI_KERNEL */

enum { CALL_MMAP = 9, CALL_BRK = 12, CALL_MREMAP = 25 };

/* How many bytes a call asked for that the kernel refused; 0 if it is none. */
static uint64_t refused(const struct record_syscall *call)
{
	if (call->number == CALL_MMAP && call->result == -ENOMEM)
		return call->args[1];
	if (call->number == CALL_MREMAP && call->result == -ENOMEM)
		return call->args[2];
	/* It returns what the end is, whether moved or not. */
	if (call->number == CALL_BRK && (uint64_t)call->result < call->args[0])
		return call->args[0] - (uint64_t)call->result;
	return 0;
}

/* What was refused to the crashed thread last, shortly before. */
static uint64_t refused_before(const struct crash_case *c, uint64_t *host_ns)
{
	size_t seen = 0;

	for (size_t i = c->model->events.count; i-- > 0 && seen < CALLS_BEFORE;) {
		const struct record_header *event = c->model->events.all[i];
		uint64_t bytes;

		if (event->tid != c->crash->header.tid || event->tgid != c->crash->header.tgid ||
		    event->host_ns > c->crash->header.host_ns)
			continue;
		if (event->host_ns + SHORTLY_NS < c->crash->header.host_ns)
			break;
		seen++;
		bytes = event->type == RECORD_SYSCALL ? refused((const void *)event) : 0;
		*host_ns = event->host_ns;
		if (bytes)
			return bytes;
	}
	return 0;
}

/* What had the most of the memory that was live at the end. */
static void say_largest(struct diagnosis *d, const struct model *model, uint32_t tgid)
{
	struct stack_query query = {.tgid = tgid, .unwinds = UNWINDS};
	struct process_files *files = unwind_open(model, tgid);
	struct stack_group *groups = NULL;
	uint64_t bytes = 0;
	size_t count;

	if (!files)
		return;
	for (size_t i = 0; i < model->blocks.count; i++) {
		const struct record_block *b = (const struct record_block *)model->blocks.all[i];

		if (b->header.tgid == tgid && b->epoch > query.epoch)
			query.epoch = b->epoch;
	}
	count = stacks_group(model, files, &query, &groups);
	for (size_t i = 0; i < count; i++)
		bytes += groups[i].bytes;
	if (count && d->place_count < sizeof(d->places) / sizeof(d->places[0])) {
		say_evidence(d,
			     "%lu bytes were allocated, most of them, %lu bytes in %lu blocks, "
			     "from one place",
			     bytes, groups[0].bytes, groups[0].count);
		say_site(d, files, "allocated", &groups[0].first->allocated);
	}
	free(groups);
}

void diagnose_refused(const struct crash_case *c, struct diagnosis *d)
{
	char before[sizeof(d->headline)];
	uint64_t host_ns, bytes;

	if (strcmp(d->kind, "null-dereference") && strcmp(d->kind, "uncaught-exception") &&
	    strcmp(d->kind, "abort") && strcmp(d->kind, "assertion"))
		return;
	bytes = refused_before(c, &host_ns);
	if (!bytes)
		return;
	strcpy(before, d->headline);
	say_headline(d, "out-of-memory", "out of memory: %.400s", before);
	say_evidence(d, "the kernel refused %lu bytes to the thread %.6f s before", bytes,
		     (double)(c->crash->header.host_ns - host_ns) / 1e9);
	d->mend = "test what an allocation returns, and find out who has the memory";
	say_largest(d, c->model, c->crash->header.tgid);
}

/* The process's end by a signal that nobody sent but the kernel. */
static bool is_killed_by_kernel(const struct model *model, const struct record_header *end)
{
	for (size_t i = model->events.count; i-- > 0;) {
		const struct record_signal *event =
			(const struct record_signal *)model->events.all[i];

		if (event->header.type == RECORD_SIGNAL && event->number == SIGKILL &&
		    event->code == FROM_KERNEL && event->target_tid == end->tgid)
			return true;
	}
	return false;
}

size_t diagnose_killed(const struct model *model, struct diagnosis *found, size_t max)
{
	for (size_t i = model->events.count; max && i-- > 0;) {
		const struct record_header *event = model->events.all[i];

		if (event->type != RECORD_EXIT || event->tid != event->tgid ||
		    (((const struct record_exit *)event)->code & 0x7f) != SIGKILL ||
		    !is_killed_by_kernel(model, event))
			continue;
		memset(found, 0, sizeof(*found));
		say_headline(found, "out-of-memory", "out of memory: the kernel killed %s (%u)",
			     model_thread_name(model, event->domain, event->tid) ?: "a process",
			     event->tgid);
		say_evidence(found, "nobody sent the SIGKILL: of the machine's memory, or its "
				    "group's, nothing was left");
		found->mend = "bound what is kept, or give it more memory";
		say_largest(found, model, event->tgid);
		return 1;
	}
	return 0;
}
