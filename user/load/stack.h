/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program's first stack: arguments, environment, auxiliary vector. */
#ifndef SUNDIAL_LOAD_STACK_H
#define SUNDIAL_LOAD_STACK_H

#include "base/types.h"

struct stack_plan {
	char *const *argv, *const *envp; /* NULL-ended, anywhere but in the new stack's place */
	const char *execfn;
	const char *platform; /* for AT_PLATFORM; NULL where the machine has none */
	const u64 *aux;	      /* the vector to hand over: pairs up to AT_NULL */
	u8 random[16];	      /* behind AT_RANDOM */
	u64 top;	      /* first byte above the stack */
};

struct stack_result {
	u64 sp;
	u64 arg_start, arg_end, env_start, env_end, auxv, auxv_bytes;
};

/*
 * Lays out the stack below plan->top as Linux does. Values of AT_EXECFN,
 * AT_RANDOM and AT_PLATFORM in aux are replaced. Everything comes from the plan,
 * so equal plans give equal stacks.
 */
void stack_build(const struct stack_plan *plan, struct stack_result *out);

#endif
