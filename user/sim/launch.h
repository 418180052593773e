/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host's kernel is told about every guest process. */
#ifndef SUNDIAL_SIM_LAUNCH_H
#define SUNDIAL_SIM_LAUNCH_H

#include <signal.h>

/* The host signal by which the watchdog stops a thread that makes no calls. */
#define PREEMPT_SIGNAL 63

/* The host's mask of a guest: everything blocked but faults, traps and preemption. */
void guest_signal_mask(sigset_t *mask);

#endif
