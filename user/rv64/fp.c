// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Floating point on SSE where that gives what RISC-V asks, on fp_soft.c where not.
 *
 * The computations are volatile assembly because compilers do not know that they read
 * and write MXCSR: they may be neither moved across a change of the rounding mode nor
 * left out when only their flags are wanted.
 */
#include "rv64/fp.h"
#include "rv64/fp_soft.h"

#define MXCSR_RC_SHIFT 13
#define MXCSR_RC       (3U << MXCSR_RC_SHIFT)

/* The rounding control of each frm: nearest, zero, down, up; RMM has none. */
static const u8 rounding_control[8] = {0, 3, 1, 2, 0, 0, 0, 0};

u32 rv64_mxcsr_of(u8 frm)
{
	return RV64_MXCSR_MASKS | (u32)rounding_control[frm & 7] << MXCSR_RC_SHIFT;
}

u8 rv64_fflags_of(u32 mxcsr)
{
	/* Invalid, denormal (which RISC-V has not), zero, overflow, underflow, precision. */
	return (mxcsr & 1 ? RV64_NV : 0) | (mxcsr & 4 ? RV64_DZ : 0) | (mxcsr & 8 ? RV64_OF : 0) |
	       (mxcsr & 16 ? RV64_UF : 0) | (mxcsr & 32 ? RV64_NX : 0);
}

u32 rv64_fcsr_read_live(struct rv64_cpu *cpu)
{
	cpu->fflags |= rv64_fflags_of(_mm_getcsr());
	return (u32)cpu->frm << 5 | cpu->fflags;
}

void rv64_fcsr_write_live(struct rv64_cpu *cpu, u32 fcsr)
{
	cpu->fflags = fcsr & 0x1f;
	cpu->frm = fcsr >> 5 & 7;
	cpu->frm_valid = cpu->frm <= RV64_RMM;
	_mm_setcsr(rv64_mxcsr_of(cpu->frm));
}

u32 rv64_fcsr_read(struct rv64_cpu *cpu)
{
	cpu->fflags |= rv64_fflags_of(cpu->mxcsr);
	return (u32)cpu->frm << 5 | cpu->fflags;
}

void rv64_fcsr_write(struct rv64_cpu *cpu, u32 fcsr)
{
	cpu->fflags = fcsr & 0x1f;
	cpu->frm = fcsr >> 5 & 7;
	cpu->frm_valid = cpu->frm <= RV64_RMM;
	cpu->mxcsr = rv64_mxcsr_of(cpu->frm);
}

static inline float as_float(u64 bits)
{
	return _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128((int)bits)));
}

static inline double as_double(u64 bits)
{
	return _mm_cvtsd_f64(_mm_castsi128_pd(_mm_cvtsi64_si128((s64)bits)));
}

/* Bits of a result; any NaN becomes the canonical one. */
static inline u64 of_float(float value)
{
	u32 bits = _mm_cvtsi128_si32(_mm_castps_si128(_mm_set_ss(value)));

	return (bits & 0x7fffffff) > 0x7f800000 ? RV64_NAN_S : bits;
}

static inline u64 of_double(double value)
{
	u64 bits = _mm_cvtsi128_si64(_mm_castpd_si128(_mm_set_sd(value)));

	return (bits & ~(1ULL << 63)) > 0x7ff0000000000000 ? RV64_NAN_D : bits;
}

/* result = result OP operand */
#define SSE_BINARY(name, insn, type, as, of)                                        \
	static inline u64 name(u64 a, u64 b)                                        \
	{                                                                           \
		type r = as(a);                                                     \
		__asm__ volatile(insn " %1, %0" : "+x"(r) : "x"(as(b)) : "memory"); \
		return of(r);                                                       \
	}

/* to = OP from */
#define SSE_UNARY(name, insn, to, of, from, constraint, operand)                                   \
	static inline u64 name(u64 a)                                                              \
	{                                                                                          \
		to r = 0;                                                                          \
		__asm__ volatile(insn " %1, %0" : "+x"(r) : constraint((from)operand) : "memory"); \
		return of(r);                                                                      \
	}

