/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host thread's effective ids, which decide what files a guest reaches (hostids.c). */
#ifndef SUNDIAL_SIMKERNEL_HOSTIDS_H
#define SUNDIAL_SIMKERNEL_HOSTIDS_H

#include "simkernel/task.h"

/* This host thread acts on files with the ids of p, whose thread it is. */
void host_ids_follow(struct process *p);
/* With the guest's real ids, for access(2); until the next host_ids_follow(). */
void host_ids_follow_real(struct process *p);
/* Root for the runtime's own files; what to give back to host_root_give_back(), 0: nothing. */
u64 host_root_take(void);
void host_root_give_back(u64 taken);

#endif
