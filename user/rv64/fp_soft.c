// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IEEE 754 arithmetic on integers; see the header. Every operation computes an exact
 * value, or one with a sticky lowest bit, and rounds it once in pack().
 */
#include "rv64/fp_soft.h"

typedef unsigned __int128 u128;

const struct rv64_fp_format rv64_half = {5, 10};
const struct rv64_fp_format rv64_single = {8, 23};
const struct rv64_fp_format rv64_double = {11, 52};

enum kind {
	ZERO,
	FINITE,
	INFINITE,
	QUIET_NAN,
	SIGNALLING_NAN,
};

/* FINITE: the value is significand / 2^63 * 2^exponent, and bit 63 is set. */
struct number {
	enum kind kind;
	bool negative;
	int exponent;
	u64 significand;
};

static int bias_of(const struct rv64_fp_format *f)
{
	return (1 << (f->exponent_bits - 1)) - 1;
}

static u64 sign_of(const struct rv64_fp_format *f, bool negative)
{
	return (u64)negative << (f->exponent_bits + f->fraction_bits);
}

static u64 infinity_of(const struct rv64_fp_format *f)
{
	return ((1ULL << f->exponent_bits) - 1) << f->fraction_bits;
}

static u64 canonical_nan(const struct rv64_fp_format *f)
{
	return infinity_of(f) | 1ULL << (f->fraction_bits - 1);
}

static struct number unpack(const struct rv64_fp_format *f, u64 bits)
{
	u64 fraction = bits & ((1ULL << f->fraction_bits) - 1);
	int exponent = bits >> f->fraction_bits & ((1 << f->exponent_bits) - 1);
	struct number n = {.negative = (bits & sign_of(f, true)) != 0};
	int shift;

	if (exponent == (1 << f->exponent_bits) - 1) {
		n.kind = !fraction			      ? INFINITE
			 : fraction >> (f->fraction_bits - 1) ? QUIET_NAN
							      : SIGNALLING_NAN;
		return n;
	}
	if (!exponent && !fraction)
		return n;
	n.kind = FINITE;
	if (exponent)
		fraction |= 1ULL << f->fraction_bits;
	else
		exponent = 1;
	shift = __builtin_clzll(fraction);
	n.significand = fraction << shift;
	n.exponent = exponent - bias_of(f) + (63 - shift) - f->fraction_bits;
	return n;
}

static bool is_nan(const struct number *n)
{
	return n->kind >= QUIET_NAN;
}

/* Shifts right; bits that fall out leave the lowest one set. */
static u128 shift_sticky(u128 value, int shift)
{
	if (!shift)
		return value;
	if (shift >= 128)
		return value != 0;
	return value >> shift | ((value << (128 - shift)) != 0);
}

/* Whether a magnitude goes up when the bits "rest" below a unit of 2 * half are cut. */
static bool rounds_up(enum rv64_rounding rm, bool negative, bool odd, u128 rest, u128 half)
{
	switch (rm) {
	case RV64_RNE:
		return rest > half || (rest == half && odd);
	case RV64_RMM:
		return rest >= half;
	case RV64_RDN:
		return rest && negative;
	case RV64_RUP:
		return rest && !negative;
	default:
		return false;
	}
}

/* The upper bits of significand, rounded; *inexact says whether any were cut. */
static u64 round_bits(struct rv64_fp_context *c, bool negative, u128 significand, int keep,
		      bool *inexact)
{
	int drop = 128 - keep;
	u64 result = (u64)(significand >> drop);
	u128 rest = significand & (((u128)1 << drop) - 1);

	*inexact = rest != 0;
	return result + rounds_up(c->rm, negative, result & 1, rest, (u128)1 << (drop - 1));
}

static u64 overflow(const struct rv64_fp_format *f, struct rv64_fp_context *c, bool negative)
{
	bool to_infinity =
		c->rm == RV64_RNE || c->rm == RV64_RMM || c->rm == (negative ? RV64_RDN : RV64_RUP);

	c->flags |= RV64_OF | RV64_NX;
	return sign_of(f, negative) | (infinity_of(f) - !to_infinity);
}

/*
 * Rounds significand / 2^127 * 2^exponent, bit 127 set. Tininess is decided on the
 * result as if exponents had no bound, that is after rounding.
 */
