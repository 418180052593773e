/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fault injection for the kill tests: at the Nth pass of a chosen point the
 * process that passes kills itself, as if from outside. Always compiled; a
 * point costs one comparison.
 */
#ifndef SUNDIAL_SIMKERNEL_FAULT_H
#define SUNDIAL_SIMKERNEL_FAULT_H

#include "simkernel/host.h"

enum fault_point {
	FAULT_NONE,
	FAULT_IN_CALL,	  /* a system call has begun */
	FAULT_IN_EVENT,	  /* a due timer is off the heap and has not fired */
	FAULT_IN_EXEC,	  /* the old image is about to be replaced */
	FAULT_IN_HANDOFF, /* the token has a new owner, who has not been woken */
};

void fault_die(struct host *h);

static inline void fault_point(struct host *h, enum fault_point at)
{
	if (unlikely(h->config.fault_point == at) && --h->config.fault_count == 0)
		fault_die(h);
}

#endif
