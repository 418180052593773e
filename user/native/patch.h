/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Call sites that jump instead of trapping (patch.c). */
#ifndef SUNDIAL_NATIVE_PATCH_H
#define SUNDIAL_NATIVE_PATCH_H

#include "base/types.h"

struct native_thread;

extern bool native_patching;

/* Counts a trap of call nr at that syscall instruction; rewrites the site when it is hot. */
void native_patch_site(struct native_thread *nt, u64 at, u32 nr);
/* Where a return to ip goes now: the bytes behind a patched syscall have moved. */
u64 native_fix_return(u64 ip);

#endif
