// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sundial-rewind: what `sundial rewind` executes. It is a program of its own so that
 * the command needs no library that reads debugging information.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "rewind/view.h"

#define EXIT_SUNDIAL  125
#define DIAGNOSES_MAX 8
#define EVENTS_SHOWN  20

struct options {
	const char *path;
	bool json;
	double at_s, window_s; /* negative: not given */
	bool before_crash;
	struct view_window window;
};

enum {
	OPT_JSON = 256,
	OPT_AT,
	OPT_WINDOW,
	OPT_BEFORE,
	OPT_EVENTS,
	OPT_THREAD,
	OPT_ALL,
};

static const struct argp_option table[] = {
	{"json", OPT_JSON, NULL, 0, "One JSON object for programs, with every event"},
	{"at", OPT_AT, "SECONDS", 0, "The events around this time, counted from the first event"},
	{"window", OPT_WINDOW, "SECONDS", 0, "How much of the timeline. Default with --at: 0.001"},
	{"before", OPT_BEFORE, "crash", 0, "The window ends at the crash"},
	{"events", OPT_EVENTS, "N", 0, "The last N events. Default: 20"},
	{"thread", OPT_THREAD, "TID", 0, "Events of this thread only"},
	{"all", OPT_ALL, NULL, 0, "Every event"},
	{0},
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "sundial: %s: %s\n", what, why);
	exit(EXIT_SUNDIAL);
}

/* "5", "5s", "250ms", "10us". */
static double seconds(const char *option, const char *text)
{
	static const struct {
		const char *suffix;
		double factor;
	} units[] = {{"", 1}, {"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"m", 60}};
	char *end;
	double value = strtod(text, &end);

	if (end != text && value >= 0)
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (!strcmp(end, units[i].suffix))
				return value * units[i].factor;
	fail(option, "not a time; such as 5s, 250ms or 0.5");
	return 0;
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

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_AT:
		o->at_s = seconds("--at", arg);
		return 0;
	case OPT_WINDOW:
		o->window_s = seconds("--window", arg);
		return 0;
	case OPT_BEFORE:
		if (strcmp(arg, "crash"))
			fail("--before", "only 'crash'");
		o->before_crash = true;
		return 0;
	case OPT_EVENTS:
		o->window.last = number("--events", arg);
		return 0;
	case OPT_THREAD:
		o->window.tid = (uint32_t)number("--thread", arg);
		return 0;
	case OPT_ALL:
		o->window.all = true;
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

/* From the options, which are in seconds of the recording, to its time. */
static void place_window(struct options *o, const struct model *model)
{
	const struct record_crash *crash = model_crash(model);
	uint64_t first = model->events.count ? model->events.all[0]->host_ns : 0;
	uint64_t last =
		model->events.count ? model->events.all[model->events.count - 1]->host_ns : 0;
	double window_s = o->window_s >= 0 ? o->window_s : 0.001;

	if (o->json && o->at_s < 0 && o->window_s < 0)
		o->window.all = true;
	if (o->at_s >= 0) {
		uint64_t half = (uint64_t)(window_s * 5e8), at = first + (uint64_t)(o->at_s * 1e9);

		o->window.from_ns = at > half ? at - half : 0;
		o->window.to_ns = at + half;
	} else if (o->window_s >= 0 || o->before_crash) {
		uint64_t length_ns = (uint64_t)(window_s * 1e9);

		if (o->before_crash && !crash)
			fail(o->path, "there is no crash in it");
		o->window.to_ns = o->before_crash ? crash->header.host_ns : last;
		o->window.from_ns = o->window.to_ns > length_ns ? o->window.to_ns - length_ns : 0;
	}
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

int main(int argc, char **argv)
{
	static const struct argp argp = {table, parse, "FILE",
					 "Show what happened before a crash, from a recording."};
	static struct diagnosis found[DIAGNOSES_MAX];
	struct options o = {.at_s = -1, .window_s = -1, .window = {.last = EVENTS_SHOWN}};
	struct model model;
	size_t count;
	int ret;

	argv[0] = (char *)"sundial rewind";
	argp_err_exit_status = EXIT_SUNDIAL;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	ret = model_load(o.path, &model);
	if (ret)
		fail(o.path, why(ret));
	place_window(&o, &model);
	count = diagnose(&model, found, DIAGNOSES_MAX);
	if (o.json)
		ret = view_json(stdout, &model, found, count, &o.window);
	else
		view_text(stdout, o.path, &model, found, count, &o.window);
	if (fflush(stdout) || ret)
		fail("standard output", "could not be written");
	return 0;
}
