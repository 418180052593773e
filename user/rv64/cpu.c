// SPDX-License-Identifier: GPL-2.0-or-later
/* The state that a new program finds. */
#include "rv64/cpu.h"
#include "rv64/fp.h"

void rv64_cpu_init(struct rv64_cpu *cpu)
{
	*cpu = (struct rv64_cpu){
		.mxcsr = RV64_MXCSR_MASKS,
		.frm_valid = 1,
		.reserved_address = RV64_NO_RESERVATION,
	};
}
