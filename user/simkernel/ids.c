// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * User and group ids and capabilities. A process begins with the ids that the
 * host's process has; the root of a simulated host has every capability there,
 * whatever the host's root may do. Changes follow Linux's rules and stay in the
 * arena; only the ids that files are reached with are passed on (hostids.c).
 *
 * Linux keeps credentials per thread and libc makes all threads change together;
 * here they belong to the process, and libc's round over the other threads finds
 * the change already made.
 */
#include <errno.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/hostids.h"
#include "simkernel/ids.h"
#include "simkernel/process.h"
#include "simkernel/syscall.h"

#define CAP_ALL	   ((1UL << 41) - 1)
#define CAP_SETGID 6
#define CAP_SETUID 7
#define KEEP	   (~0U) /* an id of -1: leave it */

static void ids_from_host(struct cred *c)
{
	long n;

	hostcall(SYS_getresuid, &c->uid.real, &c->uid.effective, &c->uid.saved);
	hostcall(SYS_getresgid, &c->gid.real, &c->gid.effective, &c->gid.saved);
	c->uid.fs = c->uid.effective;
	c->gid.fs = c->gid.effective;
	n = hostcall(SYS_getgroups, CRED_GROUPS, c->groups);
	c->ngroups = n > 0 ? n : 0;
	c->cap_bounding = CAP_ALL;
	if (!c->uid.effective)
		c->cap_effective = c->cap_permitted = CAP_ALL;
}

struct cred *process_cred(struct process *p)
{
	struct cred *c = &p->cred;

	if (likely(c->known))
		return c;
	if (p == p->host->init)
		c->cap_effective = c->cap_permitted = c->cap_bounding = CAP_ALL;
	else
		ids_from_host(c);
	c->known = true;
	p->uid = c->uid.effective;
	p->gid = c->gid.effective;
	return c;
}

void ids_inherit(struct process *p, const struct process *from)
{
	p->cred = *process_cred((struct process *)from);
	p->uid = from->uid;
	p->gid = from->gid;
	p->personality = from->personality;
	p->cpu_timers = p->rlimit[RLIMIT_CPU].rlim_cur != RLIM_INFINITY;
}

bool cred_capable(struct process *p, int capability)
{
	return process_cred(p)->cap_effective >> capability & 1;
}

void cred_exec(struct process *p)
{
	struct cred *c = process_cred(p);

	c->uid.saved = c->uid.fs = c->uid.effective;
	c->gid.saved = c->gid.fs = c->gid.effective;
	c->securebits &= ~(1U << 4);
	if (!c->uid.effective || !c->uid.real) {
		c->cap_permitted = c->cap_inheritable | c->cap_bounding;
		c->cap_effective = c->uid.effective ? 0 : c->cap_permitted;
		c->cap_ambient = 0;
	} else {
		c->cap_permitted = c->cap_effective = c->cap_ambient;
	}
	p->pdeath_signal = 0;
}

SYSCALL_DEFINE(getpid)
{
	return th->task->process->pid;
}

SYSCALL_DEFINE(gettid)
{
	return th->task->tid;
}

SYSCALL_DEFINE(getppid)
{
	struct process *parent = th->task->process->parent;

	return parent ? parent->pid : 0;
}

static struct cred *mine(struct thread *th)
{
	return process_cred(th->task->process);
}

SYSCALL_DEFINE(getuid)
{
	return mine(th)->uid.real;
}

SYSCALL_DEFINE(geteuid)
{
	return mine(th)->uid.effective;
}

SYSCALL_DEFINE(getgid)
{
	return mine(th)->gid.real;
}

SYSCALL_DEFINE(getegid)
{
	return mine(th)->gid.effective;
}

static long put_three(const struct id_set *ids, const u64 *a)
{
	if (put_user(ids->real, a[0]) || put_user(ids->effective, a[1]) ||
	    put_user(ids->saved, a[2]))
		return -EFAULT;
	return 0;
}

SYSCALL_DEFINE(getresuid)
{
	return put_three(&mine(th)->uid, a);
}

SYSCALL_DEFINE(getresgid)
{
	return put_three(&mine(th)->gid, a);
}

/* What a change of user ids does to capabilities (capabilities(7)). */
static void users_changed(struct process *p, const struct id_set *old)
{
	struct cred *c = process_cred(p);
	bool had_root = !old->real || !old->effective || !old->saved;
	bool has_root = !c->uid.real || !c->uid.effective || !c->uid.saved;

	if (had_root && !has_root) {
		if (!(c->securebits & 1U << 4)) {
			c->cap_permitted = 0;
			c->cap_effective = 0;
		}
		c->cap_ambient = 0;
	}
	if (!old->effective && c->uid.effective)
		c->cap_effective = 0;
	if (old->effective && !c->uid.effective)
		c->cap_effective = c->cap_permitted;
	if (old->effective != c->uid.effective || old->fs != c->uid.fs) {
		p->dumpable = false;
		p->pdeath_signal = 0;
	}
	p->uid = c->uid.effective;
}

static bool is_one_of(u32 id, const struct id_set *ids)
{
	return id == ids->real || id == ids->effective || id == ids->saved;
}

