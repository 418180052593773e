// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sundial-rewind: what `sundial rewind` executes. It is a program of its own so that
 * the command needs no library that reads debugging information.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "rewind/view.h"

#define EXIT_SUNDIAL  125
#define DIAGNOSES_MAX 8
#define EVENTS_SHOWN  20

struct options {
	const char *path;
	enum output {
		OUT_ANY,
		OUT_TEXT,
		OUT_JSON,
		OUT_HTML,
		OUT_PERFETTO,
		OUT_MEMORY,
		OUT_CALLS
	} output;
	const char *to; /* where to write it; NULL: standard output */
	bool all, counted, debuginfod;
	struct selection selection;
};

enum {
	OPT_JSON = 256,
	OPT_TEXT,
	OPT_HTML,
	OPT_PERFETTO,
	OPT_FOLDED,
	OPT_DEBUGINFOD,
	OPT_AT,
	OPT_WINDOW,
	OPT_BEFORE,
	OPT_AFTER,
	OPT_EVENTS,
	OPT_THREAD,
	OPT_CPU,
	OPT_HOST,
	OPT_FILTER,
	OPT_ALL,
};

/* clang-format off */
static const struct argp_option table[] = {
	{"text", OPT_TEXT, NULL, 0, "Text, also on a terminal", 1},
	{"json", OPT_JSON, NULL, 0, "One JSON object for programs, with every event", 1},
	{"html", OPT_HTML, "FILE", 0, "Write a page for a browser, with a timeline; - for standard "
	 "output", 1},
	{"perfetto", OPT_PERFETTO, "FILE", 0, "Write trace events, which ui.perfetto.dev opens", 1},
	{"folded", OPT_FOLDED, "WHAT", OPTION_ARG_OPTIONAL, "Stacks for flame graphs: memory, bytes live at the end; "
	 "or calls, nanoseconds in each. Default: memory", 1},
	{"debuginfod", OPT_DEBUGINFOD, NULL, 0, "Ask the servers in $DEBUGINFOD_URLS for debugging "
	 "information that is not here", 1},
	{"at", OPT_AT, "TIME", 0, "The events around TIME: 12.5s after the first event, -1s before "
	 "the last, 13:05:22.25 of the clock, or crash", 2},
	{"window", OPT_WINDOW, "SECONDS", 0, "How much of the timeline: around --at, after --after, "
	 "up to --before or the end. Default with --at: 0.001", 2},
	{"before", OPT_BEFORE, "TIME", 0, "Nothing after TIME; often crash", 2},
	{"after", OPT_AFTER, "TIME", 0, "Nothing before TIME", 2},
	{"thread", OPT_THREAD, "TID", 0, "Events of this thread only", 2},
	{"cpu", OPT_CPU, "N", 0, "Events of this CPU only", 2},
	{"host", OPT_HOST, "NAME", 0, "Events of this host only", 2},
	{"filter", OPT_FILTER, "EXPR", 0, "Such as 'type=alloc,free and not comm~worker'; keys are "
	 "type, tid, pid, cpu, host, comm and text", 2},
	{"events", OPT_EVENTS, "N", 0, "The last N of these. Default for text: 20", 2},
	{"all", OPT_ALL, NULL, 0, "All of these", 2},
	{0},
};
/* clang-format on */

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "sundial: %s: %s\n", what, why);
	exit(EXIT_SUNDIAL);
}

static unsigned long number(const char *option, const char *text)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9')
		fail(option, "not a number");
	return value;
}

