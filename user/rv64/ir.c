// SPDX-License-Identifier: GPL-2.0-or-later
/* Names and classes of IR operations, and their text for --dump. */
#include <inttypes.h>
#include "rv64/ir.h"

const char *const ir_names[IR_COUNT] = {
#define IR(op, form, class) #op,
#include "rv64/ir.def"
#undef IR
};

const u8 ir_classes[IR_COUNT] = {
#define IR(op, form, class) IR_##class,
#include "rv64/ir.def"
#undef IR
};

const u8 ir_forms[IR_COUNT] = {
#define IR(op, form, class) FORM_##form,
#include "rv64/ir.def"
#undef IR
};

static void print_b(const struct ir *ir, FILE *file)
{
	if (ir->flags & IR_IMM)
		fprintf(file, ", %" PRId64, ir->imm);
	else
		fprintf(file, ", x%u", ir->b);
}

static void print_operands(const struct ir_block *block, const struct ir *ir, FILE *file)
{
	char text[96];

	switch (ir_forms[ir->op]) {
	case FORM_D_A:
		fprintf(file, "x%u, x%u", ir->d, ir->a);
		break;
	case FORM_D_AB:
		fprintf(file, "x%u, x%u", ir->d, ir->a);
		print_b(ir, file);
		break;
	case FORM_D_I:
		fprintf(file, "x%u, %#" PRIx64, ir->d, ir->imm);
		break;
	case FORM_MEM:
		fprintf(file, "x%u, x%u, [x%u%+" PRId64 "]", ir->d, ir->b, ir->a, ir->imm);
		break;
	case FORM_F_MEM:
		fprintf(file, "f%u, f%u, [x%u%+" PRId64 "]", ir->d, ir->b, ir->a, ir->imm);
		break;
	case FORM_BRANCH:
		fprintf(file, "cc%u x%u, x%u -> %#" PRIx64, ir->sub, ir->a, ir->b, ir->imm);
		break;
	case FORM_GOTO:
		fprintf(file, "%#" PRIx64 ", link x%u", ir->imm, ir->d);
		break;
	case FORM_JUMP:
		fprintf(file, "x%u%+" PRId64 ", link x%u", ir->a, ir->imm, ir->d);
		break;
	case FORM_F_D_A:
		fprintf(file, "f%u, f%u", ir->d, ir->a);
		break;
	case FORM_F_D_AB:
		fprintf(file, "f%u, f%u, f%u", ir->d, ir->a, ir->b);
		break;
	case FORM_F_D_ABC:
		fprintf(file, "f%u, f%u, f%u, f%u", ir->d, ir->a, ir->b, ir->c);
		break;
	case FORM_F_X_A:
		fprintf(file, "x%u, f%u", ir->d, ir->a);
		break;
	case FORM_F_X_AB:
		fprintf(file, "x%u, f%u, f%u", ir->d, ir->a, ir->b);
		break;
	case FORM_F_D_X:
		fprintf(file, "f%u, x%u", ir->d, ir->a);
		break;
	default:
		fputs(rv64_print_insn(&block->insn[ir->insn], text, sizeof(text)), file);
	}
}

void rv64_print_ir(const struct ir_block *block, FILE *file)
{
	for (u32 i = 0; i < block->nr_ir; i++) {
		const struct ir *ir = &block->ir[i];

		fprintf(file, "  %4x: %s%s%s/%u.%u ", block->offset[ir->insn], ir_names[ir->op],
			ir->flags & IR_W ? ".w" : "", ir->flags & IR_S ? ".s" : "", ir->size,
			ir->sub);
		print_operands(block, ir, file);
		fputc('\n', file);
	}
}
