/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86-64 instructions as bytes. One function per shape of instruction; what it does is
 * in the opcode that the caller names.
 *
 * The buffer's error is sticky: past the end nothing is written, `full` is set, and the
 * caller looks once, when the TB is complete.
 *
 * An opcode is 0xPPEEEEOO: PP a prefix that goes before REX (66, f2, f3) or 0, EEEE the
 * escape bytes (0f or 0f38) or 0, OO the opcode. X_BYTE marks operands of one byte, which
 * need REX for sil, dil.
 */
#ifndef SUNDIAL_RV64_EMIT_H
#define SUNDIAL_RV64_EMIT_H

#include <string.h>
#include "base/types.h"

enum host_reg {
	RAX,
	RCX,
	RDX,
	RBX,
	RSP,
	RBP,
	RSI,
	RDI,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	NO_REG = 0xff
};

/* Conditions as in Jcc, SETcc and CMOVcc; the lowest bit inverts. */
enum host_cc {
	CC_O,
	CC_B = 2,
	CC_AE,
	CC_E,
	CC_NE,
	CC_BE,
	CC_A,
	CC_S,
	CC_NS,
	CC_P,
	CC_NP,
	CC_L,
	CC_GE,
	CC_LE,
	CC_G,
};

/* ALU operations by the number that the immediate forms have in their ModRM byte. */
enum host_alu {
	ALU_ADD = 0,
	ALU_OR = 1,
	ALU_AND = 4,
	ALU_SUB = 5,
	ALU_XOR = 6,
	ALU_CMP = 7,
};

enum host_shift {
	SHIFT_ROL = 0,
	SHIFT_ROR = 1,
	SHIFT_SHL = 4,
	SHIFT_SHR = 5,
	SHIFT_SAR = 7,
};

#define X_BYTE		 0x800000u
#define X_MOV_LOAD	 0x8b
#define X_MOV_STORE	 0x89
#define X_MOV_STORE8	 (0x88 | X_BYTE)
#define X_MOV_STORE16	 0x66000089u
#define X_MOVSXD	 0x63
#define X_MOVZX8	 (0x0fb6 | X_BYTE)
#define X_MOVZX16	 0x0fb7
#define X_MOVSX8	 (0x0fbe | X_BYTE)
#define X_MOVSX16	 0x0fbf
#define X_LEA		 0x8d
#define X_TEST		 0x85
#define X_XCHG		 0x87
#define X_IMUL		 0x0faf
#define X_BT		 0x0fa3
#define X_BTS		 0x0fab
#define X_BTR		 0x0fb3
#define X_BTC		 0x0fbb
#define X_CMPXCHG	 0x0fb1
#define X_XADD		 0x0fc1
#define X_CMOV(cc)	 (0x0f40 | (cc))
#define X_SETCC(cc)	 (0x0f90 | (cc) | X_BYTE)
#define X_POPCNT	 0xf3000fb8u
#define X_TZCNT		 0xf3000fbcu
#define X_LZCNT		 0xf3000fbdu
#define X_ALU(alu)	 ((alu) << 3 | 3) /* reg op= rm */
#define X_ALU_STORE(alu) ((alu) << 3 | 1) /* rm op= reg */

#define X_OR8	       (0x0a | X_BYTE)
#define X_STMXCSR      0x0fae /* with 3 as register */
#define X_MOVAPS       0x0f28
#define X_MOVSS_LOAD   0xf3000f10u
#define X_MOVSS_STORE  0xf3000f11u
#define X_MOVSD_LOAD   0xf2000f10u
#define X_MOVSD_STORE  0xf2000f11u
#define X_MOVQ_TO_X    0x66000f6eu /* with w: 64 bits */
#define X_MOVQ_FROM_X  0x66000f7eu
#define X_ANDPS	       0x0f54
#define X_ORPS	       0x0f56
#define X_XORPS	       0x0f57
#define X_SCALAR(op)   (0xf2000f00u | (op)) /* the double; singles have prefix f3 */
#define X_SCALAR_S(op) (0xf3000f00u | (op))
#define X_UCOMISD      0x66000f2eu
#define X_COMISD       0x66000f2fu
#define X_UCOMISS      0x0f2e
#define X_COMISS       0x0f2f
#define X_PEXTRD       0x660f3a16u /* and an immediate byte */

struct emit {
	u8 *base, *p, *end;
	bool full;
};

/* [base + index * 2^scale + disp]; base NO_REG: an absolute address of 31 bits. */
struct mem {
	u8 base, index, scale;
	s32 disp;
};

