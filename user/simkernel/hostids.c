// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ids of the host's threads, as far as they follow the guest's. Files are
 * reached with the host thread's effective ids; so when a guest that the host
 * runs as root gives root up, its host threads do too, for files. The host's
 * real and saved ids stay: the runtime takes root back for its own files and for
 * execve, and others may still signal it.
 *
 * An execve with effective ids that differ from the real ones would make the host
 * forget the death signal, so the runtime takes back both for it.
 *
 * Linux changes ids per thread, and libc makes the threads of a process change
 * one by one; each call of theirs comes here on its own host thread.
 */
#include <sys/prctl.h>
#include "base/hostcall.h"
#include "simkernel/hostids.h"
#include "simkernel/ids.h"

#define KEEP		(-1)
#define HOST_ROOT_TAKEN (1UL << 63) /* no group has so high a number */

/* What a change of effective ids makes the host forget. */
struct forgotten {
	s32 death_signal;
	long dumpable;
	long parent;
};

static void remember(struct forgotten *f)
{
	f->death_signal = 0;
	hostcall(SYS_prctl, PR_GET_PDEATHSIG, &f->death_signal);
	f->dumpable = hostcall(SYS_prctl, PR_GET_DUMPABLE);
	f->parent = hostcall(SYS_getppid);
}

static void restore(const struct forgotten *f)
{
	if (f->dumpable == 1)
		hostcall(SYS_prctl, PR_SET_DUMPABLE, 1);
	if (!f->death_signal)
		return;
	hostcall(SYS_prctl, PR_SET_PDEATHSIG, f->death_signal);
	/* The supervisor may have died while nobody would have told us. */
	if (hostcall(SYS_getppid) != f->parent)
		hostcall(SYS_exit_group, 1);
}

u64 host_root_take(void)
{
	u32 euid = hostcall(SYS_geteuid), egid = hostcall(SYS_getegid), gid = hostcall(SYS_getgid);
	struct forgotten f;

	if (hostcall(SYS_getuid) || (!euid && egid == gid))
		return 0;
	remember(&f);
	hostcall(SYS_setresuid, KEEP, 0, KEEP);
	hostcall(SYS_setresgid, KEEP, gid, KEEP);
	restore(&f);
	return HOST_ROOT_TAKEN | (u64)egid << 32 | euid;
}

void host_root_give_back(u64 taken)
{
	struct forgotten f;

	if (!taken)
		return;
	remember(&f);
	hostcall(SYS_setresgid, KEEP, (u32)((taken & ~HOST_ROOT_TAKEN) >> 32), KEEP);
	hostcall(SYS_setresuid, KEEP, (u32)taken, KEEP);
	restore(&f);
}

static void act_as(struct process *p, u32 uid, u32 gid)
{
	struct cred *c = process_cred(p);
	struct forgotten f;

	if (!c->changed || hostcall(SYS_getuid))
		return;
	remember(&f);
	hostcall(SYS_setresuid, KEEP, 0, KEEP);
	hostcall(SYS_setgroups, c->ngroups, c->groups);
	hostcall(SYS_setresgid, KEEP, gid, KEEP);
	if (uid)
		hostcall(SYS_setresuid, KEEP, uid, KEEP);
	restore(&f);
}

void host_ids_follow(struct process *p)
{
	struct cred *c = process_cred(p);

	act_as(p, c->uid.fs, c->gid.fs);
}

void host_ids_follow_real(struct process *p)
{
	struct cred *c = process_cred(p);

	if (c->uid.real != c->uid.fs || c->gid.real != c->gid.fs)
		act_as(p, c->uid.real, c->gid.real);
}
