// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Floating point against MPFR: every operation in every rounding mode, on special and
 * random operands; result and flags.
 *
 *	fp-test [OPERANDS-PER-OPERATION-AND-MODE [SEED]]
 *
 * The reference knows formats only as a precision and a range. A value is computed to
 * WIDE bits and rounded to odd there, so that what it is rounded to afterwards is as
 * if it had been exact. What an operation is, is read off its mnemonic.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mpfr.h>
#include "rv64/fp.h"

#define WIDE 256

struct format {
	char letter;
	int exponent_bits, fraction_bits, bytes;
};

static const struct format formats[] = {
	{'h', 5, 10, 2}, {'s', 8, 23, 4}, {'d', 11, 52, 8}, {'w', 0, 0, 4}, {'l', 0, 0, 8},
};

enum class {
	NUMBER,
	QUIET,
	SIGNALLING,
};

struct operand {
	enum class class;
	bool negative;
	mpfr_t value;
};

struct operation {
	enum rv64_op op;
	char base[16];
	const struct format *to, *from;
	bool to_unsigned, from_unsigned;
	int operands;
};

static struct operand in[3];
static mpfr_t wide, rounded, bound, scaled;
static u64 random_state;
static u64 cases, failures;

/* Steele, Lea and Flood's SplitMix. */
static u64 next_random(void)
{
	u64 z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static int bits_of(const struct format *f)
{
	return f->bytes * 8;
}

static u64 mask_of(const struct format *f)
{
	return f->bytes == 8 ? ~0ULL : (1ULL << bits_of(f)) - 1;
}

static int greatest_exponent(const struct format *f)
{
	return (1 << (f->exponent_bits - 1)) - 1;
}

static u64 infinity(const struct format *f)
{
	return ((1ULL << f->exponent_bits) - 1) << f->fraction_bits;
}

static u64 quiet_nan(const struct format *f)
{
	return infinity(f) | 1ULL << (f->fraction_bits - 1);
}

static u64 box(const struct format *f, u64 bits)
{
	return f->exponent_bits ? bits | ~mask_of(f) : bits;
}

/* What the register holds, as the specification reads it. */
static void load(struct operand *o, const struct format *f, u64 raw)
{
	u64 bits = raw & mask_of(f), fraction;
	int exponent;

	if (box(f, bits) != raw)
		bits = quiet_nan(f);
	fraction = bits & ((1ULL << f->fraction_bits) - 1);
	exponent = bits >> f->fraction_bits & ((1 << f->exponent_bits) - 1);
	o->negative = bits >> (bits_of(f) - 1) & 1;
	o->class = NUMBER;
	if (exponent == (1 << f->exponent_bits) - 1) {
		mpfr_set_inf(o->value, o->negative ? -1 : 1);
		if (fraction)
			o->class = fraction >> (f->fraction_bits - 1) ? QUIET : SIGNALLING;
		return;
	}
	if (exponent)
		fraction |= 1ULL << f->fraction_bits;
	else
		exponent = 1;
	mpfr_set_ui_2exp(o->value, fraction, exponent - greatest_exponent(f) - f->fraction_bits,
			 MPFR_RNDN);
	mpfr_setsign(o->value, o->value, o->negative, MPFR_RNDN);
}

/* Makes an inexact result of WIDE bits, which was rounded towards zero, odd. */
static void round_to_odd(mpfr_t value, int ternary)
{
	if (!ternary || mpfr_min_prec(value) == WIDE)
		return;
	if (mpfr_signbit(value))
		mpfr_nextbelow(value);
	else
		mpfr_nextabove(value);
}

static void round_integer(mpfr_t to, mpfr_t from, enum rv64_rounding rm)
{
	static const mpfr_rnd_t modes[] = {MPFR_RNDN, MPFR_RNDZ, MPFR_RNDD, MPFR_RNDU};

	if (rm == RV64_RMM)
		mpfr_round(to, from);
	else
		mpfr_rint(to, from, modes[rm]);
}

/* rounded = from, to a multiple of 2^quantum */
static void round_to(mpfr_t from, int quantum, enum rv64_rounding rm)
{
	mpfr_mul_2si(scaled, from, -quantum, MPFR_RNDN);
	round_integer(scaled, scaled, rm);
	mpfr_mul_2si(rounded, scaled, quantum, MPFR_RNDN);
}

static u64 encode(const struct format *f, mpfr_t value)
{
	u64 sign = mpfr_signbit(value) ? 1ULL << (bits_of(f) - 1) : 0;
	int least = 1 - greatest_exponent(f), exponent;
	u64 magnitude;

	if (mpfr_inf_p(value))
		return sign | infinity(f);
	if (mpfr_zero_p(value))
		return sign;
	exponent = mpfr_get_exp(value) - 1;
	if (exponent < least)
		exponent = least;
	mpfr_mul_2si(scaled, value, f->fraction_bits - exponent, MPFR_RNDN);
	mpfr_abs(scaled, scaled, MPFR_RNDN);
	magnitude = mpfr_get_ui(scaled, MPFR_RNDZ);
	return sign | (magnitude + ((u64)(exponent - least) << f->fraction_bits));
}

/* Rounds the number "wide" to a format. */
static u64 finish(const struct format *f, enum rv64_rounding rm, u8 *flags)
{
	int least = 1 - greatest_exponent(f), exponent, quantum;
	bool tiny, to_infinity;

	if (mpfr_inf_p(wide) || mpfr_zero_p(wide))
		return encode(f, wide);
	exponent = mpfr_get_exp(wide) - 1;
	round_to(wide, exponent - f->fraction_bits, rm);
	tiny = mpfr_get_exp(rounded) - 1 < least;
	quantum = (exponent < least ? least : exponent) - f->fraction_bits;
	round_to(wide, quantum, rm);
	if (mpfr_cmp(rounded, wide))
		*flags |= RV64_NX | (tiny ? RV64_UF : 0);
	if (mpfr_zero_p(rounded) || mpfr_get_exp(rounded) - 1 <= greatest_exponent(f))
		return encode(f, rounded);
	*flags |= RV64_OF | RV64_NX;
	to_infinity = rm == RV64_RNE || rm == RV64_RMM ||
		      rm == (mpfr_signbit(wide) ? RV64_RDN : RV64_RUP);
	return (mpfr_signbit(wide) ? 1ULL << (bits_of(f) - 1) : 0) | (infinity(f) - !to_infinity);
}

/* The sign of an exact zero that is a sum. */
static void fix_zero(enum rv64_rounding rm, bool x_negative, bool y_negative)
{
	bool negative = x_negative == y_negative ? x_negative : rm == RV64_RDN;

	if (mpfr_zero_p(wide))
		mpfr_setsign(wide, wide, negative, MPFR_RNDN);
}

static bool any_nan(int operands, u8 *flags)
{
	bool found = false;

	for (int i = 0; i < operands; i++) {
		if (in[i].class == SIGNALLING)
			*flags |= RV64_NV;
		found |= in[i].class != NUMBER;
	}
	return found;
}

static u64 reference_fma(const struct operation *o, enum rv64_rounding rm, u8 *flags)
{
	bool product = !strncmp(o->base, "fnm", 3), addend;
	bool negate_addend = !strcmp(o->base, "fmsub") || !strcmp(o->base, "fnmadd");
	bool product_negative = (in[0].negative != in[1].negative) != product;

	addend = in[2].negative != negate_addend;
	if (in[0].class == NUMBER && in[1].class == NUMBER &&
	    ((mpfr_inf_p(in[0].value) && mpfr_zero_p(in[1].value)) ||
	     (mpfr_zero_p(in[0].value) && mpfr_inf_p(in[1].value)))) {
		*flags |= RV64_NV;
		return quiet_nan(o->to);
	}
	if (any_nan(3, flags))
		return quiet_nan(o->to);
	mpfr_setsign(in[0].value, in[0].value, in[0].negative != product, MPFR_RNDN);
	mpfr_setsign(in[2].value, in[2].value, addend, MPFR_RNDN);
	round_to_odd(wide, mpfr_fma(wide, in[0].value, in[1].value, in[2].value, MPFR_RNDZ));
	fix_zero(rm, product_negative, addend);
	if (mpfr_nan_p(wide)) {
		*flags |= RV64_NV;
		return quiet_nan(o->to);
	}
	return finish(o->to, rm, flags);
}

static u64 reference_arithmetic(const struct operation *o, enum rv64_rounding rm, u8 *flags)
{
	int ternary;

	if (any_nan(o->operands, flags))
		return quiet_nan(o->to);
	if (!strcmp(o->base, "fadd"))
		ternary = mpfr_add(wide, in[0].value, in[1].value, MPFR_RNDZ);
	else if (!strcmp(o->base, "fsub"))
		ternary = mpfr_sub(wide, in[0].value, in[1].value, MPFR_RNDZ);
	else if (!strcmp(o->base, "fmul"))
		ternary = mpfr_mul(wide, in[0].value, in[1].value, MPFR_RNDZ);
	else if (!strcmp(o->base, "fdiv"))
		ternary = mpfr_div(wide, in[0].value, in[1].value, MPFR_RNDZ);
	else if (!strcmp(o->base, "fsqrt"))
		ternary = mpfr_sqrt(wide, in[0].value, MPFR_RNDZ);
	else
		ternary = mpfr_set(wide, in[0].value, MPFR_RNDZ);
	round_to_odd(wide, mpfr_regular_p(wide) ? ternary : 0);
	if (!strcmp(o->base, "fadd"))
		fix_zero(rm, in[0].negative, in[1].negative);
	if (!strcmp(o->base, "fsub"))
		fix_zero(rm, in[0].negative, !in[1].negative);
	if (!strcmp(o->base, "fdiv") && mpfr_zero_p(in[1].value) && mpfr_regular_p(in[0].value))
		*flags |= RV64_DZ;
	if (mpfr_nan_p(wide)) {
		*flags |= RV64_NV;
		return quiet_nan(o->to);
	}
	return finish(o->to, rm, flags);
}

static u64 reference_to_int(const struct operation *o, enum rv64_rounding rm, u8 *flags)
{
	int width = bits_of(o->to);
	u64 least = o->to_unsigned ? 0 : ~0ULL << (width - 1);
	u64 greatest = o->to_unsigned ? ~0ULL : ~least, result;
	bool nan = in[0].class != NUMBER;

	if (!nan && !mpfr_inf_p(in[0].value))
		round_integer(rounded, in[0].value, rm);
	else
		mpfr_set_inf(rounded, nan || !in[0].negative ? 1 : -1);
	mpfr_set_si_2exp(bound, 1, o->to_unsigned ? width : width - 1, MPFR_RNDN);
	if (mpfr_cmp(rounded, bound) >= 0) {
		*flags |= RV64_NV;
		return greatest;
	}
	mpfr_set_si(bound, (s64)least, MPFR_RNDN);
	if (mpfr_cmp(rounded, bound) < 0) {
		*flags |= RV64_NV;
		return least;
	}
	if (mpfr_cmp(rounded, in[0].value))
		*flags |= RV64_NX;
	result = o->to_unsigned ? mpfr_get_ui(rounded, MPFR_RNDZ)
				: (u64)mpfr_get_si(rounded, MPFR_RNDZ);
	return width == 32 ? (u64)(s64)(s32)result : result;
}

static u64 reference_from_int(const struct operation *o, enum rv64_rounding rm, u64 raw, u8 *flags)
{
	if (o->from->bytes == 4)
		raw = o->from_unsigned ? (u32)raw : (u64)(s64)(s32)raw;
	if (o->from_unsigned)
		mpfr_set_ui(wide, raw, MPFR_RNDN);
	else
		mpfr_set_si(wide, (s64)raw, MPFR_RNDN);
	return finish(o->to, rm, flags);
}

static u64 reference_compare(const struct operation *o, u8 *flags)
{
	u8 signalled = 0;
	int order;

	if (any_nan(2, &signalled)) {
		*flags |= !strcmp(o->base, "feq") ? signalled : RV64_NV;
		return 0;
	}
	order = mpfr_cmp(in[0].value, in[1].value);
	return !strcmp(o->base, "feq")	 ? order == 0
	       : !strcmp(o->base, "flt") ? order < 0
					 : order <= 0;
}

static u64 reference_min_max(const struct operation *o, const u64 *bits, u8 *flags)
{
	bool less;

	any_nan(2, flags);
	if (in[0].class != NUMBER)
		return in[1].class != NUMBER ? quiet_nan(o->to) : bits[1];
	if (in[1].class != NUMBER)
		return bits[0];
	less = mpfr_cmp(in[0].value, in[1].value) < 0 ||
	       (mpfr_equal_p(in[0].value, in[1].value) && in[0].negative);
	return less == !strcmp(o->base, "fmin") ? bits[0] : bits[1];
}

static u64 reference_class(const struct operation *o)
{
	int least = 1 - greatest_exponent(o->from);
	int positive;

	if (in[0].class != NUMBER)
		return in[0].class == SIGNALLING ? 1 << 8 : 1 << 9;
	if (mpfr_inf_p(in[0].value))
		positive = 7;
	else if (mpfr_zero_p(in[0].value))
		positive = 4;
	else
		positive = mpfr_get_exp(in[0].value) - 1 >= least ? 6 : 5;
	return 1 << (in[0].negative ? 7 - positive : positive);
}

static u64 reference(const struct operation *o, enum rv64_rounding rm, const u64 *raw, u8 *flags)
{
	const struct format *f = o->from;
	u64 bits[3], sign, result;

	*flags = 0;
	if (!f->exponent_bits)
		return box(o->to, reference_from_int(o, rm, raw[0], flags));
	for (int i = 0; i < o->operands; i++) {
		load(&in[i], f, raw[i]);
		bits[i] =
			box(f, raw[i] & mask_of(f)) == raw[i] ? raw[i] & mask_of(f) : quiet_nan(f);
	}
	sign = 1ULL << (bits_of(f) - 1);
	if (o->operands == 3)
		return box(o->to, reference_fma(o, rm, flags));
	if (!strcmp(o->base, "fmin") || !strcmp(o->base, "fmax"))
		return box(f, reference_min_max(o, bits, flags));
	if (!strcmp(o->base, "feq") || !strcmp(o->base, "flt") || !strcmp(o->base, "fle"))
		return reference_compare(o, flags);
	if (!strcmp(o->base, "fclass"))
		return reference_class(o);
	if (!strncmp(o->base, "fsgnj", 5)) {
		result = o->base[5] == 'n'   ? ~bits[1]
			 : o->base[5] == 'x' ? bits[0] ^ bits[1]
					     : bits[1];
		return box(f, (bits[0] & ~sign) | (result & sign));
	}
	if (!o->to->exponent_bits)
		return reference_to_int(o, rm, flags);
	return box(o->to, reference_arithmetic(o, rm, flags));
}

static const struct format *format_of(char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].letter == letter)
			return &formats[i];
	return NULL;
}

