/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls to the host's kernel, as the kernel returns them: a negative
 * errno, never -1 and errno. The instruction lies in the caller's text, so code
 * that runs under Syscall User Dispatch stays inside the allowed range.
 */
#ifndef SUNDIAL_BASE_HOSTCALL_H
#define SUNDIAL_BASE_HOSTCALL_H

#include <sys/syscall.h>
#include "base/types.h"

static inline long hostcall6(long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	register u64 r10 __asm__("r10") = d;
	register u64 r8 __asm__("r8") = e;
	register u64 r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#define HOSTCALL_(nr, a, b, c, d, e, f, ...) \
	hostcall6(nr, (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e), (u64)(f))
/* hostcall(SYS_close, fd): up to six arguments of any integer or pointer type. */
#define hostcall(nr, ...) HOSTCALL_(nr, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)

#endif
