/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interpreter's access to guest memory: the one place to change when guest
 * addresses stop being host addresses. Misaligned loads and stores work, as Linux
 * makes them work for riscv64 programs; atomics must be aligned.
 *
 * The accesses are volatile so that each is made exactly once, where it stands; of an
 * aligned address each is one host access, hence single-copy atomic as RVWMO asks.
 */
#ifndef SUNDIAL_RV64_MEM_H
#define SUNDIAL_RV64_MEM_H

#include "base/types.h"

typedef u16 rv64_u16 __attribute__((aligned(1), may_alias));
typedef u32 rv64_u32 __attribute__((aligned(1), may_alias));
typedef u64 rv64_u64 __attribute__((aligned(1), may_alias));

static inline u8 rv64_load8(u64 address)
{
	return *(const volatile u8 *)address;
}

static inline u16 rv64_load16(u64 address)
{
	return *(const volatile rv64_u16 *)address;
}

static inline u32 rv64_load32(u64 address)
{
	return *(const volatile rv64_u32 *)address;
}

static inline u64 rv64_load64(u64 address)
{
	return *(const volatile rv64_u64 *)address;
}

static inline void rv64_store8(u64 address, u8 value)
{
	*(volatile u8 *)address = value;
}

static inline void rv64_store16(u64 address, u16 value)
{
	*(volatile rv64_u16 *)address = value;
}

static inline void rv64_store32(u64 address, u32 value)
{
	*(volatile rv64_u32 *)address = value;
}

static inline void rv64_store64(u64 address, u64 value)
{
	*(volatile rv64_u64 *)address = value;
}

/* One instruction's bits. The second half is only touched if there is one: the page
 * after may not be there. */
static inline u32 rv64_fetch(u64 pc)
{
	u32 low = rv64_load16(pc);

	return (low & 3) != 3 ? low : low | (u32)rv64_load16(pc + 2) << 16;
}

#endif
