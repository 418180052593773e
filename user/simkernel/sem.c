// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System V semaphores. An operation on a set is tried as a whole; one that
 * cannot be done sleeps on the set, and whoever changes the set does it for the
 * sleeper, in order of arrival, as Linux does: nobody can take a semaphore twice
 * while another waits. A sleeper finds its set by id, because it may have been
 * removed. What SEM_UNDO owes is kept with the process.
 */
#include <errno.h>
#include <sys/sem.h>
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/clocks.h"
#include "simkernel/ipc.h"

#define SEMMSL_ 32000
#define SEMOPM_ 500
#define SEMVMX_ 32767
#define SEMAEM_ 32767

struct sem {
	s32 value, pid;
};

struct sem_set {
	struct ipc_object ipc;
	struct waitq wait;
	u32 n;
	s64 otime;
	struct sem sem[];
};

struct sem_undo { /* process->ipc: a list of these */
	struct sem_undo *next;
	s32 id;
	u32 n;
	s16 adjust[];
};

struct sem_wait { /* a call's operations; task->scratch */
	struct sem_undo *undo;
	u32 n;
	u32 stuck; /* the operation that must wait */
	bool done; /* somebody did them: result is the call's */
	long result;
	struct sembuf ops[];
};

static struct sem_set *find(struct thread *th, s32 id)
{
	struct ipc_table *table = ipc_table(th->host);
	struct ipc_object *o = table && id >= 0 ? ipc_find_id(&table->sem, id) : NULL;

	return o ? container_of(o, struct sem_set, ipc) : NULL;
}

SYSCALL_DEFINE(semget)
{
	struct ipc_table *table = ipc_table(th->host);
	s32 n = a[1];
	struct ipc_object *o;
	struct sem_set *s;
	long ret;

	if (n < 0 || n > SEMMSL_)
		return -EINVAL;
	if (!table)
		return -ENOMEM;
	o = ipc_find_key(th, &table->sem, a[0], a[2], &ret);
	if (o)
		return (u32)n > container_of(o, struct sem_set, ipc)->n ? -EINVAL : o->id;
	if (ret)
		return ret;
	if (!n)
		return -EINVAL;
	s = arena_alloc(th->host, sizeof(*s) + n * sizeof(s->sem[0]));
	if (!s)
		return -ENOMEM;
	s->n = n;
	waitq_init(&s->wait);
	ret = ipc_enter(th, &table->sem, &s->ipc, a[0], a[2]);
	if (ret < 0)
		arena_free(th->host, s);
	return ret;
}

static struct sem_undo *undo_of(struct process *p, const struct sem_set *s, bool make)
{
	struct sem_undo *u;

	for (u = p->ipc; u; u = u->next)
		if (u->id == s->ipc.id)
			return u;
	if (!make)
		return NULL;
	u = arena_alloc(p->host, sizeof(*u) + s->n * sizeof(u->adjust[0]));
	if (!u)
		return NULL;
	u->id = s->ipc.id;
	u->n = s->n;
	u->next = p->ipc;
	p->ipc = u;
	return u;
}

/*
 * Does all operations or none. 0; -EAGAIN with *stuck: which one must wait;
 * -ERANGE.
 */
static long try(struct process *p, struct sem_set *s, const struct sembuf *ops, u32 n,
		struct sem_undo *undo, u32 *stuck)
{
	long ret = 0;
	u32 i;

	for (i = 0; i < n && !ret; i++) {
		struct sem *sem = &s->sem[ops[i].sem_num];
		s32 value = sem->value + ops[i].sem_op;

		if (!ops[i].sem_op && sem->value)
			ret = -EAGAIN;
		else if (value < 0)
			ret = -EAGAIN;
		else if (value > SEMVMX_)
			ret = -ERANGE;
		if (!ret && undo && ops[i].sem_flg & SEM_UNDO) {
			s32 adjust = undo->adjust[ops[i].sem_num] - ops[i].sem_op;

			if (adjust < -SEMAEM_ - 1 || adjust > SEMAEM_)
				ret = -ERANGE;
			else
				undo->adjust[ops[i].sem_num] = adjust;
		}
		if (!ret)
			sem->value = value;
	}
	if (!ret) {
		for (i = 0; i < n; i++)
			s->sem[ops[i].sem_num].pid = p->pid;
		return 0;
	}
	*stuck = --i;
	while (i--) {
		s->sem[ops[i].sem_num].value -= ops[i].sem_op;
		if (undo && ops[i].sem_flg & SEM_UNDO)
			undo->adjust[ops[i].sem_num] += ops[i].sem_op;
	}
	return ret;
}

/* What GETNCNT and GETZCNT count: the number of the semaphore and whether zero is waited for. */
static u32 wait_key(const struct sembuf *op)
{
	return (u32)op->sem_num << 2 | (op->sem_op ? 1 : 2);
}

