/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All randomness of a simulation, from its seed. Not for secrets. */
#ifndef SUNDIAL_SIMKERNEL_RANDOM_H
#define SUNDIAL_SIMKERNEL_RANDOM_H

#include "base/types.h"

struct host;

void random_seed(struct host *h, u64 seed);
u64 random_u64(struct host *h);
void random_fill(struct host *h, void *buf, size_t size);

#endif
