// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Birth: clone, clone3, fork, vfork. The arena gets the child first, then the
 * engine makes the host thread or process, which parks until the child's first
 * turn. Belongs to the holder of the run token.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/mm.h"
#include "simkernel/pidfd.h"
#include "simkernel/record.h"
#include "simkernel/syscall.h"

#define CLONE_NAMESPACES                                                               \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)

static long check_flags(u64 flags)
{
	if ((flags & (CLONE_FS | CLONE_NEWNS)) == (CLONE_FS | CLONE_NEWNS))
		return -EINVAL;
	if (flags & CLONE_NAMESPACES)
		return -EPERM;
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if ((flags & CLONE_PIDFD) && (flags & CLONE_THREAD))
		return -EINVAL;
	if (flags & CLONE_PTRACE)
		return -EPERM;
	return 0;
}

static struct sighand *sighand_copy(struct host *h, struct sighand *old, bool clear)
{
	struct sighand *s = arena_alloc(h, sizeof(*s));
	int sig;

	if (!s)
		return NULL;
	memcpy(s, old, sizeof(*s));
	s->refs = 1;
	for (sig = 1; clear && sig <= NSIG_MAX; sig++)
		if (s->action[sig].handler != (u64)SIG_IGN)
			memset(&s->action[sig], 0, sizeof(s->action[sig]));
	return s;
}

static void inherit(struct process *p, const struct process *from)
{
	p->pgid = from->pgid;
	p->sid = from->sid;
	p->uid = from->uid;
	p->gid = from->gid;
	p->dumpable = from->dumpable;
	p->oom_score_adj = from->oom_score_adj;
	p->umask_shadow = from->umask_shadow;
	p->no_clock_page = from->no_clock_page;
	p->virtual_cwd = from->virtual_cwd;
	memcpy(p->rlimit, from->rlimit, sizeof(p->rlimit));
	memcpy(p->exe, from->exe, strlen(from->exe) + 1);
	memcpy(p->name, from->name, strlen(from->name) + 1);
	ids_inherit(p, from);
}

/* A process that failed to be born. */
static void discard(struct host *h, struct process *p)
{
	if (p->leader)
		task_reap(p->leader);
	files_put(h, p->files);
	mm_put(h, p->mm);
	p->state = PROCESS_ZOMBIE;
	process_free(p);
}

static struct process *new_process(struct thread *th, const struct clone_request *req)
{
	struct process *self = th->task->process, *p;
	struct host *h = th->host;

	p = process_create(h, (req->flags & CLONE_PARENT) ? self->parent : self);
	if (!p)
		return NULL;
	inherit(p, self);
	p->exit_signal = (req->flags & CLONE_PARENT) ? self->exit_signal : req->exit_signal;
	if (req->flags & CLONE_FILES) {
		p->files = self->files;
		p->files->refs++;
	} else {
		p->files = files_copy(h, self->files);
	}
	if (req->flags & CLONE_VM) {
		p->mm = self->mm;
		p->mm->refs++;
	} else {
		p->mm = mm_copy(h, self->mm);
	}
	if (req->flags & CLONE_SIGHAND) {
		p->sighand = self->sighand;
		p->sighand->refs++;
	} else {
		p->sighand = sighand_copy(h, self->sighand, req->flags & CLONE_CLEAR_SIGHAND);
	}
	if (!p->files || !p->mm || !p->sighand) {
		discard(h, p);
		return NULL;
	}
	return p;
}

static void task_inherit(struct task *t, const struct task *from, const struct clone_request *req)
{
	memcpy(t->comm, from->comm, sizeof(t->comm));
	t->blocked = from->blocked;
	t->nice = from->nice;
	t->sched_policy = from->sched_policy;
	t->sched_priority = from->sched_priority;
	t->affinity = from->affinity;
	if (!(req->flags & CLONE_VM) || (req->flags & CLONE_VFORK))
		t->altstack = from->altstack;
	if (req->flags & CLONE_CHILD_SETTID)
		t->set_child_tid = req->child_tid;
	if (req->flags & CLONE_CHILD_CLEARTID)
		t->clear_child_tid = req->child_tid;
}

static long give_pidfd(struct thread *th, struct process *p, u64 addr)
{
	struct file *f = pidfd_file(th->host, p, 0);
	int fd;

	if (!f)
		return -ENOMEM;
	fd = fd_install(th, f, O_CLOEXEC);
	if (fd < 0)
		return fd;
	return put_user(fd, addr);
}