/* "fcvt.wu.d" and the like; false for what does not compute. */
static bool parse(enum rv64_op op, struct operation *o)
{
	const struct rv64_op_info *info = &rv64_ops[op];
	const struct rv64_format_info *use = &rv64_formats[info->format];
	char name[32], *to, *from, *end;

	if (info->ext != RV64_EXT_F && info->ext != RV64_EXT_D && info->ext != RV64_EXT_Zfh &&
	    info->ext != RV64_EXT_Zfhmin)
		return false;
	if (info->format == RV64_FMT_FLOAD || info->format == RV64_FMT_FSTORE)
		return false;
	snprintf(name, sizeof(name), "%s", info->name);
	o->op = op;
	to = strchr(name, '.');
	*to++ = 0;
	snprintf(o->base, sizeof(o->base), "%.15s", name);
	if (!strcmp(name, "fmv"))
		return false;
	end = strchr(to, '.');
	from = end ? end + 1 : to;
	o->to = format_of(to[0]);
	o->to_unsigned = to[1] == 'u';
	o->from = format_of(from[0]);
	o->from_unsigned = from[1] == 'u';
	o->operands = use->rs3 ? 3 : use->rs2 ? 2 : 1;
	return true;
}

static u64 special(const struct format *f)
{
	u64 one = (u64)greatest_exponent(f) << f->fraction_bits;
	u64 unit = 1ULL << f->fraction_bits;
	const u64 values[] = {
		0,
		1,
		2,
		unit - 1, /* the greatest subnormal */
		unit,	  /* the least normal */
		unit + 1,
		one,
		one + 1,
		one - 1,
		one + unit / 2, /* 1.5 */
		one - unit,	/* 0.5 */
		infinity(f) - 1,
		infinity(f) - unit,
		infinity(f),
		infinity(f) + 1, /* signalling */
		infinity(f) + unit / 2,
		infinity(f) + unit / 2 + 1,
		one + 31 * unit, /* 2^31, 2^32, 2^63, 2^64 where they exist */
		one + 32 * unit,
		one + 63 * unit,
		one + 64 * unit,
		one + 31 * unit - 1,
		one + 32 * unit - 1,
		one + 63 * unit - 1,
		one + 64 * unit - 1,
	};

	return values[next_random() % ARRAY_SIZE(values)] | (next_random() & 1) << (bits_of(f) - 1);
}

