// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A decoder of the few forms that stand at the beginning of functions; at the first
 * other one it gives up. Jumps are found without decoding: each byte that could begin
 * one is taken for one, so none is overlooked, and a few functions are refused that
 * need not be.
 */
#include "record/placement.h"
#include <stdbool.h>
#include <string.h>

#define WALK_MAX 8 /* instructions passed over */

enum kind { OTHER, PASSED, EMULATED, NOP5 };

struct instruction {
	enum kind kind;
	size_t bytes;
};

/* rax, r10, r11: what a caller expects nothing of. */
static bool is_scratch(unsigned int reg)
{
	return reg == 0 || reg == 10 || reg == 11;
}

/* The length of a ModRM byte and what belongs to it. */
static size_t modrm_bytes(const uint8_t *modrm)
{
	unsigned int mode = *modrm >> 6, rm = *modrm & 7;
	size_t bytes = 1;

	if (mode == 3)
		return 1;
	if (rm == 4) {
		bytes++;
		if (mode == 0 && (modrm[1] & 7) == 5)
			bytes += 4;
	} else if (mode == 0 && rm == 5) {
		bytes += 4;
	}
	return bytes + (mode == 1 ? 1 : mode == 2 ? 4 : 0);
}

/* 0f 1f /0, with prefixes 66 and 2e: a nop of many bytes, or 0 */
static size_t long_nop_bytes(const uint8_t *code)
{
	size_t at = 0;

	while (at < 8 && (code[at] == 0x66 || code[at] == 0x2e))
		at++;
	if (at && code[at] == 0x90)
		return at + 1;
	if (code[at] != 0x0f || code[at + 1] != 0x1f)
		return 0;
	return at + 2 + modrm_bytes(code + at + 2);
}

/* Two-byte opcodes: conditional jumps, and moves that widen. */
static struct instruction decode_0f(const uint8_t *code, size_t prefix, unsigned int rex)
{
	unsigned int reg = (code[2] >> 3 & 7) | (rex & 4 ? 8 : 0);

	if (code[1] >= 0x80 && code[1] <= 0x8f && !prefix)
		return (struct instruction){EMULATED, 6};
	if ((code[1] & 0xf6) == 0xb6 && is_scratch(reg)) /* movzx, movsx */
		return (struct instruction){PASSED, prefix + 2 + modrm_bytes(code + 2)};
	return (struct instruction){OTHER, 0};
}

/* What writes nothing but flags or a scratch register. */
static struct instruction decode_plain(const uint8_t *code, size_t prefix, unsigned int rex)
{
	unsigned int reg = (code[1] >> 3 & 7) | (rex & 4 ? 8 : 0);
	unsigned int rm = (code[1] & 7) | (rex & 1 ? 8 : 0);
	size_t bytes = prefix + 1 + modrm_bytes(code + 1);
	bool direct = code[1] >> 6 == 3, passed = false;

	switch (code[0]) {
	case 0x38 ... 0x3b: /* cmp */
	case 0x84:	    /* test */
	case 0x85:
		passed = true;
		break;
	case 0x80: /* cmp with a constant */
	case 0x83:
		passed = (code[1] >> 3 & 7) == 7;
		bytes += 1;
		break;
	case 0x81:
		passed = (code[1] >> 3 & 7) == 7;
		bytes += 4;
		break;
	case 0xf6: /* test with a constant */
	case 0xf7:
		passed = (code[1] >> 3 & 7) == 0;
		bytes += code[0] == 0xf6 ? 1 : 4;
		break;
	case 0x63: /* movsxd */
	case 0x8b: /* mov */
	case 0x8d: /* lea */
	case 0x33: /* xor */
	case 0x03: /* add */
	case 0x2b: /* sub */
	case 0x23: /* and */
	case 0x0b: /* or */
		passed = is_scratch(reg);
		break;
	case 0x89: /* the same, written the other way round */
	case 0x31:
	case 0x01:
	case 0x29:
	case 0x21:
	case 0x09:
		passed = direct && is_scratch(rm);
		break;
	case 0xc7: /* mov of a constant */
		passed = direct && is_scratch(rm);
		bytes += 4;
		break;
	case 0xb8 ... 0xbb:
		passed = is_scratch((code[0] & 7) | (rex & 1 ? 8 : 0));
		bytes = prefix + (rex & 8 ? 9 : 5);
		break;
	default:
		break;
	}
	return passed ? (struct instruction){PASSED, bytes} : (struct instruction){OTHER, 0};
}