SSE_BINARY(sse_add_s, "addss", float, as_float, of_float)
SSE_BINARY(sse_sub_s, "subss", float, as_float, of_float)
SSE_BINARY(sse_mul_s, "mulss", float, as_float, of_float)
SSE_BINARY(sse_div_s, "divss", float, as_float, of_float)
SSE_BINARY(sse_add_d, "addsd", double, as_double, of_double)
SSE_BINARY(sse_sub_d, "subsd", double, as_double, of_double)
SSE_BINARY(sse_mul_d, "mulsd", double, as_double, of_double)
SSE_BINARY(sse_div_d, "divsd", double, as_double, of_double)
SSE_UNARY(sse_sqrt_s, "sqrtss", float, of_float, float, "x", as_float(a))
SSE_UNARY(sse_sqrt_d, "sqrtsd", double, of_double, double, "x", as_double(a))
SSE_UNARY(sse_d_to_s, "cvtsd2ss", float, of_float, double, "x", as_double(a))
SSE_UNARY(sse_s_to_d, "cvtss2sd", double, of_double, float, "x", as_float(a))
SSE_UNARY(sse_w_to_s, "cvtsi2ssl", float, of_float, s32, "r", a)
SSE_UNARY(sse_l_to_s, "cvtsi2ssq", float, of_float, s64, "r", a)
SSE_UNARY(sse_w_to_d, "cvtsi2sdl", double, of_double, s32, "r", a)
SSE_UNARY(sse_l_to_d, "cvtsi2sdq", double, of_double, s64, "r", a)

/* Unsigned above 2^63: halved with a sticky lowest bit, then doubled, which is exact. */
static u64 sse_lu_to_s(u64 a)
{
	u64 half;

	if ((s64)a >= 0)
		return sse_l_to_s(a);
	half = sse_l_to_s(a >> 1 | (a & 1));
	return sse_add_s(half, half);
}

static u64 sse_lu_to_d(u64 a)
{
	u64 half;

	if ((s64)a >= 0)
		return sse_l_to_d(a);
	half = sse_l_to_d(a >> 1 | (a & 1));
	return sse_add_d(half, half);
}

#define SSE_TO_INT(name, insn, from, as, type)                                            \
	static inline s64 name(u64 a)                                                     \
	{                                                                                 \
		type r;                                                                   \
		__asm__ volatile(insn " %1, %0" : "=r"(r) : "x"((from)as(a)) : "memory"); \
		return r;                                                                 \
	}

SSE_TO_INT(sse_s_to_w, "cvtss2si", float, as_float, s32)
SSE_TO_INT(sse_s_to_l, "cvtss2si", float, as_float, s64)
SSE_TO_INT(sse_d_to_w, "cvtsd2si", double, as_double, s32)
SSE_TO_INT(sse_d_to_l, "cvtsd2si", double, as_double, s64)
SSE_TO_INT(sse_s_to_w_rtz, "cvttss2si", float, as_float, s32)
SSE_TO_INT(sse_s_to_l_rtz, "cvttss2si", float, as_float, s64)
SSE_TO_INT(sse_d_to_w_rtz, "cvttsd2si", double, as_double, s32)
SSE_TO_INT(sse_d_to_l_rtz, "cvttsd2si", double, as_double, s64)

static inline u64 with_soft(struct rv64_cpu *cpu, struct rv64_fp_context *c, u64 result)
{
	cpu->fflags |= c->flags;
	return result;
}

#define SOFT(call)                                     \
	({                                             \
		struct rv64_fp_context c = {.rm = rm}; \
		u64 soft_result = call;                \
		with_soft(cpu, &c, soft_result);       \
	})

/*
 * x86 answers "indefinite", the least integer, and invalid for what does not fit, NaNs
 * among it; the software then says what is right, with the same flag. An unsigned
 * value is only left to x86 if it is certain to fit: x86 could round a negative one
 * to a negative integer, which is inexact there and invalid here.
 */
static inline bool is_indefinite_w(s64 value)
{
	return value == -0x80000000LL;
}

static inline bool is_indefinite_l(s64 value)
{
	return value == (s64)(1ULL << 63);
}

