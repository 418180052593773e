// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys, ids and permissions of System V IPC objects. */
#include <errno.h>
#include "simkernel/arena.h"
#include "simkernel/ids.h"
#include "simkernel/ipc.h"

#define CAP_IPC_OWNER_ 15
#define CAP_SYS_ADMIN_ 21

static void kind_init(struct ipc_kind *kind)
{
	list_init(&kind->objects);
}

struct ipc_table *ipc_table(struct host *h)
{
	struct ipc_table *table = h->ipc;

	if (likely(table))
		return table;
	table = arena_alloc(h, sizeof(*table));
	if (!table)
		return NULL;
	kind_init(&table->shm);
	kind_init(&table->sem);
	kind_init(&table->msg);
	h->ipc = table;
	return table;
}

s64 ipc_seconds(struct host *h)
{
	return ((s64)host_now(h) + host_realtime_offset(h)) / (s64)NSEC_PER_SEC;
}

struct ipc_object *ipc_find_id(struct ipc_kind *kind, s32 id)
{
	struct ipc_object *o;

	list_for_each (o, &kind->objects, link)
		if (o->id == id)
			return o;
	return NULL;
}

long ipc_allowed(struct thread *th, const struct ipc_object *o, u32 want)
{
	struct cred *c = process_cred(th->task->process);
	u32 granted = o->mode, i;
	bool in_group = c->gid.effective == o->gid || c->gid.effective == o->cgid;

	for (i = 0; i < c->ngroups; i++)
		in_group |= c->groups[i] == o->gid || c->groups[i] == o->cgid;
	if (c->uid.effective == o->uid || c->uid.effective == o->cuid)
		granted >>= 6;
	else if (in_group)
		granted >>= 3;
	if ((want & granted) == want || cred_capable(th->task->process, CAP_IPC_OWNER_))
		return 0;
	return -EACCES;
}

long ipc_owned(struct thread *th, const struct ipc_object *o)
{
	u32 euid = process_cred(th->task->process)->uid.effective;

	if (euid == o->uid || euid == o->cuid || cred_capable(th->task->process, CAP_SYS_ADMIN_))
		return 0;
	return -EPERM;
}

struct ipc_object *ipc_find_key(struct thread *th, struct ipc_kind *kind, s32 key, u32 flags,
				long *err)
{
	struct ipc_object *o;

	*err = 0;
	if (key == IPC_KEY_ANY)
		return NULL;
	list_for_each (o, &kind->objects, link) {
		if (o->key != key)
			continue;
		if ((flags & IPC_CREAT) && (flags & IPC_EXCL))
			*err = -EEXIST;
		else
			*err = ipc_allowed(th, o, (flags >> 6 | flags >> 3 | flags) & 7);
		return *err ? NULL : o;
	}
	if (!(flags & IPC_CREAT))
		*err = -ENOENT;
	return NULL;
}

long ipc_enter(struct thread *th, struct ipc_kind *kind, struct ipc_object *o, s32 key, u32 flags)
{
	struct cred *c = process_cred(th->task->process);

	if (kind->count >= IPC_OBJECTS_MAX)
		return -ENOSPC;
	kind->count++;
	do {
		o->id = kind->next_id;
		kind->next_id = (kind->next_id + 1) & INT_MAX;
	} while (ipc_find_id(kind, o->id));
	o->key = key;
	o->uid = o->cuid = c->uid.effective;
	o->gid = o->cgid = c->gid.effective;
	o->mode = flags & 0777;
	o->ctime = ipc_seconds(th->host);
	list_add_tail(&o->link, &kind->objects);
	return o->id;
}

void ipc_remove(struct ipc_kind *kind, struct ipc_object *o)
{
	list_del(&o->link);
	kind->count--;
}

void ipc_perm_of(const struct ipc_object *o, struct ipc_perm *perm)
{
	*perm = (struct ipc_perm){
		.__key = o->key,
		.uid = o->uid,
		.gid = o->gid,
		.cuid = o->cuid,
		.cgid = o->cgid,
		.mode = o->mode,
	};
}

void ipc_set_perm(struct thread *th, struct ipc_object *o, const struct ipc_perm *perm)
{
	o->uid = perm->uid;
	o->gid = perm->gid;
	o->mode = (o->mode & ~0777U) | (perm->mode & 0777);
	o->ctime = ipc_seconds(th->host);
}

void ipc_process_exit(struct host *h, struct process *p)
{
	sem_process_exit(h, p);
}
