/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operands of the integer half of the back end: where they are, and how they get where an
 * instruction wants them. */
#ifndef SUNDIAL_RV64_BACK_OPS_H
#define SUNDIAL_RV64_BACK_OPS_H

#include "rv64/back.h"

static inline bool is_wide(const struct ir *ir)
{
	return !(ir->flags & IR_W);
}

/*
 * Operands. A source is a host register, or NO_REG if it is best taken from memory,
 * where x0 is too: it holds 0.
 */
static inline u8 source(struct gen *g, u8 reg)
{
	return !reg || ra_in_memory(g, reg) ? NO_REG : ra_use(g, reg);
}

static inline void op_source(struct gen *g, u32 op, bool w, u8 to, u8 reg, u8 host)
{
	if (host != NO_REG)
		x_rr(&g->e, op, w, to, host);
	else
		x_rm(&g->e, op, w, to, mem_x(reg));
}

static inline void move_in(struct gen *g, u8 to, u8 reg, u8 host)
{
	if (host != NO_REG)
		x_mov(&g->e, to, host);
	else if (!reg)
		x_zero(&g->e, to);
	else
		x_load(&g->e, to, mem_x(reg));
}

/* An operand by where it lives, whatever the temporaries hold. */
static inline u8 home(u8 reg)
{
	return rv64_pinned[reg];
}

/* The result is complete but for the sign extension of a word. */
static inline void finish(struct gen *g, const struct ir *ir, u8 host)
{
	if (ir->flags & IR_W)
		x_rr(&g->e, X_MOVSXD, true, host, host);
	ra_done(g, ir->d, host);
}

/* Compares a with b; the condition to look at, given the one for a cc b. */
struct comparison {
	u8 a, b, ra, rb;
	bool zero, swapped;
};

static inline struct comparison prepare(struct gen *g, u8 a, u8 b)
{
	struct comparison c = {.a = a, .b = b};

	if (!a && b) {
		c.swapped = true;
		c.a = b;
		c.b = a;
	}
	c.zero = !c.b;
	c.rb = c.zero ? NO_REG : source(g, c.b);
	c.ra = c.zero && ra_in_memory(g, c.a) ? NO_REG : ra_use(g, c.a);
	return c;
}

static inline void compare(struct gen *g, const struct comparison *c)
{
	if (c->zero && c->ra == NO_REG)
		x_alu_mem_imm(&g->e, ALU_CMP, true, mem_x(c->a), 0);
	else if (c->zero)
		x_rr(&g->e, X_TEST, true, c->ra, c->ra);
	else
		op_source(g, X_ALU(ALU_CMP), true, c->ra, c->b, c->rb);
}

static inline enum host_cc condition(const struct comparison *c, enum host_cc cc)
{
	static const u8 swapped[16] = {
		[CC_E] = CC_E,	 [CC_NE] = CC_NE, [CC_L] = CC_G,
		[CC_GE] = CC_LE, [CC_B] = CC_A,	  [CC_AE] = CC_BE,
	};

	return c->swapped ? swapped[cc] : cc;
}

#endif
