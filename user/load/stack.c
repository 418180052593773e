// SPDX-License-Identifier: GPL-2.0-or-later
/* The first stack (stack.h). Keeps no state. */
#include <elf.h>
#include "base/string.h"
#include "load/stack.h"

static u64 count(char *const *v)
{
	u64 n = 0;

	while (v[n])
		n++;
	return n;
}

static u64 strings_bytes(char *const *v)
{
	u64 bytes = 0;

	for (; *v; v++)
		bytes += strlen(*v) + 1;
	return bytes;
}

static u64 aux_count(const u64 *aux)
{
	u64 n = 0;

	while (aux[2 * n] != AT_NULL)
		n++;
	return n + 1;
}

static u64 words(const struct stack_plan *plan)
{
	return 1 + count(plan->argv) + 1 + count(plan->envp) + 1 + 2 * aux_count(plan->aux);
}

/* Copies strings upward from at; notes their addresses; returns the end. */
static u64 put_strings(char *const *v, u64 at, u64 *pointers)
{
	for (; *v; v++) {
		size_t n = strlen(*v) + 1;

		memcpy((void *)at, *v, n);
		*pointers++ = at;
		at += n;
	}
	*pointers = 0;
	return at;
}

void stack_build(const struct stack_plan *plan, struct stack_result *out)
{
	u64 argc = count(plan->argv), at = plan->top - 8, name, random, plat, *w, i;
	size_t plat_bytes;

	*(u64 *)at = 0;
	at -= strlen(plan->execfn) + 1;
	name = at;
	memcpy((void *)name, plan->execfn, strlen(plan->execfn) + 1);
	out->env_end = at;
	out->env_start = at - strings_bytes(plan->envp);
	out->arg_end = out->env_start;
	out->arg_start = out->arg_end - strings_bytes(plan->argv);
	at = ALIGN_DOWN(out->arg_start, 16);
	plat_bytes = plan->platform ? strlen(plan->platform) + 1 : 0;
	plat = at -= ALIGN_UP(plat_bytes, 16);
	memcpy((void *)plat, plan->platform, plat_bytes);
	random = at -= 16;
	memcpy((void *)random, plan->random, 16);
	at = ALIGN_DOWN(at - 8 * words(plan), 16);
	out->sp = at;
	w = (u64 *)at;
	*w++ = argc;
	put_strings(plan->argv, out->arg_start, w);
	w += argc + 1;
	put_strings(plan->envp, out->env_start, w);
	w += count(plan->envp) + 1;
	out->auxv = (u64)w;
	out->auxv_bytes = 16 * aux_count(plan->aux);
	for (i = 0; i < aux_count(plan->aux); i++) {
		u64 type = plan->aux[2 * i], value = plan->aux[2 * i + 1];

		if (type == AT_EXECFN)
			value = name;
		else if (type == AT_RANDOM)
			value = random;
		else if (type == AT_PLATFORM)
			value = plat;
		*w++ = type;
		*w++ = value;
	}
}
