// SPDX-License-Identifier: GPL-2.0-or-later
/* The back end: the ways out of a TB, and the stubs behind them. See back.h. */
#include "rv64/back_ops.h"
#include "rv64/help.h"

static u64 next_pc(const struct gen *g, const struct ir *ir)
{
	return g->block->pc + g->block->offset[ir->insn + 1];
}

/*
 * Where instructions are counted, a TB is entered only if the budget has all of its
 * instructions, and whatever leaves it takes off those that were executed.
 */
void gen_charge(struct gen *g, u32 insns)
{
	if (g->count && insns)
		x_alu_mem_imm(&g->e, ALU_SUB, true, MEM_CPU(budget), insns);
}

static struct site *add_site(struct gen *g, enum tb_exit_kind kind, u64 target)
{
	struct site *site = &g->sites[g->nr_sites];

	if (g->nr_sites < MAX_SITES - 1)
		g->nr_sites++;
	else
		g->e.full = true;
	*site = (struct site){.kind = kind, .target = target};
	return site;
}

/* Leaves before the instruction. */
static void leave_if(struct gen *g, enum tb_exit_kind kind, const struct ir *ir, enum host_cc cc)
{
	struct site *site = add_site(g, kind, gen_pc(g, ir));

	site->charge = ir->insn;
	site->from = x_jcc(&g->e, cc);
}

/*
 * Every loop of guest code has a jump backwards or an indirect one that is not a return
 * from a call: there the request to leave is looked at, before the instruction.
 */
static void poll(struct gen *g, const struct ir *ir)
{
	x_alu_mem_imm(&g->e, ALU_CMP, false, MEM_CPU(exit_request), 0);
	leave_if(g, EXIT_POLL, ir, CC_NE);
}

static void poll_backwards(struct gen *g, const struct ir *ir)
{
	if ((u64)ir->imm <= gen_pc(g, ir))
		poll(g, ir);
}

/* A jump or call that will be patched. */
static struct site *chain(struct gen *g, u8 opcode, u64 target)
{
	struct site *site = add_site(g, EXIT_CHAIN, target);

	x_align_field(&g->e, 1, 4);
	emit8(&g->e, opcode);
	emit32(&g->e, 0);
	site->field = g->e.p - 4;
	return site;
}

static void cold_taken(struct gen *g, const struct cold *cold)
{
	gen_charge(g, cold->ir->insn + 1);
	chain(g, 0xe9, cold->ir->imm)->slot = 1;
}

static void gen_branch(struct gen *g, const struct ir *ir)
{
	struct comparison c;
	struct site *site;
	u8 *start;

	poll_backwards(g, ir);
	c = prepare(g, ir->a, ir->b);
	if (g->count) {
		compare(g, &c);
		gen_cold(g, x_jcc(&g->e, condition(&c, ir->sub)), cold_taken, ir, 0);
		return;
	}
	/* The padding goes before the comparison: the host fuses the two. */
	start = g->e.p;
	compare(g, &c);
	if (!g->e.full && (((uintptr_t)g->e.p + 2) & 7) > 4) {
		u32 pad = 8 - (((uintptr_t)g->e.p + 2) & 7);

		g->e.p = start;
		x_nop(&g->e, pad);
		compare(g, &c);
	}
	site = add_site(g, EXIT_CHAIN, ir->imm);
	site->slot = 1;
	site->field = x_jcc(&g->e, condition(&c, ir->sub));
}

static void gen_goto(struct gen *g, const struct ir *ir)
{
	poll_backwards(g, ir);
	gen_charge(g, min(ir->insn + 1u, g->block->nr_insns));
	chain(g, 0xe9, ir->imm);
}

/* Where a call returns to: rax is the guest address that the return found. */
static void landing(struct gen *g, const struct ir *ir)
{
	u64 back = next_pc(g, ir);

	if (fits32(back)) {
		x_alu_imm(&g->e, ALU_CMP, true, RAX, back);
	} else {
		x_mov_imm(&g->e, RCX, back);
		x_rr(&g->e, X_ALU(ALU_CMP), true, RAX, RCX);
	}
	x_jcc_to(&g->e, CC_NE, rv64_code.thunks.return_miss);
	chain(g, 0xe9, back)->slot = 1;
}

static void gen_call(struct gen *g, const struct ir *ir)
{
	poll_backwards(g, ir);
	ra_begin(g);
	gen_constant(g, ir->d, next_pc(g, ir));
	gen_charge(g, ir->insn + 1);
	chain(g, 0xe8, ir->imm);
	landing(g, ir);
}

/* rax = the guest address to go to; its lowest bit may be set, and then no TB has it. */
static void jump_target(struct gen *g, const struct ir *ir)
{
	u8 a = NO_REG;

	if (g->cached[RAX] == ir->a && ir->a) {
		a = ra_use(g, ir->a);
	} else {
		ra_take(g, RAX);
		a = source(g, ir->a);
	}
	if (ir->imm && a != NO_REG) {
		x_rm(&g->e, X_LEA, true, RAX, mem_at(a, ir->imm));
	} else {
		move_in(g, RAX, ir->a, a);
		if (ir->imm)
			x_alu_imm(&g->e, ALU_ADD, true, RAX, ir->imm);
	}
	ra_forget(g);
	ra_begin(g);
	ra_take(g, RAX);
}

