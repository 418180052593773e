// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs that a run-time system ended: sanitizers, Go and Rust print what happened
 * and where, and end with a status or an abort that says nothing more. Their words are
 * the evidence, and the stacks in them are taken as they are.
 */
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "record/lib/report.h"
#include "rewind/diagnose.h"

#define NULL_PAGES 65536

/* The report, a copy that is cut into lines; the stacks point into it for good. */
struct report {
	enum report_maker maker;
	char *line; /* the current one */
	char *rest; /* what follows it, or NULL */
};

static bool next_line(struct report *r)
{
	r->line = r->rest;
	if (!r->line)
		return false;
	r->rest = strchr(r->line, '\n');
	if (r->rest)
		*r->rest++ = 0;
	return true;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Cuts "FILE:LINE" or "FILE:LINE:COLUMN" apart; whether it is that. */
static bool cut_place(char *text, struct frame *frame)
{
	char *colon;

	for (colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':'))
		if (isdigit((unsigned char)colon[1]))
			break;
	if (!colon)
		return false;
	*colon = 0;
	frame->file = text;
	frame->line = atoi(colon + 1);
	return true;
}

static struct frame *add_frame(struct stack *stack)
{
	if (stack->count == FRAMES_MAX)
		return NULL;
	memset(&stack->frames[stack->count], 0, sizeof(stack->frames[0]));
	return &stack->frames[stack->count++];
}

/* The classes of AddressSanitizer's reports and its siblings', by how they begin. */
static const struct {
	const char *said, *kind, *role;
	const char *mend;
} classes[] = {
	{"heap-use-after-free", "use-after-free", "used",
	 "keep the block until its last use, or forget the pointer when it is freed"},
	{"heap-buffer-overflow", "heap-overflow", "used",
	 "compare the index with the block's size"},
	{"attempting double-free", "double-free", "freed-again",
	 "decide which of the two owns the block; set the other's pointer to NULL when it is "
	 "freed"},
	{"attempting free on address", "invalid-free", "freed",
	 "free exactly what an allocation returned, and nothing else"},
	{"alloc-dealloc-mismatch", "mismatched-free", "freed",
	 "free with what belongs to the allocation: free, delete or delete[]"},
	{"stack-buffer-overflow", "stack-buffer-overflow", "used",
	 "compare the index with the array's size"},
	{"stack-buffer-underflow", "stack-buffer-overflow", "used",
	 "compare the index with the array's beginning"},
	{"dynamic-stack-buffer-overflow", "stack-buffer-overflow", "used",
	 "compare the index with the array's size"},
	{"global-buffer-overflow", "global-buffer-overflow", "used",
	 "compare the index with the array's size"},
	{"stack-use-after", "stack-use-after-scope", "used",
	 "do not keep a pointer to what its function or block has ended"},
	{"stack-overflow", "stack-overflow", "crashed", "end the recursion, or bound its depth"},
	{"use-of-uninitialized-value", "uninitialised", "used", "give it a value first"},
	{"data race", "data-race", "used", "both accesses need the same lock, or atomics"},
	{"detected memory leaks", "leak", "allocated", "free what is no longer used"},
	{"", "sanitizer", "crashed", NULL},
};

static size_t class_of(const char *said)
{
	size_t i = 0;

	while (!begins(said, classes[i].said))
		i++;
	return i;
}

/* "    #0 0x55aa in main /path/file.c:12:3", or without its source "... (/lib/x+0x12)". */
static bool take_frame(char *line, struct stack *stack)
{
	struct frame *frame;
	char *in, *where;

	while (*line == ' ')
		line++;
	if (line[0] != '#' || !isdigit((unsigned char)line[1]))
		return false;
	frame = add_frame(stack);
	if (!frame)
		return true;
	line += strcspn(line, " ");
	frame->pc = strtoull(line, NULL, 16);
	in = strstr(line, " in ");
	if (!in)
		in = line - 3; /* ThreadSanitizer's have no address */
	frame->function = in + 4;
	/* The source is after the last blank: names of C++ have some too. */
	where = strrchr(in + 4, ' ');
	if (where) {
		*where++ = 0;
		if (!cut_place(where, frame))
			frame->object = where;
	}
	return true;
}

/* What the stack is of that follows a line. */
static const char *role_of(const char *line, const char *role)
{
	if (strstr(line, "freed by thread"))
		return "freed";
	if (strstr(line, "allocated by thread") || strstr(line, "allocated from:"))
		return "allocated";
	return role;
}

static void take_stacks(struct report *r, struct diagnosis *d, const char *role)
{
	struct place *place = NULL;
	bool inside = false;

	while (next_line(r) && !begins(r->line, "SUMMARY: ")) {
		if (!strstr(r->line, "  #")) {
			role = role_of(r->line, role);
			inside = false;
			if (strstr(r->line, " is located "))
				say_evidence(d, "%.200s", r->line);
			if (strstr(r->line, " bytes to the left of "))
				d->kind = !strcmp(d->kind, "heap-overflow") ? "heap-underflow"
									    : d->kind;
			continue;
		}
		if (!inside && d->place_count == PLACES_MAX)
			return;
		if (!inside)
			place = say_place(d, role, 0, 0);
		inside = true;
		take_frame(r->line, &place->stack);
	}
}

/* A fault that the sanitizer's own handler reports. */
static void explain_fault(struct diagnosis *d, const char *said)
{
	const char *address = strstr(said, "unknown address ");

	d->kind = address && strtoull(address + 16, NULL, 16) < NULL_PAGES ? "null-dereference"
									   : "wild-pointer";
}

