// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System V message queues. A message goes straight to the receiver that has
 * waited longest for one like it, as in Linux; senders that find a queue full
 * sleep and look again when it changes. Sleepers find their queue by id, because
 * it may be gone.
 */
#include <errno.h>
#include <sys/msg.h>
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/ids.h"
#include "simkernel/ipc.h"

#define CAP_SYS_RESOURCE_ 24
#define MSGMAX_		  8192
#define MSGMNB_		  16384

struct message {
	struct list link;
	s64 type;
	u64 size;
	char text[];
};

struct msg_queue {
	struct ipc_object ipc;
	struct waitq wait;
	struct list messages;
	u64 count, bytes, max_bytes;
	s64 stime, rtime;
	s32 lspid, lrpid;
};

struct msg_wait { /* a sleeping receiver's task->scratch; replaced by the message it is given */
	s64 type;
	u64 max;
	u32 flags;
	long error;
};

static struct msg_queue *find(struct thread *th, s32 id)
{
	struct ipc_table *table = ipc_table(th->host);
	struct ipc_object *o = table && id >= 0 ? ipc_find_id(&table->msg, id) : NULL;

	return o ? container_of(o, struct msg_queue, ipc) : NULL;
}

SYSCALL_DEFINE(msgget)
{
	struct ipc_table *table = ipc_table(th->host);
	struct ipc_object *o;
	struct msg_queue *q;
	long ret;

	if (!table)
		return -ENOMEM;
	o = ipc_find_key(th, &table->msg, a[0], a[1], &ret);
	if (o)
		return o->id;
	if (ret)
		return ret;
	q = arena_alloc(th->host, sizeof(*q));
	if (!q)
		return -ENOMEM;
	waitq_init(&q->wait);
	list_init(&q->messages);
	q->max_bytes = MSGMNB_;
	ret = ipc_enter(th, &table->msg, &q->ipc, a[0], a[1]);
	if (ret < 0)
		arena_free(th->host, q);
	return ret;
}

/* Sleeps until q changes: 0 and *q found again, or why not. */
static long wait_change(struct thread *th, s32 id, struct msg_queue **q, bool receiver)
{
	struct task *t = th->task;
	long ret;

	t->wait.key = receiver;
	waitq_add(&(*q)->wait, &t->wait);
	ret = task_sleep(th, TIME_NEVER);
	waitq_remove(&t->wait);
	t->wait.key = 0;
	*q = find(th, id);
	if (!*q)
		return -EIDRM;
	return ret ? -ERESTARTNOHAND : 0;
}

static bool wanted(const struct message *m, s64 type, u32 flags)
{
	if (!type)
		return true;
	if (type < 0)
		return m->type <= -type;
	return (m->type == type) != !!(flags & MSG_EXCEPT);
}

/* Gives m to a sleeping receiver; false: nobody wants it. */
static bool hand_over(struct host *h, struct msg_queue *q, struct message *m)
{
	struct waiter *w, *next;

	list_for_each_safe (w, next, &q->wait.waiters, link) {
		struct task *t = w->owner;
		struct msg_wait *mw = t->scratch;

		if (!w->key || !wanted(m, mw->type, mw->flags))
			continue;
		list_del(&w->link);
		task_wake(t);
		if (m->size > mw->max && !(mw->flags & MSG_NOERROR)) {
			mw->error = -E2BIG;
			continue;
		}
		arena_free(h, mw);
		t->scratch = m;
		q->lrpid = t->process->pid;
		q->rtime = ipc_seconds(h);
		return true;
	}
	return false;
}

SYSCALL_DEFINE(msgsnd)
{
	struct host *h = th->host;
	struct msg_queue *q;
	struct message *m;
	u64 size = a[2];
	s64 type;
	long ret;

	if (get_user(type, a[1]))
		return -EFAULT;
	if (size > MSGMAX_ || (s32)a[0] < 0 || type < 1)
		return -EINVAL;
	/* Scratch until it is queued: a sender may die asleep. */
	m = arena_alloc(h, sizeof(*m) + size);
	if (!m)
		return -ENOMEM;
	th->task->scratch = m;
	if (copy_from_user(m->text, a[1] + sizeof(type), size))
		return -EFAULT;
	m->type = type;
	m->size = size;
	q = find(th, a[0]);
	if (!q)
		return -EINVAL;
	for (;;) {
		ret = ipc_allowed(th, &q->ipc, 2);
		if (ret)
			return ret;
		if (q->bytes + size <= q->max_bytes && q->count + 1 <= q->max_bytes)
			break;
		if (a[3] & IPC_NOWAIT)
			return -EAGAIN;
		ret = wait_change(th, a[0], &q, false);
		if (ret)
			return ret;
	}
	th->task->scratch = NULL;
	q->stime = ipc_seconds(h);
	q->lspid = th->task->process->pid;
	if (!hand_over(h, q, m)) {
		list_add_tail(&m->link, &q->messages);
		q->count++;
		q->bytes += size;
	}
	return 0;
}

/* The message that msgrcv's type asks for: the first, or of those up to -type the least. */
static struct message *choose(struct msg_queue *q, s64 type, u32 flags)
{
	struct message *m, *best = NULL;
	s64 index = 0;

	list_for_each (m, &q->messages, link) {
		if (flags & MSG_COPY) {
			if (index++ == type)
				return m;
			continue;
		}
		if (!wanted(m, type, flags))
			continue;
		if (type >= 0)
			return m;
		if (!best || m->type < best->type)
			best = m;
	}
	return best;
}

