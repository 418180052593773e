// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Forgetting translations: of code that changed, may have changed, or that a debugger
 * stops in. All under the translation lock; TBs go while the world is stopped.
 */
#include <string.h>
#include "rv64/vcpu.h"

u64 rv64_code_generation;
bool rv64_nothing_constant;

static bool overlaps(const struct tb *tb, u64 address, u64 bytes)
{
	return tb->pc < address + bytes && address < tb->pc + tb->bytes;
}

/*
 * Under the lock: a TB with code in [address, end), or NULL. *page is where to begin, and
 * is moved on over pages that have none. Memory without code is most of what is mapped
 * and unmapped: it is passed over in long steps.
 */
static struct tb *find_in_range(u64 address, u64 end, u64 *page)
{
	struct tb *tb;

	while (*page < end) {
		if (!rv64_tb_in_region(*page)) {
			*page = ALIGN_DOWN(*page, TB_REGION_BYTES) + TB_REGION_BYTES;
			continue;
		}
		for (tb = rv64_tb_first_in_page(*page); tb; tb = rv64_tb_next_in_page(tb, *page)) {
			if (overlaps(tb, address, end - address))
				return tb;
		}
		*page += PAGE_BYTES;
	}
	return NULL;
}

void rv64_code_changed(u64 address, u64 bytes)
{
	u64 page = ALIGN_DOWN(address, PAGE_BYTES), end = min(address + bytes, RV64_SPACE_END);
	struct tb *tb;

	rv64_lock();
	__atomic_fetch_add(&rv64_code_generation, 1, __ATOMIC_RELEASE);
	tb = find_in_range(address, end, &page);
	if (tb) {
		rv64_stop_world(rv64_this_vcpu);
		for (; tb; tb = find_in_range(address, end, &page))
			rv64_tb_invalidate(tb);
		rv64_clear_jump_caches();
		rv64_resume_world();
	}
	rv64_unlock();
}

/* Under the lock, the world being stopped. */
static void forget_range(u64 address, u64 end)
{
	u64 page = ALIGN_DOWN(address, PAGE_BYTES);
	struct tb *tb;

	while ((tb = find_in_range(address, end, &page)))
		rv64_tb_invalidate(tb);
	rv64_clear_jump_caches();
}

int rv64_breakpoint_add(u64 address)
{
	int err;

	rv64_lock();
	rv64_stop_world(rv64_this_vcpu);
	err = rv64_breakpoint_set(address);
	forget_range(address, address + 1);
	rv64_resume_world();
	rv64_unlock();
	return err;
}

void rv64_breakpoint_remove(u64 address)
{
	rv64_lock();
	rv64_stop_world(rv64_this_vcpu);
	if (rv64_breakpoint_clear(address))
		forget_range(address, address + 1);
	rv64_resume_world();
	rv64_unlock();
}

void rv64_breakpoint_remove_all(void)
{
	u64 address;

	while ((address = rv64_breakpoint_any()))
		rv64_breakpoint_remove(address);
}

/* The TB that is compared with its guest bytes; a fault leaves it there. */
static struct tb *checked;

static void find_changed_guarded(struct rv64_cpu *cpu)
{
	for (; checked; WRITE_ONCE(checked, checked->next_valid)) {
		if (memcmp(checked->code, (const void *)checked->pc, checked->bytes))
			return;
	}
}

/* The first TB from `checked` on that is not what is in memory, or cannot be read. */
static struct tb *find_changed(struct rv64_vcpu *v)
{
	u64 address = v->cpu->fault_address;
	struct tb *tb;

	rv64_guarded(v, rv64_code.thunks.call, find_changed_guarded);
	v->cpu->fault_address = address;
	tb = READ_ONCE(checked);
	if (tb)
		checked = tb->next_valid;
	return tb;
}

void rv64_code_check(void)
{
	struct rv64_vcpu *v = rv64_this_vcpu;
	struct tb *tb;

	rv64_lock();
	__atomic_fetch_add(&rv64_code_generation, 1, __ATOMIC_RELEASE);
	checked = rv64_tb_first(false);
	tb = find_changed(v);
	if (tb) {
		rv64_stop_world(v);
		for (; tb; tb = find_changed(v))
			rv64_tb_invalidate(tb);
		rv64_clear_jump_caches();
		rv64_resume_world();
	}
	rv64_unlock();
}

/* The first TB of constant code in [address, end) from *page on, or NULL. */
static struct tb *find_constant(u64 address, u64 end, u64 *page)
{
	struct tb *tb = find_in_range(address, end, page);

	while (tb && !(tb->constant && overlaps(tb, address, end - address)))
		tb = rv64_tb_next_in_page(tb, *page);
	return tb;
}

void rv64_code_flush(u64 address, u64 end)
{
	struct rv64_vcpu *v = rv64_this_vcpu;
	u64 page = ALIGN_DOWN(address, PAGE_BYTES);
	struct tb *tb;

	rv64_code_check();
	rv64_lock();
	for (; page < end; page += PAGE_BYTES) {
		tb = find_constant(address, end, &page);
		if (!tb)
			continue;
		rv64_stop_world(v);
		for (; tb; tb = find_constant(address, end, &page))
			rv64_tb_invalidate(tb);
		rv64_clear_jump_caches();
		rv64_resume_world();
	}
	rv64_unlock();
}

void rv64_code_distrust(void)
{
	struct tb *tb;

	rv64_lock();
	WRITE_ONCE(rv64_nothing_constant, true);
	__atomic_fetch_add(&rv64_code_generation, 1, __ATOMIC_RELEASE);
	rv64_stop_world(rv64_this_vcpu);
	while ((tb = rv64_tb_first(true)))
		rv64_tb_invalidate(tb);
	rv64_clear_jump_caches();
	rv64_resume_world();
	rv64_unlock();
}
