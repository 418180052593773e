// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Locking memory. Nothing is locked: the host may page what it likes, and no
 * guest can tell, since virtual time stands still meanwhile. Arguments and limits
 * are checked as Linux does. Whether a range is mapped the host tells.
 */
#include <errno.h>
#include <sys/mman.h>
#include "base/hostcall.h"
#include "simkernel/ids.h"
#include "simkernel/syscall.h"

#define CAP_IPC_LOCK_ 14

/* Writing back nothing, asynchronously, only finds out whether all of it is mapped. */
static long check_mapped(u64 addr, u64 len)
{
	u64 start = ALIGN_DOWN(addr, PAGE_BYTES), end = ALIGN_UP(addr + len, PAGE_BYTES);

	if (end < start)
		return -EINVAL;
	return start == end ? 0 : hostcall(SYS_msync, start, end - start, MS_ASYNC);
}

static u64 locked_limit(struct thread *th)
{
	struct process *p = th->task->process;

	if (cred_capable(p, CAP_IPC_LOCK_))
		return RLIM_INFINITY;
	return p->rlimit[RLIMIT_MEMLOCK].rlim_cur;
}

static long lock_range(struct thread *th, u64 addr, u64 len)
{
	u64 limit = locked_limit(th);

	if (!limit)
		return -EPERM;
	if (len > limit)
		return -ENOMEM;
	return check_mapped(addr, len);
}

SYSCALL_DEFINE(mlock)
{
	return lock_range(th, a[0], a[1]);
}

SYSCALL_DEFINE(mlock2)
{
	return a[2] & ~(u64)MLOCK_ONFAULT ? -EINVAL : lock_range(th, a[0], a[1]);
}

SYSCALL_DEFINE(munlock)
{
	return check_mapped(a[0], a[1]);
}

SYSCALL_DEFINE(mlockall)
{
	u32 flags = a[0];

	if (!flags || flags & ~(u32)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) ||
	    flags == MCL_ONFAULT)
		return -EINVAL;
	return locked_limit(th) ? 0 : -EPERM;
}

SYSCALL_DEFINE(munlockall)
{
	return 0;
}