static u64 s_to_signed(struct rv64_cpu *cpu, enum rv64_rounding rm, u64 a, int width)
{
	s64 r;

	if (width == 32) {
		r = rm == RV64_RTZ ? sse_s_to_w_rtz(a) : sse_s_to_w(a);
		if (likely(!is_indefinite_w(r)))
			return r;
	} else {
		r = rm == RV64_RTZ ? sse_s_to_l_rtz(a) : sse_s_to_l(a);
		if (likely(!is_indefinite_l(r)))
			return r;
	}
	return SOFT(rv64_soft_to_int(&rv64_single, &c, a, width, true));
}

static u64 d_to_signed(struct rv64_cpu *cpu, enum rv64_rounding rm, u64 a, int width)
{
	s64 r;

	if (width == 32) {
		r = rm == RV64_RTZ ? sse_d_to_w_rtz(a) : sse_d_to_w(a);
		if (likely(!is_indefinite_w(r)))
			return r;
	} else {
		r = rm == RV64_RTZ ? sse_d_to_l_rtz(a) : sse_d_to_l(a);
		if (likely(!is_indefinite_l(r)))
			return r;
	}
	return SOFT(rv64_soft_to_int(&rv64_double, &c, a, width, true));
}

static u64 s_to_unsigned(struct rv64_cpu *cpu, enum rv64_rounding rm, u64 a, int width)
{
	if ((u32)a < 0x4f000000) /* 0 <= a < 2^31 */
		return rm == RV64_RTZ ? sse_s_to_l_rtz(a) : sse_s_to_l(a);
	return SOFT(rv64_soft_to_int(&rv64_single, &c, a, width, false));
}

static u64 d_to_unsigned(struct rv64_cpu *cpu, enum rv64_rounding rm, u64 a, int width)
{
	/* 0 <= a < 2^31 or 2^62. */
	if (a < (width == 32 ? 0x41e0000000000000 : 0x43d0000000000000)) {
		u64 r = rm == RV64_RTZ ? sse_d_to_l_rtz(a) : sse_d_to_l(a);

		return width == 32 ? (u64)(s64)(s32)r : r;
	}
	return SOFT(rv64_soft_to_int(&rv64_double, &c, a, width, false));
}

/* r = r * b + addend */
__attribute__((target("fma"))) static float host_fma_s(float a, float b, float addend)
{
	__asm__ volatile("vfmadd213ss %2, %1, %0" : "+x"(a) : "x"(b), "x"(addend) : "memory");
	return a;
}

__attribute__((target("fma"))) static double host_fma_d(double a, double b, double addend)
{
	__asm__ volatile("vfmadd213sd %2, %1, %0" : "+x"(a) : "x"(b), "x"(addend) : "memory");
	return a;
}

bool rv64_fp_have_fma;

static __attribute__((constructor)) void fp_init(void)
{
	__builtin_cpu_init();
	rv64_fp_have_fma = __builtin_cpu_supports("fma");
}

/* A NaN may hide infinity times zero, of which x86 says nothing if the addend is one. */
static u64 fma_s(struct rv64_cpu *cpu, enum rv64_rounding rm, u64 a, u64 b, u64 addend)
{
	if (likely(rv64_fp_have_fma)) {
		u64 r = of_float(host_fma_s(as_float(a), as_float(b), as_float(addend)));

		if (likely(r != RV64_NAN_S))
			return r;
	}
	return SOFT(rv64_soft_fma(&rv64_single, &c, a, b, addend));
}

static u64 fma_d(struct rv64_cpu *cpu, enum rv64_rounding rm, u64 a, u64 b, u64 addend)
{
	if (likely(rv64_fp_have_fma)) {
		u64 r = of_double(host_fma_d(as_double(a), as_double(b), as_double(addend)));

		if (likely(r != RV64_NAN_D))
			return r;
	}
	return SOFT(rv64_soft_fma(&rv64_double, &c, a, b, addend));
}

#define SIGN_S 0x80000000ULL
#define SIGN_D (1ULL << 63)
#define SIGN_H 0x8000ULL

