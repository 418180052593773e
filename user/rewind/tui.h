/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal view: tui.c has its keys, tui_draw.c its screens, tui_pages.c the texts of
 * details. One thread; nothing of it is used before view_terminal or after.
 */
#ifndef REWIND_TUI_H
#define REWIND_TUI_H

#include "rewind/view.h"

enum tui_screen { TUI_LIST, TUI_THREADS, TUI_CPUS, TUI_PAGE };

enum tui_color {
	TUI_PLAIN,
	TUI_WRONG,
	TUI_GOOD,
	TUI_MEMORY,
	TUI_LIFE,
	TUI_CALL,
	TUI_QUIET,
	TUI_COLORS,
};

/* Lines of text to scroll through. */
struct tui_page {
	struct tui_line {
		char *text;
		enum tui_color color;
		bool bold;
	} * lines;
	size_t count, top;
};

struct tui {
	const struct model *model;
	const struct diagnosis *found;
	size_t found_count, chosen; /* of the diagnoses */
	const struct selection *selection;
	struct shown shown;
	size_t cursor, top;	       /* in shown */
	enum tui_screen screen, under; /* under: what a page lies over */
	struct tui_page page;
	char filter[256];
	char message[512]; /* for the next screen only */
	/* Of the timeline. */
	uint64_t from, to;
	size_t row, row_top;
};

/* Draws the screen that is shown. */
void tui_draw(const struct tui *t);

/* How many lines the list, a page or the timeline has room for. */
size_t tui_room(const struct tui *t);

/* Colors, if the terminal has them and they are wanted. */
void tui_colors(void);

/* Rows of the timeline: threads or CPUs. How many; NULL rows is allowed. */
struct tui_row {
	uint64_t domain;
	uint32_t tid;
	int cpu; /* -1: a thread */
};

#define TUI_ROWS_MAX 4096

size_t tui_rows(const struct tui *t, struct tui_row *rows);

/* Whether the event belongs to the row. */
bool tui_in_row(const struct tui_row *row, const struct record_header *event);

/* Fill the page, which was cleared. */
void tui_page_event(struct tui *t, const struct record_header *event);
void tui_page_diagnosis(struct tui *t);
void tui_page_help(struct tui *t);
void tui_page_clear(struct tui_page *page);

#endif