static void explain_sanitizer(struct report *r, struct diagnosis *d)
{
	const char *said = strstr(r->line, "Sanitizer: ") + 11;
	size_t class = class_of(said);

	say_headline(d, classes[class].kind, "%.*s", (int)strcspn(said, "\n"), said);
	d->mend = classes[class].mend;
	if (begins(said, "SEGV on unknown address"))
		explain_fault(d, said);
	say_evidence(d, "as the sanitizer in the program reports");
	take_stacks(r, d, classes[class].role);
}

static void explain_undefined(struct report *r, struct diagnosis *d)
{
	char *message = strstr(r->line, ": runtime error: ");
	struct place *place = say_place(d, "crashed", 0, 0);
	struct frame *frame = add_frame(&place->stack);

	*message = 0;
	say_headline(d, "undefined-behaviour", "undefined behaviour: %s", message + 17);
	say_evidence(d, "as UndefinedBehaviorSanitizer in the program reports");
	cut_place(r->line, frame);
}

/* The first goroutine's: a line with the function, and one with the place. */
static void take_goroutine(struct report *r, struct stack *stack)
{
	while (next_line(r) && !begins(r->line, "goroutine "))
		;
	while (next_line(r) && *r->line) {
		struct frame *frame;

		if (r->line[0] != '\t') {
			frame = add_frame(stack);
			if (!frame)
				return;
			frame->function = begins(r->line, "created by ") ? r->line + 11 : r->line;
			/* Arguments are numbers of the machine's; a method has its own. */
			if (strrchr(r->line, '('))
				*strrchr(r->line, '(') = 0;
		} else if (stack->count) {
			cut_place(r->line + 1, &stack->frames[stack->count - 1]);
		}
	}
}

static void explain_go(struct report *r, struct diagnosis *d)
{
	bool panic = begins(r->line, "panic: ");
	const char *said = strstr(r->line, ": ") + 2;

	say_headline(d, panic ? "go-panic" : "go-fatal", "%s in Go: %s",
		     panic ? "panic" : "fatal error", said);
	if (strstr(said, "nil pointer dereference")) {
		d->kind = "null-dereference";
		d->mend = "find out why the pointer is nil here, or test it before";
	} else if (begins(said, "all goroutines are asleep")) {
		d->kind = "deadlock";
	} else if (begins(said, "concurrent map")) {
		d->mend = "a map that goroutines share needs a lock, or sync.Map";
	} else if (strstr(said, "out of range")) {
		d->mend = "compare the index with the length";
	}
	if (r->rest && begins(r->rest, "[signal "))
		say_evidence(d, "%.*s", (int)strcspn(r->rest, "\n"), r->rest);
	take_goroutine(r, &say_place(d, "crashed", 0, 0)->stack);
}

/*
 * "thread 'main' panicked at 'WHY', src/main.rs:4:5"; from Rust 1.73 on the place comes
 * first and WHY is the next line.
 */
static void explain_rust(struct report *r, struct diagnosis *d, const struct stack *stack)
{
	char *said = strstr(r->line, "' panicked at ") + 14, *quote = strrchr(said, '\'');
	struct place *place = say_place(d, "crashed", 0, 0);
	char *where = said;

	if (*said == '\'' && quote > said) {
		*quote = 0;
		where = quote[1] == ',' ? quote + 3 : quote + 1;
		said++;
	} else if (r->rest && strcspn(r->rest, "\n")) {
		said = strndup(r->rest, strcspn(r->rest, "\n"));
	}
	say_headline(d, "rust-panic", "panic in Rust: %s", said ? said : "");
	if (said && strstr(said, "on a `None` value"))
		d->mend = "handle None: match, if let, or ? instead of unwrap";
	else if (said && strstr(said, "out of bounds"))
		d->mend = "compare the index with the length, or use get()";
	if (stack)
		place->stack = *stack;
	else
		cut_place(where, add_frame(&place->stack));
}

static bool explain(const char *words, int status, const struct stack *stack, struct diagnosis *d)
{
	struct report r;
	const char *start;

	r.maker = words ? report_find(words, &start) : REPORT_NONE;
	if (!report_explains(r.maker, status))
		return false;
	r.rest = strdup(start);
	if (!r.rest || !next_line(&r))
		return false;
	memset(d, 0, sizeof(*d));
	switch (r.maker) {
	case REPORT_SANITIZER:
		explain_sanitizer(&r, d);
		break;
	case REPORT_UNDEFINED:
		explain_undefined(&r, d);
		break;
	case REPORT_GO:
		explain_go(&r, d);
		break;
	default:
		explain_rust(&r, d, stack);
		break;
	}
	return true;
}

bool diagnose_report(const struct crash_case *c, struct diagnosis *d)
{
	/* Go's own stack ends where the run-time system's begins: its trace says more. */
	if (c->crash->number != SIGABRT && c->crash->number != SIGILL)
		return false;
	if (!explain(model_words(c->model, c->crash->header.tgid), c->crash->number, &c->stack, d))
		return false;
	for (size_t i = 0; i < d->place_count && !d->places[i].host_ns; i++)
		if (strcmp(d->places[i].role, "freed") && strcmp(d->places[i].role, "allocated")) {
			d->places[i].host_ns = c->crash->header.host_ns;
			d->places[i].tid = c->crash->header.tid;
		}
	return true;
}

size_t diagnose_ended(const struct model *model, struct diagnosis *found, size_t max)
{
	for (size_t i = model->events.count; i-- > 0 && max;) {
		const struct record_exit *end = (const struct record_exit *)model->events.all[i];

		if (end->header.type != RECORD_EXIT || end->header.tid != end->header.tgid)
			continue;
		if (explain(model_words(model, end->header.tgid), end->code, NULL, found))
			return 1;
	}
	return 0;
}
