// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs one static riscv64 program in the interpreter alone, with as much of Linux as
 * the programs of this folder use: write, exit, rt_sigaction, and signals for what an
 * instruction does wrong.
 *
 *	rv64-isa-run PROGRAM
 *
 * Exits as the program does; with 128 + the signal's number if one kills it.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "rv64/fp.h"
#include "rv64/interp.h"
#include "rv64/reserve.h"

#define STACK_TOP      0x3000000000ULL
#define STACK_BYTES    0x100000
#define RETURN_ADDRESS 0x20000 /* of the code that handlers return to */
#define ALT_SIGNALS    65

enum {
	NR_WRITE = 64,
	NR_EXIT = 93,
	NR_EXIT_GROUP = 94,
	NR_RT_SIGACTION = 134,
	NR_RT_SIGRETURN = 139,
	NR_RISCV_FLUSH_ICACHE = 259,
};

enum {
	REG_SP = 2,
	REG_RA = 1,
	REG_A0 = 10,
	REG_A7 = 17,
};

/* What riscv64 Linux puts on the stack of a handler. */
struct guest_frame {
	u8 info[128]; /* si_signo, si_errno, si_code, then si_addr at 16 */
	u64 flags, link, stack[3];
	u64 mask[16], padding;
	u64 pc, x[31];
	u64 f[32];
	u32 fcsr;
	u8 rest[268] __attribute__((aligned(16)));
};

_Static_assert(offsetof(struct guest_frame, pc) == 128 + 176, "mcontext as Linux has it");

static struct rv64_cpu cpu;
static u64 handlers[ALT_SIGNALS];
static sigjmp_buf faulted;
static siginfo_t fault;

static void die(const char *what)
{
	fprintf(stderr, "rv64-isa-run: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	fault = *info;
	siglongjmp(faulted, number);
}

static void map_at(u64 address, u64 bytes)
{
	u64 start = ALIGN_DOWN(address, PAGE_BYTES);
	void *at = mmap((void *)start, ALIGN_UP(address + bytes, PAGE_BYTES) - start,
			PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			-1, 0);

	/* Segments may share a page. */
	if (at == MAP_FAILED && errno != EEXIST)
		die("mmap");
}

static void load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr header;

	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header))
		die(path);
	for (int i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment;

		if (pread(fd, &segment, sizeof(segment), header.e_phoff + i * sizeof(segment)) !=
		    sizeof(segment))
			die(path);
		if (segment.p_type != PT_LOAD)
			continue;
		map_at(segment.p_vaddr, segment.p_memsz);
		if (pread(fd, (void *)segment.p_vaddr, segment.p_filesz, segment.p_offset) !=
		    (ssize_t)segment.p_filesz)
			die(path);
	}
	close(fd);
	cpu.pc = header.e_entry;
	map_at(STACK_TOP - STACK_BYTES, STACK_BYTES);
	cpu.x[REG_SP] = STACK_TOP - 64; /* no arguments, no environment, no auxiliary vector */
	map_at(RETURN_ADDRESS, PAGE_BYTES);
	((u32 *)RETURN_ADDRESS)[0] = 0x08b00893; /* li a7, NR_RT_SIGRETURN */
	((u32 *)RETURN_ADDRESS)[1] = 0x00000073; /* ecall */
}

static void deliver(int number, int code, u64 address)
{
	struct guest_frame *frame;

	if (!handlers[number]) {
		fprintf(stderr, "rv64-isa-run: signal %d at pc 0x%lx\n", number, cpu.pc);
		exit(128 + number);
	}
	frame = (struct guest_frame *)ALIGN_DOWN(cpu.x[REG_SP] - sizeof(*frame), 16);
	memset(frame, 0, sizeof(*frame));
	memcpy(frame->info, &number, sizeof(number));
	memcpy(frame->info + 8, &code, sizeof(code));
	memcpy(frame->info + 16, &address, sizeof(address));
	frame->pc = cpu.pc;
	memcpy(frame->x, cpu.x + 1, sizeof(frame->x));
	memcpy(frame->f, cpu.f, sizeof(frame->f));
	frame->fcsr = rv64_fcsr_read(&cpu);
	cpu.x[REG_SP] = (u64)frame;
	cpu.x[REG_RA] = RETURN_ADDRESS;
	cpu.x[REG_A0] = number;
	cpu.x[REG_A0 + 1] = (u64)frame;
	cpu.x[REG_A0 + 2] = (u64)&frame->flags;
	cpu.pc = handlers[number];
}

static void return_from_signal(void)
{
	const struct guest_frame *frame = (const struct guest_frame *)cpu.x[REG_SP];

	cpu.pc = frame->pc;
	memcpy(cpu.f, frame->f, sizeof(frame->f));
	rv64_fcsr_write(&cpu, frame->fcsr);
	memcpy(cpu.x + 1, frame->x, sizeof(frame->x));
}

static void system_call(void)
{
	u64 *a = &cpu.x[REG_A0];

	cpu.pc += 4;
	switch (cpu.x[REG_A7]) {
	case NR_WRITE:
		a[0] = write(a[0], (const void *)a[1], a[2]);
		break;
	case NR_EXIT:
	case NR_EXIT_GROUP:
		exit(a[0]);
	case NR_RT_SIGACTION:
		if (a[1])
			handlers[a[0] % ALT_SIGNALS] = *(const u64 *)a[1];
		a[0] = 0;
		break;
	case NR_RT_SIGRETURN:
		return_from_signal();
		break;
	case NR_RISCV_FLUSH_ICACHE:
		a[0] = 0;
		break;
	default:
		a[0] = -ENOSYS;
	}
}

static void run(void)
{
	int number = sigsetjmp(faulted, 1);

	if (number) {
		rv64_fp_leave(&cpu);
		rv64_reserve_fault(&cpu);
		deliver(number, fault.si_code, (u64)fault.si_addr);
	}
	for (;;) {
		switch (rv64_interpret(&cpu, RV64_NO_LIMIT)) {
		case RV64_STOP_ECALL:
			system_call();
			break;
		case RV64_STOP_EBREAK:
			deliver(SIGTRAP, TRAP_BRKPT, cpu.pc);
			break;
		case RV64_STOP_ILLEGAL:
			deliver(SIGILL, ILL_ILLOPC, cpu.pc);
			break;
		case RV64_STOP_MISALIGNED:
			deliver(SIGBUS, BUS_ADRALN, cpu.fault_address);
			break;
		default:
			break;
		}
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};

	if (argc != 2) {
		fprintf(stderr, "usage: rv64-isa-run PROGRAM\n");
		return 99;
	}
	rv64_cpu_init(&cpu);
	load(argv[1]);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	run();
}
