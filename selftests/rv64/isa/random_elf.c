// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a static riscv64 program of random blocks to standard output. Run, it writes
 * the registers and the scratch area after each block to its standard output, which
 * must be the same wherever it is run.
 *
 *	random-elf SEED BLOCKS [OPERATION...]	operations are mnemonics not to use
 *
 * LR and SC are never used: when SC fails is up to who runs it.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rv64/decode.h"
#include "rv64/fp.h"
#include "gen.h"

#define CODE_ADDRESS 0x100000U
#define DATA_ADDRESS 0x10000000U
#define BLOCK_BYTES  1024
#define GLUE_BYTES   1024 /* before and after a block */

/* What a block starts with and what it leaves, at the beginning of the data. */
struct state {
	u64 x[32], f[32], fcsr;
	u64 padding;
	u8 scratch[RV64_GEN_SCRATCH_BYTES];
};

enum { BASE = 4, FIRST = 5 }; /* registers of the glue: x4 is not compared */
enum { NR_WRITE = 64, NR_EXIT = 93 };

static u8 *code;
static u32 used;

static void emit(u32 raw)
{
	memcpy(code + used, &raw, sizeof(raw));
	used += sizeof(raw);
}

static u32 i_type(enum rv64_op op, u32 rd, u32 rs1, s32 imm)
{
	return rv64_ops[op].match | rd << 7 | rs1 << 15 | (u32)imm << 20;
}

static u32 s_type(enum rv64_op op, u32 rs2, u32 rs1, s32 imm)
{
	u32 bits = imm;

	return rv64_ops[op].match | rs1 << 15 | rs2 << 20 | (bits >> 5 & 127) << 25 |
	       (bits & 31) << 7;
}

/* Loads an address of the data below 2^31, or a small number. */
static void load_number(u32 rd, u32 value)
{
	u32 low = value & 0xfff, high = value - (low & 0x800 ? low - 0x1000 : low);

	emit(rv64_ops[RV64_OP_LUI].match | rd << 7 | (high & 0xfffff000));
	emit(i_type(RV64_OP_ADDIW, rd, rd, low));
}

static void load_state(u32 address)
{
	load_number(BASE, address);
	emit(i_type(RV64_OP_LD, FIRST, BASE, offsetof(struct state, fcsr)));
	emit(i_type(RV64_OP_CSRRW, 0, FIRST, 3));
	for (int i = 0; i < 32; i++)
		emit(i_type(RV64_OP_FLD, i, BASE, offsetof(struct state, f) + i * 8));
	for (int i = 1; i < 32; i++)
		if (i != BASE)
			emit(i_type(RV64_OP_LD, i, BASE, i * 8));
	emit(i_type(RV64_OP_ADDI, BASE, 0, 0));
}

static void dump_state(u32 address)
{
	load_number(BASE, address);
	for (int i = 1; i < 32; i++)
		if (i != BASE)
			emit(s_type(RV64_OP_SD, i, BASE, i * 8));
	for (int i = 0; i < 32; i++)
		emit(s_type(RV64_OP_FSD, i, BASE, offsetof(struct state, f) + i * 8));
	emit(i_type(RV64_OP_CSRRS, FIRST, 0, 3));
	emit(s_type(RV64_OP_SD, FIRST, BASE, offsetof(struct state, fcsr)));
	emit(i_type(RV64_OP_ADDI, 10, 0, 1));
	emit(i_type(RV64_OP_ADDI, 11, BASE, 0));
	load_number(12, sizeof(struct state));
	emit(i_type(RV64_OP_ADDI, 17, 0, NR_WRITE));
	emit(rv64_ops[RV64_OP_ECALL].match);
}