/* A raw register: special, close to others, with few bits set, or anything. */
static u64 random_float(const struct format *f, u64 other)
{
	u64 r = next_random(), bits = next_random(), fraction = (1ULL << f->fraction_bits) - 1;

	switch (r % 8) {
	case 0:
		bits = special(f);
		break;
	case 1: /* the other with another sign, or its neighbour */
		bits = other + (r >> 8) % 5 - 2;
		bits ^= (r >> 16 & 1) << (bits_of(f) - 1);
		break;
	case 2: /* exponents close to each other */
		bits = (bits & fraction) |
		       ((other & ~fraction) + ((r >> 8) % 9 - 4) * (fraction + 1));
		break;
	case 3: /* a few leading bits, so that ties come up */
		bits &= ~(fraction >> (r >> 8) % (f->fraction_bits + 1));
		break;
	case 4: /* a few leading bits and exponents near that of one */
		bits &= fraction & ~(fraction >> (r >> 8) % (f->fraction_bits + 1));
		bits |= (greatest_exponent(f) + (r >> 16) % 140 - 70) << f->fraction_bits;
		bits |= (r >> 32 & 1) << (bits_of(f) - 1);
		break;
	case 5: /* subnormal or nearly so */
		bits &= fraction | (fraction + 1) * 3 | 1ULL << (bits_of(f) - 1);
		break;
	default:
		break;
	}
	bits &= mask_of(f);
	if (f->bytes < 8 && (r >> 40) % 64 == 0) /* not boxed */
		return bits | next_random() << bits_of(f);
	return box(f, bits);
}

