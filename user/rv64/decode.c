// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decoder: insn.def turned into masks before main(), then a search among the
 * rows that share major opcode and funct3.
 *
 * What a field of a pattern means is written here once per format. Immediates follow
 * the figures of "The RISC-V Instruction Set Manual, Volume I", chapters 2 and 28 (C).
 */
#include <stdlib.h>
#include <string.h>
#include "rv64/cpu.h"
#include "rv64/decode.h"

/* How a 16-bit row's operands are laid out, and which of their values are reserved. */
enum cformat {
	CFMT_ADDI4SPN,
	CFMT_LW,
	CFMT_LD,
	CFMT_SW,
	CFMT_SD,
	CFMT_ADDI,
	CFMT_ADDIW,
	CFMT_LI,
	CFMT_ADDI16SP,
	CFMT_LUI,
	CFMT_SHIFT3,
	CFMT_SHIFT5,
	CFMT_ANDI,
	CFMT_CA,
	CFMT_CJ,
	CFMT_CB,
	CFMT_LWSP,
	CFMT_LDSP,
	CFMT_FLDSP,
	CFMT_SWSP,
	CFMT_SDSP,
	CFMT_CNONE,
	CFMT_JR,
	CFMT_CJALR,
	CFMT_MV,
	CFMT_CADD,
};

struct row {
	const char *pattern;
	u16 op;
};

struct crow {
	const char *name, *pattern;
	u8 cformat;
	u16 op;
	u16 match, mask;
};

static const struct row rows[] = {
#define INSN(op, pattern, format, ext) {pattern, RV64_OP_##op},
#define CINSN(name, pattern, format, op, ext)
#include "rv64/insn.def"
#undef INSN
#undef CINSN
};

static struct crow crows[] = {
#define INSN(op, pattern, format, ext)
#define CINSN(name, pattern, format, op, ext) {#name, pattern, CFMT_##format, RV64_OP_##op, 0, 0},
#include "rv64/insn.def"
#undef INSN
#undef CINSN
};

struct rv64_op_info rv64_ops[RV64_OP_COUNT] = {
	[RV64_OP_ILLEGAL] = {"illegal", RV64_FMT_NONE, RV64_EXT_I, 0, 0},
#define INSN(op, pattern, format, ext) \
	[RV64_OP_##op] = {#op, RV64_FMT_##format, RV64_EXT_##ext, 0, 0},
#define CINSN(name, pattern, format, op, ext)
#include "rv64/insn.def"
#undef INSN
#undef CINSN
};

#define X RV64_FILE_X
#define F RV64_FILE_F
const struct rv64_format_info rv64_formats[RV64_FMT_COUNT] = {
	[RV64_FMT_R] = {X, X, X, 0, false},	[RV64_FMT_RR] = {X, X, 0, 0, false},
	[RV64_FMT_I] = {X, X, 0, 0, false},	[RV64_FMT_SHIFT] = {X, X, 0, 0, false},
	[RV64_FMT_U] = {X, 0, 0, 0, false},	[RV64_FMT_J] = {X, 0, 0, 0, false},
	[RV64_FMT_JALR] = {X, X, 0, 0, false},	[RV64_FMT_B] = {0, X, X, 0, false},
	[RV64_FMT_LOAD] = {X, X, 0, 0, false},	[RV64_FMT_STORE] = {0, X, X, 0, false},
	[RV64_FMT_CSR] = {X, X, 0, 0, false},	[RV64_FMT_CSRI] = {X, 0, 0, 0, false},
	[RV64_FMT_LR] = {X, X, 0, 0, false},	[RV64_FMT_AMO] = {X, X, X, 0, false},
	[RV64_FMT_FLOAD] = {F, X, 0, 0, false}, [RV64_FMT_FSTORE] = {0, X, F, 0, false},
	[RV64_FMT_FMA] = {F, F, F, F, true},	[RV64_FMT_FR] = {F, F, F, 0, false},
	[RV64_FMT_FR_RM] = {F, F, F, 0, true},	[RV64_FMT_FF_RM] = {F, F, 0, 0, true},
	[RV64_FMT_FCMP] = {X, F, F, 0, false},	[RV64_FMT_FX] = {X, F, 0, 0, false},
	[RV64_FMT_FX_RM] = {X, F, 0, 0, true},	[RV64_FMT_XF] = {F, X, 0, 0, false},
	[RV64_FMT_XF_RM] = {F, X, 0, 0, true},
};
#undef X
#undef F

const char *const rv64_ext_names[RV64_EXT_COUNT] = {
	"I",	       "M",   "A",   "F",   "D",      "C",	"Zicsr", "Zifencei",
	"Zihintpause", "Zba", "Zbb", "Zbs", "Zicond", "Zfhmin", "Zfh",
};

/*
 * Rows by bits 6 to 2 and 14 to 12, each list ended by RV64_OP_ILLEGAL. A row that
 * leaves funct3 free is in eight lists.
 */
#define LISTS	   256
#define LIST_BYTES 1536
static u16 list_start[LISTS];
static u16 lists[LIST_BYTES];

/* The longest list of 16-bit rows is short enough to be searched from its quadrant on. */
static u8 short_start[4 + 1];

static u32 list_of(u32 raw)
{
	return (raw >> 2 & 31) | (raw >> 12 & 7) << 5;
}

/* Adds a pattern's fixed bits up; a pattern of another length than width is a mistake
 * in the table. */
static void parse_pattern(const char *pattern, int width, u32 *match, u32 *mask)
{
	int left = width;

	*match = *mask = 0;
	while (*pattern) {
		size_t length = strcspn(pattern, " ");
		bool fixed = strspn(pattern, "01") == length;

		for (size_t i = 0; i < length; i++) {
			left--;
			*match = *match << 1 | (fixed && pattern[i] == '1');
			*mask = *mask << 1 | fixed;
		}
		pattern += length;
		pattern += strspn(pattern, " ");
	}
	if (left)
		abort();
}

/* "FENCE_I" is "fence.i". */
static char *mnemonic(const char *name)
{
	char *text = strdup(name);

	for (char *p = text; p && *p; p++)
		*p = *p == '_' ? '.' : *p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p;
	return text;
}

static void fill_lists(void)
{
	u32 used = 0;

	for (u32 list = 0; list < LISTS; list++) {
		u32 key = 3 | (list & 31) << 2 | list >> 5 << 12;

		list_start[list] = used;
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			const struct rv64_op_info *info = &rv64_ops[rows[i].op];
			u32 mask = info->mask & 0x707f;

			if ((key & mask) == (info->match & mask))
				lists[used++] = rows[i].op;
		}
		lists[used++] = RV64_OP_ILLEGAL;
		if (used > LIST_BYTES - ARRAY_SIZE(rows))
			abort();
	}
}

