// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The back end: floating point on SSE, with what RISC-V wants and x86 does not do.
 *
 * The live MXCSR rounds as frm says and collects flags. A NaN result is replaced by the
 * canonical one, out of line. Singles are boxed: all upper bits set; an operand that is
 * not known to be so in this TB is looked at, and if it is not the interpreter does the
 * instruction and the TB is left. Scalar instructions keep the upper bits of their
 * destination, so what starts from a boxed operand ends boxed.
 */
#include "rv64/back.h"

static u8 pinned(u8 reg)
{
	return rv64_pinned_f[reg];
}

static void f_op(struct gen *g, u32 op, bool w, u8 to, u8 reg)
{
	if (pinned(reg) != NO_REG)
		x_rr(&g->e, op, w, to, pinned(reg));
	else
		x_rm(&g->e, op, w, to, mem_f(reg));
}

static void f_move_in(struct gen *g, u8 to, u8 reg)
{
	if (pinned(reg) == NO_REG)
		x_rm(&g->e, X_MOVSD_LOAD, false, to, mem_f(reg));
	else if (pinned(reg) != to)
		x_rr(&g->e, X_MOVAPS, false, to, pinned(reg));
}

/* An xmm register that holds reg: its own, or temp. */
static u8 f_use(struct gen *g, u8 temp, u8 reg)
{
	if (pinned(reg) != NO_REG)
		return pinned(reg);
	f_move_in(g, temp, reg);
	return temp;
}

static u8 f_def(u8 reg)
{
	return pinned(reg) != NO_REG ? pinned(reg) : 0;
}

/* The value of reg is in xmm `from`; size says whether it is a boxed single now. */
static void f_done(struct gen *g, u8 reg, u8 from, u8 size)
{
	u32 bit = 1u << reg;

	if (pinned(reg) == NO_REG)
		x_rm(&g->e, X_MOVSD_STORE, false, from, mem_f(reg));
	else if (pinned(reg) != from)
		x_rr(&g->e, X_MOVAPS, false, pinned(reg), from);
	g->boxed = size == 4 ? g->boxed | bit : g->boxed & ~bit;
}

static u32 scalar(const struct ir *ir, u8 op)
{
	return ir->size == 8 ? X_SCALAR(op) : X_SCALAR_S(op);
}

static u32 ucomis(const struct ir *ir)
{
	return ir->size == 8 ? X_UCOMISD : X_UCOMISS;
}

static void x_constant(struct gen *g, u32 op, u8 to, enum code_constant which)
{
	x_rip(&g->e, op, false, to, rv64_constant(which));
}

/* By size: the constant for a double is followed by the one for a single. */
static enum code_constant sized(const struct ir *ir, enum code_constant which)
{
	return ir->size == 8 ? which : which + 1;
}

static void cold_nan(struct gen *g, const struct cold *cold)
{
	x_constant(g, X_MOVSD_LOAD, cold->reg, sized(cold->ir, CONST_NAN_D));
	x_jmp_to(&g->e, cold->back);
}

static void back_here(struct gen *g, u32 first)
{
	for (u32 i = first; i < g->nr_cold; i++) {
		if (!g->cold[i].back)
			g->cold[i].back = g->e.p;
	}
}

/* xmm is a result: if it is a NaN it becomes the canonical one. */
static void canonical(struct gen *g, const struct ir *ir, u8 xmm)
{
	x_rr(&g->e, ucomis(ir), false, xmm, xmm);
	gen_cold(g, x_jcc(&g->e, CC_P), cold_nan, ir, xmm);
	back_here(g, g->nr_cold - 1);
}

static void cold_unboxed(struct gen *g, const struct cold *cold)
{
	u64 next = g->block->pc + g->block->offset[cold->ir->insn + 1];

	gen_interp_call(g, cold->ir);
	gen_charge(g, cold->ir->insn + 1);
	x_mov_imm(&g->e, RAX, next);
	x_jmp_to(&g->e, rv64_code.thunks.lookup);
}

static void check_boxed(struct gen *g, const struct ir *ir, u8 reg)
{
	u8 t;

	if (g->boxed >> reg & 1)
		return;
	if (pinned(reg) != NO_REG) {
		t = ra_temp(g);
		x_rr(&g->e, X_PEXTRD, false, pinned(reg), t);
		emit8(&g->e, 1);
		x_alu_imm(&g->e, ALU_CMP, false, t, -1);
		g->locked[t] = false;
	} else {
		struct mem m = mem_f(reg);

		m.disp += 4;
		x_alu_mem_imm(&g->e, ALU_CMP, false, m, -1);
	}
	gen_cold(g, x_jcc(&g->e, CC_NE), cold_unboxed, ir, 0);
	g->cold[g->nr_cold - 1].back = g->e.p;
	g->boxed |= 1u << reg;
}

