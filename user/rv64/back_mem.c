// SPDX-License-Identifier: GPL-2.0-or-later
/* The back end: loads, stores and atomics of integer registers, fences. See back.h. */
#include "rv64/back_ops.h"

/* Guest memory: the one place that turns a guest address into a host's operand. */
struct mem gen_address(struct gen *g, const struct ir *ir)
{
	return mem_at(ir->a ? ra_use(g, ir->a) : NO_REG, ir->imm);
}

static struct mem indexed(struct gen *g, const struct ir *ir)
{
	struct mem m = {ra_use(g, ir->b), NO_REG, ir->sub, ir->imm};

	if (ir->flags & IR_W) {
		m.index = ra_temp(g);
		op_source(g, X_MOV_LOAD, false, m.index, ir->a, home(ir->a));
	} else {
		m.index = ra_use(g, ir->a);
	}
	return m;
}

static void gen_load(struct gen *g, const struct ir *ir)
{
	static const u32 ops[2][4] = {
		{X_MOVZX8, X_MOVZX16, X_MOV_LOAD, X_MOV_LOAD},
		{X_MOVSX8, X_MOVSX16, X_MOVSXD, X_MOV_LOAD},
	};
	bool s = ir->flags & IR_S;
	struct mem m;
	u8 d;

	m = ir->op == IR_LOADX ? indexed(g, ir) : gen_address(g, ir);
	d = ra_def(g, ir->d);

	x_rm(&g->e, ops[s][__builtin_ctz(ir->size)] & ~X_BYTE, s || ir->size == 8, d, m);
	ra_done(g, ir->d, d);
}

static void gen_store(struct gen *g, const struct ir *ir)
{
	static const u32 ops[4] = {X_MOV_STORE8, X_MOV_STORE16, X_MOV_STORE, X_MOV_STORE};
	struct mem m = gen_address(g, ir);

	if (!ir->b && ir->size >= 4)
		x_store_imm(&g->e, ir->size == 8, m, 0);
	else
		x_rm(&g->e, ops[__builtin_ctz(ir->size)], ir->size == 8, ra_use(g, ir->b), m);
}

/* Leaves for the interpreter, which raises the exception, if the address is misaligned. */
static void check_aligned(struct gen *g, const struct ir *ir, u8 address)
{
	x_rr(&g->e, 0xf6 | X_BYTE, false, 0, address);
	emit8(&g->e, ir->size - 1);
	gen_cold(g, x_jcc(&g->e, CC_NE), gen_cold_interp, ir, NO_REG);
	g->cold[g->nr_cold - 1].back = g->e.p;
}

static void gen_lr(struct gen *g, const struct ir *ir)
{
	u8 a = ra_use(g, ir->a), d = ra_def(g, ir->d);
	bool s = ir->flags & IR_S;

	check_aligned(g, ir, a);
	x_store(&g->e, MEM_CPU(pair_address), a);
	x_rm(&g->e, s ? X_MOVSXD : X_MOV_LOAD, true, d, mem_at(a, 0));
	x_store(&g->e, MEM_CPU(pair_value), d);
	x_store_imm(&g->e, true, MEM_CPU(reserved_address), -1);
	ra_done(g, ir->d, d);
}

static void lock(struct gen *g)
{
	emit8(&g->e, 0xf0);
}

static void gen_sc(struct gen *g, const struct ir *ir)
{
	u8 *differs;
	u8 a, b;

	ra_take(g, RAX);
	a = ra_use(g, ir->a);
	b = ra_use(g, ir->b);
	check_aligned(g, ir, a);
	x_rm(&g->e, X_ALU(ALU_CMP), true, a, MEM_CPU(pair_address));
	differs = x_jcc(&g->e, CC_NE);
	x_load(&g->e, RAX, MEM_CPU(pair_value));
	lock(g);
	x_rm(&g->e, X_CMPXCHG, ir->size == 8, b, mem_at(a, 0));
	x_here(&g->e, differs);
	x_rr(&g->e, X_SETCC(CC_NE), false, 0, RAX);
	x_rr(&g->e, X_MOVZX8, false, RAX, RAX);
	ra_done(g, ir->d, RAX);
}

/* Swap and add: one instruction. */
static void gen_amo_simple(struct gen *g, const struct ir *ir)
{
	u8 a = ra_use(g, ir->a), t = ra_temp(g);
	bool add = ir->sub == AMO_ADD;

	check_aligned(g, ir, a);
	move_in(g, t, ir->b, home(ir->b));
	if (add)
		lock(g);
	x_rm(&g->e, add ? X_XADD : X_XCHG, ir->size == 8, t, mem_at(a, 0));
	finish(g, ir, t);
}

static void amo_combine(struct gen *g, const struct ir *ir, u8 t)
{
	static const u8 alu[] = {[AMO_XOR] = ALU_XOR, [AMO_AND] = ALU_AND, [AMO_OR] = ALU_OR};
	static const u8 keep[] = {
		[AMO_MIN] = CC_L, [AMO_MAX] = CC_G, [AMO_MINU] = CC_B, [AMO_MAXU] = CC_A};
	bool w = ir->size == 8;

	if (ir->sub >= AMO_MIN) {
		move_in(g, t, ir->b, home(ir->b));
		x_rr(&g->e, X_ALU(ALU_CMP), w, RAX, t);
		x_rr(&g->e, X_CMOV(keep[ir->sub]), w, t, RAX);
	} else {
		x_mov(&g->e, t, RAX);
		op_source(g, X_ALU(alu[ir->sub]), w, t, ir->b, home(ir->b));
	}
}

static void gen_amo(struct gen *g, const struct ir *ir)
{
	bool w = ir->size == 8;
	u8 *again;
	u8 a, t;

	if (ir->sub == AMO_SWAP || ir->sub == AMO_ADD) {
		gen_amo_simple(g, ir);
		return;
	}
	ra_take(g, RAX);
	a = ra_use(g, ir->a);
	t = ra_temp(g);
	check_aligned(g, ir, a);
	x_rm(&g->e, X_MOV_LOAD, w, RAX, mem_at(a, 0));
	again = g->e.p;
	amo_combine(g, ir, t);
	lock(g);
	x_rm(&g->e, X_CMPXCHG, w, t, mem_at(a, 0));
	x_jcc_to(&g->e, CC_NE, again);
	finish(g, ir, RAX);
}

static void gen_fence(struct gen *g)
{
	lock(g);
	x_alu_mem_imm(&g->e, ALU_OR, false, mem_at(RSP, 0), 0);
}

void rv64_back_mem(struct gen *g, const struct ir *ir)
{
	switch (ir->op) {
	case IR_LOAD:
	case IR_LOADX:
		gen_load(g, ir);
		break;
	case IR_STORE:
		gen_store(g, ir);
		break;
	case IR_FENCE:
		gen_fence(g);
		break;
	case IR_LR:
		gen_lr(g, ir);
		break;
	case IR_SC:
		gen_sc(g, ir);
		break;
	case IR_AMO:
		gen_amo(g, ir);
		break;
	}
}
