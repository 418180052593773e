/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Load-reserved and store-conditional, without ABA.
 *
 * If nothing accessed memory between LR and SC, a compare-and-exchange with the value
 * that LR read is exact: the LR might as well have executed right before it. That is
 * what compilers and libraries emit. For other sequences the values do not suffice:
 *
 *	this hart			another hart
 *	LR a (reads X)
 *					store a, Y
 *	LD [X]
 *					store a, X
 *	SC a (must fail, though a is X)
 *
 * The first such SC fails, as any SC may, and asks for strict mode: from then on every
 * store and atomic of every hart takes the entry of a table that its address hashes
 * to, counts it up and only then stores, and SC holds the entry while it compares the
 * count with that at the LR. Entries are even when free; see rv64_version_lock().
 *
 * Strict mode is never left. Whoever runs several harts sets rv64_strict_hook to stop
 * them all, switch, and go on: a store that began before the switch must end before it.
 */
#ifndef SUNDIAL_RV64_RESERVE_H
#define SUNDIAL_RV64_RESERVE_H

#include "rv64/cpu.h"

#define RV64_VERSIONS 4096

extern u8 rv64_strict;
extern u32 rv64_versions[RV64_VERSIONS];

/* Called once or more on the thread whose SC needs strict mode, inside an instruction;
 * must arrange for rv64_strict to be set soon. By default sets it at once, which is
 * right for a single hart. */
extern void (*rv64_strict_hook)(struct rv64_cpu *cpu);

/* The entry of an address: one for each 64 bytes, give or take collisions. */
static inline u32 *rv64_version_of(u64 address)
{
	return &rv64_versions[(address >> 6 ^ address >> 18) % RV64_VERSIONS];
}

/* Waits a little; the holder may have lost its processor. */
void rv64_version_wait(u32 tries);

/*
 * Takes the entry (its lowest bit) and remembers it in cpu, for a fault in the store to
 * release. Spins: an entry is held for one store.
 */
static inline void rv64_version_lock(struct rv64_cpu *cpu, u64 address)
{
	u32 *entry = rv64_version_of(address);

	for (u32 tries = 0; __atomic_fetch_or(entry, 1, __ATOMIC_ACQUIRE) & 1; tries++)
		rv64_version_wait(tries);
	WRITE_ONCE(cpu->held_version, entry);
	barrier();
}

/* Lets the entry go, counted up. */
static inline void rv64_version_unlock(struct rv64_cpu *cpu)
{
	u32 *entry = cpu->held_version;

	barrier();
	WRITE_ONCE(cpu->held_version, NULL);
	__atomic_fetch_add(entry, 1, __ATOMIC_RELEASE);
}

/*
 * Lets the entry go as it was: nothing was stored. An SC that fails must not count, or
 * harts whose SCs meet make each other fail for ever.
 */
static inline void rv64_version_abandon(struct rv64_cpu *cpu)
{
	u32 *entry = cpu->held_version;

	barrier();
	WRITE_ONCE(cpu->held_version, NULL);
	__atomic_fetch_sub(entry, 1, __ATOMIC_RELEASE);
}

/* For the fault handler: the store that held an entry does not happen. */
void rv64_reserve_fault(struct rv64_cpu *cpu);

/* LR and SC of bytes (4 or 8) at an aligned address. LR returns the value, not extended;
 * SC whether it stored. Either may fault. */
u64 rv64_load_reserved(struct rv64_cpu *cpu, u64 address, u8 bytes);
bool rv64_store_conditional(struct rv64_cpu *cpu, u64 address, u8 bytes, u64 value);

#endif