/* What rounds and is only of doubles, with MXCSR rounding as rm says. */
static u64 compute_d(struct rv64_cpu *cpu, enum rv64_op op, enum rv64_rounding rm, u64 a, u64 b,
		     u64 c3)
{
	switch (op) {
	case RV64_OP_FADD_D:
		return sse_add_d(a, b);
	case RV64_OP_FSUB_D:
		return sse_sub_d(a, b);
	case RV64_OP_FMUL_D:
		return sse_mul_d(a, b);
	case RV64_OP_FDIV_D:
		return sse_div_d(a, b);
	case RV64_OP_FSQRT_D:
		return sse_sqrt_d(a);
	case RV64_OP_FMADD_D:
		return fma_d(cpu, rm, a, b, c3);
	case RV64_OP_FMSUB_D:
		return fma_d(cpu, rm, a, b, c3 ^ SIGN_D);
	case RV64_OP_FNMSUB_D:
		return fma_d(cpu, rm, a ^ SIGN_D, b, c3);
	case RV64_OP_FNMADD_D:
		return fma_d(cpu, rm, a ^ SIGN_D, b, c3 ^ SIGN_D);
	case RV64_OP_FCVT_D_S:
		return sse_s_to_d(rv64_unbox_s(a));
	case RV64_OP_FCVT_D_W:
		return sse_w_to_d(a);
	case RV64_OP_FCVT_D_WU:
		return sse_l_to_d((u32)a);
	case RV64_OP_FCVT_D_L:
		return sse_l_to_d(a);
	case RV64_OP_FCVT_D_LU:
		return sse_lu_to_d(a);
	case RV64_OP_FCVT_W_D:
		return d_to_signed(cpu, rm, a, 32);
	case RV64_OP_FCVT_L_D:
		return d_to_signed(cpu, rm, a, 64);
	case RV64_OP_FCVT_WU_D:
		return d_to_unsigned(cpu, rm, a, 32);
	case RV64_OP_FCVT_LU_D:
		return d_to_unsigned(cpu, rm, a, 64);
	default:
		__builtin_unreachable();
	}
}

/* The same, and what is of singles. */
static u64 compute_rounded(struct rv64_cpu *cpu, enum rv64_op op, enum rv64_rounding rm, u64 a,
			   u64 b, u64 c3)
{
	switch (op) {
	case RV64_OP_FADD_S:
		return rv64_box_s(sse_add_s(rv64_unbox_s(a), rv64_unbox_s(b)));
	case RV64_OP_FSUB_S:
		return rv64_box_s(sse_sub_s(rv64_unbox_s(a), rv64_unbox_s(b)));
	case RV64_OP_FMUL_S:
		return rv64_box_s(sse_mul_s(rv64_unbox_s(a), rv64_unbox_s(b)));
	case RV64_OP_FDIV_S:
		return rv64_box_s(sse_div_s(rv64_unbox_s(a), rv64_unbox_s(b)));
	case RV64_OP_FSQRT_S:
		return rv64_box_s(sse_sqrt_s(rv64_unbox_s(a)));
	case RV64_OP_FMADD_S:
		return rv64_box_s(
			fma_s(cpu, rm, rv64_unbox_s(a), rv64_unbox_s(b), rv64_unbox_s(c3)));
	case RV64_OP_FMSUB_S:
		return rv64_box_s(fma_s(cpu, rm, rv64_unbox_s(a), rv64_unbox_s(b),
					rv64_unbox_s(c3) ^ SIGN_S));
	case RV64_OP_FNMSUB_S:
		return rv64_box_s(fma_s(cpu, rm, rv64_unbox_s(a) ^ SIGN_S, rv64_unbox_s(b),
					rv64_unbox_s(c3)));
	case RV64_OP_FNMADD_S:
		return rv64_box_s(fma_s(cpu, rm, rv64_unbox_s(a) ^ SIGN_S, rv64_unbox_s(b),
					rv64_unbox_s(c3) ^ SIGN_S));
	case RV64_OP_FCVT_S_D:
		return rv64_box_s(sse_d_to_s(a));
	case RV64_OP_FCVT_S_W:
		return rv64_box_s(sse_w_to_s(a));
	case RV64_OP_FCVT_S_WU:
		return rv64_box_s(sse_l_to_s((u32)a));
	case RV64_OP_FCVT_S_L:
		return rv64_box_s(sse_l_to_s(a));
	case RV64_OP_FCVT_S_LU:
		return rv64_box_s(sse_lu_to_s(a));
	case RV64_OP_FCVT_W_S:
		return s_to_signed(cpu, rm, rv64_unbox_s(a), 32);
	case RV64_OP_FCVT_L_S:
		return s_to_signed(cpu, rm, rv64_unbox_s(a), 64);
	case RV64_OP_FCVT_WU_S:
		return s_to_unsigned(cpu, rm, rv64_unbox_s(a), 32);
	case RV64_OP_FCVT_LU_S:
		return s_to_unsigned(cpu, rm, rv64_unbox_s(a), 64);
	default:
		return compute_d(cpu, op, rm, a, b, c3);
	}
}