static u64 random_int(void)
{
	u64 r = next_random(), value = next_random() >> (r & 63);

	if (r >> 8 & 1)
		value = 1ULL << (r >> 16 & 63);
	if (r >> 9 & 1)
		value += (r >> 24) % 3 - 1;
	return r >> 10 & 1 ? -value : value;
}

static bool check(struct rv64_cpu *cpu, const struct operation *o, enum rv64_rounding rm, u8 frm,
		  const u64 *raw)
{
	u64 got, want;
	u8 got_flags, want_flags;

	rv64_fcsr_write(cpu, (u32)frm << 5);
	rv64_fp_enter(cpu);
	got = rv64_fp_compute(cpu, o->op, rm, raw[0], raw[1], raw[2]);
	rv64_fp_leave(cpu);
	got_flags = rv64_fcsr_read(cpu) & 31;
	want = reference(o, rm, raw, &want_flags);
	cases++;
	if (got == want && got_flags == want_flags && rv64_fcsr_read(cpu) >> 5 == frm &&
	    (cpu->mxcsr & ~RV64_MXCSR_FLAGS) == rv64_mxcsr_of(frm))
		return true;
	if (failures++ < 40)
		printf("# %s rm %d frm %d: %016lx %016lx %016lx gives %016lx flags %02x, "
		       "want %016lx flags %02x\n",
		       rv64_ops[o->op].name, rm, frm, raw[0], raw[1], raw[2], got, got_flags, want,
		       want_flags);
	return false;
}