static void take(struct thread *th, struct msg_queue *q, struct message *m)
{
	list_del(&m->link);
	q->count--;
	q->bytes -= m->size;
	q->rtime = ipc_seconds(th->host);
	q->lrpid = th->task->process->pid;
	waitq_wake_all(&q->wait);
	th->task->scratch = m; /* freed when the call ends */
}

/* Sleeps until a sender hands a message over; NULL and *err otherwise. */
static struct message *receive_later(struct thread *th, const u64 *a, struct msg_queue *q,
				     long *err)
{
	struct msg_wait *mw = arena_alloc(th->host, sizeof(*mw));
	struct task *t = th->task;

	*err = -ENOMEM;
	if (!mw)
		return NULL;
	mw->type = a[3];
	mw->max = a[2];
	mw->flags = a[4];
	t->scratch = mw;
	do {
		*err = wait_change(th, a[0], &q, true);
		if (t->scratch != mw)
			return t->scratch;
		if (mw->error)
			*err = mw->error;
	} while (!*err);
	return NULL;
}

SYSCALL_DEFINE(msgrcv)
{
	u32 flags = a[4];
	struct msg_queue *q;
	struct message *m;
	u64 size;
	long ret;

	if ((s32)a[0] < 0 || (s64)a[2] < 0)
		return -EINVAL;
	if (flags & MSG_COPY && (flags & MSG_EXCEPT || !(flags & IPC_NOWAIT)))
		return -EINVAL;
	q = find(th, a[0]);
	if (!q)
		return -EINVAL;
	ret = ipc_allowed(th, &q->ipc, 4);
	if (ret)
		return ret;
	m = choose(q, a[3], flags);
	if (m) {
		if (m->size > a[2] && !(flags & MSG_NOERROR))
			return -E2BIG;
		if (!(flags & MSG_COPY))
			take(th, q, m);
	} else {
		if (flags & IPC_NOWAIT)
			return -ENOMSG;
		m = receive_later(th, a, q, &ret);
		if (!m)
			return ret;
	}
	size = min(m->size, a[2]);
	if (put_user(m->type, a[1]) || copy_to_user(a[1] + sizeof(m->type), m->text, size))
		return -EFAULT;
	return size;
}

static void destroy(struct host *h, struct msg_queue *q)
{
	struct ipc_table *table = h->ipc;
	struct message *m, *next_message;
	struct waiter *w, *next;

	list_for_each_safe (w, next, &q->wait.waiters, link) {
		list_del(&w->link);
		task_wake(w->owner);
	}
	list_for_each_safe (m, next_message, &q->messages, link)
		arena_free(h, m);
	ipc_remove(&table->msg, &q->ipc);
	arena_free(h, q);
}

static long set(struct thread *th, struct msg_queue *q, u64 addr)
{
	struct msqid_ds ds;
	long ret;

	if (get_user(ds, addr))
		return -EFAULT;
	ret = ipc_owned(th, &q->ipc);
	if (ret)
		return ret;
	if (ds.msg_qbytes > MSGMNB_ && !cred_capable(th->task->process, CAP_SYS_RESOURCE_))
		return -EPERM;
	q->max_bytes = ds.msg_qbytes;
	ipc_set_perm(th, &q->ipc, &ds.msg_perm);
	waitq_wake_all(&q->wait);
	return 0;
}

static long queue_stat(struct thread *th, struct msg_queue *q, s32 cmd, u64 addr)
{
	struct msqid_ds ds;
	long ret = cmd == MSG_STAT_ANY ? 0 : ipc_allowed(th, &q->ipc, 4);

	if (ret)
		return ret;
	memset(&ds, 0, sizeof(ds));
	ipc_perm_of(&q->ipc, &ds.msg_perm);
	ds.msg_stime = q->stime;
	ds.msg_rtime = q->rtime;
	ds.msg_ctime = q->ipc.ctime;
	ds.__msg_cbytes = q->bytes;
	ds.msg_qnum = q->count;
	ds.msg_qbytes = q->max_bytes;
	ds.msg_lspid = q->lspid;
	ds.msg_lrpid = q->lrpid;
	if (put_user(ds, addr))
		return -EFAULT;
	return cmd == IPC_STAT ? 0 : q->ipc.id;
}

static long limits(struct thread *th, s32 cmd, u64 addr)
{
	struct ipc_table *table = ipc_table(th->host);
	struct msginfo info = {
		.msgmax = MSGMAX_,
		.msgmnb = MSGMNB_,
		.msgmni = IPC_OBJECTS_MAX,
		.msgssz = 16,
		.msgseg = 65535,
	};

	if (cmd == MSG_INFO)
		info.msgpool = table->msg.count;
	return put_user(info, addr) ? -EFAULT : 0;
}

SYSCALL_DEFINE(msgctl)
{
	s32 cmd = a[1];
	struct msg_queue *q;
	long ret;

	if ((s32)a[0] < 0 || cmd < 0 || !ipc_table(th->host))
		return -EINVAL;
	if (cmd == IPC_INFO || cmd == MSG_INFO)
		return limits(th, cmd, a[2]);
	q = find(th, a[0]);
	if (!q)
		return -EINVAL;
	switch (cmd) {
	case IPC_STAT:
	case MSG_STAT:
	case MSG_STAT_ANY:
		return queue_stat(th, q, cmd, a[2]);
	case IPC_SET:
		return set(th, q, a[2]);
	case IPC_RMID:
		ret = ipc_owned(th, &q->ipc);
		if (!ret)
			destroy(th->host, q);
		return ret;
	}
	return -EINVAL;
}
