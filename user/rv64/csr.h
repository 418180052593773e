/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control and status registers that user programs see: fcsr and the counters. */
#ifndef SUNDIAL_RV64_CSR_H
#define SUNDIAL_RV64_CSR_H

#include "rv64/cpu.h"
#include "rv64/decode.h"

enum rv64_csr {
	RV64_CSR_FFLAGS = 0x001,
	RV64_CSR_FRM = 0x002,
	RV64_CSR_FCSR = 0x003,
	RV64_CSR_CYCLE = 0xc00,
	RV64_CSR_TIME = 0xc01,
	RV64_CSR_INSTRET = 0xc02,
};

#define RV64_TIME_HZ 10000000 /* of the time register, as device trees say it */

/*
 * What the counters read. By default: the host's time stamp counter, its monotonic
 * clock, and the time stamp counter again, since translated code does not count what it
 * retires. Set once, before guest code runs.
 */
extern u64 (*rv64_read_cycle)(struct rv64_cpu *cpu);
extern u64 (*rv64_read_time)(struct rv64_cpu *cpu);
extern u64 (*rv64_read_instret)(struct rv64_cpu *cpu);

/*
 * Executes an instruction of Zicsr, pc aside. False if it is illegal: no such register,
 * or a write to one that cannot be written; then nothing has changed. Inside
 * rv64_fp_enter() and rv64_fp_leave().
 */
bool rv64_csr_execute(struct rv64_cpu *cpu, const struct rv64_insn *insn);

#endif