static inline struct mem mem_at(u8 base, s32 disp)
{
	return (struct mem){base, NO_REG, 0, disp};
}

static inline void emit8(struct emit *e, u8 byte)
{
	if (e->p < e->end)
		*e->p++ = byte;
	else
		e->full = true;
}

static inline void emit32(struct emit *e, u32 word)
{
	for (int i = 0; i < 4; i++)
		emit8(e, word >> i * 8);
}

static inline void emit64(struct emit *e, u64 word)
{
	emit32(e, word);
	emit32(e, word >> 32);
}

/* Prefixes and opcode; reg, index and base are the numbers that REX extends. */
static inline void emit_opcode(struct emit *e, u32 op, bool w, u8 reg, u8 index, u8 base,
			       bool force)
{
	u8 rex = 0x40 | w << 3 | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (base >> 3 & 1);

	if (op >> 24)
		emit8(e, op >> 24);
	if (rex != 0x40 || force)
		emit8(e, rex);
	if (op >> 16 & 0x7f)
		emit8(e, op >> 16 & 0x7f);
	if (op >> 8 & 0xff)
		emit8(e, op >> 8);
	emit8(e, op);
}

static inline void emit_modrm(struct emit *e, u8 reg, struct mem m)
{
	u8 r = (reg & 7) << 3;
	bool sib = m.index != NO_REG || m.base == NO_REG || (m.base & 7) == RSP;
	u8 mode = m.base == NO_REG		    ? 0
		  : !m.disp && (m.base & 7) != RBP  ? 0
		  : m.disp >= -128 && m.disp <= 127 ? 0x40
						    : 0x80;

	emit8(e, mode | r | (sib ? 4 : m.base & 7));
	if (sib)
		emit8(e, m.scale << 6 | (m.index == NO_REG ? 4 : m.index & 7) << 3 |
				 (m.base == NO_REG ? 5 : m.base & 7));
	if (mode == 0x40)
		emit8(e, m.disp);
	else if (mode == 0x80 || m.base == NO_REG)
		emit32(e, m.disp);
}