static __attribute__((constructor)) void decode_init(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rv64_op_info *info = &rv64_ops[rows[i].op];

		parse_pattern(rows[i].pattern, 32, &info->match, &info->mask);
		info->name = mnemonic(info->name);
	}
	for (u32 i = 0; i < ARRAY_SIZE(crows); i++) {
		u32 match, mask;

		parse_pattern(crows[i].pattern, 16, &match, &mask);
		crows[i].match = match;
		crows[i].mask = mask;
		crows[i].name = mnemonic(crows[i].name);
		for (u32 quadrant = (match & 3) + 1; quadrant < ARRAY_SIZE(short_start); quadrant++)
			short_start[quadrant] = i + 1;
	}
	fill_lists();
}

/* Bits high to low of raw, at the place where low is 0. */
static inline u32 bits(u32 raw, int high, int low)
{
	return raw >> low & (u32)((1ULL << (high - low + 1)) - 1);
}

static inline s64 sign_extend(u64 value, int width)
{
	return (s64)(value << (64 - width)) >> (64 - width);
}

static s64 imm_store(u32 raw)
{
	return ((s64)(s32)raw >> 25) * 32 + bits(raw, 11, 7);
}

static s64 imm_branch(u32 raw)
{
	return sign_extend(bits(raw, 31, 31) << 12 | bits(raw, 7, 7) << 11 |
				   bits(raw, 30, 25) << 5 | bits(raw, 11, 8) << 1,
			   13);
}

static s64 imm_jump(u32 raw)
{
	return sign_extend(bits(raw, 31, 31) << 20 | bits(raw, 19, 12) << 12 |
				   bits(raw, 20, 20) << 11 | bits(raw, 30, 21) << 1,
			   21);
}

