// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints a file of instruction bits as binutils' objdump does with -M numeric,no-aliases,
 * to be compared with it line by line. With "generate SEED COUNT" it writes such a file:
 * every 16-bit instruction, then COUNT random 32-bit words, three of four of them made
 * from a row of the table so that each operation comes up.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rv64/decode.h"

static u64 random_state;

/* Steele, Lea and Flood's SplitMix. */
static u64 next_random(void)
{
	u64 z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static void generate(u64 count)
{
	for (u32 raw = 0; raw < 0x10000; raw++) {
		u16 half = raw;

		if (rv64_is_short(raw))
			fwrite(&half, sizeof(half), 1, stdout);
	}
	for (u64 i = 0; i < count; i++) {
		u32 raw = next_random() | 3;
		const struct rv64_op_info *info =
			&rv64_ops[1 + next_random() % (RV64_OP_COUNT - 1)];

		/* Sometimes one of the fixed bits is wrong. */
		if (i % 4) {
			raw = (raw & ~info->mask) | info->match;
			if (i % 4 == 3)
				raw ^= 1U << (2 + next_random() % 30);
		}
		if ((raw & 0x1f) == 0x1f) /* the beginning of something longer */
			raw ^= 4;
		fwrite(&raw, sizeof(raw), 1, stdout);
	}
}

/* What objdump appends to the mnemonic or the operands of a rounding mode. */
static const char *const rm_text[8] = {",rne", ",rtz", ",rdn", ",rup", ",rmm", ",?", ",?", ""};
static const char *const order_text[4] = {"", ".rl", ".aq", ".aqrl"};

static void print_fence(const struct rv64_insn *insn)
{
	char sets[2][5];

	for (int set = 0; set < 2; set++) {
		u32 value = insn->imm >> (set ? 0 : 4) & 15;
		char *p = sets[set];

		for (int i = 0; i < 4; i++)
			if (value & 8 >> i)
				*p++ = "iorw"[i];
		if (!value)
			strcpy(p, "unknown");
		*p = 0;
	}
	printf("fence %s,%s", sets[0], sets[1]);
}

static void print_float(const char *name, const struct rv64_insn *insn)
{
	const struct rv64_format_info *use = &rv64_formats[rv64_ops[insn->op].format];
	const u8 files[4] = {use->rd, use->rs1, use->rs2, use->rs3};
	const u8 numbers[4] = {insn->rd, insn->rs1, insn->rs2, insn->rs3};

	printf("%s", name);
	for (int i = 0; i < 4 && files[i]; i++)
		printf("%c%c%d", i ? ',' : ' ', files[i] == RV64_FILE_F ? 'f' : 'x', numbers[i]);
	if (use->has_rm)
		printf("%s", rm_text[insn->rm]);
}

static void print_long(const struct rv64_insn *insn, u64 pc)
{
	const struct rv64_op_info *info = &rv64_ops[insn->op];
	const char *name = info->name;
	u64 target = pc + insn->imm;

	switch (info->format) {
	case RV64_FMT_NONE:
		printf("%s", name);
		break;
	case RV64_FMT_R:
		printf("%s x%d,x%d,x%d", name, insn->rd, insn->rs1, insn->rs2);
		break;
	case RV64_FMT_RR:
		printf("%s x%d,x%d", name, insn->rd, insn->rs1);
		break;
	case RV64_FMT_I:
		printf("%s x%d,x%d,%" PRId64, name, insn->rd, insn->rs1, insn->imm);
		break;
	case RV64_FMT_SHIFT:
		printf("%s x%d,x%d,0x%" PRIx64, name, insn->rd, insn->rs1, insn->imm);
		break;
	case RV64_FMT_U:
		printf("%s x%d,0x%" PRIx64, name, insn->rd, (u64)insn->imm >> 12 & 0xfffff);
		break;
	case RV64_FMT_J:
		printf("%s x%d,0x%" PRIx64, name, insn->rd, target);
		break;
	case RV64_FMT_B:
		printf("%s x%d,x%d,0x%" PRIx64, name, insn->rs1, insn->rs2, target);
		break;
	case RV64_FMT_JALR:
	case RV64_FMT_LOAD:
		printf("%s x%d,%" PRId64 "(x%d)", name, insn->rd, insn->imm, insn->rs1);
		break;
	case RV64_FMT_FLOAD:
		printf("%s f%d,%" PRId64 "(x%d)", name, insn->rd, insn->imm, insn->rs1);
		break;
	case RV64_FMT_STORE:
		printf("%s x%d,%" PRId64 "(x%d)", name, insn->rs2, insn->imm, insn->rs1);
		break;
	case RV64_FMT_FSTORE:
		printf("%s f%d,%" PRId64 "(x%d)", name, insn->rs2, insn->imm, insn->rs1);
		break;
	case RV64_FMT_FENCE:
		print_fence(insn);
		break;
	case RV64_FMT_CSR: /* objdump prints names of the registers: left to others */
		printf("%s x%d,CSR,x%d", name, insn->rd, insn->rs1);
		break;
	case RV64_FMT_CSRI:
		printf("%s x%d,CSR,%d", name, insn->rd, insn->rs1);
		break;
	case RV64_FMT_LR:
		printf("%s%s x%d,(x%d)", name, order_text[insn->rm], insn->rd, insn->rs1);
		break;
	case RV64_FMT_AMO:
		printf("%s%s x%d,x%d,(x%d)", name, order_text[insn->rm], insn->rd, insn->rs2,
		       insn->rs1);
		break;
	default:
		print_float(name, insn);
	}
}

/*
 * How objdump prints the operands of the 16-bit instructions: d, s, t are rd, rs1, rs2,
 * D and T the same among the F registers, i a decimal and x a hexadecimal immediate,
 * u that of c.lui, p an address.
 */
static const struct {
	const char *name, *operands;
} short_forms[] = {
	{"c.addi4spn", "d,s,i"}, {"c.fld", "D,i(s)"},	{"c.lw", "d,i(s)"},    {"c.ld", "d,i(s)"},
	{"c.fsd", "T,i(s)"},	 {"c.sw", "t,i(s)"},	{"c.sd", "t,i(s)"},    {"c.addi", "d,i"},
	{"c.addiw", "d,i"},	 {"c.li", "d,i"},	{"c.addi16sp", "d,i"}, {"c.lui", "d,u"},
	{"c.srli", "d,x"},	 {"c.srai", "d,x"},	{"c.andi", "d,i"},     {"c.sub", "d,t"},
	{"c.xor", "d,t"},	 {"c.or", "d,t"},	{"c.and", "d,t"},      {"c.subw", "d,t"},
	{"c.addw", "d,t"},	 {"c.j", "p"},		{"c.beqz", "s,p"},     {"c.bnez", "s,p"},
	{"c.slli", "d,x"},	 {"c.fldsp", "D,i(s)"}, {"c.lwsp", "d,i(s)"},  {"c.ldsp", "d,i(s)"},
	{"c.ebreak", ""},	 {"c.jr", "s"},		{"c.jalr", "s"},       {"c.mv", "d,t"},
	{"c.add", "d,t"},	 {"c.fsdsp", "T,i(s)"}, {"c.swsp", "t,i(s)"},  {"c.sdsp", "t,i(s)"},
};

static void print_operand(char letter, const struct rv64_insn *insn, u64 pc)
{
	switch (letter) {
	case 'd':
		printf("x%d", insn->rd);
		break;
	case 's':
		printf("x%d", insn->rs1);
		break;
	case 't':
		printf("x%d", insn->rs2);
		break;
	case 'D':
		printf("f%d", insn->rd);
		break;
	case 'T':
		printf("f%d", insn->rs2);
		break;
	case 'i':
		printf("%" PRId64, insn->imm);
		break;
	case 'x':
		printf("0x%" PRIx64, insn->imm);
		break;
	case 'u':
		printf("0x%" PRIx64, (u64)insn->imm >> 12 & 0xfffff);
		break;
	case 'p':
		printf("0x%" PRIx64, pc + insn->imm);
		break;
	default:
		putchar(letter);
	}
}

static void print_short(const struct rv64_insn *insn, u64 pc)
{
	const char *name = rv64_short_name(insn->raw);

	for (u32 i = 0; i < ARRAY_SIZE(short_forms); i++) {
		if (strcmp(short_forms[i].name, name))
			continue;
		printf("%s%s", name, *short_forms[i].operands ? " " : "");
		for (const char *p = short_forms[i].operands; *p; p++)
			print_operand(*p, insn, pc);
	}
}

static void dump(FILE *file)
{
	struct rv64_insn insn;
	u64 pc = 0;
	u16 half[2];

	while (fread(&half[0], sizeof(half[0]), 1, file) == 1) {
		u32 raw = half[0];

		if (!rv64_is_short(raw)) {
			if (fread(&half[1], sizeof(half[1]), 1, file) != 1)
				break;
			raw |= (u32)half[1] << 16;
		}
		printf("%0*x ", rv64_is_short(raw) ? 4 : 8, raw);
		if (!rv64_decode(raw, &insn))
			printf("-");
		else if (insn.size == 2)
			print_short(&insn, pc);
		else
			print_long(&insn, pc);
		putchar('\n');
		pc += insn.size;
	}
}

int main(int argc, char **argv)
{
	FILE *file;

	if (argc == 4 && !strcmp(argv[1], "generate")) {
		random_state = strtoull(argv[2], NULL, 0);
		generate(strtoull(argv[3], NULL, 0));
		return ferror(stdout) || fflush(stdout);
	}
	file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	if (!file) {
		fprintf(stderr, "usage: decode-dump FILE | decode-dump generate SEED COUNT\n");
		return 2;
	}
	dump(file);
	return ferror(stdout) || fflush(stdout);
}
