// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preempts a thread that holds the run token, makes no call and reads no clock
 * while others wait for it: its host process's own CPU time is what counts, so
 * that a loaded machine preempts nobody sooner. What it reads in the arena may
 * be a moment old; a signal too many is ignored by the engine.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/sundial.h>
#include "sim/launch.h"
#include "sim/sim.h"

/* The CPU-time clock of a whole process, as clock_getcpuclockid(3) makes it. */
static bool cpu_time(pid_t pid, u64 *ns)
{
	clockid_t id = (clockid_t)(~(unsigned int)pid << 3 | 2);
	struct timespec ts;

	if (clock_gettime(id, &ts))
		return false;
	*ns = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	return true;
}

/* Something would happen if the running thread gave way or virtual time went on. */
static bool others_wait(struct host *h, struct task *t)
{
	return h->nready || h->heap_len || t->process->cpu_timers || h->death_pending ||
	       h->config.until_ns != TIME_NEVER;
}

void watchdog_look(struct sim *s)
{
	struct watchdog *w = &s->watchdog;
	struct host *h = s->host;
	struct task *t = READ_ONCE(h->current);
	u64 progress = h->progress + h->clock->reads;
	pid_t pid;
	u64 cpu;

	if (!t || !t->process || t->in_kernel) {
		w->task = NULL;
		return;
	}
	pid = t->process->host_pid;
	if (!pid || !cpu_time(pid, &cpu)) {
		w->task = NULL;
		return;
	}
	if (t != w->task || progress != w->progress) {
		w->task = t;
		w->progress = progress;
		w->cpu_ns = cpu;
		return;
	}
	if (cpu - w->cpu_ns < h->config.quantum_ns || !others_wait(h, t))
		return;
	w->cpu_ns = cpu;
	syscall(SYS_tgkill, pid, t->host_tid, PREEMPT_SIGNAL);
}
