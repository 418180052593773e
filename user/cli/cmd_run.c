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
#include <sys/stat.h>
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
	OPT_STATS,
	OPT_INTERPRET,
	OPT_TB_SIZE,
	OPT_DUMP,
	OPT_PERF_MAP,
	OPT_GDB,
	OPT_JITDUMP,
	OPT_TB_LOG,
};

#define RV64_ARGS_MAX 8 /* options that go to the riscv64 engine as they are */

static const struct argp_option options[] = {
	{"start", OPT_START, "DATE", 0,
	 "The date that PROG sees at its start, as for sundial sim. Default: now"},
	{"speed", OPT_SPEED, "N[/M]", 0,
	 "How fast its clock goes: 10 is ten times as fast, 1/4 a quarter. Default: 1"},
	{NULL, 0, NULL, 0, "For riscv64 programs, which are translated:", 1},
	{"sysroot", 'L', "DIR", 0,
	 "Look for files in DIR first: ELF interpreter, libraries, whatever has an absolute path",
	 1},
	{"stats", OPT_STATS, NULL, 0, "Print at the end what the translator did", 1},
	{"tb-size", OPT_TB_SIZE, "BYTES", 0, "Memory for translated code", 1},
	{"dump", OPT_DUMP, "in,ir,out", 0, "Print each block that is translated", 1},
	{"perf-map", OPT_PERF_MAP, NULL, 0, "Write /tmp/perf-PID.map, for perf report", 1},
	{"jitdump", OPT_JITDUMP, "DIR", 0, "Write DIR/jit-PID.dump, for perf inject --jit", 1},
	{"tb-log", OPT_TB_LOG, "FILE", 0, "Append to FILE what sundial tb shows", 1},
	{"gdb", OPT_GDB, "PORT|PATH", 0,
	 "Wait for gdb (\"target remote :PORT\") before the program's first instruction", 1},
	{"interpret", OPT_INTERPRET, NULL, 0, "Interpret, translate nothing", 1},
	{0},
};

struct run_options {
	bool shifted;
	s64 start_ns;
	u64 speed_num, speed_den;
	char sysroot[PATH_MAX];
	char *rv64_args[RV64_ARGS_MAX + 1];
	int rv64_count;
	char **argv;
};

/* One more argument for the riscv64 engine. */
static void rv64_arg(struct run_options *o, const char *fmt, const char *value)
{
	if (o->rv64_count == RV64_ARGS_MAX)
		fail(EXIT_SUNDIAL, "more than %d options for the riscv64 engine", RV64_ARGS_MAX);
	if (asprintf(&o->rv64_args[o->rv64_count++], fmt, value) < 0)
		fail(EXIT_SUNDIAL, "out of memory");
}

static void parse_bytes(struct run_options *o, const char *arg)
{
	char *end;

	errno = 0;
	if (!strtoul(arg, &end, 10) || errno || *end || *arg < '0' || *arg > '9')
		fail(EXIT_SUNDIAL, "--tb-size %s: must be a number of bytes", arg);
	rv64_arg(o, "--tb-size=%s", arg);
}

static void parse_dump(struct run_options *o, const char *arg)
{
	char copy[32] = {0}, *word;

	strncpy(copy, arg, sizeof(copy) - 1);
	for (word = strtok(copy, ","); word; word = strtok(NULL, ","))
		if (strcmp(word, "in") && strcmp(word, "ir") && strcmp(word, "out"))
			fail(EXIT_SUNDIAL, "--dump %s: a list of in, ir and out", arg);
	rv64_arg(o, "--dump=%s", arg);
}

