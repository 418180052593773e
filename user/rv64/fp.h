/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point as RISC-V defines it, on SSE.
 *
 * While guest code runs, translated or interpreted, the host's MXCSR is the guest's:
 * it rounds as frm says and collects the exception flags, which reach cpu->fflags only
 * when somebody asks. rv64_fp_enter() and rv64_fp_leave() are the borders; between
 * them the engine's own code must not compute in floating point except here.
 *
 * What x86 does differently and this file puts right: NaN results are canonical,
 * never an operand's payload; min, max and comparisons know signed zeros and quiet
 * NaNs; conversions to integers saturate; a fused multiply-add of infinity and zero is
 * invalid whatever is added; there is a fifth rounding mode; halves are narrowed once.
 * Both detect tininess after rounding, so underflow needs nothing.
 */
#ifndef SUNDIAL_RV64_FP_H
#define SUNDIAL_RV64_FP_H

#include <immintrin.h>
#include "rv64/cpu.h"
#include "rv64/decode.h"

#define RV64_MXCSR_FLAGS 0x3f
#define RV64_MXCSR_MASKS 0x1f80

#define RV64_NAN_S 0x7fc00000U
#define RV64_NAN_D 0x7ff8000000000000ULL
#define RV64_NAN_H 0x7e00

/* Whether the host has fused multiply-add; a test turns it off. */
extern bool rv64_fp_have_fma;

/* MXCSR for a valid frm, no flag set; RMM rounds to nearest and is put right after. */
u32 rv64_mxcsr_of(u8 frm);

/* The RISC-V flags of an MXCSR. */
u8 rv64_fflags_of(u32 mxcsr);

/* Guest code begins or ends on this thread. */
static inline void rv64_fp_enter(struct rv64_cpu *cpu)
{
	cpu->host_mxcsr = _mm_getcsr();
	_mm_setcsr(cpu->mxcsr);
}

static inline void rv64_fp_leave(struct rv64_cpu *cpu)
{
	cpu->mxcsr = _mm_getcsr();
	_mm_setcsr(cpu->host_mxcsr);
}

/* The registers as csrr reads and csrw writes them. Inside the borders: live; the
 * second kind is for code outside (signal frames, debuggers, lockstep). */
u32 rv64_fcsr_read_live(struct rv64_cpu *cpu);
void rv64_fcsr_write_live(struct rv64_cpu *cpu, u32 fcsr);
u32 rv64_fcsr_read(struct rv64_cpu *cpu);
void rv64_fcsr_write(struct rv64_cpu *cpu, u32 fcsr);

/*
 * Executes one floating-point computation: any operation of extensions F, D, Zfh and
 * Zfhmin except loads and stores. Operands are raw registers, the result is what is
 * written to rd or frd. rm must be valid and not RV64_DYN. Inside the borders, on the
 * cpu's own thread; flags go where they are collected.
 */
u64 rv64_fp_compute(struct rv64_cpu *cpu, enum rv64_op op, enum rv64_rounding rm, u64 a, u64 b,
		    u64 c);

static inline bool rv64_is_boxed_s(u64 value)
{
	return value >> 32 == 0xffffffff;
}

/* A narrower value that is not properly boxed is the canonical NaN. */
static inline u32 rv64_unbox_s(u64 value)
{
	return rv64_is_boxed_s(value) ? (u32)value : RV64_NAN_S;
}

static inline u16 rv64_unbox_h(u64 value)
{
	return value >> 16 == 0xffffffffffff ? (u16)value : RV64_NAN_H;
}

static inline u64 rv64_box_s(u32 value)
{
	return value | 0xffffffff00000000ULL;
}

static inline u64 rv64_box_h(u16 value)
{
	return value | 0xffffffffffff0000ULL;
}

#endif
