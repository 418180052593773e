# SPDX-License-Identifier: GPL-2.0-or-later
"""What instructions compute, written from the specification in exact numbers.

Nothing here is shared with the engine: integers are Python's, floating point is
fractions, rounded once.
"""

from fractions import Fraction
from math import isqrt

M64 = (1 << 64) - 1


def s64(v):
    v &= M64
    return v - (1 << 64) if v >> 63 else v


def s32(v):
    v &= 0xFFFFFFFF
    return v - (1 << 32) if v >> 31 else v


def u32(v):
    return v & 0xFFFFFFFF


def quotient(a, b):
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


def div(a, b):
    return quotient(a, b) if b else -1


def rem(a, b):
    return a - b * quotient(a, b) if b else a


def ror(v, by, width):
    by %= width
    v &= (1 << width) - 1
    return (v >> by | v << (width - by)) & ((1 << width) - 1)


def clz(v, width):
    return width - (v & ((1 << width) - 1)).bit_length()


def ctz(v, width):
    v &= (1 << width) - 1
    return (v & -v).bit_length() - 1 if v else width


def orc_b(a):
    return sum(0xFF << i for i in range(0, 64, 8) if a >> i & 0xFF)


def rev8(a):
    return int.from_bytes((a & M64).to_bytes(8, "little"), "big")


def sext(v, width):
    v &= (1 << width) - 1
    return v - (1 << width) if v >> (width - 1) else v


# rd = f(rs1, rs2), both unsigned; the result is cut to 64 bits.
R = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "sll": lambda a, b: a << (b & 63),
    "slt": lambda a, b: s64(a) < s64(b),
    "sltu": lambda a, b: a < b,
    "xor": lambda a, b: a ^ b,
    "srl": lambda a, b: a >> (b & 63),
    "sra": lambda a, b: s64(a) >> (b & 63),
    "or": lambda a, b: a | b,
    "and": lambda a, b: a & b,
    "addw": lambda a, b: s32(a + b),
    "subw": lambda a, b: s32(a - b),
    "sllw": lambda a, b: s32(a << (b & 31)),
    "srlw": lambda a, b: s32(u32(a) >> (b & 31)),
    "sraw": lambda a, b: s32(a) >> (b & 31),
    "mul": lambda a, b: a * b,
    "mulh": lambda a, b: s64(a) * s64(b) >> 64,
    "mulhsu": lambda a, b: s64(a) * b >> 64,
    "mulhu": lambda a, b: a * b >> 64,
    "div": lambda a, b: div(s64(a), s64(b)),
    "divu": lambda a, b: div(a, b),
    "rem": lambda a, b: rem(s64(a), s64(b)),
    "remu": lambda a, b: rem(a, b),
    "mulw": lambda a, b: s32(a * b),
    "divw": lambda a, b: s32(div(s32(a), s32(b))),
    "divuw": lambda a, b: s32(div(u32(a), u32(b))),
    "remw": lambda a, b: s32(rem(s32(a), s32(b))),
    "remuw": lambda a, b: s32(rem(u32(a), u32(b))),
    "add.uw": lambda a, b: u32(a) + b,
    "sh1add": lambda a, b: a * 2 + b,
    "sh2add": lambda a, b: a * 4 + b,
    "sh3add": lambda a, b: a * 8 + b,
    "sh1add.uw": lambda a, b: u32(a) * 2 + b,
    "sh2add.uw": lambda a, b: u32(a) * 4 + b,
    "sh3add.uw": lambda a, b: u32(a) * 8 + b,
    "andn": lambda a, b: a & ~b,
    "orn": lambda a, b: a | ~b,
    "xnor": lambda a, b: ~(a ^ b),
    "min": lambda a, b: min(s64(a), s64(b)),
    "minu": min,
    "max": lambda a, b: max(s64(a), s64(b)),
    "maxu": max,
    "rol": lambda a, b: ror(a, 64 - (b & 63), 64),
    "ror": lambda a, b: ror(a, b & 63, 64),
    "rolw": lambda a, b: s32(ror(a, 32 - (b & 31), 32)),
    "rorw": lambda a, b: s32(ror(a, b & 31, 32)),
    "bclr": lambda a, b: a & ~(1 << (b & 63)),
    "bext": lambda a, b: a >> (b & 63) & 1,
    "binv": lambda a, b: a ^ 1 << (b & 63),
    "bset": lambda a, b: a | 1 << (b & 63),
    "czero.eqz": lambda a, b: a if b else 0,
    "czero.nez": lambda a, b: 0 if b else a,
}

