// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * --verify: the same simulation twice, and everything compared that must be
 * equal: standard output and error, statistics but for wall time, and the
 * deterministic logs of all processes. Files that the program changes are
 * changed twice. Owns a folder of its own in $TMPDIR, gone at the end.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sim/capture.h"
#include "sim/fail.h"
#include "sim/sim.h"

static char folder[PATH_MAX];
static pid_t owner; /* children leave the folder alone */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	return remove(path);
}

static void remove_folder(void)
{
	if (getpid() == owner)
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static char *in_folder(int run, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%d.%s", folder, run, name) < 0)
		fail(EXIT_SUNDIAL, "out of memory");
	return path;
}

/* Standard input as both runs shall see it: all of a pipe is kept; a terminal is not read. */
static int keep_input(void)
{
	char data[65536];
	struct stat st;
	ssize_t n;
	int fd;

	if (fstat(STDIN_FILENO, &st) || isatty(STDIN_FILENO) || S_ISCHR(st.st_mode))
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	fd = memfd_create("sundial-input", MFD_CLOEXEC);
	while (fd >= 0 && (n = read(STDIN_FILENO, data, sizeof(data))) > 0)
		if (write(fd, data, n) != n)
			fail(EXIT_SUNDIAL, "cannot keep standard input: %s", strerror(errno));
	return fd;
}

/* A descriptor with a position of its own, at the beginning. */
static int fresh_input(int kept)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", kept);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail(EXIT_SUNDIAL, "cannot read standard input twice: %s", strerror(errno));
	return fd;
}

static int run_once(const struct sim_options *o, int run, int kept)
{
	struct sim_options mine = *o;
	int input = fresh_input(kept), status;

	mine.verify = false;
	mine.stats_file = in_folder(run, "stats");
	mine.strace_dir = in_folder(run, "strace");
	mine.strace_mode = STRACE_DETERMINISTIC;
	if (run == 2) {
		mine.quiet = true;
		mine.stats = false;
		mine.progress = 0;
	}
	status = capture_run(&mine, input, in_folder(run, "stdout"), in_folder(run, "stderr"),
			     run == 1);
	close(input);
	return status;
}

static bool compare(const char *name, const char *what, const char *const *skip)
{
	return capture_same(in_folder(1, name), in_folder(2, name), what, skip);
}

/* The logs of one run's processes, compared with the other's of the same name. */
static bool compare_logs(int run, unsigned int *count)
{
	char *dir = in_folder(run, "strace");
	DIR *d = opendir(dir);
	struct dirent *e;
	bool same = true;

	*count = 0;
	while (d && same && (e = readdir(d))) {
		char name[300];

		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "strace/%s", e->d_name);
		same = compare(name, e->d_name, NULL);
		++*count;
	}
	if (d)
		closedir(d);
	return same;
}

static void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (out < 0)
		fail(EXIT_SUNDIAL, "--stats=%s: %s", to, strerror(errno));
	while (in >= 0 && sendfile(out, in, NULL, 1 << 20) > 0)
		;
	close(in);
	close(out);
}

int verify(const struct sim_options *o)
{
	static const char *const wall[] = {"wall_ns", "speedup", NULL};
	const char *tmp = getenv("TMPDIR") ?: "/tmp";
	int first, second, kept = keep_input();
	unsigned int logs, same_logs;
	bool same;

	if (o->strace_dir)
		fail(EXIT_SUNDIAL,
		     "--verify keeps logs of its own; give --strace in a run without it");
	snprintf(folder, sizeof(folder), "%s/sundial-verify.XXXXXX", tmp);
	if (!mkdtemp(folder))
		fail(EXIT_SUNDIAL, "%s: %s", folder, strerror(errno));
	owner = getpid();
	atexit(remove_folder);
	first = run_once(o, 1, kept);
	if (first == EXIT_SUNDIAL || first == EXIT_NOT_RUNNABLE || first == EXIT_NOT_FOUND)
		return first;
	if (o->stats_file)
		copy_file(in_folder(1, "stats"), o->stats_file);
	second = run_once(o, 2, kept);
	same = first == second;
	if (!same)
		say("exit status %d in the first run, %d in the second", first, second);
	same &= compare("stdout", "standard output", NULL);
	same &= compare("stderr", "standard error", NULL);
	same &= compare("stats", "statistics", wall);
	same &= compare_logs(1, &logs) && compare_logs(2, &same_logs);
	if (!same)
		return 1;
	if (!o->quiet)
		say("verified: a second run was the same in output, statistics and the calls of "
		    "%u process%s",
		    logs, logs == 1 ? "" : "es");
	return first;
}
