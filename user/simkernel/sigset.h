/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The classes of signals, as in signal(7). */
#ifndef SUNDIAL_SIMKERNEL_SIGSET_H
#define SUNDIAL_SIMKERNEL_SIGSET_H

#include "simkernel/task.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

#define SIGRTMIN_KERNEL 32 /* libc's SIGRTMIN is after the ones it keeps for itself */

#define SIGSET_UNCATCHABLE (SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))
#define SIGSET_STOP	   (SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU))
#define SIGSET_IGNORED	   (SIGBIT(SIGCONT) | SIGBIT(SIGCHLD) | SIGBIT(SIGWINCH) | SIGBIT(SIGURG))
#define SIGSET_CORE                                                                              \
	(SIGBIT(SIGQUIT) | SIGBIT(SIGILL) | SIGBIT(SIGTRAP) | SIGBIT(SIGABRT) | SIGBIT(SIGFPE) | \
	 SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGSYS) | SIGBIT(SIGXCPU) | SIGBIT(SIGXFSZ))
/* What an instruction causes. */
#define SIGSET_SYNCHRONOUS                                                                      \
	(SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGILL) | SIGBIT(SIGTRAP) | SIGBIT(SIGFPE) | \
	 SIGBIT(SIGSYS))

#endif
