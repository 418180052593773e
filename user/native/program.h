/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program on its way into the address space (main.c); used over either kernel. */
#ifndef SUNDIAL_NATIVE_PROGRAM_H
#define SUNDIAL_NATIVE_PROGRAM_H

#include "load/elf.h"
#include "load/stack.h"

struct program {
	const char *path; /* the ELF file */
	const char *name; /* AT_EXECFN */
	char **argv, **envp;
	u64 *aux; /* the host's vector, edited in place */
	u8 random[16];
	struct exec_file *scratch; /* too large for a stack */

	struct elf_image image;
	u64 entry, interp_base;
	struct stack_result stack;
	u64 stack_top;
};

/* Maps the program and its interpreter; ends the process with a message if it cannot. */
void program_load(struct program *prog);
/* Replaces the kernel's initial stack by the guest's; returns the stack pointer. */
u64 program_stack(struct program *prog);
void program_publish(const struct program *prog);
u64 *aux_find(u64 *aux, u64 type);
/* Keeps what lies in the old argv, whose place the new stack takes. */
const char *program_keep_name(const char *name);
/* scaled: the clock page counts from the host's clock, which that function reads. */
void native_map_vdso(bool scaled, u64 host_clock_gettime);
/* user/passthrough: the same engine over the host's kernel. */
void passthrough_main(struct program *prog, const char *spec) __attribute__((noreturn));

#endif
