// SPDX-License-Identifier: GPL-2.0-or-later
/* Fault injection (fault.h). The counter belongs to the holder of the run token. */
#include <signal.h>
#include "base/hostcall.h"
#include "simkernel/fault.h"

void fault_die(struct host *h)
{
	s32 pid = hostcall(SYS_getpid);

	h->config.fault_point = FAULT_NONE;
	/* The supervisor passes some points when it takes over for a dead holder. */
	if (pid != h->config.supervisor_pid)
		hostcall(SYS_kill, pid, SIGKILL);
}
