// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A thread's registers as gdb numbers them for riscv: 32 of x, pc, 32 of f, then the CSRs
 * by their own numbers. The description that gdb is given says the same.
 */
#include <stdlib.h>
#include <string.h>
#include "rv64/csr.h"
#include "rv64/decode.h"
#include "rv64/fp.h"
#include "rv64/gdb/stub.h"

#define REG_PC	32
#define REG_F	33
#define REG_CSR 65

/* gdb knows s0 by its other name. */
static const char *x_name(u32 number)
{
	return number == 8 ? "fp" : rv64_x_names[number];
}

static const struct {
	const char *name;
	u32 number;
	u8 bits;
	bool counter;
} csrs[] = {
	{"fflags", RV64_CSR_FFLAGS, 32},   {"frm", RV64_CSR_FRM, 32},
	{"fcsr", RV64_CSR_FCSR, 32},	   {"cycle", RV64_CSR_CYCLE, 64, true},
	{"time", RV64_CSR_TIME, 64, true}, {"instret", RV64_CSR_INSTRET, 64, true},
};

static u64 read_csr(struct rv64_cpu *cpu, u32 number)
{
	switch (number) {
	case RV64_CSR_FFLAGS:
		return rv64_fcsr_read(cpu) & 0x1f;
	case RV64_CSR_FRM:
		return cpu->frm;
	case RV64_CSR_FCSR:
		return rv64_fcsr_read(cpu);
	case RV64_CSR_CYCLE:
		return rv64_read_cycle(cpu);
	case RV64_CSR_TIME:
		return rv64_read_time(cpu);
	default:
		return rv64_read_instret(cpu);
	}
}

static bool write_csr(struct rv64_cpu *cpu, u32 number, u64 value)
{
	u32 fcsr = rv64_fcsr_read(cpu);

	switch (number) {
	case RV64_CSR_FFLAGS:
		rv64_fcsr_write(cpu, (fcsr & ~0x1fU) | (value & 0x1f));
		return true;
	case RV64_CSR_FRM:
		rv64_fcsr_write(cpu, (fcsr & 0x1f) | (value & 7) << 5);
		return true;
	case RV64_CSR_FCSR:
		rv64_fcsr_write(cpu, value & 0xff);
		return true;
	default:
		return false;
	}
}

/* Where an integer or floating-point register is, or NULL. */
static u64 *place(struct rv64_cpu *cpu, u32 number)
{
	if (number < REG_PC)
		return &cpu->x[number];
	if (number == REG_PC)
		return &cpu->pc;
	return number < REG_CSR ? &cpu->f[number - REG_F] : NULL;
}

static u32 csr_bytes(u32 number)
{
	for (size_t i = 0; i < ARRAY_SIZE(csrs); i++) {
		if (csrs[i].number == number - REG_CSR)
			return csrs[i].bits / 8;
	}
	return 0;
}

char *gdb_put_register(char *to, struct rv64_thread *t, u32 number)
{
	u64 *at = place(&t->cpu, number), value;
	u32 bytes = at ? sizeof(*at) : csr_bytes(number);

	if (!bytes)
		return NULL;
	value = at ? *at : read_csr(&t->cpu, number - REG_CSR);
	return gdb_put_hex(to, &value, bytes);
}

bool gdb_take_register(struct rv64_thread *t, u32 number, const char *from)
{
	u64 *at = place(&t->cpu, number), value = 0;
	u32 bytes = at ? sizeof(*at) : csr_bytes(number);

	if (!bytes || gdb_take_hex(&value, from, bytes) != bytes)
		return false;
	if (!at)
		return write_csr(&t->cpu, number - REG_CSR, value);
	t->gdb.replaced |= number <= REG_PC && *at != value;
	if (number)
		*at = value;
	return true;
}

/* Up to fcsr; gdb asks for the counters one by one. */
char *gdb_put_registers(char *to, struct rv64_thread *t)
{
	for (u32 number = 0; number <= REG_CSR + RV64_CSR_FCSR; number++) {
		if (number != REG_CSR)
			to = gdb_put_register(to, t, number);
	}
	return to;
}

void gdb_take_registers(struct rv64_thread *t, const char *from)
{
	for (u32 number = 0; number < REG_CSR; number++) {
		if (!gdb_take_register(t, number, from))
			return;
		from += 16;
	}
	from += 16; /* fflags and frm are in fcsr */
	gdb_take_register(t, REG_CSR + RV64_CSR_FCSR, from);
}

static void print_csrs(FILE *out, bool counters)
{
	for (size_t i = 0; i < ARRAY_SIZE(csrs); i++) {
		if (csrs[i].counter == counters)
			fprintf(out,
				"<reg name=\"%s\" bitsize=\"%u\" type=\"int\" regnum=\"%u\"/>\n",
				csrs[i].name, csrs[i].bits, REG_CSR + csrs[i].number);
	}
}

static const char *x_type(u32 number)
{
	return number == 1 ? "code_ptr" : number >= 2 && number <= 4 ? "data_ptr" : "int";
}

char *gdb_target_xml(void)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	fprintf(out, "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
		     "<target>\n<architecture>riscv:rv64</architecture>\n<osabi>GNU/Linux</osabi>\n"
		     "<feature name=\"org.gnu.gdb.riscv.cpu\">\n");
	for (u32 i = 0; i < 32; i++)
		fprintf(out, "<reg name=\"%s\" bitsize=\"64\" type=\"%s\" regnum=\"%u\"/>\n",
			x_name(i), x_type(i), i);
	fprintf(out,
		"<reg name=\"pc\" bitsize=\"64\" type=\"code_ptr\" regnum=\"%u\"/>\n</feature>\n"
		"<feature name=\"org.gnu.gdb.riscv.fpu\">\n<union id=\"riscv_double\">"
		"<field name=\"float\" type=\"ieee_single\"/>"
		"<field name=\"double\" type=\"ieee_double\"/></union>\n",
		REG_PC);
	for (u32 i = 0; i < 32; i++)
		fprintf(out,
			"<reg name=\"%s\" bitsize=\"64\" type=\"riscv_double\" regnum=\"%u\"/>\n",
			rv64_f_names[i], REG_F + i);
	print_csrs(out, false);
	fprintf(out, "</feature>\n<feature name=\"org.gnu.gdb.riscv.csr\">\n");
	print_csrs(out, true);
	fprintf(out, "</feature>\n</target>\n");
	fclose(out);
	return text;
}