/* Each of the values where something changes with each: zero, one, infinity, ... */
#define CORNERS 14

static u64 corner(const struct format *f, int which)
{
	u64 one = (u64)greatest_exponent(f) << f->fraction_bits;
	const u64 values[] = {0,	   1, one, infinity(f) - 1, infinity(f), infinity(f) + 1,
			      quiet_nan(f)};

	return box(f, values[which / 2] | (u64)(which & 1) << (bits_of(f) - 1));
}

static bool check_corners(struct rv64_cpu *cpu, const struct operation *o, enum rv64_rounding rm)
{
	int counts[3], which[3];
	bool good = true;

	for (int i = 0; i < 3; i++)
		counts[i] = i < o->operands ? CORNERS : 1;
	for (which[0] = 0; which[0] < counts[0]; which[0]++)
		for (which[1] = 0; which[1] < counts[1]; which[1]++)
			for (which[2] = 0; which[2] < counts[2]; which[2]++) {
				const u64 raw[3] = {corner(o->from, which[0]),
						    corner(o->from, which[1]),
						    corner(o->from, which[2])};

				good &= check(cpu, o, rm, rm, raw);
			}
	return good;
}

static bool check_random(struct rv64_cpu *cpu, const struct operation *o, enum rv64_rounding rm,
			 bool dynamic)
{
	u64 raw[3] = {0xcccccccccccccccc, 0xcccccccccccccccc, 0xcccccccccccccccc};

	for (int i = 0; i < o->operands; i++)
		raw[i] = o->from->exponent_bits ? random_float(o->from, raw[i ? i - 1 : 0])
						: random_int();
	return check(cpu, o, rm, dynamic ? rm : next_random() % 8, raw);
}

