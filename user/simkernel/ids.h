/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who a process is to others: user and group ids and capabilities, emulated.
 * A process begins with what the host's process has; changes stay in the arena.
 */
#ifndef SUNDIAL_SIMKERNEL_IDS_H
#define SUNDIAL_SIMKERNEL_IDS_H

#include "simkernel/task.h"

#define CRED_GROUPS 64

struct id_set { /* of users, or of groups */
	u32 real, effective, saved, fs;
};

struct cred {
	struct id_set uid, gid;
	u32 ngroups;
	u32 groups[CRED_GROUPS];
	u64 cap_effective, cap_permitted, cap_inheritable, cap_bounding, cap_ambient;
	u32 securebits;
	bool no_new_privs;
};

/* p's credentials; made on first use. Never NULL: a full arena ends the simulation. */
struct cred *process_cred(struct process *p);
/* Gives child its parent's; -ENOMEM. */
long cred_fork(struct process *child, struct process *parent);
void cred_free(struct process *p);
/* exec: saved ids follow the effective ones, capabilities follow the uid. */
void cred_exec(struct process *p);
bool cred_capable(struct process *p, int capability);
/* kill(2)'s rule for sig from one process to another; 0 or -EPERM. */
long signal_permission(struct process *from, struct process *to, int sig);

#endif
