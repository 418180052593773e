/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The back end: IR to x86-64, in one pass over the block.
 *
 * Registers. rbp holds &cpu + RV64_CPU_BIAS, rsp the table of return addresses. rax, rcx
 * and rdx are temporaries. The other eleven hold, in all translated code, the guest
 * registers that compilers use most; the remaining guest registers are in the cpu, are
 * written through at once, and stay readable in a temporary for as long as it is not
 * needed otherwise. xmm0 to xmm2 are temporaries, the others hold guest F registers.
 *
 * So whenever translated code touches guest memory the guest's state is complete in
 * those places, and a fault needs nothing but the map from host to guest instruction.
 */
#ifndef SUNDIAL_RV64_BACK_H
#define SUNDIAL_RV64_BACK_H

#include <stddef.h>
#include "rv64/cpu.h"
#include "rv64/emit.h"
#include "rv64/ir.h"
#include "rv64/tb.h"

/* The host register of each guest register, or NO_REG. */
extern const u8 rv64_pinned[32];
extern const u8 rv64_pinned_f[32];

/* What the host's CPUID has. */
extern struct host_features {
	bool bmi2, bmi1, lzcnt, popcnt, fma;
} rv64_host;

/* Sixteen bytes each, behind the thunks. */
enum code_constant {
	CONST_NAN_D, /* the canonical NaN; single ones boxed */
	CONST_NAN_S,
	CONST_BOX, /* the upper half of the lower 64 bits */
	CONST_SIGN_D,
	CONST_SIGN_S,
	CONST_ABS_D, /* all but the sign */
	CONST_ABS_S,
	CONST_FLAGS, /* 64 bytes: fflags by the lower bits of MXCSR */
	CONST_COUNT = CONST_FLAGS + 4
};

#define NR_TEMPS  3
#define MAX_COLD  (4 * TB_MAX_INSNS)
#define MAX_SITES 40

struct gen;

/* Code that is out of the way: reached by the jump at `from`, goes on at `back`. */
struct cold {
	u8 *from, *back;
	void (*make)(struct gen *g, const struct cold *cold);
	const struct ir *ir;
	u8 reg;
};

/* An exit under construction. */
struct site {
	u8 kind, slot, wide;
	u16 charge; /* instructions that the stub takes off the budget */
	u64 target;
	u8 *field, *imm, *miss, *search; /* as in struct tb_exit */
	u8 *stub;
	u8 *from; /* a jump that is never patched, for exits that only leave */
};

struct gen {
	struct emit e;
	const struct ir_block *block;
	u8 cached[NR_TEMPS];   /* guest register in each temporary, or NO_REG */
	bool locked[NR_TEMPS]; /* in use by the current operation */
	u8 age;
	u8 ages[NR_TEMPS];
	u32 boxed;	 /* F registers known to hold a boxed single */
	u64 *executions; /* counts them, or NULL */
	bool count;	 /* instructions are charged to cpu->budget */
	u32 first_exit;
	struct cold cold[MAX_COLD];
	u32 nr_cold;
	struct site sites[MAX_SITES];
	u32 nr_sites;
	u8 *entry;
};

/* The whole of a block: code into g->e, whose p is at the entry; host_offset is filled
 * in. Exits have the numbers from first_exit on. */
void rv64_back(struct gen *g, const struct ir_block *block, u32 first_exit, u32 *host_offset);

/* thunk.c: what all TBs share, at the beginning of code memory. */
void rv64_thunks_make(struct emit *e, struct thunks *thunks);

/* alloc.c: registers of the current operation. */
void ra_begin(struct gen *g);
void ra_forget(struct gen *g);
u8 ra_temp(struct gen *g);
void ra_take(struct gen *g, u8 temp);
u8 ra_use(struct gen *g, u8 reg);
u8 ra_def(struct gen *g, u8 reg);
void ra_done(struct gen *g, u8 reg, u8 host);
bool ra_in_memory(const struct gen *g, u8 reg);
void ra_wrote(struct gen *g, u8 reg);

static inline struct mem mem_x(u8 reg)
{
	return mem_at(RBP, (int)offsetof(struct rv64_cpu, x) + reg * 8 - RV64_CPU_BIAS);
}

static inline struct mem mem_f(u8 reg)
{
	return mem_at(RBP, (int)offsetof(struct rv64_cpu, f) + reg * 8 - RV64_CPU_BIAS);
}

#define MEM_CPU(field) mem_at(RBP, RV64_CPU_OFFSET(field))

/* A constant, by its address in the mapping that is written. */
const u8 *rv64_constant(enum code_constant which);

/* back.c: code out of the way, and the interpreter's help. */
void gen_cold(struct gen *g, u8 *from, void (*make)(struct gen *g, const struct cold *cold),
	      const struct ir *ir, u8 reg);
void gen_cold_interp(struct gen *g, const struct cold *cold);
void gen_interp_call(struct gen *g, const struct ir *ir);
u64 gen_pc(const struct gen *g, const struct ir *ir);

/* Operations by kind. back_int.c */
void rv64_back_int(struct gen *g, const struct ir *ir);
void gen_constant(struct gen *g, u8 reg, u64 value);

/* back_mem.c */
void rv64_back_mem(struct gen *g, const struct ir *ir);
struct mem gen_address(struct gen *g, const struct ir *ir);

/* back_fp.c */
void rv64_back_fp(struct gen *g, const struct ir *ir);

/* back_exit.c */
void rv64_back_exit(struct gen *g, const struct ir *ir);
void gen_charge(struct gen *g, u32 insns);
void gen_check_budget(struct gen *g);
void gen_stubs(struct gen *g);

#endif
