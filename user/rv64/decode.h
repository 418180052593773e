/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From instruction bits to operation and operands. The table is insn.def.
 *
 * Everything here is a pure function of the bits and may be called by any thread.
 */
#ifndef SUNDIAL_RV64_DECODE_H
#define SUNDIAL_RV64_DECODE_H

#include "base/types.h"

enum rv64_op {
	RV64_OP_ILLEGAL,
#define INSN(op, pattern, format, ext) RV64_OP_##op,
#define CINSN(name, pattern, format, op, ext)
#include "rv64/insn.def"
#undef INSN
#undef CINSN
	RV64_OP_COUNT
};

enum rv64_ext {
	RV64_EXT_I,
	RV64_EXT_M,
	RV64_EXT_A,
	RV64_EXT_F,
	RV64_EXT_D,
	RV64_EXT_C,
	RV64_EXT_Zicsr,
	RV64_EXT_Zifencei,
	RV64_EXT_Zihintpause,
	RV64_EXT_Zba,
	RV64_EXT_Zbb,
	RV64_EXT_Zbs,
	RV64_EXT_Zicond,
	RV64_EXT_Zfhmin,
	RV64_EXT_Zfh,
	RV64_EXT_COUNT
};

/* How an operation uses its operands; the letters are the X and F registers. */
enum rv64_format {
	RV64_FMT_NONE,
	RV64_FMT_R,	 /* rd, rs1, rs2 */
	RV64_FMT_RR,	 /* rd, rs1 */
	RV64_FMT_I,	 /* rd, rs1, imm */
	RV64_FMT_SHIFT,	 /* rd, rs1, imm: 0 to 31 or 63 */
	RV64_FMT_U,	 /* rd, imm: already shifted left by 12 */
	RV64_FMT_J,	 /* rd, imm: relative to the instruction */
	RV64_FMT_JALR,	 /* rd, imm(rs1) */
	RV64_FMT_B,	 /* rs1, rs2, imm: relative to the instruction */
	RV64_FMT_LOAD,	 /* rd, imm(rs1) */
	RV64_FMT_STORE,	 /* rs2, imm(rs1) */
	RV64_FMT_FENCE,	 /* imm: fm, pred and succ as in bits 31 to 20 */
	RV64_FMT_CSR,	 /* rd, imm: the register, rs1 */
	RV64_FMT_CSRI,	 /* rd, imm: the register, rs1: a number */
	RV64_FMT_LR,	 /* rd, (rs1), rm: aq and rl */
	RV64_FMT_AMO,	 /* rd, rs2, (rs1), rm: aq and rl */
	RV64_FMT_FLOAD,	 /* frd, imm(rs1) */
	RV64_FMT_FSTORE, /* frs2, imm(rs1) */
	RV64_FMT_FMA,	 /* frd, frs1, frs2, frs3, rm */
	RV64_FMT_FR,	 /* frd, frs1, frs2 */
	RV64_FMT_FR_RM,	 /* frd, frs1, frs2, rm */
	RV64_FMT_FF_RM,	 /* frd, frs1, rm */
	RV64_FMT_FCMP,	 /* rd, frs1, frs2 */
	RV64_FMT_FX,	 /* rd, frs1 */
	RV64_FMT_FX_RM,	 /* rd, frs1, rm */
	RV64_FMT_XF,	 /* frd, rs1 */
	RV64_FMT_XF_RM,	 /* frd, rs1, rm */
	RV64_FMT_COUNT
};

/* Which register file an operand names. */
enum rv64_file {
	RV64_FILE_NONE,
	RV64_FILE_X,
	RV64_FILE_F,
};

struct rv64_format_info {
	u8 rd, rs1, rs2, rs3; /* enum rv64_file */
	bool has_rm;	      /* rm is a rounding mode: 0 to 4 or RV64_DYN */
};

struct rv64_op_info {
	const char *name; /* the mnemonic */
	u8 format;	  /* enum rv64_format */
	u8 ext;		  /* enum rv64_ext */
	u32 match, mask;  /* the fixed bits */
};

/* One decoded instruction. Fields that the format does not use are 0. */
struct rv64_insn {
	u16 op; /* enum rv64_op */
	u8 rd, rs1, rs2, rs3;
	u8 rm;	 /* rounding mode, or aq (2) and rl (1) */
	u8 size; /* in bytes: 2 or 4 */
	u32 raw; /* 16-bit instructions: only the lower half */
	s64 imm;
};

#define RV64_AQ 2
#define RV64_RL 1

extern const struct rv64_format_info rv64_formats[RV64_FMT_COUNT];
extern const char *const rv64_x_names[32], *const rv64_f_names[32]; /* of the ABI; print.c */
extern const char *const rv64_ext_names[RV64_EXT_COUNT];

/* By operation; filled in before main(). */
extern struct rv64_op_info rv64_ops[RV64_OP_COUNT];

/* Whether the first 16 bits begin a 16-bit instruction. */
static inline bool rv64_is_short(u32 raw)
{
	return (raw & 3) != 3;
}

/*
 * Decodes the instruction that begins with raw, whose upper half is not looked at if
 * the lower is a 16-bit instruction. False if it is illegal; insn->op is then
 * RV64_OP_ILLEGAL, its size that of the bits that were looked at. An operation with
 * rm RV64_DYN is still illegal if frm is invalid when it executes.
 */
bool rv64_decode(u32 raw, struct rv64_insn *insn);

/* The first 16-bit row, in the order of the table, that matches; NULL if none does.
 * For tools that print what was written. */
const char *rv64_short_name(u16 raw);

/*
 * Writes insn as text, without the address, into text; returns text. Registers have
 * their ABI names, targets of branches are relative ("pc+8").
 */
char *rv64_print_insn(const struct rv64_insn *insn, char *text, size_t bytes);

#endif
