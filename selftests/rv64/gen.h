/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random riscv64 code, the same for the same seed everywhere: for tests that run it
 * twice and compare. Every operation of insn.def and every 16-bit form comes up.
 *
 * A block terminates and touches no memory but the scratch area, if it starts with
 * the registers of rv64_gen_state(): branches go forward, but for loops with counters;
 * x1, x2, x4, x8 and x9 are written only by what needs them. It ends with an ebreak.
 */
#ifndef SUNDIAL_RV64_GEN_H
#define SUNDIAL_RV64_GEN_H

#include "rv64/cpu.h"

#define RV64_GEN_SCRATCH_BYTES 16384

enum rv64_gen_flags {
	RV64_GEN_ILLEGAL = 1,	 /* some words that are illegal, and invalid frm */
	RV64_GEN_MISALIGNED = 2, /* some atomics are misaligned */
	RV64_GEN_FENCE_I = 4,
	RV64_GEN_COUNTERS = 8, /* rdcycle, rdtime, rdinstret */
	RV64_GEN_NO_FLOAT = 16,
};

struct rv64_gen {
	u64 state;
	u64 scratch; /* address of the scratch area, a multiple of 16 */
	u32 flags;
	const u8 *excluded; /* by operation, those not to use; NULL if there are none */

	/* The block under construction. */
	u8 *out;
	u32 used, room;
	u32 segment;	 /* where the current straight stretch began */
	u32 targets[64]; /* offsets in it to which branches may go */
	u32 target_count;
	u32 branches[64]; /* offsets of branches that have no target yet */
	u32 branch_count;
};

void rv64_gen_init(struct rv64_gen *gen, u64 seed, u64 scratch, u32 flags);

u64 rv64_gen_random(struct rv64_gen *gen);

/*
 * Writes a block of at most bytes (at least 64) to out, which need not be where it
 * will run; returns its length, the ebreak included.
 */
u32 rv64_gen_block(struct rv64_gen *gen, void *out, u32 bytes);

/* Random bytes, many of them instructions; they may do anything. */
void rv64_gen_bytes(struct rv64_gen *gen, void *out, u32 bytes);

/* One legal 32- or 16-bit instruction of any kind; returns its bits. */
u32 rv64_gen_insn(struct rv64_gen *gen);

/* Registers for a block to start with, all but pc: corner cases and random numbers. */
void rv64_gen_state(struct rv64_gen *gen, struct rv64_cpu *cpu);

/* Fills the scratch area. */
void rv64_gen_scratch(struct rv64_gen *gen, void *scratch);

#endif
