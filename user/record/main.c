// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sundial-record: what `sundial record` executes. It is a program of its own so that
 * the command needs no library of BPF's.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "record/injectable.h"
#include "record/injected.h"
#include "record/session.h"
#include "record/system.h"

#define EXIT_SUNDIAL 125
#define BUFFER_MIB   256
#define SYSTEM_MIB   8

#define FUNCTIONS_PERCENT 5 /* of the CPU time: an executable's, if not named */
#define FRAMES		  16
#define SAMPLE_BYTES	  (512U << 10)

struct options {
	pid_t pid;
	char **argv;
	bool inject, no_functions;
	struct inject_options injected;
	struct session_options session;
	bool whole_system;
	struct system_options system;
};

enum {
	OPT_BUFFER = 256,
	OPT_NO_FOLLOW,
	OPT_NO_SYSCALLS,
	OPT_NO_SCHEDULING,
	OPT_NO_MALLOC,
	OPT_INJECT,
	OPT_STACKS,
	OPT_FRAMES,
	OPT_SAMPLE,
	OPT_SEED,
	OPT_PRESET,
	OPT_FUNC,
	OPT_NO_FUNC,
	OPT_NO_RETURNS,
	OPT_USDT,
	OPT_BUDGET,
	OPT_NO_FILES,
	OPT_FAULTS,
	OPT_STREAM,
	OPT_SYSTEM,
	OPT_ON_CRASH,
	OPT_MAX_FILES,
	OPT_MAX_SIZE,
	OPT_MAX_RATE,
};

static const struct argp_option table[] = {
	{"output", 'o', "FILE", 0, "The file to write. Default: sundial.record"},
	{"pid", 'p', "PID", 0, "Record this process, until it ends or SIGINT"},
	{"buffer", OPT_BUFFER, "MIB", 0, "Memory for events, of all CPUs together. Default: 256"},
	{"no-follow", OPT_NO_FOLLOW, NULL, 0, "Not what the process forks"},
	{"no-syscalls", OPT_NO_SYSCALLS, NULL, 0, "No system calls"},
	{"no-sched", OPT_NO_SCHEDULING, NULL, 0, "Not which thread ran when"},
	{"no-malloc", OPT_NO_MALLOC, NULL, 0, "No allocations"},
	{"inject", OPT_INJECT, NULL, 0,
	 "See PROG's allocations through a library in it: much cheaper than probes"},
	{"stacks", OPT_STACKS, "KIND", 0,
	 "With --inject, where an allocation was: copy (default; whole stacks, by a copy of each "
	 "kind), frames (by frame pointers) or address (the caller)"},
	{"frames", OPT_FRAMES, "COUNT", 0, "How many frames of --stacks frames, which it implies"},
	{"sample", OPT_SAMPLE, "BYTES", 0,
	 "With --inject, which it implies: record one allocation in so many bytes on average, and "
	 "estimate the rest"},
	{"sample-seed", OPT_SEED, "NUMBER", 0,
	 "What is sampled by chance is then the same each time"},
	{"preset", OPT_PRESET, "NAME", 0,
	 "production: what costs next to nothing: --inject --sample 524288 --no-syscalls "
	 "--no-sched"},
	{"func", OPT_FUNC, "[FILE:]GLOB", 0,
	 "Functions of the program, or of a library: calls, returns, durations. Repeatable"},
	{"no-func", OPT_NO_FUNC, NULL, 0, "No functions, which --pid records by default"},
	{"usdt", OPT_USDT, "PROVIDER[:NAME]", 0,
	 "Probes that are in the programs' sources, with arguments: a glob. Repeatable"},
	{"budget", OPT_BUDGET, "PERCENT", 0,
	 "Of the CPU time, what recording may take; what takes more is switched off"},
	{"no-files", OPT_NO_FILES, NULL, 0, "No paths and socket addresses of system calls"},
	{"faults", OPT_FAULTS, NULL, 0, "Page faults"},
	{"no-returns", OPT_NO_RETURNS, NULL, 0, "Calls of functions only"},
	{"stream", OPT_STREAM, NULL, 0,
	 "Everything to the file as it happens, not the latest at the end"},
	{"system", OPT_SYSTEM, NULL, 0, "Every process, and no allocations: see --on-crash"},
	{"on-crash", OPT_ON_CRASH, "DIR", 0, "With --system: a file here for each crash"},
	{"max-files", OPT_MAX_FILES, "N", 0, "Of --on-crash; the oldest go. Default: 100"},
	{"max-size", OPT_MAX_SIZE, "MIB", 0, "Of all of them together. Default: 1024"},
	{"max-rate", OPT_MAX_RATE, "N", 0,
	 "How many a minute are written; more are counted. Default: 30"},
	{"quiet", 'q', NULL, 0, "Print nothing but errors and crashes"},
	{0},
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "sundial: %s: %s\n", what, why);
	exit(EXIT_SUNDIAL);
}

