/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest time and host time, one a linear function of the other (clock.c). */
#ifndef SUNDIAL_PASSTHROUGH_CLOCK_H
#define SUNDIAL_PASSTHROUGH_CLOCK_H

#include <time.h>
#include "base/types.h"

/* A guest's duration on the host, rounded up; saturates. */
u64 host_duration_ns(u64 guest_ns);
/* A host's duration as the guest counts it. */
u64 guest_duration_ns(u64 host_ns);
/* The guest's CLOCK_MONOTONIC when the host's shows host_ns. */
s64 guest_count_at(u64 host_ns);
/* What the guest's clock shows. False for ids that are not scaled (CPU time, bad ones). */
bool guest_clock_ns(s32 id, s64 *ns);
/* Host CLOCK_MONOTONIC at which the guest's clock id shows abs_ns. */
u64 host_monotonic_at(s32 id, s64 abs_ns);
/* The same on the host's CLOCK_REALTIME, for calls that know no other. */
u64 host_realtime_at(s32 id, s64 abs_ns);
/* The guest's offset of a scaled clock from its CLOCK_MONOTONIC; false as above. */
bool guest_clock_offset(s32 id, s64 *offset);

#endif
