// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest threads, each on a host thread of its own, and their loop between guest code
 * and Linux. A thread's struct belongs to it alone, but for what its handlers write.
 *
 * Host threads are pthreads, since the engine uses libc. What the kernel does at a
 * thread's end for the guest's libc (robust list, clear_child_tid) is done here, as
 * the kernel keeps the addresses of the host's.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "rv64/exec.h"
#include "rv64/linux/linux.h"

#define ROBUST_LIST_MAX 2048

__thread struct rv64_thread *rv64_self __attribute__((tls_model("initial-exec")));

/* Threads but one: of this process, vfork's children excluded. */
static int others;

struct rv64_thread *rv64_thread_new(void)
{
	struct rv64_thread *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	rv64_cpu_init(&t->cpu);
	t->cpu.owner = t;
	t->altstack.ss_flags = SS_DISABLE;
	return t;
}

void rv64_stopped(struct rv64_thread *t, enum rv64_stop stop)
{
	struct rv64_cpu *cpu = &t->cpu;

	switch (stop) {
	case RV64_STOP_ECALL:
		rv64_syscall(t);
		break;
	case RV64_STOP_EBREAK:
		rv64_force_signal(t, SIGTRAP, TRAP_BRKPT, cpu->pc);
		break;
	case RV64_STOP_ILLEGAL:
		rv64_force_signal(t, SIGILL, ILL_ILLOPC, cpu->pc);
		break;
	case RV64_STOP_MISALIGNED:
		rv64_force_signal(t, SIGBUS, BUS_ADRALN, cpu->fault_address);
		break;
	case RV64_STOP_FAULT:
		rv64_force_signal(t, cpu->fault_signal, cpu->fault_code, cpu->fault_address);
		break;
	case RV64_STOP_BREAKPOINT: /* a hook, or the debugger's of vfork's parent */
		if (rv64_hook_meet(t))
			break;
		rv64_stopped(t, rv64_step(cpu));
		break;
	default: /* BUDGET, EXIT_REQUEST: the loop looks */
		break;
	}
}

void rv64_loop(struct rv64_thread *t)
{
	while (!t->leaving) {
		/*
		 * A handler sets pending before exit_request:
		 *
		 *	loop				handler
		 *	exit_request = 0
		 *	pending is 0
		 *					pending = 1, exit_request = 1
		 *	rv64_run(): comes out at once
		 */
		WRITE_ONCE(t->cpu.exit_request, 0);
		barrier();
		if (rv64_debugged(t))
			rv64_gdb_turn(t);
		else if (READ_ONCE(t->pending))
			rv64_deliver(t);
		else
			rv64_stopped(t, rv64_run(&t->cpu));
	}
}

