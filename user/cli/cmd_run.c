// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sundial run: one program on this machine's kernel, its clock shifted or
 * scaled. This process becomes the program, so its pid, parent, terminal and
 * exit status are what they would be anyway. The clock never changes after the
 * start; its few numbers are an argument of sundial-native.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sundial.h>
#include "cli/command.h"
#include "sim/fail.h"
#include "sim/machine.h"
#include "sim/program.h"
#include "sim/time_text.h"

#define SPEED_MAX   1000000UL
#define SPEED_SHIFT 32

enum {
	OPT_START = 256,
	OPT_SPEED,
};

static const struct argp_option options[] = {
	{"start", OPT_START, "DATE", 0,
	 "The date that PROG sees at its start, as for sundial sim. Default: now"},
	{"speed", OPT_SPEED, "N[/M]", 0,
	 "How fast its clock goes: 10 is ten times as fast, 1/4 a quarter. Default: 1"},
	{0},
};

struct run_options {
	bool shifted;
	s64 start_ns;
	u64 speed_num, speed_den;
	char **argv;
};

static void parse_speed(struct run_options *o, const char *arg)
{
	char *end;

	errno = 0;
	o->speed_num = strtoul(arg, &end, 10);
	o->speed_den = 1;
	if (end != arg && *end == '/')
		o->speed_den = strtoul(end + 1, &end, 10);
	if (errno || *end || *arg < '0' || *arg > '9' || !o->speed_num || !o->speed_den ||
	    o->speed_num > SPEED_MAX || o->speed_den > SPEED_MAX)
		fail(EXIT_SUNDIAL, "--speed %s: must be N or N/M, each from 1 to %lu", arg,
		     SPEED_MAX);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run_options *o = state->input;

	switch (key) {
	case OPT_START:
		if (!parse_date(arg, &o->start_ns))
			fail(EXIT_SUNDIAL, "--start %s: not a date; " DATE_EXAMPLES, arg);
		o->shifted = true;
		return 0;
	case OPT_SPEED:
		parse_speed(o, arg);
		return 0;
	case ARGP_KEY_ARGS:
		o->argv = state->argv + state->next;
		return 0;
	case ARGP_KEY_END:
		if (!o->argv)
			fail(EXIT_SUNDIAL, "which program? sundial run [OPTION...] -- PROG ARGS");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static s64 host_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * (s64)NSEC_PER_SEC + ts.tv_nsec;
}

/* The clock that o asks for, beginning now, as the library computes it. */
static void make_clock(const struct run_options *o, struct sundial_clock_rate *rate)
{
	s64 mono = host_clock(CLOCK_MONOTONIC), real = host_clock(CLOCK_REALTIME);
	s64 shift = o->shifted ? o->start_ns - real : 0;
	struct sundial_clock_create how = {
		.kind = SUNDIAL_KIND_KERNEL,
		.mode = SUNDIAL_MODE_SCALED,
		.count = 1,
		.now_ns = mono,
		.realtime_ns = real + shift - mono,
		.boottime_ns = host_clock(CLOCK_BOOTTIME) - mono,
		.tai_ns = host_clock(CLOCK_TAI) + shift - mono,
		.raw_ns = host_clock(CLOCK_MONOTONIC_RAW) - mono,
	};
	struct sundial_clock *clock;
	int ret = sundial_clock_create(&how, SUNDIAL_BACKING_MEMFD, &clock);

	if (!ret && o->speed_num != o->speed_den)
		ret = sundial_clock_set_rate(clock, (o->speed_num << SPEED_SHIFT) / o->speed_den,
					     SPEED_SHIFT);
	if (ret)
		fail(EXIT_SUNDIAL, "cannot make the clock: %s", strerror(-ret));
	sundial_rate_read(sundial_clock_page(clock, 0), rate);
	sundial_clock_close(clock);
}

static void start_native(const struct program *p, const char *spec)
{
	char native[PATH_MAX];
	char **argv;
	size_t n = 0;

	native_find(native, sizeof(native));
	while (p->argv[n])
		n++;
	argv = calloc(n + 5, sizeof(*argv));
	if (!argv)
		fail(EXIT_SUNDIAL, "out of memory");
	argv[0] = (char *)"sundial-native";
	argv[1] = (char *)"run";
	argv[2] = (char *)spec;
	argv[3] = (char *)p->exe;
	memcpy(argv + 4, p->argv, n * sizeof(*argv));
	execv(native, argv);
	fail(EXIT_SUNDIAL, "%s: %s", native, strerror(errno));
}

int cmd_run(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "[--] PROG ARGS...",
		"Run PROG, unmodified, on this kernel with its clock shifted or scaled."};
	struct run_options o = {.speed_num = 1, .speed_den = 1};
	struct sundial_clock_rate rate;
	struct program program;
	char spec[256];

	argv[0] = (char *)"sundial run";
	argp_err_exit_status = EXIT_SUNDIAL;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &o);
	program_find(&program, o.argv);
	machine_check_engine();
	machine_fix_addresses(NULL);
	make_clock(&o, &rate);
	snprintf(spec, sizeof(spec), "%llu:%llu:%llu:%u:%lld:%lld:%lld:%lld", rate.host_base_ns,
		 rate.base_ns, rate.mult, rate.shift, rate.realtime_ns, rate.boottime_ns,
		 rate.tai_ns, rate.raw_ns);
	start_native(&program, spec);
	return EXIT_SUNDIAL;
}
