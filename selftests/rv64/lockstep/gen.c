// SPDX-License-Identifier: GPL-2.0-or-later
/* Random riscv64 programs; see gen.h. */
#include <string.h>
#include "gen.h"
#include "rv64/decode.h"
#include "rv64/fp.h"

#define MAX_BODY     56
#define RANDOM_BYTES 64
#define LINK	     1
#define TARGET	     30
#define COUNTER	     31

static const u8 bases[] = {5, 8, 15, 18};

u64 gen_next(struct gen_random *random)
{
	u64 z = random->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static bool reserved(u8 reg)
{
	return reg == LINK || reg == TARGET || reg == COUNTER ||
	       memchr(bases, reg, sizeof(bases)) != NULL;
}

static bool is_memory(u8 format)
{
	return format == RV64_FMT_LOAD || format == RV64_FMT_STORE || format == RV64_FMT_LR ||
	       format == RV64_FMT_AMO || format == RV64_FMT_FLOAD || format == RV64_FMT_FSTORE;
}

/* Whether an instruction may stand anywhere in a program. */
static bool acceptable(const struct rv64_insn *insn)
{
	const struct rv64_format_info *use = &rv64_formats[rv64_ops[insn->op].format];
	u8 format = rv64_ops[insn->op].format;

	switch (insn->op) {
	case RV64_OP_ILLEGAL:
	case RV64_OP_ECALL:
	case RV64_OP_EBREAK:
	case RV64_OP_JAL:
	case RV64_OP_JALR:
	/* Only in pairs: a reservation may be lost sooner in one engine than the other. */
	case RV64_OP_LR_W:
	case RV64_OP_LR_D:
	case RV64_OP_SC_W:
	case RV64_OP_SC_D:
		return false;
	}
	if (format == RV64_FMT_B)
		return false;
	if ((format == RV64_FMT_CSR || format == RV64_FMT_CSRI) && (insn->imm < 1 || insn->imm > 3))
		return false;
	if (use->rd == RV64_FILE_X && reserved(insn->rd))
		return false;
	return !is_memory(format) || memchr(bases, insn->rs1, sizeof(bases));
}

static u32 random_long(struct gen_random *random)
{
	for (;;) {
		const struct rv64_op_info *info =
			&rv64_ops[1 + gen_below(random, RV64_OP_COUNT - 1)];
		u32 raw = info->match | ((u32)gen_next(random) & ~info->mask);
		struct rv64_insn insn;

		if (is_memory(info->format))
			raw = (raw & ~(31u << 15)) | bases[gen_below(random, 4)] << 15;
		/* Often a rounding mode that is valid, and the dynamic one. */
		if (rv64_formats[info->format].has_rm && gen_below(random, 4))
			raw |= 7 << 12;
		if (rv64_decode(raw, &insn) && acceptable(&insn))
			return raw;
	}
}

static u16 random_short(struct gen_random *random)
{
	for (;;) {
		u16 raw = gen_next(random);
		struct rv64_insn insn;

		if (rv64_is_short(raw) && rv64_decode(raw, &insn) && acceptable(&insn))
			return raw;
	}
}

/* A program under construction; at[i] is where its i-th piece begins. */
struct program {
	struct gen_random *random;
	u8 *code;
	u64 address;
	u32 bytes;
	u32 at[MAX_BODY + 1], kind[MAX_BODY];
	u32 function;
};

enum piece {
	PIECE_LONG,
	PIECE_SHORT,
	PIECE_BRANCH,	 /* forward to some piece */
	PIECE_CALL,	 /* the function behind the end */
	PIECE_INDIRECT,	 /* auipc, addi, jalr: to some piece */
	PIECE_RESERVED,	 /* lr, alu, sc of one address */
	PIECE_CLAMP,	 /* extreme values */
	PIECE_INDEX,	 /* a load from base + index << n */
	PIECE_FLAGS,	 /* frflags, something, fsflags */
	PIECE_BAD,	 /* a load that faults */
	PIECE_BAD_INDEX, /* the same, with an index */
};

static const u8 piece_bytes[] = {4, 2, 4, 4, 12, 12, 8, 20, 12, 8, 24};

static void put(struct program *p, u32 raw, u32 bytes)
{
	memcpy(p->code + p->bytes, &raw, bytes);
	p->bytes += bytes;
}

static u32 encode_branch(u32 funct3, u8 rs1, u8 rs2, s32 offset)
{
	u32 o = offset;

	return 0x63 | funct3 << 12 | rs1 << 15 | rs2 << 20 | (o >> 11 & 1) << 7 |
	       (o >> 1 & 15) << 8 | (o >> 5 & 63) << 25 | (o >> 12 & 1) << 31;
}

static u32 encode_jal(u8 rd, s32 offset)
{
	u32 o = offset;

	return 0x6f | rd << 7 | (o >> 12 & 255) << 12 | (o >> 11 & 1) << 20 |
	       (o >> 1 & 1023) << 21 | (o >> 20 & 1) << 31;
}

static u32 encode_i(u32 opcode, u32 funct3, u8 rd, u8 rs1, s32 imm)
{
	return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | (u32)imm << 20;
}

static u8 random_reg(struct gen_random *random)
{
	return gen_next(random) & 31;
}

static u8 writable_reg(struct gen_random *random)
{
	u8 reg;

	do {
		reg = random_reg(random);
	} while (reserved(reg));
	return reg;
}

/* Not fence.i, at which the translator lets a reservation go, as it may. */
static u32 random_between(struct gen_random *random)
{
	u32 raw;

	do {
		raw = random_long(random);
	} while ((raw & 0x707f) == 0x100f);
	return raw;
}

/* LR and SC with something pure between, sometimes of other addresses. */
static void put_reserved(struct program *p)
{
	struct gen_random *random = p->random;
	u32 wide = gen_below(random, 2), order = (u32)gen_next(random) & 3 << 25;
	u8 base = bases[gen_below(random, 4)];
	u8 other = gen_below(random, 8) ? base : bases[gen_below(random, 4)];

	put(p, 0x1000202f | wide << 12 | order | writable_reg(random) << 7 | base << 15, 4);
	if (gen_below(random, 4))
		put(p, 0x00100013 | writable_reg(random) << 7 | random_reg(random) << 15, 4);
	else
		put(p, random_between(random), 4);
	put(p,
	    0x1800202f | wide << 12 | order | writable_reg(random) << 7 | other << 15 |
		    random_reg(random) << 20,
	    4);
}

/* A load from base + index << n, mostly of the data. */
static void put_index(struct program *p)
{
	struct gen_random *random = p->random;
	u8 reg = writable_reg(random);

	put(p, encode_i(0x13, 1, reg, reg, 58), 4);
	put(p, encode_i(0x13, 5, reg, reg, 52), 4);
	put(p, encode_i(0x13, 1, reg, reg, gen_below(random, 4)), 4);
	put(p, 0x33 | reg << 7 | reg << 15 | bases[gen_below(random, 4)] << 20, 4);
	put(p, encode_i(0x03, 2 + gen_below(random, 2), reg, reg, 8), 4);
}

/* The same from where nothing is, the index perhaps zero extended. */
static void put_bad_index(struct program *p)
{
	struct gen_random *random = p->random;
	u8 reg = writable_reg(random);
	u32 shift = gen_below(random, 4);

	put(p, 0x37 | TARGET << 7 | GEN_BAD_ADDRESS, 4);
	put(p, encode_i(0x13, 0, reg, 0, 8), 4);
	if (gen_below(random, 2)) {
		put(p, encode_i(0x13, 1, reg, reg, shift), 4);
		put(p, encode_i(0x13, 0, 0, 0, 0), 4);
	} else {
		put(p, encode_i(0x13, 1, reg, reg, 32), 4);
		put(p, encode_i(0x13, 5, reg, reg, 32 - shift), 4);
	}
	put(p, 0x33 | reg << 7 | reg << 15 | TARGET << 20, 4);
	put(p, encode_i(0x03, 3, reg, reg, 8), 4);
}

static void put_piece(struct program *p, u32 i, u32 count)
{
	struct gen_random *random = p->random;
	u32 target = p->at[i + 1 + gen_below(random, count - i)];
	u32 bad;

	switch (p->kind[i]) {
	case PIECE_LONG:
		put(p, random_long(random), 4);
		break;
	case PIECE_SHORT:
		put(p, random_short(random), 2);
		break;
	case PIECE_BRANCH:
		bad = gen_below(random, 6);
		put(p,
		    encode_branch(bad < 2 ? bad : bad + 2, random_reg(random), random_reg(random),
				  target - p->bytes),
		    4);
		break;
	case PIECE_CALL:
		put(p, encode_jal(LINK, p->function - p->bytes), 4);
		break;
	case PIECE_INDIRECT:
		put(p, 0x17 | TARGET << 7, 4);
		put(p, encode_i(0x13, 0, TARGET, TARGET, target - (p->bytes - 4)), 4);
		put(p, encode_i(0x67, 0, gen_below(random, 2), TARGET, gen_below(random, 2)), 4);
		break;
	case PIECE_RESERVED:
		put_reserved(p);
		break;
	case PIECE_CLAMP:
		bad = writable_reg(random);
		put(p, encode_i(0x13, 0, bad, 0, (s32)gen_below(random, 3) - 1), 4);
		put(p, encode_i(0x13, 1, bad, bad, gen_below(random, 64)), 4);
		break;
	case PIECE_INDEX:
		put_index(p);
		break;
	case PIECE_BAD_INDEX:
		put_bad_index(p);
		break;
	case PIECE_FLAGS:
		bad = writable_reg(random);
		put(p, 0x00102073 | bad << 7, 4); /* frflags */
		put(p, random_long(random), 4);
		put(p, 0x00101073 | bad << 15, 4); /* fsflags */
		break;
	case PIECE_BAD:
		put(p, 0x37 | TARGET << 7 | GEN_BAD_ADDRESS, 4);
		put(p,
		    encode_i(gen_below(random, 2) ? 0x03 : 0x07, 3, writable_reg(random), TARGET,
			     8),
		    4);
		break;
	}
}

/* Whether an instruction that begins at any of the places may jump back, perhaps for ever,
 * or out of the program, where others were before. */
static bool leads_away(const u8 *code, u32 from, u32 to)
{
	for (u32 at = from; at < to; at += 2) {
		struct rv64_insn insn;
		u8 format;
		u32 raw;

		memcpy(&raw, code + at, 4);
		rv64_decode(raw, &insn);
		format = rv64_ops[insn.op].format;
		if (((format == RV64_FMT_B || format == RV64_FMT_J) &&
		     (insn.imm <= 0 || at + insn.imm > RANDOM_BYTES)) ||
		    format == RV64_FMT_JALR)
			return true;
	}
	return false;
}

static u32 gen_bytes(struct gen_random *random, u8 *code)
{
	u32 bytes = RANDOM_BYTES;

	memset(code, 0, bytes + 4);
	for (u32 i = 0; i < bytes;) {
		u32 raw = gen_below(random, 3) ? random_long(random) : (u32)gen_next(random);

		memcpy(code + i, &raw, 4);
		if (!leads_away(code, i ? i - 2 : 0, i + 4))
			i += 4;
	}
	return bytes + 4;
}

static enum piece random_piece(struct gen_random *random, enum gen_kind kind)
{
	static const u8 pieces[] = {
		PIECE_BRANCH, PIECE_BRANCH,   PIECE_BRANCH,   PIECE_BRANCH,
		PIECE_CALL,   PIECE_INDIRECT, PIECE_RESERVED, PIECE_CLAMP,
		PIECE_INDEX,  PIECE_FLAGS,    PIECE_BAD,      PIECE_BAD_INDEX,
	};
	u32 dice = gen_below(random, 34), special = kind == GEN_FAULTING ? 12 : 10;

	if (dice < 14)
		return PIECE_LONG;
	if (dice < 22)
		return PIECE_SHORT;
	return pieces[(dice - 22) % special];
}

u32 gen_program(struct gen_random *random, enum gen_kind kind, u8 *code, u64 address)
{
	struct program p = {.random = random, .code = code, .address = address};
	u32 count = 4 + gen_below(random, MAX_BODY - 4);

	if (kind == GEN_BYTES)
		return gen_bytes(random, code);
	for (u32 i = 0; i < count; i++) {
		p.kind[i] = random_piece(random, kind);
		p.at[i + 1] = p.at[i] + piece_bytes[p.kind[i]];
	}
	p.function = p.at[count] + 12;
	for (u32 i = 0; i < count; i++)
		put_piece(&p, i, count);
	put(&p, encode_i(0x13, 0, COUNTER, COUNTER, -1), 4);
	put(&p, encode_branch(1, COUNTER, 0, -(s32)p.bytes), 4);
	put(&p, 0x73, 4); /* ecall */
	for (u32 i = gen_below(random, 6); i > 0; i--)
		put(&p, random_long(random), 4);
	put(&p, encode_i(0x67, 0, 0, LINK, 0), 4); /* ret */
	return p.bytes;
}

/* Values that operations treat specially, and any. */
static u64 random_value(struct gen_random *random)
{
	static const u64 special[] = {0,
				      1,
				      ~0ULL,
				      1ULL << 63,
				      ~(1ULL << 63),
				      0x7fffffff,
				      0x80000000,
				      0xffffffff80000000,
				      0xffffffff};

	switch (gen_below(random, 4)) {
	case 0:
		return special[gen_below(random, ARRAY_SIZE(special))];
	case 1:
		return (s64)(s32)gen_next(random);
	case 2:
		return gen_next(random) >> gen_below(random, 64);
	default:
		return gen_next(random);
	}
}

static u64 random_float(struct gen_random *random)
{
	static const u64 doubles[] = {
		0,
		0x8000000000000000,
		0x7ff0000000000000,
		0xfff0000000000000,
		0x7ff8000000000000,
		0x7ff0000000000001,
		0xfff8000000001234,
		0x3ff0000000000000,
		0xbff8000000000000,
		1,
		0x000fffffffffffff,
		0x7fefffffffffffff,
		0x41dfffffffc00000,
		0xc1e0000000000000,
		0x43e0000000000000,
	};
	static const u32 singles[] = {
		0,	    0x80000000, 0x7f800000, 0xff800000, 0x7fc00000,
		0x7f800001, 0xffc01234, 0x3f800000, 0xbfc00000, 1,
		0x007fffff, 0x7f7fffff, 0x4effffff, 0xcf000000, 0x5f000000,
	};

	switch (gen_below(random, 8)) {
	case 0:
		return doubles[gen_below(random, ARRAY_SIZE(doubles))];
	case 1:
		return rv64_box_s(singles[gen_below(random, ARRAY_SIZE(singles))]);
	case 2:
		return gen_next(random);
	case 3:
		return rv64_box_h(gen_next(random));
	case 4:
	case 5:
		return rv64_box_s((gen_next(random) & 0x807fffff) | (120 + gen_below(random, 20))
									    << 23);
	default:
		return (gen_next(random) & 0x800fffffffffffff) | (u64)(1000 + gen_below(random, 80))
									 << 52;
	}
}

void gen_state(struct gen_random *random, struct rv64_cpu *cpu, u8 *data, u64 data_address)
{
	for (u32 r = 1; r < 32; r++)
		cpu->x[r] = random_value(random);
	for (u32 r = 0; r < 32; r++)
		cpu->f[r] = random_float(random);
	for (u32 i = 0; i < sizeof(bases); i++)
		cpu->x[bases[i]] = data_address + 4096 + i * 16384 + (gen_below(random, 128) & ~7u);
	cpu->x[COUNTER] = 1 + gen_below(random, 3);
	for (u32 i = 0; i < GEN_DATA_BYTES; i += 8) {
		u64 value = gen_next(random);

		memcpy(data + i, &value, 8);
	}
	/* Rounds to nearest most of the time. */
	rv64_fcsr_write(cpu, gen_below(random, 4) ? 0 : (u32)gen_below(random, 6) << 5);
}
