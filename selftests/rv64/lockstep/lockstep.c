// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The translator does what the interpreter does: random programs run by both from one
 * state end for the same reason with the same registers, flags and memory.
 *
 *	lockstep [INSTRUCTIONS [TB-BYTES [SEED [MAX-INSNS [SLICE]]]]]
 *
 * With SLICE instructions are counted: both run up to that many at a time, and must have
 * the same state each time as well as the same count at the end.
 *
 * A difference prints the program, and a command that repeats it alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "gen.h"
#include "rv64/decode.h"
#include "rv64/fp.h"
#include "rv64/vcpu.h"

#define CODE_ADDRESS 0x200000ULL
#define CODE_BYTES   (256 * 1024)
#define DATA_ADDRESS 0x800000ULL

static struct rv64_cpu cpu;
static u8 data[GEN_DATA_BYTES], expected_data[GEN_DATA_BYTES];

static u32 slice;

struct outcome {
	enum rv64_stop stop;
	s64 budget; /* what is left of the last slice */
	u64 trail;  /* of the state at the end of each */
	u64 x[32], f[32], pc, fault_address;
	u32 fcsr;
};

static void on_fault(int signal, siginfo_t *info, void *context)
{
	if (rv64_fault(signal, info, context))
		return;
	printf("not ok - a fault at %p that is not the guest's\n", info->si_addr);
	_exit(1);
}

static void print_program(const struct rv64_cpu *start, u32 bytes)
{
	char text[96];

	for (u32 r = 0; r < 32; r++)
		printf("# x%-2u %16" PRIx64 "  f%-2u %16" PRIx64 "\n", r, start->x[r], r,
		       start->f[r]);
	for (u64 pc = start->pc; pc < start->pc + bytes;) {
		struct rv64_insn insn;
		u32 raw;

		memcpy(&raw, (void *)pc, 4);
		rv64_decode(raw, &insn);
		printf("# %6" PRIx64 ": %s\n", pc, rv64_print_insn(&insn, text, sizeof(text)));
		pc += insn.size;
	}
}

static u64 current_seed;

static void on_alarm(int signal)
{
	printf("not ok - program %" PRIu64 " does not end, %s, pc %#" PRIx64 ", x31 %" PRIu64 "\n",
	       current_seed, rv64_options.interpret ? "interpreted" : "translated", cpu.pc,
	       cpu.x[31]);
	print_program(&cpu, 200);
	fflush(stdout);
	_exit(1);
}

static void map(u64 address, u64 bytes)
{
	void *p = mmap((void *)address, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != (void *)address) {
		puts("1..0 # SKIP the guest's addresses are taken");
		exit(0);
	}
}

static void set_up(size_t tb_bytes, u32 max_insns)
{
	struct rv64_exec_options options = {
		.tb_bytes = tb_bytes, .max_tb_insns = max_insns, .count_budget = slice};
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	if (getenv("LOCKSTEP_DUMP"))
		options.dump = RV64_DUMP_IN | RV64_DUMP_IR | RV64_DUMP_OUT;
	map(CODE_ADDRESS, CODE_BYTES);
	map(DATA_ADDRESS, GEN_DATA_BYTES);
	rv64_cpu_init(&cpu);
	if (rv64_exec_init(&options) || rv64_thread_enter(&cpu)) {
		puts("not ok - the engine starts");
		exit(1);
	}
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	signal(SIGALRM, on_alarm);
}

static u64 mix(u64 hash, u64 value)
{
	return (hash ^ value) * 0x9e3779b97f4a7c15 ^ hash >> 29;
}

static enum rv64_stop run_slices(struct outcome *outcome)
{
	struct gen_random random = {slice};
	enum rv64_stop stop;

	outcome->trail = 0;
	do {
		cpu.budget = slice ? 1 + gen_below(&random, slice) : 0;
		stop = rv64_run(&cpu);
		outcome->trail = mix(outcome->trail, cpu.pc);
		for (u32 r = 0; r < 32; r++)
			outcome->trail = mix(mix(outcome->trail, cpu.x[r]), cpu.f[r]);
	} while (stop == RV64_STOP_BUDGET);
	outcome->budget = cpu.budget;
	return stop;
}