/*
 * An indirect jump: the first target that the site goes to is compared with in line,
 * others are looked up in the thread's jump cache. While the site has not been filled
 * its jne leads to the stub, which tells exec.c who asks. The order of the stores that
 * fill it does not matter:
 *
 *	one thread			another, in this code
 *	jmp -> TB			compares with the old address, which no target has:
 *	address = TB's			goes to the stub, and looks its target up
 *	jne -> search			compares with the new one: what follows is the TB's
 *					jump or still the stub's, both right for it
 */
static void dispatch(struct gen *g, const struct ir *ir)
{
	struct site *site = add_site(g, EXIT_INDIRECT, 0);
	u8 *differs;

	site->wide = g->block->pc >> 31 != 0;
	x_align_field(&g->e, 2, site->wide ? 8 : 4);
	if (site->wide) {
		emit_opcode(&g->e, 0xb8 | RCX, true, 0, 0, 0, false);
		emit64(&g->e, ~0ULL);
		site->imm = g->e.p - 8;
		x_rr(&g->e, X_ALU(ALU_CMP), true, RAX, RCX);
	} else {
		emit8(&g->e, 0x48);
		emit8(&g->e, 0x3d);
		emit32(&g->e, ~0U);
		site->imm = g->e.p - 4;
	}
	x_align_field(&g->e, 2, 4);
	site->miss = x_jcc(&g->e, CC_NE);
	x_align_field(&g->e, 1, 4);
	site->field = x_jmp(&g->e);
	site->search = g->e.p;
	x_rr(&g->e, X_MOV_LOAD, false, RCX, RAX);
	x_shift_imm(&g->e, SHIFT_SHR, false, RCX, 1);
	x_alu_imm(&g->e, ALU_AND, false, RCX, JUMP_CACHE_SIZE - 1);
	x_load(&g->e, RDX, MEM_CPU(jump_cache));
	x_load(&g->e, RCX, (struct mem){RDX, RCX, 3, 0});
	x_rm(&g->e, X_ALU(ALU_CMP), true, RAX, mem_at(RCX, -8));
	differs = x_jcc(&g->e, CC_NE);
	x_rr(&g->e, 0xff, false, 4, RCX);
	site->from = differs;
}

static void gen_jump(struct gen *g, const struct ir *ir)
{
	u8 *call;

	if (ir->op == IR_RET) {
		jump_target(g, ir);
		if (ir->d)
			gen_constant(g, ir->d, next_pc(g, ir));
		gen_charge(g, ir->insn + 1);
		emit8(&g->e, 0xc3);
		return;
	}
	poll(g, ir);
	jump_target(g, ir);
	if (ir->d)
		gen_constant(g, ir->d, next_pc(g, ir));
	gen_charge(g, ir->insn + 1);
	if (ir->op == IR_JUMP) {
		dispatch(g, ir);
		return;
	}
	emit8(&g->e, 0xe8);
	emit32(&g->e, 0);
	call = g->e.p - 4;
	landing(g, ir);
	x_here(&g->e, call);
	dispatch(g, ir);
}

static void leave_at(struct gen *g, const struct ir *ir, enum tb_exit_kind kind)
{
	struct site *site = add_site(g, kind, gen_pc(g, ir));

	site->charge = ir->insn;
	site->from = x_jmp(&g->e);
}

void gen_stubs(struct gen *g)
{
	for (u32 i = 0; i < g->nr_sites; i++) {
		struct site *site = &g->sites[i];

		site->stub = g->e.p;
		if (site->from)
			x_here(&g->e, site->from);
		if (site->field)
			x_here(&g->e, site->field);
		if (site->miss)
			x_here(&g->e, site->miss);
		if (site->kind == EXIT_INDIRECT)
			x_store(&g->e, MEM_CPU(pc), RAX);
		gen_charge(g, site->charge);
		x_mov_imm(&g->e, RAX, g->first_exit + i);
		x_jmp_to(&g->e, rv64_code.thunks.leave);
	}
}

/* At the entry of a TB where instructions are counted. */
void gen_check_budget(struct gen *g)
{
	if (!g->count)
		return;
	x_alu_mem_imm(&g->e, ALU_CMP, true, MEM_CPU(budget), g->block->nr_insns);
	add_site(g, EXIT_BUDGET, g->block->pc)->from = x_jcc(&g->e, CC_L);
}

void rv64_back_exit(struct gen *g, const struct ir *ir)
{
	switch (ir->op) {
	case IR_BRANCH:
		gen_branch(g, ir);
		break;
	case IR_GOTO:
		gen_goto(g, ir);
		break;
	case IR_CALL:
		gen_call(g, ir);
		break;
	case IR_JUMP:
	case IR_JCALL:
	case IR_RET:
		gen_jump(g, ir);
		break;
	case IR_INTERP_END:
		leave_at(g, ir, EXIT_INTERP);
		break;
	case IR_EXCLUSIVE:
		leave_at(g, ir, EXIT_EXCLUSIVE);
		break;
	}
}
