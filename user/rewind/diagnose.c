// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which diagnosis: of a crash the most specific that its evidence supports; without
 * one, what is wrong with memory all the same.
 */
#include "rewind/diagnose.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void say_headline(struct diagnosis *d, const char *kind, const char *format, ...)
{
	va_list arguments;

	d->kind = kind;
	va_start(arguments, format);
	vsnprintf(d->headline, sizeof(d->headline), format, arguments);
	va_end(arguments);
}

void say_evidence(struct diagnosis *d, const char *format, ...)
{
	va_list arguments;

	if (d->evidence_count == EVIDENCE_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(d->evidence[d->evidence_count++], sizeof(d->evidence[0]), format, arguments);
	va_end(arguments);
}

struct place *say_place(struct diagnosis *d, const char *role, uint64_t host_ns, uint32_t tid)
{
	struct place *place = &d->places[d->place_count++];

	place->role = role;
	place->host_ns = host_ns;
	place->tid = tid;
	return place;
}

void say_site(struct diagnosis *d, struct process_files *files, const char *role,
	      const struct record_site *site)
{
	struct place *place = say_place(d, role, site->host_ns, site->tid);

	place->virtual_ns = site->virtual_ns;
	unwind_site(files, site, &place->stack);
}

void say_crashed(const struct crash_case *c, struct diagnosis *d, const char *role)
{
	struct place *place = say_place(d, role, c->crash->header.host_ns, c->crash->header.tid);

	place->domain = c->crash->header.domain;
	place->virtual_ns = c->crash->header.virtual_ns;
	place->stack = c->stack;
}

void place_words(const struct stack *stack, char *text, size_t bytes)
{
	const struct frame *own = stack_own(stack);
	const char *base = own && own->file ? strrchr(own->file, '/') : NULL;

	if (!own || !own->function)
		snprintf(text, bytes, "unknown code");
	else if (!own->file)
		snprintf(text, bytes, "%s", own->function);
	else
		snprintf(text, bytes, "%s (%s:%d)", own->function, base ? base + 1 : own->file,
			 own->line);
}

static const char *signal_words(int number, int code)
{
	switch (number) {
	case SIGFPE:
		return code == FPE_INTDIV ? "integer division by zero" : "arithmetic error";
	case SIGILL:
		return "illegal instruction";
	case SIGBUS:
		return code == BUS_ADRERR ? "access beyond the end of a mapped file" : "bus error";
	case SIGTRAP:
		return "trap";
	case SIGSYS:
		return "forbidden system call";
	default:
		return "crash";
	}
}

static const char *signal_kind(int number, int code)
{
	switch (number) {
	case SIGFPE:
		return code == FPE_INTDIV ? "division-by-zero" : "arithmetic";
	case SIGILL:
		return "illegal-instruction";
	case SIGBUS:
		return "bus-error";
	case SIGTRAP:
		return "trap";
	case SIGSYS:
		return "forbidden-call";
	default:
		return "crash";
	}
}

void diagnose_other(const struct crash_case *c, struct diagnosis *d)
{
	const struct record_crash *crash = c->crash;
	const struct frame *own = stack_own(&c->stack);

	if (crash->code <= 0)
		say_headline(d, "signal-sent", "SIG%s was sent by process %llu, in %s",
			     sigabbrev_np(crash->number), crash->address, c->where);
	else
		say_headline(d, signal_kind(crash->number, crash->code), "%s (SIG%s) in %s",
			     signal_words(crash->number, crash->code), sigabbrev_np(crash->number),
			     c->where);
	if (crash->number == SIGILL && own)
		d->mend = "compilers put such an instruction where __builtin_trap() or "
			  "undefined behaviour is";
	say_crashed(c, d, "crashed");
}

static void name_where(struct crash_case *c)
{
	const struct frame *own = stack_own(&c->stack);
	const char *base = own && own->object ? strrchr(own->object, '/') : NULL;

	if (own && own->function)
		snprintf(c->where, sizeof(c->where), "%s", own->function);
	else if (base)
		snprintf(c->where, sizeof(c->where), "unnamed code of %s", base + 1);
	else
		snprintf(c->where, sizeof(c->where), "unknown code");
}

static size_t diagnose_crash(const struct model *model, const struct record_crash *crash,
			     struct diagnosis *d)
{
	struct crash_case c = {.model = model, .crash = crash};

	c.files = unwind_open(model, crash->header.tgid);
	if (!c.files)
		return 0;
	unwind_crash(c.files, crash, &c.stack);
	name_where(&c);
	memset(d, 0, sizeof(*d));
	if (!diagnose_report(&c, d) && !diagnose_misuse(&c, d) && !diagnose_fault(&c, d) &&
	    !diagnose_abort(&c, d))
		diagnose_other(&c, d);
	diagnose_refused(&c, d);
	/* The names in d's stacks are the files'; they stay until the program ends. */
	if (unwind_mismatch(c.files))
		say_evidence(d, "%s", unwind_mismatch(c.files));
	return 1;
}

/* Without a crash: the first that there is something to say of. */
static size_t diagnose_end(const struct model *model, struct diagnosis *found, size_t max)
{
	size_t count = diagnose_ended(model, found, max);

	if (!count)
		count = diagnose_deadlock(model, found, max);
	if (!count)
		count = diagnose_killed(model, found, max);
	if (count)
		return count;
	count = diagnose_quiet_misuse(model, found, max);
	return count + diagnose_leaks(model, found + count, max - count);
}

size_t diagnose(const struct model *model, struct diagnosis *found, size_t max)
{
	const struct record_crash *crash = model_crash(model);
	size_t count = 0;

	if (crash && max)
		count = diagnose_crash(model, crash, found);
	else
		count = diagnose_end(model, found, max);
	if (count)
		count += diagnose_trend(model, found + count, max - count);
	for (size_t i = 0; i < count; i++)
		diagnose_mend(&found[i]);
	return count;
}
