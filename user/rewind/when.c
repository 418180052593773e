// SPDX-License-Identifier: GPL-2.0-or-later
/* Times in words: what a person would ask for, which is not the same for a simulation. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "rewind/view.h"

#define SECOND_NS 1000000000ULL
#define DAY_S	  86400

bool model_is_simulated(const struct model *model)
{
	const char *clock = model_info(model, "clock");

	return clock && !strcmp(clock, "virtual");
}

void span_words(uint64_t ns, char *text, size_t bytes)
{
	unsigned long s = ns / SECOND_NS;

	if (s < 120)
		snprintf(text, bytes, "%.6f s", (double)ns / 1e9);
	else if (s < DAY_S)
		snprintf(text, bytes, "%lu:%02lu:%02lu h", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(text, bytes, "%lu d %02lu:%02lu:%02lu", s / DAY_S, s / 3600 % 24,
			 s / 60 % 60, s % 60);
}

void when_words(const struct model *model, uint64_t host_ns, char *text, size_t bytes)
{
	uint64_t real_ns = model->time.realtime_ns - model->time.monotonic_ns + host_ns;
	uint64_t first_ns = model->events.count ? model->events.all[0]->host_ns : host_ns;
	time_t seconds = (time_t)(real_ns / SECOND_NS);
	char date[64], span[64];

	if (!model_is_simulated(model)) {
		snprintf(text, bytes, "%.6f s", model_seconds(model, host_ns));
		return;
	}
	strftime(date, sizeof(date), "%a %Y-%m-%d %H:%M:%S %Z", localtime(&seconds));
	span_words(host_ns > first_ns ? host_ns - first_ns : 0, span, sizeof(span));
	snprintf(text, bytes, "%s of virtual time, after %s,", date, span);
}
