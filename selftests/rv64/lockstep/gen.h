/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random programs that end. A program is a piece of code at an address that the caller
 * chooses and 64 KiB of data; what it does depends on nothing else.
 *
 * Registers with a part to play, which no instruction but theirs writes: x5, x8, x15 and
 * x18 point into the data, x1 links, x30 holds targets, x31 counts how often the
 * program goes round.
 */
#ifndef SELFTESTS_RV64_GEN_H
#define SELFTESTS_RV64_GEN_H

#include "base/types.h"
#include "rv64/cpu.h"

#define GEN_CODE_BYTES	4096
#define GEN_DATA_BYTES	65536
#define GEN_BAD_ADDRESS 0x8000 /* nothing is mapped there */

struct gen_random {
	u64 state;
};

u64 gen_next(struct gen_random *random);
static inline u32 gen_below(struct gen_random *random, u32 limit)
{
	return (gen_next(random) >> 32) * limit >> 32;
}

enum gen_kind {
	GEN_VALID,    /* valid instructions, branches, calls, indirect jumps */
	GEN_FAULTING, /* the same, and accesses that fault */
	GEN_BYTES,    /* whatever the bytes say, until it is illegal or traps */
};

/* Writes a program into code, to run at address; returns its bytes. */
u32 gen_program(struct gen_random *random, enum gen_kind kind, u8 *code, u64 address);

/* Registers and data to begin with. */
void gen_state(struct gen_random *random, struct rv64_cpu *cpu, u8 *data, u64 data_address);

#endif
