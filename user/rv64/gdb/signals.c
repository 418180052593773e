// SPDX-License-Identifier: GPL-2.0-or-later
/* gdb numbers signals in its own way, whatever the target. */
#include <signal.h>
#include "rv64/gdb/stub.h"

#define GDB_SIGNAL_UNKNOWN 143
#define GDB_REALTIME_32	   77
#define GDB_REALTIME_33	   45
#define GDB_REALTIME_64	   78

static const u8 numbers[32] = {
	[SIGHUP] = 1,
	[SIGINT] = 2,
	[SIGQUIT] = 3,
	[SIGILL] = 4,
	[SIGTRAP] = 5,
	[SIGABRT] = 6,
	[SIGFPE] = 8,
	[SIGKILL] = 9,
	[SIGBUS] = 10,
	[SIGSEGV] = 11,
	[SIGSYS] = 12,
	[SIGPIPE] = 13,
	[SIGALRM] = 14,
	[SIGTERM] = 15,
	[SIGURG] = 16,
	[SIGSTOP] = 17,
	[SIGTSTP] = 18,
	[SIGCONT] = 19,
	[SIGCHLD] = 20,
	[SIGTTIN] = 21,
	[SIGTTOU] = 22,
	[SIGIO] = 23,
	[SIGXCPU] = 24,
	[SIGXFSZ] = 25,
	[SIGVTALRM] = 26,
	[SIGPROF] = 27,
	[SIGWINCH] = 28,
	[SIGUSR1] = 30,
	[SIGUSR2] = 31,
	[SIGPWR] = 32,
	[SIGSTKFLT] = GDB_SIGNAL_UNKNOWN,
};

int gdb_signal_of(int host)
{
	if (host < 32)
		return numbers[host];
	if (host == 32)
		return GDB_REALTIME_32;
	return host == 64 ? GDB_REALTIME_64 : GDB_REALTIME_33 + host - 33;
}

int gdb_signal_from(int gdb)
{
	for (int host = 1; host <= NSIG_MAX; host++) {
		if (gdb_signal_of(host) == gdb)
			return host;
	}
	return 0;
}
