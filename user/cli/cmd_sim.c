// SPDX-License-Identifier: GPL-2.0-or-later
/* sundial sim: its options. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/command.h"
#include "sim/fail.h"
#include "sim/machine.h"
#include "sim/sim.h"
#include "sim/time_text.h"
#include "simkernel/fault.h"

enum {
	OPT_START = 256,
	OPT_SEED,
	OPT_UNTIL,
	OPT_STATS,
	OPT_STRACE,
	OPT_STRACE_MODE,
	OPT_CPUS,
	OPT_NO_CLOCK_PAGE,
	OPT_NO_PATCH,
	OPT_QUANTUM,
	OPT_PROGRESS,
	OPT_NO_PROGRESS,
	OPT_HOSTNAME,
	OPT_VERIFY,
	OPT_RECORD,
	OPT_RECORD_BUFFER,
	OPT_FUNC,
	OPT_DIR,
	OPT_FAULT,
	OPT_CPU_TIME,
	OPT_TB_SIZE,
	OPT_INTERPRET,
};

static const struct argp_option options[] = {
	{"start", OPT_START, "DATE", 0,
	 "The date at the beginning: YYYY-MM-DD[ HH:MM[:SS]][+HH:MM] (UTC without a zone), "
	 "@SECONDS since 1970, or now. Default: 2000-01-01"},
	{"seed", OPT_SEED, "N", 0, "Seed of all randomness. Default: 1"},
	{"until", OPT_UNTIL, "DURATION", 0,
	 "End after this much virtual time, like 10s, '5 min', 2d; the exit status is 0 then"},
	{"stats", OPT_STATS, "FILE", OPTION_ARG_OPTIONAL,
	 "At the end a table of system calls, or a JSON file"},
	{"strace", OPT_STRACE, "DIR", 0, "Log system calls to DIR/NAME.PID.strace"},
	{"strace-mode", OPT_STRACE_MODE, "MODE", 0,
	 "standard, or deterministic (default): without addresses, equal in equal runs"},
	{"verify", OPT_VERIFY, NULL, 0,
	 "Run twice and compare output, system calls and statistics; exit status 1 if they differ"},
	{"record", OPT_RECORD, "FILE", 0,
	 "Keep a flight record of every process, for sundial rewind; no privilege is needed"},
	{"record-buffer", OPT_RECORD_BUFFER, "MIB", 0,
	 "Memory for the latest events, blocks and crashes of the record. Default: 256"},
	{"func", OPT_FUNC, "[FILE:]GLOB", 0,
	 "Record the calls of these functions of the executables, or of the mapped files that "
	 "FILE means; may be given several times"},
	{"cpus", OPT_CPUS, "N", 0, "CPUs that programs are told of, 1 to 64. Default: 1"},
	{"no-clock-page", OPT_NO_CLOCK_PAGE, NULL, 0,
	 "Answer clock reads by system calls; nothing else changes but speed"},
	{"no-patch", OPT_NO_PATCH, NULL, 0, "Trap every system call instead of patching hot sites"},
	{"quantum", OPT_QUANTUM, "MS", 0,
	 "CPU time after which a thread that makes no call is preempted. Default: 50"},
	{"progress", OPT_PROGRESS, NULL, 0, "A progress line on stderr, also if it is no terminal"},
	{"no-progress", OPT_NO_PROGRESS, NULL, 0, "No progress line"},
	{"quiet", 'q', NULL, 0, "No summary and no progress line; only what went wrong"},
	{"dir", OPT_DIR, "DIR", 0,
	 "Keep /tmp, /var/tmp, /run and /dev/shm of the guests in DIR, apart from the machine's"},
	{"hostname", OPT_HOSTNAME, "NAME", 0, "The simulated host's name. Default: sundial"},
	{"fault", OPT_FAULT, "POINT:N", OPTION_HIDDEN,
	 "For tests: kill the process that passes in-call, in-event, in-exec or in-handoff the "
	 "Nth time"},
	{NULL, 0, NULL, 0, "For riscv64 programs, which are translated:", 1},
	{"sysroot", 'L', "DIR", 0,
	 "Look for files in DIR first: ELF interpreter, libraries, whatever has an absolute path",
	 1},
	{"cpu-time", OPT_CPU_TIME, "instructions[:NS]", 0,
	 "Each instruction takes NS (1) nanoseconds of virtual time, and threads are preempted "
	 "at an exact instruction, the same in every run. Default: computing takes no time",
	 1},
	{"tb-size", OPT_TB_SIZE, "BYTES", 0, "Memory for translated code in each process", 1},
	{"interpret", OPT_INTERPRET, NULL, 0, "Interpret, translate nothing", 1},
	{0},
};

static u64 parse_number(struct argp_state *state, const char *what, const char *text, u64 low,
			u64 high)
{
	char *end;
	u64 v;

	errno = 0;
	v = strtoul(text, &end, 0);
	if (errno || *end || !*text || *text == '-' || v < low || v > high)
		fail(EXIT_SUNDIAL, "--%s %s: must be a number from %lu to %lu", what, text, low,
		     high);
	return v;
}

static void parse_strace_mode(struct sim_options *o, const char *arg)
{
	if (!strcmp(arg, "standard"))
		o->strace_mode = STRACE_STANDARD;
	else if (!strcmp(arg, "deterministic"))
		o->strace_mode = STRACE_DETERMINISTIC;
	else
		fail(EXIT_SUNDIAL, "--strace-mode %s: must be standard or deterministic", arg);
}

static void parse_cpu_time(struct argp_state *state, struct sim_options *o, const char *arg)
{
	static const char word[] = "instructions";
	const char *rest = arg + sizeof(word) - 1;

	if (strncmp(arg, word, sizeof(word) - 1) || (*rest && *rest != ':'))
		fail(EXIT_SUNDIAL, "--cpu-time %s: must be instructions or instructions:NS", arg);
	o->insn_ns =
		*rest ? parse_number(state, "cpu-time instructions:NS", rest + 1, 1, 1000000) : 1;
}

static void parse_fault(struct argp_state *state, struct sim_options *o, const char *arg)
{
	static const struct {
		const char *name;
		u32 point;
	} points[] = {
		{"in-call:", FAULT_IN_CALL},
		{"in-event:", FAULT_IN_EVENT},
		{"in-exec:", FAULT_IN_EXEC},
		{"in-handoff:", FAULT_IN_HANDOFF},
	};

	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		size_t len = strlen(points[i].name);

		if (strncmp(arg, points[i].name, len))
			continue;
		o->fault_point = points[i].point;
		o->fault_count = parse_number(state, "fault POINT:N", arg + len, 1, 1U << 30);
		return;
	}
	fail(EXIT_SUNDIAL, "--fault %s: must be in-call:N, in-event:N, in-exec:N or in-handoff:N",
	     arg);
}

static void add_function(struct sim_options *o, const char *pattern)
{
	size_t used = strlen(o->functions), length = strlen(pattern);

	if (!length || strchr(pattern, '\n') || used + length + 2 > sizeof(o->functions))
		fail(EXIT_SUNDIAL,
		     "--func %s: must be [FILE:]GLOB, of all together at most %zu bytes", pattern,
		     sizeof(o->functions) - 2);
	snprintf(o->functions + used, sizeof(o->functions) - used, "%s\n", pattern);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct sim_options *o = state->input;

	switch (key) {
	case OPT_START:
		if (!parse_date(arg, &o->start_ns))
			fail(EXIT_SUNDIAL, "--start %s: not a date; " DATE_EXAMPLES, arg);
		return 0;
	case OPT_SEED:
		o->seed = parse_number(state, "seed", arg, 0, ~0UL);
		return 0;
	case OPT_UNTIL:
		if (!parse_duration(arg, &o->until_ns) || !o->until_ns)
			fail(EXIT_SUNDIAL, "--until %s: not a duration; like 10s, '5 min' or 2d",
			     arg);
		return 0;
	case OPT_STATS:
		o->stats = !arg;
		o->stats_file = arg;
		return 0;
	case OPT_STRACE:
		o->strace_dir = arg;
		return 0;
	case OPT_STRACE_MODE:
		parse_strace_mode(o, arg);
		return 0;
	case OPT_CPUS:
		o->cpus = parse_number(state, "cpus", arg, 1, 64);
		return 0;
	case OPT_NO_CLOCK_PAGE:
		o->clock_page = false;
		return 0;
	case OPT_NO_PATCH:
		o->patch = false;
		return 0;
	case OPT_QUANTUM:
		o->quantum_ns = parse_number(state, "quantum", arg, 1, 3600000) * NSEC_PER_MSEC;
		return 0;
	case OPT_PROGRESS:
	case OPT_NO_PROGRESS:
		o->progress = key == OPT_PROGRESS;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case OPT_HOSTNAME:
		if (!*arg || strlen(arg) > 64)
			fail(EXIT_SUNDIAL, "--hostname %s: must have 1 to 64 characters", arg);
		o->hostname = arg;
		return 0;
	case OPT_VERIFY:
		o->verify = true;
		return 0;
	case OPT_RECORD:
		o->record_file = arg;
		return 0;
	case OPT_RECORD_BUFFER:
		o->record_bytes = parse_number(state, "record-buffer", arg, 8, 4096) << 20;
		return 0;
	case OPT_FUNC:
		add_function(o, arg);
		return 0;
	case OPT_DIR:
		o->dir = arg;
		return 0;
	case 'L':
		if (!realpath(arg, o->sysroot))
			fail(EXIT_SUNDIAL, "-L %s: %s", arg, strerror(errno));
		return 0;
	case OPT_CPU_TIME:
		parse_cpu_time(state, o, arg);
		return 0;
	case OPT_TB_SIZE:
		o->tb_bytes = parse_number(state, "tb-size", arg, 1, 1UL << 30);
		return 0;
	case OPT_INTERPRET:
		o->interpret = true;
		return 0;
	case OPT_FAULT:
		parse_fault(state, o, arg);
		return 0;
	case ARGP_KEY_ARGS:
		o->argv = state->argv + state->next;
		return 0;
	case ARGP_KEY_END:
		if (!o->argv)
			fail(EXIT_SUNDIAL, "which program? sundial sim [OPTION...] -- PROG ARGS");
		if (*o->functions && !o->record_file)
			fail(EXIT_SUNDIAL, "--func says what to record; where to? --record FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/*
 * Address randomisation could put a library where the arena belongs; it ends at
 * the next exec. Where it cannot be switched off, try our luck.
 */
static void without_randomisation(char **argv, int argc)
{
	bool changed;
	char **again;

	if (!machine_fix_addresses(&changed) || !changed)
		return;
	again = calloc(argc + 2, sizeof(*again));
	if (!again)
		return;
	again[0] = (char *)"sundial";
	memcpy(again + 1, argv, argc * sizeof(*argv));
	execv("/proc/self/exe", again);
	free(again);
}

int cmd_sim(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "[--] PROG ARGS...",
		"Run PROG, unmodified, on a simulated host in virtual time."};
	struct sim_options o = {
		.start_ns = 946684800 * (s64)NSEC_PER_SEC,
		.seed = 1,
		.quantum_ns = 50 * NSEC_PER_MSEC,
		.cpus = 1,
		.strace_mode = STRACE_DETERMINISTIC,
		.clock_page = true,
		.patch = true,
		.progress = -1,
		.hostname = "sundial",
		.record_bytes = 256UL << 20,
	};

	without_randomisation(argv, argc);
	argv[0] = (char *)"sundial sim";
	argp_err_exit_status = EXIT_SUNDIAL;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &o);
	return o.verify ? verify(&o) : simulate(&o);
}
