// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The plain-text view. What a person wants first comes first: what happened, where,
 * whose memory it was; then the events that led there. Text of the recording is
 * somebody else's: what a terminal would act on is not printed.
 */
#include <ctype.h>
#include <string.h>
#include <time.h>
#include "rewind/view.h"

#define REPEATS_SHOWN 3 /* frames of a recursion */
#define THREAD_FRAMES 3 /* of a thread that did nothing wrong */

/* Text without what a terminal obeys. */
static void put_safe(FILE *to, const char *text)
{
	for (; *text; text++)
		fputc(isprint((unsigned char)*text) || (unsigned char)*text >= 0xa0 ? *text : '?',
		      to);
}

static void put_frame(FILE *to, size_t number, const struct frame *frame)
{
	fprintf(to, "      #%-2zu ", number);
	if (frame->function)
		put_safe(to, frame->function);
	else
		fprintf(to, "%#lx", frame->pc);
	if (frame->file) {
		fputs(" at ", to);
		put_safe(to, frame->file);
		fprintf(to, ":%d", frame->line);
	} else if (frame->object) {
		fputs(" in ", to);
		put_safe(to, frame->object);
	}
	fputs(frame->inlined ? " (inlined)\n" : "\n", to);
}

static bool same_frame(const struct frame *a, const struct frame *b)
{
	return a->function && b->function && !strcmp(a->function, b->function) &&
	       a->line == b->line;
}

static void put_stack(FILE *to, const struct stack *stack)
{
	size_t repeats = 0;

	for (size_t i = 0; i < stack->count; i++) {
		repeats =
			i && same_frame(&stack->frames[i], &stack->frames[i - 1]) ? repeats + 1 : 0;
		if (repeats < REPEATS_SHOWN)
			put_frame(to, i, &stack->frames[i]);
		else if (repeats == REPEATS_SHOWN)
			fputs("      ... the same again\n", to);
	}
	if (!stack->count)
		fputs("      the stack is not known\n", to);
	if (stack->truncated)
		fputs("      ... and more\n", to);
}

static void put_diagnosis(FILE *to, const struct model *model, const struct diagnosis *d)
{
	put_safe(to, d->headline);
	fputc('\n', to);
	for (size_t i = 0; i < d->evidence_count; i++) {
		fputs("  ", to);
		put_safe(to, d->evidence[i]);
		fputc('\n', to);
	}
	if (d->mend)
		fprintf(to, "  likely mend: %s\n", d->mend);
	for (size_t i = 0; i < d->place_count; i++) {
		const struct place *place = &d->places[i];
		char when[160];

		fprintf(to, "\n  %s", place->role);
		when_words(model, place->host_ns, when, sizeof(when));
		if (place->host_ns)
			fprintf(to, " at %s", when);
		if (place->virtual_ns && place->virtual_ns != place->host_ns)
			fprintf(to, ", virtual %.9f s,", (double)place->virtual_ns / 1e9);
		if (place->host_ns)
			fprintf(to, " by thread %u", place->tid);
		fputs(":\n", to);
		put_stack(to, &place->stack);
	}
	fputc('\n', to);
}

static void put_threads(FILE *to, const struct model *model)
{
	static struct crashed_thread threads[CRASHED_THREADS_MAX];
	size_t count = crashed_threads(model, threads);

	for (size_t i = 0; i < count; i++) {
		struct stack *stack = &threads[i].stack;

		if (threads[i].crash->flags & RECORD_CRASH_FIRST)
			continue;
		fprintf(to, "  thread %u, ", threads[i].crash->header.tid);
		put_safe(to, threads[i].crash->name);
		fputs(":\n", to);
		for (size_t n = 0; n < stack->count; n++)
			if (n < THREAD_FRAMES || &stack->frames[n] == stack_own(stack))
				put_frame(to, n, &stack->frames[n]);
	}
	if (count > 1)
		fputc('\n', to);
}

static void put_title(FILE *to, const char *path, const struct model *model)
{
	const char *command = model_info(model, "command"), *host = model_info(model, "host");
	const char *kernel = model_info(model, "kernel");
	time_t when = (time_t)(model->time.realtime_ns / 1000000000);
	char date[64];

	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S %Z", localtime(&when));
	put_safe(to, path);
	fputs(": ", to);
	put_safe(to, command ? command : "?");
	fprintf(to, "\nrecorded until %s on ", date);
	put_safe(to, host ? host : "?");
	fputs(", Linux ", to);
	put_safe(to, kernel ? kernel : "?");
	fputs(model->whole ? "\n\n"
			   : "\nthe file is cut off or damaged: what follows may be missing\n\n",
	      to);
}

static void put_event(FILE *to, const struct model *model, const struct record_header *event)
{
	char words[512], cpu[8] = "-";

	event_words(event, words, sizeof(words));
	if (event->cpu != UINT16_MAX)
		snprintf(cpu, sizeof(cpu), "%u", event->cpu);
	fprintf(to, "  %12.6f", model_seconds(model, event->host_ns));
	if (model->has_virtual) {
		fprintf(to, "  %16.9f  ", (double)event->virtual_ns / 1e9);
		put_safe(to, model_host(model, event->domain));
	}
	fprintf(to, "  %3s  %7u  ", cpu, event->tid);
	put_safe(to, words);
	fputc('\n', to);
}

static void put_timeline(FILE *to, const struct model *model, const struct shown *shown)
{
	fprintf(to, "timeline, %zu of %zu events: %s, %sCPU, thread, event\n", shown->count,
		model->events.count, model_is_simulated(model) ? "virtual seconds" : "seconds",
		model->has_virtual ? "virtual time, host, " : "");
	for (size_t i = 0; i < shown->count; i++)
		put_event(to, model, model->events.all[shown->index[i]]);
}

static void put_counts(FILE *to, const struct model *model)
{
	struct record_counts sum = {0};

	for (size_t i = 0; i < model->counts.count; i++) {
		const struct record_counts *c = (const struct record_counts *)model->counts.all[i];

		sum.emitted += c->emitted;
		sum.recorded += c->recorded;
		sum.overwritten += c->overwritten;
		sum.busy += c->busy;
		sum.overtaken += c->overtaken;
		sum.paused += c->paused;
		sum.unfinished += c->unfinished;
		sum.table_full += c->table_full;
		sum.missed += c->missed;
	}
	fprintf(to,
		"\n%llu events: %llu recorded, %llu overwritten by newer ones, %llu dropped (%llu "
		"busy, "
		"%llu overtaken, %llu while the buffers were read, %llu unfinished)\n",
		sum.emitted, sum.recorded, sum.overwritten,
		sum.busy + sum.overtaken + sum.paused + sum.unfinished, sum.busy, sum.overtaken,
		sum.paused, sum.unfinished);
	if (sum.table_full)
		fprintf(to, "%llu blocks had no room in the table of live ones\n", sum.table_full);
	if (sum.missed)
		fprintf(to,
			"%llu returns were missed: too deep a stack of them, or left by another "
			"way\n",
			sum.missed);
}

void view_text(FILE *to, const char *path, const struct model *model, const struct diagnosis *found,
	       size_t count, const struct shown *shown)
{
	put_title(to, path, model);
	for (size_t i = 0; i < count; i++)
		put_diagnosis(to, model, &found[i]);
	if (!count)
		fputs("no crash, and nothing wrong with memory\n\n", to);
	put_threads(to, model);
	put_timeline(to, model, shown);
	put_counts(to, model);
}
