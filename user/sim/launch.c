// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Starting the first program: the simulated process is made in the arena, then
 * a child takes on what every guest process has (one CPU, death with its
 * supervisor, only fault signals unblocked; fork and exec keep them, except the
 * death signal, which the engine sets again) and becomes an engine, which
 * loads the program. What Sundial itself opened is close-on-exec.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <sundial.h>
#include "sim/fail.h"
#include "sim/launch.h"
#include "sim/sim.h"
#include "simkernel/process.h"

void guest_signal_mask(sigset_t *mask)
{
	static const int open[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};

	sigfillset(mask);
	for (size_t i = 0; i < ARRAY_SIZE(open); i++)
		sigdelset(mask, open[i]);
	sigdelset(mask, PREEMPT_SIGNAL);
}

/*
 * What a shell sets to say where and by which path it started this command. It
 * is not the program's business, and would make the sizes of first stacks and
 * heaps depend on the folder. Shells compute it anew.
 */
static void clean_environment(void)
{
	unsetenv("PWD");
	unsetenv("OLDPWD");
	unsetenv("_");
}

/* In the child: from here on every way out says why. */
static void become_guest(struct sim *s, pid_t supervisor, const char *spec)
{
	const char *engine =
		s->program.riscv64 ? s->host->config.rv64_path : s->host->config.native_path;
	unsigned long mask;
	sigset_t set;
	cpu_set_t cpus;
	char **argv;
	size_t n = 0;

	for (int sig = 1; sig <= SIGRTMAX; sig++)
		signal(sig, SIG_DFL);
	guest_signal_mask(&set);
	/* glibc's sigprocmask() keeps its own two signals open; the kernel is asked for all. */
	memcpy(&mask, &set, sizeof(mask));
	mask |= 1UL << (32 - 1) | 1UL << (33 - 1);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != supervisor)
		_exit(EXIT_SUNDIAL);
	personality(personality(0xffffffff) | ADDR_NO_RANDOMIZE);
	CPU_ZERO(&cpus);
	CPU_SET(s->cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus); /* only speed depends on it */

	while (s->program.argv[n])
		n++;
	argv = calloc(n + 5, sizeof(*argv));
	if (!argv)
		_exit(EXIT_SUNDIAL);
	argv[0] = (char *)(s->program.riscv64 ? "sundial-rv64" : "sundial-native");
	argv[1] = (char *)"sim";
	argv[2] = (char *)spec;
	argv[3] = s->program.exe;
	memcpy(argv + 4, s->program.argv, n * sizeof(*argv));
	clean_environment();
	execv(engine, argv);
	say("%s: %s", engine, strerror(errno));
	_exit(EXIT_SUNDIAL);
}

void launch(struct sim *s)
{
	struct host *h = s->host;
	pid_t self = getpid();
	char spec[PATH_MAX + 64];
	struct task *t = sim_start(h, s->program.exe);
	const char *base = strrchr(s->program.name, '/');

	if (!t)
		fail(EXIT_SUNDIAL, "the arena is too small for the first process");
	strcpy(t->process->name, s->program.name);
	snprintf(t->comm, sizeof(t->comm), "%.15s", base ? base + 1 : s->program.name);
	snprintf(spec, sizeof(spec), "%d:%d:%d:%d:%s", self, s->arena_fd,
		 sundial_clock_fd(s->clock), t->tid, s->program.name);
	s->main_pid = fork();
	if (s->main_pid < 0)
		fail(EXIT_SUNDIAL, "cannot start a process: %s; see ulimit -u", strerror(errno));
	if (!s->main_pid) {
		t->host_tid = t->process->host_pid = getpid();
		become_guest(s, self, spec);
	}
}