UNARY = {
    "clz": lambda a: clz(a, 64),
    "ctz": lambda a: ctz(a, 64),
    "cpop": lambda a: bin(a).count("1"),
    "clzw": lambda a: clz(a, 32),
    "ctzw": lambda a: ctz(a, 32),
    "cpopw": lambda a: bin(u32(a)).count("1"),
    "sext.b": lambda a: sext(a, 8),
    "sext.h": lambda a: sext(a, 16),
    "zext.h": lambda a: a & 0xFFFF,
    "orc.b": orc_b,
    "rev8": rev8,
}

# With a 12-bit immediate, which the function gets signed.
I = {
    "addi": lambda a, i: a + i,
    "slti": lambda a, i: s64(a) < i,
    "sltiu": lambda a, i: a < i & M64,
    "xori": lambda a, i: a ^ i & M64,
    "ori": lambda a, i: a | i & M64,
    "andi": lambda a, i: a & i,
    "addiw": lambda a, i: s32(a + i),
}

SHIFT = {
    "slli": (64, R["sll"]),
    "srli": (64, R["srl"]),
    "srai": (64, R["sra"]),
    "slliw": (32, R["sllw"]),
    "srliw": (32, R["srlw"]),
    "sraiw": (32, R["sraw"]),
    "slli.uw": (64, lambda a, b: u32(a) << b),
    "rori": (64, R["ror"]),
    "roriw": (32, R["rorw"]),
    "bclri": (64, R["bclr"]),
    "bexti": (64, R["bext"]),
    "binvi": (64, R["binv"]),
    "bseti": (64, R["bset"]),
}

BRANCH = {
    "beq": lambda a, b: a == b,
    "bne": lambda a, b: a != b,
    "blt": lambda a, b: s64(a) < s64(b),
    "bge": lambda a, b: s64(a) >= s64(b),
    "bltu": lambda a, b: a < b,
    "bgeu": lambda a, b: a >= b,
}

# New memory value from the old and rs2, as signed numbers of the width.
AMO = {
    "amoswap": lambda m, r, w: r,
    "amoadd": lambda m, r, w: m + r,
    "amoxor": lambda m, r, w: m ^ r,
    "amoand": lambda m, r, w: m & r,
    "amoor": lambda m, r, w: m | r,
    "amomin": lambda m, r, w: min(m, r),
    "amomax": lambda m, r, w: max(m, r),
    "amominu": lambda m, r, w: min(m % (1 << w), r % (1 << w)),
    "amomaxu": lambda m, r, w: max(m % (1 << w), r % (1 << w)),
}

NX, UF, OF, DZ, NV = 1, 2, 4, 8, 16
RNE, RTZ, RDN, RUP, RMM = range(5)
RM_NAMES = ["rne", "rtz", "rdn", "rup", "rmm"]


class Format:
    def __init__(self, letter, exponent_bits, fraction_bits):
        self.letter = letter
        self.ebits, self.fbits = exponent_bits, fraction_bits
        self.bits = 1 + exponent_bits + fraction_bits
        self.sign = 1 << (self.bits - 1)
        self.bias = (1 << (exponent_bits - 1)) - 1
        self.unit = 1 << fraction_bits
        self.one = self.bias * self.unit
        self.inf = ((1 << exponent_bits) - 1) * self.unit
        self.qnan = self.inf + self.unit // 2
        self.snan = self.inf + 1
        self.least = 1 - self.bias

    def box(self, bits):
        return bits | (M64 & ~((1 << self.bits) - 1))

    def unbox(self, raw):
        bits = raw & ((1 << self.bits) - 1)
        return bits if self.box(bits) == raw else self.qnan

    def negative(self, bits):
        return bool(bits & self.sign)

    def is_nan(self, bits):
        return bits & ~self.sign > self.inf

    def is_snan(self, bits):
        return self.is_nan(bits) and not bits & self.unit // 2

    def is_inf(self, bits):
        return bits & ~self.sign == self.inf

    def is_zero(self, bits):
        return bits & ~self.sign == 0

    def value(self, bits):
        exponent = (bits & ~self.sign) // self.unit
        fraction = bits % self.unit
        if exponent:
            fraction += self.unit
        else:
            exponent = 1
        power = exponent - self.bias - self.fbits
        value = Fraction(fraction) * (Fraction(2) ** power)
        return -value if self.negative(bits) else value


