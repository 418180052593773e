/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel that a simulated host claims to run: its calls are those of this release. */
#ifndef SUNDIAL_SIMKERNEL_SYSINFO_H
#define SUNDIAL_SIMKERNEL_SYSINFO_H

struct host;
struct utsname;

#define SIM_RELEASE "6.12.0-sundial"
#define SIM_VERSION "#1 SMP PREEMPT_DYNAMIC Sundial"

void host_uname(struct host *h, struct utsname *u);

#endif
