// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process that somebody had to end, because its threads waited for each other. A
 * thread in a futex call waits for a mutex, of which glibc keeps the owner beside the
 * lock, or for the end of a thread, whose number is what it expects there. Following who
 * waits for whom comes back to where it began, or there was no deadlock.
 */
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rewind/diagnose.h"

#define LOCK_FRAMES  6 /* within which the function that locks is */
#define FUTEX_CALL   202
#define OWNER_OFFSET 8 /* of struct pthread_mutex_t's owner from its lock */

enum waiting { FOR_NOTHING, FOR_MUTEX, FOR_THREAD };

struct waiter {
	const struct record_crash *crash;
	enum waiting waiting;
	uint64_t futex;
	uint32_t whom; /* the thread that it waits for */
	struct stack stack;
};

/* The last call of the system that the thread made. */
static const struct record_syscall *last_call(const struct model *model,
					      const struct record_crash *crash)
{
	for (size_t i = model->events.count; i-- > 0;) {
		const struct record_header *event = model->events.all[i];

		if (event->type == RECORD_SYSCALL && event->tid == crash->header.tid &&
		    event->tgid == crash->header.tgid)
			return (const struct record_syscall *)event;
	}
	return NULL;
}

static bool in_function(const struct stack *stack, const char *part)
{
	for (size_t i = 0; i < stack->count && i < LOCK_FRAMES; i++)
		if (stack->frames[i].function && strstr(stack->frames[i].function, part))
			return true;
	return false;
}

/* What the thread waits for, from the arguments of its call, which are in registers. */
static void find_waiting(const struct model *model, struct waiter *w)
{
	const __u64 *registers = w->crash->registers;
	const struct record_syscall *call = last_call(model, w->crash);
	uint32_t operation = registers[RECORD_RSI] & FUTEX_CMD_MASK, owner;

	w->futex = registers[RECORD_RDI];
	if ((call && call->number != FUTEX_CALL) ||
	    (operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET))
		return;
	if (in_function(&w->stack, "pthread_join") || in_function(&w->stack, "clockjoin")) {
		w->waiting = FOR_THREAD;
		w->whom = (uint32_t)registers[RECORD_RDX];
	} else if (in_function(&w->stack, "mutex_lock") &&
		   model_memory(model, w->crash->header.tgid, w->futex + OWNER_OFFSET, &owner,
				sizeof(owner))) {
		w->waiting = FOR_MUTEX;
		w->whom = owner;
	}
}

static struct waiter *thread_of(struct waiter *all, size_t count, uint32_t tid)
{
	for (size_t i = 0; i < count; i++)
		if (all[i].crash->header.tid == tid)
			return &all[i];
	return NULL;
}

/* Cuts all down to those in a circle, in its order; how many, 0 if there is none. */
static size_t find_circle(struct waiter *all, size_t count, struct waiter **circle)
{
	for (size_t i = 0; i < count; i++) {
		struct waiter *at = &all[i];
		size_t length = 0;

		while (at && at->waiting && length < count) {
			circle[length++] = at;
			at = thread_of(all, count, at->whom);
			if (at == &all[i])
				return length;
		}
	}
	return 0;
}

static void say_waiter(struct diagnosis *d, const struct waiter *w)
{
	char where[128];

	place_words(&w->stack, where, sizeof(where));
	if (w->waiting == FOR_MUTEX)
		say_evidence(d, "%.16s (%u) waits in %s for the mutex at %#lx, which %u holds",
			     w->crash->name, w->crash->header.tid, where, w->futex, w->whom);
	else
		say_evidence(d, "%.16s (%u) waits in %s for the end of thread %u", w->crash->name,
			     w->crash->header.tid, where, w->whom);
	if (d->place_count < sizeof(d->places) / sizeof(d->places[0]))
		say_place(d, "waits", w->crash->header.host_ns, w->crash->header.tid)->stack =
			w->stack;
}

static void explain(struct diagnosis *d, struct waiter **circle, size_t length)
{
	bool joins = false;

	memset(d, 0, sizeof(*d));
	for (size_t i = 0; i < length; i++) {
		joins |= circle[i]->waiting == FOR_THREAD;
		say_waiter(d, circle[i]);
	}
	if (length == 1)
		say_headline(d, "deadlock",
			     "deadlock: thread %u waits for a mutex that it holds itself",
			     circle[0]->crash->header.tid);
	else
		say_headline(d, "deadlock", "deadlock: %zu threads wait for each other", length);
	if (circle[0]->crash->number)
		say_evidence(d, "the process was ended by SIG%s",
			     sigabbrev_np(circle[0]->crash->number));
	else
		say_evidence(d, "the simulation ended, since nothing would have woken them");
	if (joins)
		d->mend = "unlock what a thread needs before waiting for its end";
	else if (length == 1)
		d->mend = "unlock before calling what locks again, or make the mutex recursive";
	else
		d->mend = "lock mutexes in the same order everywhere";
}

/* The threads of one process. */
static size_t read_process(const struct model *model, uint32_t tgid, struct waiter *all)
{
	struct process_files *files = unwind_open(model, tgid);
	size_t count = 0;

	for (size_t i = 0; files && i < model->crashes.count; i++) {
		const struct record_crash *crash =
			(const struct record_crash *)model->crashes.all[i];

		if (crash->header.tgid != tgid || !(crash->flags & RECORD_CRASH_ENDED))
			continue;
		memset(&all[count], 0, sizeof(all[count]));
		all[count].crash = crash;
		unwind_crash(files, crash, &all[count].stack);
		find_waiting(model, &all[count++]);
	}
	/* Names in stacks are the files', which stay. */
	return count;
}

size_t diagnose_deadlock(const struct model *model, struct diagnosis *found, size_t max)
{
	struct waiter *all = calloc(model->crashes.count + 1, sizeof(*all));
	struct waiter **circle = calloc(model->crashes.count + 1, sizeof(*circle));
	size_t said = 0;
	uint32_t tgid = 0;

	for (size_t i = 0; all && circle && i < model->crashes.count && said < max; i++) {
		const struct record_crash *crash =
			(const struct record_crash *)model->crashes.all[i];
		size_t length;

		if (!(crash->flags & RECORD_CRASH_ENDED) || crash->header.tgid == tgid)
			continue;
		tgid = crash->header.tgid;
		length = find_circle(all, read_process(model, tgid, all), circle);
		if (length)
			explain(&found[said++], circle, length);
	}
	free(all);
	free(circle);
	return said;
}