static inline void x_rr(struct emit *e, u32 op, bool w, u8 reg, u8 rm)
{
	emit_opcode(e, op, w, reg, 0, rm, (op & X_BYTE) && (reg >= 4 || rm >= 4));
	emit8(e, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

static inline void x_rm(struct emit *e, u32 op, bool w, u8 reg, struct mem m)
{
	emit_opcode(e, op, w, reg, m.index == NO_REG ? 0 : m.index, m.base == NO_REG ? 0 : m.base,
		    (op & X_BYTE) && reg >= 4);
	emit_modrm(e, reg, m);
}

/* reg, [rip + (target - after)]: a constant in code memory, by its address there. */
static inline void x_rip(struct emit *e, u32 op, bool w, u8 reg, const u8 *target)
{
	emit_opcode(e, op, w, reg, 0, 0, false);
	emit8(e, (reg & 7) << 3 | 5);
	emit32(e, (u32)(target - (e->p + 4)));
}

static inline void x_mov(struct emit *e, u8 to, u8 from)
{
	if (to != from)
		x_rr(e, X_MOV_LOAD, true, to, from);
}

static inline void x_load(struct emit *e, u8 to, struct mem m)
{
	x_rm(e, X_MOV_LOAD, true, to, m);
}

static inline void x_store(struct emit *e, struct mem m, u8 from)
{
	x_rm(e, X_MOV_STORE, true, from, m);
}

static inline bool fits32(s64 value)
{
	return value == (s32)value;
}

/* Does not touch the flags. */
static inline void x_mov_imm(struct emit *e, u8 to, s64 value)
{
	if (value >= 0 && value <= 0xffffffffLL) {
		emit_opcode(e, 0xb8 | (to & 7), false, 0, 0, to, false);
		emit32(e, value);
	} else if (fits32(value)) {
		x_rr(e, 0xc7, true, 0, to);
		emit32(e, value);
	} else {
		emit_opcode(e, 0xb8 | (to & 7), true, 0, 0, to, false);
		emit64(e, value);
	}
}

static inline void x_zero(struct emit *e, u8 reg)
{
	x_rr(e, 0x33, false, reg, reg);
}

static inline void x_alu_imm(struct emit *e, enum host_alu alu, bool w, u8 rm, s32 imm)
{
	x_rr(e, imm == (s8)imm ? 0x83 : 0x81, w, alu, rm);
	if (imm == (s8)imm)
		emit8(e, imm);
	else
		emit32(e, imm);
}

static inline void x_alu_mem_imm(struct emit *e, enum host_alu alu, bool w, struct mem m, s32 imm)
{
	x_rm(e, imm == (s8)imm ? 0x83 : 0x81, w, alu, m);
	if (imm == (s8)imm)
		emit8(e, imm);
	else
		emit32(e, imm);
}

static inline void x_store_imm(struct emit *e, bool w, struct mem m, s32 imm)
{
	x_rm(e, 0xc7, w, 0, m);
	emit32(e, imm);
}

static inline void x_shift_imm(struct emit *e, enum host_shift shift, bool w, u8 rm, u8 count)
{
	x_rr(e, 0xc1, w, shift, rm);
	emit8(e, count);
}

static inline void x_shift_cl(struct emit *e, enum host_shift shift, bool w, u8 rm)
{
	x_rr(e, 0xd3, w, shift, rm);
}

/* F7: not 2, neg 3, mul 4, imul 5, div 6, idiv 7; on rm, or rdx:rax with it. */
static inline void x_unary(struct emit *e, u8 which, bool w, u8 rm)
{
	x_rr(e, 0xf7, w, which, rm);
}

/* VEX with three operands; map 1 is 0f, 2 is 0f38; pp 0, 1 (66), 2 (f3), 3 (f2). */
static inline void emit_vex(struct emit *e, u8 map, u8 pp, u8 op, bool w, u8 reg, u8 v, u8 x, u8 b)
{
	emit8(e, 0xc4);
	emit8(e, (~reg >> 3 & 1) << 7 | (~x >> 3 & 1) << 6 | (~b >> 3 & 1) << 5 | map);
	emit8(e, w << 7 | (~v & 15) << 3 | pp);
	emit8(e, op);
}

static inline void x_vex_rr(struct emit *e, u8 map, u8 pp, u8 op, bool w, u8 reg, u8 v, u8 rm)
{
	emit_vex(e, map, pp, op, w, reg, v, 0, rm);
	emit8(e, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

static inline void x_vex_rm(struct emit *e, u8 map, u8 pp, u8 op, bool w, u8 reg, u8 v,
			    struct mem m)
{
	emit_vex(e, map, pp, op, w, reg, v, m.index == NO_REG ? 0 : m.index, m.base);
	emit_modrm(e, reg, m);
}

/* Jumps with 32 bits of displacement return where it is; x_here() and x_to() fill it in. */
static inline u8 *x_jcc(struct emit *e, enum host_cc cc)
{
	emit8(e, 0x0f);
	emit8(e, 0x80 | cc);
	emit32(e, 0);
	return e->p - 4;
}

static inline u8 *x_jmp(struct emit *e)
{
	emit8(e, 0xe9);
	emit32(e, 0);
	return e->p - 4;
}

static inline void x_to(struct emit *e, u8 *at, const u8 *target)
{
	s32 disp = target - (at + 4);

	if (!e->full)
		memcpy(at, &disp, 4);
}

static inline void x_here(struct emit *e, u8 *at)
{
	x_to(e, at, e->p);
}

static inline void x_jcc_to(struct emit *e, enum host_cc cc, const u8 *target)
{
	x_to(e, x_jcc(e, cc), target);
}

static inline void x_jmp_to(struct emit *e, const u8 *target)
{
	x_to(e, x_jmp(e), target);
}

static inline void x_call_to(struct emit *e, const u8 *target)
{
	emit8(e, 0xe8);
	emit32(e, (u32)(target - (e->p + 4)));
}

/* One no-operation of up to 8 bytes. */
static inline void x_nop(struct emit *e, u32 bytes)
{
	static const u8 nops[9][8] = {
		{0},
		{0x90},
		{0x66, 0x90},
		{0x0f, 0x1f, 0x00},
		{0x0f, 0x1f, 0x40, 0x00},
		{0x0f, 0x1f, 0x44, 0x00, 0x00},
		{0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
		{0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
		{0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
	};

	for (u32 i = 0; i < bytes; i++)
		emit8(e, nops[bytes][i]);
}

/*
 * Makes the field of `bytes` that follows the next `skip` bytes lie within one aligned
 * word of 8, so that another thread that executes it sees a store to it whole.
 */
static inline void x_align_field(struct emit *e, u32 skip, u32 bytes)
{
	u32 at = ((uintptr_t)e->p + skip) & 7;

	if (at + bytes > 8)
		x_nop(e, 8 - at);
}

static inline void x_align(struct emit *e, u32 to)
{
	while ((uintptr_t)e->p & (to - 1)) {
		u32 left = to - ((uintptr_t)e->p & (to - 1));

		if (e->full)
			return;
		x_nop(e, left < 8 ? left : 8);
	}
}

#endif
