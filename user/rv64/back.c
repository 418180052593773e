// SPDX-License-Identifier: GPL-2.0-or-later
/* The back end: integer operations, memory, and the ways out. See back.h. */
#include "rv64/back.h"
#include "rv64/help.h"

struct host_features rv64_host;

static __attribute__((constructor)) void host_init(void)
{
	__builtin_cpu_init();
	rv64_host.bmi1 = __builtin_cpu_supports("bmi");
	rv64_host.bmi2 = __builtin_cpu_supports("bmi2");
	rv64_host.lzcnt = __builtin_cpu_supports("lzcnt");
	rv64_host.popcnt = __builtin_cpu_supports("popcnt");
	rv64_host.fma = __builtin_cpu_supports("fma");
}

static bool is_wide(const struct ir *ir)
{
	return !(ir->flags & IR_W);
}

u64 gen_pc(const struct gen *g, const struct ir *ir)
{
	return g->block->pc + g->block->offset[ir->insn];
}

static u64 next_pc(const struct gen *g, const struct ir *ir)
{
	return g->block->pc + g->block->offset[ir->insn + 1];
}

/*
 * Operands. A source is a host register, or NO_REG if it is best taken from memory,
 * where x0 is too: it holds 0.
 */
static u8 source(struct gen *g, u8 reg)
{
	return !reg || ra_in_memory(g, reg) ? NO_REG : ra_use(g, reg);
}

static void op_source(struct gen *g, u32 op, bool w, u8 to, u8 reg, u8 host)
{
	if (host != NO_REG)
		x_rr(&g->e, op, w, to, host);
	else
		x_rm(&g->e, op, w, to, mem_x(reg));
}

static void move_in(struct gen *g, u8 to, u8 reg, u8 host)
{
	if (host != NO_REG)
		x_mov(&g->e, to, host);
	else if (!reg)
		x_zero(&g->e, to);
	else
		x_load(&g->e, to, mem_x(reg));
}

/* An operand by where it lives, whatever the temporaries hold. */
static u8 home(u8 reg)
{
	return rv64_pinned[reg];
}

/* The result is complete but for the sign extension of a word. */
static void finish(struct gen *g, const struct ir *ir, u8 host)
{
	if (ir->flags & IR_W)
		x_rr(&g->e, X_MOVSXD, true, host, host);
	ra_done(g, ir->d, host);
}

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

/* Compares a with b; the condition to look at, given the one for a cc b. */
struct comparison {
	u8 a, b, ra, rb;
	bool zero, swapped;
};

static struct comparison prepare(struct gen *g, u8 a, u8 b)
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

static void compare(struct gen *g, const struct comparison *c)
{
	if (c->zero && c->ra == NO_REG)
		x_alu_mem_imm(&g->e, ALU_CMP, true, mem_x(c->a), 0);
	else if (c->zero)
		x_rr(&g->e, X_TEST, true, c->ra, c->ra);
	else
		op_source(g, X_ALU(ALU_CMP), true, c->ra, c->b, c->rb);
}

static enum host_cc condition(const struct comparison *c, enum host_cc cc)
{
	static const u8 swapped[16] = {
		[CC_E] = CC_E,	 [CC_NE] = CC_NE, [CC_L] = CC_G,
		[CC_GE] = CC_LE, [CC_B] = CC_A,	  [CC_AE] = CC_BE,
	};

