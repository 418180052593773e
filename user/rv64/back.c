// SPDX-License-Identifier: GPL-2.0-or-later
/* The back end: one block, and the interpreter's help within it. See back.h. */
#include "rv64/back.h"
#include "rv64/help.h"

struct host_features rv64_host;

static __attribute__((constructor)) void host_init(void)
{
	__builtin_cpu_init();
	rv64_host.bmi1 = __builtin_cpu_supports("bmi");
	rv64_host.bmi2 = __builtin_cpu_supports("bmi2");
	rv64_host.lzcnt = __builtin_cpu_supports("lzcnt");
	rv64_host.popcnt = __builtin_cpu_supports("popcnt");
	rv64_host.fma = __builtin_cpu_supports("fma");
}

u64 gen_pc(const struct gen *g, const struct ir *ir)
{
	return g->block->pc + g->block->offset[ir->insn];
}

/* The interpreter, for one instruction; temporaries are lost. */
void gen_interp_call(struct gen *g, const struct ir *ir)
{
	struct interp_note *note = rv64_note(sizeof(*note));

	if (!note) {
		g->e.full = true;
		return;
	}
	note->insn = g->block->insn[ir->insn];
	note->pc = gen_pc(g, ir);
	note->index = g->count ? ir->insn : 0;
	x_mov_imm(&g->e, RCX, (uintptr_t)note);
	x_call_to(&g->e, rv64_code.thunks.interp);
}

static void gen_interp(struct gen *g, const struct ir *ir)
{
	gen_interp_call(g, ir);
	ra_forget(g);
	g->boxed = 0;
}

void gen_cold(struct gen *g, u8 *from, void (*make)(struct gen *g, const struct cold *cold),
	      const struct ir *ir, u8 reg)
{
	if (g->nr_cold == MAX_COLD) {
		g->e.full = true;
		return;
	}
	g->cold[g->nr_cold++] = (struct cold){.from = from, .make = make, .ir = ir, .reg = reg};
}

/* The interpreter does it after all. What the temporaries hold stays; the X register
 * that was to be computed in `reg` is put there. */
void gen_cold_interp(struct gen *g, const struct cold *cold)
{
	for (u8 t = 0; t < NR_TEMPS; t++)
		x_store(&g->e, mem_at(RBP, RV64_CPU_OFFSET(saved_temps) + t * 8), t);
	gen_interp_call(g, cold->ir);
	for (u8 t = 0; t < NR_TEMPS; t++)
		x_load(&g->e, t, mem_at(RBP, RV64_CPU_OFFSET(saved_temps) + t * 8));
	if (cold->reg != NO_REG && rv64_pinned[cold->ir->d] == NO_REG)
		x_load(&g->e, cold->reg, mem_x(cold->ir->d));
	x_jmp_to(&g->e, cold->back);
}

/* By the sections of ir.def. */
static void make(struct gen *g, const struct ir *ir)
{
	if (ir->op <= IR_REV8)
		rv64_back_int(g, ir);
	else if (ir->op == IR_INTERP)
		gen_interp(g, ir);
	else if (ir->op >= IR_BRANCH)
		rv64_back_exit(g, ir);
	else if (ir->op == IR_FLOAD || ir->op == IR_FSTORE || ir->op >= IR_FARITH)
		rv64_back_fp(g, ir);
	else
		rv64_back_mem(g, ir);
}

void rv64_back(struct gen *g, const struct ir_block *block, u32 first_exit, u32 *host_offset)
{
	u32 insn = 0;

	g->block = block;
	g->first_exit = first_exit;
	g->entry = g->e.p;
	g->nr_cold = g->nr_sites = g->boxed = 0;
	ra_forget(g);
	if (g->executions) {
		x_mov_imm(&g->e, RAX, (uintptr_t)g->executions);
		x_rm(&g->e, 0xff, true, 0, mem_at(RAX, 0));
	}
	gen_check_budget(g);
	for (u32 i = 0; i < block->nr_ir; i++) {
		const struct ir *ir = &block->ir[i];

		while (insn <= ir->insn && insn < block->nr_insns)
			host_offset[insn++] = g->e.p - g->entry;
		ra_begin(g);
		make(g, ir);
	}
	while (insn < block->nr_insns)
		host_offset[insn++] = g->e.p - g->entry;
	for (u32 i = 0; i < g->nr_cold; i++) {
		x_here(&g->e, g->cold[i].from);
		g->cold[i].make(g, &g->cold[i]);
	}
	gen_stubs(g);
}
