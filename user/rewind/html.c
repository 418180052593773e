// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One page that needs nothing else: what went wrong in words, written here, and data
 * for page.js, which draws the timeline. All text of the recording is somebody else's:
 * it goes through put_text, or through put_string, after which no tag can begin in it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "rewind/source.h"
#include "rewind/tracks.h"

#define EVENTS_MAX   120000 /* in one page: browsers have to hold them */
#define LEVELS_MAX   4000   /* steps of the memory's curve, of each process */
#define AROUND	     3	    /* source lines before and after one of a stack */
#define SOURCES_OPEN 1	    /* frames of a stack that show them at once */

extern const char page_css[], page_js[];

/* How long the character that begins here is in UTF-8; 0 if it is none. */
static size_t character_bytes(const unsigned char *text)
{
	size_t bytes = *text < 0x80		       ? 1
		       : *text >= 0xc2 && *text < 0xe0 ? 2
		       : *text >= 0xe0 && *text < 0xf0 ? 3
		       : *text >= 0xf0 && *text < 0xf5 ? 4
						       : 0;

	for (size_t i = 1; i < bytes; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return bytes;
}

/* As text of a page, or a value in double quotes. */
static void put_text(FILE *to, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		size_t bytes = character_bytes(at);

		if (strchr("<>&\"'", *at))
			fprintf(to, "&#%u;", *at);
		else if (!bytes || (*at < ' ' && *at != '\n'))
			fputs("\xef\xbf\xbd", to);
		else
			fwrite(at, 1, bytes, to);
		at += bytes ? bytes : 1;
	}
}

/* As a string of JSON within a script, where only "</" would end it: "<" is never written. */
static void put_string(FILE *to, const char *text)
{
	fputc('"', to);
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		size_t bytes = character_bytes(at);

		if (*at < ' ' || strchr("<>&\"\\\x7f", *at))
			fprintf(to, "\\u%04x", *at);
		else if (!bytes)
			fputs("\\ufffd", to);
		else
			fwrite(at, 1, bytes, to);
		at += bytes ? bytes : 1;
	}
	fputc('"', to);
}

/* Spaces that all lines begin with: columns are narrow. */
static size_t common_indent(const struct source_line *lines, size_t count)
{
	size_t least = SOURCE_LINE_BYTES;

	for (size_t i = 0; i < count; i++) {
		size_t spaces = strspn(lines[i].text, " ");

		if (lines[i].text[spaces] && spaces < least)
			least = spaces;
	}
	return least < SOURCE_LINE_BYTES ? least : 0;
}

static void put_source(FILE *to, const struct frame *frame, bool open)
{
	struct source_line lines[2 * AROUND + 1];
	size_t count = source_lines(frame, AROUND, lines), indent;

	if (!count)
		return;
	indent = common_indent(lines, count);
	fprintf(to, "<details class=source%s><summary>source</summary><pre>", open ? " open" : "");
	for (size_t i = 0; i < count; i++) {
		bool here = lines[i].number == frame->line;

		fprintf(to, "%s<i>%5d</i> ", here ? "<b>" : "", lines[i].number);
		put_text(to, lines[i].text + strnlen(lines[i].text, indent));
		fputs(here ? "</b>\n" : "\n", to);
	}
	fputs("</pre></details>", to);
}

static void put_frame(FILE *to, const struct frame *frame, bool open)
{
	char address[24];

	snprintf(address, sizeof(address), "%#" PRIx64, frame->pc);
	fputs("<li><span class=function>", to);
	put_text(to, frame->function ? frame->function : address);
	fputs("</span> <span class=where>", to);
	put_text(to, frame->file ? frame->file : frame->object ? frame->object : "");
	if (frame->file)
		fprintf(to, ":%d", frame->line);
	fprintf(to, "</span>%s", frame->inlined ? " <em>inlined</em>" : "");
	put_source(to, frame, open);
	fputs("</li>\n", to);
}

