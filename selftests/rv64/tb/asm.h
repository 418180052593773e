/* SPDX-License-Identifier: GPL-2.0-or-later */
/* riscv64 instructions as words, for tests that write guest code by hand. */
#ifndef SELFTESTS_RV64_ASM_H
#define SELFTESTS_RV64_ASM_H

#include <string.h>
#include "base/types.h"

enum { X0, RA, SP, GP, TP, T0, T1, T2, S0, S1, A0, A1, A2, A3, A4, A5, A6, A7, S2, S3, S4 };

static inline u32 rv_i(u32 opcode, u32 funct3, u8 rd, u8 rs1, s32 imm)
{
	return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | (u32)imm << 20;
}

static inline u32 rv_s(u32 funct3, u8 rs2, u8 rs1, s32 imm)
{
	u32 i = imm;

	return 0x23 | (i & 31) << 7 | funct3 << 12 | rs1 << 15 | rs2 << 20 | (i >> 5 & 127) << 25;
}

static inline u32 rv_b(u32 funct3, u8 rs1, u8 rs2, s32 imm)
{
	u32 i = imm;

	return 0x63 | funct3 << 12 | rs1 << 15 | rs2 << 20 | (i >> 11 & 1) << 7 |
	       (i >> 1 & 15) << 8 | (i >> 5 & 63) << 25 | (i >> 12 & 1) << 31;
}

static inline u32 rv_jal(u8 rd, s32 imm)
{
	u32 i = imm;

	return 0x6f | rd << 7 | (i >> 12 & 255) << 12 | (i >> 11 & 1) << 20 |
	       (i >> 1 & 1023) << 21 | (i >> 20 & 1) << 31;
}

static inline u32 rv_amo(u32 funct5, u32 funct3, u8 rd, u8 rs1, u8 rs2)
{
	return 0x2f | rd << 7 | funct3 << 12 | rs1 << 15 | rs2 << 20 | funct5 << 27;
}

#define ADDI(rd, rs1, imm)     rv_i(0x13, 0, rd, rs1, imm)
#define LI(rd, imm)	       ADDI(rd, X0, imm)
#define ADD(rd, a, b)	       (0x33 | (rd) << 7 | (a) << 15 | (b) << 20)
#define LUI(rd, value)	       (0x37 | (rd) << 7 | (value))
#define LW(rd, rs1, imm)       rv_i(0x03, 2, rd, rs1, imm)
#define LD(rd, rs1, imm)       rv_i(0x03, 3, rd, rs1, imm)
#define SW(rs2, rs1, imm)      rv_s(2, rs2, rs1, imm)
#define SD(rs2, rs1, imm)      rv_s(3, rs2, rs1, imm)
#define BEQ(a, b, imm)	       rv_b(0, a, b, imm)
#define BNE(a, b, imm)	       rv_b(1, a, b, imm)
#define JAL(rd, imm)	       rv_jal(rd, imm)
#define JALR(rd, rs1, imm)     rv_i(0x67, 0, rd, rs1, imm)
#define RET		       JALR(X0, RA, 0)
#define ECALL		       0x73
#define FENCE_I		       0x100f
#define LR_D(rd, rs1)	       rv_amo(2, 3, rd, rs1, 0)
#define SC_D(rd, rs1, rs2)     rv_amo(3, 3, rd, rs1, rs2)
#define AMOADD_D(rd, rs1, rs2) rv_amo(0, 3, rd, rs1, rs2)

#endif
