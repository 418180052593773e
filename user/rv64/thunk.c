// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The code that all TBs share: into translated code and out of it, to the interpreter
 * for one instruction, and from a guest address to its TB.
 *
 * Translated code runs with rsp in a table of return addresses that belongs to the
 * thread: a guest call is a host call, so that the host predicts its return. What comes
 * back is checked against the guest's own return address, and when it differs (longjmp,
 * other stacks, more depth than the table has) the table is emptied and the address
 * looked up. The lowest entry in use is the address of return_miss, which does that.
 */
#include "rv64/back.h"
#include "rv64/exec.h"
#include "rv64/fp.h"
#include "rv64/help.h"

static const u8 callee_saved[] = {RBX, RBP, R12, R13, R14, R15};

static void push(struct emit *e, u8 reg)
{
	emit_opcode(e, 0x50 | (reg & 7), false, 0, 0, reg, false);
}

static void pop(struct emit *e, u8 reg)
{
	emit_opcode(e, 0x58 | (reg & 7), false, 0, 0, reg, false);
}

static void move_pinned(struct emit *e, u32 op, u32 op_f)
{
	for (u8 r = 0; r < 32; r++) {
		if (rv64_pinned[r] != NO_REG)
			x_rm(e, op, true, rv64_pinned[r], mem_x(r));
	}
	for (u8 r = 0; r < 32; r++) {
		if (rv64_pinned_f[r] != NO_REG)
			x_rm(e, op_f, false, rv64_pinned_f[r], mem_f(r));
	}
}

static void load_pinned(struct emit *e)
{
	move_pinned(e, X_MOV_LOAD, X_MOVSD_LOAD);
}

static void store_pinned(struct emit *e)
{
	move_pinned(e, X_MOV_STORE, X_MOVSD_STORE);
}

/* Seven words on the stack with the return address, one more makes it 16-byte aligned. */
static void enter_host_frame(struct emit *e)
{
	for (u32 i = 0; i < ARRAY_SIZE(callee_saved); i++)
		push(e, callee_saved[i]);
	x_alu_imm(e, ALU_SUB, true, RSP, 8);
	x_mov(e, RBP, RDI);
	x_store(e, MEM_CPU(host_rsp), RSP);
}

static void x_call_c(struct emit *e, uintptr_t function)
{
	x_mov_imm(e, RAX, function);
	emit8(e, 0xff);
	emit8(e, 0xd0);
}

static void x_jmp_reg(struct emit *e, u8 reg)
{
	x_rr(e, 0xff, false, 4, reg);
}

static const u8 *make_enter(struct emit *e)
{
	const u8 *start = e->p;

	enter_host_frame(e);
	x_mov(e, RAX, RSI);
	x_load(e, RSP, MEM_CPU(return_top));
	load_pinned(e);
	x_jmp_reg(e, RAX);
	return start;
}

static const u8 *make_leave(struct emit *e, const u8 **stored)
{
	const u8 *start = e->p;

	store_pinned(e);
	*stored = e->p;
	x_load(e, RSP, MEM_CPU(host_rsp));
	x_alu_imm(e, ALU_ADD, true, RSP, 8);
	for (u32 i = ARRAY_SIZE(callee_saved); i-- > 0;)
		pop(e, callee_saved[i]);
	emit8(e, 0xc3);
	return start;
}

static const u8 *make_call(struct emit *e, const u8 *leave_stored)
{
	const u8 *start = e->p;

	enter_host_frame(e);
	x_rm(e, X_LEA, true, RDI, mem_at(RBP, -RV64_CPU_BIAS));
	x_rr(e, 0xff, false, 2, RSI);
	x_mov_imm(e, RAX, LEFT_DONE);
	x_jmp_to(e, leave_stored);
	return start;
}

static const u8 *make_interp(struct emit *e, const u8 *leave_stored)
{
	const u8 *start = e->p;

	store_pinned(e);
	x_store(e, MEM_CPU(return_rsp), RSP);
	x_load(e, RSP, MEM_CPU(host_rsp));
	x_rm(e, X_LEA, true, RDI, mem_at(RBP, -RV64_CPU_BIAS));
	x_mov(e, RSI, RCX);
	x_call_c(e, (uintptr_t)rv64_help_interp);
	x_rr(e, X_TEST, false, RAX, RAX);
	x_jcc_to(e, CC_NE, leave_stored);
	x_load(e, RSP, MEM_CPU(return_rsp));
	load_pinned(e);
	emit8(e, 0xc3);
	return start;
}

/* Both entries, and the miss that `nothing` is too. */
static void make_lookup(struct emit *e, struct thunks *t)
{
	u8 *requested, *differs;
	const u8 *miss;

	t->return_miss = e->p;
	x_load(e, RSP, MEM_CPU(return_top));
	t->lookup = e->p;
	x_alu_mem_imm(e, ALU_CMP, false, MEM_CPU(exit_request), 0);
	requested = x_jcc(e, CC_NE);
	x_rr(e, X_MOV_LOAD, false, RCX, RAX);
	x_shift_imm(e, SHIFT_SHR, false, RCX, 1);
	x_alu_imm(e, ALU_AND, false, RCX, JUMP_CACHE_SIZE - 1);
	x_load(e, RDX, MEM_CPU(jump_cache));
	x_load(e, RCX, (struct mem){RDX, RCX, 3, 0});
	x_rm(e, X_ALU(ALU_CMP), true, RAX, mem_at(RCX, -8));
	differs = x_jcc(e, CC_NE);
	x_jmp_reg(e, RCX);
	miss = e->p;
	x_here(e, requested);
	x_here(e, differs);
	x_store(e, MEM_CPU(pc), RAX);
	x_mov_imm(e, RAX, LEFT_LOOKUP);
	x_jmp_to(e, t->leave);

	x_align(e, 16);
	emit64(e, ~0ULL);
	t->nothing = e->p;
	x_jmp_to(e, miss);
}

static void make_constants(struct emit *e)
{
	static const u64 constants[CONST_FLAGS][2] = {
		[CONST_NAN_D] = {0x7ff8000000000000, 0},
		[CONST_NAN_S] = {0xffffffff7fc00000, 0},
		[CONST_BOX] = {0xffffffff00000000, 0},
		[CONST_SIGN_D] = {0x8000000000000000, 0},
		[CONST_SIGN_S] = {0x80000000, 0},
		[CONST_ABS_D] = {0x7fffffffffffffff, ~0ULL},
		[CONST_ABS_S] = {0xffffffff7fffffff, ~0ULL},
	};

	x_align(e, 16);
	for (u32 i = 0; i < CONST_FLAGS; i++) {
		emit64(e, constants[i][0]);
		emit64(e, constants[i][1]);
	}
	for (u32 flags = 0; flags < 64; flags++)
		emit8(e, rv64_fflags_of(flags));
}

/*
 * All addresses are of the mapping that e writes to; jumps are relative, so TBs may use
 * them as they are. Who needs one to execute adds the distance of the mappings.
 */
void rv64_thunks_make(struct emit *e, struct thunks *t)
{
	t->leave = make_leave(e, &t->leave_stored);
	t->enter = make_enter(e);
	t->call = make_call(e, t->leave_stored);
	t->interp = make_interp(e, t->leave_stored);
	make_lookup(e, t);
	make_constants(e);
	t->constants = e->p - CONST_COUNT * 16;
}
