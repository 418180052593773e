// SPDX-License-Identifier: GPL-2.0-or-later
/* Control and status registers; see the header. */
#include <time.h>
#include <x86intrin.h>
#include "rv64/csr.h"
#include "rv64/fp.h"

static u64 host_cycle(struct rv64_cpu *cpu)
{
	return __rdtsc();
}

static u64 host_time(struct rv64_cpu *cpu)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((u64)now.tv_sec * NSEC_PER_SEC + now.tv_nsec) / (NSEC_PER_SEC / RV64_TIME_HZ);
}

u64 (*rv64_read_cycle)(struct rv64_cpu *cpu) = host_cycle;
u64 (*rv64_read_time)(struct rv64_cpu *cpu) = host_time;
u64 (*rv64_read_instret)(struct rv64_cpu *cpu) = host_cycle;

static bool read_csr(struct rv64_cpu *cpu, u32 csr, u64 *value)
{
	switch (csr) {
	case RV64_CSR_FFLAGS:
		*value = rv64_fcsr_read_live(cpu) & 0x1f;
		return true;
	case RV64_CSR_FRM:
		*value = cpu->frm;
		return true;
	case RV64_CSR_FCSR:
		*value = rv64_fcsr_read_live(cpu);
		return true;
	case RV64_CSR_CYCLE:
		*value = rv64_read_cycle(cpu);
		return true;
	case RV64_CSR_TIME:
		*value = rv64_read_time(cpu);
		return true;
	case RV64_CSR_INSTRET:
		*value = rv64_read_instret(cpu);
		return true;
	default:
		return false;
	}
}

static void write_csr(struct rv64_cpu *cpu, u32 csr, u64 value)
{
	u32 fcsr = rv64_fcsr_read_live(cpu);

	switch (csr) {
	case RV64_CSR_FFLAGS:
		rv64_fcsr_write_live(cpu, (fcsr & ~0x1f) | (value & 0x1f));
		break;
	case RV64_CSR_FRM:
		rv64_fcsr_write_live(cpu, (fcsr & 0x1f) | (value & 7) << 5);
		break;
	case RV64_CSR_FCSR:
		rv64_fcsr_write_live(cpu, value & 0xff);
		break;
	}
}

/* Registers whose two highest bits are set cannot be written. */
static bool is_read_only(u32 csr)
{
	return csr >> 10 == 3;
}

bool rv64_csr_execute(struct rv64_cpu *cpu, const struct rv64_insn *insn)
{
	bool immediate = rv64_ops[insn->op].format == RV64_FMT_CSRI;
	u64 operand = immediate ? insn->rs1 : cpu->x[insn->rs1];
	bool swaps = insn->op == RV64_OP_CSRRW || insn->op == RV64_OP_CSRRWI;
	bool clears = insn->op == RV64_OP_CSRRC || insn->op == RV64_OP_CSRRCI;
	/* Setting or clearing by x0 or 0 does not write; by a zero in a register it does. */
	bool writes = swaps || insn->rs1;
	u64 old;

	if (writes && is_read_only(insn->imm))
		return false;
	if (!read_csr(cpu, insn->imm, &old))
		return false;
	if (writes)
		write_csr(cpu, insn->imm,
			  swaps	   ? operand
			  : clears ? old & ~operand
				   : old | operand);
	if (insn->rd)
		cpu->x[insn->rd] = old;
	return true;
}