static void write_elf(const struct state *states, u32 blocks)
{
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_RISCV,
		.e_version = EV_CURRENT,
		.e_entry = CODE_ADDRESS,
		.e_phoff = sizeof(header),
		.e_flags = 5, /* 16-bit instructions, double-precision arguments */
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
	};
	u64 data_bytes = blocks * sizeof(*states),
	    code_end = PAGE_BYTES + ALIGN_UP(used, PAGE_BYTES);
	Elf64_Phdr segments[2] = {
		{.p_type = PT_LOAD,
		 .p_flags = PF_R | PF_X,
		 .p_offset = PAGE_BYTES,
		 .p_vaddr = CODE_ADDRESS,
		 .p_paddr = CODE_ADDRESS,
		 .p_filesz = used,
		 .p_memsz = used,
		 .p_align = PAGE_BYTES},
		{.p_type = PT_LOAD,
		 .p_flags = PF_R | PF_W,
		 .p_offset = code_end,
		 .p_vaddr = DATA_ADDRESS,
		 .p_paddr = DATA_ADDRESS,
		 .p_filesz = data_bytes,
		 .p_memsz = data_bytes,
		 .p_align = PAGE_BYTES},
	};
	static const u8 zeros[PAGE_BYTES];

	fwrite(&header, sizeof(header), 1, stdout);
	fwrite(segments, sizeof(segments), 1, stdout);
	fwrite(zeros, PAGE_BYTES - sizeof(header) - sizeof(segments), 1, stdout);
	fwrite(code, used, 1, stdout);
	fwrite(zeros, code_end - PAGE_BYTES - used, 1, stdout);
	fwrite(states, data_bytes, 1, stdout);
}

static void exclude(u8 *excluded, const char *name)
{
	bool found = false;

	for (int op = 1; op < RV64_OP_COUNT; op++) {
		if (strcmp(rv64_ops[op].name, name))
			continue;
		excluded[op] = 1;
		found = true;
	}
	if (!found) {
		fprintf(stderr, "random-elf: no operation %s\n", name);
		exit(2);
	}
}

static void make_block(struct rv64_gen *gen, struct state *state, u32 address)
{
	static struct rv64_cpu cpu;

	gen->scratch = address + offsetof(struct state, scratch);
	rv64_gen_state(gen, &cpu);
	rv64_gen_scratch(gen, state->scratch);
	memcpy(state->x, cpu.x, sizeof(state->x));
	memcpy(state->f, cpu.f, sizeof(state->f));
	state->fcsr = rv64_fcsr_read(&cpu);
	state->x[BASE] = 0;
	load_state(address);
	used += rv64_gen_block(gen, code + used, BLOCK_BYTES) - sizeof(u32); /* its ebreak */
	dump_state(address);
}

int main(int argc, char **argv)
{
	static u8 excluded[RV64_OP_COUNT];
	u32 blocks = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	struct state *states;
	struct rv64_gen gen;

	if (!blocks || blocks > 4096) {
		fprintf(stderr, "usage: random-elf SEED BLOCKS [OPERATION...]\n");
		return 2;
	}
	exclude(excluded, "lr.w");
	exclude(excluded, "lr.d");
	exclude(excluded, "sc.w");
	exclude(excluded, "sc.d");
	for (int i = 3; i < argc; i++)
		exclude(excluded, argv[i]);
	code = calloc(blocks, BLOCK_BYTES + GLUE_BYTES);
	states = calloc(blocks, sizeof(*states));
	if (!code || !states)
		return 1;
	rv64_gen_init(&gen, strtoull(argv[1], NULL, 0), 0, RV64_GEN_FENCE_I);
	gen.excluded = excluded;
	for (u32 i = 0; i < blocks; i++)
		make_block(&gen, &states[i], DATA_ADDRESS + i * sizeof(*states));
	emit(i_type(RV64_OP_ADDI, 10, 0, 0));
	emit(i_type(RV64_OP_ADDI, 17, 0, NR_EXIT));
	emit(rv64_ops[RV64_OP_ECALL].match);
	write_elf(states, blocks);
	return ferror(stdout) || fflush(stdout);
}
