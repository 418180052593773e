// SPDX-License-Identifier: GPL-2.0-or-later
/* arch_prctl: the segment bases are registers, which only the engine can set. */
#include <asm/prctl.h>
#include <errno.h>
#include "base/hostcall.h"
#include "native/thread.h"
#include "simkernel/syscall.h"

bool native_segment_call(const u64 *a, long *ret)
{
	u64 base;

	switch (a[0]) {
	case ARCH_SET_FS:
		*ret = a[1] >= 0x7ffffffff000UL ? -EPERM : 0;
		if (!*ret)
			__asm__ volatile("wrfsbase %0" ::"r"(a[1]));
		return true;
	case ARCH_GET_FS:
		__asm__ volatile("rdfsbase %0" : "=r"(base));
		*ret = put_user(base, a[1]);
		return true;
	case ARCH_GET_GS:
		base = 0;
		*ret = put_user(base, a[1]);
		return true;
	}
	return false;
}

SYSCALL_DEFINE(arch_prctl)
{
	long ret;

	if (native_segment_call(a, &ret))
		return ret;
	switch (a[0]) {
	case ARCH_SET_GS:
		sim_note(th->host,
			 "%s (pid %d): arch_prctl(ARCH_SET_GS) refused: %%gs is Sundial's",
			 th->task->comm, th->task->process->pid);
		return -EPERM;
	case ARCH_GET_CPUID:
		return 1;
	case ARCH_SET_CPUID:
		return -ENODEV;
	case ARCH_GET_XCOMP_SUPP:
	case ARCH_GET_XCOMP_PERM:
	case ARCH_REQ_XCOMP_PERM:
		return pass(th, SYS_arch_prctl, a[0], a[1]);
	}
	return -EINVAL;
}
