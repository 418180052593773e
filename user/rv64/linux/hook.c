// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions of a riscv64 guest that the flight recorder of a simulation looks at
 * (simkernel/recordheap.c). The translator ends blocks at their first instructions as it
 * does at a debugger's breakpoints, so guest memory stays as it is; a call that is looked
 * at returns to the vDSO's first byte, where no code is, and from there to its caller.
 *
 * Of one process; changed and read by the holder of the run token.
 */
#include <string.h>
#include "rv64/exec.h"
#include "rv64/linux/linux.h"
#include "simkernel/host.h"
#include "simkernel/record.h"
#include "simkernel/sched.h"

#define HOOKS 2048
#define X_RA  1
#define X_SP  2
#define X_S0  8
#define X_S1  9
#define X_A0  10
#define X_S2  18

/* In order of address. */
static struct hook {
	u64 address;
	u32 index;
} hooks[HOOKS];
static u32 hook_count;
static u64 return_address;

void rv64_hook_start(u64 vdso)
{
	return_address = vdso;
	if (vdso && rv64_breakpoint_add(vdso))
		return_address = 0;
}

/* The first that is not below address. */
static u32 place_of(u64 address)
{
	u32 low = 0, high = hook_count;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (hooks[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool rv64_hook_function(struct thread *th, u64 address, u32 index)
{
	u32 i = place_of(address);

	if (i < hook_count && hooks[i].address == address)
		return true;
	if (!return_address || hook_count == HOOKS || rv64_breakpoint_add(address))
		return false;
	memmove(&hooks[i + 1], &hooks[i], (hook_count - i) * sizeof(*hooks));
	hooks[i] = (struct hook){address, index};
	hook_count++;
	return true;
}

u64 rv64_hook_return(struct thread *th)
{
	return return_address;
}

static void enter_function(struct rv64_thread *t, u32 index)
{
	u64 *x = t->cpu.x;
	struct record_stack caller = {
		.ip = x[X_RA],
		.sp = x[X_SP],
		.bp = x[X_S0],
		.bx = x[X_S1],
		.r12 = x[X_S2],
		.r13 = x[X_S2 + 1],
		.r14 = x[X_S2 + 2],
		.r15 = x[X_S2 + 3],
	};

	/* Else the tail of another such function. */
	if (x[X_RA] != return_address &&
	    record_heap_enter(&t->sim.thread, index, &x[X_A0], &caller))
		x[X_RA] = return_address;
}

bool rv64_hook_meet(struct rv64_thread *t)
{
	struct rv64_cpu *cpu = &t->cpu;
	struct host *h = t->sim.thread.host;
	u32 i;

	if (!return_address)
		return false;
	if (cpu->pc == return_address) {
		cpu->pc = record_heap_leave(&t->sim.thread, cpu->x[X_SP], cpu->x[X_A0]);
		return true;
	}
	i = place_of(cpu->pc);
	if (i == hook_count || hooks[i].address != cpu->pc)
		return false;
	enter_function(t, hooks[i].index);
	/* The one instruction that is stepped over now is one of those that are counted. */
	if (h->config.insn_ns) {
		cpu->budget = 1;
		host_advance(h, h->config.insn_ns);
	}
	return false;
}