static u64 pack(const struct rv64_fp_format *f, struct rv64_fp_context *c, bool negative,
		int exponent, u128 significand)
{
	int precision = f->fraction_bits + 1, least = 1 - bias_of(f);
	bool inexact, tiny = exponent < least;
	u64 result;

	if (tiny) {
		result = round_bits(c, negative, significand, precision, &inexact);
		tiny = !(exponent == least - 1 && result >> precision);
		significand = shift_sticky(significand, least - exponent);
		exponent = least - 1; /* the field is 0, or 1 if the fraction overflows */
		result = round_bits(c, negative, significand, precision, &inexact);
	} else {
		result = round_bits(c, negative, significand, precision, &inexact);
		/* The leading bit adds 1 to the field, a carry out of it another. */
		result += (u64)(exponent - least) << f->fraction_bits;
		if (result >= infinity_of(f))
			return overflow(f, c, negative);
	}
	if (inexact)
		c->flags |= RV64_NX | (tiny ? RV64_UF : 0);
	return sign_of(f, negative) | result;
}

/* Like pack(), of any significand; an exact zero has the sign that sums have. */
static u64 normalise_and_pack(const struct rv64_fp_format *f, struct rv64_fp_context *c,
			      bool negative, int exponent, u128 significand)
{
	u64 high = significand >> 64;
	int shift;

	if (!significand)
		return sign_of(f, c->rm == RV64_RDN);
	shift = high ? __builtin_clzll(high) : 64 + __builtin_clzll((u64)significand);
	return pack(f, c, negative, exponent - shift, significand << shift);
}

static u64 invalid(const struct rv64_fp_format *f, struct rv64_fp_context *c)
{
	c->flags |= RV64_NV;
	return canonical_nan(f);
}

static u64 nan_result(const struct rv64_fp_format *f, struct rv64_fp_context *c, bool signalling)
{
	if (signalling)
		c->flags |= RV64_NV;
	return canonical_nan(f);
}

static bool signals(const struct number *n)
{
	return n->kind == SIGNALLING_NAN;
}

static struct number multiply(const struct number *a, const struct number *b, u128 *product)
{
	struct number n = {.kind = FINITE, .negative = a->negative != b->negative};
	int shift;

	*product = (u128)a->significand * b->significand;
	shift = !(*product >> 127);
	*product <<= shift;
	n.exponent = a->exponent + b->exponent + 1 - shift;
	return n;
}

/* x of exponent ex plus y of exponent ey; neither is 0 and bit 127 of both is set. */
static u64 sum(const struct rv64_fp_format *f, struct rv64_fp_context *c, bool x_negative, int ex,
	       u128 x, bool y_negative, int ey, u128 y)
{
	u128 swap;

	if (ex < ey || (ex == ey && x < y)) {
		bool negative = x_negative;
		int e = ex;

		x_negative = y_negative;
		y_negative = negative;
		ex = ey;
		ey = e;
		swap = x;
		x = y;
		y = swap;
	}
	/* The lowest bit of both is 0: a product of doubles has 106. */
	x >>= 1;
	y = shift_sticky(y >> 1, ex - ey);
	return normalise_and_pack(f, c, x_negative, ex + 1,
				  x_negative == y_negative ? x + y : x - y);
}

static u64 add_numbers(const struct rv64_fp_format *f, struct rv64_fp_context *c,
		       const struct number *a, u128 significand, const struct number *b)
{
	if (a->kind == INFINITE && b->kind == INFINITE && a->negative != b->negative)
		return invalid(f, c);
	if (a->kind == INFINITE || b->kind == INFINITE)
		return sign_of(f, a->kind == INFINITE ? a->negative : b->negative) | infinity_of(f);
	if (a->kind == ZERO && b->kind == ZERO)
		return sign_of(f, a->negative == b->negative ? a->negative : c->rm == RV64_RDN);
	if (a->kind == ZERO)
		return pack(f, c, b->negative, b->exponent, (u128)b->significand << 64);
	if (b->kind == ZERO)
		return pack(f, c, a->negative, a->exponent, significand);
	return sum(f, c, a->negative, a->exponent, significand, b->negative, b->exponent,
		   (u128)b->significand << 64);
}

