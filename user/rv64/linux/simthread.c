// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Birth and death of riscv64 threads and processes in a simulation: the engine's half.
 *
 * A thread is a pthread, which parks until its task's first turn. One that ends hands
 * the run token on and then waits, out of libc, until another thread of its process that
 * has the token joins it: a fork in between copies no lock of libc's that is held.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include "rv64/exec.h"
#include "rv64/linux/linux.h"
#include "simkernel/host.h"
#include "simkernel/join.h"
#include "simkernel/process.h"
#include "simkernel/sched.h"

struct rv64_host_thread {
	pthread_t id;
	struct rv64_host_thread *next; /* in ended */
	struct rv64_thread *thread;
	char *stack; /* lent to a child of vfork; NULL for a thread */
	const struct clone_request *req;
	u32 child;  /* while stack is used: not 0; the host's kernel clears and wakes */
	u32 joined; /* it may go on into libc, and ends */
	sem_t ready;
	long ret; /* the host's id of what was started, or -errno */
};

/* Those that are over but for their joining; of this process. */
static struct rv64_host_thread *over;

static void wait_while(u32 *word, u32 value)
{
	while (READ_ONCE(*word) == value)
		hostcall(SYS_futex, word, FUTEX_WAIT, value, 0);
}

static void free_host_thread(struct rv64_host_thread *own)
{
	free(own->thread);
	free(own->stack);
	free(own);
}

/* Lets it end, with the last of libc that it needs for that. */
static void join(struct rv64_host_thread *own)
{
	WRITE_ONCE(own->joined, 1);
	hostcall(SYS_futex, &own->joined, FUTEX_WAKE, 1);
	pthread_join(own->id, NULL);
}

/* Everything that has ended since the last time, so that a process does not grow. */
static void join_ended(void)
{
	struct rv64_host_thread **at = &over, *own;

	while ((own = *at)) {
		if (own->stack && READ_ONCE(own->child)) {
			at = &own->next;
			continue;
		}
		*at = own->next;
		join(own);
		free_host_thread(own);
	}
}

/* The child's first turn, on its own host thread; then the guest goes on. */
static void begin(struct rv64_thread *t)
{
	sched_park(&t->sim.thread);
	sim_task_begin(&t->sim.thread);
}

static void *thread_main(void *arg)
{
	struct rv64_host_thread *own = arg;
	struct rv64_thread *t = own->thread;

	rv64_self = t;
	t->tid = hostcall(SYS_gettid);
	own->ret = rv64_thread_enter(&t->cpu);
	if (own->ret) {
		sem_post(&own->ready);
		return NULL;
	}
	hostcall(SYS_set_robust_list, 0, 24);
	own->ret = t->tid;
	sem_post(&own->ready);
	begin(t);
	rv64_sim_loop(t);
	return NULL;
}

/* A process in this one's memory, with the libc of the host thread below it. */
static int child_main(void *arg)
{
	struct rv64_host_thread *own = arg;
	struct rv64_thread *t = own->thread;

	rv64_self = t;
	t->tid = hostcall(SYS_gettid);
	own->ret = rv64_thread_enter(&t->cpu) ? -ENOMEM : t->tid;
	sem_post(&own->ready);
	if (own->ret < 0)
		_exit(125);
	sim_die_with_supervisor(t->sim.thread.host);
	begin(t);
	rv64_sim_loop(t);
	_exit(0);
}

/* Lends its libc's thread to a child in this memory, until that has executed or ended. */
static void *lender_main(void *arg)
{
	struct rv64_host_thread *own = arg;
	u64 flags = CLONE_VM | CLONE_PARENT | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD |
		    (own->req->flags & (CLONE_FS | CLONE_FILES));

	own->child = ~0U;
	if (clone(child_main, own->stack + RV64_HOST_STACK_BYTES, flags, own, &own->child, NULL,
		  &own->child) < 0) {
		own->ret = -errno;
		own->child = 0;
		sem_post(&own->ready);
	}
	/* No libc from here on: to libc the child is this thread. */
	while (READ_ONCE(own->child))
		wait_while(&own->child, READ_ONCE(own->child));
	wait_while(&own->joined, 0);
	rv64_self = NULL;
	rv64_mm_bury(own->thread->tid);
	rv64_thread_leave(&own->thread->cpu);
	return NULL;
}

