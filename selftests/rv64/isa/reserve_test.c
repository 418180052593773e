// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Load-reserved and store-conditional between harts: step by step, so that every
 * interleaving is the one that the test is about, and a lock-free stack under load,
 * which loses nodes if an SC succeeds on a head that was popped and pushed again.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "rv64/interp.h"
#include "rv64/reserve.h"

#define CODE	     0x100000ULL
#define DATA	     0x200000ULL
#define NODES	     16
#define THREADS	     4
#define ITERATIONS   100000
#define ENOUGH_INSNS 400000000 /* a stack gone wrong may never end */

enum {
	ZERO = 0,
	HEAD = 10,
	VALUE = 11,
	GOT = 12,
	FAILED = 13,
	NODE = 14,
	NEXT = 15,
	LEFT = 16,
	ONE = 17,
	OTHER = 18,
};

static int tests, failed;

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	failed += !good;
}

static u32 insn(enum rv64_op op, u32 rd, u32 rs1, u32 rs2)
{
	return rv64_ops[op].match | rd << 7 | rs1 << 15 | rs2 << 20;
}

static u32 store(enum rv64_op op, u32 rs2, u32 rs1)
{
	return rv64_ops[op].match | rs1 << 15 | rs2 << 20;
}

static u32 branch(enum rv64_op op, u32 rs1, u32 rs2, s32 offset)
{
	u32 o = offset;

	return insn(op, 0, rs1, rs2) | (o >> 12 & 1) << 31 | (o >> 5 & 63) << 25 |
	       (o >> 1 & 15) << 8 | (o >> 11 & 1) << 7;
}

static void step(struct rv64_cpu *cpu, u32 raw)
{
	*(u32 *)CODE = raw;
	cpu->pc = CODE;
	rv64_interpret(cpu, 1);
}

static struct rv64_cpu a, b;

static void start(void)
{
	rv64_cpu_init(&a);
	rv64_cpu_init(&b);
	memset((void *)DATA, 0, PAGE_BYTES);
	*(u64 *)(DATA + 64) = 5;
	a.x[HEAD] = b.x[HEAD] = DATA + 64;
	a.x[VALUE] = 77;
	a.x[FAILED] = b.x[FAILED] = 0xcccc;
}

/* Hart a: LR, another load if "touch"; hart b: what is given; hart a: SC. */
static bool succeeds(bool touch, const u32 *others, int count)
{
	step(&a, insn(RV64_OP_LR_D, GOT, HEAD, 0));
	if (touch)
		step(&a, insn(RV64_OP_LD, NEXT, HEAD, 0));
	for (int i = 0; i < count; i++)
		step(&b, others[i]);
	step(&a, insn(RV64_OP_SC_D, FAILED, HEAD, VALUE));
	return a.x[FAILED] == 0;
}

static void test_loose(void)
{
	const u32 change[] = {store(RV64_OP_SD, ONE, HEAD)};

	rv64_strict = 0;
	start();
	ok(succeeds(false, NULL, 0) && *(u64 *)(DATA + 64) == 77 && !rv64_strict,
	   "LR and SC with nothing between succeed without strict mode");
	start();
	b.x[ONE] = 1;
	ok(!succeeds(false, change, 1) && *(u64 *)(DATA + 64) == 1, "SC fails on a changed value");
	start();
	ok(!succeeds(true, NULL, 0) && rv64_strict && *(u64 *)(DATA + 64) == 5,
	   "the first SC after another access fails and asks for strict mode");
}

static void test_strict(void)
{
	const u32 back_and_forth[] = {store(RV64_OP_SD, ONE, HEAD), store(RV64_OP_SD, VALUE, HEAD)};
	const u32 same[] = {store(RV64_OP_SB, VALUE, HEAD)};
	const u32 swap[] = {insn(RV64_OP_AMOSWAP_D, GOT, HEAD, VALUE)};
	const u32 pair[] = {insn(RV64_OP_LR_D, GOT, HEAD, 0),
			    insn(RV64_OP_SC_D, FAILED, HEAD, VALUE)};
	const u32 across[] = {store(RV64_OP_SD, ZERO, NODE)};
	const u32 elsewhere[] = {store(RV64_OP_SD, ONE, NODE)};
	const u32 load[] = {insn(RV64_OP_LD, GOT, HEAD, 0)};

	start();
	ok(succeeds(true, NULL, 0) && *(u64 *)(DATA + 64) == 77,
	   "in strict mode SC succeeds after another load");
	start();
	b.x[VALUE] = 5;
	ok(!succeeds(true, back_and_forth, 2) && *(u64 *)(DATA + 64) == 5,
	   "SC fails if the value was changed and changed back");
	start();
	b.x[VALUE] = 5;
	ok(!succeeds(true, same, 1), "SC fails if the same value was stored");
	start();
	b.x[VALUE] = 5;
	ok(!succeeds(true, swap, 1), "SC fails if the same value was swapped in");
	start();
	b.x[VALUE] = 5;
	ok(!succeeds(true, pair, 2) && b.x[FAILED] == 0, "SC fails after another hart's SC");
	start();
	b.x[NODE] = DATA + 60; /* it writes zeros over zeros in the word */
	*(u64 *)(DATA + 64) = 5ULL << 32;
	ok(!succeeds(true, across, 1), "SC fails after a store that reaches into the word");
	start();
	b.x[NODE] = DATA + 1024;
	ok(succeeds(true, elsewhere, 1), "SC succeeds after a store elsewhere");
	start();
	ok(succeeds(true, load, 1), "SC succeeds after another hart's load");
}

