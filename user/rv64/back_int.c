// SPDX-License-Identifier: GPL-2.0-or-later
/* The back end: operations on integer registers. See back.h. */
#include "rv64/back_ops.h"

static void gen_add_imm(struct gen *g, const struct ir *ir)
{
	bool w = is_wide(ir);
	u8 a = source(g, ir->a), d = ra_def(g, ir->d);

	if (a != NO_REG && a != d) {
		x_rm(&g->e, X_LEA, w, d, mem_at(a, ir->imm));
	} else {
		move_in(g, d, ir->a, a);
		x_alu_imm(&g->e, ALU_ADD, w, d, ir->imm);
	}
	finish(g, ir, d);
}

static void gen_alu_imm(struct gen *g, const struct ir *ir, enum host_alu alu)
{
	u8 a, d;

	if (alu == ALU_ADD) {
		gen_add_imm(g, ir);
		return;
	}
	a = source(g, ir->a);
	d = ra_def(g, ir->d);
	move_in(g, d, ir->a, a);
	if (alu == ALU_XOR && ir->imm == -1)
		x_unary(&g->e, 2, true, d);
	else
		x_alu_imm(&g->e, alu, is_wide(ir), d, ir->imm);
	finish(g, ir, d);
}

/* d op= b, with the operations that have that form. */
static void gen_binary(struct gen *g, const struct ir *ir, u32 op, bool commutes)
{
	bool w = is_wide(ir);
	u8 a = source(g, ir->a), b = source(g, ir->b), d = ra_def(g, ir->d);

	if (d == b && d != a) {
		if (commutes) {
			op_source(g, op, w, d, ir->a, a);
		} else {
			x_unary(&g->e, 3, w, d);
			op_source(g, X_ALU(ALU_ADD), w, d, ir->a, a);
		}
	} else if (ir->op == IR_ADD && a != NO_REG && b != NO_REG && a != d) {
		x_rm(&g->e, X_LEA, w, d, (struct mem){a, b, 0, 0});
	} else {
		move_in(g, d, ir->a, a);
		op_source(g, op, w, d, ir->b, b);
	}
	finish(g, ir, d);
}

static void gen_alu(struct gen *g, const struct ir *ir, enum host_alu alu)
{
	if (ir->flags & IR_IMM)
		gen_alu_imm(g, ir, alu);
	else
		gen_binary(g, ir, X_ALU(alu), alu != ALU_SUB);
}

static void gen_mul(struct gen *g, const struct ir *ir)
{
	u8 a, d;

	if (!(ir->flags & IR_IMM)) {
		gen_binary(g, ir, X_IMUL, true);
		return;
	}
	a = source(g, ir->a);
	d = ra_def(g, ir->d);
	op_source(g, 0x69, is_wide(ir), d, ir->a, a);
	emit32(&g->e, ir->imm);
	finish(g, ir, d);
}

static void gen_shift_imm(struct gen *g, const struct ir *ir, enum host_shift shift)
{
	u8 a = source(g, ir->a), d = ra_def(g, ir->d);
	u8 count = ir->imm & (is_wide(ir) ? 63 : 31);

	move_in(g, d, ir->a, a);
	x_shift_imm(&g->e, shift, is_wide(ir), d, count);
	/* A word that was shifted right is not negative, and the upper half is clear. */
	if (shift == SHIFT_SHR && count)
		ra_done(g, ir->d, d);
	else
		finish(g, ir, d);
}

static void gen_shift(struct gen *g, const struct ir *ir, enum host_shift shift)
{
	bool w = is_wide(ir);
	u8 a, b, d, pp = shift == SHIFT_SHL ? 1 : shift == SHIFT_SAR ? 2 : 3;

	if (ir->flags & IR_IMM) {
		gen_shift_imm(g, ir, shift);
		return;
	}
	if (rv64_host.bmi2 && shift != SHIFT_ROL && shift != SHIFT_ROR) {
		b = ra_use(g, ir->b);
		a = source(g, ir->a);
		d = ra_def(g, ir->d);
		if (a != NO_REG)
			x_vex_rr(&g->e, 2, pp, 0xf7, w, d, b, a);
		else
			x_vex_rm(&g->e, 2, pp, 0xf7, w, d, b, mem_x(ir->a));
		finish(g, ir, d);
		return;
	}
	ra_take(g, RCX);
	move_in(g, RCX, ir->b, home(ir->b));
	a = source(g, ir->a);
	d = ra_temp(g);
	move_in(g, d, ir->a, a);
	x_shift_cl(&g->e, shift, w, d);
	finish(g, ir, d);
}