static void check_operands(struct gen *g, const struct ir *ir, u32 count)
{
	if (ir->size != 4)
		return;
	check_boxed(g, ir, ir->a);
	if (count > 1)
		check_boxed(g, ir, ir->b);
	if (count > 2)
		check_boxed(g, ir, ir->c);
}

static void gen_farith(struct gen *g, const struct ir *ir)
{
	static const u8 ops[] = {
		[SUB_ADD] = 0x58, [SUB_SUB] = 0x5c, [SUB_MUL] = 0x59, [SUB_DIV] = 0x5e};
	bool commutes = ir->sub == SUB_ADD || ir->sub == SUB_MUL;
	u8 a = ir->a, b = ir->b, t = f_def(ir->d);

	check_operands(g, ir, 2);
	if (ir->d == b && a != b) {
		if (commutes) {
			b = a;
			a = ir->d;
		} else {
			t = 0;
		}
	}
	f_move_in(g, t, a);
	/* The operand's upper half is not read: it may be a memory operand. */
	f_op(g, scalar(ir, ops[ir->sub]), false, t, b);
	canonical(g, ir, t);
	f_done(g, ir->d, t, ir->size);
}

static void gen_fsqrt(struct gen *g, const struct ir *ir)
{
	u8 t = f_def(ir->d);

	check_operands(g, ir, 1);
	f_move_in(g, t, ir->a);
	x_rr(&g->e, scalar(ir, 0x51), false, t, t);
	canonical(g, ir, t);
	f_done(g, ir->d, t, ir->size);
}

/* The interpreter computed an F register: into xmm0, from where it is put where it is. */
static void cold_interp_f(struct gen *g, const struct cold *cold)
{
	for (u8 t = 0; t < NR_TEMPS; t++)
		x_store(&g->e, mem_at(RBP, RV64_CPU_OFFSET(saved_temps) + t * 8), t);
	gen_interp_call(g, cold->ir);
	for (u8 t = 0; t < NR_TEMPS; t++)
		x_load(&g->e, t, mem_at(RBP, RV64_CPU_OFFSET(saved_temps) + t * 8));
	f_move_in(g, 0, cold->ir->d);
	x_jmp_to(&g->e, cold->back);
}

/* A NaN may be one that RISC-V calls invalid and x86 does not: infinity times zero, plus
 * a quiet NaN. */
static void gen_fma(struct gen *g, const struct ir *ir)
{
	static const u8 ops[] = {
		[SUB_MADD] = 0xa9, [SUB_MSUB] = 0xab, [SUB_NMSUB] = 0xad, [SUB_NMADD] = 0xaf};
	u8 b;

	check_operands(g, ir, 3);
	f_move_in(g, 0, ir->a);
	b = f_use(g, 1, ir->b);
	if (pinned(ir->c) != NO_REG)
		x_vex_rr(&g->e, 2, 1, ops[ir->sub], ir->size == 8, 0, b, pinned(ir->c));
	else
		x_vex_rm(&g->e, 2, 1, ops[ir->sub], ir->size == 8, 0, b, mem_f(ir->c));
	x_rr(&g->e, ucomis(ir), false, 0, 0);
	gen_cold(g, x_jcc(&g->e, CC_P), cold_interp_f, ir, 0);
	back_here(g, g->nr_cold - 1);
	f_done(g, ir->d, 0, ir->size);
}

static void gen_fsgnj(struct gen *g, const struct ir *ir)
{
	enum code_constant sign = sized(ir, CONST_SIGN_D), rest = sized(ir, CONST_ABS_D);
	u8 t = f_def(ir->d);

	check_operands(g, ir, 2);
	if (ir->a == ir->b) {
		f_move_in(g, t, ir->a);
		if (ir->sub == SUB_NEGATE)
			x_constant(g, X_XORPS, t, sign);
		else if (ir->sub == SUB_XOR_SIGN)
			x_constant(g, X_ANDPS, t, rest);
		f_done(g, ir->d, t, ir->size);
		return;
	}
	f_move_in(g, 0, ir->b);
	f_move_in(g, 1, ir->a);
	if (ir->sub == SUB_NEGATE)
		x_constant(g, X_XORPS, 0, sign);
	x_constant(g, X_ANDPS, 0, sign);
	if (ir->sub == SUB_XOR_SIGN) {
		x_rr(&g->e, X_XORPS, false, 0, 1);
	} else {
		x_constant(g, X_ANDPS, 1, rest);
		x_rr(&g->e, X_ORPS, false, 0, 1);
	}
	f_done(g, ir->d, 0, ir->size);
}