static void run(const struct rv64_cpu *start, bool interpret, struct outcome *outcome)
{
	memset(outcome, 0xcc, sizeof(*outcome));
	memcpy((void *)DATA_ADDRESS, data, sizeof(data));
	memcpy(cpu.x, start->x, sizeof(cpu.x));
	memcpy(cpu.f, start->f, sizeof(cpu.f));
	rv64_fcsr_write(&cpu, rv64_fcsr_read((struct rv64_cpu *)start));
	cpu.pc = start->pc;
	cpu.reserved_address = RV64_NO_RESERVATION;
	cpu.fault_address = 0;
	rv64_options.interpret = interpret;
	outcome->stop = run_slices(outcome);
	memcpy(outcome->x, cpu.x, sizeof(cpu.x));
	memcpy(outcome->f, cpu.f, sizeof(cpu.f));
	outcome->pc = cpu.pc;
	outcome->fcsr = rv64_fcsr_read(&cpu);
	outcome->fault_address = outcome->stop == RV64_STOP_FAULT ? cpu.fault_address : 0;
}

static void print_difference(const struct outcome *a, const struct outcome *b)
{
	printf("# budget %" PRId64 " %" PRId64 ", trail %#" PRIx64 " %#" PRIx64 "\n", a->budget,
	       b->budget, a->trail, b->trail);
	printf("# stop %d %d, pc %#" PRIx64 " %#" PRIx64 ", fcsr %#x %#x, fault %#" PRIx64
	       " %#" PRIx64 "\n",
	       a->stop, b->stop, a->pc, b->pc, a->fcsr, b->fcsr, a->fault_address,
	       b->fault_address);
	for (u32 r = 0; r < 32; r++) {
		if (a->x[r] != b->x[r])
			printf("# x%u %#" PRIx64 " %#" PRIx64 "\n", r, a->x[r], b->x[r]);
		if (a->f[r] != b->f[r])
			printf("# f%u %#" PRIx64 " %#" PRIx64 "\n", r, a->f[r], b->f[r]);
	}
	for (u32 i = 0; i < GEN_DATA_BYTES; i++) {
		if (((u8 *)DATA_ADDRESS)[i] != expected_data[i])
			printf("# memory %#" PRIx64 " %#x %#x\n", (u64)DATA_ADDRESS + i,
			       expected_data[i], ((u8 *)DATA_ADDRESS)[i]);
	}
}

/* Registers x30 and x31 are the generator's; a program's length is known only from them. */
static bool one_program(u64 seed, u64 *instructions)
{
	struct gen_random random = {seed};
	static u64 address = CODE_ADDRESS;
	struct rv64_cpu start;
	struct outcome expected, found;
	u32 dice = gen_below(&random, 8), bytes;
	enum gen_kind kind = dice == 0 ? GEN_BYTES : dice < 3 ? GEN_FAULTING : GEN_VALID;

	address += 2 * gen_below(&random, 600);
	if (address + GEN_CODE_BYTES > CODE_ADDRESS + CODE_BYTES)
		address = CODE_ADDRESS + 2 * gen_below(&random, 600);
	rv64_cpu_init(&start);
	gen_state(&random, &start, data, DATA_ADDRESS);
	bytes = gen_program(&random, kind, (u8 *)address, address);
	rv64_code_changed(address, bytes);
	start.pc = address;
	run(&start, true, &expected);
	memcpy(expected_data, (void *)DATA_ADDRESS, GEN_DATA_BYTES);
	run(&start, false, &found);
	*instructions += bytes / 4 * start.x[31];
	address += bytes;
	if (!memcmp(&expected, &found, sizeof(found)) &&
	    !memcmp(expected_data, (void *)DATA_ADDRESS, GEN_DATA_BYTES))
		return true;
	print_program(&start, bytes);
	print_difference(&expected, &found);
	return false;
}

int main(int argc, char **argv)
{
	u64 wanted = argc > 1 ? strtoull(argv[1], NULL, 0) : 10000000;
	u64 seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
	u64 instructions = 0, programs = 0;
	struct gen_random seeds = {seed};

	slice = argc > 5 ? atoi(argv[5]) : 0;
	set_up(argc > 2 ? strtoull(argv[2], NULL, 0) : 0, argc > 4 ? atoi(argv[4]) : 0);
	while (instructions < wanted) {
		u64 this_seed = programs ? gen_next(&seeds) : seed;

		programs++;
		current_seed = this_seed;
		if (programs % 1024 == 1)
			alarm(60);
		if (!one_program(this_seed, &instructions)) {
			printf("not ok - program %" PRIu64 ": lockstep 1 %s %" PRIu64 " %s %u\n",
			       programs, argc > 2 ? argv[2] : "0", this_seed,
			       argc > 4 ? argv[4] : "0", slice);
			return 1;
		}
	}
	rv64_thread_leave(&cpu);
	printf("# %" PRIu64 " programs, %" PRIu64 " instructions\n", programs, instructions);
	if (getenv("LOCKSTEP_STATS"))
		rv64_print_stats(stdout);
	return 0;
}
