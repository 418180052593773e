// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tasks and processes as objects: numbers, lists, what a call holds while it
 * sleeps. Birth and death with their rules are in process.c. Belongs to the
 * holder of the run token.
 */
#include <errno.h>
#include "simkernel/arena.h"
#include "simkernel/file.h"
#include "simkernel/poll.h"
#include "simkernel/process.h"
#include "simkernel/record.h"
#include "simkernel/sched.h"
#include "simkernel/signal.h"

static s32 pid_alloc(struct host *h)
{
	s32 pid = h->last_pid;
	s32 tries;

	for (tries = 0; tries < PID_MAX; tries++) {
		pid = pid + 1 < PID_MAX ? pid + 1 : PID_FIRST;
		if (!h->pid_task[pid] && !h->pid_process[pid]) {
			h->last_pid = pid;
			return pid;
		}
	}
	return -EAGAIN;
}

struct task *task_find(struct host *h, s32 tid)
{
	return tid > 0 && tid < PID_MAX ? h->pid_task[tid] : NULL;
}

struct process *process_find(struct host *h, s32 pid)
{
	return pid > 0 && pid < PID_MAX ? h->pid_process[pid] : NULL;
}

struct process *process_create(struct host *h, struct process *parent)
{
	struct process *p = arena_alloc(h, sizeof(*p));

	if (!p)
		return NULL;
	p->host = h;
	p->pid = parent ? pid_alloc(h) : 1;
	if (p->pid < 0) {
		arena_free(h, p);
		return NULL;
	}
	list_init(&p->children);
	list_init(&p->sibling);
	list_init(&p->threads);
	list_init(&p->posix_timers);
	waitq_init(&p->child_wait);
	waitq_init(&p->exit_wait);
	waitq_init(&p->signal_wait);
	sigpending_init(&p->pending);
	p->real_timer.kind = TIMER_ITIMER;
	p->start_ns = host_now(h);
	p->dumpable = true;
	p->exit_signal = SIGCHLD;
	h->pid_process[p->pid] = p;
	list_add_tail(&p->link, &h->processes);
	if (parent) {
		p->parent = parent;
		list_add_tail(&p->sibling, &parent->children);
		h->processes_made++;
	}
	return p;
}

struct task *task_create(struct host *h, struct process *p)
{
	struct task *t = arena_alloc(h, sizeof(*t));

	if (!t)
		return NULL;
	t->tid = p->leader ? pid_alloc(h) : p->pid;
	if (t->tid < 0) {
		arena_free(h, t);
		return NULL;
	}
	t->host = h;
	t->process = p;
	t->ticket = ++h->last_ticket ?: ++h->last_ticket;
	t->state = TASK_BLOCKED;
	t->in_kernel = true;
	t->new_thread = true;
	t->wait.kind = WAITER_TASK;
	t->wait.owner = t;
	t->timeout.kind = TIMER_TASK;
	t->altstack.ss_flags = SS_DISABLE;
	t->start_ns = host_now(h);
	list_init(&t->ready_link);
	list_init(&t->wait.link);
	list_init(&t->pi_held);
	sigpending_init(&t->pending);
	list_add_tail(&t->thread_link, &p->threads);
	p->nthreads++;
	if (!p->leader)
		p->leader = t;
	h->pid_task[t->tid] = t;
	h->threads_made++;
	return t;
}

u64 task_cpu_ns(struct task *t)
{
	struct host *h = t->host;

	return t->cpu_ns + (h->current == t ? host_now(h) - t->run_start_ns : 0);
}

u64 process_cpu_ns(struct process *p)
{
	u64 ns = p->dead_cpu_ns;
	struct task *t;

	list_for_each (t, &p->threads, thread_link)
		ns += task_cpu_ns(t);
	return ns;
}

void task_hold(struct thread *th, struct file *f)
{
	struct task *t = th->task;

	if (t->nheld == TASK_HELD) {
		sim_end(th->host, END_BROKEN, "a call of %s holds too many files", t->comm);
		return;
	}
	file_get(f);
	t->held[t->nheld++] = f;
}

void task_release_call(struct task *t)
{
	while (t->nheld)
		file_put(t->held[--t->nheld]);
	if (t->poll)
		poll_table_release(t);
	arena_free(t->host, t->scratch);
	t->scratch = NULL;
}

void task_reap(struct task *t)
{
	struct process *p = t->process;
	struct host *h = t->host;

	if (t->state == TASK_READY && list_linked(&t->ready_link)) {
		list_del(&t->ready_link);
		h->nready--;
	}
	t->state = TASK_DEAD;
	waitq_remove(&t->wait);
	timer_disarm(h, &t->timeout);
	task_release_call(t);
	futex_task_gone(t);
	ptrace_task_gone(t);
	sigpending_flush(h, &t->pending, ~0UL);
	if (recording(h))
		record_task_gone(h, t);
	p->dead_cpu_ns += task_cpu_ns(t);
	p->dead_sys_ns += t->sys_ns;
	list_del(&t->thread_link);
	p->nthreads--;
	h->pid_task[t->tid] = NULL;
	/* A leader's structure stays: its process is known by it until it is reaped. */
	if (p->leader != t)
		arena_free(h, t);
}
