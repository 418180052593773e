// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a host fault to the guest's state before the instruction that caused it.
 *
 * In translated code the pinned registers are in the context that the kernel saved and
 * all others in the cpu; see back.h. In C code that runs for translated code everything
 * is in the cpu already. Either way the context is changed so that the handler's return
 * leaves to C, where rv64_run() or who else called goes on.
 *
 * Runs in a signal handler: takes no lock. A running thread's TBs do not change.
 */
#include <string.h>
#include <ucontext.h>
#include "rv64/back.h"
#include "rv64/reserve.h"
#include "rv64/vcpu.h"

/* si_code of a fault that is not a page's: an address that x86-64 does not have. */
#define CODE_OF_KERNEL 0x80

static const u8 greg_of[16] = {
	[RAX] = REG_RAX, [RCX] = REG_RCX, [RDX] = REG_RDX, [RBX] = REG_RBX,
	[RSP] = REG_RSP, [RBP] = REG_RBP, [RSI] = REG_RSI, [RDI] = REG_RDI,
	[R8] = REG_R8,	 [R9] = REG_R9,	  [R10] = REG_R10, [R11] = REG_R11,
	[R12] = REG_R12, [R13] = REG_R13, [R14] = REG_R14, [R15] = REG_R15,
};

/* The guest instruction whose code is at the host address. */
static u32 insn_at(const struct tb *tb, uintptr_t host)
{
	u32 at = host - (uintptr_t)rv64_tb_entry(tb), i = 0;

	while (i + 1 < tb->nr_insns && tb->host_offset[i + 1] <= at)
		i++;
	return i;
}

static void recover(struct rv64_cpu *cpu, const struct tb *tb, const ucontext_t *context)
{
	const greg_t *gregs = context->uc_mcontext.gregs;

	for (u32 r = 0; r < 32; r++) {
		if (rv64_pinned[r] != NO_REG)
			cpu->x[r] = gregs[greg_of[rv64_pinned[r]]];
		if (rv64_pinned_f[r] != NO_REG)
			memcpy(&cpu->f[r], &context->uc_mcontext.fpregs->_xmm[rv64_pinned_f[r]], 8);
	}
	cpu->pc = tb->pc + tb->offset[insn_at(tb, gregs[REG_RIP])];
}

/* The address that the guest's load, store or atomic was for: the host did not say. */
static u64 guest_operand(const struct rv64_cpu *cpu)
{
	struct rv64_insn insn;
	u32 raw = 0;

	if (cpu->fetching)
		return cpu->pc;
	memcpy(&raw, (const void *)cpu->pc, 2);
	if (!rv64_is_short(raw))
		memcpy(&raw, (const void *)cpu->pc, 4);
	return rv64_decode(raw, &insn) ? cpu->x[insn.rs1] + insn.imm : 0;
}

/* Whether the instruction is the first of a group that was made one load. */
static bool begins_group(const struct rv64_cpu *cpu, const struct tb *tb)
{
	struct rv64_insn insn;
	u32 raw = 0, at = cpu->pc - tb->pc;

	memcpy(&raw, tb->code + at, min(4u, tb->bytes - at));
	rv64_decode(raw, &insn);
	switch (rv64_ops[insn.op].format) {
	case RV64_FMT_R:
	case RV64_FMT_SHIFT:
		return true;
	default:
		return false;
	}
}

static void leave(struct rv64_cpu *cpu, ucontext_t *context, u32 code)
{
	greg_t *gregs = context->uc_mcontext.gregs;

	gregs[REG_RBP] = (greg_t)cpu + RV64_CPU_BIAS;
	gregs[REG_RAX] = code;
	gregs[REG_RIP] =
		(greg_t)(rv64_code.thunks.leave_stored + (rv64_code.run - rv64_code.write));
}

bool rv64_fault(int signal, siginfo_t *info, void *ucontext)
{
	struct rv64_vcpu *v = rv64_this_vcpu;
	ucontext_t *context = ucontext;
	uintptr_t ip = context->uc_mcontext.gregs[REG_RIP];
	u64 address = (u64)info->si_addr;
	struct rv64_cpu *cpu;
	const struct tb *tb;

	if (!v || !READ_ONCE(v->guarded))
		return false;
	cpu = v->cpu;
	if (address - (u64)v->return_table < PAGE_BYTES &&
	    (u64)context->uc_mcontext.gregs[REG_RSP] - address <= sizeof(u64)) {
		/* Calls are nested deeper than the table; the outer ones are forgotten. */
		context->uc_mcontext.gregs[REG_RSP] = cpu->return_top;
		return true;
	}
	if (ip - (uintptr_t)rv64_code.run < rv64_code.bytes) {
		tb = rv64_tb_at(ip);
		if (!tb)
			return false;
		recover(cpu, tb, context);
		if (rv64_options.count_budget)
			cpu->budget -= insn_at(tb, ip);
		if (begins_group(cpu, tb)) {
			leave(cpu, context, LEFT_REPLAY);
			return true;
		}
	}
	cpu->budget -= v->helping;
	v->helping = 0;
	cpu->fault_signal = signal;
	cpu->fault_code = info->si_code;
	cpu->fault_address = address;
	if (signal == SIGSEGV && info->si_code == CODE_OF_KERNEL) {
		cpu->fault_code = SEGV_MAPERR;
		cpu->fault_address = guest_operand(cpu);
	}
	rv64_reserve_fault(cpu);
	leave(cpu, context, LEFT_FAULT);
	return true;
}
