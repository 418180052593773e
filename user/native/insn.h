/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As much of x86-64's instructions as moving a function's first ones needs (insn.c). */
#ifndef SUNDIAL_NATIVE_INSN_H
#define SUNDIAL_NATIVE_INSN_H

#include "base/types.h"

#define INSN_MAX       15 /* bytes */
#define INSN_MOVED_MAX 25

struct insn {
	u8 length;   /* in bytes; 0: not known here */
	u8 opcode;   /* its offset, behind the prefixes */
	u8 rip_disp; /* offset of a displacement that counts from the next instruction; 0: none */
	u8 branch;   /* bytes of a branch's displacement, which are the last; 0: no branch */
	bool ends;   /* what follows is not reached from it */
};

/* Decodes the one at code, of which INSN_MAX bytes can be read. */
void insn_decode(const u8 *code, struct insn *insn);

/* Where a branch or a rip-relative operand of the one at code points to. */
u64 insn_target(const u8 *code, const struct insn *insn);

/*
 * Writes to out what does at the address out what the one at code does where it is. Returns
 * the bytes written, at most INSN_MOVED_MAX; 0: it cannot be moved there. A call returns to
 * behind where it was.
 */
u32 insn_move(u8 *out, const u8 *code, const struct insn *insn);

#endif
