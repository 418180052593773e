// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Draws the terminal view. Every text is cut off to its room and freed of what a
 * terminal would obey, so no size is too small and nothing of a recording can do harm.
 */
#include <curses.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>
#include "rewind/tui.h"

#define LABEL_CELLS 22 /* of a row of the timeline */
#define HEAD_MIN    10 /* lines of the terminal below which the diagnosis has one line */

void tui_colors(void)
{
	static const short colors[TUI_COLORS] = {
		[TUI_PLAIN] = -1,	   [TUI_WRONG] = COLOR_RED,  [TUI_GOOD] = COLOR_GREEN,
		[TUI_MEMORY] = COLOR_BLUE, [TUI_LIFE] = COLOR_GREEN, [TUI_CALL] = COLOR_MAGENTA,
		[TUI_QUIET] = COLOR_CYAN,
	};
	const char *none = getenv("NO_COLOR");

	if ((none && *none) || !has_colors())
		return;
	start_color();
	use_default_colors();
	for (short i = TUI_WRONG; i < TUI_COLORS; i++)
		init_pair(i, colors[i], -1);
}

static attr_t look(enum tui_color color, bool bold)
{
	return COLOR_PAIR(color) | (bold ? A_BOLD : 0);
}

/* Text at a place, in at most so many cells; how many it took. */
static int put(int y, int x, int cells, const char *text)
{
	mbstate_t state = {0};
	size_t left = strlen(text);
	int used = 0;

	if (y < 0 || y >= LINES || x >= COLS)
		return 0;
	cells = cells < COLS - x ? cells : COLS - x;
	move(y, x);
	while (left) {
		wchar_t c[2] = {0};
		size_t bytes = mbrtowc(c, text, left, &state);
		int width;

		if (bytes == (size_t)-1 || bytes == (size_t)-2 || !bytes) {
			memset(&state, 0, sizeof(state));
			bytes = 1;
			c[0] = L'?';
		}
		width = iswprint((wint_t)c[0]) ? wcwidth(c[0]) : -1;
		if (width < 0) {
			c[0] = L'?';
			width = 1;
		}
		if (used + width > cells)
			break;
		addnwstr(c, 1);
		used += width;
		text += bytes;
		left -= bytes;
	}
	return used;
}

