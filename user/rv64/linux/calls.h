/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files that answer calls: CALL(name) begins the function of an OWN row. */
#ifndef SUNDIAL_RV64_LINUX_CALLS_H
#define SUNDIAL_RV64_LINUX_CALLS_H

#include "rv64/linux/linux.h"

/* a[] are the arguments; the result is the guest's a0, PASS_RESTART or RV64_KEEP_STATE. */
#define CALL(name)                                                 \
	long rv64_sys_##name(struct rv64_thread *t, const u64 *a); \
	long rv64_sys_##name(struct rv64_thread *t, const u64 *a)

#endif