/* Marks a lock whose owner ends here, and wakes one who waits for it. */
static void robust_death(struct rv64_thread *t, u64 futex, bool pi)
{
	u32 word, next;

	while (!get_user(word, futex) && (word & FUTEX_TID_MASK) == (u32)t->tid) {
		next = (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
		if (!__atomic_compare_exchange_n((u32 *)futex, &word, next, false, __ATOMIC_SEQ_CST,
						 __ATOMIC_SEQ_CST))
			continue;
		if (!pi && (word & FUTEX_WAITERS))
			hostcall(SYS_futex, futex, FUTEX_WAKE, 1, 0, 0, 0);
		return;
	}
}

/*
 * The kernel walks the list when the host thread is gone. By then whoever joins this
 * thread has seen clear_child_tid and may have freed the list:
 *
 *	this thread			pthread_join()		kernel
 *	clear_child_tid = 0
 *					unmaps the stack, with the list
 *								walks the list
 *
 * so it is walked here, and the kernel told that there is none.
 */
static void leave_robust_locks(struct rv64_thread *t)
{
	struct {
		u64 next;
		s64 offset;
		u64 pending;
	} head;
	u64 entry, next;
	int left = ROBUST_LIST_MAX;

	if (!t->robust_list || get_user(head, t->robust_list))
		return;
	for (entry = head.next; (entry & ~1UL) != t->robust_list && left--; entry = next) {
		if (get_user(next, entry & ~1UL))
			break;
		if (entry != head.pending)
			robust_death(t, (entry & ~1UL) + head.offset, entry & 1);
	}
	if (head.pending)
		robust_death(t, (head.pending & ~1UL) + head.offset, head.pending & 1);
	hostcall(SYS_set_robust_list, 0, 24);
}

long rv64_exit_thread(struct rv64_thread *t, int status)
{
	u32 zero = 0;
	bool last;

	rv64_block_all();
	if (t->pending)
		return PASS_RESTART;
	rv64_block_faults();
	leave_robust_locks(t);
	if (t->clear_child_tid && !put_user(zero, t->clear_child_tid))
		hostcall(SYS_futex, t->clear_child_tid, FUTEX_WAKE, 1, 0, 0, 0);
	/* The stack of a child of vfork is its parent's; the first thread's is the process's. */
	/* The last thread's status is the process's; libc would make it 0. */
	last = !t->lent && __atomic_sub_fetch(&others, 1, __ATOMIC_ACQ_REL) < 0;
	if (last && rv64_debugged(t)) /* the stub's threads would live on */
		rv64_exit_process(status);
	if (rv64_debugged(t))
		rv64_gdb_thread_end(t);
	if (t->main)
		rv64_thread_leave(&t->cpu);
	if (t->main || t->lent || last)
		hostcall(SYS_exit, status);
	t->leaving = true;
	return RV64_KEEP_STATE;
}

struct start {
	struct rv64_thread *thread;
	const struct clone_request *req;
	u64 mask;
	sem_t ready;
	long ret; /* the new thread's id, or -errno */
};

static void *thread_main(void *arg)
{
	struct start *start = arg;
	struct rv64_thread *t = start->thread;
	const struct clone_request *req = start->req;
	u64 mask = start->mask;

	rv64_self = t;
	t->closed = true;
	t->tid = hostcall(SYS_gettid);
	start->ret = rv64_thread_enter(&t->cpu);
	if (start->ret) {
		sem_post(&start->ready);
		return NULL;
	}
	hostcall(SYS_set_robust_list, 0, 24);
	if (req->flags & CLONE_PARENT_SETTID)
		put_user(t->tid, req->parent_tid);
	if (req->flags & CLONE_CHILD_SETTID)
		put_user(t->tid, req->child_tid);
	start->ret = t->tid;
	if (rv64_debugged(t))
		rv64_gdb_thread_begin(t);
	sem_post(&start->ready); /* start is gone from here on */
	rv64_set_mask(mask);
	rv64_loop(t);
	rv64_thread_leave(&t->cpu);
	free(t);
	return NULL;
}

void rv64_inherit(struct rv64_thread *child, const struct rv64_thread *parent,
		  const struct clone_request *req)
{
	memcpy(child->cpu.x, parent->cpu.x, sizeof(child->cpu.x));
	memcpy(child->cpu.f, parent->cpu.f, sizeof(child->cpu.f));
	child->cpu.mxcsr = parent->cpu.mxcsr;
	child->cpu.frm = parent->cpu.frm;
	child->cpu.frm_valid = parent->cpu.frm_valid;
	child->cpu.fflags = parent->cpu.fflags;
	child->cpu.pc = parent->cpu.pc + 4;
	child->cpu.x[10] = 0;
	if (req->stack)
		child->cpu.x[2] = req->stack;
	if (req->flags & CLONE_SETTLS)
		child->cpu.x[4] = req->tls;
	if (req->flags & CLONE_CHILD_CLEARTID)
		child->clear_child_tid = req->child_tid;
	child->blocked_faults = parent->blocked_faults;
}

/* Starts a detached host thread; *start holds ready and ret, which it fills. */
static long start_host_thread(void *(*run)(void *), struct start *start)
{
	pthread_attr_t attr;
	pthread_t id;
	int error;

	sem_init(&start->ready, 0, 0);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, RV64_HOST_STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&id, &attr, run, start);
	pthread_attr_destroy(&attr);
	if (error)
		return -EAGAIN;
	while (sem_wait(&start->ready))
		;
	return start->ret;
}

