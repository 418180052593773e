// SPDX-License-Identifier: GPL-2.0-or-later
/* Decoded instructions as text, for --dump and for the messages of tests. */
#include <inttypes.h>
#include <stdio.h>
#include "rv64/decode.h"

const char *const rv64_x_names[32] = {
	"zero", "ra", "sp", "gp", "tp",	 "t0",	"t1", "t2", "s0", "s1", "a0",
	"a1",	"a2", "a3", "a4", "a5",	 "a6",	"a7", "s2", "s3", "s4", "s5",
	"s6",	"s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};

const char *const rv64_f_names[32] = {
	"ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1",  "fa0",
	"fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4",  "fs5",
	"fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
};

static const char *const rm_names[8] = {
	",rne", ",rtz", ",rdn", ",rup", ",rmm", ",?", ",?", "",
};

static const char *const order_names[4] = {"", ".rl", ".aq", ".aqrl"};

static const char *reg(u8 file, u8 number)
{
	return file == RV64_FILE_F ? rv64_f_names[number] : rv64_x_names[number];
}

/* The operands that are registers, in the order rd, rs1, rs2, rs3. */
static int print_registers(const struct rv64_insn *insn, char *text, size_t bytes)
{
	const struct rv64_format_info *use = &rv64_formats[rv64_ops[insn->op].format];
	const u8 files[4] = {use->rd, use->rs1, use->rs2, use->rs3};
	const u8 numbers[4] = {insn->rd, insn->rs1, insn->rs2, insn->rs3};
	int length = 0;

	for (int i = 0; i < 4; i++) {
		if (files[i])
			length += snprintf(text + length, bytes - length, "%s%s", length ? "," : "",
					   reg(files[i], numbers[i]));
	}
	return length;
}

char *rv64_print_insn(const struct rv64_insn *insn, char *text, size_t bytes)
{
	const struct rv64_op_info *info = &rv64_ops[insn->op];
	const struct rv64_format_info *use = &rv64_formats[info->format];
	char registers[64] = "";

	print_registers(insn, registers, sizeof(registers));
	switch (info->format) {
	case RV64_FMT_NONE:
		snprintf(text, bytes, "%s", info->name);
		break;
	case RV64_FMT_I:
	case RV64_FMT_SHIFT:
		snprintf(text, bytes, "%s %s,%" PRId64, info->name, registers, insn->imm);
		break;
	case RV64_FMT_U:
		snprintf(text, bytes, "%s %s,0x%" PRIx64, info->name, registers,
			 (u64)insn->imm >> 12 & 0xfffff);
		break;
	case RV64_FMT_J:
	case RV64_FMT_B:
		snprintf(text, bytes, "%s %s,pc%+" PRId64, info->name, registers, insn->imm);
		break;
	case RV64_FMT_JALR:
	case RV64_FMT_LOAD:
	case RV64_FMT_FLOAD:
		snprintf(text, bytes, "%s %s,%" PRId64 "(%s)", info->name, reg(use->rd, insn->rd),
			 insn->imm, rv64_x_names[insn->rs1]);
		break;
	case RV64_FMT_STORE:
	case RV64_FMT_FSTORE:
		snprintf(text, bytes, "%s %s,%" PRId64 "(%s)", info->name, reg(use->rs2, insn->rs2),
			 insn->imm, rv64_x_names[insn->rs1]);
		break;
	case RV64_FMT_FENCE:
		snprintf(text, bytes, "%s 0x%" PRIx64, info->name, insn->imm);
		break;
	case RV64_FMT_CSR:
		snprintf(text, bytes, "%s %s,0x%" PRIx64 ",%s", info->name, rv64_x_names[insn->rd],
			 insn->imm, rv64_x_names[insn->rs1]);
		break;
	case RV64_FMT_CSRI:
		snprintf(text, bytes, "%s %s,0x%" PRIx64 ",%u", info->name, rv64_x_names[insn->rd],
			 insn->imm, insn->rs1);
		break;
	case RV64_FMT_LR:
		snprintf(text, bytes, "%s%s %s,(%s)", info->name, order_names[insn->rm],
			 rv64_x_names[insn->rd], rv64_x_names[insn->rs1]);
		break;
	case RV64_FMT_AMO:
		snprintf(text, bytes, "%s%s %s,%s,(%s)", info->name, order_names[insn->rm],
			 rv64_x_names[insn->rd], rv64_x_names[insn->rs2], rv64_x_names[insn->rs1]);
		break;
	default:
		snprintf(text, bytes, "%s %s%s", info->name, registers,
			 use->has_rm ? rm_names[insn->rm] : "");
	}
	return text;
}
