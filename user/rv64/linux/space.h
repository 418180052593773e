/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where things are in a guest's address space, as Linux places them for Sv39. */
#ifndef SUNDIAL_RV64_LINUX_SPACE_H
#define SUNDIAL_RV64_LINUX_SPACE_H

#include "rv64/linux/linux.h"

#define RV64_STACK_TOP	 (RV64_SPACE_END - PAGE_BYTES)
#define RV64_STACK_MAX	 (64UL << 20)  /* what is mapped at once where there is no limit */
#define RV64_STACK_GAP	 (128UL << 20) /* Linux's least distance of mappings from the top */
#define RV64_MMAP_TOP	 (RV64_STACK_TOP - RV64_STACK_GAP)
#define RV64_PROGRAM_PIE (RV64_SPACE_END / 3 * 2 & ~(PAGE_BYTES - 1))

/* The guest's RLIMIT_AS and RLIMIT_DATA. */
void rv64_mm_set_limits(u64 as_bytes, u64 data_bytes);
/* Where the heap of brk(2) begins and ends. */
u64 rv64_brk_base(u64 *end);
/* The stack that rv64_load() has mapped. */
extern u64 rv64_stack_low;

#endif