static void parse_sysroot(struct run_options *o, const char *arg)
{
	struct stat st;

	if (!realpath(arg, o->sysroot) || stat(o->sysroot, &st))
		fail(EXIT_SUNDIAL, "-L %s: %s", arg, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		fail(EXIT_SUNDIAL, "-L %s: is not a folder", arg);
	rv64_arg(o, "--sysroot=%s", o->sysroot);
}

/* Folders and files that the engine writes to when the program may have gone elsewhere. */
static void parse_dir(struct run_options *o, const char *arg)
{
	char dir[PATH_MAX];

	if (!realpath(arg, dir) || access(dir, W_OK | X_OK))
		fail(EXIT_SUNDIAL, "--jitdump %s: %s", arg, strerror(errno));
	rv64_arg(o, "--jitdump=%s", dir);
}

static void parse_log(struct run_options *o, const char *arg)
{
	char path[PATH_MAX];
	FILE *file = fopen(arg, "ae");

	if (!file || !realpath(arg, path))
		fail(EXIT_SUNDIAL, "--tb-log %s: %s", arg, strerror(errno));
	fclose(file);
	rv64_arg(o, "--tb-log=%s", path);
}

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
	case 'L':
		parse_sysroot(o, arg);
		return 0;
	case OPT_STATS:
		rv64_arg(o, "--stats", NULL);
		return 0;
	case OPT_TB_SIZE:
		parse_bytes(o, arg);
		return 0;
	case OPT_DUMP:
		parse_dump(o, arg);
		return 0;
	case OPT_PERF_MAP:
		rv64_arg(o, "--perf-map", NULL);
		return 0;
	case OPT_JITDUMP:
		parse_dir(o, arg);
		return 0;
	case OPT_TB_LOG:
		parse_log(o, arg);
		return 0;
	case OPT_GDB:
		rv64_arg(o, "--gdb=%s", arg);
		return 0;
	case OPT_INTERPRET:
		rv64_arg(o, "--interpret", NULL);
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

/* The engine for the program; the riscv64 one is installed beside the native one. */
static void find_engine(const struct program *p, char *path)
{
	char native[PATH_MAX];

	native_find(p->riscv64 ? native : path, PATH_MAX);
	if (!p->riscv64)
		return;
	rv64_look(native, path);
	if (!*path)
		fail(EXIT_SUNDIAL,
		     "sundial-rv64 is missing beside %s: riscv64 programs need it; build it with "
		     "make on x86-64",
		     native);
}

static void start_engine(const struct program *p, const struct run_options *o, const char *spec)
{
	char engine[PATH_MAX];
	size_t n = 0, at = 0;
	char **argv;

	find_engine(p, engine);
	while (p->argv[n])
		n++;
	argv = calloc(n + RV64_ARGS_MAX + 5, sizeof(*argv));
	if (!argv)
		fail(EXIT_SUNDIAL, "out of memory");
	argv[at++] = (char *)(p->riscv64 ? "sundial-rv64" : "sundial-native");
	for (int i = 0; p->riscv64 && i < o->rv64_count; i++)
		argv[at++] = o->rv64_args[i];
	argv[at++] = (char *)"run";
	argv[at++] = (char *)spec;
	argv[at++] = (char *)p->exe;
	memcpy(argv + at, p->argv, n * sizeof(*argv));
	/* A native program, too, may execute riscv64 ones. */
	if (o->sysroot[0])
		setenv("SUNDIAL_SYSROOT", o->sysroot, 1);
	execv(engine, argv);
	fail(EXIT_SUNDIAL, "%s: %s", engine, strerror(errno));
}

int cmd_run(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "[--] PROG ARGS...",
		"Run PROG, unmodified, on this kernel with its clock shifted or scaled."};
	struct run_options o = {.speed_num = 1, .speed_den = 1};
	struct sundial_clock_rate rate;
	struct program program = {.riscv64_too = true};
	char spec[256];

	argv[0] = (char *)"sundial run";
	argp_err_exit_status = EXIT_SUNDIAL;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &o);
	program.sysroot = o.sysroot[0] ? o.sysroot : getenv("SUNDIAL_SYSROOT");
	program_find(&program, o.argv);
	if (!program.riscv64)
		machine_check_engine();
	machine_fix_addresses(NULL);
	make_clock(&o, &rate);
	snprintf(spec, sizeof(spec), "%llu:%llu:%llu:%u:%lld:%lld:%lld:%lld", rate.host_base_ns,
		 rate.base_ns, rate.mult, rate.shift, rate.realtime_ns, rate.boottime_ns,
		 rate.tai_ns, rate.raw_ns);
	start_engine(&program, &o, spec);
	return EXIT_SUNDIAL;
}
