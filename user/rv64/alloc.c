// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Host registers for the operands of one operation. Pinned guest registers have theirs;
 * the others pass through the three temporaries, which remember whose value they hold
 * until the longest unused one is needed.
 */
#include "rv64/back.h"

/* sp, s0, s1, a0 to a7: the registers of locals, arguments and most temporaries. */
const u8 rv64_pinned[32] = {
	NO_REG, NO_REG, R12,	NO_REG, NO_REG, NO_REG, NO_REG, NO_REG, RBX,	R13,	RDI,
	RSI,	R8,	R9,	R10,	R11,	R14,	R15,	NO_REG, NO_REG, NO_REG, NO_REG,
	NO_REG, NO_REG, NO_REG, NO_REG, NO_REG, NO_REG, NO_REG, NO_REG, NO_REG, NO_REG,
};

/* ft0 to ft2, fs0, fs1, fa0 to fa7 */
const u8 rv64_pinned_f[32] = {
	3,	4,	5,	NO_REG, NO_REG, NO_REG, NO_REG, NO_REG, 6,	7,	8,
	9,	10,	11,	12,	13,	14,	15,	NO_REG, NO_REG, NO_REG, NO_REG,
	NO_REG, NO_REG, NO_REG, NO_REG, NO_REG, NO_REG, NO_REG, NO_REG, NO_REG, NO_REG,
};

/* A new operation: nothing is in use yet. */
void ra_begin(struct gen *g)
{
	for (u32 t = 0; t < NR_TEMPS; t++)
		g->locked[t] = false;
}

/* What the temporaries hold is lost: a helper ran, or another way leads here. */
void ra_forget(struct gen *g)
{
	for (u32 t = 0; t < NR_TEMPS; t++)
		g->cached[t] = NO_REG;
}

static u8 lock(struct gen *g, u8 t)
{
	g->locked[t] = true;
	g->ages[t] = ++g->age;
	return t;
}

/* A temporary with no particular value, for the rest of the operation. */
u8 ra_temp(struct gen *g)
{
	u8 best = NO_REG;

	for (u8 t = 0; t < NR_TEMPS; t++) {
		if (g->locked[t])
			continue;
		if (best == NO_REG || (g->cached[t] == NO_REG && g->cached[best] != NO_REG) ||
		    ((g->cached[t] == NO_REG) == (g->cached[best] == NO_REG) &&
		     (s8)(g->ages[t] - g->ages[best]) < 0))
			best = t;
	}
	if (best == NO_REG) {
		/* An operation that needs four: a mistake in back.c, which tests would see. */
		g->e.full = true;
		return RAX;
	}
	g->cached[best] = NO_REG;
	return lock(g, best);
}

/* This temporary, which the instruction demands; before anything else is in use. */
void ra_take(struct gen *g, u8 temp)
{
	g->cached[temp] = NO_REG;
	lock(g, temp);
}

static u8 find(const struct gen *g, u8 reg)
{
	for (u8 t = 0; t < NR_TEMPS; t++) {
		if (g->cached[t] == reg)
			return t;
	}
	return NO_REG;
}

/* Whether the value is best read as a memory operand. */
bool ra_in_memory(const struct gen *g, u8 reg)
{
	return reg && rv64_pinned[reg] == NO_REG && find(g, reg) == NO_REG;
}

/* A host register that holds the guest register; to be read only. */
u8 ra_use(struct gen *g, u8 reg)
{
	u8 t;

	if (rv64_pinned[reg] != NO_REG)
		return rv64_pinned[reg];
	t = find(g, reg);
	if (t != NO_REG)
		return lock(g, t);
	t = ra_temp(g);
	if (!reg) {
		x_zero(&g->e, t);
		return t;
	}
	x_load(&g->e, t, mem_x(reg));
	g->cached[t] = reg;
	return t;
}

/*
 * A host register to compute the guest register in; ra_done() follows. It may be the one
 * that ra_use() gave for the same guest register, and holds the old value then.
 */
u8 ra_def(struct gen *g, u8 reg)
{
	u8 t;

	if (rv64_pinned[reg] != NO_REG)
		return rv64_pinned[reg];
	t = find(g, reg);
	return t != NO_REG ? lock(g, t) : ra_temp(g);
}

/* The guest register's new value is in host. */
void ra_done(struct gen *g, u8 reg, u8 host)
{
	u8 t;

	if (!reg)
		return;
	if (rv64_pinned[reg] != NO_REG) {
		x_mov(&g->e, rv64_pinned[reg], host);
		return;
	}
	x_store(&g->e, mem_x(reg), host);
	t = find(g, reg);
	if (t != NO_REG)
		g->cached[t] = NO_REG;
	if (host < NR_TEMPS)
		g->cached[host] = reg;
}

/* The guest register was written where it lives. */
void ra_wrote(struct gen *g, u8 reg)
{
	u8 t = find(g, reg);

	if (t != NO_REG)
		g->cached[t] = NO_REG;
}