static unsigned long number(const char *option, const char *text, unsigned long max)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || !value || value > max)
		fail(option, "not a number that it can be");
	return value;
}

static uint32_t stacks_kind(const char *text)
{
	static const char *const kinds[] = {
		[INJECT_STACKS_COPY] = "copy",
		[INJECT_STACKS_ADDRESS] = "address",
		[INJECT_STACKS_FRAMES] = "frames",
	};

	for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(text, kinds[i]))
			return i;
	fail("--stacks", "copy, frames or address");
	return 0;
}

/* "3", "3%", "0.5%" */
static double percent(const char *option, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || (*end && strcmp(end, "%")) || !(value > 0) || value > 100)
		fail(option, "not a percentage; such as 3%");
	return value;
}

static void add_glob(const char *option, const char ***globs, size_t *count, const char *glob)
{
	const char **grown = realloc(*globs, (*count + 1) * sizeof(**globs));

	if (!grown)
		fail(option, "out of memory");
	*globs = grown;
	grown[(*count)++] = glob;
}

/* Of a process that runs already, all of its own: what is asked is what it does. */
static void choose_functions(struct options *o)
{
	struct source_options *sources = &o->session.sources;

	sources->executable = o->pid && !sources->function_count;
	if (o->no_functions) {
		sources->executable = false;
		sources->function_count = 0;
	}
	o->session.programs.usdts = sources->usdt_count > 0;
	o->session.programs.functions =
		sources->executable || sources->function_count || sources->usdt_count;
	sources->returns &= sources->function_count > 0;
	o->session.programs.returns = sources->returns;
	sources->quiet = o->session.budget.quiet = o->session.quiet;
	/* Nobody asked for these in particular, so they have a limit of their own. */
	if (sources->executable && !o->session.budget.percent) {
		o->session.budget.percent = FUNCTIONS_PERCENT;
		o->session.budget.functions_only = true;
	}
	o->session.programs.budget = o->session.budget.percent > 0;
}