static void put_stack(FILE *to, const struct stack *stack)
{
	const struct frame *own = stack_own(stack);

	if (!stack->count)
		fputs("<p class=quiet>The stack is not known.</p>", to);
	fputs("<ol class=stack start=0>\n", to);
	for (size_t i = 0; i < stack->count && i < 40; i++)
		put_frame(to, &stack->frames[i], &stack->frames[i] == own);
	fputs("</ol>\n", to);
	if (stack->truncated || stack->count > 40)
		fputs("<p class=quiet>… and more frames.</p>", to);
}

static void put_place(FILE *to, const struct model *model, const struct place *place)
{
	const char *name = model_thread_name(model, place->domain, place->tid);

	fprintf(to, "<section class=place data-role=\"");
	put_text(to, place->role);
	fputs("\"><h3>", to);
	put_text(to, place->role);
	fputs("</h3>", to);
	if (place->host_ns) {
		char when[160];

		when_words(model, place->host_ns, when, sizeof(when));
		fprintf(to, "<p class=when>at %s", when);
		if (place->virtual_ns && place->virtual_ns != place->host_ns)
			fprintf(to, ", virtual %.9f s", (double)place->virtual_ns / 1e9);
		fputs(" by ", to);
		put_text(to, name ? name : "thread");
		fprintf(to, " (%u)</p>\n", place->tid);
	}
	put_stack(to, &place->stack);
	fputs("</section>\n", to);
}

static void put_diagnosis(FILE *to, const struct model *model, const struct diagnosis *d)
{
	fputs("<article class=diagnosis><p class=kind>", to);
	put_text(to, d->kind);
	fputs("</p><h2>", to);
	put_text(to, d->headline);
	fputs("</h2>\n<ul class=evidence>", to);
	for (size_t i = 0; i < d->evidence_count; i++) {
		fputs("<li>", to);
		put_text(to, d->evidence[i]);
		fputs("</li>\n", to);
	}
	fputs("</ul>\n", to);
	if (d->mend) {
		fputs("<p class=mend><b>Likely mend</b> ", to);
		put_text(to, d->mend);
		fputs("</p>\n", to);
	}
	fputs("<div class=places>\n", to);
	for (size_t i = 0; i < d->place_count; i++)
		put_place(to, model, &d->places[i]);
	fputs("</div></article>\n", to);
}

static void put_threads(FILE *to, const struct model *model)
{
	static struct crashed_thread threads[CRASHED_THREADS_MAX];
	size_t count = crashed_threads(model, threads);

	if (count < 2)
		return;
	fprintf(to, "<details class=others><summary>Where the other %zu threads were</summary>\n",
		count - 1);
	for (size_t i = 0; i < count; i++) {
		if (threads[i].crash->flags & RECORD_CRASH_FIRST)
			continue;
		fputs("<section class=place><h3>", to);
		put_text(to, threads[i].crash->name);
		fprintf(to, " (%u)</h3>\n", threads[i].crash->header.tid);
		put_stack(to, &threads[i].stack);
		fputs("</section>\n", to);
	}
	fputs("</details>\n", to);
}

static void put_head(FILE *to, const char *path, const struct model *model)
{
	const char *command = model_info(model, "command"), *host = model_info(model, "host");
	const char *kernel = model_info(model, "kernel");
	time_t when = (time_t)(model->time.realtime_ns / 1000000000);
	char date[64];

	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S %Z", localtime(&when));
	fputs("<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n"
	      "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
	      "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n<title>",
	      to);
	put_text(to, command ? command : path);
	fprintf(to, " – rewind</title>\n<style>%s</style></head>\n<body>\n<header><h1>", page_css);
	put_text(to, command ? command : path);
	fputs("</h1><p>", to);
	put_text(to, path);
	fprintf(to, " · recorded until %s on ", date);
	put_text(to, host ? host : "?");
	fputs(" · Linux ", to);
	put_text(to, kernel ? kernel : "?");
	fputs("</p></header>\n<main>\n", to);
	if (!model->whole)
		fputs("<p class=warning>The file is cut off or damaged: what follows may be "
		      "missing.</p>\n",
		      to);
}

