// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The interpreter: a function for each operation of insn.def, named after it. The
 * switch that calls them is made from the same list, so that one that is missing does
 * not compile.
 *
 * A handler may inspect *cpu at any memory access. The barrier before each instruction
 * makes the compiler write down all that came before; within an instruction nothing
 * is written before its access.
 */
#include <immintrin.h>
#include "rv64/csr.h"
#include "rv64/fp.h"
#include "rv64/interp.h"
#include "rv64/mem.h"
#include "rv64/reserve.h"

#define EXEC(op)                                                                         \
	static inline __attribute__((always_inline)) int exec_##op(struct rv64_cpu *cpu, \
								   const struct rv64_insn *i)

static inline void set_x(struct rv64_cpu *cpu, u8 rd, u64 value)
{
	cpu->x[rd] = value;
	cpu->x[0] = 0;
}

static inline int next(struct rv64_cpu *cpu, const struct rv64_insn *i)
{
	cpu->pc += i->size;
	return RV64_GO_ON;
}

static inline u64 word(u64 value)
{
	return (u64)(s64)(s32)value;
}

/* Computations: a and b are the registers, imm the immediate. */
#define COMPUTE(op, expression)                       \
	EXEC(op)                                      \
	{                                             \
		u64 a = cpu->x[i->rs1];               \
		u64 b = cpu->x[i->rs2];               \
		u64 imm = i->imm;                     \
                                                      \
		(void)a;                              \
		(void)b;                              \
		(void)imm;                            \
		set_x(cpu, i->rd, (u64)(expression)); \
		return next(cpu, i);                  \
	}

COMPUTE(LUI, imm)
COMPUTE(AUIPC, cpu->pc + imm)
COMPUTE(ADDI, a + imm)
COMPUTE(SLTI, (s64)a < (s64)imm)
COMPUTE(SLTIU, a < imm)
COMPUTE(XORI, a ^ imm)
COMPUTE(ORI, a | imm)
COMPUTE(ANDI, a &imm)
COMPUTE(SLLI, a << imm)
COMPUTE(SRLI, a >> imm)
COMPUTE(SRAI, (s64)a >> imm)
COMPUTE(ADD, a + b)
COMPUTE(SUB, a - b)
COMPUTE(SLL, a << (b & 63))
COMPUTE(SLT, (s64)a < (s64)b)
COMPUTE(SLTU, a < b)
COMPUTE(XOR, a ^ b)
COMPUTE(SRL, a >> (b & 63))
COMPUTE(SRA, (s64)a >> (b & 63))
COMPUTE(OR, a | b)
COMPUTE(AND, a &b)
COMPUTE(ADDIW, word(a + imm))
COMPUTE(SLLIW, word((u32)a << imm))
COMPUTE(SRLIW, word((u32)a >> imm))
COMPUTE(SRAIW, (s32)a >> imm)
COMPUTE(ADDW, word(a + b))
COMPUTE(SUBW, word(a - b))
COMPUTE(SLLW, word((u32)a << (b & 31)))
COMPUTE(SRLW, word((u32)a >> (b & 31)))
COMPUTE(SRAW, (s32)a >> (b & 31))

static inline u64 mulh(u64 a, u64 b)
{
	return (__int128)(s64)a * (s64)b >> 64;
}

static inline u64 mulhsu(u64 a, u64 b)
{
	return (__int128)(s64)a * (unsigned __int128)b >> 64;
}

static inline u64 mulhu(u64 a, u64 b)
{
	return (unsigned __int128)a * b >> 64;
}

/* Division by zero gives all ones, the remainder then is the dividend; the one quotient
 * that does not fit wraps. */
static inline u64 divide(s64 a, s64 b)
{
	return !b ? ~0ULL : b == -1 ? -(u64)a : (u64)(a / b);
}

static inline u64 remainder_of(s64 a, s64 b)
{
	return !b ? (u64)a : b == -1 ? 0 : (u64)(a % b);
}