/* What is recorded. */
static error_t parse_source(int key, char *arg, struct options *o)
{
	struct program_options *programs = &o->session.programs;

	switch (key) {
	case OPT_NO_SYSCALLS:
		programs->syscalls = false;
		return 0;
	case OPT_NO_SCHEDULING:
		programs->scheduling = false;
		return 0;
	case OPT_NO_MALLOC:
		programs->malloc = false;
		return 0;
	case OPT_FUNC:
		add_glob("--func", &o->session.sources.functions,
			 &o->session.sources.function_count, arg);
		return 0;
	case OPT_NO_FUNC:
		o->no_functions = true;
		return 0;
	case OPT_USDT:
		add_glob("--usdt", &o->session.sources.usdts, &o->session.sources.usdt_count, arg);
		return 0;
	case OPT_NO_FILES:
		programs->files = false;
		return 0;
	case OPT_FAULTS:
		programs->faults = true;
		return 0;
	case OPT_NO_RETURNS:
		o->session.sources.returns = false;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* How the injected library tells of allocations. */
static error_t parse_injected(int key, char *arg, struct options *o)
{
	switch (key) {
	case OPT_INJECT:
		o->inject = true;
		return 0;
	case OPT_STACKS:
		o->inject = true;
		o->injected.stacks = stacks_kind(arg);
		return 0;
	case OPT_FRAMES:
		o->inject = true;
		o->injected.stacks = INJECT_STACKS_FRAMES;
		o->injected.frames = (uint32_t)number("--frames", arg, INJECT_FRAMES_MAX);
		return 0;
	case OPT_SAMPLE:
		o->inject = true;
		o->injected.sample_bytes = number("--sample", arg, 1UL << 40);
		return 0;
	case OPT_SEED:
		o->injected.seed = number("--sample-seed", arg, UINT32_MAX);
		return 0;
	case OPT_PRESET:
		if (strcmp(arg, "production"))
			fail("--preset", "the only one is production");
		o->inject = true;
		o->injected.sample_bytes = SAMPLE_BYTES;
		o->session.programs.syscalls = o->session.programs.scheduling = false;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Of a service for the whole system. */
static error_t parse_system(int key, char *arg, struct options *o)
{
	switch (key) {
	case OPT_SYSTEM:
		o->whole_system = true;
		return 0;
	case OPT_ON_CRASH:
		o->system.folder = arg;
		return 0;
	case OPT_MAX_FILES:
		o->system.files_max = number("--max-files", arg, 1UL << 20);
		return 0;
	case OPT_MAX_SIZE:
		o->system.bytes_max = number("--max-size", arg, 1UL << 24) << 20;
		return 0;
	case OPT_MAX_RATE:
		o->system.rate_max = number("--max-rate", arg, 1UL << 20);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Whether the options go together. */
static void check(struct options *o)
{
	if (o->whole_system != !!o->system.folder)
		fail("which folder?", "sundial record --system --on-crash DIR");
	if (o->whole_system && (o->pid || o->argv))
		fail("--system", "is of every process, and takes none");
	if (o->whole_system)
		return;
	if (!o->pid == !o->argv)
		fail("which process?", "sundial record [OPTION...] (-p PID | -- PROG ARGS)");
	if (o->pid && o->inject)
		fail("--inject", "only for a program that is started here");
	choose_functions(o);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	struct program_options *programs = &o->session.programs;

	switch (key) {
	case 'o':
		o->session.path = arg;
		return 0;
	case 'p':
		o->pid = (pid_t)number("--pid", arg, 1UL << 22);
		return 0;
	case 'q':
		o->session.quiet = true;
		return 0;
	case OPT_BUFFER:
		programs->buffer_bytes = number("--buffer", arg, 1UL << 16) << 20;
		o->system.buffer_bytes = programs->buffer_bytes;
		return 0;
	case OPT_NO_FOLLOW:
		programs->follow = false;
		return 0;
	case OPT_BUDGET:
		o->session.budget.percent = percent("--budget", arg);
		return 0;
	case OPT_STREAM:
		o->session.stream = true;
		o->injected.stream = 1;
		return 0;
	case ARGP_KEY_ARGS:
		o->argv = state->argv + state->next;
		return 0;
	case ARGP_KEY_END:
		check(o);
		return 0;
	default:
		return parse_source(key, arg, o) && parse_injected(key, arg, o) &&
				       parse_system(key, arg, o)
			       ? ARGP_ERR_UNKNOWN
			       : 0;
	}
}

/* The words of a command line, or what is known of one: only to be shown. */
static char *join(char **argv, pid_t pid)
{
	size_t bytes = 1;
	char *text;

	for (size_t i = 0; argv && argv[i]; i++)
		bytes += strlen(argv[i]) + 1;
	text = calloc(1, bytes + 32);
	if (!text)
		fail("record", "out of memory");
	for (size_t i = 0; argv && argv[i]; i++) {
		strcat(text, i ? " " : "");
		strcat(text, argv[i]);
	}
	if (!argv)
		snprintf(text, bytes + 32, "process %d", pid);
	return text;
}

/* The file that execvp(3) will find, or NULL. */
static char *find_program(const char *name)
{
	const char *path = getenv("PATH");
	char *found;

	if (strchr(name, '/'))
		return strdup(name);
	for (; path && *path; path += strcspn(path, ":"), path += *path == ':') {
		if (asprintf(&found, "%.*s/%s", (int)strcspn(path, ":"), path, name) < 0)
			return NULL;
		if (!access(found, X_OK))
			return found;
		free(found);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		table, parse, "(-p PID | -- PROG ARGS...)",
		"Record what a process does, and write its last moments to a file."};
	struct options o = {
		.injected = {.frames = FRAMES},
		.system = {.files_max = 100,
			   .bytes_max = 1UL << 30,
			   .rate_max = 30,
			   .buffer_bytes = (size_t)SYSTEM_MIB << 20},
		.session = {.path = "sundial.record",
			    .programs = {.buffer_bytes = (size_t)BUFFER_MIB << 20,
					 .follow = true,
					 .syscalls = true,
					 .scheduling = true,
					 .malloc = true,
					 .files = true},
			    .sources = {.returns = true}},
	};
	struct injected injected = {.fd = -1};
	struct target target = {0};
	char *command, *program;
	const char *why;
	int ret;

	argv[0] = (char *)"sundial record";
	argp_err_exit_status = EXIT_SUNDIAL;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &o);
	if (!o.injected.seed && getrandom(&o.injected.seed, sizeof(o.injected.seed), 0) < 0)
		o.injected.seed = (uint64_t)getpid();
	if (o.whole_system) {
		o.system.quiet = o.session.quiet;
		return system_run(&o.system);
	}
	command = join(o.argv, o.pid);
	program = o.argv ? find_program(o.argv[0]) : NULL;
	o.session.command = command;
	o.session.program = program;
	o.session.injected = &injected;
	o.session.inject = o.inject;
	why = o.inject && program ? not_injectable(program) : NULL;
	if (why && !o.session.quiet)
		fprintf(stderr, "sundial: %s is not injected, %s: its allocations can only be probed\n",
			program, why);
	o.inject = o.inject && !why;
	ret = o.inject ? injected_create(&injected, o.session.programs.buffer_bytes, &o.injected)
		       : 0;
	if (ret)
		fail("--inject", strerror(-ret));
	ret = o.argv ? target_start(&target, o.argv, &injected) : target_attach(&target, o.pid);
	if (ret)
		fail(command, strerror(-ret));
	ret = session_run(&o.session, &target);
	free(command);
	free(program);
	free(o.session.sources.functions);
	free(o.session.sources.usdts);
	return ret;
}
