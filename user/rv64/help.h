/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What translated code calls, and what it shares with C. */
#ifndef SUNDIAL_RV64_HELP_H
#define SUNDIAL_RV64_HELP_H

#include "rv64/cpu.h"
#include "rv64/decode.h"

/* Entries of a thread's jump cache, a power of two; by bits 1 and up of the address. */
#define JUMP_CACHE_SIZE 4096

/* An instruction of a TB that is left to the interpreter. */
struct interp_note {
	struct rv64_insn insn;
	u64 pc;
	u32 index; /* in its TB: so many are charged if it stops here */
};

/* Executes it. 0, or what to leave translated code with. */
u32 rv64_help_interp(struct rv64_cpu *cpu, const struct interp_note *note);

/* Space for a note that lives as long as its TB; NULL when there is none. tb.c. */
void *rv64_note(size_t bytes);

#endif