/* One format's rounding operations in software. */
#define SOFT_CASES(P, f, unbox, box, sign)                                                        \
	case RV64_OP_FADD_##P:                                                                    \
		return box(rv64_soft_add(f, c, unbox(a), unbox(b)));                              \
	case RV64_OP_FSUB_##P:                                                                    \
		return box(rv64_soft_sub(f, c, unbox(a), unbox(b)));                              \
	case RV64_OP_FMUL_##P:                                                                    \
		return box(rv64_soft_mul(f, c, unbox(a), unbox(b)));                              \
	case RV64_OP_FDIV_##P:                                                                    \
		return box(rv64_soft_div(f, c, unbox(a), unbox(b)));                              \
	case RV64_OP_FSQRT_##P:                                                                   \
		return box(rv64_soft_sqrt(f, c, unbox(a)));                                       \
	case RV64_OP_FMADD_##P:                                                                   \
		return box(rv64_soft_fma(f, c, unbox(a), unbox(b), unbox(c3)));                   \
	case RV64_OP_FMSUB_##P:                                                                   \
		return box(rv64_soft_fma(f, c, unbox(a), unbox(b), unbox(c3) ^ (sign)));          \
	case RV64_OP_FNMSUB_##P:                                                                  \
		return box(rv64_soft_fma(f, c, unbox(a) ^ (sign), unbox(b), unbox(c3)));          \
	case RV64_OP_FNMADD_##P:                                                                  \
		return box(rv64_soft_fma(f, c, unbox(a) ^ (sign), unbox(b), unbox(c3) ^ (sign))); \
	case RV64_OP_FCVT_##P##_W:                                                                \
		return box(rv64_soft_from_int(f, c, (s64)(s32)a, true));                          \
	case RV64_OP_FCVT_##P##_WU:                                                               \
		return box(rv64_soft_from_int(f, c, (u32)a, false));                              \
	case RV64_OP_FCVT_##P##_L:                                                                \
		return box(rv64_soft_from_int(f, c, a, true));                                    \
	case RV64_OP_FCVT_##P##_LU:                                                               \
		return box(rv64_soft_from_int(f, c, a, false));                                   \
	case RV64_OP_FCVT_W_##P:                                                                  \
		return rv64_soft_to_int(f, c, unbox(a), 32, true);                                \
	case RV64_OP_FCVT_WU_##P:                                                                 \
		return rv64_soft_to_int(f, c, unbox(a), 32, false);                               \
	case RV64_OP_FCVT_L_##P:                                                                  \
		return rv64_soft_to_int(f, c, unbox(a), 64, true);                                \
	case RV64_OP_FCVT_LU_##P:                                                                 \
		return rv64_soft_to_int(f, c, unbox(a), 64, false);

#define AS_IS(value) (value)

static u64 soft_rounded(struct rv64_fp_context *c, enum rv64_op op, u64 a, u64 b, u64 c3)
{
	switch (op) {
		SOFT_CASES(S, &rv64_single, rv64_unbox_s, rv64_box_s, SIGN_S)
		SOFT_CASES(D, &rv64_double, AS_IS, AS_IS, SIGN_D)
		SOFT_CASES(H, &rv64_half, rv64_unbox_h, rv64_box_h, SIGN_H)
	case RV64_OP_FCVT_S_D:
		return rv64_box_s(rv64_soft_convert(&rv64_single, &rv64_double, c, a));
	case RV64_OP_FCVT_D_S:
		return rv64_soft_convert(&rv64_double, &rv64_single, c, rv64_unbox_s(a));
	case RV64_OP_FCVT_S_H:
		return rv64_box_s(rv64_soft_convert(&rv64_single, &rv64_half, c, rv64_unbox_h(a)));
	case RV64_OP_FCVT_H_S:
		return rv64_box_h(rv64_soft_convert(&rv64_half, &rv64_single, c, rv64_unbox_s(a)));
	case RV64_OP_FCVT_D_H:
		return rv64_soft_convert(&rv64_double, &rv64_half, c, rv64_unbox_h(a));
	case RV64_OP_FCVT_H_D:
		return rv64_box_h(rv64_soft_convert(&rv64_half, &rv64_double, c, a));
	default:
		__builtin_unreachable();
	}
}

