// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest code to IR. Most instructions are a row of a table; what has no row is left to
 * the interpreter, one instruction at a time.
 *
 * A block goes on past conditional branches, which leave it where they are taken, up to
 * a jump, the end of the page or the longest length. It never begins an instruction in
 * another page: invalidation then knows a block by one page, or by two if its last
 * instruction crosses.
 *
 * LR and SC are translated only as a pair: both in one block, nothing between that
 * accesses memory, no branch to between. The SC is then one compare-and-exchange with the value
 *that the LR read, and that is exact, other than it looks (ABA):
 *
 *	this hart			other harts
 *	lr a5,(a0)   reads A
 *					store B to (a0)
 *					store A to (a0)
 *	sc a6,a4,(a0)  finds A: stores
 *
 * Nothing here can tell this from an LR that executed after the second store: between
 * LR and SC the hart saw no other memory. Any other LR is left to exec.c, which runs it
 * and what follows while all other harts stand still.
 */
#include <string.h>
#include "rv64/cpu.h"
#include "rv64/back.h"
#include "rv64/vcpu.h"

enum kind {
	KIND_INTERP, /* what has no row */
	KIND_R,
	KIND_RR,
	KIND_I,
	KIND_U,
	KIND_LOAD,
	KIND_STORE,
	KIND_BRANCH,
	KIND_LR,
	KIND_SC,
	KIND_AMO,
	KIND_FLOAD,
	KIND_FSTORE,
	KIND_F, /* any operands, rounds as the other frm would too */
	KIND_F_RM,
	KIND_FTOI,
	KIND_FTOU,
};

struct rule {
	u8 kind, op, flags, size, sub;
};