static void choose_output(struct options *o, enum output output, const char *to)
{
	if (o->output)
		fail("--text, --json, --html, --perfetto and --folded", "only one of them");
	o->output = output;
	o->to = to && strcmp(to, "-") ? to : NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	struct selection *s = &o->selection;

	switch (key) {
	case OPT_JSON:
		choose_output(o, OUT_JSON, NULL);
		return 0;
	case OPT_TEXT:
		choose_output(o, OUT_TEXT, NULL);
		return 0;
	case OPT_DEBUGINFOD:
		o->debuginfod = true;
		return 0;
	case OPT_HTML:
		choose_output(o, OUT_HTML, arg);
		return 0;
	case OPT_PERFETTO:
		choose_output(o, OUT_PERFETTO, arg);
		return 0;
	case OPT_FOLDED:
		if (arg && strcmp(arg, "memory") && strcmp(arg, "calls"))
			fail("--folded", "memory or calls");
		choose_output(o, arg && *arg == 'c' ? OUT_CALLS : OUT_MEMORY, NULL);
		return 0;
	case OPT_AT:
		s->at = arg;
		return 0;
	case OPT_WINDOW:
		s->window = arg;
		return 0;
	case OPT_BEFORE:
		s->before = arg;
		return 0;
	case OPT_AFTER:
		s->after = arg;
		return 0;
	case OPT_EVENTS:
		s->last = number("--events", arg);
		o->counted = true;
		return 0;
	case OPT_THREAD:
		s->tid = (uint32_t)number("--thread", arg);
		return 0;
	case OPT_CPU:
		s->cpu = (int)number("--cpu", arg);
		return 0;
	case OPT_HOST:
		s->host = arg;
		return 0;
	case OPT_FILTER:
		s->filter = arg;
		return 0;
	case OPT_ALL:
		o->all = true;
		return 0;
	case ARGP_KEY_ARG:
		if (o->path)
			return ARGP_ERR_UNKNOWN;
		o->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->path)
			fail("which file?", "sundial rewind [OPTION...] FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Whether a person sits there, and the terminal can move its cursor. */
static bool is_terminal(const struct options *o)
{
	const char *kind = getenv("TERM");

	return !o->output && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && kind && *kind &&
	       strcmp(kind, "dumb");
}

static void choose(struct options *o, const struct model *model, struct shown *shown)
{
	struct selection *s = &o->selection;
	const char *which, *what;
	int ret;

	if (!o->counted)
		s->last = o->all || (o->output && o->output != OUT_TEXT) || is_terminal(o) ||
					  s->at || s->window || s->after
				  ? SELECT_ALL
				  : EVENTS_SHOWN;
	ret = select_events(model, s, shown, &which, &what);
	if (ret == -EINVAL)
		fail(which, what);
	if (ret)
		fail(o->path, strerror(-ret));
}

static const char *why(int error)
{
	switch (error) {
	case -EBADMSG:
		return "is not a recording of sundial's";
	case -EPROTONOSUPPORT:
		return "was made by a newer sundial, which this one does not understand";
	default:
		return strerror(-error);
	}
}

static int put(const struct options *o, FILE *to, const struct model *model,
	       const struct diagnosis *found, size_t count, const struct shown *shown)
{
	switch (o->output) {
	case OUT_JSON:
		return view_json(to, model, found, count, shown);
	case OUT_HTML:
		return view_html(to, o->path, model, found, count, shown);
	case OUT_PERFETTO:
		return view_perfetto(to, model, found, count, shown);
	case OUT_MEMORY:
		return view_folded_memory(to, model);
	case OUT_CALLS:
		return view_folded_calls(to, model, shown);
	default:
		view_text(to, o->path, model, found, count, shown);
		return 0;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = {table, parse, "FILE",
					 "Show what happened before a crash, from a recording."};
	static struct diagnosis found[DIAGNOSES_MAX];
	struct options o = {.selection = {.cpu = -1}};
	struct shown shown;
	FILE *to;
	struct model model;
	size_t count;
	int ret;

	argv[0] = (char *)"sundial rewind";
	argp_err_exit_status = EXIT_SUNDIAL;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	unwind_debuginfod(o.debuginfod);
	ret = model_load(o.path, &model);
	if (ret)
		fail(o.path, why(ret));
	choose(&o, &model, &shown);
	count = diagnose(&model, found, DIAGNOSES_MAX);
	if (is_terminal(&o) && !view_terminal(&model, found, count, &o.selection, &shown))
		return 0;
	to = o.to ? fopen(o.to, "we") : stdout;
	if (!to)
		fail(o.to, strerror(errno));
	ret = put(&o, to, &model, found, count, &shown);
	if (ret || ferror(to) || fflush(to) || (to != stdout && fclose(to)))
		fail(o.to ? o.to : "standard output", "could not be written");
	return 0;
}