static s64 immediate(u32 raw, enum rv64_format format)
{
	switch (format) {
	case RV64_FMT_I:
	case RV64_FMT_JALR:
	case RV64_FMT_LOAD:
	case RV64_FMT_FLOAD:
		return (s64)(s32)raw >> 20;
	case RV64_FMT_SHIFT:
		return bits(raw, 25, 20); /* shifts of 32 bits fix bit 25 to 0 */
	case RV64_FMT_U:
		return (s64)(s32)(raw & 0xfffff000);
	case RV64_FMT_J:
		return imm_jump(raw);
	case RV64_FMT_B:
		return imm_branch(raw);
	case RV64_FMT_STORE:
	case RV64_FMT_FSTORE:
		return imm_store(raw);
	case RV64_FMT_FENCE:
	case RV64_FMT_CSR:
	case RV64_FMT_CSRI:
		return bits(raw, 31, 20);
	default:
		return 0;
	}
}

static bool decode_long(u32 raw, struct rv64_insn *insn)
{
	const struct rv64_format_info *use;
	const u16 *list = &lists[list_start[list_of(raw)]];

	while (*list && (raw & rv64_ops[*list].mask) != rv64_ops[*list].match)
		list++;
	if (!*list)
		return false;
	insn->op = *list;
	use = &rv64_formats[rv64_ops[*list].format];
	insn->imm = immediate(raw, rv64_ops[*list].format);
	insn->rd = use->rd ? bits(raw, 11, 7) : 0;
	insn->rs1 = use->rs1 || rv64_ops[*list].format == RV64_FMT_CSRI ? bits(raw, 19, 15) : 0;
	insn->rs2 = use->rs2 ? bits(raw, 24, 20) : 0;
	insn->rs3 = use->rs3 ? bits(raw, 31, 27) : 0;
	if (use->has_rm) {
		insn->rm = bits(raw, 14, 12);
		return insn->rm <= RV64_RMM || insn->rm == RV64_DYN;
	}
	if (rv64_ops[*list].ext == RV64_EXT_A)
		insn->rm = bits(raw, 26, 25);
	return true;
}

/* The six bits that most 16-bit formats have: 12 and 6 to 2. */
static u32 cimm(u32 raw)
{
	return bits(raw, 12, 12) << 5 | bits(raw, 6, 2);
}

static s64 imm_cj(u32 raw)
{
	return sign_extend(bits(raw, 12, 12) << 11 | bits(raw, 11, 11) << 4 |
				   bits(raw, 10, 9) << 8 | bits(raw, 8, 8) << 10 |
				   bits(raw, 7, 7) << 6 | bits(raw, 6, 6) << 7 |
				   bits(raw, 5, 3) << 1 | bits(raw, 2, 2) << 5,
			   12);
}

static s64 imm_cb(u32 raw)
{
	return sign_extend(bits(raw, 12, 12) << 8 | bits(raw, 11, 10) << 3 | bits(raw, 6, 5) << 6 |
				   bits(raw, 4, 3) << 1 | bits(raw, 2, 2) << 5,
			   9);
}

static s64 imm_addi16sp(u32 raw)
{
	return sign_extend(bits(raw, 12, 12) << 9 | bits(raw, 6, 6) << 4 | bits(raw, 5, 5) << 6 |
				   bits(raw, 4, 3) << 7 | bits(raw, 2, 2) << 5,
			   10);
}

static u32 imm_addi4spn(u32 raw)
{
	return bits(raw, 12, 11) << 4 | bits(raw, 10, 7) << 6 | bits(raw, 6, 6) << 2 |
	       bits(raw, 5, 5) << 3;
}

/* Offsets that c.lw, c.sw and c.ld, c.sd have. */
static u32 imm_word(u32 raw)
{
	return bits(raw, 12, 10) << 3 | bits(raw, 6, 6) << 2 | bits(raw, 5, 5) << 6;
}

static u32 imm_double(u32 raw)
{
	return bits(raw, 12, 10) << 3 | bits(raw, 6, 5) << 6;
}

static void operands(struct rv64_insn *insn, u32 rd, u32 rs1, u32 rs2, s64 imm)
{
	insn->rd = rd;
	insn->rs1 = rs1;
	insn->rs2 = rs2;
	insn->imm = imm;
}