/* The set changed: does what sleepers wait to do, from the first again after each success. */
static void changed(struct host *h, struct sem_set *s)
{
	struct waiter *w = NULL, *next;
	bool again = true;

	while (again) {
		again = false;
		list_for_each_safe (w, next, &s->wait.waiters, link) {
			struct task *t = w->owner;
			struct sem_wait *sw = t->scratch;

			sw->result = try(t->process, s, sw->ops, sw->n, sw->undo, &sw->stuck);
			w->key = wait_key(&sw->ops[sw->stuck]);
			if (sw->result == -EAGAIN)
				continue;
			sw->done = true;
			list_del(&w->link);
			task_wake(t);
			if (!sw->result) {
				s->otime = ipc_seconds(h);
				again = true;
				break;
			}
		}
	}
}

static long check_ops(struct thread *th, struct sem_set *s, struct sem_wait *sw, bool *alters)
{
	bool undoes = false;
	long ret;
	u32 i;

	for (i = 0; i < sw->n; i++) {
		if (sw->ops[i].sem_num >= s->n)
			return -EFBIG;
		*alters |= sw->ops[i].sem_op != 0;
		undoes |= sw->ops[i].sem_flg & SEM_UNDO && sw->ops[i].sem_op;
	}
	ret = ipc_allowed(th, &s->ipc, *alters ? 2 : 4);
	if (!ret && undoes) {
		sw->undo = undo_of(th->task->process, s, true);
		if (!sw->undo)
			return -ENOMEM;
	}
	return ret;
}

static long operate(struct thread *th, s32 id, struct sem_wait *sw, u64 deadline_ns)
{
	struct sem_set *s = find(th, id);
	struct task *t = th->task;
	bool alters = false;
	long ret;

	if (!s)
		return -EINVAL;
	ret = check_ops(th, s, sw, &alters);
	if (ret)
		return ret;
	ret = try(t->process, s, sw->ops, sw->n, sw->undo, &sw->stuck);
	if (!ret) {
		s->otime = ipc_seconds(th->host);
		if (alters)
			changed(th->host, s);
	}
	if (ret != -EAGAIN || sw->ops[sw->stuck].sem_flg & IPC_NOWAIT)
		return ret;
	t->wait.key = wait_key(&sw->ops[sw->stuck]);
	waitq_add(&s->wait, &t->wait);
	do {
		ret = task_sleep(th, deadline_ns);
	} while (!ret && list_linked(&t->wait.link));
	waitq_remove(&t->wait);
	t->wait.key = 0;
	if (sw->done)
		return sw->result;
	if (!find(th, id))
		return -EIDRM;
	return ret == -ETIMEDOUT ? -EAGAIN : ret;
}

static long operate_user(struct thread *th, const u64 *a, u64 deadline_ns)
{
	struct sem_wait *sw;
	u32 n = a[2];

	if (!n || (s32)a[0] < 0)
		return -EINVAL;
	if (n > SEMOPM_)
		return -E2BIG;
	sw = arena_alloc(th->host, sizeof(*sw) + n * sizeof(sw->ops[0]));
	if (!sw)
		return -ENOMEM;
	th->task->scratch = sw;
	sw->n = n;
	if (copy_from_user(sw->ops, a[1], n * sizeof(sw->ops[0])))
		return -EFAULT;
	return operate(th, a[0], sw, deadline_ns);
}

SYSCALL_DEFINE(semop)
{
	return operate_user(th, a, TIME_NEVER);
}

SYSCALL_DEFINE(semtimedop)
{
	u64 deadline_ns = TIME_NEVER;
	s64 ns;

	if (a[3]) {
		long ret = timespec_from_user(a[3], &ns);

		if (ret)
			return ret;
		deadline_ns = deadline_after(th->host, ns);
	}
	return operate_user(th, a, deadline_ns);
}

void sem_process_exit(struct host *h, struct process *p)
{
	struct ipc_table *table = h->ipc;
	struct sem_undo *u, *next;

	for (u = p->ipc; u; u = next) {
		struct ipc_object *o = ipc_find_id(&table->sem, u->id);
		struct sem_set *s = o ? container_of(o, struct sem_set, ipc) : NULL;
		bool any = false;
		u32 i;

		for (i = 0; s && i < u->n; i++) {
			if (!u->adjust[i])
				continue;
			s->sem[i].value = max(0, min(s->sem[i].value + u->adjust[i], SEMVMX_));
			s->sem[i].pid = p->pid;
			any = true;
		}
		if (any)
			changed(h, s);
		next = u->next;
		arena_free(h, u);
	}
	p->ipc = NULL;
}

/* A value that is set by force owes nothing to anybody. */
static void clear_undo(struct host *h, struct sem_set *s, u32 first, u32 n)
{
	struct process *p;

	list_for_each (p, &h->processes, link) {
		struct sem_undo *u = undo_of(p, s, false);

		if (u)
			memset(&u->adjust[first], 0, n * sizeof(u->adjust[0]));
	}
}

static void destroy(struct host *h, struct sem_set *s)
{
	struct ipc_table *table = h->ipc;
	struct waiter *w, *next;

	list_for_each_safe (w, next, &s->wait.waiters, link) {
		list_del(&w->link);
		task_wake(w->owner);
	}
	ipc_remove(&table->sem, &s->ipc);
	arena_free(h, s);
}

