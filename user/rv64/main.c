// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sundial-rv64: a riscv64 program over the host's kernel. Started by `sundial run`,
 * by an execve of either engine, or by the kernel's binfmt_misc; or over the simulated
 * one, started by `sundial sim` or such an execve (linux/sim.c):
 *
 *   sundial-rv64 [OPTION...] run SPEC PATH ARGV0 ARG...
 *   sundial-rv64 sim SPEC PATH ARGV0 ARG...
 *   sundial-binfmt-riscv64 PATH ARGV0 ARG...
 *
 * With run, SPEC is user/passthrough's. Options are kept for what the program executes; for what
 * a program of the other machine executes, its environment gets SUNDIAL_SYSROOT.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/string.h"
#include "rv64/exec.h"
#include "rv64/linux/linux.h"
#include "rv64/watch.h"

struct pass_mm pass_mm;
struct rv64_run_options rv64_run_options;
static struct pass_sighand process_sighand;
static const char *limits; /* of the program that executed this one, or NULL */

enum {
	OPT_STATS = 256,
	OPT_INTERPRET,
	OPT_TB_SIZE,
	OPT_DUMP,
	OPT_PERF_MAP,
	OPT_GDB,
	OPT_LIMITS,
	OPT_JITDUMP,
	OPT_TB_LOG,
};

static const struct option options[] = {
	{"sysroot", required_argument, NULL, 'L'},
	{"stats", no_argument, NULL, OPT_STATS},
	{"interpret", no_argument, NULL, OPT_INTERPRET},
	{"tb-size", required_argument, NULL, OPT_TB_SIZE},
	{"dump", required_argument, NULL, OPT_DUMP},
	{"perf-map", no_argument, NULL, OPT_PERF_MAP},
	{"gdb", required_argument, NULL, OPT_GDB},
	{"limits", required_argument, NULL, OPT_LIMITS},
	{"jitdump", required_argument, NULL, OPT_JITDUMP},
	{"tb-log", required_argument, NULL, OPT_TB_LOG},
	{0},
};

static void fail(const char *what) __attribute__((noreturn));
static void fail(const char *what)
{
	fprintf(stderr, "sundial-rv64: %s\n", what);
	exit(125);
}

static u32 dump_bits(char *list)
{
	u32 bits = 0;
	char *word;

	for (word = strtok(list, ","); word; word = strtok(NULL, ","))
		bits |= !strcmp(word, "in")    ? RV64_DUMP_IN
			: !strcmp(word, "ir")  ? RV64_DUMP_IR
			: !strcmp(word, "out") ? RV64_DUMP_OUT
					       : 0;
	return bits;
}

static void set_sysroot(const char *dir)
{
	if (dir && *dir && !realpath(dir, rv64_run_options.sysroot)) {
		fprintf(stderr, "sundial: -L %s: %s\n", dir, strerror(errno));
		exit(125);
	}
}

/* Everything before "run"; returns the index of what follows it. */
static int parse_options(int argc, char **argv, struct rv64_exec_options *exec)
{
	int key, i, kept = 0;
	char *text;

	while ((key = getopt_long(argc, argv, "+L:", options, NULL)) != -1) {
		switch (key) {
		case 'L':
			set_sysroot(optarg);
			break;
		case OPT_STATS:
			rv64_run_options.stats = exec->stats = true;
			break;
		case OPT_INTERPRET:
			exec->interpret = true;
			break;
		case OPT_TB_SIZE:
			exec->tb_bytes = strtoul(optarg, NULL, 0);
			break;
		case OPT_DUMP:
			text = strdup(optarg);
			exec->dump = text ? dump_bits(text) : 0;
			free(text);
			break;
		case OPT_PERF_MAP:
			exec->perf_map = true;
			break;
		case OPT_JITDUMP:
			exec->jitdump = optarg;
			break;
		case OPT_TB_LOG:
			exec->tb_log = optarg;
			break;
		case OPT_GDB:
			rv64_run_options.gdb = optarg;
			break;
		case OPT_LIMITS:
			limits = optarg;
			break;
		default:
			exit(125);
		}
	}
	for (i = 1; i < optind && kept < PASS_RV64_ARGS; i++) {
		/* What it executes is not debugged. */
		if (strncmp(argv[i], "--gdb", 5) && !rv64_limits_is_argument(argv[i]))
			pass_mm.rv64_args[kept++] = argv[i];
	}
	return optind;
}