static void gen_set(struct gen *g, const struct ir *ir, enum host_cc cc)
{
	u8 t;

	if (ir->flags & IR_IMM) {
		u8 a = source(g, ir->a);

		t = ra_temp(g);
		if (a != NO_REG)
			x_alu_imm(&g->e, ALU_CMP, true, a, ir->imm);
		else
			x_alu_mem_imm(&g->e, ALU_CMP, true, mem_x(ir->a), ir->imm);
	} else {
		struct comparison c = prepare(g, ir->a, ir->b);

		cc = condition(&c, cc);
		compare(g, &c);
		t = ra_temp(g);
	}
	x_rr(&g->e, X_SETCC(cc), false, 0, t);
	x_rr(&g->e, X_MOVZX8, false, t, t);
	ra_done(g, ir->d, t);
}

/* d = op a, with the operations that have a form for any two registers. */
static void gen_unary(struct gen *g, const struct ir *ir, u32 op, bool w)
{
	u8 a = source(g, ir->a), d = ra_def(g, ir->d);

	op_source(g, op, w, d, ir->a, a);
	ra_done(g, ir->d, d);
}

static void gen_rev8(struct gen *g, const struct ir *ir)
{
	u8 a = source(g, ir->a), d = ra_def(g, ir->d);

	move_in(g, d, ir->a, a);
	emit_opcode(&g->e, 0x0fc8 | (d & 7), true, 0, 0, d, false);
	ra_done(g, ir->d, d);
}

static void gen_mov(struct gen *g, const struct ir *ir)
{
	u8 a;

	if (rv64_pinned[ir->d] != NO_REG) {
		a = source(g, ir->a);
		move_in(g, rv64_pinned[ir->d], ir->a, a);
		return;
	}
	a = ra_use(g, ir->a);
	x_store(&g->e, mem_x(ir->d), a);
	ra_wrote(g, ir->d);
}

void gen_constant(struct gen *g, u8 reg, u64 value)
{
	u8 d;

	if (rv64_pinned[reg] == NO_REG && fits32(value)) {
		x_store_imm(&g->e, true, mem_x(reg), value);
		ra_wrote(g, reg);
		return;
	}
	d = ra_def(g, reg);
	if (value)
		x_mov_imm(&g->e, d, value);
	else
		x_zero(&g->e, d);
	ra_done(g, reg, d);
}

static void gen_shadd(struct gen *g, const struct ir *ir)
{
	u8 a, b, d;

	if (ir->op == IR_SHADDU) {
		a = ra_temp(g);
		op_source(g, X_MOV_LOAD, false, a, ir->a, home(ir->a));
	} else {
		a = ra_use(g, ir->a);
	}
	b = ra_use(g, ir->b);
	d = ra_def(g, ir->d);
	x_rm(&g->e, X_LEA, true, d, (struct mem){b, a, ir->size, 0});
	ra_done(g, ir->d, d);
}

static void gen_shlu(struct gen *g, const struct ir *ir)
{
	u8 a = source(g, ir->a), d = ra_def(g, ir->d);

	op_source(g, X_MOV_LOAD, false, d, ir->a, a);
	x_shift_imm(&g->e, SHIFT_SHL, true, d, ir->imm);
	ra_done(g, ir->d, d);
}

/* and, or with an inverted operand; xnor. */
static void gen_inverted(struct gen *g, const struct ir *ir)
{
	u8 t = ra_temp(g);
	u32 op = X_ALU(ir->op == IR_ANDN ? ALU_AND : ir->op == IR_ORN ? ALU_OR : ALU_XOR);

	move_in(g, t, ir->b, home(ir->b));
	x_unary(&g->e, 2, true, t);
	op_source(g, op, true, t, ir->a, home(ir->a));
	ra_done(g, ir->d, t);
}

static void gen_minmax(struct gen *g, const struct ir *ir, enum host_cc cc)
{
	u8 t = ra_temp(g);

	move_in(g, t, ir->a, home(ir->a));
	op_source(g, X_ALU(ALU_CMP), true, t, ir->b, home(ir->b));
	op_source(g, X_CMOV(cc), true, t, ir->b, home(ir->b));
	ra_done(g, ir->d, t);
}