H, S, D = Format("h", 5, 10), Format("s", 8, 23), Format("d", 11, 52)


def round_integer(v, rm):
    """A fraction to an integer."""
    down = v.numerator // v.denominator
    rest = v - down
    if rest == 0 or rm == RDN:
        return down
    if rm == RUP:
        return down + 1
    if rm == RTZ:
        return down + (v < 0)
    if rest == Fraction(1, 2):
        if rm == RNE:
            return down + down % 2
        return down + (v > 0)
    return down + (rest > Fraction(1, 2))


def exponent_of(v):
    """floor(log2(|v|)) of a fraction that is not 0."""
    v = abs(v)
    e = v.numerator.bit_length() - v.denominator.bit_length()
    return e if v >= Fraction(2) ** e else e - 1


def round_to(f, v, rm):
    """Bits and flags of a fraction that is not 0, in a format."""
    sign = f.sign if v < 0 else 0
    e = exponent_of(v)
    unbounded = round_integer(v / Fraction(2) ** (e - f.fbits), rm) * Fraction(2) ** (e - f.fbits)
    tiny = exponent_of(unbounded) < f.least
    quantum = max(e, f.least) - f.fbits
    n = round_integer(v / Fraction(2) ** quantum, rm)
    inexact = n * Fraction(2) ** quantum != v
    flags = (NX | (UF if tiny else 0)) if inexact else 0
    magnitude = abs(n) + (max(e, f.least) - f.least) * f.unit
    if magnitude >= f.inf:
        away = rm in (RNE, RMM) or rm == (RDN if v < 0 else RUP)
        return sign | (f.inf if away else f.inf - 1), OF | NX
    return sign | magnitude, flags


def nan(f, *operands):
    """The result if one of the operands, of format f, is a NaN."""
    if any(f.is_nan(o) for o in operands):
        return f.qnan, NV if any(f.is_snan(o) for o in operands) else 0
    return None


def fp_sum(f, rm, v, negative_zero, w, w_negative_zero):
    total = v + w
    if total:
        return round_to(f, total, rm)
    if v == 0 and w == 0 and negative_zero == w_negative_zero:
        return (f.sign if negative_zero else 0), 0
    return (f.sign if rm == RDN else 0), 0


def fadd(f, rm, a, b):
    special = nan(f, a, b)
    if special:
        return special
    if f.is_inf(a) and f.is_inf(b) and a != b:
        return f.qnan, NV
    if f.is_inf(a) or f.is_inf(b):
        return (a if f.is_inf(a) else b), 0
    return fp_sum(f, rm, f.value(a), f.negative(a), f.value(b), f.negative(b))


def fsub(f, rm, a, b):
    return nan(f, a, b) or fadd(f, rm, a, b ^ f.sign)


def fmul(f, rm, a, b):
    sign = (a ^ b) & f.sign
    special = nan(f, a, b)
    if special:
        return special
    if f.is_inf(a) or f.is_inf(b):
        return (f.qnan, NV) if f.is_zero(a) or f.is_zero(b) else (sign | f.inf, 0)
    if f.is_zero(a) or f.is_zero(b):
        return sign, 0
    return round_to(f, f.value(a) * f.value(b), rm)


def fdiv(f, rm, a, b):
    sign = (a ^ b) & f.sign
    special = nan(f, a, b)
    if special:
        return special
    if (f.is_inf(a) and f.is_inf(b)) or (f.is_zero(a) and f.is_zero(b)):
        return f.qnan, NV
    if f.is_inf(a):
        return sign | f.inf, 0
    if f.is_zero(b):
        return sign | f.inf, DZ
    if f.is_zero(a) or f.is_inf(b):
        return sign, 0
    return round_to(f, f.value(a) / f.value(b), rm)