/* Equal: perhaps zeros of two signs. Unordered: the interpreter knows. */
static void cold_minmax(struct gen *g, const struct cold *cold)
{
	const struct ir *ir = cold->ir;
	u8 *unordered = x_jcc(&g->e, CC_P);

	f_move_in(g, 0, ir->a);
	f_move_in(g, 1, ir->b);
	x_rr(&g->e, ir->sub == SUB_MIN ? X_ORPS : X_ANDPS, false, 0, 1);
	x_jmp_to(&g->e, cold->back);
	x_here(&g->e, unordered);
	cold_interp_f(g, cold);
}

static void gen_fminmax(struct gen *g, const struct ir *ir)
{
	check_operands(g, ir, 2);
	f_move_in(g, 0, ir->a);
	f_op(g, ucomis(ir), false, 0, ir->b);
	gen_cold(g, x_jcc(&g->e, CC_E), cold_minmax, ir, 0);
	f_op(g, scalar(ir, ir->sub == SUB_MIN ? 0x5d : 0x5f), false, 0, ir->b);
	back_here(g, g->nr_cold - 1);
	f_done(g, ir->d, 0, ir->size);
}

/* Unordered sets CF and ZF: "above" and "above or equal" are false then. */
static void gen_fcmp(struct gen *g, const struct ir *ir)
{
	u8 t, other;

	check_operands(g, ir, 2);
	if (ir->sub == SUB_EQ) {
		t = ra_temp(g);
		other = ra_temp(g);
		f_op(g, ucomis(ir), false, f_use(g, 0, ir->a), ir->b);
		x_rr(&g->e, X_SETCC(CC_NP), false, 0, t);
		x_rr(&g->e, X_SETCC(CC_E), false, 0, other);
		x_rr(&g->e, X_ALU(ALU_AND), false, t, other);
	} else {
		t = ra_temp(g);
		f_op(g, ir->size == 8 ? X_COMISD : X_COMISS, false, f_use(g, 0, ir->b), ir->a);
		x_rr(&g->e, X_SETCC(ir->sub == SUB_LT ? CC_A : CC_AE), false, 0, t);
	}
	x_rr(&g->e, X_MOVZX8, false, t, t);
	ra_done(g, ir->d, t);
}

/* To an integer. What does not fit becomes the most negative one on x86: the interpreter
 * saturates it, and raises the same flag again. */
static void gen_ftoi(struct gen *g, const struct ir *ir)
{
	bool w = !(ir->flags & IR_W);
	u8 t;

	check_operands(g, ir, 1);
	t = ra_temp(g);
	f_op(g, scalar(ir, ir->sub ? 0x2c : 0x2d), w, t, ir->a);
	x_alu_imm(&g->e, ALU_CMP, w, t, 1);
	gen_cold(g, x_jcc(&g->e, CC_O), gen_cold_interp, ir, t);
	if (!w)
		x_rr(&g->e, X_MOVSXD, true, t, t);
	ra_done(g, ir->d, t);
	back_here(g, g->nr_cold - 1);
}

static void gen_itof(struct gen *g, const struct ir *ir)
{
	bool w = !(ir->flags & IR_W);
	u8 t = f_def(ir->d), a;

	if (!w && !(ir->flags & IR_S)) {
		u8 from = ra_use(g, ir->a);

		a = ra_temp(g);
		x_rr(&g->e, X_MOV_LOAD, false, a, from);
		w = true;
	} else {
		a = ra_use(g, ir->a);
	}
	x_rr(&g->e, X_XORPS, false, t, t);
	x_rr(&g->e, scalar(ir, 0x2a), w, t, a);
	if (ir->size == 4)
		x_constant(g, X_ORPS, t, CONST_BOX);
	f_done(g, ir->d, t, ir->size);
}

/* Between the sizes; size is that of the result. */
static void gen_ftof(struct gen *g, const struct ir *ir)
{
	u8 t = f_def(ir->d);

	if (ir->size == 8)
		check_boxed(g, ir, ir->a);
	f_op(g, ir->size == 8 ? X_SCALAR_S(0x5a) : X_SCALAR(0x5a), false, t, ir->a);
	canonical(g, ir, t);
	if (ir->size == 4)
		x_constant(g, X_ORPS, t, CONST_BOX);
	f_done(g, ir->d, t, ir->size);
}