static void gen_czero(struct gen *g, const struct ir *ir, enum host_cc cc)
{
	u8 t = ra_temp(g), zero = ra_temp(g);

	move_in(g, t, ir->a, home(ir->a));
	x_zero(&g->e, zero);
	if (home(ir->b) != NO_REG)
		x_rr(&g->e, X_TEST, true, home(ir->b), home(ir->b));
	else
		x_alu_mem_imm(&g->e, ALU_CMP, true, mem_x(ir->b), 0);
	x_rr(&g->e, X_CMOV(cc), true, t, zero);
	ra_done(g, ir->d, t);
}

/* Bits: bts 5, btr 6, btc 7 with an immediate. */
static void gen_bit(struct gen *g, const struct ir *ir, u32 op, u8 which)
{
	u8 t = ra_temp(g), b;

	move_in(g, t, ir->a, home(ir->a));
	if (ir->flags & IR_IMM) {
		x_rr(&g->e, 0x0fba, true, which, t);
		emit8(&g->e, ir->imm);
	} else {
		b = ra_use(g, ir->b);
		x_rr(&g->e, op, true, b, t);
	}
	ra_done(g, ir->d, t);
}

static void gen_bext(struct gen *g, const struct ir *ir)
{
	u8 t = ra_temp(g), b;

	move_in(g, t, ir->a, home(ir->a));
	if (ir->flags & IR_IMM) {
		x_shift_imm(&g->e, SHIFT_SHR, true, t, ir->imm);
		x_alu_imm(&g->e, ALU_AND, false, t, 1);
	} else {
		b = ra_use(g, ir->b);
		x_rr(&g->e, X_BT, true, b, t);
		x_rr(&g->e, X_SETCC(CC_B), false, 0, t);
		x_rr(&g->e, X_MOVZX8, false, t, t);
	}
	ra_done(g, ir->d, t);
}

static void gen_mulh(struct gen *g, const struct ir *ir)
{
	ra_take(g, RAX);
	ra_take(g, RDX);
	ra_take(g, RCX);
	move_in(g, RCX, ir->b, home(ir->b));
	move_in(g, RAX, ir->a, home(ir->a));
	x_unary(&g->e, ir->op == IR_MULH ? 5 : 4, true, RCX);
	if (ir->op == IR_MULHSU) {
		/* A negative a counted as a + 2^64: take b, times 2^64, off again. */
		move_in(g, RAX, ir->a, home(ir->a));
		x_shift_imm(&g->e, SHIFT_SAR, true, RAX, 63);
		x_rr(&g->e, X_ALU(ALU_AND), true, RAX, RCX);
		x_rr(&g->e, X_ALU(ALU_SUB), true, RDX, RAX);
	}
	ra_done(g, ir->d, RDX);
}

/* Divided by 0: the quotient has all bits set, the remainder is the dividend. */
static void cold_div_zero(struct gen *g, const struct cold *cold)
{
	x_mov(&g->e, RDX, RAX);
	x_mov_imm(&g->e, RAX, -1);
	x_jmp_to(&g->e, cold->back);
}

/* Divided by -1, which traps on x86 if it overflows: negated. */
static void cold_div_minus(struct gen *g, const struct cold *cold)
{
	x_unary(&g->e, 3, true, RAX);
	x_zero(&g->e, RDX);
	x_jmp_to(&g->e, cold->back);
}

static void gen_div(struct gen *g, const struct ir *ir)
{
	bool w = is_wide(ir), is_signed = ir->op == IR_DIV || ir->op == IR_REM;
	u32 first = g->nr_cold;
	u8 result = ir->op == IR_DIV || ir->op == IR_DIVU ? RAX : RDX;

	ra_take(g, RAX);
	ra_take(g, RDX);
	ra_take(g, RCX);
	move_in(g, RCX, ir->b, home(ir->b));
	move_in(g, RAX, ir->a, home(ir->a));
	x_rr(&g->e, X_TEST, w, RCX, RCX);
	gen_cold(g, x_jcc(&g->e, CC_E), cold_div_zero, ir, 0);
	if (is_signed) {
		x_alu_imm(&g->e, ALU_CMP, w, RCX, -1);
		gen_cold(g, x_jcc(&g->e, CC_E), cold_div_minus, ir, 0);
		emit_opcode(&g->e, 0x99, w, 0, 0, 0, false); /* cqo or cdq */
	} else {
		x_zero(&g->e, RDX);
	}
	x_unary(&g->e, is_signed ? 7 : 6, w, RCX);
	for (u32 i = first; i < g->nr_cold; i++)
		g->cold[i].back = g->e.p;
	finish(g, ir, result);
}

