// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/signals.h"
#include <signal.h>
#include <sys/signalfd.h>

int signals_watch(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
