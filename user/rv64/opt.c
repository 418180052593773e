// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two passes over a block. Forward: constants are folded, copies forwarded, pairs of
 * shifts that mean an extension become one. Backward: a pure operation is dropped if its
 * register is overwritten before anything could see it; a fault, a branch and a helper
 * see everything, so state stays precise.
 */
#include "rv64/cpu.h"
#include "rv64/back.h"

struct facts {
	struct ir_block *block;
	u32 known;    /* registers whose value is known */
	u32 extended; /* registers that hold a sign-extended word */
	u64 value[32];
	u8 copy_of[32];
};

static bool reads_a(const struct ir *ir)
{
	switch (ir_forms[ir->op]) {
	case FORM_D_A:
	case FORM_D_AB:
	case FORM_MEM:
	case FORM_F_MEM:
	case FORM_BRANCH:
	case FORM_JUMP:
	case FORM_F_D_X:
		return true;
	default:
		return false;
	}
}

static bool reads_b(const struct ir *ir)
{
	switch (ir_forms[ir->op]) {
	case FORM_D_AB:
		return !(ir->flags & IR_IMM);
	case FORM_MEM:
	case FORM_BRANCH:
		return true;
	default:
		return false;
	}
}

/* The X register that is written, or 0. */
static u8 written(const struct ir_block *block, const struct ir *ir)
{
	const struct rv64_insn *insn = &block->insn[ir->insn];

	switch (ir_forms[ir->op]) {
	case FORM_D_A:
	case FORM_D_AB:
	case FORM_D_I:
	case FORM_MEM:
	case FORM_GOTO:
	case FORM_JUMP:
	case FORM_F_X_A:
	case FORM_F_X_AB:
		return ir->d;
	case FORM_INSN:
		return rv64_formats[rv64_ops[insn->op].format].rd == RV64_FILE_X ? insn->rd : 0;
	default:
		return 0;
	}
}

/* Whether the result of an operation is a sign-extended word whatever its operands. */
static bool is_word(const struct ir *ir)
{
	switch (ir->op) {
	case IR_SLT:
	case IR_SLTU:
	case IR_SEXT8:
	case IR_SEXT16:
	case IR_SEXT32:
	case IR_ZEXT16:
	case IR_CLZ:
	case IR_CTZ:
	case IR_CPOP:
	case IR_BEXT:
		return true;
	case IR_LOAD:
	case IR_LOADX:
		return ir->size < 4 || (ir->size == 4 && ir->flags & IR_S);
	case IR_AND:
		return ir->flags & IR_IMM && ir->imm >= 0;
	default:
		return ir->flags & IR_W;
	}
}

static s64 word(s64 value, const struct ir *ir)
{
	return ir->flags & IR_W ? (s32)value : value;
}

/* The result with both operands known; false if this operation is not worth it. */
static bool evaluate(const struct ir *ir, u64 a, u64 b, s64 *result)
{
	u32 count = b & (ir->flags & IR_W ? 31 : 63);

	switch (ir->op) {
	case IR_ADD:
		*result = word(a + b, ir);
		return true;
	case IR_SUB:
		*result = word(a - b, ir);
		return true;
	case IR_AND:
		*result = a & b;
		return true;
	case IR_OR:
		*result = a | b;
		return true;
	case IR_XOR:
		*result = a ^ b;
		return true;
	case IR_SHL:
		*result = word(a << count, ir);
		return true;
	case IR_SHR:
		*result = ir->flags & IR_W ? (s32)((u32)a >> count) : (s64)(a >> count);
		return true;
	case IR_SAR:
		*result = ir->flags & IR_W ? (s32)a >> count : (s64)a >> count;
		return true;
	case IR_MUL:
		*result = word(a * b, ir);
		return true;
	case IR_SLT:
		*result = (s64)a < (s64)b;
		return true;
	case IR_SLTU:
		*result = a < b;
		return true;
	default:
		return false;
	}
}

static bool takes_immediate(u8 op)
{
	return op == IR_ADD || op == IR_SUB || op == IR_AND || op == IR_OR || op == IR_XOR ||
	       op == IR_SHL || op == IR_SHR || op == IR_SAR || op == IR_SLT || op == IR_SLTU ||
	       op == IR_MUL || op == IR_ROR;
}

static bool commutes(u8 op)
{
	return op == IR_ADD || op == IR_AND || op == IR_OR || op == IR_XOR || op == IR_MUL;
}

static bool is_known(const struct facts *facts, u8 reg)
{
	return facts->known >> reg & 1;
}

static void become_imm(struct ir *ir, s64 value)
{
	*ir = (struct ir){.op = IR_MOVI, .d = ir->d, .insn = ir->insn, .imm = value};
}

