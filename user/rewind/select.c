// SPDX-License-Identifier: GPL-2.0-or-later
/* From what was asked for to the events that are meant. */
#include "rewind/select.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AROUND_S 0.001 /* --at without --window */

double select_seconds(const char *text)
{
	static const struct {
		const char *suffix;
		double factor;
	} units[] = {{"", 1},	   {"s", 1},  {"ms", 1e-3}, {"us", 1e-6},
		     {"ns", 1e-9}, {"m", 60}, {"h", 3600},  {"d", 86400}};
	char *end;
	double value = strtod(text, &end);

	if (end != text && value >= 0 && isfinite(value))
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (!strcmp(end, units[i].suffix))
				return value * units[i].factor;
	return -1;
}

/* Of the host's clock, to its monotonic time. */
static bool clock_time(const struct model *model, const char *text, uint64_t *when)
{
	time_t made = (time_t)(model->time.realtime_ns / 1000000000);
	struct tm day;
	const char *rest;
	double part = 0;
	char *end;
	int64_t ns;

	localtime_r(&made, &day);
	day.tm_sec = 0;
	rest = strptime(text, strchr(text, '-') ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S", &day);
	if (!rest && !strchr(text, '-'))
		rest = strptime(text, "%H:%M", &day);
	if (!rest)
		return false;
	if (*rest == '.') {
		part = strtod(rest, &end);
		rest = end;
	}
	if (*rest)
		return false;
	day.tm_isdst = -1;
	ns = (int64_t)mktime(&day) * 1000000000 + (int64_t)(part * 1e9);
	*when = (uint64_t)(ns - (int64_t)(model->time.realtime_ns - model->time.monotonic_ns));
	return true;
}

/* The host's time of a moment, by the events around it, in the time that events are shown by. */
static uint64_t to_when(const struct model *model, uint64_t host_ns)
{
	uint64_t when = model_first(model);

	if (!model->has_virtual)
		return host_ns;
	for (size_t i = 0; i < model->events.count; i++)
		if (model->events.all[i]->host_ns <= host_ns)
			when = model_when(model, model->events.all[i]);
	return when;
}

bool select_time(const struct model *model, const char *text, uint64_t *when)
{
	const struct record_crash *crash = model_crash(model);
	double seconds;

	if (!strcmp(text, "crash")) {
		if (crash)
			*when = model_when(model, &crash->header);
		return crash;
	}
	if (!strcmp(text, "end")) {
		*when = model_last(model);
		return true;
	}
	if (strchr(text, ':')) {
		if (!clock_time(model, text, when))
			return false;
		*when = to_when(model, *when);
		return true;
	}
	seconds = select_seconds(text + (*text == '-'));
	if (seconds < 0 || seconds > 1e9)
		return false;
	*when = *text == '-' ? model_last(model) - (uint64_t)(seconds * 1e9)
			     : model_first(model) + (uint64_t)(seconds * 1e9);
	return true;
}

static uint64_t minus(uint64_t when, uint64_t ns)
{
	return when > ns ? when - ns : 0;
}

static uint64_t plus(uint64_t when, uint64_t ns)
{
	return when < UINT64_MAX - ns ? when + ns : UINT64_MAX;
}

/* Limits the time; whether what was asked for can be understood. */
static bool place_window(const struct model *model, const struct selection *s, struct shown *to,
			 const char **which)
{
	double window_s = s->window ? select_seconds(s->window) : AROUND_S;
	uint64_t window_ns = (uint64_t)(window_s * 1e9), when;

	*which = "--window";
	if (window_s < 0 || window_s > 1e9)
		return false;
	to->from = 0;
	to->to = UINT64_MAX;
	*which = "--at";
	if (s->at && !select_time(model, s->at, &when))
		return false;
	if (s->at) {
		to->from = minus(when, window_ns / 2);
		to->to = plus(when, window_ns / 2);
	}
	*which = "--after";
	if (s->after && !select_time(model, s->after, &to->from))
		return false;
	if (s->after && s->window)
		to->to = plus(to->from, window_ns);
	*which = "--before";
	if (s->before && !select_time(model, s->before, &to->to))
		return false;
	if (s->window && !s->at && !s->after)
		to->from = minus(s->before ? to->to : model_last(model), window_ns);
	return true;
}

static bool is_selected(const struct model *model, const struct selection *s,
			const struct filter *filter, const struct record_header *event)
{
	if (s->tid && event->tid != s->tid)
		return false;
	if (s->cpu >= 0 && (event->cpu == UINT16_MAX || event->cpu != s->cpu))
		return false;
	if (s->host && strcmp(model_host(model, event->domain), s->host))
		return false;
	return !filter || filter_matches(filter, model, event);
}

/* The first event that is not before when. */
static size_t first_from(const struct model *model, uint64_t when)
{
	size_t low = 0, high = model->events.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (model_when(model, model->events.all[middle]) < when)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* From the end, so that few of many cost little; then in order. */
static int collect(const struct model *model, const struct selection *s,
		   const struct filter *filter, struct shown *to)
{
	size_t first = first_from(model, to->from);
	size_t end = to->to == UINT64_MAX ? model->events.count : first_from(model, to->to + 1);
	size_t room = end > first ? end - first : 0;

	if (room > s->last)
		room = s->last;
	to->index = malloc((room + 1) * sizeof(*to->index));
	if (!to->index)
		return -ENOMEM;
	to->count = 0;
	for (size_t i = end; i-- > first && to->count < room;)
		if (is_selected(model, s, filter, model->events.all[i]))
			to->index[to->count++] = (uint32_t)i;
	for (size_t i = 0; i < to->count / 2; i++) {
		uint32_t other = to->index[to->count - 1 - i];

		to->index[to->count - 1 - i] = to->index[i];
		to->index[i] = other;
	}
	return 0;
}

int select_events(const struct model *model, const struct selection *s, struct shown *to,
		  const char **which, const char **what)
{
	struct filter *filter = NULL;
	int ret;

	memset(to, 0, sizeof(*to));
	*what = "not a time; such as 5s, 250ms or 13:05:22.5";
	if (!place_window(model, s, to, which)) {
		if ((s->before && !strcmp(s->before, "crash")) ||
		    (s->at && !strcmp(s->at, "crash")))
			*what = "there is no crash in the recording";
		return -EINVAL;
	}
	*which = "--filter";
	if (s->filter) {
		filter = filter_parse(s->filter, what);
		if (!filter)
			return -EINVAL;
	}
	ret = collect(model, s, filter, to);
	filter_free(filter);
	to->from = to->from > model_first(model) ? to->from : model_first(model);
	to->to = to->to < model_last(model) ? to->to : model_last(model);
	return ret;
}
