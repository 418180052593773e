/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One TB between front end and back end: a straight list of operations on guest
 * registers, in guest order. There are no other values: what an operation needs inside
 * is the back end's business, and at every operation that can fault or leave all guest
 * registers hold what the guest's own instructions have put there.
 */
#ifndef SUNDIAL_RV64_IR_H
#define SUNDIAL_RV64_IR_H

#include <stdio.h>
#include "rv64/decode.h"

enum ir_op {
#define IR(op, form, class) IR_##op,
#include "rv64/ir.def"
#undef IR
	IR_COUNT
};

enum ir_class {
	IR_PURE,
	IR_READ,
	IR_EFFECT,
	IR_END,
};

enum ir_flags {
	IR_W = 1,   /* 32-bit operation, result sign extended */
	IR_IMM = 2, /* imm stands for b */
	IR_S = 4,   /* loads: sign extend; FTOI, ITOF: signed */
};

/* sub of FARITH, FMA, FSGNJ, FMINMAX, FCMP, AMO */
enum ir_sub {
	SUB_ADD,
	SUB_SUB,
	SUB_MUL,
	SUB_DIV,

	SUB_MADD = 0,
	SUB_MSUB,
	SUB_NMSUB,
	SUB_NMADD,

	SUB_COPY = 0,
	SUB_NEGATE,
	SUB_XOR_SIGN,

	SUB_MIN = 0,
	SUB_MAX,

	SUB_EQ = 0,
	SUB_LT,
	SUB_LE,

	AMO_SWAP = 0,
	AMO_ADD,
	AMO_XOR,
	AMO_AND,
	AMO_OR,
	AMO_MIN,
	AMO_MAX,
	AMO_MINU,
	AMO_MAXU,
};

enum ir_form {
	FORM_D_A,
	FORM_D_AB,
	FORM_D_I,
	FORM_MEM,
	FORM_BRANCH,
	FORM_GOTO,
	FORM_JUMP,
	FORM_INSN,
	FORM_F_MEM,
	FORM_F_D_A,
	FORM_F_D_AB,
	FORM_F_D_ABC,
	FORM_F_X_A,
	FORM_F_X_AB,
	FORM_F_D_X,
};

struct ir {
	u8 op;	  /* enum ir_op */
	u8 flags; /* enum ir_flags */
	u8 d, a, b, c;
	u8 size;  /* bytes of memory or of a floating-point value; a shift */
	u8 sub;	  /* enum ir_sub; enum host_cc of BRANCH */
	u16 insn; /* index of the guest instruction */
	s64 imm;
};

#define TB_MAX_INSNS 128
#define TB_MAX_IR    (TB_MAX_INSNS * 2 + 2)

/* What the front end makes and the back end consumes. */
struct ir_block {
	u64 pc;
	u32 bytes; /* guest bytes covered */
	u32 nr_insns, nr_ir;
	bool rounding;	 /* made for frm other than to nearest */
	bool breakpoint; /* a debugger's is at pc */
	struct rv64_insn insn[TB_MAX_INSNS];
	u16 offset[TB_MAX_INSNS + 1]; /* of each instruction from pc */
	struct ir ir[TB_MAX_IR];
	u8 code[TB_MAX_INSNS * 4]; /* the guest bytes */
};

extern const char *const ir_names[IR_COUNT];
extern const u8 ir_classes[IR_COUNT];
extern const u8 ir_forms[IR_COUNT];

/* front.c: fills block from the guest code at pc, of at most max_insns instructions. The
 * code must be readable; bytes is how much of it is. */
void rv64_front(struct ir_block *block, u64 pc, const u8 *code, u32 bytes, u32 max_insns,
		bool rounding);

/* opt.c: folds constants, forwards copies, drops what is overwritten unseen. */
void rv64_optimise(struct ir_block *block);

/* ir.c */
void rv64_print_ir(const struct ir_block *block, FILE *file);

#endif
