// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lengths of x86-64 instructions, and moving them (Intel's manual, volume 2, appendix
 * A). No state, no locking. Unknown ones are said to be so: nothing is guessed.
 */
#include "native/insn.h"
#include "base/string.h"

enum operand {
	NONE,
	MODRM = 1 << 0,
	IMM8 = 1 << 1,
	IMM16 = 1 << 2,
	IMM32 = 1 << 3, /* 16 bits after an operand-size prefix */
	REL8 = 1 << 4,
	REL32 = 1 << 5,
	BAD = 1 << 6,
	GROUP3 = 1 << 7, /* an immediate only with test */
	IMM64 = 1 << 8,	 /* mov: as wide as the register */
	MOFFS = 1 << 9,
	ENDS = 1 << 10,
};

static u32 one_byte(u8 op)
{
	/* clang-format off */
	static const u16 from_80[64] = {
		/* 80 */ MODRM | IMM8, MODRM | IMM32, BAD, MODRM | IMM8, MODRM, MODRM, MODRM, MODRM,
		/* 88 */ MODRM, MODRM, MODRM, MODRM, MODRM, MODRM, MODRM, MODRM,
		/* 90 */ NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
		/* 98 */ NONE, NONE, BAD, NONE, NONE, NONE, NONE, NONE,
		/* a0 */ MOFFS, MOFFS, MOFFS, MOFFS, NONE, NONE, NONE, NONE,
		/* a8 */ IMM8, IMM32, NONE, NONE, NONE, NONE, NONE, NONE,
		/* b0 */ IMM8, IMM8, IMM8, IMM8, IMM8, IMM8, IMM8, IMM8,
		/* b8 */ IMM64, IMM64, IMM64, IMM64, IMM64, IMM64, IMM64, IMM64,
	};
	static const u16 from_c0[64] = {
		/* c0 */ MODRM | IMM8, MODRM | IMM8, IMM16 | ENDS, ENDS, BAD, BAD, MODRM | IMM8, MODRM | IMM32,
		/* c8 */ IMM16 | IMM8, NONE, BAD, BAD, NONE, IMM8, BAD, BAD,
		/* d0 */ MODRM, MODRM, MODRM, MODRM, BAD, BAD, BAD, NONE,
		/* d8 */ MODRM, MODRM, MODRM, MODRM, MODRM, MODRM, MODRM, MODRM,
		/* e0 */ REL8, REL8, REL8, REL8, IMM8, IMM8, IMM8, IMM8,
		/* e8 */ REL32, REL32 | ENDS, BAD, REL8 | ENDS, NONE, NONE, NONE, NONE,
		/* f0 */ BAD, BAD, BAD, BAD, ENDS, NONE, GROUP3, GROUP3,
		/* f8 */ NONE, NONE, NONE, NONE, NONE, NONE, MODRM, MODRM,
	};
	/* clang-format on */

	if (op < 0x40)
		return (op & 7) < 4 ? MODRM : (op & 7) == 4 ? IMM8 : (op & 7) == 5 ? IMM32 : BAD;
	if (op < 0x50)
		return BAD;
	if (op < 0x60)
		return NONE;
	if (op < 0x80) {
		static const u16 from_60[16] = {
			BAD,   BAD,	      BAD,  MODRM,	  BAD,	BAD,  BAD,  BAD,
			IMM32, MODRM | IMM32, IMM8, MODRM | IMM8, NONE, NONE, NONE, NONE,
		};
		return op < 0x70 ? from_60[op - 0x60] : REL8;
	}
	return op < 0xc0 ? from_80[op - 0x80] : from_c0[op - 0xc0];
}

static u32 two_byte(u8 op)
{
	if (op >= 0x80 && op <= 0x8f)
		return REL32;
	if ((op >= 0xc8 && op <= 0xcf) || op == 0x05 || op == 0x31 || op == 0x77 || op == 0xa2 ||
	    op == 0xa0 || op == 0xa1 || op == 0xa8 || op == 0xa9)
		return NONE;
	if (op == 0x0b)
		return ENDS;
	if (op < 0x0d || (op >= 0x30 && op < 0x40 && op != 0x31) || op == 0x0e || op == 0x0f)
		return BAD;
	if ((op >= 0x70 && op <= 0x73) || op == 0xa4 || op == 0xac || op == 0xba || op == 0xc2 ||
	    (op >= 0xc4 && op <= 0xc6))
		return MODRM | IMM8;
	return MODRM;
}

struct cursor {
	const u8 *code;
	u32 at;
	bool wide, narrow; /* REX.W; an operand-size prefix */
};

static void prefixes(struct cursor *c)
{
	for (; c->at < INSN_MAX; c->at++) {
		u8 b = c->code[c->at];

		if (b == 0x66)
			c->narrow = true;
		else if (b != 0xf2 && b != 0xf3 && b != 0x2e && b != 0x36 && b != 0x3e &&
			 b != 0x26 && b != 0x64 && b != 0x65 && b != 0xf0)
			break;
	}
	if (c->at < INSN_MAX && (c->code[c->at] & 0xf0) == 0x40)
		c->wide = c->code[c->at++] & 8;
}

