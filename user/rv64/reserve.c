// SPDX-License-Identifier: GPL-2.0-or-later
/* Load-reserved and store-conditional; see the header for the protocol. */
#include <sched.h>
#include "rv64/mem.h"
#include "rv64/reserve.h"

u8 rv64_strict;
u32 rv64_versions[RV64_VERSIONS];

static void switch_at_once(struct rv64_cpu *cpu)
{
	__atomic_store_n(&rv64_strict, 1, __ATOMIC_SEQ_CST);
}

void (*rv64_strict_hook)(struct rv64_cpu *cpu) = switch_at_once;

#define SPINS 64

void rv64_version_wait(u32 tries)
{
	if (tries < SPINS)
		__builtin_ia32_pause();
	else
		sched_yield();
}

void rv64_reserve_fault(struct rv64_cpu *cpu)
{
	if (cpu->held_version)
		rv64_version_abandon(cpu);
}

u64 rv64_load_reserved(struct rv64_cpu *cpu, u64 address, u8 bytes)
{
	/* If strict mode begins meanwhile, there is no version to compare with. */
	u8 strict = READ_ONCE(rv64_strict);
	u32 version = 0;
	u64 value;

	cpu->reserved_address = RV64_NO_RESERVATION;
	if (strict) {
		/* A store under way counts as one that is still to come. */
		version = __atomic_load_n(rv64_version_of(address), __ATOMIC_ACQUIRE) & ~1U;
		barrier();
	}
	value = bytes == 8 ? rv64_load64(address) : rv64_load32(address);
	cpu->reserved_address = address;
	cpu->reserved_value = value;
	cpu->reserved_bytes = bytes;
	cpu->reserved_version = version;
	cpu->reserved_strict = strict;
	cpu->reserved_touched = 0;
	return value;
}

static bool exchange(u64 address, u8 bytes, u64 expected, u64 value)
{
	u32 expected32 = expected;

	if (bytes == 8)
		return __atomic_compare_exchange_n((u64 *)address, &expected, value, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return __atomic_compare_exchange_n((u32 *)address, &expected32, (u32)value, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

bool rv64_store_conditional(struct rv64_cpu *cpu, u64 address, u8 bytes, u64 value)
{
	bool stored;

	if (cpu->reserved_address != address || cpu->reserved_bytes != bytes) {
		cpu->reserved_address = RV64_NO_RESERVATION;
		cpu->missed_address = address;
		return false;
	}
	cpu->reserved_address = RV64_NO_RESERVATION;
	if (!rv64_strict) {
		if (!cpu->reserved_touched)
			return exchange(address, bytes, cpu->reserved_value, value);
		rv64_strict_hook(cpu);
		return false;
	}
	rv64_version_lock(cpu, address);
	if (!cpu->reserved_touched)
		stored = true;
	else
		stored = cpu->reserved_strict &&
			 (*rv64_version_of(address) & ~1U) == cpu->reserved_version;
	stored = stored && exchange(address, bytes, cpu->reserved_value, value);
	if (stored)
		rv64_version_unlock(cpu);
	else
		rv64_version_abandon(cpu);
	return stored;
}
