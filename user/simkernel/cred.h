/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user and group ids and capabilities of a process (ids.c). */
#ifndef SUNDIAL_SIMKERNEL_CRED_H
#define SUNDIAL_SIMKERNEL_CRED_H

#include "base/types.h"

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
	bool changed; /* the guest changed something: host threads follow (hostids.c) */
	bool known;   /* false: as the host's process, not asked yet */
};

#endif