static void put_key_string(FILE *to, const char *key, const char *value)
{
	fprintf(to, ",\"%s\":", key);
	put_string(to, value);
}

static void put_thread_list(FILE *to, const struct model *model, const struct tracks *tracks)
{
	fputs(",\"threads\":[", to);
	for (size_t i = 0; i < tracks->thread_count; i++) {
		const struct track_thread *t = &tracks->threads[i];

		fprintf(to, "%s{\"tid\":%u,\"pid\":%u", i ? "," : "", t->tid, t->tgid);
		put_key_string(to, "name", model_thread_name(model, t->domain, t->tid) ?: "thread");
		put_key_string(to, "host", model_host(model, t->domain));
		fputc('}', to);
	}
	fputs("]\n", to);
}

/* Times are differences to the one before: that is short, and fits a JavaScript number. */
static void put_slices(FILE *to, const struct shown *shown, const struct tracks *tracks)
{
	uint64_t before = shown->from;
	char words[512], name[64];

	fputs(",\"slices\":[", to);
	for (size_t i = 0; i < tracks->slice_count; i++) {
		const struct slice *s = &tracks->slices[i];

		event_words(s->event, words, sizeof(words));
		slice_name(s->event, name, sizeof(name));
		fprintf(to, "%s[%" PRId64 ",%" PRIu64 ",%zu,%u,", i ? ",\n" : "",
			(int64_t)(s->from - before), s->to - s->from,
			tracks_thread(tracks, s->event->domain, s->event->tid), s->depth);
		put_string(to, name);
		fputc(',', to);
		put_string(to, words + (strncmp(words, name, strlen(name)) ? 0 : strlen(name)));
		fprintf(to, ",%d,%d]", s->open, s->event->cpu == UINT16_MAX ? -1 : s->event->cpu);
		before = s->from;
	}
	fputs("]\n", to);
}

static void put_runs(FILE *to, const struct shown *shown, const struct tracks *tracks)
{
	uint64_t before = shown->from;

	fputs(",\"runs\":[", to);
	for (size_t i = 0; i < tracks->run_count; i++) {
		const struct run *r = &tracks->runs[i];

		fprintf(to, "%s[%" PRId64 ",%" PRIu64 ",%zu,%u]", i ? ",\n" : "",
			(int64_t)(r->from - before), r->to - r->from,
			tracks_thread(tracks, r->domain, r->tid), r->cpu);
		before = r->from;
	}
	fputs("]\n", to);
}

/* Events that are moments: all but calls and switches. */
static void put_marks(FILE *to, const struct model *model, const struct shown *shown,
		      const struct tracks *tracks)
{
	uint64_t before = shown->from;
	char words[512];
	bool first = true;

	fputs(",\"marks\":[", to);
	for (size_t i = 0; i < shown->count; i++) {
		const struct record_header *event = model->events.all[shown->index[i]];

		if (!is_moment(event))
			continue;
		event_words(event, words, sizeof(words));
		fprintf(to, "%s[%" PRId64 ",%zu,", first ? "" : ",\n",
			(int64_t)(model_when(model, event) - before),
			tracks_thread(tracks, event->domain, event->tid));
		put_string(to, event_name(event));
		fputc(',', to);
		put_string(to, words);
		fprintf(to, ",%d]", event->cpu == UINT16_MAX ? -1 : event->cpu);
		before = model_when(model, event);
		first = false;
	}
	fputs("]\n", to);
}