static long clone_thread(struct rv64_thread *parent, const struct clone_request *req, u64 mask)
{
	struct start start = {.thread = rv64_thread_new(), .req = req, .mask = mask};
	long ret;

	if (!start.thread)
		return -EAGAIN;
	rv64_inherit(start.thread, parent, req);
	start.thread->sighand = parent->sighand;
	__atomic_add_fetch(&others, 1, __ATOMIC_RELAXED);
	ret = start_host_thread(thread_main, &start);
	if (ret < 0) {
		__atomic_sub_fetch(&others, 1, __ATOMIC_RELAXED);
		free(start.thread);
	}
	return ret;
}

void rv64_fork_end(struct rv64_thread *t)
{
	pass_unlock(&t->sighand->lock);
	rv64_mm_unlock();
}

long rv64_fork_begin(struct rv64_thread *t)
{
	long ret;

	rv64_mm_lock(); /* outside the engine's locks, as for rv64_code_changed() */
	pass_lock(&t->sighand->lock);
	ret = rv64_fork_prepare();
	if (ret)
		rv64_fork_end(t);
	return ret;
}

static void become_child(struct rv64_thread *t, const struct clone_request *req)
{
	t->tid = hostcall(SYS_gettid);
	t->main = true;
	others = 0;
	if (rv64_gdb_active) {
		rv64_gdb_forked(t);
		rv64_install_signals(t->sighand);
	}
	t->robust_list = 0;
	t->clear_child_tid = req->flags & CLONE_CHILD_CLEARTID ? req->child_tid : 0;
	t->held = 0;
	hostcall(SYS_set_robust_list, 0, 24);
	if (req->flags & CLONE_CHILD_SETTID)
		put_user(t->tid, req->child_tid);
	if (req->flags & CLONE_SETTLS)
		t->cpu.x[4] = req->tls;
	if (req->stack)
		t->cpu.x[2] = req->stack;
}

/*
 * fork. libc's own keeps its locks and heap usable in the child; for flags that it
 * cannot express the bare call must do, which is safe while no other thread is
 * inside libc.
 */
static long clone_process(struct rv64_thread *t, const struct clone_request *req)
{
	const u64 handled =
		CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_SETTLS | CLONE_PARENT_SETTID;
	u64 host = req->flags & ~(u64)(CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_SETTLS);
	s32 tid;
	long ret;

	ret = rv64_fork_begin(t);
	if (ret)
		return ret;
	if (!(req->flags & ~handled) && req->exit_signal == SIGCHLD) {
		ret = fork();
		if (ret < 0)
			ret = -errno;
	} else {
		ret = hostcall(SYS_clone, host | req->exit_signal, 0, req->parent_tid, 0, 0);
	}
	rv64_fork_end(t);
	if (ret) {
		rv64_fork_parent();
		tid = ret;
		if (ret > 0 && (req->flags & CLONE_PARENT_SETTID))
			put_user(tid, req->parent_tid);
		return ret;
	}
	if (rv64_fork_child(&t->cpu))
		hostcall(SYS_exit_group, 125);
	become_child(t, req);
	return 0;
}

/* A process that shares this one's memory, on a host thread that is not used meanwhile. */
static int lent_main(void *arg)
{
	struct start *start = arg;
	struct rv64_thread *t = start->thread;
	const struct clone_request *req = start->req;
	u64 mask = start->mask;

	rv64_self = t;
	t->tid = hostcall(SYS_gettid);
	if (req->flags & CLONE_CHILD_SETTID)
		put_user(t->tid, req->child_tid);
	start->ret = t->tid;
	sem_post(&start->ready); /* beside its parent: start is gone from here on */
	if (rv64_thread_enter(&t->cpu))
		_exit(127);
	rv64_set_mask(mask);
	rv64_loop(t);
	_exit(0);
}