#define W IR_W
#define S IR_S
#define AMO_ROWS(name, which)                                            \
	[RV64_OP_AMO##name##_W] = {KIND_AMO, IR_AMO, W, 4, AMO_##which}, \
	[RV64_OP_AMO##name##_D] = {KIND_AMO, IR_AMO, 0, 8, AMO_##which}
#define F_ROWS(name, kind, op, which)                   \
	[RV64_OP_##name##_S] = {kind, op, 0, 4, which}, \
	[RV64_OP_##name##_D] = {kind, op, 0, 8, which}

static const struct rule rules[RV64_OP_COUNT] = {
	[RV64_OP_LUI] = {KIND_U, IR_MOVI},
	[RV64_OP_AUIPC] = {KIND_U, IR_MOVI, .sub = 1},
	[RV64_OP_ADDI] = {KIND_I, IR_ADD},
	[RV64_OP_SLTI] = {KIND_I, IR_SLT},
	[RV64_OP_SLTIU] = {KIND_I, IR_SLTU},
	[RV64_OP_XORI] = {KIND_I, IR_XOR},
	[RV64_OP_ORI] = {KIND_I, IR_OR},
	[RV64_OP_ANDI] = {KIND_I, IR_AND},
	[RV64_OP_SLLI] = {KIND_I, IR_SHL},
	[RV64_OP_SRLI] = {KIND_I, IR_SHR},
	[RV64_OP_SRAI] = {KIND_I, IR_SAR},
	[RV64_OP_ADDIW] = {KIND_I, IR_ADD, W},
	[RV64_OP_SLLIW] = {KIND_I, IR_SHL, W},
	[RV64_OP_SRLIW] = {KIND_I, IR_SHR, W},
	[RV64_OP_SRAIW] = {KIND_I, IR_SAR, W},
	[RV64_OP_ADD] = {KIND_R, IR_ADD},
	[RV64_OP_SUB] = {KIND_R, IR_SUB},
	[RV64_OP_SLL] = {KIND_R, IR_SHL},
	[RV64_OP_SLT] = {KIND_R, IR_SLT},
	[RV64_OP_SLTU] = {KIND_R, IR_SLTU},
	[RV64_OP_XOR] = {KIND_R, IR_XOR},
	[RV64_OP_SRL] = {KIND_R, IR_SHR},
	[RV64_OP_SRA] = {KIND_R, IR_SAR},
	[RV64_OP_OR] = {KIND_R, IR_OR},
	[RV64_OP_AND] = {KIND_R, IR_AND},
	[RV64_OP_ADDW] = {KIND_R, IR_ADD, W},
	[RV64_OP_SUBW] = {KIND_R, IR_SUB, W},
	[RV64_OP_SLLW] = {KIND_R, IR_SHL, W},
	[RV64_OP_SRLW] = {KIND_R, IR_SHR, W},
	[RV64_OP_SRAW] = {KIND_R, IR_SAR, W},

	[RV64_OP_LB] = {KIND_LOAD, IR_LOAD, S, 1},
	[RV64_OP_LH] = {KIND_LOAD, IR_LOAD, S, 2},
	[RV64_OP_LW] = {KIND_LOAD, IR_LOAD, S, 4},
	[RV64_OP_LD] = {KIND_LOAD, IR_LOAD, 0, 8},
	[RV64_OP_LBU] = {KIND_LOAD, IR_LOAD, 0, 1},
	[RV64_OP_LHU] = {KIND_LOAD, IR_LOAD, 0, 2},
	[RV64_OP_LWU] = {KIND_LOAD, IR_LOAD, 0, 4},
	[RV64_OP_SB] = {KIND_STORE, IR_STORE, 0, 1},
	[RV64_OP_SH] = {KIND_STORE, IR_STORE, 0, 2},
	[RV64_OP_SW] = {KIND_STORE, IR_STORE, 0, 4},
	[RV64_OP_SD] = {KIND_STORE, IR_STORE, 0, 8},
	[RV64_OP_BEQ] = {KIND_BRANCH, IR_BRANCH, .sub = CC_E},
	[RV64_OP_BNE] = {KIND_BRANCH, IR_BRANCH, .sub = CC_NE},
	[RV64_OP_BLT] = {KIND_BRANCH, IR_BRANCH, .sub = CC_L},
	[RV64_OP_BGE] = {KIND_BRANCH, IR_BRANCH, .sub = CC_GE},
	[RV64_OP_BLTU] = {KIND_BRANCH, IR_BRANCH, .sub = CC_B},
	[RV64_OP_BGEU] = {KIND_BRANCH, IR_BRANCH, .sub = CC_AE},

	[RV64_OP_MUL] = {KIND_R, IR_MUL},
	[RV64_OP_MULH] = {KIND_R, IR_MULH},
	[RV64_OP_MULHSU] = {KIND_R, IR_MULHSU},
	[RV64_OP_MULHU] = {KIND_R, IR_MULHU},
	[RV64_OP_DIV] = {KIND_R, IR_DIV},
	[RV64_OP_DIVU] = {KIND_R, IR_DIVU},
	[RV64_OP_REM] = {KIND_R, IR_REM},
	[RV64_OP_REMU] = {KIND_R, IR_REMU},
	[RV64_OP_MULW] = {KIND_R, IR_MUL, W},
	[RV64_OP_DIVW] = {KIND_R, IR_DIV, W},
	[RV64_OP_DIVUW] = {KIND_R, IR_DIVU, W},
	[RV64_OP_REMW] = {KIND_R, IR_REM, W},
	[RV64_OP_REMUW] = {KIND_R, IR_REMU, W},

	[RV64_OP_LR_W] = {KIND_LR, IR_LR, W | S, 4},
	[RV64_OP_LR_D] = {KIND_LR, IR_LR, 0, 8},
	[RV64_OP_SC_W] = {KIND_SC, IR_SC, 0, 4},
	[RV64_OP_SC_D] = {KIND_SC, IR_SC, 0, 8},
	AMO_ROWS(SWAP, SWAP),
	AMO_ROWS(ADD, ADD),
	AMO_ROWS(XOR, XOR),
	AMO_ROWS(AND, AND),
	AMO_ROWS(OR, OR),
	AMO_ROWS(MIN, MIN),
	AMO_ROWS(MAX, MAX),
	AMO_ROWS(MINU, MINU),
	AMO_ROWS(MAXU, MAXU),

	[RV64_OP_ADD_UW] = {KIND_R, IR_SHADDU, 0, 0},
	[RV64_OP_SH1ADD] = {KIND_R, IR_SHADD, 0, 1},
	[RV64_OP_SH2ADD] = {KIND_R, IR_SHADD, 0, 2},
	[RV64_OP_SH3ADD] = {KIND_R, IR_SHADD, 0, 3},
	[RV64_OP_SH1ADD_UW] = {KIND_R, IR_SHADDU, 0, 1},
	[RV64_OP_SH2ADD_UW] = {KIND_R, IR_SHADDU, 0, 2},
	[RV64_OP_SH3ADD_UW] = {KIND_R, IR_SHADDU, 0, 3},
	[RV64_OP_SLLI_UW] = {KIND_I, IR_SHLU},
	[RV64_OP_ANDN] = {KIND_R, IR_ANDN},
	[RV64_OP_ORN] = {KIND_R, IR_ORN},
	[RV64_OP_XNOR] = {KIND_R, IR_XNOR},
	[RV64_OP_CLZ] = {KIND_RR, IR_CLZ},
	[RV64_OP_CTZ] = {KIND_RR, IR_CTZ},
	[RV64_OP_CPOP] = {KIND_RR, IR_CPOP},
	[RV64_OP_CLZW] = {KIND_RR, IR_CLZ, W},
	[RV64_OP_CTZW] = {KIND_RR, IR_CTZ, W},
	[RV64_OP_CPOPW] = {KIND_RR, IR_CPOP, W},
	[RV64_OP_MIN] = {KIND_R, IR_MIN},
	[RV64_OP_MINU] = {KIND_R, IR_MINU},
	[RV64_OP_MAX] = {KIND_R, IR_MAX},
	[RV64_OP_MAXU] = {KIND_R, IR_MAXU},
	[RV64_OP_SEXT_B] = {KIND_RR, IR_SEXT8},
	[RV64_OP_SEXT_H] = {KIND_RR, IR_SEXT16},
	[RV64_OP_ZEXT_H] = {KIND_RR, IR_ZEXT16},
	[RV64_OP_ROL] = {KIND_R, IR_ROL},
	[RV64_OP_ROR] = {KIND_R, IR_ROR},
	[RV64_OP_RORI] = {KIND_I, IR_ROR},
	[RV64_OP_ROLW] = {KIND_R, IR_ROL, W},
	[RV64_OP_RORW] = {KIND_R, IR_ROR, W},
	[RV64_OP_RORIW] = {KIND_I, IR_ROR, W},
	[RV64_OP_REV8] = {KIND_RR, IR_REV8},
	[RV64_OP_BCLR] = {KIND_R, IR_BCLR},
	[RV64_OP_BCLRI] = {KIND_I, IR_BCLR},
	[RV64_OP_BEXT] = {KIND_R, IR_BEXT},
	[RV64_OP_BEXTI] = {KIND_I, IR_BEXT},
	[RV64_OP_BINV] = {KIND_R, IR_BINV},
	[RV64_OP_BINVI] = {KIND_I, IR_BINV},
	[RV64_OP_BSET] = {KIND_R, IR_BSET},
	[RV64_OP_BSETI] = {KIND_I, IR_BSET},
	[RV64_OP_CZERO_EQZ] = {KIND_R, IR_CZEQ},
	[RV64_OP_CZERO_NEZ] = {KIND_R, IR_CZNE},

	[RV64_OP_FLW] = {KIND_FLOAD, IR_FLOAD, 0, 4},
	[RV64_OP_FLD] = {KIND_FLOAD, IR_FLOAD, 0, 8},
	[RV64_OP_FSW] = {KIND_FSTORE, IR_FSTORE, 0, 4},
	[RV64_OP_FSD] = {KIND_FSTORE, IR_FSTORE, 0, 8},
	F_ROWS(FADD, KIND_F_RM, IR_FARITH, SUB_ADD),
	F_ROWS(FSUB, KIND_F_RM, IR_FARITH, SUB_SUB),
	F_ROWS(FMUL, KIND_F_RM, IR_FARITH, SUB_MUL),
	F_ROWS(FDIV, KIND_F_RM, IR_FARITH, SUB_DIV),
	F_ROWS(FSQRT, KIND_F_RM, IR_FSQRT, 0),
	F_ROWS(FMADD, KIND_F_RM, IR_FMA, SUB_MADD),
	F_ROWS(FMSUB, KIND_F_RM, IR_FMA, SUB_MSUB),
	F_ROWS(FNMSUB, KIND_F_RM, IR_FMA, SUB_NMSUB),
	F_ROWS(FNMADD, KIND_F_RM, IR_FMA, SUB_NMADD),
	F_ROWS(FSGNJ, KIND_F, IR_FSGNJ, SUB_COPY),
	F_ROWS(FSGNJN, KIND_F, IR_FSGNJ, SUB_NEGATE),
	F_ROWS(FSGNJX, KIND_F, IR_FSGNJ, SUB_XOR_SIGN),
	F_ROWS(FMIN, KIND_F, IR_FMINMAX, SUB_MIN),
	F_ROWS(FMAX, KIND_F, IR_FMINMAX, SUB_MAX),
	F_ROWS(FEQ, KIND_F, IR_FCMP, SUB_EQ),
	F_ROWS(FLT, KIND_F, IR_FCMP, SUB_LT),
	F_ROWS(FLE, KIND_F, IR_FCMP, SUB_LE),
	[RV64_OP_FCVT_W_S] = {KIND_FTOI, IR_FTOI, W, 4},
	[RV64_OP_FCVT_W_D] = {KIND_FTOI, IR_FTOI, W, 8},
	[RV64_OP_FCVT_L_S] = {KIND_FTOI, IR_FTOI, 0, 4},
	[RV64_OP_FCVT_L_D] = {KIND_FTOI, IR_FTOI, 0, 8},
	[RV64_OP_FCVT_S_W] = {KIND_F_RM, IR_ITOF, W | S, 4},
	[RV64_OP_FCVT_S_WU] = {KIND_F_RM, IR_ITOF, W, 4},
	[RV64_OP_FCVT_S_L] = {KIND_F_RM, IR_ITOF, S, 4},
	[RV64_OP_FCVT_D_W] = {KIND_F_RM, IR_ITOF, W | S, 8},
	[RV64_OP_FCVT_D_WU] = {KIND_F_RM, IR_ITOF, W, 8},
	[RV64_OP_FCVT_D_L] = {KIND_F_RM, IR_ITOF, S, 8},
	[RV64_OP_FCVT_S_D] = {KIND_F_RM, IR_FTOF, 0, 4},
	[RV64_OP_FCVT_D_S] = {KIND_F_RM, IR_FTOF, 0, 8},
	[RV64_OP_FMV_X_W] = {KIND_F, IR_FMVX, 0, 4},
	[RV64_OP_FMV_X_D] = {KIND_F, IR_FMVX, 0, 8},
	[RV64_OP_FMV_W_X] = {KIND_F, IR_FMVF, 0, 4},
	[RV64_OP_FMV_D_X] = {KIND_F, IR_FMVF, 0, 8},
};
#undef W
#undef S

/* The front end at one instruction. */
struct front {
	struct ir_block *block;
	u64 pc; /* of the instruction */
	u32 exits;
	s32 lr; /* index of the IR of an LR whose SC has not come, or -1 */
	u64 lr_pc;
	u64 inner; /* the first place behind the LR that a branch since goes to */
	bool ended;
};

#define MAX_BRANCHES 14

static struct ir *add(struct front *f, u8 op)
{
	struct ir *ir = &f->block->ir[f->block->nr_ir++];

	*ir = (struct ir){.op = op, .insn = f->block->nr_insns};
	return ir;
}

static void end(struct front *f, u8 op, u8 link, u64 target)
{
	struct ir *ir = add(f, op);

	ir->d = link;
	ir->imm = target;
	f->ended = true;
}

/* An LR without its SC: the block ends before it. */
static void drop_lr(struct front *f)
{
	struct ir_block *block = f->block;
	struct ir *lr = &block->ir[f->lr];

	block->nr_ir = f->lr + 1;
	block->nr_insns = lr->insn + 1;
	*lr = (struct ir){.op = IR_EXCLUSIVE, .insn = lr->insn};
	f->lr = -1;
	f->ended = true;
}

static bool is_link(u8 reg)
{
	return reg == 1 || reg == 5;
}

static void jump(struct front *f, const struct rv64_insn *insn)
{
	u64 next = f->pc + insn->size;
	struct ir *ir;

	if (insn->op == RV64_OP_JAL && is_link(insn->rd)) {
		end(f, IR_CALL, insn->rd, f->pc + insn->imm);
		return;
	}
	if (insn->op == RV64_OP_JAL) {
		if (insn->rd) {
			ir = add(f, IR_MOVI);
			ir->d = insn->rd;
			ir->imm = next;
		}
		end(f, IR_GOTO, 0, f->pc + insn->imm);
		return;
	}
	ir = add(f, is_link(insn->rd) ? IR_JCALL : is_link(insn->rs1) ? IR_RET : IR_JUMP);
	ir->d = insn->rd;
	ir->a = insn->rs1;
	ir->imm = insn->imm;
	f->ended = true;
}

/* What the interpreter does at the end of a block, or in the middle of one. */
static bool must_end(const struct rv64_insn *insn)
{
	switch (insn->op) {
	case RV64_OP_ILLEGAL:
	case RV64_OP_ECALL:
	case RV64_OP_EBREAK:
	case RV64_OP_FENCE_I:
		return true;
	case RV64_OP_CSRRW:
	case RV64_OP_CSRRWI:
	case RV64_OP_CSRRS:
	case RV64_OP_CSRRC:
	case RV64_OP_CSRRSI:
	case RV64_OP_CSRRCI:
		/* frm and fcsr: what follows may round otherwise. */
		return insn->imm == 2 || insn->imm == 3;
	default:
		return false;
	}
}

static void interpret(struct front *f, const struct rv64_insn *insn)
{
	f->ended = must_end(insn) || f->block->breakpoint;
	add(f, f->ended ? IR_INTERP_END : IR_INTERP);
}

/* Whether an instruction with this rm rounds as the live MXCSR does. */
static bool rounds_live(const struct front *f, const struct rv64_insn *insn)
{
	return insn->rm == RV64_DYN || (insn->rm == RV64_RNE && !f->block->rounding);
}

static bool is_inline(const struct front *f, const struct rv64_insn *insn, const struct rule *rule)
{
	switch (rule->op) {
	case IR_CLZ:
		return rv64_host.lzcnt;
	case IR_CTZ:
		return rv64_host.bmi1;
	case IR_CPOP:
		return rv64_host.popcnt;
	case IR_FMA:
		if (!rv64_host.fma)
			return false;
	}
	switch (rule->kind) {
	case KIND_INTERP:
		return false;
	case KIND_F_RM:
		/* Exact, however they round. */
		if (insn->op == RV64_OP_FCVT_D_S || insn->op == RV64_OP_FCVT_D_W ||
		    insn->op == RV64_OP_FCVT_D_WU)
			return true;
		return rounds_live(f, insn);
	case KIND_FTOI:
		return insn->rm == RV64_RTZ || rounds_live(f, insn);
	case KIND_SC:
		/* A branch to between the two would reach an SC in another block. */
		return f->lr >= 0 && f->block->ir[f->lr].size == rule->size && f->inner > f->pc;
	default:
		return true;
	}
}

/* What may stand between an LR and its SC: no access to memory, and nothing that might
 * leave the block other than by a branch. */
static bool keeps_pair(u8 kind)
{
	return kind == KIND_R || kind == KIND_RR || kind == KIND_I || kind == KIND_U ||
	       kind == KIND_BRANCH || kind == KIND_SC;
}

static void translate(struct front *f, const struct rv64_insn *insn, const struct rule *rule)
{
	struct ir *ir;

	/* Pure operations on x0 are hints or nothing at all. */
	if (!insn->rd && (rule->kind == KIND_R || rule->kind == KIND_RR || rule->kind == KIND_I ||
			  rule->kind == KIND_U))
		return;
	if (rule->kind == KIND_LR) {
		f->lr = f->block->nr_ir;
		f->lr_pc = f->pc;
		f->inner = ~0ULL;
	}
	ir = add(f, rule->op);
	ir->flags = rule->flags;
	ir->size = rule->size;
	ir->sub = rule->sub;
	ir->d = insn->rd;
	ir->a = insn->rs1;
	ir->b = insn->rs2;
	ir->c = insn->rs3;
	ir->imm = insn->imm;
	switch (rule->kind) {
	case KIND_I:
		ir->flags |= IR_IMM;
		break;
	case KIND_U:
		ir->imm += rule->sub ? f->pc : 0;
		break;
	case KIND_BRANCH:
		ir->imm = f->pc + insn->imm;
		if (f->lr >= 0 && (u64)ir->imm > f->lr_pc)
			f->inner = min(f->inner, (u64)ir->imm);
		f->exits++;
		break;
	case KIND_SC:
		f->lr = -1;
		break;
	case KIND_FTOI:
		ir->sub = insn->rm == RV64_RTZ;
		break;
	}
}

/* Store before load is all that x86 may reorder: of a fence only W before R is left. */
static void fence(struct front *f, const struct rv64_insn *insn)
{
	bool writes_before = insn->imm >> 4 & 5, reads_after = insn->imm & 10;

	if (writes_before && reads_after)
		add(f, IR_FENCE);
}

/* frflags and fsflags, which compilers put around quiet comparisons. */
static bool flags(struct front *f, const struct rv64_insn *insn)
{
	struct ir *ir;

	if (insn->imm != 1)
		return false;
	if (insn->op == RV64_OP_CSRRS && !insn->rs1)
		ir = add(f, IR_FLAGS_GET);
	else if (insn->op == RV64_OP_CSRRW && !insn->rd)
		ir = add(f, IR_FLAGS_SET);
	else
		return false;
	ir->d = insn->rd;
	ir->a = insn->rs1;
	return true;
}

static void one_insn(struct front *f, const struct rv64_insn *insn)
{
	const struct rule *rule = &rules[insn->op];
	bool inlined = is_inline(f, insn, rule);

	if (f->block->breakpoint) {
		interpret(f, insn);
	} else if (insn->op == RV64_OP_JAL || insn->op == RV64_OP_JALR) {
		jump(f, insn);
	} else if (insn->op == RV64_OP_FENCE) {
		fence(f, insn);
	} else if (f->lr >= 0 && (!inlined || !keeps_pair(rule->kind))) {
		drop_lr(f);
		return;
	} else if (inlined) {
		translate(f, insn, rule);
	} else if (!flags(f, insn)) {
		interpret(f, insn);
	}
	if (f->ended && f->lr >= 0) {
		drop_lr(f);
		return;
	}
	f->block->nr_insns++;
}

void rv64_front(struct ir_block *block, u64 pc, const u8 *code, u32 bytes, u32 max_insns,
		bool rounding)
{
	struct front f = {.block = block, .pc = pc, .lr = -1};
	u64 page_end = (pc | (PAGE_BYTES - 1)) + 1;
	u32 at = 0;

	block->pc = pc;
	block->nr_insns = block->nr_ir = 0;
	block->rounding = rounding;
	block->breakpoint = rv64_breakpoint_within(pc, 1);
	while (!f.ended && block->nr_insns < max_insns && f.exits < MAX_BRANCHES) {
		struct rv64_insn *insn = &block->insn[block->nr_insns];
		u32 raw = 0;

		memcpy(&raw, code + at, bytes - at < 4 ? bytes - at : 4);
		if (pc + at >= page_end || bytes - at < 2 ||
		    (at && rv64_breakpoint_within(pc + at, 1)) ||
		    (!rv64_is_short(raw) && bytes - at < 4))
			break;
		rv64_decode(raw, insn);
		f.pc = pc + at;
		block->offset[block->nr_insns] = at;
		at += insn->size;
		one_insn(&f, insn);
	}
	if (f.lr >= 0)
		drop_lr(&f);
	if (!f.ended) {
		block->offset[block->nr_insns] = at;
		end(&f, IR_GOTO, 0, pc + at);
	}
	at = block->offset[block->nr_insns - 1] + block->insn[block->nr_insns - 1].size;
	block->offset[block->nr_insns] = at;
	block->bytes = at;
	memcpy(block->code, code, at);
}