static void become_move(struct ir *ir, u8 op, u8 from)
{
	*ir = (struct ir){.op = op, .d = ir->d, .a = from, .insn = ir->insn};
}

static void fold_binary(struct facts *facts, struct ir *ir)
{
	bool imm = ir->flags & IR_IMM;
	s64 result;

	if (!imm && is_known(facts, ir->a) && !is_known(facts, ir->b) && commutes(ir->op)) {
		u8 a = ir->a;

		ir->a = ir->b;
		ir->b = a;
	}
	if (!imm && is_known(facts, ir->b) && takes_immediate(ir->op) &&
	    fits32(facts->value[ir->b])) {
		ir->imm = facts->value[ir->b];
		ir->flags |= IR_IMM;
		imm = true;
	}
	if (imm && ir->op == IR_SUB && ir->imm != INT32_MIN) {
		ir->op = IR_ADD;
		ir->imm = -ir->imm;
	}
	if (is_known(facts, ir->a) && imm && evaluate(ir, facts->value[ir->a], ir->imm, &result)) {
		become_imm(ir, result);
		return;
	}
	if (!imm || ir->imm)
		return;
	switch (ir->op) {
	case IR_ADD:
	case IR_OR:
	case IR_XOR:
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
		become_move(ir, ir->flags & IR_W ? IR_SEXT32 : IR_MOV, ir->a);
		break;
	case IR_AND:
	case IR_MUL:
		become_imm(ir, 0);
		break;
	}
}

/* slli d,a,n; srli or srai d,d,m: where that extends a part of a word. */
static void fold_shifts(struct ir *first, struct ir *ir)
{
	u8 op;

	if (first->op != IR_SHL || first->flags != IR_IMM || ir->flags != IR_IMM ||
	    ir->a != first->d || ir->d != first->d || (ir->op != IR_SHR && ir->op != IR_SAR))
		return;
	if (ir->op == IR_SHR && first->imm == 32 && ir->imm < 32) {
		*ir = (struct ir){.op = IR_SHLU,
				  .flags = IR_IMM,
				  .d = ir->d,
				  .a = first->a,
				  .insn = ir->insn,
				  .imm = 32 - ir->imm};
		become_move(first, IR_MOV, first->d);
		return;
	}
	if (ir->imm != first->imm)
		return;
	if (ir->imm == 32)
		op = ir->op == IR_SHR ? IR_ZEXT32 : IR_SEXT32;
	else if (ir->imm == 48)
		op = ir->op == IR_SHR ? IR_ZEXT16 : IR_SEXT16;
	else if (ir->imm == 56 && ir->op == IR_SAR)
		op = IR_SEXT8;
	else
		return;
	become_move(ir, op, first->a);
	become_move(first, IR_MOV, first->d);
}

static void fold_memory(struct facts *facts, struct ir *ir)
{
	u64 address = facts->value[ir->a] + ir->imm;

	if (is_known(facts, ir->a) && address < 1ULL << 31) {
		ir->a = 0;
		ir->imm = address;
	}
}

/* A jump to a known place; the link register is written by the GOTO or CALL. */
static void fold_jump(struct facts *facts, struct ir *ir)
{
	if (!is_known(facts, ir->a) || !ir->a)
		return;
	if (ir->op == IR_JCALL)
		ir->op = IR_CALL;
	else if (ir->op == IR_JUMP && !ir->d)
		ir->op = IR_GOTO;
	else
		return;
	ir->imm = (facts->value[ir->a] + ir->imm) & ~1ULL;
}

static void fold(struct facts *facts, struct ir *ir, struct ir *before)
{
	switch (ir_forms[ir->op]) {
	case FORM_D_AB:
		if (before)
			fold_shifts(before, ir);
		if (ir_forms[ir->op] == FORM_D_AB)
			fold_binary(facts, ir);
		break;
	case FORM_D_A:
		if (ir->op == IR_SEXT32 && facts->extended >> ir->a & 1)
			ir->op = IR_MOV;
		break;
	case FORM_MEM:
		if (ir->op == IR_LOAD || ir->op == IR_STORE)
			fold_memory(facts, ir);
		break;
	case FORM_F_MEM:
		fold_memory(facts, ir);
		break;
	case FORM_JUMP:
		fold_jump(facts, ir);
		break;
	}
	if (ir->op == IR_MOV && is_known(facts, ir->a))
		become_imm(ir, facts->value[ir->a]);
}

