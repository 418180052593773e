/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host code as text. */
#ifndef SUNDIAL_RV64_DISASM_H
#define SUNDIAL_RV64_DISASM_H

#include "base/types.h"

/*
 * Writes the x86-64 instruction at code, which will be executed at address, as text, and
 * returns its length. Without libcapstone: some bytes, and how many.
 */
u32 rv64_disassemble(const u8 *code, u32 bytes, u64 address, char *text, size_t room);

#endif
