/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who a process is to others: user and group ids and capabilities, emulated.
 * A process begins with what the host's process has; changes stay in the arena.
 */
#ifndef SUNDIAL_SIMKERNEL_IDS_H
#define SUNDIAL_SIMKERNEL_IDS_H

#include "simkernel/task.h"

/* p's credentials; taken from the host on first use. */
struct cred *process_cred(struct process *p);
/* exec: saved ids follow the effective ones, capabilities follow the uid. */
void cred_exec(struct process *p);
/* caps.c: prctl's options about capabilities; a: the call's arguments. */
long caps_prctl(struct process *p, const u64 *a);
bool cred_capable(struct process *p, int capability);
/* A process by its own id or by that of one of its threads, alive or zombie; or NULL. */
struct process *process_of_tid(struct host *h, s32 pid);
/* kill(2)'s rule for sig from one process to another; 0 or -EPERM. */
long signal_permission(struct process *from, struct process *to, int sig);

#endif
