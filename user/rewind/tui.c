// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The terminal view's keys: a cursor in the selected events, which begins at the crash,
 * and what moves it.
 */
#include "rewind/tui.h"
#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPE	    27
#define ENTER	    10
#define RETURN	    13
#define NEAR_EVENTS 256
#define SPAN_MIN    1000 /* ns that the timeline shows at least */

static void say(struct tui *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct tui *t, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(t->message, sizeof(t->message), format, arguments);
	va_end(arguments);
}

static const struct record_header *event_at(const struct tui *t, size_t at)
{
	return t->model->events.all[t->shown.index[at]];
}

static const struct record_header *under_cursor(const struct tui *t)
{
	return t->shown.count ? event_at(t, t->cursor) : NULL;
}

/* Keeps the cursor in the list and on the screen. */
static void settle(struct tui *t)
{
	size_t room = tui_room(t);

	if (t->cursor >= t->shown.count)
		t->cursor = t->shown.count ? t->shown.count - 1 : 0;
	if (t->cursor < t->top)
		t->top = t->cursor;
	if (t->cursor >= t->top + room)
		t->top = t->cursor - room + 1;
	if (t->page.count <= room)
		t->page.top = 0;
	else if (t->page.top > t->page.count - room)
		t->page.top = t->page.count - room;
}

/* The last event that is not after when; of several, the one of that thread. */
static void go_to_time(struct tui *t, uint64_t when, uint32_t tid)
{
	size_t low = 0, high = t->shown.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (model_when(t->model, event_at(t, middle)) <= when)
			low = middle + 1;
		else
			high = middle;
	}
	t->cursor = low ? low - 1 : 0;
	for (size_t i = t->cursor + 1; tid && i-- > 0 && i + 64 > t->cursor;)
		if (event_at(t, i)->tid == tid) {
			t->cursor = i;
			break;
		}
}

static void go_to_crash(struct tui *t)
{
	const struct record_crash *crash = model_crash(t->model);

	if (crash)
		go_to_time(t, model_when(t->model, &crash->header), crash->header.tid);
	else
		t->cursor = t->shown.count ? t->shown.count - 1 : 0;
}

static bool same_thread(const struct record_header *a, const struct record_header *b)
{
	return a->tid == b->tid && a->domain == b->domain;
}

static bool same_function(const struct record_header *a, const struct record_header *b)
{
	char x[128], y[128];

	if (a->type != b->type)
		return false;
	slice_name(a, x, sizeof(x));
	slice_name(b, y, sizeof(y));
	return !strcmp(x, y);
}

/* To the next event that is like this one. */
static void step(struct tui *t, bool back,
		 bool (*like)(const struct record_header *a, const struct record_header *b),
		 const char *none)
{
	const struct record_header *here = under_cursor(t);

	for (size_t i = t->cursor; here && (back ? i > 0 : i + 1 < t->shown.count);) {
		i += back ? (size_t)-1 : 1;
		if (like(here, event_at(t, i))) {
			t->cursor = i;
			return;
		}
	}
	say(t, "%s", none);
}

static const struct place *place_of(const struct tui *t, const char *role)
{
	const struct diagnosis *d = &t->found[t->chosen];

	for (size_t i = 0; t->found_count && i < d->place_count; i++)
		if (!strcmp(d->places[i].role, role))
			return &d->places[i];
	return NULL;
}

static void open_page(struct tui *t, void (*fill)(struct tui *t))
{
	tui_page_clear(&t->page);
	if (t->screen != TUI_PAGE)
		t->under = t->screen;
	t->screen = TUI_PAGE;
	fill(t);
}

/*
 * Of the thread's events of that type near the cursor the one nearest in time: an event
 * and the note of its stack were not made at the very same moment.
 */
static void nearest(struct tui *t, uint64_t when, uint32_t tid, uint32_t type)
{
	size_t from = t->cursor > NEAR_EVENTS ? t->cursor - NEAR_EVENTS : 0;
	uint64_t least = UINT64_MAX;

	for (size_t i = from; i < from + 2 * NEAR_EVENTS && i < t->shown.count; i++) {
		uint64_t at = model_when(t->model, event_at(t, i));
		uint64_t distance = at > when ? at - when : when - at;

		if (event_at(t, i)->type == type && event_at(t, i)->tid == tid &&
		    distance < least) {
			least = distance;
			t->cursor = i;
		}
	}
}

