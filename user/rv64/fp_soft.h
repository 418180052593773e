/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IEEE 754 arithmetic on integers, exact in every format and rounding mode: what SSE
 * cannot do (ties away from zero, halves, fused multiply-add on old machines) and what
 * its NaN and saturation cases are handed to.
 *
 * Values are bit patterns of their format, already unboxed. Functions are pure; they
 * add RISC-V flags to *flags. NaN results are canonical.
 */
#ifndef SUNDIAL_RV64_FP_SOFT_H
#define SUNDIAL_RV64_FP_SOFT_H

#include "rv64/cpu.h"

struct rv64_fp_format {
	int exponent_bits, fraction_bits;
};

extern const struct rv64_fp_format rv64_half, rv64_single, rv64_double;

/* Rounding and flags of one computation. */
struct rv64_fp_context {
	enum rv64_rounding rm;
	u8 flags;
};

u64 rv64_soft_add(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b);
u64 rv64_soft_sub(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b);
u64 rv64_soft_mul(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b);
u64 rv64_soft_div(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b);
u64 rv64_soft_sqrt(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a);

/* a * b + addend, rounded once. */
u64 rv64_soft_fma(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b,
		  u64 addend);

u64 rv64_soft_convert(const struct rv64_fp_format *to, const struct rv64_fp_format *from,
		      struct rv64_fp_context *c, u64 a);

/* Saturating; width is 32 or 64. Results of 32 bits are sign-extended, unsigned too. */
u64 rv64_soft_to_int(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, int width,
		     bool is_signed);
u64 rv64_soft_from_int(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a,
		       bool is_signed);

enum rv64_compare {
	RV64_COMPARE_EQ, /* quiet: only a signalling NaN is invalid */
	RV64_COMPARE_LT,
	RV64_COMPARE_LE,
};

bool rv64_soft_compare(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b,
		       enum rv64_compare how);
u64 rv64_soft_min_max(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b,
		      bool want_max);
u64 rv64_soft_classify(const struct rv64_fp_format *f, u64 a);

#endif