static void learn(struct facts *facts, const struct ir *ir, u8 d)
{
	u32 bit = 1u << d;

	if (!d)
		return;
	facts->known &= ~bit;
	facts->extended &= ~bit;
	facts->copy_of[d] = d;
	for (u32 r = 1; r < 32; r++) {
		if (facts->copy_of[r] == d)
			facts->copy_of[r] = r;
	}
	if (ir->op == IR_MOVI) {
		facts->known |= bit;
		facts->value[d] = ir->imm;
		if (fits32(ir->imm))
			facts->extended |= bit;
	} else if (ir->op == IR_MOV) {
		facts->copy_of[d] = ir->a;
		facts->extended |= facts->extended >> ir->a & 1 ? bit : 0;
	} else if (ir_forms[ir->op] <= FORM_MEM && is_word(ir)) {
		facts->extended |= bit;
	}
}

/* The register to read instead of reg: not one in memory for one in a host register. */
static u8 original(const struct facts *facts, u8 reg)
{
	u8 other = facts->copy_of[reg];

	return rv64_pinned[other] == NO_REG && rv64_pinned[reg] != NO_REG ? reg : other;
}

static void forward(struct ir_block *block)
{
	struct facts facts = {.block = block, .known = 1, .extended = 1};

	for (u32 r = 0; r < 32; r++)
		facts.copy_of[r] = r;
	for (u32 i = 0; i < block->nr_ir; i++) {
		struct ir *ir = &block->ir[i];

		if (reads_a(ir))
			ir->a = original(&facts, ir->a);
		if (reads_b(ir))
			ir->b = original(&facts, ir->b);
		fold(&facts, ir, i ? ir - 1 : NULL);
		learn(&facts, ir, written(block, ir));
	}
}

/* Whether shift makes d an index: a << n, or the same of a zero-extended word, for which
 * fold_shifts() has left the first of its two instructions before it as a move. */
static bool makes_index(const struct ir *shift, u32 before, u8 d)
{
	if (shift->flags != IR_IMM || shift->imm > 3 || shift->d != d)
		return false;
	if (shift->op == IR_SHLU)
		return before > 2 && shift[-1].op == IR_MOV && shift[-1].d == shift[-1].a &&
		       shift[-1].insn + 1 == shift->insn;
	return shift->op == IR_SHL;
}

/*
 * add d,b,a; load d,(d), perhaps after slli d,a,n: the host's addressing does it all. The
 * load then stands for its whole group: a fault in it finds the state before the first
 * instruction, from which the interpreter goes on.
 */
static void fuse_address(struct ir *ir, u32 before)
{
	struct ir *sum = ir - 1, *shift = ir - 2;
	struct ir fused = *ir;

	if (!before || !ir->a || ir->d != ir->a || sum->d != ir->a || sum->flags)
		return;
	if (sum->op != IR_ADD && sum->op != IR_SHADD)
		return;
	fused.op = IR_LOADX;
	fused.a = sum->op == IR_SHADD ? sum->a : sum->b;
	fused.b = sum->op == IR_SHADD ? sum->b : sum->a;
	fused.sub = sum->op == IR_SHADD ? sum->size : 0;
	fused.insn = sum->insn;
	if (sum->op == IR_ADD && before > 1 && makes_index(shift, before, sum->d) &&
	    (sum->a == sum->d) != (sum->b == sum->d)) {
		fused.a = shift->a;
		fused.b = sum->a == sum->d ? sum->b : sum->a;
		fused.sub = shift->imm;
		fused.flags |= shift->op == IR_SHLU ? IR_W : 0;
		fused.insn = shift->insn - (shift->op == IR_SHLU);
		become_move(shift, IR_MOV, shift->d);
	}
	become_move(sum, IR_MOV, sum->d);
	*ir = fused;
}

static void backward(struct ir_block *block)
{
	struct ir *to = block->ir + TB_MAX_IR;
	u32 dead = 0; /* registers that are overwritten before they can be seen */

	for (u32 i = block->nr_ir; i-- > 0;) {
		struct ir *ir = &block->ir[i];

		if (ir->op == IR_MOV && ir->d == ir->a)
			continue;
		if (ir_classes[ir->op] == IR_PURE) {
			if (dead >> ir->d & 1)
				continue;
			dead |= 1u << ir->d;
			if (reads_a(ir))
				dead &= ~(1u << ir->a);
			if (reads_b(ir))
				dead &= ~(1u << ir->b);
		} else {
			dead = 0;
		}
		*--to = *ir;
	}
	block->nr_ir = block->ir + TB_MAX_IR - to;
	memmove(block->ir, to, block->nr_ir * sizeof(*to));
}

void rv64_optimise(struct ir_block *block)
{
	forward(block);
	for (u32 i = 0; i < block->nr_ir; i++) {
		if (block->ir[i].op == IR_LOAD)
			fuse_address(&block->ir[i], i);
	}
	backward(block);
}