static int putf(int y, int x, int cells, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static int putf(int y, int x, int cells, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return put(y, x, cells, text);
}

static void bar(int y, const char *left, const char *right)
{
	int used;

	attrset(A_REVERSE);
	mvhline(y, 0, ' ', COLS);
	used = put(y, 1, COLS - 2, left);
	if (used + (int)strlen(right) + 4 < COLS)
		put(y, COLS - 1 - (int)strlen(right), (int)strlen(right), right);
	attrset(A_NORMAL);
}

/* Lines that the diagnosis takes: none of a small terminal's, few of others'. */
static int head_lines(const struct tui *t)
{
	const struct diagnosis *d = &t->found[t->chosen];
	int lines = 1;

	if (LINES < 4)
		return 0;
	if (LINES < HEAD_MIN || !t->found_count)
		return 1;
	lines += (int)d->evidence_count + (d->mend ? 1 : 0);
	return lines < LINES / 3 ? lines : LINES / 3;
}

/* Title, diagnosis, header of columns; and the line of keys at the bottom. */
size_t tui_room(const struct tui *t)
{
	int room = t->screen == TUI_PAGE ? LINES - 2 : LINES - 3 - head_lines(t);

	return room > 1 ? (size_t)room : 1;
}

static void draw_head(const struct tui *t)
{
	const struct diagnosis *d = &t->found[t->chosen];
	int lines = head_lines(t), y = 1;

	if (!lines)
		return;
	attrset(look(t->found_count ? TUI_WRONG : TUI_GOOD, true));
	put(y++, 1, COLS - 2,
	    t->found_count ? d->headline : "no crash, and nothing wrong with memory");
	attrset(A_NORMAL);
	for (size_t i = 0; t->found_count && i < d->evidence_count && y <= lines; i++)
		put(y++, 3, COLS - 4, d->evidence[i]);
	if (!t->found_count || !d->mend || y > lines)
		return;
	attrset(look(TUI_GOOD, false));
	putf(y, 3, COLS - 4, "likely mend: %s", d->mend);
	attrset(A_NORMAL);
}

static enum tui_color color_of(const struct record_header *event)
{
	switch (event->type) {
	case RECORD_SIGNAL:
	case RECORD_DELIVER:
		return TUI_WRONG;
	case RECORD_ALLOC:
	case RECORD_FREE:
		return TUI_MEMORY;
	case RECORD_EXEC:
	case RECORD_FORK:
	case RECORD_EXIT:
		return TUI_LIFE;
	case RECORD_CALL:
	case RECORD_RETURN:
		return TUI_CALL;
	case RECORD_SWITCH:
	case RECORD_FAULT:
		return TUI_QUIET;
	default:
		return TUI_PLAIN;
	}
}

/* Hosts are told apart only where there may be several. */
static bool has_hosts(const struct tui *t)
{
	return t->model->has_virtual || model_is_simulated(t->model);
}

static int columns(const struct tui *t, char *text, size_t bytes, const struct record_header *event)
{
	const char *name = model_thread_name(t->model, event->domain, event->tid);
	char cpu[8] = "-";
	int n;

	if (event->cpu != UINT16_MAX)
		snprintf(cpu, sizeof(cpu), "%u", event->cpu);
	n = snprintf(text, bytes, "%12.6f ", model_seconds(t->model, event->host_ns));
	if (t->model->has_virtual)
		n += snprintf(text + n, bytes - (size_t)n, "%16.6f ",
			      (double)event->virtual_ns / 1e9);
	if (has_hosts(t))
		n += snprintf(text + n, bytes - (size_t)n, "%-10.10s ",
			      model_host(t->model, event->domain));
	return n + snprintf(text + n, bytes - (size_t)n, "%3s %-15.15s %7u  ", cpu,
			    name ? name : "", event->tid);
}

static void draw_event(const struct tui *t, int y, const struct record_header *event, bool here)
{
	char text[256], words[512];
	int x;

	columns(t, text, sizeof(text), event);
	event_words(event, words, sizeof(words));
	attrset(here ? A_REVERSE : A_NORMAL);
	mvhline(y, 0, ' ', COLS);
	x = put(y, 0, COLS, text);
	attrset(look(color_of(event), event->type == RECORD_DELIVER) | (here ? A_REVERSE : 0));
	put(y, x, COLS - x, words);
	attrset(A_NORMAL);
}

static void draw_list(const struct tui *t)
{
	int y = 1 + head_lines(t), room = (int)tui_room(t);

	attrset(A_UNDERLINE);
	mvhline(y, 0, ' ', COLS);
	putf(y, 0, COLS, "%12s %s%sCPU %-15s %7s  event",
	     model_is_simulated(t->model) ? "virtual s" : "seconds",
	     t->model->has_virtual ? "         virtual " : "", has_hosts(t) ? "host       " : "",
	     "name", "thread");
	attrset(A_NORMAL);
	if (!t->shown.count)
		put(y + 2, 3, COLS, "no events; / changes the filter");
	for (int i = 0; i < room && t->top + (size_t)i < t->shown.count; i++) {
		size_t at = t->top + (size_t)i;

		draw_event(t, y + 1 + i, t->model->events.all[t->shown.index[at]], at == t->cursor);
	}
}

size_t tui_rows(const struct tui *t, struct tui_row *rows)
{
	size_t count = 0;

	for (size_t i = 0; i < t->shown.count && count < TUI_ROWS_MAX; i++) {
		const struct record_header *event = t->model->events.all[t->shown.index[i]];
		struct tui_row row = {event->domain, event->tid, -1};
		size_t n = 0;

		if (t->screen == TUI_CPUS)
			row = (struct tui_row){0, 0, event->cpu};
		if (!event->tid || (t->screen == TUI_CPUS && event->cpu == UINT16_MAX) ||
		    (t->screen != TUI_CPUS && event->type == RECORD_SWITCH))
			continue;
		/* The one before is the likeliest: few threads, many events of each. */
		while (n < count && !tui_in_row(&rows[count - 1 - n], event))
			n++;
		if (n == count)
			rows[count++] = row;
	}
	return count;
}

bool tui_in_row(const struct tui_row *row, const struct record_header *event)
{
	if (row->cpu >= 0)
		return event->cpu == row->cpu;
	return event->tid == row->tid && event->domain == row->domain;
}

/* How busy a moment was, from nothing to very. */
static char level(unsigned int events)
{
	return events == 0 ? ' ' : events < 3 ? '.' : events < 10 ? ':' : events < 50 ? '+' : '#';
}

/* The first event in the time that the timeline shows. */
static size_t first_shown(const struct tui *t)
{
	size_t low = 0, high = t->shown.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (model_when(t->model, t->model->events.all[t->shown.index[middle]]) < t->from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void draw_row(const struct tui *t, int y, const struct tui_row *row, bool here)
{
	int cells = COLS - LABEL_CELLS - 1;
	unsigned int *counts = calloc((size_t)(cells > 0 ? cells : 1), sizeof(*counts));
	const struct record_crash *crash = model_crash(t->model);
	const struct record_header *cursor = NULL;
	double span = (double)(t->to - t->from) + 1;
	const char *name = model_thread_name(t->model, row->domain, row->tid);

	if (t->shown.count)
		cursor = t->model->events.all[t->shown.index[t->cursor]];
	attrset(here ? A_REVERSE : A_NORMAL);
	if (row->cpu >= 0)
		putf(y, 0, LABEL_CELLS - 1, "CPU %-*d", LABEL_CELLS, row->cpu);
	else
		putf(y, 0, LABEL_CELLS - 1, "%-13.13s %7u", name ? name : "", row->tid);
	attrset(A_NORMAL);
	for (size_t i = first_shown(t); counts && cells > 0 && i < t->shown.count; i++) {
		const struct record_header *event = t->model->events.all[t->shown.index[i]];
		uint64_t when = model_when(t->model, event);
		int x;

		if (when > t->to)
			break;
		x = (int)((double)(when - t->from) / span * cells);
		if (tui_in_row(row, event))
			counts[x < cells ? x : cells - 1]++;
	}
	for (int x = 0; counts && x < cells; x++) {
		uint64_t from = t->from + (uint64_t)(span * x / cells);
		uint64_t to = t->from + (uint64_t)(span * (x + 1) / cells);
		uint64_t died = crash ? model_when(t->model, &crash->header) : 0;
		bool crashed =
			crash && tui_in_row(row, &crash->header) && died >= from && died < to;
		uint64_t now = cursor ? model_when(t->model, cursor) : 0;

		attrset(crashed ? look(TUI_WRONG, true) : A_NORMAL);
		if (cursor && now >= from && now < to)
			attron(A_REVERSE);
		mvaddch(y, LABEL_CELLS + x, (chtype)(crashed ? 'X' : level(counts[x])));
	}
	attrset(A_NORMAL);
	free(counts);
}

static void draw_timeline(const struct tui *t)
{
	static struct tui_row rows[TUI_ROWS_MAX];
	size_t count = tui_rows(t, rows), room = tui_room(t);
	double first = (double)model_first(t->model);
	int y = 1 + head_lines(t);

	attrset(A_UNDERLINE);
	mvhline(y, 0, ' ', COLS);
	putf(y, 0, COLS, "%-*s%.6f s", LABEL_CELLS, t->screen == TUI_CPUS ? "CPU" : "thread",
	     ((double)t->from - first) / 1e9);
	if (COLS > LABEL_CELLS + 40)
		putf(y, COLS - 18, 18, "%16.6f s", ((double)t->to - first) / 1e9);
	attrset(A_NORMAL);
	for (size_t i = 0; i < room && t->row_top + i < count; i++)
		draw_row(t, y + 1 + (int)i, &rows[t->row_top + i], t->row_top + i == t->row);
}

static void draw_page(const struct tui *t)
{
	size_t room = tui_room(t);

	for (size_t i = 0; i < room && t->page.top + i < t->page.count; i++) {
		const struct tui_line *l = &t->page.lines[t->page.top + i];

		attrset(look(l->color, l->bold));
		put(1 + (int)i, 1, COLS - 1, l->text ? l->text : "");
	}
	attrset(A_NORMAL);
}

void tui_draw(const struct tui *t)
{
	const char *command = model_info(t->model, "command");
	char right[96];

	erase();
	if (t->screen == TUI_PAGE)
		snprintf(right, sizeof(right), "lines %zu of %zu", t->page.top + 1, t->page.count);
	else
		snprintf(right, sizeof(right), "%zu of %zu events",
			 t->shown.count ? t->cursor + 1 : 0, t->shown.count);
	if (t->screen == TUI_PAGE) {
		draw_page(t);
	} else {
		draw_head(t);
		if (t->screen == TUI_LIST)
			draw_list(t);
		else
			draw_timeline(t);
	}
	bar(0, command ? command : "sundial rewind", right);
	if (*t->message)
		bar(LINES - 1, t->message, "");
	else if (t->screen == TUI_PAGE)
		bar(LINES - 1, "q back  Up Down PgUp PgDn scroll", "");
	else if (*t->filter)
		bar(LINES - 1, t->filter, "/ filter  ? help");
	else
		bar(LINES - 1, "? help  Enter details  d diagnosis  / filter  t timeline  q quit",
		    "");
	refresh();
}