static int lent_flags(const struct clone_request *req)
{
	return (req->flags & ~(u64)(CLONE_SETTLS | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) |
	       req->exit_signal;
}

static struct rv64_thread *lent_thread(struct rv64_thread *parent, const struct clone_request *req)
{
	struct rv64_thread *child = rv64_thread_new();

	if (!child)
		return NULL;
	rv64_inherit(child, parent, req);
	child->lent = true;
	child->closed = true;
	child->sighand = parent->sighand;
	if (!(req->flags & CLONE_SIGHAND)) {
		rv64_copy_sighand(&child->own, parent->sighand);
		child->sighand = &child->own;
	}
	return child;
}

/*
 * vfork, and clone(CLONE_VM | CLONE_VFORK) as posix_spawn makes it: the child shares
 * all memory while its parent waits, so it may also use the parent's host thread:
 * libc's idea of the current thread, errno. Only its host stack is new.
 */
static long clone_lent(struct rv64_thread *parent, const struct clone_request *req, u64 mask)
{
	struct start start = {.thread = lent_thread(parent, req), .req = req, .mask = mask};
	char *stack = malloc(RV64_HOST_STACK_BYTES);
	long ret = -EAGAIN;

	if (!start.thread || !stack)
		goto out_free;
	start.thread->altstack = parent->altstack;
	sem_init(&start.ready, 0, 0);
	ret = clone(lent_main, stack + RV64_HOST_STACK_BYTES, lent_flags(req), &start,
		    req->parent_tid);
	if (ret < 0)
		ret = -errno;
	/* It has executed or ended, and what it did to this host thread is undone. */
	rv64_self = parent;
	rv64_mm_bury(start.thread->tid);
	rv64_thread_leave(&start.thread->cpu);
	rv64_thread_again(&parent->cpu);
out_free:
	free(start.thread);
	free(stack);
	return ret;
}

/* Lends its host thread to a child until that has ended. */
static void *beside_main(void *arg)
{
	struct start *start = arg;
	struct rv64_thread *t = start->thread;
	bool foreign = start->req->flags & CLONE_PARENT;
	char *stack = malloc(RV64_HOST_STACK_BYTES);
	siginfo_t info;
	long pid = -EAGAIN;

	if (stack) {
		pid = clone(lent_main, stack + RV64_HOST_STACK_BYTES, lent_flags(start->req), start,
			    start->req->parent_tid);
		pid = pid < 0 ? -errno : pid;
	}
	if (pid < 0) {
		start->ret = pid;
		sem_post(&start->ready);
		free(stack);
		return NULL;
	}
	/*
	 * The child has filled start, which is gone by now. No libc from here on: to
	 * libc the child is this thread. A child of another parent is not seen to end.
	 */
	while (foreign)
		hostcall(SYS_pause);
	while (hostcall(SYS_waitid, P_PID, pid, &info, WEXITED | WNOWAIT | __WALL, 0) == -EINTR)
		;
	rv64_self = NULL;
	rv64_mm_bury(t->tid);
	rv64_thread_leave(&t->cpu);
	free(t);
	free(stack);
	return NULL;
}

/* A process of its own, beside its parent in one memory: debuggers and sanitizers make them. */
static long clone_beside(struct rv64_thread *parent, const struct clone_request *req, u64 mask)
{
	struct start start = {.thread = lent_thread(parent, req), .req = req, .mask = mask};
	long ret;

	if (!start.thread)
		return -EAGAIN;
	ret = start_host_thread(beside_main, &start);
	if (ret < 0)
		free(start.thread);
	return ret;
}

long rv64_clone(struct rv64_thread *t, const struct clone_request *req)
{
	u64 mask = rv64_block_all();
	long ret;

	if (t->pending)
		return PASS_RESTART;
	if (!(req->flags & CLONE_VM))
		ret = clone_process(t, req);
	else if (req->flags & CLONE_VFORK)
		ret = clone_lent(t, req, mask);
	else if (req->flags & CLONE_THREAD)
		ret = clone_thread(t, req, mask);
	else
		ret = clone_beside(t, req, mask);
	rv64_set_mask(mask);
	return ret;
}

void rv64_exit_process(int status)
{
	if (rv64_debugged(rv64_self))
		rv64_gdb_exit(rv64_self, status);
	if (!rv64_self->lent)
		rv64_write_log();
	if (rv64_run_options.stats) {
		rv64_print_stats(stderr);
		rv64_print_unknown(stderr);
		fflush(stderr);
	}
	hostcall(SYS_exit_group, status);
	__builtin_unreachable();
}
