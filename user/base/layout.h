/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where Sundial's own parts live in a guest's address space. All of it lies
 * high in the mmap area, where ASan, MSan, TSan and Go tolerate foreign
 * mappings, and never overlaps what the kernel hands out top-down from the stack.
 */
#ifndef SUNDIAL_BASE_LAYOUT_H
#define SUNDIAL_BASE_LAYOUT_H

#define LAYOUT_BASE	  0x7fc000000000UL
#define ARENA_BASE	  0x7fc000000000UL /* the simulated host's segment */
#define ARENA_MAX_BYTES	  0x000800000000UL /* 32 GiB of address space */
#define RUNTIME_BASE	  0x7fd000000000UL /* sundial-native's text and data (runtime.lds) */
#define VDSO_BASE	  0x7fd010000000UL /* the vDSO image, its data page just below */
#define VDSO_DATA	  0x7fd00ffff000UL
#define CLOCK_BASE	  0x7fd011000000UL /* the guest's own host's clock page */
#define THREAD_BASE	  0x7fd020000000UL /* one slot a thread: stack, alternate stack, state */
#define THREAD_SLOT_BYTES 0x000000020000UL /* 128 KiB, most of it never touched */
#define THREAD_SLOTS	  8192
#define LAYOUT_END	  0x7fd080000000UL

#endif