/* The rules are one for users and groups; only the capability differs. */
static long set_id(struct id_set *ids, u32 id, bool capable)
{
	if (id == KEEP)
		return -EINVAL;
	if (capable)
		*ids = (struct id_set){id, id, id, id};
	else if (id == ids->real || id == ids->saved)
		ids->effective = ids->fs = id;
	else
		return -EPERM;
	return 0;
}

static long set_real_effective(struct id_set *ids, u32 real, u32 effective, bool capable)
{
	struct id_set old = *ids;

	if (!capable && real != KEEP && real != old.real && real != old.effective)
		return -EPERM;
	if (!capable && effective != KEEP && !is_one_of(effective, &old))
		return -EPERM;
	if (real != KEEP)
		ids->real = real;
	if (effective != KEEP)
		ids->effective = effective;
	if (real != KEEP || (effective != KEEP && effective != old.real))
		ids->saved = ids->effective;
	ids->fs = ids->effective;
	return 0;
}

static long set_three(struct id_set *ids, u32 real, u32 effective, u32 saved, bool capable)
{
	if (!capable && ((real != KEEP && !is_one_of(real, ids)) ||
			 (effective != KEEP && !is_one_of(effective, ids)) ||
			 (saved != KEEP && !is_one_of(saved, ids))))
		return -EPERM;
	if (real != KEEP)
		ids->real = real;
	if (effective != KEEP)
		ids->effective = effective;
	if (saved != KEEP)
		ids->saved = saved;
	ids->fs = ids->effective;
	return 0;
}

static u32 set_fs(struct id_set *ids, u32 id, bool capable)
{
	u32 old = ids->fs;

	if (id != KEEP && (capable || id == ids->fs || is_one_of(id, ids)))
		ids->fs = id;
	return old;
}

/* Also when nothing changed any more: another thread of libc's round may have been first. */
static void ids_changed(struct process *p, const struct id_set *old, const struct id_set *new)
{
	struct cred *c = process_cred(p);

	c->changed |= memcmp(old, new, sizeof(*old)) != 0;
	host_ids_follow(p);
}

#define CHANGE_USER(th, call)                                             \
	({                                                                \
		struct process *p_ = (th)->task->process;                 \
		bool capable = cred_capable(p_, CAP_SETUID);              \
		struct id_set *ids = &process_cred(p_)->uid, old_ = *ids; \
		long ret_ = call;                                         \
		if (memcmp(ids, &old_, sizeof(old_)))                     \
			users_changed(p_, &old_);                         \
		ids_changed(p_, &old_, ids);                              \
		ret_;                                                     \
	})

#define CHANGE_GROUP(th, call)                                            \
	({                                                                \
		struct process *p_ = (th)->task->process;                 \
		bool capable = cred_capable(p_, CAP_SETGID);              \
		struct id_set *ids = &process_cred(p_)->gid, old_ = *ids; \
		long ret_ = call;                                         \
		p_->gid = ids->effective;                                 \
		ids_changed(p_, &old_, ids);                              \
		ret_;                                                     \
	})

SYSCALL_DEFINE(setuid)
{
	return CHANGE_USER(th, set_id(ids, a[0], capable));
}

SYSCALL_DEFINE(setgid)
{
	return CHANGE_GROUP(th, set_id(ids, a[0], capable));
}

SYSCALL_DEFINE(setreuid)
{
	return CHANGE_USER(th, set_real_effective(ids, a[0], a[1], capable));
}

SYSCALL_DEFINE(setregid)
{
	return CHANGE_GROUP(th, set_real_effective(ids, a[0], a[1], capable));
}

SYSCALL_DEFINE(setresuid)
{
	return CHANGE_USER(th, set_three(ids, a[0], a[1], a[2], capable));
}

SYSCALL_DEFINE(setresgid)
{
	return CHANGE_GROUP(th, set_three(ids, a[0], a[1], a[2], capable));
}

SYSCALL_DEFINE(setfsuid)
{
	return CHANGE_USER(th, set_fs(ids, a[0], capable));
}

SYSCALL_DEFINE(setfsgid)
{
	return CHANGE_GROUP(th, set_fs(ids, a[0], capable));
}

SYSCALL_DEFINE(getgroups)
{
	struct cred *c = mine(th);
	s32 size = a[0];

	if (size < 0)
		return -EINVAL;
	if (!size)
		return c->ngroups;
	if ((u32)size < c->ngroups)
		return -EINVAL;
	return copy_to_user(a[1], c->groups, c->ngroups * sizeof(u32)) ? -EFAULT : (long)c->ngroups;
}

SYSCALL_DEFINE(setgroups)
{
	struct cred *c = mine(th);
	u32 groups[CRED_GROUPS];

	if (!cred_capable(th->task->process, CAP_SETGID))
		return -EPERM;
	if (a[0] > 65536)
		return -EINVAL;
	if (a[0] > CRED_GROUPS)
		return -ENOMEM;
	if (copy_from_user(groups, a[1], a[0] * sizeof(u32)))
		return -EFAULT;
	memcpy(c->groups, groups, a[0] * sizeof(u32));
	c->ngroups = a[0];
	c->changed = true;
	host_ids_follow(th->task->process);
	return 0;
}