static long count_waiters(struct sem_set *s, u32 num, u32 kind)
{
	struct waiter *w;
	long n = 0;

	list_for_each (w, &s->wait.waiters, link)
		n += w->key == (num << 2 | kind);
	return n;
}

static long one_semaphore(struct thread *th, struct sem_set *s, u32 num, s32 cmd, u64 arg)
{
	long ret = ipc_allowed(th, &s->ipc, cmd == SETVAL ? 2 : 4);

	if (ret)
		return ret;
	if (num >= s->n)
		return -EINVAL;
	switch (cmd) {
	case GETVAL:
		return s->sem[num].value;
	case GETPID:
		return s->sem[num].pid;
	case GETNCNT:
		return count_waiters(s, num, 1);
	case GETZCNT:
		return count_waiters(s, num, 2);
	}
	/* SETVAL */
	if ((s32)arg < 0 || (s32)arg > SEMVMX_)
		return -ERANGE;
	clear_undo(th->host, s, num, 1);
	s->sem[num].value = arg;
	s->sem[num].pid = th->task->process->pid;
	s->ipc.ctime = ipc_seconds(th->host);
	changed(th->host, s);
	return 0;
}

static long all_semaphores(struct thread *th, struct sem_set *s, s32 cmd, u64 arg)
{
	long ret = ipc_allowed(th, &s->ipc, cmd == SETALL ? 2 : 4);
	u16 *values;
	u32 i;

	if (ret)
		return ret;
	values = arena_alloc(th->host, s->n * sizeof(*values));
	if (!values)
		return -ENOMEM;
	th->task->scratch = values;
	if (cmd == GETALL) {
		for (i = 0; i < s->n; i++)
			values[i] = s->sem[i].value;
		return copy_to_user(arg, values, s->n * sizeof(*values));
	}
	if (copy_from_user(values, arg, s->n * sizeof(*values)))
		return -EFAULT;
	for (i = 0; i < s->n; i++)
		if (values[i] > SEMVMX_)
			return -ERANGE;
	clear_undo(th->host, s, 0, s->n);
	for (i = 0; i < s->n; i++) {
		s->sem[i].value = values[i];
		s->sem[i].pid = th->task->process->pid;
	}
	s->ipc.ctime = ipc_seconds(th->host);
	changed(th->host, s);
	return 0;
}

static long set_stat(struct thread *th, struct sem_set *s, s32 cmd, u64 arg)
{
	struct semid_ds ds;
	long ret = cmd == SEM_STAT_ANY ? 0 : ipc_allowed(th, &s->ipc, 4);

	if (ret)
		return ret;
	memset(&ds, 0, sizeof(ds));
	ipc_perm_of(&s->ipc, &ds.sem_perm);
	ds.sem_otime = s->otime;
	ds.sem_ctime = s->ipc.ctime;
	ds.sem_nsems = s->n;
	if (put_user(ds, arg))
		return -EFAULT;
	return cmd == IPC_STAT ? 0 : s->ipc.id;
}

static long set(struct thread *th, struct sem_set *s, u64 arg)
{
	struct semid_ds ds;
	long ret;

	if (get_user(ds, arg))
		return -EFAULT;
	ret = ipc_owned(th, &s->ipc);
	if (!ret)
		ipc_set_perm(th, &s->ipc, &ds.sem_perm);
	return ret;
}

static long limits(struct thread *th, s32 cmd, u64 arg)
{
	struct ipc_table *table = ipc_table(th->host);
	struct seminfo info = {
		.semmap = 1024000000,
		.semmni = IPC_OBJECTS_MAX,
		.semmns = 1024000000,
		.semmnu = 1024000000,
		.semmsl = SEMMSL_,
		.semopm = SEMOPM_,
		.semume = SEMOPM_,
		.semusz = 20,
		.semvmx = SEMVMX_,
		.semaem = SEMAEM_,
	};

	if (cmd == SEM_INFO)
		info.semusz = table->sem.count;
	return put_user(info, arg) ? -EFAULT : 0;
}

SYSCALL_DEFINE(semctl)
{
	s32 cmd = a[2];
	struct sem_set *s;
	long ret;

	if ((s32)a[0] < 0 || !ipc_table(th->host))
		return -EINVAL;
	if (cmd == IPC_INFO || cmd == SEM_INFO)
		return limits(th, cmd, a[3]);
	s = find(th, a[0]);
	if (!s)
		return -EINVAL;
	switch (cmd) {
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
		return set_stat(th, s, cmd, a[3]);
	case IPC_SET:
		return set(th, s, a[3]);
	case IPC_RMID:
		ret = ipc_owned(th, &s->ipc);
		if (!ret)
			destroy(th->host, s);
		return ret;
	case GETALL:
	case SETALL:
		return all_semaphores(th, s, cmd, a[3]);
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
	case SETVAL:
		return one_semaphore(th, s, a[1], cmd, a[3]);
	}
	return -EINVAL;
}
