// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Core files. A guest that a signal ends with a core is copied by fork, and the
 * copy dies of that signal on the host with the guest's registers: the host's
 * kernel writes the file by its own rules (core_pattern, limits, permissions).
 * The copy has one thread, the one that the signal struck; the arena is never
 * part of a core (MADV_DONTDUMP).
 */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include "base/hostcall.h"
#include "native/thread.h"
#include "simkernel/task.h"

static void die(struct thread *th, int sig, const siginfo_t *info) __attribute__((noreturn));
static void die(struct thread *th, int sig, const siginfo_t *info)
{
	struct k_sigaction dfl = {0};
	struct rlimit limit = th->task->process->rlimit[RLIMIT_CORE], host;
	u64 all = ~0UL;
	siginfo_t own = *info;
	long pid = hostcall(SYS_getpid);

	hostcall(SYS_prlimit64, 0, RLIMIT_CORE, 0, &host);
	host.rlim_cur = min(limit.rlim_cur, host.rlim_max);
	hostcall(SYS_prlimit64, 0, RLIMIT_CORE, &host, 0);
	hostcall(SYS_rt_sigprocmask, SIG_SETMASK, &all, 0, 8);
	hostcall(SYS_rt_sigaction, sig, &dfl, 0, 8);
	own.si_signo = sig;
	hostcall(SYS_rt_tgsigqueueinfo, pid, pid, sig, &own);
	/* It strikes when the guest's registers are back, and only then. */
	native_return_to_host(th, ~(1UL << (sig - 1)));
}

void native_dump_core(struct thread *th, int sig, const siginfo_t *info)
{
	struct pollfd ended = {.events = POLLIN};
	long pid = hostcall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		die(th, sig, info);
	if (pid < 0)
		return;
	ended.fd = hostcall(SYS_pidfd_open, pid, 0);
	if (ended.fd < 0)
		return;
	while (hostcall(SYS_poll, &ended, 1, -1) < 0)
		;
	hostcall(SYS_close, ended.fd);
}
