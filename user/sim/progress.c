// SPDX-License-Identifier: GPL-2.0-or-later
/* The progress line on a terminal: virtual time, speed-up, calls a second. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/sundial.h>
#include "sim/fail.h"
#include "sim/sim.h"
#include "sim/time_text.h"

#define PROGRESS_EVERY_NS (200 * NSEC_PER_MSEC)

struct shown {
	u64 wall_ns, virtual_ns, calls;
};
static struct shown last;
static bool visible;

static bool wanted(struct sim *s)
{
	if (s->opt->progress >= 0)
		return s->opt->progress;
	return !s->opt->quiet && isatty(say_fd());
}

static void write_line(const char *text, size_t len)
{
	if (write(say_fd(), text, len) < 0)
		return; /* nobody looks any more */
}

void progress_show(struct sim *s)
{
	struct host *h = s->host;
	struct shown now = {wall_now_ns(), h->clock->now_ns - SIM_BOOT_NS,
			    h->progress + h->clock->reads};
	char line[160], time[64];
	double seconds;
	int n;

	if (!last.wall_ns)
		last.wall_ns = s->wall_start_ns;
	if (now.wall_ns - last.wall_ns < PROGRESS_EVERY_NS || !wanted(s))
		return;
	seconds = (now.wall_ns - last.wall_ns) / 1e9;
	n = snprintf(line, sizeof(line), "\r\033[Ksundial: %s  x%.4g  %.3g calls/s",
		     format_duration(time, sizeof(time), now.virtual_ns),
		     (now.virtual_ns - last.virtual_ns) / 1e9 / seconds,
		     (now.calls - last.calls) / seconds);
	write_line(line, n);
	visible = true;
	last = now;
}

void progress_clear(struct sim *s)
{
	static const char clear[] = "\r\033[K";

	if (visible)
		write_line(clear, sizeof(clear) - 1);
	visible = false;
}
