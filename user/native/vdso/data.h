/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the vDSO image needs to know of its process; one read-only page at VDSO_DATA. */
#ifndef SUNDIAL_NATIVE_VDSO_DATA_H
#define SUNDIAL_NATIVE_VDSO_DATA_H

#include "base/types.h"

struct vdso_data {
	u64 entry;  /* native_syscall_entry: the way in without a trap */
	u64 scaled; /* the clock page is SCALED: count from the host's own clock */
	/* SCALED: the host vDSO's clock_gettime; 0: ask the kernel. */
	u64 host_clock_gettime;
};

#endif