u64 rv64_soft_add(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b)
{
	struct number x = unpack(f, a), y = unpack(f, b);

	if (is_nan(&x) || is_nan(&y))
		return nan_result(f, c, signals(&x) || signals(&y));
	return add_numbers(f, c, &x, (u128)x.significand << 64, &y);
}

u64 rv64_soft_sub(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b)
{
	return rv64_soft_add(f, c, a, b ^ sign_of(f, true));
}

u64 rv64_soft_mul(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b)
{
	struct number x = unpack(f, a), y = unpack(f, b), n;
	bool negative = x.negative != y.negative;
	u128 product;

	if (is_nan(&x) || is_nan(&y))
		return nan_result(f, c, signals(&x) || signals(&y));
	if (x.kind == INFINITE || y.kind == INFINITE) {
		if (x.kind == ZERO || y.kind == ZERO)
			return invalid(f, c);
		return sign_of(f, negative) | infinity_of(f);
	}
	if (x.kind == ZERO || y.kind == ZERO)
		return sign_of(f, negative);
	n = multiply(&x, &y, &product);
	return pack(f, c, negative, n.exponent, product);
}

u64 rv64_soft_fma(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b,
		  u64 addend)
{
	struct number x = unpack(f, a), y = unpack(f, b), z = unpack(f, addend), n;
	bool of_zero = x.kind == ZERO || y.kind == ZERO;
	bool of_infinity = x.kind == INFINITE || y.kind == INFINITE;
	u128 product = 0;

	/* Invalid even if the addend is a quiet NaN. */
	if (of_zero && of_infinity)
		return invalid(f, c);
	if (is_nan(&x) || is_nan(&y) || is_nan(&z))
		return nan_result(f, c, signals(&x) || signals(&y) || signals(&z));
	if (of_zero || of_infinity)
		n = (struct number){.kind = of_zero ? ZERO : INFINITE,
				    .negative = x.negative != y.negative};
	else
		n = multiply(&x, &y, &product);
	return add_numbers(f, c, &n, product, &z);
}

u64 rv64_soft_div(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b)
{
	struct number x = unpack(f, a), y = unpack(f, b);
	bool negative = x.negative != y.negative;
	u128 dividend, quotient;

	if (is_nan(&x) || is_nan(&y))
		return nan_result(f, c, signals(&x) || signals(&y));
	if (x.kind == y.kind && x.kind != FINITE)
		return invalid(f, c);
	if (x.kind == INFINITE || y.kind == ZERO) {
		if (x.kind == FINITE)
			c->flags |= RV64_DZ;
		return sign_of(f, negative) | infinity_of(f);
	}
	if (x.kind == ZERO || y.kind == INFINITE)
		return sign_of(f, negative);
	/* Both are in [2^63, 2^64): the quotient has 63 or 64 bits. */
	dividend = (u128)x.significand << 63;
	quotient = dividend / y.significand;
	quotient = quotient << 64 | (dividend % y.significand != 0);
	return normalise_and_pack(f, c, negative, x.exponent - y.exponent, quotient);
}

/* The root of value, rounded down; *exact says whether it is one. */
static u64 root_of(u128 value, bool *exact)
{
	u64 root = 0;

	for (u64 bit = 1ULL << 63; bit; bit >>= 1) {
		u64 next = root | bit;

		if ((u128)next * next <= value)
			root = next;
	}
	*exact = (u128)root * root == value;
	return root;
}

u64 rv64_soft_sqrt(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a)
{
	struct number x = unpack(f, a);
	bool odd, exact;
	u64 root;

	if (is_nan(&x))
		return nan_result(f, c, signals(&x));
	if (x.kind == ZERO)
		return a;
	if (x.negative)
		return invalid(f, c);
	if (x.kind == INFINITE)
		return a;
	/* significand * 2^63 or * 2^64 so that the exponent halves evenly; the root
	 * then has its bit 63 set. */
	odd = x.exponent & 1;
	root = root_of((u128)x.significand << (odd ? 64 : 63), &exact);
	return pack(f, c, false, (x.exponent - odd) / 2, (u128)root << 64 | !exact);
}

u64 rv64_soft_convert(const struct rv64_fp_format *to, const struct rv64_fp_format *from,
		      struct rv64_fp_context *c, u64 a)
{
	struct number x = unpack(from, a);