static void wait_for_vfork(struct thread *th)
{
	struct task *t = th->task;

	while (t->vfork_pending && !signal_fatal(t))
		task_sleep_uninterruptible(th, TIME_NEVER);
}

static long do_clone(struct thread *th, const struct clone_request *req)
{
	struct task *self = th->task, *t;
	struct process *p = self->process;
	struct host *h = th->host;
	bool thread = req->flags & CLONE_THREAD;
	long ret = check_flags(req->flags);
	s32 tid;

	if (ret)
		return ret;
	if (!thread) {
		p = new_process(th, req);
		if (!p)
			return -EAGAIN;
	}
	t = task_create(h, p);
	if (!t) {
		if (!thread)
			discard(h, p);
		return -EAGAIN;
	}
	task_inherit(t, self, req);
	tid = t->tid;
	if (req->flags & CLONE_PIDFD)
		ret = give_pidfd(th, p, req->pidfd);
	if (!ret && (req->flags & CLONE_PARENT_SETTID))
		ret = put_user(tid, req->parent_tid);
	if (!ret) {
		h->call_used_host = true;
		ret = th->engine->clone(th, t, req);
	}
	if (ret < 0) {
		if (thread)
			task_reap(t);
		else
			discard(h, p);
		return ret;
	}
	t->host_tid = ret;
	if (!thread)
		p->host_pid = ret;
	if (req->flags & CLONE_VFORK) {
		self->vfork_pending = true;
		p->vfork_parent = self;
	}
	if (recording(h))
		record_forked(h, self, t);
	task_start(t);
	if (req->flags & CLONE_VFORK)
		wait_for_vfork(th);
	return tid;
}

void sim_task_begin(struct thread *th)
{
	struct task *t = th->task;

	t->new_thread = false;
	if (t->set_child_tid)
		put_user(t->tid, t->set_child_tid);
	t->in_kernel = false;
}

SYSCALL_DEFINE(clone)
{
	struct clone_request req = {
		.flags = a[0] & 0xffffff00UL,
		.exit_signal = a[0] & 0xff,
		.stack = a[1],
		.parent_tid = a[2],
		.pidfd = a[2],
		.child_tid = a[3],
		.tls = a[4],
	};

	if ((req.flags & CLONE_PIDFD) && (req.flags & CLONE_PARENT_SETTID))
		return -EINVAL;
	if (req.exit_signal > NSIG_MAX)
		return -EINVAL;
	return do_clone(th, &req);
}

SYSCALL_DEFINE(fork)
{
	struct clone_request req = {.exit_signal = SIGCHLD};

	return do_clone(th, &req);
}

SYSCALL_DEFINE(vfork)
{
	struct clone_request req = {.flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD};

	return do_clone(th, &req);
}

SYSCALL_DEFINE(clone3)
{
	struct clone_args args = {0};
	struct clone_request req;
	u8 extra;
	u64 at;

	if (a[1] > PAGE_BYTES)
		return -E2BIG;
	if (a[1] < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	if (copy_from_user(&args, a[0], min(a[1], (u64)sizeof(args))))
		return -EFAULT;
	for (at = sizeof(args); at < a[1]; at++) {
		if (get_user(extra, a[0] + at))
			return -EFAULT;
		if (extra)
			return -E2BIG;
	}
	if (args.exit_signal > NSIG_MAX || (args.flags & 0xff) || args.set_tid || args.set_tid_size)
		return -EINVAL;
	if ((args.flags & (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND)) ==
	    (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((args.flags & (CLONE_THREAD | CLONE_PARENT)) && args.exit_signal)
		return -EINVAL;
	if (!args.stack != !args.stack_size)
		return -EINVAL;
	if (args.flags & CLONE_INTO_CGROUP)
		return -EOPNOTSUPP;
	req = (struct clone_request){
		.flags = args.flags,
		.exit_signal = args.exit_signal,
		.stack = args.stack + args.stack_size,
		.tls = args.tls,
		.parent_tid = args.parent_tid,
		.child_tid = args.child_tid,
		.pidfd = args.pidfd,
	};
	return do_clone(th, &req);
}

SYSCALL_DEFINE(set_tid_address)
{
	th->task->clear_child_tid = a[0];
	return th->task->tid;
}