/* The event that a place of the diagnosis speaks of; its stack, if it is older than all. */
static void go_to_place(struct tui *t, const char *role, uint32_t type)
{
	const struct place *place = place_of(t, role);
	uint64_t when;

	if (!place || !place->host_ns) {
		say(t, "the diagnosis does not know where the block was %s", role);
		return;
	}
	when = t->model->has_virtual ? place->virtual_ns : place->host_ns;
	if (!t->shown.count || when + 1000000 < model_when(t->model, event_at(t, 0))) {
		say(t, "%s before the first event that is shown", role);
		open_page(t, tui_page_diagnosis);
		return;
	}
	go_to_time(t, when, place->tid);
	if (type)
		nearest(t, when, place->tid, type);
	say(t, "the block was %s here", role);
}

/* From an allocation to its free or back; else where the diagnosis says. */
static void go_to_block(struct tui *t, uint32_t type)
{
	const struct record_memory *here = (const struct record_memory *)under_cursor(t);
	bool back = type == RECORD_ALLOC;

	if (!here || (here->header.type != RECORD_ALLOC && here->header.type != RECORD_FREE)) {
		go_to_place(t, back ? "allocated" : "freed", type);
		return;
	}
	for (size_t i = t->cursor; back ? i > 0 : i + 1 < t->shown.count;) {
		const struct record_memory *other;

		i += back ? (size_t)-1 : 1;
		other = (const struct record_memory *)event_at(t, i);
		if (other->header.type == type && other->address == here->address &&
		    other->header.tgid == here->header.tgid) {
			t->cursor = i;
			return;
		}
	}
	say(t, back ? "its allocation is not among the events" : "it was not freed");
}

/* Asks for a line of text below; false if it was given up. */
static bool ask(const char *what, char *text, size_t bytes)
{
	size_t length = strlen(text);

	for (;;) {
		int key;

		mvhline(LINES - 1, 0, ' ', COLS);
		mvprintw(LINES - 1, 0, "%.*s%.*s", COLS - 1, what,
			 COLS - 1 - (int)strlen(what) > 0 ? COLS - 1 - (int)strlen(what) : 0, text);
		curs_set(1);
		refresh();
		key = getch();
		curs_set(0);
		if (key == ESCAPE || key == ERR)
			return false;
		if (key == ENTER || key == RETURN || key == KEY_ENTER)
			return true;
		if ((key == KEY_BACKSPACE || key == 127 || key == 8) && length)
			text[--length] = 0;
		else if (key == 21) /* ^U */
			text[length = 0] = 0;
		else if (key >= ' ' && key < 127 && length + 1 < bytes) {
			text[length++] = (char)key;
			text[length] = 0;
		}
	}
}

/* Selects again, and keeps the cursor at its time. */
static void apply_filter(struct tui *t, const char *text)
{
	struct selection selection = *t->selection;
	const struct record_header *here = under_cursor(t);
	uint64_t when = here ? model_when(t->model, here) : UINT64_MAX;
	const char *which, *what;
	struct shown shown;
	int ret;

	selection.filter = *text ? text : t->selection->filter;
	ret = select_events(t->model, &selection, &shown, &which, &what);
	if (ret) {
		say(t, "%s", ret == -EINVAL ? what : strerror(-ret));
		return;
	}
	free(t->shown.index);
	t->shown = shown;
	snprintf(t->filter, sizeof(t->filter), "%s", text);
	t->top = 0;
	go_to_time(t, when, here ? here->tid : 0);
}

static void ask_filter(struct tui *t)
{
	char text[sizeof(t->filter)];

	snprintf(text, sizeof(text), "%s", t->filter);
	if (ask("filter: ", text, sizeof(text)))
		apply_filter(t, text);
}

static void next_screen(struct tui *t)
{
	t->screen = t->screen == TUI_LIST      ? TUI_THREADS
		    : t->screen == TUI_THREADS ? TUI_CPUS
					       : TUI_LIST;
	t->row = t->row_top = 0;
}

static void move_window(struct tui *t, double factor, double shift)
{
	const struct record_header *here = under_cursor(t);
	double span = (double)(t->to - t->from);
	double center = here ? (double)model_when(t->model, here) : (double)t->from + span / 2;
	double from, to;

	center = factor == 1 ? (double)t->from + span / 2 : center;
	from = center - span * factor / 2 + span * shift;
	to = from + span * factor;
	if (to - from < SPAN_MIN)
		return;
	t->from = from > (double)t->shown.from ? (uint64_t)from : t->shown.from;
	t->to = to < (double)t->shown.to ? (uint64_t)to : t->shown.to;
}