def fsqrt(f, rm, a):
    special = nan(f, a)
    if special:
        return special
    if f.is_zero(a):
        return a, 0
    if f.negative(a):
        return f.qnan, NV
    if f.is_inf(a):
        return a, 0
    scaled = f.value(a) * Fraction(4) ** 1200
    root = isqrt(scaled.numerator // scaled.denominator)
    exact = scaled.denominator == 1 and root * root == scaled
    value = (Fraction(root) + (0 if exact else Fraction(1, 2))) / Fraction(2) ** 1200
    return round_to(f, value, rm)


def fmadd(f, rm, a, b, c):
    sign = (a ^ b) & f.sign
    if (f.is_inf(a) and f.is_zero(b)) or (f.is_zero(a) and f.is_inf(b)):
        return f.qnan, NV
    special = nan(f, a, b, c)
    if special:
        return special
    if f.is_inf(a) or f.is_inf(b):
        if f.is_inf(c) and (c & f.sign) != sign:
            return f.qnan, NV
        return sign | f.inf, 0
    if f.is_inf(c):
        return c, 0
    return fp_sum(f, rm, f.value(a) * f.value(b), bool(sign), f.value(c), f.negative(c))


FMA = {
    "fmadd": lambda f, rm, a, b, c: fmadd(f, rm, a, b, c),
    "fmsub": lambda f, rm, a, b, c: fmadd(f, rm, a, b, c ^ f.sign),
    "fnmsub": lambda f, rm, a, b, c: fmadd(f, rm, a ^ f.sign, b, c),
    "fnmadd": lambda f, rm, a, b, c: fmadd(f, rm, a ^ f.sign, b, c ^ f.sign),
}

FP2 = {"fadd": fadd, "fsub": fsub, "fmul": fmul, "fdiv": fdiv}

SIGN = {
    "fsgnj": lambda f, a, b: (a & ~f.sign) | (b & f.sign),
    "fsgnjn": lambda f, a, b: (a & ~f.sign) | (~b & f.sign),
    "fsgnjx": lambda f, a, b: a ^ (b & f.sign),
}


def compare(name, f, a, b):
    if f.is_nan(a) or f.is_nan(b):
        invalid = name != "feq" or f.is_snan(a) or f.is_snan(b)
        return 0, NV if invalid else 0
    # Infinities are beyond every value.
    va, vb = (
        Fraction(2) ** 2000 * (-1 if f.negative(x) else 1) if f.is_inf(x) else f.value(x)
        for x in (a, b)
    )
    return int({"feq": va == vb, "flt": va < vb, "fle": va <= vb}[name]), 0


def min_max(name, f, a, b):
    flags = NV if f.is_snan(a) or f.is_snan(b) else 0
    if f.is_nan(a) and f.is_nan(b):
        return f.qnan, flags
    if f.is_nan(a):
        return b, flags
    if f.is_nan(b):
        return a, flags
    less = compare("flt", f, a, b)[0] or (
        compare("feq", f, a, b)[0] and f.negative(a) and not f.negative(b)
    )
    return (a if bool(less) == (name == "fmin") else b), flags


def classify(f, a):
    negative = f.negative(a)
    if f.is_nan(a):
        return 1 << (8 if f.is_snan(a) else 9)
    if f.is_inf(a):
        return 1 << (0 if negative else 7)
    if f.is_zero(a):
        return 1 << (3 if negative else 4)
    if a & f.inf:
        return 1 << (1 if negative else 6)
    return 1 << (2 if negative else 5)


INTS = {"w": (32, True), "wu": (32, False), "l": (64, True), "lu": (64, False)}


def to_int(kind, f, rm, a):
    width, signed = INTS[kind]
    low = -(1 << (width - 1)) if signed else 0
    high = (1 << (width - signed)) - 1
    if f.is_nan(a):
        result, flags = high, NV
    elif f.is_inf(a):
        result, flags = (low if f.negative(a) else high), NV
    else:
        result = round_integer(f.value(a), rm)
        flags = 0 if result == f.value(a) else NX
        if result < low or result > high:
            result, flags = (low if result < low else high), NV
    return sext(result, width) & M64, flags


def from_int(kind, f, rm, a):
    width, signed = INTS[kind]
    a &= (1 << width) - 1
    value = sext(a, width) if signed else a
    return round_to(f, Fraction(value), rm) if value else (0, 0)


def convert(to, f, rm, a):
    if f.is_nan(a):
        return to.qnan, NV if f.is_snan(a) else 0
    sign = to.sign if f.negative(a) else 0
    if f.is_inf(a):
        return sign | to.inf, 0
    if f.is_zero(a):
        return sign, 0
    return round_to(to, f.value(a), rm)