	return c->swapped ? swapped[cc] : cc;
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

static void write_constant(struct gen *g, u8 reg, u64 value)
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

/* The interpreter, for one instruction; temporaries are lost. */
void gen_interp_call(struct gen *g, const struct ir *ir)
{
	struct interp_note *note = rv64_note(sizeof(*note));

	if (!note) {
		g->e.full = true;
		return;
	}
	note->insn = g->block->insn[ir->insn];
	note->pc = gen_pc(g, ir);
	note->index = g->count ? ir->insn : 0;
	x_mov_imm(&g->e, RCX, (uintptr_t)note);
	x_call_to(&g->e, rv64_code.thunks.interp);
}

void gen_interp(struct gen *g, const struct ir *ir)
{
	gen_interp_call(g, ir);
	ra_forget(g);
	g->boxed = 0;
}

void gen_cold(struct gen *g, u8 *from, void (*make)(struct gen *g, const struct cold *cold),
	      const struct ir *ir, u8 reg)
{
	if (g->nr_cold == MAX_COLD) {
		g->e.full = true;
		return;
	}
	g->cold[g->nr_cold++] = (struct cold){.from = from, .make = make, .ir = ir, .reg = reg};
}

/* The interpreter does it after all. What the temporaries hold stays; the X register
 * that was to be computed in `reg` is put there. */
void gen_cold_interp(struct gen *g, const struct cold *cold)
{
	for (u8 t = 0; t < NR_TEMPS; t++)
		x_store(&g->e, mem_at(RBP, RV64_CPU_OFFSET(saved_temps) + t * 8), t);
	gen_interp_call(g, cold->ir);
	for (u8 t = 0; t < NR_TEMPS; t++)
		x_load(&g->e, t, mem_at(RBP, RV64_CPU_OFFSET(saved_temps) + t * 8));
	if (cold->reg != NO_REG && rv64_pinned[cold->ir->d] == NO_REG)
		x_load(&g->e, cold->reg, mem_x(cold->ir->d));
	x_jmp_to(&g->e, cold->back);
}

/*
 * Where instructions are counted, a TB is entered only if the budget has all of its
 * instructions, and whatever leaves it takes off those that were executed.
 */
void gen_charge(struct gen *g, u32 insns)
{
	if (g->count && insns)
		x_alu_mem_imm(&g->e, ALU_SUB, true, MEM_CPU(budget), insns);
}

/* Exits. */
static struct site *add_site(struct gen *g, enum tb_exit_kind kind, u64 target)
{
	struct site *site = &g->sites[g->nr_sites];

	if (g->nr_sites < MAX_SITES - 1)
		g->nr_sites++;
	else
		g->e.full = true;
	*site = (struct site){.kind = kind, .target = target};
	return site;
}

/* Leaves before the instruction. */
static void leave_if(struct gen *g, enum tb_exit_kind kind, const struct ir *ir, enum host_cc cc)
{
	struct site *site = add_site(g, kind, gen_pc(g, ir));

	site->charge = ir->insn;
	site->from = x_jcc(&g->e, cc);
}

/*
 * Every loop of guest code has a jump backwards or an indirect one that is not a return
 * from a call: there the request to leave is looked at, before the instruction.
 */
static void poll(struct gen *g, const struct ir *ir)
{
	x_alu_mem_imm(&g->e, ALU_CMP, false, MEM_CPU(exit_request), 0);
	leave_if(g, EXIT_POLL, ir, CC_NE);
}

static void poll_backwards(struct gen *g, const struct ir *ir)
{
	if ((u64)ir->imm <= gen_pc(g, ir))
		poll(g, ir);
}

/* A jump or call that will be patched. */
static struct site *chain(struct gen *g, u8 opcode, u64 target)
{
	struct site *site = add_site(g, EXIT_CHAIN, target);