/* Keys that only the timeline has; whether this is one. */
static bool timeline_key(struct tui *t, int key)
{
	static struct tui_row rows[TUI_ROWS_MAX];
	size_t count, room = tui_room(t);

	switch (key) {
	case '+':
		move_window(t, .5, 0);
		return true;
	case '-':
		move_window(t, 2, 0);
		return true;
	case '0':
		t->from = t->shown.from;
		t->to = t->shown.to;
		return true;
	case KEY_LEFT:
		move_window(t, 1, -.2);
		return true;
	case KEY_RIGHT:
		move_window(t, 1, .2);
		return true;
	case KEY_UP:
		t->row -= t->row > 0;
		break;
	case KEY_DOWN:
		t->row++;
		break;
	default:
		return false;
	}
	count = tui_rows(t, rows);
	t->row = t->row < count ? t->row : count ? count - 1 : 0;
	if (t->row < t->row_top)
		t->row_top = t->row;
	if (t->row >= t->row_top + room)
		t->row_top = t->row - room + 1;
	return true;
}

static void show_event(struct tui *t)
{
	const struct record_header *here = under_cursor(t);

	tui_page_clear(&t->page);
	if (!here)
		return;
	t->under = t->screen;
	t->screen = TUI_PAGE;
	tui_page_event(t, here);
}

static void move_by(struct tui *t, long lines)
{
	size_t *at = t->screen == TUI_PAGE ? &t->page.top : &t->cursor;

	*at = lines < 0 && *at < (size_t)-lines ? 0 : *at + (size_t)lines;
}

/* Whether it goes on. */
static bool page_key(struct tui *t, int key)
{
	switch (key) {
	case 'q':
	case ESCAPE:
	case KEY_LEFT:
		t->screen = t->under;
		return true;
	case '\t':
		t->chosen = t->found_count ? (t->chosen + 1) % t->found_count : 0;
		open_page(t, tui_page_diagnosis);
		return true;
	case KEY_HOME:
	case 'g':
		t->page.top = 0;
		return true;
	case KEY_END:
	case 'G':
		t->page.top = t->page.count;
		return true;
	default:
		return true;
	}
}

static bool list_key(struct tui *t, int key)
{
	switch (key) {
	case 'q':
	case ESCAPE:
		if (t->screen == TUI_LIST)
			return false;
		t->screen = TUI_LIST;
		break;
	case KEY_HOME:
	case 'g':
		t->cursor = 0;
		break;
	case KEY_END:
	case 'G':
		t->cursor = t->shown.count;
		break;
	case '[':
	case ']':
		step(t, key == '[', same_thread, "no other event of this thread");
		break;
	case 'p':
	case 'n':
		step(t, key == 'p', same_function, "no other call of this");
		break;
	case 'a':
		go_to_block(t, RECORD_ALLOC);
		break;
	case 'f':
		go_to_block(t, RECORD_FREE);
		break;
	case 'u':
		go_to_place(t, place_of(t, "used") ? "used" : "crashed", 0);
		break;
	case 'c':
		go_to_crash(t);
		break;
	case 't':
		next_screen(t);
		break;
	case '\t':
		t->chosen = t->found_count ? (t->chosen + 1) % t->found_count : 0;
		break;
	case ENTER:
	case RETURN:
	case KEY_ENTER:
		show_event(t);
		break;
	case '/':
		ask_filter(t);
		break;
	}
	return true;
}

static bool on_key(struct tui *t, int key)
{
	long room = (long)tui_room(t);

	if ((t->screen == TUI_THREADS || t->screen == TUI_CPUS) && timeline_key(t, key))
		return true;
	switch (key) {
	case KEY_RESIZE:
		return true;
	case KEY_UP:
	case 'k':
		move_by(t, -1);
		return true;
	case KEY_DOWN:
	case 'j':
		move_by(t, 1);
		return true;
	case KEY_PPAGE:
		move_by(t, -room);
		return true;
	case KEY_NPAGE:
	case ' ':
		move_by(t, room);
		return true;
	case 'd':
		open_page(t, tui_page_diagnosis);
		return true;
	case '?':
		open_page(t, tui_page_help);
		return true;
	}
	return t->screen == TUI_PAGE ? page_key(t, key) : list_key(t, key);
}

int view_terminal(const struct model *model, const struct diagnosis *found, size_t count,
		  const struct selection *selection, struct shown *shown)
{
	struct tui t = {.model = model,
			.found = found,
			.found_count = count,
			.selection = selection,
			.shown = *shown,
			.from = shown->from,
			.to = shown->to};
	SCREEN *screen;
	int key = 0;

	setlocale(LC_ALL, "");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return -ENOTTY;
	set_escdelay(25);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	tui_colors();
	go_to_crash(&t);
	do {
		settle(&t);
		tui_draw(&t);
		key = getch();
		*t.message = 0;
	} while (key != ERR && on_key(&t, key));
	endwin();
	delscreen(screen);
	tui_page_clear(&t.page);
	*shown = t.shown;
	return 0;
}
