// SPDX-License-Identifier: GPL-2.0-or-later
/* Hot call sites become jumps into the runtime. */
#include "native/thread.h"

bool native_patching;

void native_patch_site(u64 site)
{
}