/* One format's operations that do not round. */
#define PLAIN_CASES(P, X, f, unbox, box, sign, moved)                                \
	case RV64_OP_FSGNJ_##P:                                                      \
		return box((unbox(a) & ~(sign)) | (unbox(b) & (sign)));              \
	case RV64_OP_FSGNJN_##P:                                                     \
		return box((unbox(a) & ~(sign)) | (~(u64)unbox(b) & (sign)));        \
	case RV64_OP_FSGNJX_##P:                                                     \
		return box(unbox(a) ^ (unbox(b) & (sign)));                          \
	case RV64_OP_FMIN_##P:                                                       \
		return box(rv64_soft_min_max(f, c, unbox(a), unbox(b), false));      \
	case RV64_OP_FMAX_##P:                                                       \
		return box(rv64_soft_min_max(f, c, unbox(a), unbox(b), true));       \
	case RV64_OP_FEQ_##P:                                                        \
		return rv64_soft_compare(f, c, unbox(a), unbox(b), RV64_COMPARE_EQ); \
	case RV64_OP_FLT_##P:                                                        \
		return rv64_soft_compare(f, c, unbox(a), unbox(b), RV64_COMPARE_LT); \
	case RV64_OP_FLE_##P:                                                        \
		return rv64_soft_compare(f, c, unbox(a), unbox(b), RV64_COMPARE_LE); \
	case RV64_OP_FCLASS_##P:                                                     \
		return rv64_soft_classify(f, unbox(a));                              \
	case RV64_OP_FMV_X_##X:                                                      \
		return (u64)(s64)(moved)a;                                           \
	case RV64_OP_FMV_##X##_X:                                                    \
		return box((u64)a);

static u64 plain(struct rv64_fp_context *c, enum rv64_op op, u64 a, u64 b)
{
	switch (op) {
		PLAIN_CASES(S, W, &rv64_single, rv64_unbox_s, rv64_box_s, SIGN_S, s32)
		PLAIN_CASES(D, D, &rv64_double, AS_IS, AS_IS, SIGN_D, s64)
		PLAIN_CASES(H, H, &rv64_half, rv64_unbox_h, rv64_box_h, SIGN_H, s16)
	default:
		__builtin_unreachable();
	}
}

static bool is_half(enum rv64_op op)
{
	return rv64_ops[op].ext == RV64_EXT_Zfh || rv64_ops[op].ext == RV64_EXT_Zfhmin;
}

/* Conversions that round towards zero whatever MXCSR says; compilers make most of all. */
static bool truncates(enum rv64_op op)
{
	return rv64_ops[op].format == RV64_FMT_FX_RM;
}

u64 rv64_fp_compute(struct rv64_cpu *cpu, enum rv64_op op, enum rv64_rounding rm, u64 a, u64 b,
		    u64 c)
{
	struct rv64_fp_context context = {.rm = rm};
	u64 result;

	if (!rv64_formats[rv64_ops[op].format].has_rm) {
		result = plain(&context, op, a, b);
		return with_soft(cpu, &context, result);
	}
	if (rm == RV64_RMM || is_half(op)) {
		result = soft_rounded(&context, op, a, b, c);
		return with_soft(cpu, &context, result);
	}
	if (rm != cpu->frm && !(rm == RV64_RTZ && truncates(op))) {
		u32 mxcsr = _mm_getcsr();

		_mm_setcsr((mxcsr & ~MXCSR_RC) | (u32)rounding_control[rm] << MXCSR_RC_SHIFT);
		result = compute_rounded(cpu, op, rm, a, b, c);
		_mm_setcsr((_mm_getcsr() & ~MXCSR_RC) | (mxcsr & MXCSR_RC));
		return result;
	}
	return compute_rounded(cpu, op, rm, a, b, c);
}