/* Of many steps, the highest of each few: a peak stays. */
static void put_levels(FILE *to, const struct shown *shown, const struct tracks *tracks)
{
	size_t few = tracks->level_count / LEVELS_MAX + 1;

	fputs(",\"levels\":[", to);
	for (size_t i = 0; i < tracks->level_count; i += few) {
		const struct level *highest = &tracks->levels[i];

		for (size_t n = i; n < i + few && n < tracks->level_count; n++)
			if (tracks->levels[n].bytes > highest->bytes)
				highest = &tracks->levels[n];
		fprintf(to, "%s[%" PRIu64 ",%u,%" PRIu64 "]", i ? "," : "",
			highest->when - shown->from, highest->tgid, highest->bytes);
	}
	fputs("]\n", to);
}

static void put_flags(FILE *to, const struct model *model, const struct shown *shown,
		      const struct diagnosis *found, size_t count)
{
	const struct record_crash *crash = model_crash(model);
	bool first = true;

	fputs(",\"flags\":[", to);
	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < found[i].place_count; n++) {
			const struct place *place = &found[i].places[n];
			uint64_t when = model->has_virtual ? place->virtual_ns : place->host_ns;

			if (!place->host_ns)
				continue;
			fprintf(to, "%s{\"at\":%" PRId64 ",\"tid\":%u", first ? "" : ",",
				(int64_t)(when - shown->from), place->tid);
			put_key_string(to, "role", place->role);
			fputc('}', to);
			first = false;
		}
	fputs("]\n", to);
	if (crash)
		fprintf(to, ",\"crash\":{\"at\":%" PRId64 ",\"tid\":%u}\n",
			(int64_t)(model_when(model, &crash->header) - shown->from),
			crash->header.tid);
}

static void put_data(FILE *to, const struct model *model, const struct diagnosis *found,
		     size_t count, const struct shown *shown, const struct tracks *tracks)
{
	fprintf(to,
		"<script type=\"application/json\" id=data>{\"length\":%" PRIu64
		",\"start\":%" PRId64 ",\"virtual\":%s\n",
		shown->to - shown->from, (int64_t)(shown->from - model_first(model)),
		model->has_virtual || model_is_simulated(model) ? "true" : "false");
	put_thread_list(to, model, tracks);
	put_slices(to, shown, tracks);
	put_runs(to, shown, tracks);
	put_marks(to, model, shown, tracks);
	put_levels(to, shown, tracks);
	put_flags(to, model, shown, found, count);
	fprintf(to, "}</script>\n<script>%s</script>\n", page_js);
}

/* The last ones, if there are more than a page can have; when that begins is then known. */
static struct shown limited(const struct model *model, const struct shown *all)
{
	struct shown some = *all;

	if (all->count <= EVENTS_MAX)
		return some;
	some.index = all->index + (all->count - EVENTS_MAX);
	some.count = EVENTS_MAX;
	some.from = model_when(model, model->events.all[some.index[0]]);
	return some;
}

int view_html(FILE *to, const char *path, const struct model *model, const struct diagnosis *found,
	      size_t count, const struct shown *all)
{
	struct shown shown = limited(model, all);
	struct tracks tracks;
	int ret = tracks_build(model, &shown, &tracks);

	if (ret)
		return ret;
	put_head(to, path, model);
	for (size_t i = 0; i < count; i++)
		put_diagnosis(to, model, &found[i]);
	if (!count)
		fputs("<article class=diagnosis><h2>No crash, and nothing wrong with memory"
		      "</h2></article>\n",
		      to);
	put_threads(to, model);
	if (shown.count < all->count)
		fprintf(to,
			"<p class=warning>The page has the last %zu of %zu events. Make one of an "
			"earlier time with <code>--window</code> and <code>--before</code>.</p>\n",
			shown.count, all->count);
	fputs("<div id=views><noscript>The timeline needs JavaScript.</noscript></div>\n</main>\n",
	      to);
	put_data(to, model, found, count, &shown, &tracks);
	fputs("</body></html>\n", to);
	tracks_free(&tracks);
	return ferror(to) ? -EIO : 0;
}
