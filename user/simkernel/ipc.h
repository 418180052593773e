/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System V IPC: what its three kinds of objects share, keys, ids and
 * permissions (ipc.c). Belongs to the holder of the run token.
 */
#ifndef SUNDIAL_SIMKERNEL_IPC_H
#define SUNDIAL_SIMKERNEL_IPC_H

#include <sys/ipc.h>
#include "simkernel/syscall.h"

#define IPC_KEY_ANY	0 /* IPC_PRIVATE */
#define IPC_OBJECTS_MAX 32000

struct ipc_object { /* the head of every object */
	struct list link;
	s32 id, key;
	u32 uid, gid, cuid, cgid, mode;
	s64 ctime;
};

struct ipc_kind {
	struct list objects;
	u32 count;
	s32 next_id;
};

struct ipc_table {
	struct ipc_kind shm, sem, msg;
};

/* NULL: no memory. */
struct ipc_table *ipc_table(struct host *h);
struct ipc_object *ipc_find_id(struct ipc_kind *kind, s32 id);
/*
 * The object of a get call: found and allowed, or NULL and *err: 0 when a new
 * one is to be made, else the errno.
 */
struct ipc_object *ipc_find_key(struct thread *th, struct ipc_kind *kind, s32 key, u32 flags,
				long *err);
/* Enters a new object; -ENOSPC when there are too many. */
long ipc_enter(struct thread *th, struct ipc_kind *kind, struct ipc_object *o, s32 key, u32 flags);
void ipc_remove(struct ipc_kind *kind, struct ipc_object *o);
/* want: 4 to read, 2 to change. 0 or -EACCES. */
long ipc_allowed(struct thread *th, const struct ipc_object *o, u32 want);
/* The owner, the creator, or root; 0 or -EPERM. */
long ipc_owned(struct thread *th, const struct ipc_object *o);
void ipc_perm_of(const struct ipc_object *o, struct ipc_perm *perm);
/* IPC_SET: takes uid, gid and mode. */
void ipc_set_perm(struct thread *th, struct ipc_object *o, const struct ipc_perm *perm);
/* The wall clock in seconds. */
s64 ipc_seconds(struct host *h);

/* shm.c: a copied address space has its segments too; [start, end) of mm is unmapped. */
long shm_mm_copied(struct host *h, struct mm *mm, const struct mm *old);
void shm_unmapped(struct host *h, struct mm *mm, u64 start, u64 end);
/* sem.c: SEM_UNDO. */
void sem_process_exit(struct host *h, struct process *p);

#endif
