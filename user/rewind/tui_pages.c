// SPDX-License-Identifier: GPL-2.0-or-later
/* Details of the terminal view: an event, a diagnosis, the keys. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "rewind/source.h"
#include "rewind/tui.h"

#define AROUND	     2	     /* source lines before and after a frame's */
#define SAME_CALL_NS 1000000 /* between an event and the note of its stack */

static void line(struct tui_page *page, enum tui_color color, bool bold, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void line(struct tui_page *page, enum tui_color color, bool bold, const char *format, ...)
{
	struct tui_line *grown = reallocarray(page->lines, page->count + 1, sizeof(*grown));
	va_list arguments;

	if (!grown)
		return;
	page->lines = grown;
	grown += page->count;
	va_start(arguments, format);
	if (vasprintf(&grown->text, format, arguments) < 0)
		grown->text = NULL;
	va_end(arguments);
	grown->color = color;
	grown->bold = bold;
	page->count++;
}

void tui_page_clear(struct tui_page *page)
{
	for (size_t i = 0; i < page->count; i++)
		free(page->lines[i].text);
	free(page->lines);
	memset(page, 0, sizeof(*page));
}

static void put_frame(struct tui_page *page, size_t number, const struct frame *frame, bool source)
{
	struct source_line lines[2 * AROUND + 1];
	size_t count = source ? source_lines(frame, AROUND, lines) : 0;
	char address[24];

	snprintf(address, sizeof(address), "%#lx", frame->pc);
	if (frame->file)
		line(page, TUI_PLAIN, source, "  #%-2zu %s%s at %s:%d", number,
		     frame->function ? frame->function : address,
		     frame->inlined ? " (inlined)" : "", frame->file, frame->line);
	else
		line(page, TUI_PLAIN, source, "  #%-2zu %s%s%s", number,
		     frame->function ? frame->function : address, frame->object ? " in " : "",
		     frame->object ? frame->object : "");
	for (size_t i = 0; i < count; i++) {
		bool here = lines[i].number == frame->line;

		line(page, here ? TUI_WRONG : TUI_QUIET, false, "     %c%6d  %s", here ? '>' : ' ',
		     lines[i].number, lines[i].text);
	}
}

static void put_stack(struct tui_page *page, const struct stack *stack)
{
	const struct frame *own = stack_own(stack);

	if (!stack->count)
		line(page, TUI_QUIET, false, "  the stack is not known");
	for (size_t i = 0; i < stack->count; i++)
		put_frame(page, i, &stack->frames[i], &stack->frames[i] == own);
	if (stack->truncated)
		line(page, TUI_QUIET, false, "  ... and more");
}

static void put_place(struct tui *t, const struct place *place)
{
	const char *name = model_thread_name(t->model, place->domain, place->tid);
	char when[96] = "";

	if (place->host_ns)
		snprintf(when, sizeof(when), " at %.6f s by %s (%u)",
			 model_seconds(t->model, place->host_ns), name ? name : "thread",
			 place->tid);
	line(&t->page, TUI_MEMORY, true, "%s%s", place->role, when);
	if (place->virtual_ns && place->virtual_ns != place->host_ns)
		line(&t->page, TUI_PLAIN, false, "  virtual time %.9f s",
		     (double)place->virtual_ns / 1e9);
	put_stack(&t->page, &place->stack);
	line(&t->page, TUI_PLAIN, false, " ");
}

void tui_page_diagnosis(struct tui *t)
{
	const struct diagnosis *d = &t->found[t->chosen];

	if (!t->found_count) {
		line(&t->page, TUI_GOOD, true, "no crash, and nothing wrong with memory");
		return;
	}
	if (t->found_count > 1)
		line(&t->page, TUI_QUIET, false, "%zu of %zu; Tab shows the next", t->chosen + 1,
		     t->found_count);
	line(&t->page, TUI_WRONG, true, "%s", d->headline);
	for (size_t i = 0; i < d->evidence_count; i++)
		line(&t->page, TUI_PLAIN, false, "  %s", d->evidence[i]);
	if (d->mend)
		line(&t->page, TUI_GOOD, false, "  likely mend: %s", d->mend);
	line(&t->page, TUI_PLAIN, false, " ");
	for (size_t i = 0; i < d->place_count; i++)
		put_place(t, &d->places[i]);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* Where the call of the allocator that an event tells of came from, as far as it was kept. */
static bool find_site(const struct model *model, const struct record_header *event,
		      struct record_site *site)
{
	const struct record_memory *memory = (const struct record_memory *)event;
	uint64_t nearest = SAME_CALL_NS;

	if (event->type != RECORD_ALLOC && event->type != RECORD_FREE)
		return false;
	if (memory->stack) {
		*site = (struct record_site){.stack = memory->stack};
		return true;
	}
	for (size_t i = 0; i < model->blocks.count; i++) {
		const struct record_block *block =
			(const struct record_block *)model->blocks.all[i];
		const struct record_site *at =
			event->type == RECORD_ALLOC ? &block->allocated : &block->freed;

		if (block->header.tgid != event->tgid || block->address != memory->address ||
		    at->tid != event->tid || distance(at->host_ns, event->host_ns) >= nearest)
			continue;
		nearest = distance(at->host_ns, event->host_ns);
		*site = *at;
	}
	return nearest < SAME_CALL_NS;
}

/* The crash that a delivered signal is. */
static const struct record_crash *crash_of(const struct model *model,
					   const struct record_header *event)
{
	for (size_t i = 0; i < model->crashes.count; i++) {
		const struct record_header *crash = model->crashes.all[i];

		if (crash->tid == event->tid && crash->tgid == event->tgid &&
		    (event->type == RECORD_DELIVER || event->type == RECORD_EXIT))
			return (const struct record_crash *)crash;
	}
	return NULL;
}

static void put_event_stack(struct tui *t, const struct record_header *event)
{
	const struct record_crash *crash = crash_of(t->model, event);
	struct process_files *files;
	struct record_site site;
	static struct stack stack;

	if (!crash && !find_site(t->model, event, &site)) {
		line(&t->page, TUI_QUIET, false, "No stack was kept of this event.");
		return;
	}
	/* Names in the page are copies, so nothing of the files has to stay. */
	files = unwind_open(t->model, event->tgid);
	if (!files)
		return;
	if (crash)
		unwind_crash(files, crash, &stack);
	else
		unwind_site(files, &site, &stack);
	line(&t->page, TUI_MEMORY, true, "stack");
	put_stack(&t->page, &stack);
	if (unwind_mismatch(files))
		line(&t->page, TUI_WRONG, false, "%s", unwind_mismatch(files));
	unwind_close(files);
}

void tui_page_event(struct tui *t, const struct record_header *event)
{
	const char *name = model_thread_name(t->model, event->domain, event->tid);
	char words[512], cpu[16] = "not known";

	event_words(event, words, sizeof(words));
	if (event->cpu != UINT16_MAX)
		snprintf(cpu, sizeof(cpu), "%u", event->cpu);
	line(&t->page, TUI_PLAIN, true, "%s", words);
	line(&t->page, TUI_PLAIN, false, " ");
	line(&t->page, TUI_PLAIN, false, "type     %s", event_name(event));
	line(&t->page, TUI_PLAIN, false, "time     %.9f s%s",
	     model_seconds(t->model, event->host_ns),
	     model_is_simulated(t->model) ? ", virtual" : "");
	if (event->virtual_ns != event->host_ns)
		line(&t->page, TUI_PLAIN, false, "virtual  %.9f s",
		     (double)event->virtual_ns / 1e9);
	line(&t->page, TUI_PLAIN, false, "host     %s", model_host(t->model, event->domain));
	line(&t->page, TUI_PLAIN, false, "CPU      %s", cpu);
	line(&t->page, TUI_PLAIN, false, "thread   %s, %u of process %u", name ? name : "?",
	     event->tid, event->tgid);
	line(&t->page, TUI_PLAIN, false, " ");
	put_event_stack(t, event);
}

void tui_page_help(struct tui *t)
{
	static const char *const keys[] = {
		"Up, Down, k, j       the event before, after",
		"PgUp, PgDn           a screen of them",
		"Home, End, g, G      the first, the last",
		"[  ]                 the same thread's before, after",
		"p  n                 the same function's or system call's before, after",
		"a  f                 where the block was allocated, freed: of the event,",
		"                     or of the diagnosis",
		"u  c                 where it was used; the crash",
		"Enter                details, with stack and source",
		"d  Tab               the diagnosis with its stacks; the next one",
		"/                    filter: type=alloc,free and not comm~worker; empty: none",
		"t                    timeline by thread, by CPU, and the list again",
		"+  -  Left  Right  0 in the timeline: zoom, move, everything",
		"q, Esc               back; from the list, end",
	};

	line(&t->page, TUI_PLAIN, true, "Keys");
	line(&t->page, TUI_PLAIN, false, " ");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		line(&t->page, TUI_PLAIN, false, "  %s", keys[i]);
}
