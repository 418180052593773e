// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The generator of random code keeps its promises, under the interpreter: the same
 * seed gives the same code, blocks end, stay in the scratch area and use everything.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "rv64/fp.h"
#include "rv64/interp.h"
#include "rv64/reserve.h"
#include "gen.h"

#define CODE	    0x100000ULL
#define SCRATCH	    0x200000ULL
#define BLOCK_BYTES 2048
#define BLOCKS	    4000
#define SLACK_INSNS 100000

static sigjmp_buf faulted;
static u8 seen[RV64_OP_COUNT];
static u8 seen_short[0x10000];
static int tests, failed;

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	failed += !good;
}

static void on_fault(int number)
{
	siglongjmp(faulted, 1);
}

/* Without access on both sides. */
static void map(u64 address, u64 bytes)
{
	if (mmap((void *)address, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
}

static void note(const u8 *code, u32 bytes)
{
	for (u32 at = 0; at < bytes;) {
		struct rv64_insn insn;
		u32 raw = 0;

		memcpy(&raw, code + at, min(4U, bytes - at));
		rv64_decode(raw, &insn);
		seen[insn.op] = 1;
		if (insn.size == 2)
			seen_short[insn.raw] = 1;
		at += insn.size;
	}
}

/* Runs one block, skipping what is illegal; whether it came to its end. */
static bool run_block(struct rv64_cpu *cpu, u32 bytes)
{
	u64 end = CODE + bytes - 4;
	enum rv64_stop stop;

	if (sigsetjmp(faulted, 1)) {
		rv64_fp_leave(cpu);
		rv64_reserve_fault(cpu);
		printf("# fault at pc 0x%lx of 0x%lx\n", cpu->pc, end);
		return false;
	}
	cpu->pc = CODE;
	while ((stop = rv64_interpret(cpu, SLACK_INSNS)) != RV64_STOP_BUDGET) {
		if (stop == RV64_STOP_EBREAK)
			return cpu->pc == end;
		if (stop == RV64_STOP_ILLEGAL || stop == RV64_STOP_MISALIGNED)
			cpu->pc += rv64_is_short(*(u16 *)cpu->pc) ? 2 : 4;
	}
	printf("# still running at pc 0x%lx of 0x%lx\n", cpu->pc, end);
	return false;
}

static u64 hash_of(const void *data, u64 bytes, u64 hash)
{
	const u8 *p = data;

	while (bytes--)
		hash = (hash ^ *p++) * 0x100000001b3ULL;
	return hash;
}

/* Generates and runs blocks; returns a hash of all code and all results. */
static u64 run_all(u64 seed, u32 flags, bool *good)
{
	u64 hash = 0xcbf29ce484222325ULL;
	struct rv64_gen gen;
	struct rv64_cpu cpu;

	*good = true;
	rv64_gen_init(&gen, seed, SCRATCH, flags);
	rv64_cpu_init(&cpu);
	for (int i = 0; i < BLOCKS && *good; i++) {
		u32 bytes;

		rv64_gen_state(&gen, &cpu);
		rv64_gen_scratch(&gen, (void *)SCRATCH);
		bytes = rv64_gen_block(&gen, (void *)CODE, BLOCK_BYTES);
		hash = hash_of((void *)CODE, bytes, hash);
		note((void *)CODE, bytes);
		*good = bytes <= BLOCK_BYTES && run_block(&cpu, bytes);
		hash = hash_of(cpu.x, sizeof(cpu.x), hash);
		hash = hash_of(cpu.f, sizeof(cpu.f), hash);
		hash = hash_of((void *)SCRATCH, RV64_GEN_SCRATCH_BYTES, hash);
		hash += rv64_fcsr_read(&cpu);
	}
	printf("# seed %lu flags %u: %lu instructions\n", seed, flags, cpu.instret);
	return hash;
}

static bool all_operations_seen(void)
{
	bool all = true;

	for (int op = 1; op < RV64_OP_COUNT; op++) {
		if (seen[op] || op == RV64_OP_ECALL)
			continue;
		printf("# never generated: %s\n", rv64_ops[op].name);
		all = false;
	}
	return all;
}

static int forms_seen(void)
{
	static const char *names[64];
	int count = 0;

	for (u32 raw = 0; raw < 0x10000; raw++) {
		const char *name = seen_short[raw] ? rv64_short_name(raw) : NULL;
		int i = 0;

		while (i < count && names[i] != name)
			i++;
		if (name && i == count)
			names[count++] = name;
	}
	return count;
}

int main(int argc, char **argv)
{
	u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	u64 first, second;
	bool good;

	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	map(CODE, BLOCK_BYTES * 2);
	map(SCRATCH, RV64_GEN_SCRATCH_BYTES);
	first = run_all(seed, RV64_GEN_FENCE_I, &good);
	ok(good, "valid blocks end and stay in their memory");
	second = run_all(seed, RV64_GEN_FENCE_I, &good);
	ok(first == second, "the same seed gives the same code and results");
	first = run_all(seed + 1, RV64_GEN_FENCE_I, &good);
	ok(good && first != second, "another seed gives other code");
	run_all(seed, RV64_GEN_ILLEGAL | RV64_GEN_MISALIGNED | RV64_GEN_COUNTERS, &good);
	ok(good, "blocks with illegal and misaligned instructions end too");
	ok(all_operations_seen(), "every operation comes up");
	/* All but c.ebreak, which ends a block. */
	ok(forms_seen() == 35, "every 16-bit form comes up");
	printf("1..%d\n", tests);
	return failed != 0;
}