static struct rv64_thread *child_of(struct rv64_thread *parent, struct task *task,
				    const struct clone_request *req)
{
	struct rv64_thread *child = rv64_thread_new();

	if (!child)
		return NULL;
	rv64_inherit(child, parent, req);
	child->cpu.pc = parent->cpu.pc; /* behind the ecall already */
	child->sighand = parent->sighand;
	child->sim.thread = parent->sim.thread;
	thread_bind(&child->sim.thread, task);
	return child;
}

/* Starts run() on a host thread for a new task; the host's id of what runs it. */
static long start(struct rv64_thread *parent, struct task *task, const struct clone_request *req,
		  void *(*run)(void *))
{
	struct rv64_host_thread *own = calloc(1, sizeof(*own));
	pthread_attr_t attr;
	long ret = -EAGAIN;

	join_ended();
	if (!own)
		return -EAGAIN;
	own->req = req;
	own->thread = child_of(parent, task, req);
	if (run == lender_main)
		own->stack = malloc(RV64_HOST_STACK_BYTES);
	if (!own->thread || (run == lender_main && !own->stack))
		goto out_free;
	own->thread->sim.own = own;
	sem_init(&own->ready, 0, 0);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, RV64_HOST_STACK_BYTES);
	ret = -pthread_create(&own->id, &attr, run, own);
	pthread_attr_destroy(&attr);
	if (ret)
		goto out_free;
	while (sem_wait(&own->ready))
		;
	ret = own->ret;
	if (ret < 0) {
		join(own);
		goto out_free;
	}
	if (own->stack) {
		own->next = over;
		over = own;
	}
	return ret;
out_free:
	free_host_thread(own);
	return ret;
}

static void fork_child(struct rv64_thread *t, struct task *child, const struct clone_request *req)
	__attribute__((noreturn));
static void fork_child(struct rv64_thread *t, struct task *child, const struct clone_request *req)
{
	if (rv64_fork_child(&t->cpu))
		hostcall(SYS_exit_group, 125);
	over = NULL; /* they are not in this copy */
	t->sim.own = NULL;
	t->tid = hostcall(SYS_gettid);
	thread_bind(&t->sim.thread, child);
	t->cpu.x[10] = 0;
	if (req->stack)
		t->cpu.x[2] = req->stack;
	if (req->flags & CLONE_SETTLS)
		t->cpu.x[4] = req->tls;
	sim_die_with_supervisor(t->sim.thread.host);
	begin(t);
	longjmp(t->sim.way_out, 1);
}

/* The bare call: no other thread is inside libc, and the child's parent is the supervisor. */
static long fork_process(struct rv64_thread *t, struct task *child, const struct clone_request *req)
{
	u64 flags = CLONE_PARENT | SIGCHLD | (req->flags & (CLONE_FS | CLONE_FILES));
	long ret = rv64_fork_begin(t);

	if (ret)
		return ret;
	ret = hostcall(SYS_clone, flags, 0, 0, 0, 0);
	rv64_fork_end(t);
	if (!ret)
		fork_child(t, child, req);
	rv64_fork_parent();
	return ret;
}

long rv64_sim_clone(struct thread *th, struct task *child, const struct clone_request *req)
{
	struct rv64_thread *t = rv64_of(th);

	if (!(req->flags & CLONE_VM))
		return fork_process(t, child, req);
	return start(t, child, req, req->flags & CLONE_THREAD ? thread_main : lender_main);
}

void rv64_sim_exit_thread(struct thread *th, struct task *next)
{
	struct rv64_thread *t = rv64_of(th);
	struct rv64_host_thread *own = t->sim.own;
	struct host *h = th->host;

	t->leaving = true;
	if (!own || !own->stack)
		rv64_thread_leave(&t->cpu);
	if (own && !own->stack) {
		own->next = over;
		over = own;
	}
	if (next)
		sched_hand_over(h, next);
	/* The first thread's stack is the process's, a lent one its parent's to free. */
	while (!own || own->stack)
		hostcall(SYS_exit, 0);
	wait_while(&own->joined, 0);
	longjmp(t->sim.way_out, 1);
}
