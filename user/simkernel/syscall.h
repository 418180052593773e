/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of system calls: syscalls.tbl is the one list, from which come the
 * dispatch table, strace's formats, the statistics' names and the table in
 * Documentation.
 */
#ifndef SUNDIAL_SIMKERNEL_SYSCALL_H
#define SUNDIAL_SIMKERNEL_SYSCALL_H

#include "simkernel/sched.h"
#include "simkernel/file.h"
#include "simkernel/signal.h"
#include "simkernel/uaccess.h"
#include "simkernel/process.h"

typedef long syscall_fn(struct thread *th, const u64 *a);

enum syscall_class {
	SYSCALL_UNKNOWN,  /* not in the table: ENOSYS and a line in the report */
	SYSCALL_EMULATED, /* answered from the arena, perhaps with the host's help */
	SYSCALL_ENGINE,	  /* answered by the engine; its function is in the guests' image alone */
	SYSCALL_PASSED,	  /* the host's kernel answers, arguments unchanged */
	SYSCALL_UNSUPPORTED, /* known, refused with a named errno on purpose */
};

struct syscall_desc {
	const char *name;
	const char *args; /* strace format, one letter an argument; see strace.c */
	syscall_fn *fn;	  /* EMULATED */
	u16 class;
	u16 error; /* UNSUPPORTED: the errno it gives */
};

/* The body of a handler: SYSCALL_DEFINE(close) { return fd_close(th, a[0]); } */
#define SYSCALL_DEFINE(name)   \
	syscall_fn sys_##name; \
	long sys_##name(struct thread *th, const u64 *a)

extern const struct syscall_desc syscall_table[SYSCALL_SLOTS];

/* A call to the host's kernel on behalf of the guest, counted as answered by the host. */
#define pass(th, nr, ...)                          \
	({                                         \
		(th)->host->call_used_host = true; \
		hostcall(nr, ##__VA_ARGS__);       \
	})

#endif
