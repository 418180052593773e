// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the guests run. All are bound to one CPU, because only one of them runs
 * at a time and a hand-over between two CPUs costs ten times as much as one on
 * the same. When others want that CPU too while another is idle, all move there.
 * Only speed depends on it; what is read in the arena may be a moment old.
 */
#include <ctype.h>
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sim/children.h"
#include "sim/sim.h"

#define WINDOW_NS     (400 * NSEC_PER_MSEC)
#define MOVE_EVERY_NS (2 * NSEC_PER_SEC)
#define SEEN	      8 /* threads whose waiting is followed */
#define CPUS	      1024

struct seen {
	pid_t tid;
	u64 wait_ns;
};

static struct {
	struct seen seen[SEEN];
	unsigned int next;
	u64 starved_ns; /* time that guests waited for a CPU in this window */
	u64 window_start_ns, last_move_ns;
	u64 idle[CPUS]; /* ticks, at the window's start */
} place;

/* Nanoseconds that a thread has been runnable and not running. */
static bool wait_time(pid_t pid, pid_t tid, u64 *ns)
{
	char path[64];
	bool good;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, tid);
	f = fopen(path, "re");
	if (!f)
		return false;
	good = fscanf(f, "%*u %lu", ns) == 1;
	fclose(f);
	return good;
}

/* Adds what the holder of the token has waited since it was last looked at. */
static void count_waiting(struct host *h)
{
	struct task *t = READ_ONCE(h->current);
	struct process *p = t ? t->process : NULL;
	pid_t tid;
	u64 ns;

	if (!p || !p->host_pid)
		return;
	tid = t->host_tid;
	if (!wait_time(p->host_pid, tid, &ns))
		return;
	for (int i = 0; i < SEEN; i++)
		if (place.seen[i].tid == tid) {
			if (ns > place.seen[i].wait_ns)
				place.starved_ns += ns - place.seen[i].wait_ns;
			place.seen[i].wait_ns = ns;
			return;
		}
	place.seen[place.next++ % SEEN] = (struct seen){tid, ns};
}

/* Idle ticks of each CPU since boot. */
static void read_idle(u64 *idle)
{
	char line[512];
	FILE *f = fopen("/proc/stat", "re");

	memset(idle, 0, CPUS * sizeof(*idle));
	while (f && fgets(line, sizeof(line), f)) {
		unsigned int cpu;
		u64 ticks;

		if (sscanf(line, "cpu%u %*u %*u %*u %lu", &cpu, &ticks) == 2 && cpu < CPUS)
			idle[cpu] = ticks;
	}
	if (f)
		fclose(f);
}

/* The allowed CPU that idled most in this window, if it did so for half of it; or -1. */
static int idle_cpu(int current, const u64 *idle)
{
	u64 best = WINDOW_NS / 2 / (NSEC_PER_SEC / 100); /* ticks are 10 ms for everybody */
	cpu_set_t allowed;
	int found = -1;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return -1;
	for (int cpu = 0; cpu < CPUS; cpu++)
		if (cpu != current && CPU_ISSET(cpu, &allowed) &&
		    idle[cpu] - place.idle[cpu] >= best) {
			best = idle[cpu] - place.idle[cpu];
			found = cpu;
		}
	return found;
}

static void move_process(pid_t pid, const cpu_set_t *cpus)
{
	struct dirent *e;
	char path[64];
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]))
			sched_setaffinity(atoi(e->d_name), sizeof(*cpus), cpus);
	if (d)
		closedir(d);
}

static void move_guests(struct sim *s, int cpu)
{
	struct host *h = s->host;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	/* Twice: a thread that was made meanwhile may have the old CPU from its maker. */
	for (int round = 0; round < 2; round++)
		for (int i = 1; i < PID_MAX; i++) {
			struct process *p = READ_ONCE(h->pid_process[i]);

			/* A number read a moment too late may be somebody else's by now. */
			if (p && p->state == PROCESS_ALIVE && children_has(p->host_pid))
				move_process(p->host_pid, &cpus);
		}
	s->cpu = cpu;
}

void place_look(struct sim *s)
{
	u64 now = wall_now_ns(), idle[CPUS];
	int cpu;

	count_waiting(s->host);
	if (now - place.window_start_ns < WINDOW_NS)
		return;
	read_idle(idle);
	if (place.window_start_ns && place.starved_ns > WINDOW_NS / 4 &&
	    now - place.last_move_ns > MOVE_EVERY_NS) {
		cpu = idle_cpu(s->cpu, idle);
		if (cpu >= 0) {
			move_guests(s, cpu);
			place.last_move_ns = now;
		}
	}
	memcpy(place.idle, idle, sizeof(idle));
	place.starved_ns = 0;
	place.window_start_ns = now;
}