COMPUTE(MUL, (a * b))
COMPUTE(MULH, mulh(a, b))
COMPUTE(MULHSU, mulhsu(a, b))
COMPUTE(MULHU, mulhu(a, b))
COMPUTE(DIV, divide(a, b))
COMPUTE(DIVU, b ? a / b : ~0ULL)
COMPUTE(REM, remainder_of(a, b))
COMPUTE(REMU, b ? a % b : a)
COMPUTE(MULW, word((a * b)))
COMPUTE(DIVW, word(divide((s32)a, (s32)b)))
COMPUTE(DIVUW, word((u32)b ? (u32)a / (u32)b : ~0U))
COMPUTE(REMW, word(remainder_of((s32)a, (s32)b)))
COMPUTE(REMUW, word((u32)b ? (u32)a % (u32)b : (u32)a))

COMPUTE(ADD_UW, (u32)a + b)
COMPUTE(SH1ADD, (a << 1) + b)
COMPUTE(SH2ADD, (a << 2) + b)
COMPUTE(SH3ADD, (a << 3) + b)
COMPUTE(SH1ADD_UW, ((u64)(u32)a << 1) + b)
COMPUTE(SH2ADD_UW, ((u64)(u32)a << 2) + b)
COMPUTE(SH3ADD_UW, ((u64)(u32)a << 3) + b)
COMPUTE(SLLI_UW, (u64)(u32)a << imm)

static inline u64 rotate_right(u64 value, u32 by)
{
	return value >> (by & 63) | value << (-by & 63);
}

static inline u64 rotate_right_word(u32 value, u32 by)
{
	return word(value >> (by & 31) | value << (-by & 31));
}

/* Each byte all ones if any of its bits is set. */
static inline u64 or_combine(u64 value)
{
	const u64 low = 0x7f7f7f7f7f7f7f7f;
	u64 set = (((value & low) + low) | value) & ~low;

	return (set >> 7) * 0xff;
}

COMPUTE(ANDN, a & ~b)
COMPUTE(ORN, a | ~b)
COMPUTE(XNOR, ~(a ^ b))
COMPUTE(CLZ, a ? __builtin_clzll(a) : 64)
COMPUTE(CTZ, a ? __builtin_ctzll(a) : 64)
COMPUTE(CPOP, __builtin_popcountll(a))
COMPUTE(CLZW, (u32)a ? __builtin_clz((u32)a) : 32)
COMPUTE(CTZW, (u32)a ? __builtin_ctz((u32)a) : 32)
COMPUTE(CPOPW, __builtin_popcount((u32)a))
COMPUTE(MIN, (s64)a < (s64)b ? a : b)
COMPUTE(MINU, a < b ? a : b)
COMPUTE(MAX, (s64)a < (s64)b ? b : a)
COMPUTE(MAXU, a < b ? b : a)
COMPUTE(SEXT_B, (s64)(s8)a)
COMPUTE(SEXT_H, (s64)(s16)a)
COMPUTE(ZEXT_H, (u16)a)
COMPUTE(ROL, rotate_right(a, -(u32)b))
COMPUTE(ROR, rotate_right(a, b))
COMPUTE(RORI, rotate_right(a, imm))
COMPUTE(ROLW, rotate_right_word(a, -(u32)b))
COMPUTE(RORW, rotate_right_word(a, b))
COMPUTE(RORIW, rotate_right_word(a, imm))
COMPUTE(ORC_B, or_combine(a))
COMPUTE(REV8, __builtin_bswap64(a))

COMPUTE(BCLR, a & ~(1ULL << (b & 63)))
COMPUTE(BCLRI, a & ~(1ULL << imm))
COMPUTE(BEXT, a >> (b & 63) & 1)
COMPUTE(BEXTI, a >> imm & 1)
COMPUTE(BINV, a ^ 1ULL << (b & 63))
COMPUTE(BINVI, a ^ 1ULL << imm)
COMPUTE(BSET, a | 1ULL << (b & 63))
COMPUTE(BSETI, a | 1ULL << imm)

COMPUTE(CZERO_EQZ, b ? a : 0)
COMPUTE(CZERO_NEZ, b ? 0 : a)

/* Jumps. With 16-bit instructions no target is misaligned. */
EXEC(JAL)
{
	u64 link = cpu->pc + i->size;

	cpu->pc += i->imm;
	set_x(cpu, i->rd, link);
	return RV64_GO_ON;
}

EXEC(JALR)
{
	u64 link = cpu->pc + i->size;

	cpu->pc = (cpu->x[i->rs1] + i->imm) & ~1ULL;
	set_x(cpu, i->rd, link);
	return RV64_GO_ON;
}

