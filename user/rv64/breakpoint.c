// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses at which a debugger wants guest code to stop, in order of address. Guest
 * memory stays as it is: a block is never translated across one of them, and the block
 * that begins there is the interpreter's, which stops.
 *
 * Changed under the translation lock while no thread runs guest code (exec.c); read by
 * threads that run, and under the lock.
 */
#include <errno.h>
#include <string.h>
#include "rv64/vcpu.h"

static u64 set[RV64_MAX_BREAKPOINTS];
static u32 used;

/* The first that is not below address. */
static u32 index_of(u64 address)
{
	u32 low = 0, high = used;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (set[middle] < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool rv64_breakpoint_within(u64 address, u64 bytes)
{
	u32 i;

	if (likely(!used))
		return false;
	i = index_of(address);
	return i < used && set[i] - address < bytes;
}

int rv64_breakpoint_set(u64 address)
{
	u32 i = index_of(address);

	if (i < used && set[i] == address)
		return 0;
	if (used == RV64_MAX_BREAKPOINTS)
		return -ENOSPC;
	memmove(&set[i + 1], &set[i], (used - i) * sizeof(*set));
	set[i] = address;
	used++;
	return 0;
}

bool rv64_breakpoint_clear(u64 address)
{
	u32 i = index_of(address);

	if (i == used || set[i] != address)
		return false;
	used--;
	memmove(&set[i], &set[i + 1], (used - i) * sizeof(*set));
	return true;
}

u64 rv64_breakpoint_any(void)
{
	return used ? set[0] : 0;
}
