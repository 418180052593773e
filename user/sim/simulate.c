// SPDX-License-Identifier: GPL-2.0-or-later
/* One simulation from its start to its report. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sim/fail.h"
#include "sim/machine.h"
#include "sim/sim.h"
#include "simkernel/strace.h"

/* A path that stays good when /tmp becomes another one: through a descriptor of ours. */
static void through_fd(char *path, size_t size, int fd)
{
	snprintf(path, size, "/proc/%d/fd/%d", getpid(), fd);
}

static void open_outputs(struct sim *s)
{
	const struct sim_options *o = s->opt;

	s->strace_fd = -1;
	if (o->stats_file) {
		s->stats_out = fopen(o->stats_file, "we");
		if (!s->stats_out)
			fail(EXIT_SUNDIAL, "--stats=%s: %s", o->stats_file, strerror(errno));
	}
	if (!o->strace_dir)
		return;
	if (mkdir(o->strace_dir, 0777) && errno != EEXIST)
		fail(EXIT_SUNDIAL, "--strace %s: %s", o->strace_dir, strerror(errno));
	s->strace_fd = open(o->strace_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->strace_fd < 0 || access(o->strace_dir, W_OK | X_OK))
		fail(EXIT_SUNDIAL, "--strace %s: %s", o->strace_dir, strerror(errno));
}

/* The engines and the strace folder may lie in a folder that --dir hides. */
static void fill_paths(struct sim *s, const char *native, const char *rv64, const char *dir)
{
	struct host_config *c = &s->host->config;

	if (s->strace_fd >= 0)
		through_fd(c->strace_dir, sizeof(c->strace_dir), s->strace_fd);
	strcpy(c->dir, dir);
	strcpy(c->native_path, native);
	if (s->native_fd >= 0)
		through_fd(c->native_path, sizeof(c->native_path), s->native_fd);
	strcpy(c->rv64_path, rv64);
	if (s->rv64_fd >= 0)
		through_fd(c->rv64_path, sizeof(c->rv64_path), s->rv64_fd);
}

/* What processes that were alive at the end had not yet written. */
static void flush_strace(struct sim *s)
{
	struct host *h = s->host;

	if (s->strace_fd < 0 || h->end == END_BROKEN)
		return;
	for (int i = 1; i < PID_MAX; i++) {
		struct process *p = h->pid_process[i];

		if (p && p->strace && p->leader)
			strace_flush(h, p);
	}
}

int simulate(const struct sim_options *o)
{
	struct sim s = {.opt = o, .native_fd = -1, .rv64_fd = -1};
	char native[PATH_MAX], rv64[PATH_MAX], dir[PATH_MAX] = "";

	prctl(PR_SET_NAME, "sundial");
	machine_check_engine();
	native_find(native, sizeof(native));
	rv64_look(native, rv64);
	open_outputs(&s);
	recording_open(&s);
	if (o->dir) {
		s.native_fd = open(native, O_PATH | O_CLOEXEC);
		s.rv64_fd = *rv64 ? open(rv64, O_PATH | O_CLOEXEC) : -1;
		hostdir_enter(o->dir, dir);
	}
	s.program.riscv64_too = *rv64;
	s.program.sysroot = *o->sysroot ? o->sysroot : NULL;
	program_find(&s.program, o->argv);
	s.cpu = sched_getcpu();
	segment_create(&s);
	fill_paths(&s, native, rv64, dir);
	recording_create(&s);
	supervisor_prepare();
	s.wall_start_ns = wall_now_ns();
	parcel_start(&s);
	launch(&s);
	supervise(&s);
	flush_strace(&s);
	report_end(&s);
	recording_write(&s);
	if (!o->quiet)
		report_summary(&s);
	if (o->stats)
		stats_table(&s);
	if (s.stats_out)
		stats_json(&s);
	return report_status(&s);
}