static bool check_operation(struct rv64_cpu *cpu, const struct operation *o, u64 count)
{
	bool rounds = rv64_formats[rv64_ops[o->op].format].has_rm, good = true;
	bool have_fma = rv64_fp_have_fma;

	for (int rm = 0; rm < (rounds ? 5 : 1); rm++) {
		if (o->from->exponent_bits)
			good &= check_corners(cpu, o, rm);
		for (u64 i = 0; i < count; i++) {
			rv64_fp_have_fma = have_fma && i % 8;
			good &= check_random(cpu, o, rm, i % 2);
		}
		rv64_fp_have_fma = have_fma;
	}
	return good;
}

int main(int argc, char **argv)
{
	u64 count = argc > 1 ? strtoull(argv[1], NULL, 0) : 20000;
	struct rv64_cpu cpu;
	struct operation o;
	int tests = 0;

	random_state = argc > 2 ? strtoull(argv[2], NULL, 0) : 20261121;
	for (int i = 0; i < 3; i++)
		mpfr_init2(in[i].value, 64);
	mpfr_inits2(WIDE, wide, rounded, bound, scaled, (mpfr_ptr)0);
	rv64_cpu_init(&cpu);
	for (int op = 1; op < RV64_OP_COUNT; op++) {
		bool good;

		if (!parse(op, &o))
			continue;
		good = check_operation(&cpu, &o, count);
		printf("%sok %d - %s is what MPFR computes\n", good ? "" : "not ", ++tests,
		       rv64_ops[op].name);
		fflush(stdout);
	}
	printf("# %lu cases, %lu wrong\n1..%d\n", cases, failures, tests);
	return failures != 0;
}
