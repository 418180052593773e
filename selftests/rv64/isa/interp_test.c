// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What rv64_interpret() promises its callers: exact instruction counts, where pc is at
 * each reason to stop, and the state that a fault handler finds.
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

#define CODE   0x100000ULL /* two pages, the second of which may be missing */
#define DATA   0x200000ULL /* one page, and none after it */
#define POISON 0xccccccccccccccccULL

#define NOP	    0x00000013
#define ADDI_A0	    0x00150513 /* addi a0, a0, 1 */
#define LOOP_BACK   0xffdff06f /* j -4 */
#define ECALL	    0x00000073
#define EBREAK	    0x00100073
#define FENCE_I	    0x0000100f
#define LW_A1_A1    0x0005a583 /* lw a1, 0(a1) */
#define SD_A0_A1    0x00a5b023 /* sd a0, 0(a1) */
#define AMOADD_A2   0x00a5a62f /* amoadd.w a2, a0, (a1) */
#define LR_A2	    0x1005a62f /* lr.w a2, (a1) */
#define DIV_DYN	    0x1a007553 /* fdiv.d fa0, ft0, ft0 */
#define CSRR_FFLAGS 0x00102573 /* csrr a0, fflags */

static struct rv64_cpu cpu;
static sigjmp_buf faulted;
static u64 fault_at;
static int tests, failed;

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	failed |= !good;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	fault_at = (u64)info->si_addr;
	siglongjmp(faulted, 1);
}