static void gen_fmvx(struct gen *g, const struct ir *ir)
{
	u8 d = ra_def(g, ir->d), a = pinned(ir->a);

	if (a == NO_REG)
		x_rm(&g->e, ir->size == 8 ? X_MOV_LOAD : X_MOVSXD, true, d, mem_f(ir->a));
	else
		x_rr(&g->e, X_MOVQ_FROM_X, ir->size == 8, a, d);
	if (a != NO_REG && ir->size == 4)
		x_rr(&g->e, X_MOVSXD, true, d, d);
	ra_done(g, ir->d, d);
}

static void gen_fmvf(struct gen *g, const struct ir *ir)
{
	u8 t = f_def(ir->d), a = ra_use(g, ir->a);

	x_rr(&g->e, X_MOVQ_TO_X, ir->size == 8, t, a);
	if (ir->size == 4)
		x_constant(g, X_ORPS, t, CONST_BOX);
	f_done(g, ir->d, t, ir->size);
}

static void gen_fload(struct gen *g, const struct ir *ir)
{
	struct mem m = gen_address(g, ir);
	u8 t = f_def(ir->d);

	x_rm(&g->e, ir->size == 8 ? X_MOVSD_LOAD : X_MOVSS_LOAD, false, t, m);
	if (ir->size == 4)
		x_constant(g, X_ORPS, t, CONST_BOX);
	f_done(g, ir->d, t, ir->size);
}

static void gen_fstore(struct gen *g, const struct ir *ir)
{
	struct mem m = gen_address(g, ir);
	u8 b = f_use(g, 0, ir->b);

	x_rm(&g->e, ir->size == 8 ? X_MOVSD_STORE : X_MOVSS_STORE, false, b, m);
}

/* t = fflags: what was gathered, and what the live MXCSR has. */
static void load_flags(struct gen *g, u8 t, u8 table)
{
	x_rm(&g->e, X_STMXCSR, false, 3, MEM_CPU(mxcsr));
	x_rip(&g->e, X_LEA, true, table, rv64_constant(CONST_FLAGS));
	x_rm(&g->e, X_MOV_LOAD, false, t, MEM_CPU(mxcsr));
	x_alu_imm(&g->e, ALU_AND, false, t, 63);
	x_rm(&g->e, X_MOVZX8 & ~X_BYTE, false, t, (struct mem){table, t, 0, 0});
	x_rm(&g->e, X_OR8, false, t, MEM_CPU(fflags));
}

static void gen_flags_get(struct gen *g, const struct ir *ir)
{
	u8 t = ra_temp(g), table = ra_temp(g);

	load_flags(g, t, table);
	ra_done(g, ir->d, t);
}

/* Most of the time they are what they were; if not, the interpreter changes them. */
static void gen_flags_set(struct gen *g, const struct ir *ir)
{
	u8 t = ra_temp(g), other = ra_temp(g);

	load_flags(g, t, other);
	if (rv64_pinned[ir->a] != NO_REG)
		x_rr(&g->e, X_MOV_LOAD, false, other, rv64_pinned[ir->a]);
	else
		x_rm(&g->e, X_MOV_LOAD, false, other, mem_x(ir->a));
	x_alu_imm(&g->e, ALU_AND, false, other, 31);
	x_rr(&g->e, X_ALU(ALU_CMP), false, t, other);
	gen_cold(g, x_jcc(&g->e, CC_NE), gen_cold_interp, ir, NO_REG);
	back_here(g, g->nr_cold - 1);
}

void rv64_back_fp(struct gen *g, const struct ir *ir)
{
	switch (ir->op) {
	case IR_FARITH:
		gen_farith(g, ir);
		break;
	case IR_FSQRT:
		gen_fsqrt(g, ir);
		break;
	case IR_FMA:
		gen_fma(g, ir);
		break;
	case IR_FSGNJ:
		gen_fsgnj(g, ir);
		break;
	case IR_FMINMAX:
		gen_fminmax(g, ir);
		break;
	case IR_FCMP:
		gen_fcmp(g, ir);
		break;
	case IR_FTOI:
		gen_ftoi(g, ir);
		break;
	case IR_ITOF:
		gen_itof(g, ir);
		break;
	case IR_FTOF:
		gen_ftof(g, ir);
		break;
	case IR_FMVX:
		gen_fmvx(g, ir);
		break;
	case IR_FMVF:
		gen_fmvf(g, ir);
		break;
	case IR_FLOAD:
		gen_fload(g, ir);
		break;
	case IR_FSTORE:
		gen_fstore(g, ir);
		break;
	case IR_FLAGS_GET:
		gen_flags_get(g, ir);
		break;
	case IR_FLAGS_SET:
		gen_flags_set(g, ir);
		break;
	}
}