	x_align_field(&g->e, 1, 4);
	emit8(&g->e, opcode);
	emit32(&g->e, 0);
	site->field = g->e.p - 4;
	return site;
}

static void cold_taken(struct gen *g, const struct cold *cold)
{
	gen_charge(g, cold->ir->insn + 1);
	chain(g, 0xe9, cold->ir->imm)->slot = 1;
}

static void gen_branch(struct gen *g, const struct ir *ir)
{
	struct comparison c;
	struct site *site;
	u8 *start;

	poll_backwards(g, ir);
	c = prepare(g, ir->a, ir->b);
	if (g->count) {
		compare(g, &c);
		gen_cold(g, x_jcc(&g->e, condition(&c, ir->sub)), cold_taken, ir, 0);
		return;
	}
	/* The padding goes before the comparison: the host fuses the two. */
	start = g->e.p;
	compare(g, &c);
	if (!g->e.full && (((uintptr_t)g->e.p + 2) & 7) > 4) {
		u32 pad = 8 - (((uintptr_t)g->e.p + 2) & 7);

		g->e.p = start;
		x_nop(&g->e, pad);
		compare(g, &c);
	}
	site = add_site(g, EXIT_CHAIN, ir->imm);
	site->slot = 1;
	site->field = x_jcc(&g->e, condition(&c, ir->sub));
}

static void gen_goto(struct gen *g, const struct ir *ir)
{
	poll_backwards(g, ir);
	gen_charge(g, min(ir->insn + 1u, g->block->nr_insns));
	chain(g, 0xe9, ir->imm);
}

/* Where a call returns to: rax is the guest address that the return found. */
static void landing(struct gen *g, const struct ir *ir)
{
	u64 back = next_pc(g, ir);

	if (fits32(back)) {
		x_alu_imm(&g->e, ALU_CMP, true, RAX, back);
	} else {
		x_mov_imm(&g->e, RCX, back);
		x_rr(&g->e, X_ALU(ALU_CMP), true, RAX, RCX);
	}
	x_jcc_to(&g->e, CC_NE, rv64_code.thunks.return_miss);
	chain(g, 0xe9, back)->slot = 1;
}

static void gen_call(struct gen *g, const struct ir *ir)
{
	poll_backwards(g, ir);
	ra_begin(g);
	write_constant(g, ir->d, next_pc(g, ir));
	gen_charge(g, ir->insn + 1);
	chain(g, 0xe8, ir->imm);
	landing(g, ir);
}

/* rax = the guest address to go to; its lowest bit may be set, and then no TB has it. */
static void jump_target(struct gen *g, const struct ir *ir)
{
	u8 a = NO_REG;

	if (g->cached[RAX] == ir->a && ir->a) {
		a = ra_use(g, ir->a);
	} else {
		ra_take(g, RAX);
		a = source(g, ir->a);
	}
	if (ir->imm && a != NO_REG) {
		x_rm(&g->e, X_LEA, true, RAX, mem_at(a, ir->imm));
	} else {
		move_in(g, RAX, ir->a, a);
		if (ir->imm)
			x_alu_imm(&g->e, ALU_ADD, true, RAX, ir->imm);
	}
	ra_forget(g);
	ra_begin(g);
	ra_take(g, RAX);
}

/*
 * An indirect jump: the first target that the site goes to is compared with in line,
 * others are looked up in the thread's jump cache. While the site has not been filled
 * its jne leads to the stub, which tells exec.c who asks. The order of the stores that
 * fill it does not matter:
 *
 *	one thread			another, in this code
 *	jmp -> TB			compares with the old address, which no target has:
 *	address = TB's			goes to the stub, and looks its target up
 *	jne -> search			compares with the new one: what follows is the TB's
 *					jump or still the stub's, both right for it
 */
static void dispatch(struct gen *g, const struct ir *ir)
{
	struct site *site = add_site(g, EXIT_INDIRECT, 0);
	u8 *differs;

	site->wide = g->block->pc >> 31 != 0;
	x_align_field(&g->e, 2, site->wide ? 8 : 4);
	if (site->wide) {
		emit_opcode(&g->e, 0xb8 | RCX, true, 0, 0, 0, false);
		emit64(&g->e, ~0ULL);
		site->imm = g->e.p - 8;
		x_rr(&g->e, X_ALU(ALU_CMP), true, RAX, RCX);
	} else {
		emit8(&g->e, 0x48);
		emit8(&g->e, 0x3d);
		emit32(&g->e, ~0U);
		site->imm = g->e.p - 4;
	}
	x_align_field(&g->e, 2, 4);
	site->miss = x_jcc(&g->e, CC_NE);
	x_align_field(&g->e, 1, 4);
	site->field = x_jmp(&g->e);
	site->search = g->e.p;
	x_rr(&g->e, X_MOV_LOAD, false, RCX, RAX);
	x_shift_imm(&g->e, SHIFT_SHR, false, RCX, 1);
	x_alu_imm(&g->e, ALU_AND, false, RCX, JUMP_CACHE_SIZE - 1);
	x_load(&g->e, RDX, MEM_CPU(jump_cache));
	x_load(&g->e, RCX, (struct mem){RDX, RCX, 3, 0});
	x_rm(&g->e, X_ALU(ALU_CMP), true, RAX, mem_at(RCX, -8));
	differs = x_jcc(&g->e, CC_NE);
	x_rr(&g->e, 0xff, false, 4, RCX);
	site->from = differs;
}

static void gen_jump(struct gen *g, const struct ir *ir)
{
	u8 *call;

	if (ir->op == IR_RET) {
		jump_target(g, ir);
		if (ir->d)
			write_constant(g, ir->d, next_pc(g, ir));
		gen_charge(g, ir->insn + 1);
		emit8(&g->e, 0xc3);
		return;
	}
	poll(g, ir);
	jump_target(g, ir);
	if (ir->d)
		write_constant(g, ir->d, next_pc(g, ir));
	gen_charge(g, ir->insn + 1);
	if (ir->op == IR_JUMP) {
		dispatch(g, ir);
		return;
	}
	emit8(&g->e, 0xe8);
	emit32(&g->e, 0);
	call = g->e.p - 4;
	landing(g, ir);
	x_here(&g->e, call);
	dispatch(g, ir);
}

static void leave_at(struct gen *g, const struct ir *ir, enum tb_exit_kind kind)
{
	struct site *site = add_site(g, kind, gen_pc(g, ir));

	site->charge = ir->insn;
	site->from = x_jmp(&g->e);
}

static void stubs(struct gen *g)
{
	for (u32 i = 0; i < g->nr_sites; i++) {
		struct site *site = &g->sites[i];

		site->stub = g->e.p;
		if (site->from)
			x_here(&g->e, site->from);
		if (site->field)
			x_here(&g->e, site->field);
		if (site->miss)
			x_here(&g->e, site->miss);
		if (site->kind == EXIT_INDIRECT)
			x_store(&g->e, MEM_CPU(pc), RAX);
		gen_charge(g, site->charge);
		x_mov_imm(&g->e, RAX, g->first_exit + i);
		x_jmp_to(&g->e, rv64_code.thunks.leave);
	}
}

/* False: one of gen_bits(). */
static bool gen_integer(struct gen *g, const struct ir *ir)
{
	switch (ir->op) {
	case IR_MOVI:
		write_constant(g, ir->d, ir->imm);
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

static void gen_effect(struct gen *g, const struct ir *ir)
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
	case IR_INTERP:
		gen_interp(g, ir);
		break;
	case IR_BRANCH:
		gen_branch(g, ir);
		break;
	case IR_GOTO:
		gen_goto(g, ir);
		break;
	case IR_CALL:
		gen_call(g, ir);
		break;
	case IR_JUMP:
	case IR_JCALL:
	case IR_RET:
		gen_jump(g, ir);
		break;
	case IR_INTERP_END:
		leave_at(g, ir, EXIT_INTERP);
		break;
	case IR_EXCLUSIVE:
		leave_at(g, ir, EXIT_EXCLUSIVE);
		break;
	default:
		rv64_back_fp(g, ir);
	}
}

void rv64_back(struct gen *g, const struct ir_block *block, u32 first_exit, u32 *host_offset)
{
	u32 insn = 0;

	g->block = block;
	g->first_exit = first_exit;
	g->entry = g->e.p;
	g->nr_cold = g->nr_sites = g->boxed = 0;
	ra_forget(g);
	if (g->executions) {
		x_mov_imm(&g->e, RAX, (uintptr_t)g->executions);
		x_rm(&g->e, 0xff, true, 0, mem_at(RAX, 0));
	}
	if (g->count) {
		x_alu_mem_imm(&g->e, ALU_CMP, true, MEM_CPU(budget), block->nr_insns);
		add_site(g, EXIT_BUDGET, block->pc)->from = x_jcc(&g->e, CC_L);
	}
	for (u32 i = 0; i < block->nr_ir; i++) {
		const struct ir *ir = &block->ir[i];

		while (insn <= ir->insn && insn < block->nr_insns)
			host_offset[insn++] = g->e.p - g->entry;
		ra_begin(g);
		if (ir->op > IR_REV8)
			gen_effect(g, ir);
		else if (!gen_integer(g, ir))
			gen_bits(g, ir);
	}
	while (insn < block->nr_insns)
		host_offset[insn++] = g->e.p - g->entry;
	for (u32 i = 0; i < g->nr_cold; i++) {
		x_here(&g->e, g->cold[i].from);
		g->cold[i].make(g, &g->cold[i]);
	}
	stubs(g);
}
