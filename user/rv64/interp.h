/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interpreter: tier 0, and what the translator is compared with.
 *
 * cpu->pc is kept current before every memory access, and no register changes before
 * the access that may fault, so that a SIGSEGV or SIGBUS handler finds the state at
 * the faulting instruction. Instruction fetch faults the same way, with
 * cpu->fetching set; the faulting address may then be in the second half of an
 * instruction.
 */
#ifndef SUNDIAL_RV64_INTERP_H
#define SUNDIAL_RV64_INTERP_H

#include "rv64/cpu.h"
#include "rv64/decode.h"

#define RV64_NO_LIMIT (~0ULL)

/*
 * Executes up to max_insns instructions from cpu->pc on and says why it stopped; at
 * least one is executed, or the reason is that it could not be, unless max_insns is 0
 * or an exit is requested at the start. cpu->instret is counted up. Runs on the thread
 * that owns cpu, does not block, and may leave by a signal handler's siglongjmp: all
 * state is in *cpu, except that rv64_fp_leave() is then up to whoever jumps.
 */
enum rv64_stop rv64_interpret(struct rv64_cpu *cpu, u64 max_insns);

/*
 * Executes one decoded instruction, which is at cpu->pc, and moves pc on; for helpers
 * of translated code. Between rv64_fp_enter() and rv64_fp_leave() only. Returns a
 * reason to stop or RV64_GO_ON.
 */
#define RV64_GO_ON (-1)
int rv64_execute(struct rv64_cpu *cpu, const struct rv64_insn *insn);

#endif