	if (is_nan(&x))
		return nan_result(to, c, signals(&x));
	if (x.kind == ZERO)
		return sign_of(to, x.negative);
	if (x.kind == INFINITE)
		return sign_of(to, x.negative) | infinity_of(to);
	return pack(to, c, x.negative, x.exponent, (u128)x.significand << 64);
}

static u64 saturated(struct rv64_fp_context *c, bool to_least, int width, bool is_signed)
{
	u64 least = is_signed ? ~0ULL << (width - 1) : 0;

	/* All ones and its extension are the greatest of both unsigned widths. */
	c->flags |= RV64_NV;
	if (to_least)
		return least;
	return is_signed ? ~least : ~0ULL;
}

u64 rv64_soft_to_int(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, int width,
		     bool is_signed)
{
	struct number x = unpack(f, a);
	u128 limit = (u128)1 << (is_signed ? width - 1 : width);
	u128 fixed, rest, value;

	if (is_nan(&x))
		return saturated(c, false, width, is_signed);
	if (x.kind == INFINITE || x.exponent > 64)
		return saturated(c, x.negative, width, is_signed);
	if (x.kind == ZERO)
		return 0;
	/* With 62 bits below the point, the lowest of them sticky. */
	fixed = (u128)x.significand << 63;
	fixed = shift_sticky(fixed, 64 - x.exponent > 128 ? 128 : 64 - x.exponent);
	value = fixed >> 62;
	rest = fixed & (((u128)1 << 62) - 1);
	value += rounds_up(c->rm, x.negative, value & 1, rest, (u128)1 << 61);
	if (value > (x.negative ? (is_signed ? limit : 0) : limit - 1))
		return saturated(c, x.negative, width, is_signed);
	if (rest)
		c->flags |= RV64_NX;
	value = x.negative ? -value : value;
	return width == 32 ? (u64)(s64)(s32)value : (u64)value;
}

u64 rv64_soft_from_int(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a,
		       bool is_signed)
{
	bool negative = is_signed && (s64)a < 0;

	if (!a)
		return 0;
	return normalise_and_pack(f, c, negative, 63, (u128)(negative ? -a : a) << 64);
}

/* An integer that is ordered as the value is; both zeros are 0. */
static s64 order_of(const struct rv64_fp_format *f, u64 bits)
{
	u64 magnitude = bits & ~sign_of(f, true);

	return bits & sign_of(f, true) ? -(s64)magnitude : (s64)magnitude;
}

bool rv64_soft_compare(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b,
		       enum rv64_compare how)
{
	struct number x = unpack(f, a), y = unpack(f, b);

	if (is_nan(&x) || is_nan(&y)) {
		if (how != RV64_COMPARE_EQ || signals(&x) || signals(&y))
			c->flags |= RV64_NV;
		return false;
	}
	switch (how) {
	case RV64_COMPARE_EQ:
		return order_of(f, a) == order_of(f, b);
	case RV64_COMPARE_LT:
		return order_of(f, a) < order_of(f, b);
	default:
		return order_of(f, a) <= order_of(f, b);
	}
}

u64 rv64_soft_min_max(const struct rv64_fp_format *f, struct rv64_fp_context *c, u64 a, u64 b,
		      bool want_max)
{
	struct number x = unpack(f, a), y = unpack(f, b);
	bool a_less;

	if (signals(&x) || signals(&y))
		c->flags |= RV64_NV;
	if (is_nan(&x))
		return is_nan(&y) ? canonical_nan(f) : b;
	if (is_nan(&y))
		return a;
	a_less = order_of(f, a) < order_of(f, b) ||
		 (order_of(f, a) == order_of(f, b) && x.negative && !y.negative);
	return a_less != want_max ? a : b;
}

u64 rv64_soft_classify(const struct rv64_fp_format *f, u64 a)
{
	struct number x = unpack(f, a);
	bool normal = (a & infinity_of(f)) != 0;

	switch (x.kind) {
	case SIGNALLING_NAN:
		return 1 << 8;
	case QUIET_NAN:
		return 1 << 9;
	case INFINITE:
		return x.negative ? 1 << 0 : 1 << 7;
	case ZERO:
		return x.negative ? 1 << 3 : 1 << 4;
	default:
		return x.negative ? (normal ? 1 << 1 : 1 << 2) : (normal ? 1 << 6 : 1 << 5);
	}
}