/*
 * The stack: a word with the first node; a node's first word is the next, its second
 * says whether somebody has it. Each hart takes two nodes and puts them back in the
 * same order, so that the first is the head again while the second is still taken.
 */
static u32 *code_end;

static void emit(u32 raw)
{
	*code_end++ = raw;
}

static void emit_pop(u32 node)
{
	u32 *again = code_end;

	emit(insn(RV64_OP_LR_D, node, HEAD, 0));
	emit(branch(RV64_OP_BEQ, node, ZERO, (u8 *)again - (u8 *)code_end));
	emit(insn(RV64_OP_LD, NEXT, node, 0));
	for (int i = 0; i < 8; i++) /* time for others */
		emit(insn(RV64_OP_DIV, GOT, NEXT, ONE));
	emit(insn(RV64_OP_SC_D, FAILED, HEAD, NEXT));
	emit(branch(RV64_OP_BNE, FAILED, ZERO, (u8 *)again - (u8 *)code_end));
	emit(insn(RV64_OP_ADDI, VALUE, node, 8));
	emit(insn(RV64_OP_AMOADD_D, GOT, VALUE, ONE));
	emit(branch(RV64_OP_BEQ, GOT, ZERO, 8));
	emit(rv64_ops[RV64_OP_EBREAK].match); /* somebody else has it */
}

static void emit_push(u32 node)
{
	u32 *again;

	emit(insn(RV64_OP_ADDI, VALUE, node, 8));
	emit(store(RV64_OP_SD, ZERO, VALUE));
	again = code_end;
	emit(insn(RV64_OP_LR_D, NEXT, HEAD, 0));
	emit(store(RV64_OP_SD, NEXT, node));
	emit(insn(RV64_OP_SC_D, FAILED, HEAD, node));
	emit(branch(RV64_OP_BNE, FAILED, ZERO, (u8 *)again - (u8 *)code_end));
}

static void build_stack_code(void)
{
	u32 *start_of_code = (u32 *)CODE;

	code_end = start_of_code;
	emit_pop(NODE);
	emit_pop(OTHER);
	emit_push(NODE);
	emit_push(OTHER);
	emit(insn(RV64_OP_ADDI, LEFT, LEFT, 0xfff));
	emit(branch(RV64_OP_BNE, LEFT, ZERO, (u8 *)start_of_code - (u8 *)code_end));
	emit(rv64_ops[RV64_OP_ECALL].match);
}

static void *run_stack(void *argument)
{
	struct rv64_cpu cpu;

	rv64_cpu_init(&cpu);
	cpu.pc = CODE;
	cpu.x[HEAD] = DATA;
	cpu.x[LEFT] = ITERATIONS;
	cpu.x[ONE] = 1;
	return (void *)(u64)rv64_interpret(&cpu, ENOUGH_INSNS);
}

static void test_stack(void)
{
	pthread_t threads[THREADS];
	bool good = true;
	u64 *head = (u64 *)DATA;
	int count = 0;

	rv64_strict = 1;
	memset((void *)DATA, 0, PAGE_BYTES);
	for (u64 i = 0; i < NODES; i++) {
		u64 *node = (u64 *)(DATA + 128 + i * 64);

		node[0] = *head;
		*head = (u64)node;
	}
	build_stack_code();
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, run_stack, NULL);
	for (int i = 0; i < THREADS; i++) {
		void *stop = (void *)-1;

		pthread_join(threads[i], &stop);
		good &= (u64)stop == RV64_STOP_ECALL;
	}
	ok(good, "no node of a lock-free stack is had by two harts");
	for (u64 node = *head; node && count <= NODES; node = *(u64 *)node)
		count++;
	ok(count == NODES, "and none is lost");
}

int main(void)
{
	if (mmap((void *)CODE, PAGE_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED ||
	    mmap((void *)DATA, PAGE_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	test_loose();
	test_strict();
	test_stack();
	printf("1..%d\n", tests);
	return failed != 0;
}