/* Loads and stores; false if the operands' values are reserved. */
static bool short_memory(u32 raw, enum cformat format, struct rv64_insn *insn)
{
	u32 r5 = bits(raw, 11, 7), r5low = bits(raw, 6, 2);
	u32 r3 = 8 + bits(raw, 9, 7), r3low = 8 + bits(raw, 4, 2);
	const u32 sp = 2;

	switch (format) {
	case CFMT_LW:
		operands(insn, r3low, r3, 0, imm_word(raw));
		return true;
	case CFMT_LD:
		operands(insn, r3low, r3, 0, imm_double(raw));
		return true;
	case CFMT_SW:
		operands(insn, 0, r3, r3low, imm_word(raw));
		return true;
	case CFMT_SD:
		operands(insn, 0, r3, r3low, imm_double(raw));
		return true;
	case CFMT_LWSP:
		operands(insn, r5, sp, 0,
			 bits(raw, 12, 12) << 5 | bits(raw, 6, 4) << 2 | bits(raw, 3, 2) << 6);
		return r5 != 0;
	case CFMT_LDSP:
	case CFMT_FLDSP:
		operands(insn, r5, sp, 0,
			 bits(raw, 12, 12) << 5 | bits(raw, 6, 5) << 3 | bits(raw, 4, 2) << 6);
		return format == CFMT_FLDSP || r5 != 0;
	case CFMT_SWSP:
		operands(insn, 0, sp, r5low, bits(raw, 12, 9) << 2 | bits(raw, 8, 7) << 6);
		return true;
	case CFMT_SDSP:
		operands(insn, 0, sp, r5low, bits(raw, 12, 10) << 3 | bits(raw, 9, 7) << 6);
		return true;
	default:
		return false;
	}
}

/* Fills the operands in; false if their values are reserved. */
static bool short_operands(u32 raw, enum cformat format, struct rv64_insn *insn)
{
	u32 r5 = bits(raw, 11, 7), r5low = bits(raw, 6, 2);
	u32 r3 = 8 + bits(raw, 9, 7), r3low = 8 + bits(raw, 4, 2);
	s64 imm = sign_extend(cimm(raw), 6);
	const u32 ra = 1, sp = 2;

	switch (format) {
	case CFMT_ADDI4SPN:
		operands(insn, r3low, sp, 0, imm_addi4spn(raw));
		return insn->imm != 0;
	case CFMT_ADDI:
		operands(insn, r5, r5, 0, imm);
		return true;
	case CFMT_ADDIW:
		operands(insn, r5, r5, 0, imm);
		return r5 != 0;
	case CFMT_LI:
		operands(insn, r5, 0, 0, imm);
		return true;
	case CFMT_ADDI16SP:
		operands(insn, sp, sp, 0, imm_addi16sp(raw));
		return imm != 0;
	case CFMT_LUI:
		operands(insn, r5, 0, 0, imm * 4096);
		return imm != 0;
	case CFMT_SHIFT3:
		operands(insn, r3, r3, 0, cimm(raw));
		return true;
	case CFMT_SHIFT5:
		operands(insn, r5, r5, 0, cimm(raw));
		return true;
	case CFMT_ANDI:
		operands(insn, r3, r3, 0, imm);
		return true;
	case CFMT_CA:
		operands(insn, r3, r3, r3low, 0);
		return true;
	case CFMT_CJ:
		operands(insn, 0, 0, 0, imm_cj(raw));
		return true;
	case CFMT_CB:
		operands(insn, 0, r3, 0, imm_cb(raw));
		return true;
	case CFMT_CNONE:
		return true;
	case CFMT_JR:
		operands(insn, 0, r5, 0, 0);
		return r5 != 0;
	case CFMT_CJALR:
		operands(insn, ra, r5, 0, 0);
		return true;
	case CFMT_MV:
		operands(insn, r5, 0, r5low, 0);
		return true;
	case CFMT_CADD:
		operands(insn, r5, r5, r5low, 0);
		return true;
	default:
		return short_memory(raw, format, insn);
	}
}

static const struct crow *find_short(u32 raw)
{
	u32 end = short_start[(raw & 3) + 1];

	for (u32 i = short_start[raw & 3]; i < end; i++)
		if ((raw & crows[i].mask) == crows[i].match)
			return &crows[i];
	return NULL;
}

bool rv64_decode(u32 raw, struct rv64_insn *insn)
{
	const struct crow *row;
	bool legal;

	*insn = (struct rv64_insn){.size = 4, .raw = raw};
	if (rv64_is_short(raw)) {
		insn->raw = raw &= 0xffff;
		insn->size = 2;
		row = find_short(raw);
		legal = row && short_operands(raw, row->cformat, insn);
		if (legal)
			insn->op = row->op;
	} else {
		legal = decode_long(raw, insn);
	}
	if (!legal)
		*insn = (struct rv64_insn){.size = insn->size, .raw = raw};
	return legal;
}

const char *rv64_short_name(u16 raw)
{
	const struct crow *row = rv64_is_short(raw) ? find_short(raw) : NULL;

	return row ? row->name : NULL;
}