#define BRANCH(op, condition)                                   \
	EXEC(op)                                                \
	{                                                       \
		u64 a = cpu->x[i->rs1];                         \
		u64 b = cpu->x[i->rs2];                         \
                                                                \
		cpu->pc += (condition) ? i->imm : (s64)i->size; \
		return RV64_GO_ON;                              \
	}

BRANCH(BEQ, a == b)
BRANCH(BNE, a != b)
BRANCH(BLT, (s64)a < (s64)b)
BRANCH(BGE, (s64)a >= (s64)b)
BRANCH(BLTU, a < b)
BRANCH(BGEU, a >= b)

/* Loads and stores. */
#define LOAD(op, type, bits)                                            \
	EXEC(op)                                                        \
	{                                                               \
		u64 address = cpu->x[i->rs1] + i->imm;                  \
                                                                        \
		set_x(cpu, i->rd, (u64)(type)rv64_load##bits(address)); \
		cpu->reserved_touched = 1;                              \
		return next(cpu, i);                                    \
	}

LOAD(LB, s8, 8)
LOAD(LH, s16, 16)
LOAD(LW, s32, 32)
LOAD(LD, u64, 64)
LOAD(LBU, u8, 8)
LOAD(LHU, u16, 16)
LOAD(LWU, u32, 32)

/* A store that may reach into the next entry's bytes counts that one up as well. */
static void store_begin(struct rv64_cpu *cpu, u64 address, u32 bytes)
{
	u32 *last = rv64_version_of(address + bytes - 1);

	if (last != rv64_version_of(address))
		__atomic_fetch_add(last, 2, __ATOMIC_SEQ_CST);
	rv64_version_lock(cpu, address);
}

#define STORE(op, value, bits)                                 \
	EXEC(op)                                               \
	{                                                      \
		u64 address = cpu->x[i->rs1] + i->imm;         \
		bool strict = rv64_strict;                     \
                                                               \
		if (unlikely(strict))                          \
			store_begin(cpu, address, (bits) / 8); \
		rv64_store##bits(address, (u##bits)(value));   \
		if (unlikely(strict))                          \
			rv64_version_unlock(cpu);              \
		cpu->reserved_touched = 1;                     \
		return next(cpu, i);                           \
	}

STORE(SB, cpu->x[i->rs2], 8)
STORE(SH, cpu->x[i->rs2], 16)
STORE(SW, cpu->x[i->rs2], 32)
STORE(SD, cpu->x[i->rs2], 64)
STORE(FSH, cpu->f[i->rs2], 16)
STORE(FSW, cpu->f[i->rs2], 32)
STORE(FSD, cpu->f[i->rs2], 64)

#define FLOAD(op, box, bits)                                   \
	EXEC(op)                                               \
	{                                                      \
		u64 address = cpu->x[i->rs1] + i->imm;         \
                                                               \
		cpu->f[i->rd] = box(rv64_load##bits(address)); \
		cpu->reserved_touched = 1;                     \
		return next(cpu, i);                           \
	}

FLOAD(FLH, rv64_box_h, 16)
FLOAD(FLW, rv64_box_s, 32)
FLOAD(FLD, , 64)

/*
 * x86 orders all but a store before a later load. Input and output count as reads and
 * writes; fence.tso does not order that one either.
 */
EXEC(FENCE)
{
	u32 mode = i->imm >> 8, before = i->imm >> 4 & 15, after = i->imm & 15;
	bool tso = mode == 8 && before == 3 && after == 3;

	if (!tso && before & 5 && after & 10)
		_mm_mfence();
	barrier();
	return next(cpu, i);
}

EXEC(FENCE_I)
{
	next(cpu, i);
	return RV64_STOP_FENCE_I;
}

EXEC(PAUSE)
{
	_mm_pause();
	return next(cpu, i);
}

EXEC(ECALL)
{
	return RV64_STOP_ECALL;
}

EXEC(EBREAK)
{
	return RV64_STOP_EBREAK;
}

EXEC(ILLEGAL)
{
	return RV64_STOP_ILLEGAL;
}

#define CSR(op)                                   \
	EXEC(op)                                  \
	{                                         \
		if (!rv64_csr_execute(cpu, i))    \
			return RV64_STOP_ILLEGAL; \
		return next(cpu, i);              \
	}

CSR(CSRRW)
CSR(CSRRS)
CSR(CSRRC)
CSR(CSRRWI)
CSR(CSRRSI)
CSR(CSRRCI)

/* Atomics. All are sequentially consistent on x86, but for a plain load. */
static inline bool misaligned(struct rv64_cpu *cpu, u64 address, u32 bytes)
{
	cpu->fault_address = address;
	return address & (bytes - 1);
}

#define LOAD_RESERVED(op, type, bytes)                                                 \
	EXEC(op)                                                                       \
	{                                                                              \
		u64 address = cpu->x[i->rs1];                                          \
                                                                                       \
		if (misaligned(cpu, address, bytes))                                   \
			return RV64_STOP_MISALIGNED;                                   \
		if (i->rm & RV64_RL) /* earlier stores come first */                   \
			_mm_mfence();                                                  \
		set_x(cpu, i->rd, (u64)(type)rv64_load_reserved(cpu, address, bytes)); \
		return next(cpu, i);                                                   \
	}

#define STORE_CONDITIONAL(op, bytes)                                                             \
	EXEC(op)                                                                                 \
	{                                                                                        \
		u64 address = cpu->x[i->rs1];                                                    \
                                                                                                 \
		if (misaligned(cpu, address, bytes))                                             \
			return RV64_STOP_MISALIGNED;                                             \
		set_x(cpu, i->rd, !rv64_store_conditional(cpu, address, bytes, cpu->x[i->rs2])); \
		return next(cpu, i);                                                             \
	}

LOAD_RESERVED(LR_W, s32, 4)
LOAD_RESERVED(LR_D, s64, 8)
STORE_CONDITIONAL(SC_W, 4)
STORE_CONDITIONAL(SC_D, 8)

/* new is computed from old and b, until nobody has come between. */
#define AMO(op, type, extend, new)                                                           \
	EXEC(op)                                                                             \
	{                                                                                    \
		u64 address = cpu->x[i->rs1];                                                \
		type b = (type)cpu->x[i->rs2];                                               \
		bool strict = rv64_strict;                                                   \
		type *p = (type *)address;                                                   \
		type old;                                                                    \
                                                                                             \
		if (misaligned(cpu, address, sizeof(type)))                                  \
			return RV64_STOP_MISALIGNED;                                         \
		if (unlikely(strict))                                                        \
			rv64_version_lock(cpu, address);                                     \
		old = __atomic_load_n(p, __ATOMIC_RELAXED);                                  \
		while (!__atomic_compare_exchange_n(p, &old, (new), false, __ATOMIC_SEQ_CST, \
						    __ATOMIC_SEQ_CST))                       \
			;                                                                    \
		if (unlikely(strict))                                                        \
			rv64_version_unlock(cpu);                                            \
		cpu->reserved_touched = 1;                                                   \
		set_x(cpu, i->rd, (u64)(extend)old);                                         \
		return next(cpu, i);                                                         \
	}

AMO(AMOSWAP_W, u32, s32, b)
AMO(AMOADD_W, u32, s32, old + b)
AMO(AMOXOR_W, u32, s32, old ^ b)
AMO(AMOAND_W, u32, s32, old &b)
AMO(AMOOR_W, u32, s32, old | b)
AMO(AMOMIN_W, s32, s32, old < b ? old : b)
AMO(AMOMAX_W, s32, s32, old < b ? b : old)
AMO(AMOMINU_W, u32, s32, old < b ? old : b)
AMO(AMOMAXU_W, u32, s32, old < b ? b : old)
AMO(AMOSWAP_D, u64, u64, b)
AMO(AMOADD_D, u64, u64, old + b)
AMO(AMOXOR_D, u64, u64, old ^ b)
AMO(AMOAND_D, u64, u64, old &b)
AMO(AMOOR_D, u64, u64, old | b)
AMO(AMOMIN_D, s64, u64, old < b ? old : b)
AMO(AMOMAX_D, s64, u64, old < b ? b : old)
AMO(AMOMINU_D, u64, u64, old < b ? old : b)
AMO(AMOMAXU_D, u64, u64, old < b ? b : old)

/* Floating point: operands by the format's files, the computation in fp.c. */
static inline __attribute__((always_inline)) int
compute_fp(struct rv64_cpu *cpu, const struct rv64_insn *i, enum rv64_op op)
{
	const struct rv64_format_info *use = &rv64_formats[rv64_ops[op].format];
	u8 rm = i->rm == RV64_DYN ? cpu->frm : i->rm;
	u64 a = use->rs1 == RV64_FILE_F ? cpu->f[i->rs1] : cpu->x[i->rs1];
	u64 result;

	if (use->has_rm && unlikely(rm > RV64_RMM))
		return RV64_STOP_ILLEGAL;
	result = rv64_fp_compute(cpu, op, rm, a, cpu->f[i->rs2], cpu->f[i->rs3]);
	if (use->rd == RV64_FILE_F)
		cpu->f[i->rd] = result;
	else
		set_x(cpu, i->rd, result);
	return next(cpu, i);
}

#define FP(op)                                           \
	EXEC(op)                                         \
	{                                                \
		return compute_fp(cpu, i, RV64_OP_##op); \
	}

#define FP_HSD(op) FP(op##_H) FP(op##_S) FP(op##_D)
#define FP_INT(op) FP(FCVT_H_##op) FP(FCVT_S_##op) FP(FCVT_D_##op) FP_HSD(FCVT_##op)

FP_HSD(FMADD)
FP_HSD(FMSUB)
FP_HSD(FNMSUB)
FP_HSD(FNMADD)
FP_HSD(FADD)
FP_HSD(FSUB)
FP_HSD(FMUL)
FP_HSD(FDIV)
FP_HSD(FSQRT)
FP_HSD(FSGNJ)
FP_HSD(FSGNJN)
FP_HSD(FSGNJX)
FP_HSD(FMIN)
FP_HSD(FMAX)
FP_HSD(FLE)
FP_HSD(FLT)
FP_HSD(FEQ)
FP_HSD(FCLASS)
FP_INT(W)
FP_INT(WU)
FP_INT(L)
FP_INT(LU)
FP(FCVT_S_D)
FP(FCVT_D_S)
FP(FCVT_S_H)
FP(FCVT_H_S)
FP(FCVT_D_H)
FP(FCVT_H_D)
FP(FMV_X_W)
FP(FMV_W_X)
FP(FMV_X_D)
FP(FMV_D_X)
FP(FMV_X_H)
FP(FMV_H_X)

int rv64_execute(struct rv64_cpu *cpu, const struct rv64_insn *insn)
{
	switch (insn->op) {
#define INSN(op, pattern, format, ext) \
	case RV64_OP_##op:             \
		return exec_##op(cpu, insn);
#define CINSN(name, pattern, format, op, ext)
#include "rv64/insn.def"
#undef INSN
#undef CINSN
	default:
		return exec_ILLEGAL(cpu, insn);
	}
}

/*
 * What this thread decoded last, by instruction bits: nothing that ever becomes wrong,
 * whatever happens to the memory that they came from.
 */
#define DECODED 1024

static __thread struct rv64_insn decoded[DECODED];

static const struct rv64_insn *decode_cached(u32 raw)
{
	struct rv64_insn *entry = &decoded[(raw ^ raw >> 12 ^ raw >> 22) % DECODED];

	if (entry->raw != raw || !entry->size)
		rv64_decode(raw, entry);
	return entry;
}

static u32 fetch(struct rv64_cpu *cpu)
{
	u32 raw;

	WRITE_ONCE(cpu->fetching, 1);
	raw = rv64_fetch(cpu->pc);
	WRITE_ONCE(cpu->fetching, 0);
	return raw;
}

enum rv64_stop rv64_interpret(struct rv64_cpu *cpu, u64 max_insns)
{
	int stop = RV64_STOP_BUDGET;

	rv64_fp_enter(cpu);
	for (u64 left = max_insns; left; left--) {
		barrier();
		if (unlikely(READ_ONCE(cpu->exit_request))) {
			stop = RV64_STOP_EXIT_REQUEST;
			break;
		}
		stop = rv64_execute(cpu, decode_cached(fetch(cpu)));
		if (stop == RV64_GO_ON || stop == RV64_STOP_FENCE_I)
			cpu->instret++;
		if (unlikely(stop != RV64_GO_ON))
			break;
		stop = RV64_STOP_BUDGET;
	}
	rv64_fp_leave(cpu);
	return stop;
}
