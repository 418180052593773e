// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The generator: instructions are random bits put into a row of the table until they
 * are legal and write no register that is kept.
 *
 * A block is a series of segments. In a segment units, which are what a branch may
 * jump over but not into, follow one another; a loop is a segment with a counter.
 */
#include <string.h>
#include "rv64/decode.h"
#include "rv64/fp.h"
#include "gen.h"

enum {
	RA = 1,	     /* of calls */
	SP = 2,	     /* the middle of the upper half of the scratch area */
	COUNTER = 4, /* of loops */
	BASE = 8,    /* the middle of the lower half */
	CURSOR = 9,  /* somewhere above BASE, aligned */
};

#define UNIT_BYTES 32 /* no unit is longer */
#define TAIL_BYTES 16 /* the end of a loop, and of the block */

u64 rv64_gen_random(struct rv64_gen *gen)
{
	u64 z = gen->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static u32 below(struct rv64_gen *gen, u32 limit)
{
	return rv64_gen_random(gen) % limit;
}

void rv64_gen_init(struct rv64_gen *gen, u64 seed, u64 scratch, u32 flags)
{
	*gen = (struct rv64_gen){.state = seed, .scratch = scratch, .flags = flags};
	rv64_gen_random(gen);
}

/* Registers. */
static u64 random_value(struct rv64_gen *gen)
{
	static const u64 corners[] = {
		0,
		1,
		2,
		~0ULL,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0xffffffff80000000,
		0x7fffffffffffffff,
		0x8000000000000000,
		0xff,
		0x8000,
	};
	u64 r = rv64_gen_random(gen), value = rv64_gen_random(gen);

	switch (r % 4) {
	case 0:
		return corners[(r >> 8) % ARRAY_SIZE(corners)];
	case 1:
		return (s64)value >> (r >> 8) % 64;
	default:
		return value;
	}
}

static u64 random_float(struct rv64_gen *gen)
{
	static const u64 doubles[] = {
		0,
		1,
		0x000fffffffffffff,
		0x0010000000000000,
		0x3ff0000000000000,
		0x4000000000000000,
		0x41dfffffffc00000,
		0x43e0000000000000,
		0x7fefffffffffffff,
		0x7ff0000000000000,
		0x7ff0000000000001,
		0x7ff8000000000000,
		0x7ff8000000000123,
	};
	static const u32 singles[] = {
		0,	    1,		0x007fffff, 0x00800000, 0x3f800000, 0x40000000,
		0x4f000000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fc00123,
	};
	static const u16 halves[] = {
		0, 1, 0x3ff, 0x400, 0x3c00, 0x4000, 0x7bff, 0x7c00, 0x7c01, 0x7e00, 0x7e12,
	};
	u64 r = rv64_gen_random(gen), value = rv64_gen_random(gen);
	u64 sign = r >> 60 & 1;

	switch (r % 8) {
	case 0:
		return doubles[(r >> 8) % ARRAY_SIZE(doubles)] | sign << 63;
	case 1:
		return rv64_box_s(singles[(r >> 8) % ARRAY_SIZE(singles)] | (u32)sign << 31);
	case 2:
		return rv64_box_h(halves[(r >> 8) % ARRAY_SIZE(halves)] | sign << 15);
	case 3:
	case 4:
		return rv64_box_s(value);
	case 5:
		return rv64_box_h(value);
	default:
		return value;
	}
}

void rv64_gen_state(struct rv64_gen *gen, struct rv64_cpu *cpu)
{
	for (int i = 1; i < 32; i++)
		cpu->x[i] = random_value(gen);
	for (int i = 0; i < 32; i++)
		cpu->f[i] = random_float(gen);
	cpu->x[0] = 0;
	cpu->x[RA] = gen->scratch;
	cpu->x[COUNTER] = 0;
	cpu->x[SP] = gen->scratch + 3 * RV64_GEN_SCRATCH_BYTES / 4;
	cpu->x[BASE] = gen->scratch + RV64_GEN_SCRATCH_BYTES / 4;
	cpu->x[CURSOR] = cpu->x[BASE] + 64;
	cpu->reserved_address = RV64_NO_RESERVATION;
	rv64_fcsr_write(cpu, below(gen, 5) << 5 | below(gen, 32));
}

void rv64_gen_scratch(struct rv64_gen *gen, void *scratch)
{
	u64 *words = scratch;

	for (u32 i = 0; i < RV64_GEN_SCRATCH_BYTES / sizeof(*words); i++)
		words[i] = i % 2 ? random_float(gen) : random_value(gen);
}

/* Instructions. */
static u32 random_long(struct rv64_gen *gen, enum rv64_op op)
{
	u32 raw = rv64_gen_random(gen);
	struct rv64_insn insn;

	do
		raw = ((u32)rv64_gen_random(gen) & ~rv64_ops[op].mask) | rv64_ops[op].match;
	while (!rv64_decode(raw, &insn));
	return raw;
}

u32 rv64_gen_insn(struct rv64_gen *gen)
{
	struct rv64_insn insn;
	u32 raw;

	if (below(gen, 4))
		return random_long(gen, 1 + below(gen, RV64_OP_COUNT - 1));
	do
		raw = below(gen, 0x10000);
	while (!rv64_is_short(raw) || !rv64_decode(raw, &insn));
	return raw;
}

void rv64_gen_bytes(struct rv64_gen *gen, void *out, u32 bytes)
{
	u8 *p = out;
	u32 used = 0;

	while (used < bytes) {
		u32 raw = below(gen, 3) ? rv64_gen_insn(gen) : (u32)rv64_gen_random(gen);
		u32 length = rv64_is_short(raw) ? 2 : 4;

		length = min(length, bytes - used);
		memcpy(p + used, &raw, length);
		used += length;
	}
}

static void emit(struct rv64_gen *gen, u32 raw)
{
	u32 length = rv64_is_short(raw) ? 2 : 4;

	memcpy(gen->out + gen->used, &raw, length);
	gen->used += length;
}

static bool is_kept(u32 reg)
{
	return reg == RA || reg == SP || reg == COUNTER || reg == BASE || reg == CURSOR;
}

static u32 random_rd(struct rv64_gen *gen)
{
	u32 rd;

	do
		rd = below(gen, 32);
	while (is_kept(rd));
	return rd;
}

static u32 random_pointer(struct rv64_gen *gen)
{
	static const u8 pointers[] = {SP, BASE, CURSOR};

	return pointers[below(gen, ARRAY_SIZE(pointers))];
}

static u32 i_type(enum rv64_op op, u32 rd, u32 rs1, s32 imm)
{
	return rv64_ops[op].match | rd << 7 | rs1 << 15 | (u32)imm << 20;
}

static u32 r_type(enum rv64_op op, u32 rd, u32 rs1, u32 rs2)
{
	return rv64_ops[op].match | rd << 7 | rs1 << 15 | rs2 << 20;
}

static u32 with_field(u32 raw, int low, u32 value)
{
	return (raw & ~(31U << low)) | value << low;
}

static bool is_memory(enum rv64_format format)
{
	switch (format) {
	case RV64_FMT_LOAD:
	case RV64_FMT_STORE:
	case RV64_FMT_FLOAD:
	case RV64_FMT_FSTORE:
	case RV64_FMT_AMO:
	case RV64_FMT_LR:
		return true;
	default:
		return false;
	}
}

static bool is_jump(enum rv64_format format)
{
	return format == RV64_FMT_J || format == RV64_FMT_JALR || format == RV64_FMT_B;
}

/* What ends the block, or what the caller did not ask for. */
static bool is_excluded(struct rv64_gen *gen, enum rv64_op op)
{
	const struct rv64_op_info *info = &rv64_ops[op];
	const struct rv64_format_info *use = &rv64_formats[info->format];

	if (op == RV64_OP_ECALL || op == RV64_OP_EBREAK || (gen->excluded && gen->excluded[op]))
		return true;
	if (op == RV64_OP_FENCE_I)
		return !(gen->flags & RV64_GEN_FENCE_I);
	return gen->flags & RV64_GEN_NO_FLOAT &&
	       (use->rd == RV64_FILE_F || use->rs1 == RV64_FILE_F || use->rs2 == RV64_FILE_F);
}

/* A CSR instruction that leaves frm valid, unless it may be invalid. */
static u32 random_csr(struct rv64_gen *gen, enum rv64_op op)
{
	static const u16 counters[] = {0xc00, 0xc01, 0xc02};
	u32 rd = random_rd(gen), rs1 = below(gen, 32);

	if (gen->flags & RV64_GEN_COUNTERS && !below(gen, 8))
		return i_type(RV64_OP_CSRRS, rd, 0, counters[below(gen, 3)]);
	if (gen->flags & RV64_GEN_ILLEGAL && !below(gen, 4))
		return i_type(op, rd, rs1, below(gen, 3) ? 1 + below(gen, 3) : below(gen, 4096));
	if (below(gen, 2))
		return i_type(RV64_OP_CSRRWI, rd, below(gen, 5), 2);
	if (below(gen, 2))
		return i_type(RV64_OP_CSRRS, rd, 0, 1 + below(gen, 3));
	return i_type(op, rd, rs1, 1);
}

static u32 random_plain_long(struct rv64_gen *gen)
{
	enum rv64_format format;
	enum rv64_op op;
	u32 raw;

	do {
		op = 1 + below(gen, RV64_OP_COUNT - 1);
		format = rv64_ops[op].format;
	} while (is_excluded(gen, op) || is_jump(format));
	if (rv64_ops[op].ext == RV64_EXT_Zicsr)
		return random_csr(gen, op);
	raw = random_long(gen, op);
	if (rv64_formats[format].rd == RV64_FILE_X)
		raw = with_field(raw, 7, random_rd(gen));
	if (is_memory(format))
		raw = with_field(raw, 15, random_pointer(gen));
	return raw;
}

static u32 random_plain_short(struct rv64_gen *gen)
{
	const struct rv64_format_info *use;
	struct rv64_insn insn;
	enum rv64_format format;
	u32 raw;

	for (;;) {
		raw = below(gen, 0x10000);
		if (!rv64_is_short(raw) || !rv64_decode(raw, &insn))
			continue;
		format = rv64_ops[insn.op].format;
		use = &rv64_formats[format];
		if (is_jump(format) || is_excluded(gen, insn.op))
			continue;
		if (use->rd == RV64_FILE_X && is_kept(insn.rd))
			continue;
		if (is_memory(format) && insn.rs1 != SP && insn.rs1 != BASE && insn.rs1 != CURSOR)
			continue;
		return raw;
	}
}

static u32 random_plain(struct rv64_gen *gen)
{
	if (gen->flags & RV64_GEN_ILLEGAL && !below(gen, 64)) {
		struct rv64_insn insn;
		u32 raw;

		do
			raw = rv64_gen_random(gen);
		while (rv64_decode(raw, &insn));
		return raw;
	}
	return below(gen, 4) ? random_plain_long(gen) : random_plain_short(gen);
}

/* CURSOR = BASE + a register's bits, a multiple of 16 in [0, 2032]. */
static void move_cursor(struct rv64_gen *gen)
{
	bool odd = gen->flags & RV64_GEN_MISALIGNED && !below(gen, 4);

	emit(gen, i_type(RV64_OP_ANDI, CURSOR, below(gen, 32), odd ? 0x7ff : 0x7f0));
	emit(gen, r_type(RV64_OP_ADD, CURSOR, CURSOR, BASE));
}

/* LR and SC of one word, mostly, with up to two other instructions between. */
static void reserve_pair(struct rv64_gen *gen)
{
	u32 pointer = random_pointer(gen), between = below(gen, 3);
	bool wide = below(gen, 2), differs = !below(gen, 8);
	u32 order = below(gen, 4) << 25;

	if (gen->excluded && gen->excluded[RV64_OP_LR_D])
		return;
	emit(gen, r_type(wide ? RV64_OP_LR_D : RV64_OP_LR_W, random_rd(gen), pointer, 0) | order);
	while (between--)
		emit(gen, random_plain(gen));
	emit(gen, r_type(wide != differs ? RV64_OP_SC_D : RV64_OP_SC_W, random_rd(gen), pointer,
			 below(gen, 32)) |
			  order);
}

static u32 jump_bits(s32 offset)
{
	u32 o = offset;

	return (o >> 20 & 1) << 31 | (o >> 1 & 0x3ff) << 21 | (o >> 11 & 1) << 20 |
	       (o >> 12 & 0xff) << 12;
}

static u32 branch_bits(s32 offset)
{
	u32 o = offset;

	return (o >> 12 & 1) << 31 | (o >> 5 & 0x3f) << 25 | (o >> 1 & 15) << 8 |
	       (o >> 11 & 1) << 7;
}

static u32 short_jump_bits(s32 offset)
{
	u32 o = offset;

	return (o >> 11 & 1) << 12 | (o >> 4 & 1) << 11 | (o >> 8 & 3) << 9 | (o >> 10 & 1) << 8 |
	       (o >> 6 & 1) << 7 | (o >> 7 & 1) << 6 | (o >> 1 & 7) << 3 | (o >> 5 & 1) << 2;
}

static u32 short_branch_bits(s32 offset)
{
	u32 o = offset;

	return (o >> 8 & 1) << 12 | (o >> 3 & 3) << 10 | (o >> 6 & 3) << 5 | (o >> 1 & 3) << 3 |
	       (o >> 5 & 1) << 2;
}

#define C_J    0xa001
#define C_BEQZ 0xc001
#define C_BNEZ 0xe001

/* A call over a jump: jal ra, 1f; j 2f; 1: something; ret; 2: */
static void call(struct rv64_gen *gen)
{
	u32 raw = random_plain(gen), length = rv64_is_short(raw) ? 2 : 4;

	emit(gen, rv64_ops[RV64_OP_JAL].match | RA << 7 | jump_bits(8));
	emit(gen, rv64_ops[RV64_OP_JAL].match | jump_bits(4 + length + 4));
	emit(gen, raw);
	emit(gen, i_type(RV64_OP_JALR, 0, RA, 0));
}

/* A jump through a register, to the unit after what it jumps over. */
static void jump_indirect(struct rv64_gen *gen)
{
	u32 reg, raw = random_plain(gen), length = rv64_is_short(raw) ? 2 : 4;

	do
		reg = random_rd(gen);
	while (!reg);
	emit(gen, rv64_ops[RV64_OP_AUIPC].match | reg << 7);
	if (below(gen, 2)) {
		emit(gen, i_type(RV64_OP_JALR, random_rd(gen), reg, 8 + length + below(gen, 2)));
	} else {
		emit(gen, i_type(RV64_OP_ADDI, reg, reg, 10 + length));
		emit(gen, 0x8002 | below(gen, 2) << 12 | reg << 7); /* c.jr, c.jalr */
	}
	emit(gen, raw);
}

static void branch(struct rv64_gen *gen)
{
	static const u16 ops[] = {RV64_OP_BEQ, RV64_OP_BNE,  RV64_OP_BLT,
				  RV64_OP_BGE, RV64_OP_BLTU, RV64_OP_BGEU};

	if (gen->branch_count == ARRAY_SIZE(gen->branches))
		return;
	gen->branches[gen->branch_count++] = gen->used;
	switch (below(gen, 8)) {
	case 0:
		emit(gen, rv64_ops[RV64_OP_JAL].match | random_rd(gen) << 7);
		break;
	case 1:
		emit(gen, C_J);
		break;
	case 2:
		emit(gen, (below(gen, 2) ? C_BEQZ : C_BNEZ) | below(gen, 8) << 7);
		break;
	default:
		emit(gen,
		     r_type(ops[below(gen, ARRAY_SIZE(ops))], 0, below(gen, 32), below(gen, 32)));
	}
}

static void unit(struct rv64_gen *gen)
{
	if (gen->target_count < ARRAY_SIZE(gen->targets))
		gen->targets[gen->target_count++] = gen->used;
	switch (below(gen, 32)) {
	case 0:
		move_cursor(gen);
		break;
	case 1:
		reserve_pair(gen);
		break;
	case 2:
		call(gen);
		break;
	case 3:
		jump_indirect(gen);
		break;
	case 4:
	case 5:
	case 6:
		branch(gen);
		break;
	default:
		emit(gen, random_plain(gen));
	}
}

/* Sends a branch to a later unit of its segment that is within its reach. */
static void resolve(struct rv64_gen *gen, u32 at)
{
	u32 raw = 0, length, target = gen->used, limit;
	s32 offset;

	memcpy(&raw, gen->out + at, 4);
	length = rv64_is_short(raw) ? 2 : 4;
	limit = length == 2 ? 254 : 2046;
	for (int tries = 0; tries < 8; tries++) {
		u32 other = gen->targets[below(gen, gen->target_count)];

		if (other > at)
			target = min(target, other);
	}
	if (target - at > limit)
		target = at + length; /* what follows is a unit, or the segment's end */
	offset = target - at;
	if (length == 4)
		raw |= (raw & 0x7f) == 0x6f ? jump_bits(offset) : branch_bits(offset);
	else
		raw |= (raw & 0xe003) == C_J ? short_jump_bits(offset) : short_branch_bits(offset);
	memcpy(gen->out + at, &raw, length);
}

static void segment(struct rv64_gen *gen)
{
	bool loops = !below(gen, 3);
	u32 units = 1 + below(gen, 40), start;

	gen->target_count = gen->branch_count = 0;
	if (loops)
		emit(gen, i_type(RV64_OP_ADDI, COUNTER, 0, 1 + below(gen, 6)));
	start = gen->used;
	while (units-- && gen->used + UNIT_BYTES + TAIL_BYTES <= gen->room)
		unit(gen);
	for (u32 i = 0; i < gen->branch_count; i++)
		resolve(gen, gen->branches[i]);
	if (loops) {
		emit(gen, i_type(RV64_OP_ADDI, COUNTER, COUNTER, -1));
		emit(gen, r_type(RV64_OP_BNE, 0, COUNTER, 0) | branch_bits(start - gen->used));
	}
}

u32 rv64_gen_block(struct rv64_gen *gen, void *out, u32 bytes)
{
	gen->out = out;
	gen->used = 0;
	gen->room = bytes;
	do
		segment(gen);
	while (gen->used + UNIT_BYTES + 2 * TAIL_BYTES <= bytes && below(gen, 8));
	emit(gen, rv64_ops[RV64_OP_EBREAK].match);
	return gen->used;
}