static void map(u64 address, u64 bytes)
{
	if (mmap((void *)address, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
}

static void start(const u32 *insns, u32 count)
{
	memcpy((void *)CODE, insns, count * sizeof(*insns));
	rv64_cpu_init(&cpu);
	for (int i = 1; i < 32; i++)
		cpu.x[i] = POISON;
	cpu.pc = CODE;
	fault_at = 0;
}

#define START(...)                                  \
	do {                                        \
		const u32 insns_[] = {__VA_ARGS__}; \
		start(insns_, ARRAY_SIZE(insns_));  \
	} while (0)

/* Whether it faulted. */
static bool faults(u64 max_insns)
{
	if (sigsetjmp(faulted, 1)) {
		rv64_fp_leave(&cpu);
		rv64_reserve_fault(&cpu);
		return true;
	}
	rv64_interpret(&cpu, max_insns);
	return false;
}

static void test_counts(void)
{
	START(ADDI_A0, LOOP_BACK);
	cpu.x[10] = 0;
	ok(rv64_interpret(&cpu, 1001) == RV64_STOP_BUDGET && cpu.x[10] == 501 &&
		   cpu.pc == CODE + 4 && cpu.instret == 1001,
	   "as many instructions are executed as asked, not one more");
	ok(rv64_interpret(&cpu, 1) == RV64_STOP_BUDGET && cpu.pc == CODE, "one is one");
	ok(rv64_interpret(&cpu, 0) == RV64_STOP_BUDGET && cpu.pc == CODE && cpu.instret == 1002,
	   "none is none");
	cpu.exit_request = 1;
	ok(rv64_interpret(&cpu, RV64_NO_LIMIT) == RV64_STOP_EXIT_REQUEST && cpu.pc == CODE &&
		   cpu.instret == 1002,
	   "a request to exit is seen before the next instruction");
}

static void test_stops(void)
{
	START(NOP, ECALL);
	ok(rv64_interpret(&cpu, RV64_NO_LIMIT) == RV64_STOP_ECALL && cpu.pc == CODE + 4 &&
		   cpu.instret == 1,
	   "an ecall stops at itself");
	START(EBREAK);
	ok(rv64_interpret(&cpu, RV64_NO_LIMIT) == RV64_STOP_EBREAK && cpu.pc == CODE,
	   "an ebreak stops at itself");
	START(NOP, 0);
	ok(rv64_interpret(&cpu, RV64_NO_LIMIT) == RV64_STOP_ILLEGAL && cpu.pc == CODE + 4,
	   "an illegal instruction stops at itself");
	START(NOP, FENCE_I, NOP);
	ok(rv64_interpret(&cpu, RV64_NO_LIMIT) == RV64_STOP_FENCE_I && cpu.pc == CODE + 8,
	   "fence.i stops after itself");
	START(AMOADD_A2);
	cpu.x[11] = DATA + 2;
	ok(rv64_interpret(&cpu, RV64_NO_LIMIT) == RV64_STOP_MISALIGNED && cpu.pc == CODE &&
		   cpu.fault_address == DATA + 2 && cpu.x[12] == POISON,
	   "a misaligned atomic stops at itself and says where");
	START(DIV_DYN, ECALL);
	rv64_fcsr_write(&cpu, 5 << 5);
	cpu.f[10] = 77;
	ok(rv64_interpret(&cpu, RV64_NO_LIMIT) == RV64_STOP_ILLEGAL && cpu.pc == CODE &&
		   cpu.f[10] == 77 && rv64_fcsr_read(&cpu) == 5 << 5,
	   "an invalid dynamic rounding mode is illegal and changes nothing");
}

static void test_faults(void)
{
	u64 edge = CODE + PAGE_BYTES;

	START(NOP, LW_A1_A1);
	cpu.x[11] = DATA + PAGE_BYTES;
	ok(faults(10) && cpu.pc == CODE + 4 && cpu.x[11] == DATA + PAGE_BYTES && !cpu.fetching &&
		   fault_at == DATA + PAGE_BYTES,
	   "a load that faults leaves its register and pc");
	START(NOP, SD_A0_A1);
	*(u64 *)(DATA + PAGE_BYTES - 8) = 0;
	cpu.x[11] = DATA + PAGE_BYTES - 4;
	ok(faults(10) && cpu.pc == CODE + 4 && *(u64 *)(DATA + PAGE_BYTES - 8) == 0,
	   "a store across the end of memory stores nothing");
	START(LR_A2);
	cpu.x[11] = DATA + PAGE_BYTES;
	ok(faults(10) && cpu.x[12] == POISON && cpu.reserved_address == RV64_NO_RESERVATION,
	   "an LR that faults reserves nothing");
	rv64_strict = 1;
	START(SD_A0_A1);
	cpu.x[11] = DATA + PAGE_BYTES;
	ok(faults(10) && !cpu.held_version && !(*rv64_version_of(cpu.x[11]) & 1),
	   "a store that faults in strict mode lets its entry go");
	rv64_strict = 0;

	START(NOP);
	munmap((void *)edge, PAGE_BYTES);
	*(u16 *)(edge - 2) = 0x0001; /* c.nop */
	cpu.pc = edge - 2;
	ok(faults(10) && cpu.pc == edge && cpu.fetching && fault_at == edge && cpu.instret == 1,
	   "the last 16-bit instruction of a page needs no page after it");
	cpu.fetching = 0;
	*(u16 *)(edge - 2) = (u16)NOP;
	cpu.pc = edge - 2;
	ok(faults(10) && cpu.pc == edge - 2 && cpu.fetching && fault_at == edge,
	   "the fault of a second half is at the half, pc at the instruction");
	map(edge, PAGE_BYTES);
}

static void test_flags(void)
{
	u32 mxcsr = _mm_getcsr();

	START(DIV_DYN, CSRR_FFLAGS, ECALL);
	cpu.f[0] = 0;
	ok(rv64_interpret(&cpu, 1) == RV64_STOP_BUDGET && rv64_fcsr_read(&cpu) == RV64_NV &&
		   _mm_getcsr() == mxcsr,
	   "flags are the cpu's when it has stopped, and the host's MXCSR is its own");
	ok(rv64_interpret(&cpu, 10) == RV64_STOP_ECALL && cpu.x[10] == RV64_NV,
	   "flags of before are there when it goes on");
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	map(CODE, 2 * PAGE_BYTES);
	map(DATA, PAGE_BYTES);
	test_counts();
	test_stops();
	test_faults();
	test_flags();
	printf("1..%d\n", tests);
	return failed;
}
