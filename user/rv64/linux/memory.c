// SPDX-License-Identifier: GPL-2.0-or-later
/* The calls on memory and System V's objects; mm.c does the work. */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/uio.h>
#include <unistd.h>
#include "rv64/exec.h"
#include "rv64/linux/calls.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define IPC_64_	      0x100
#define SEM_STAT_ANY_ 20

CALL(brk)
{
	return rv64_brk(a[0]);
}

CALL(mmap)
{
	return rv64_mmap(a[0], a[1], a[2], a[3], a[4], a[5]);
}

CALL(munmap)
{
	return rv64_munmap(a[0], a[1]);
}

CALL(mprotect)
{
	return rv64_mprotect(a[0], a[1], a[2]);
}

CALL(pkey_mprotect)
{
	/* Without keys, as on every riscv64 machine. */
	return (s32)a[3] == -1 ? rv64_mprotect(a[0], a[1], a[2]) : -EINVAL;
}

CALL(mremap)
{
	return rv64_mremap(a[0], a[1], a[2], a[3], a[4]);
}

CALL(madvise)
{
	return rv64_madvise(a[0], a[1], a[2]);
}

CALL(process_madvise)
{
	u64 b[6] = {a[0], a[1], a[2], a[3], a[4]};

	return a[3] == MADV_COLD || a[3] == MADV_PAGEOUT || a[3] == MADV_WILLNEED ||
			       a[3] == MADV_COLLAPSE
		       ? rv64_pass(SYS_process_madvise, b)
		       : -EINVAL;
}

/* All that the guest has, and nothing of the engine's: it would count against the limit. */
CALL(mlockall)
{
	struct rv64_mapping m = {0};
	u64 flags = a[0];

	if (!flags || (flags & ~(u64)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) ||
	    flags == MCL_ONFAULT)
		return -EINVAL;
	while ((flags & MCL_CURRENT) && rv64_mapping_find(m.end, &m)) {
		long ret = hostcall(SYS_mlock2, m.start, m.end - m.start,
				    flags & MCL_ONFAULT ? MLOCK_ONFAULT : 0);

		if (ret == -EPERM || ret == -ENOMEM)
			return ret;
	}
	return 0;
}

CALL(shmat)
{
	return rv64_shmat(a[0], a[1], a[2]);
}

CALL(shmdt)
{
	return rv64_shmdt(a[0]);
}

/* include/uapi/asm-generic/sembuf.h; x86-64's has a word behind each time. */
struct rv64_semid_ds {
	struct ipc_perm perm;
	s64 otime, ctime;
	u64 nsems, unused[2];
};

_Static_assert(sizeof(struct ipc_perm) == 48, "asm-generic/ipcbuf.h");
_Static_assert(sizeof(struct rv64_semid_ds) == 88, "asm-generic/sembuf.h");

CALL(semctl)
{
	int command = a[2] & ~IPC_64_;
	struct rv64_semid_ds user = {0};
	struct semid_ds ds = {0};
	u64 b[6] = {a[0], a[1], command, a[3]};
	long ret;

	if (command != IPC_STAT && command != IPC_SET && command != SEM_STAT &&
	    command != SEM_STAT_ANY_)
		return rv64_pass(SYS_semctl, b);
	b[3] = (u64)&ds;
	if (command == IPC_SET) {
		if (get_user(user, a[3]))
			return -EFAULT;
		ds.sem_perm = user.perm;
	}
	ret = rv64_pass(SYS_semctl, b);
	if (ret < 0 || command == IPC_SET)
		return ret;
	user.perm = ds.sem_perm;
	user.otime = ds.sem_otime;
	user.ctime = ds.sem_ctime;
	user.nsems = ds.sem_nsems;
	return put_user(user, a[3]) ? -EFAULT : ret;
}

/* What the guest writes to itself in this way is no store of its own, after which it would
 * have to execute fence.i. */
static void changed_by_writev(u64 iov, u64 count)
{
	struct iovec v;

	for (; count && !get_user(v, iov); count--, iov += sizeof(v)) {
		if (v.iov_len && (u64)v.iov_base < RV64_SPACE_END)
			rv64_code_changed((u64)v.iov_base,
					  min(v.iov_len, RV64_SPACE_END - (u64)v.iov_base));
	}
}

CALL(process_vm_writev)
{
	long ret = rv64_pass(SYS_process_vm_writev, a);

	if (ret > 0 && hostcall(SYS_tgkill, getpid(), (s32)a[0], 0) == 0)
		changed_by_writev(a[3], a[4]);
	return ret;
}

CALL(riscv_flush_icache)
{
	if (a[2] & ~1UL)
		return -EINVAL;
	rv64_code_flush(a[0], min(a[1], RV64_SPACE_END));
	return 0;
}