static void gen_extend(struct gen *g, const struct ir *ir)
{
	switch (ir->op) {
	case IR_SEXT8:
		gen_unary(g, ir, X_MOVSX8, true);
		break;
	case IR_SEXT16:
		gen_unary(g, ir, X_MOVSX16, true);
		break;
	case IR_SEXT32:
		gen_unary(g, ir, X_MOVSXD, true);
		break;
	case IR_ZEXT16:
		gen_unary(g, ir, X_MOVZX16, false);
		break;
	case IR_ZEXT32:
		gen_unary(g, ir, X_MOV_LOAD, false);
		break;
	case IR_CLZ:
		gen_unary(g, ir, X_LZCNT, is_wide(ir));
		break;
	case IR_CTZ:
		gen_unary(g, ir, X_TZCNT, is_wide(ir));
		break;
	case IR_CPOP:
		gen_unary(g, ir, X_POPCNT, is_wide(ir));
		break;
	case IR_REV8:
		gen_rev8(g, ir);
		break;
	}
}

static void gen_bits(struct gen *g, const struct ir *ir)
{
	switch (ir->op) {
	case IR_ANDN:
	case IR_ORN:
	case IR_XNOR:
		gen_inverted(g, ir);
		break;
	case IR_MIN:
		gen_minmax(g, ir, CC_G);
		break;
	case IR_MAX:
		gen_minmax(g, ir, CC_L);
		break;
	case IR_MINU:
		gen_minmax(g, ir, CC_A);
		break;
	case IR_MAXU:
		gen_minmax(g, ir, CC_B);
		break;
	case IR_SHADD:
	case IR_SHADDU:
		gen_shadd(g, ir);
		break;
	case IR_SHLU:
		gen_shlu(g, ir);
		break;
	case IR_BSET:
		gen_bit(g, ir, X_BTS, 5);
		break;
	case IR_BCLR:
		gen_bit(g, ir, X_BTR, 6);
		break;
	case IR_BINV:
		gen_bit(g, ir, X_BTC, 7);
		break;
	case IR_BEXT:
		gen_bext(g, ir);
		break;
	case IR_CZEQ:
		gen_czero(g, ir, CC_E);
		break;
	case IR_CZNE:
		gen_czero(g, ir, CC_NE);
		break;
	default:
		gen_extend(g, ir);
	}
}

/* False: one of gen_bits(). */
static bool gen_integer(struct gen *g, const struct ir *ir)
{
	switch (ir->op) {
	case IR_MOVI:
		gen_constant(g, ir->d, ir->imm);
		break;
	case IR_MOV:
		gen_mov(g, ir);
		break;
	case IR_ADD:
		gen_alu(g, ir, ALU_ADD);
		break;
	case IR_SUB:
		gen_alu(g, ir, ALU_SUB);
		break;
	case IR_AND:
		gen_alu(g, ir, ALU_AND);
		break;
	case IR_OR:
		gen_alu(g, ir, ALU_OR);
		break;
	case IR_XOR:
		gen_alu(g, ir, ALU_XOR);
		break;
	case IR_SHL:
		gen_shift(g, ir, SHIFT_SHL);
		break;
	case IR_SHR:
		gen_shift(g, ir, SHIFT_SHR);
		break;
	case IR_SAR:
		gen_shift(g, ir, SHIFT_SAR);
		break;
	case IR_ROL:
		gen_shift(g, ir, SHIFT_ROL);
		break;
	case IR_ROR:
		gen_shift(g, ir, SHIFT_ROR);
		break;
	case IR_MUL:
		gen_mul(g, ir);
		break;
	case IR_SLT:
		gen_set(g, ir, CC_L);
		break;
	case IR_SLTU:
		gen_set(g, ir, CC_B);
		break;
	case IR_DIV:
	case IR_DIVU:
	case IR_REM:
	case IR_REMU:
		gen_div(g, ir);
		break;
	case IR_MULH:
	case IR_MULHU:
	case IR_MULHSU:
		gen_mulh(g, ir);
		break;
	default:
		return false;
	}
	return true;
}

void rv64_back_int(struct gen *g, const struct ir *ir)
{
	if (!gen_integer(g, ir))
		gen_bits(g, ir);
}