/* The operands that VEX and EVEX leave: of map 3 all have an immediate. */
static u32 vector_operands(struct cursor *c)
{
	const u8 *p = c->code + c->at;
	u32 map, head = p[0] == 0xc5 ? 2 : p[0] == 0xc4 ? 3 : 4;

	map = p[0] == 0xc5 ? 1 : p[1] & 7;
	c->at += head;
	if (map < 1 || map > 3)
		return BAD;
	if (map == 1 && c->code[c->at] == 0x77)
		return NONE;
	return map == 3 ? MODRM | IMM8 : map == 2 ? MODRM : two_byte(c->code[c->at]);
}

/* Leaves c behind the opcode. */
static u32 operands(struct cursor *c)
{
	u8 op = c->code[c->at];
	u32 what;

	if (op == 0xc5 || op == 0xc4 || op == 0x62) {
		what = vector_operands(c);
		c->at++;
		return what & (REL32 | ENDS) ? BAD : what;
	}
	c->at++;
	if (op != 0x0f)
		return one_byte(op);
	op = c->code[c->at++];
	if (op == 0x38) {
		c->at++;
		return MODRM;
	}
	if (op == 0x3a) {
		c->at++;
		return MODRM | IMM8;
	}
	return two_byte(op);
}

static void skip_modrm(struct cursor *c, struct insn *insn)
{
	u8 modrm = c->code[c->at++], mod = modrm >> 6, base = modrm & 7;

	if (mod == 3)
		return;
	if (base == 4)
		base = c->code[c->at++] & 7;
	else if (mod == 0 && base == 5)
		insn->rip_disp = c->at;
	if (mod == 1)
		c->at += 1;
	else if (mod == 2 || base == 5)
		c->at += 4;
}

void insn_decode(const u8 *code, struct insn *insn)
{
	struct cursor c = {.code = code};
	u32 what;
	u8 op;

	*insn = (struct insn){0};
	prefixes(&c);
	insn->opcode = c.at;
	op = code[c.at];
	what = operands(&c);
	if (what & GROUP3)
		what = MODRM | (code[c.at] & 0x30 ? 0 : op == 0xf6 ? IMM8 : IMM32);
	/* Indirect jumps. */
	if (op == 0xff && (code[c.at] & 0x30) == 0x20)
		what |= ENDS;
	if (what & MODRM)
		skip_modrm(&c, insn);
	if (what & REL32)
		insn->branch = 4;
	if (what & REL8)
		insn->branch = 1;
	c.at += insn->branch;
	c.at += (what & IMM8 ? 1 : 0) + (what & IMM16 ? 2 : 0);
	if (what & IMM32)
		c.at += c.narrow ? 2 : 4;
	if (what & IMM64)
		c.at += c.wide ? 8 : c.narrow ? 2 : 4;
	if (what & MOFFS)
		c.at += 8;
	insn->ends = what & ENDS;
	insn->length = what & BAD || c.at > INSN_MAX ? 0 : c.at;
}

u64 insn_target(const u8 *code, const struct insn *insn)
{
	u64 next = (u64)code + insn->length;
	s32 disp = 0;

	if (insn->branch == 1)
		return next + (s8)code[insn->length - 1];
	memcpy(&disp, code + (insn->branch ? insn->length - 4 : insn->rip_disp), sizeof(disp));
	return next + disp;
}

static bool put_disp(u8 *at, u64 next, u64 target)
{
	s64 distance = target - next;
	s32 disp = distance;

	memcpy(at, &disp, sizeof(disp));
	return disp == distance;
}

/*
 * lea -8(%rsp), %rsp; movl $low, (%rsp); movl $high, 4(%rsp); jmp target: unwinders find the
 * return address that they know.
 */
static u32 move_call(u8 *out, u64 back, u64 target)
{
	u32 low = back, high = back >> 32;

	memcpy(out, "\x48\x8d\x64\x24\xf8\xc7\x04\x24", 8);
	memcpy(out + 8, &low, sizeof(low));
	memcpy(out + 12, "\xc7\x44\x24\x04", 4);
	memcpy(out + 16, &high, sizeof(high));
	out[20] = 0xe9;
	return put_disp(out + 21, (u64)out + 25, target) ? 25 : 0;
}

u32 insn_move(u8 *out, const u8 *code, const struct insn *insn)
{
	u64 target = insn->branch || insn->rip_disp ? insn_target(code, insn) : 0;
	u8 op = code[insn->opcode];
	u32 n = insn->length;

	if (insn->branch && op == 0xe8)
		return insn->opcode ? 0 : move_call(out, (u64)code + n, target);
	memcpy(out, code, n);
	if (insn->rip_disp)
		return put_disp(out + insn->rip_disp, (u64)out + n, target) ? n : 0;
	if (!insn->branch)
		return n;
	if ((op & 0xfc) == 0xe0) /* loop, jrcxz: short ones only */
		return 0;
	if (insn->branch == 4)
		return put_disp(out + n - 4, (u64)out + n, target) ? n : 0;
	n = 0;
	if (op != 0xeb)
		out[n++] = 0x0f;
	out[n++] = op == 0xeb ? 0xe9 : 0x80 | (op & 0xf);
	n += 4;
	return put_disp(out + n - 4, (u64)out + n, target) ? n : 0;
}
