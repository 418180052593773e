// SPDX-License-Identifier: GPL-2.0-or-later
/* The first moment of a simulated host: init, and the program that was asked for. */
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/mm.h"
#include "simkernel/random.h"
#include "simkernel/syscall.h"

#define FILES_INITIAL 64

static void default_limits(struct process *p)
{
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++)
		p->rlimit[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	p->rlimit[RLIMIT_STACK].rlim_cur = 8 << 20;
	/* Whether crashes leave core files is the user's choice, as natively. */
	hostcall(SYS_prlimit64, 0, RLIMIT_CORE, 0, &p->rlimit[RLIMIT_CORE]);
	p->rlimit[RLIMIT_NOFILE] = (struct rlimit){1024, 4096};
	p->rlimit[RLIMIT_NPROC] = (struct rlimit){PID_MAX / 2, PID_MAX / 2};
	p->rlimit[RLIMIT_SIGPENDING] = (struct rlimit){4096, 4096};
	p->rlimit[RLIMIT_MEMLOCK] = (struct rlimit){8 << 20, 8 << 20};
	p->rlimit[RLIMIT_MSGQUEUE] = (struct rlimit){819200, 819200};
	p->rlimit[RLIMIT_NICE] = (struct rlimit){0, 0};
	p->rlimit[RLIMIT_RTPRIO] = (struct rlimit){0, 0};
}

static struct files *files_new(struct host *h)
{
	struct files *files = arena_alloc(h, sizeof(*files));

	if (!files)
		return NULL;
	files->refs = 1;
	files->size = FILES_INITIAL;
	files->ent = arena_alloc(h, files->size * sizeof(*files->ent));
	return files->ent ? files : NULL;
}

/* init runs nothing: its task is on no list and only there to be asked about. */
static bool make_init(struct host *h)
{
	struct process *p = h->init = process_create(h, NULL);
	struct task *t = arena_alloc(h, sizeof(*t));

	if (!p || !t)
		return false;
	p->pgid = p->sid = p->pid;
	p->leader = t;
	t->tid = p->pid;
	t->host = h;
	t->process = p;
	t->state = TASK_BLOCKED;
	t->affinity = 1;
	str_copy(t->comm, "init", sizeof(t->comm));
	list_init(&t->ready_link);
	list_init(&t->thread_link);
	list_init(&t->pi_held);
	sigpending_init(&t->pending);
	return true;
}

struct task *sim_start(struct host *h, const char *exe)
{
	struct process *p;
	struct task *t;

	h->pid_task = arena_alloc(h, PID_MAX * sizeof(*h->pid_task));
	h->pid_process = arena_alloc(h, PID_MAX * sizeof(*h->pid_process));
	if (!h->pid_task || !h->pid_process)
		return NULL;
	random_seed(h, h->config.seed);
	h->last_pid = PID_FIRST - 1;
	if (!make_init(h))
		return NULL;
	p = process_create(h, h->init);
	if (!p)
		return NULL;
	h->main = p;
	p->pgid = p->sid = p->pid;
	default_limits(p);
	p->files = files_new(h);
	p->mm = mm_create(h);
	p->sighand = arena_alloc(h, sizeof(*p->sighand));
	t = p->files && p->mm && p->sighand ? task_create(h, p) : NULL;
	if (!t)
		return NULL;
	p->sighand->refs = 1;
	str_copy(p->exe, exe, sizeof(p->exe));
	p->umask_shadow = hostcall(SYS_umask, 022);
	hostcall(SYS_umask, p->umask_shadow);
	t->affinity = h->config.cpus >= 64 ? ~0UL : (1UL << h->config.cpus) - 1;
	t->state = TASK_READY;
	t->run = t->ticket;
	h->current = t;
	h->slice_end_ns = host_now(h) + h->config.slice_ns;
	t->run_start_ns = host_now(h);
	sched_update_limit(h);
	return t;
}