/* The absolute path that /proc/self/exe shall show, and where the engines are. */
static void name_program(const char *path)
{
	ssize_t n;
	char *slash;

	if (!realpath(path, pass_mm.exe))
		str_copy(pass_mm.exe, path, sizeof(pass_mm.exe));
	n = readlink("/proc/self/exe", pass_mm.rv64, sizeof(pass_mm.rv64) - 1);
	pass_mm.rv64[n > 0 ? n : 0] = 0;
	strcpy(pass_mm.native, pass_mm.rv64);
	slash = strrchr(pass_mm.native, '/');
	if (slash)
		str_copy(slash + 1, "sundial-native", PATH_MAX - (slash + 1 - pass_mm.native));
}

static s64 host_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * (s64)NSEC_PER_SEC + ts.tv_nsec;
}

/* SPEC of the machine's own clock, for programs that the kernel starts here. */
static const char *own_clock(void)
{
	static char spec[256];
	s64 mono = host_clock(CLOCK_MONOTONIC);

	snprintf(spec, sizeof(spec), "%ld:%ld:%lu:%d:%ld:%ld:%ld:%ld", mono, mono, 1UL << 32, 32,
		 host_clock(CLOCK_REALTIME) - mono, host_clock(CLOCK_BOOTTIME) - mono,
		 host_clock(CLOCK_TAI) - mono, host_clock(CLOCK_MONOTONIC_RAW) - mono);
	return spec;
}

static struct rv64_thread *first_thread(const struct pass_start *start)
{
	struct rv64_thread *t = rv64_thread_new();

	if (!t)
		fail("no memory");
	t->sighand = &process_sighand;
	t->main = true;
	t->closed = true;
	t->tid = hostcall(SYS_gettid);
	rv64_self = t;
	rv64_signals_init(t, start->ignored);
	if (rv64_thread_enter(&t->cpu))
		fail("no memory");
	hostcall(SYS_set_robust_list, 0, 24);
	return t;
}

static void await_debugger(struct rv64_thread *t)
{
	int err = rv64_gdb_start(rv64_run_options.gdb);

	if (err) {
		fprintf(stderr, "sundial: --gdb %s: %s\n", rv64_run_options.gdb, strerror(-err));
		exit(125);
	}
	fprintf(stderr, "sundial: waiting for gdb at %s\n", rv64_run_options.gdb);
	rv64_gdb_thread_begin(t);
	rv64_install_signals(t->sighand);
}

static void run(struct pass_start *start, const char *path, char **argv, char **envp)
	__attribute__((noreturn));
static void run(struct pass_start *start, const char *path, char **argv, char **envp)
{
	struct rv64_start program = {
		.path = path,
		.name = start->name ? start->name : path,
		.argv = argv,
		.envp = envp,
	};
	struct rv64_thread *t;

	name_program(path);
	pass_mm.lookup = rv64_sysroot_path;
	if (rv64_run_options.sysroot[0] &&
	    asprintf(&pass_mm.native_env, "SUNDIAL_SYSROOT=%s", rv64_run_options.sysroot) < 0)
		fail("no memory");
	t = first_thread(start);
	rv64_start_of_host(&program);
	rv64_load(t, &program);
	if (start->spare_fd)
		close(start->spare_fd);
	if (rv64_run_options.gdb)
		await_debugger(t);
	rv64_set_mask(start->mask);
	rv64_loop(t);
	__builtin_unreachable();
}

int main(int argc, char **argv, char **envp)
{
	struct rv64_exec_options exec = {0};
	struct pass_start start = {0};
	const char *base = strrchr(argv[0], '/');
	int at = 1;

	set_sysroot(getenv("SUNDIAL_SYSROOT"));
	unsetenv("SUNDIAL_SYSROOT");
	if (strcmp(base ? base + 1 : argv[0], "sundial-binfmt-riscv64")) {
		at = parse_options(argc, argv, &exec);
		if (argc >= at + 4 && !strcmp(argv[at], "sim"))
			rv64_sim_main(argv[at + 1], argv + at + 2, environ);
		if (argc < at + 4 || strcmp(argv[at], "run"))
			fail("is started by sundial, not by hand");
		pass_parse_spec(argv[at + 1], &start);
		at += 2;
	} else {
		if (argc < 3)
			fail("is started by the kernel, not by hand");
		pass_parse_spec(own_clock(), &start);
	}
	if (!start.from_guest)
		hostcall(SYS_rt_sigprocmask, SIG_BLOCK, 0, &start.mask, 8);
	rv64_limits_start(limits);
	rv64_clock_init();
	exec.memory_at = rv64_memory_at;
	if (!exec.tb_bytes)
		exec.tb_bytes = rv64_limits_tb_bytes();
	if (rv64_exec_init(&exec))
		fail("no memory for translated code, or more than 1 GiB asked for");
	rv64_watch_start();
	run(&start, argv[at], argv + at + 1, environ);
}