/* code has at least 16 bytes. */
static struct instruction decode(const uint8_t *code)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	unsigned int rex = 0;
	size_t nop;

	if (!memcmp(code, endbr64, sizeof(endbr64)))
		return (struct instruction){PASSED, sizeof(endbr64)};
	if (code[0] == 0x90)
		return (struct instruction){EMULATED, 1};
	nop = long_nop_bytes(code);
	if (nop)
		return (struct instruction){nop == 5 ? NOP5 : PASSED, nop};
	if (code[0] >= 0x50 && code[0] <= 0x57)
		return (struct instruction){EMULATED, 1};
	if (code[0] == 0x41 && code[1] >= 0x50 && code[1] <= 0x57)
		return (struct instruction){EMULATED, 2};
	if ((code[0] >= 0x70 && code[0] <= 0x7f) || code[0] == 0xeb)
		return (struct instruction){EMULATED, 2};
	if (code[0] == 0xe8 || code[0] == 0xe9)
		return (struct instruction){EMULATED, 5};
	if (code[0] >= 0x40 && code[0] <= 0x4f)
		rex = code[0];
	code += !!rex;
	return code[0] == 0x0f ? decode_0f(code, !!rex, rex) : decode_plain(code, !!rex, rex);
}

/* Where the jump that the bytes at i could be leads to, or -1. */
static int64_t jump_target(const uint8_t *code, size_t i, size_t bytes)
{
	uint8_t opcode = code[i];
	int32_t distance;

	if ((opcode >= 0x70 && opcode <= 0x7f) || opcode == 0xeb ||
	    (opcode >= 0xe0 && opcode <= 0xe3))
		return i + 2 <= bytes ? (int64_t)i + 2 + (int8_t)code[i + 1] : -1;
	if (opcode == 0xe9)
		i += 1;
	else if (opcode == 0x0f && i + 2 <= bytes && code[i + 1] >= 0x80 && code[i + 1] <= 0x8f)
		i += 2;
	else
		return -1;
	if (i + 4 > bytes)
		return -1;
	memcpy(&distance, code + i, sizeof(distance));
	return (int64_t)i + 4 + distance;
}

/* jmp through a register or a table; through a constant address it is a call's tail. */
static bool may_jump_anywhere(const uint8_t *code, size_t i, size_t bytes)
{
	return i + 2 <= bytes && code[i] == 0xff && (code[i + 1] >> 3 & 7) == 4 &&
	       code[i + 1] != 0x25;
}

/* Whether the function comes back to one of the count places that begin[] names. */
static bool is_jumped_to(const uint8_t *code, size_t bytes, const size_t *begin, size_t count)
{
	for (size_t i = 0; i < bytes; i++) {
		int64_t target = jump_target(code, i, bytes);

		for (size_t n = 0; target >= 0 && n < count; n++)
			if ((size_t)target == begin[n])
				return true;
		/* Cases of a switch do not begin with the function, nor with its endbr64. */
		if (count > 2 && may_jump_anywhere(code, i, bytes))
			return true;
	}
	return false;
}

enum placement placement_choose(const uint8_t *code, size_t bytes, size_t *at)
{
	size_t begin[WALK_MAX + 1], count = 0, where = 0;
	uint8_t ahead[16] = {0};
	struct instruction next;
	bool first_nop5 = false;

	*at = 0;
	while (count < WALK_MAX && where < bytes) {
		size_t left = bytes - where < sizeof(ahead) ? bytes - where : sizeof(ahead);

		memset(ahead, 0, sizeof(ahead));
		memcpy(ahead, code + where, left);
		next = decode(ahead);
		begin[count++] = where;
		if (next.kind == EMULATED || next.kind == OTHER)
			break;
		first_nop5 |= next.kind == NOP5 && !where;
		where += next.bytes;
	}
	if (count && where < bytes && next.kind == EMULATED && where + next.bytes <= bytes &&
	    !is_jumped_to(code, bytes, begin, count)) {
		*at = where;
		return PLACEMENT_CHEAP;
	}
	if (!bytes || first_nop5 || is_jumped_to(code, bytes, begin, 1))
		return PLACEMENT_NONE;
	return PLACEMENT_STEPPED;
}
