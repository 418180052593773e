/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Call sites that jump instead of trapping (patch.c). */
#ifndef SUNDIAL_NATIVE_PATCH_H
#define SUNDIAL_NATIVE_PATCH_H

#include "base/types.h"

struct native_thread;

#define NATIVE_TRAMPOLINE_BYTES 64

/* Memory for code that a 32-bit jump from site reaches; never freed. NULL: there is none. */
u8 *native_trampoline(u64 site);
/* Writes a jump, 5 bytes; returns where it ends. */
u8 *native_emit_jump(u8 *p, u64 to);
/* Makes the 5 bytes at from a jump to that code; the page keeps its protection. */
bool native_patch_jump(u64 from, const u8 *to);

extern bool native_patching;

/* Counts a trap of call nr at that syscall instruction; rewrites the site when it is hot. */
void native_patch_site(struct native_thread *nt, u64 at, u32 nr);
/* Where a return to ip goes now: the bytes behind a patched syscall have moved. */
u64 native_fix_return(u64 ip);

#endif
