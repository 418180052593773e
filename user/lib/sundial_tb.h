/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The readers' and vCPUs' half of TB sets, inline: what runs beside translated
 * code, between the calls. <linux/sundial.h> says why each step is as it is.
 *
 * For everything that holds a pointer to a set's memory. Needs no libc, calls
 * nothing, uses no floating point; owns nothing. Nothing here fails or blocks.
 *
 * Locking: the functions on a slot may be called by any thread, in signal handlers
 * too; those on a vCPU only by the thread that is it, and not by a handler that
 * interrupted another of them.
 */
#ifndef SUNDIAL_TB_H
#define SUNDIAL_TB_H

#include "sundial_page.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The generation of slot, which must be below page->slots. What is loaded later is not older. */
SUNDIAL_INLINE __u64 sundial_tb_generation(const struct sundial_tb_page *page, __u32 slot)
{
	const __u64 *generations = (const __u64 *)((const char *)page + page->generations);

	return __atomic_load_n(&generations[slot], __ATOMIC_ACQUIRE);
}

/*
 * To translate: begin, read the memory, and if retry says so throw away what came
 * out and start again. An odd generation means that page tables change now; retry
 * refuses it, so a translator in a hurry may go on and one with patience may wait.
 */
SUNDIAL_INLINE __u64 sundial_tb_begin(const struct sundial_tb_page *page, __u32 slot)
{
	return sundial_tb_generation(page, slot);
}

SUNDIAL_INLINE int sundial_tb_retry(const struct sundial_tb_page *page, __u32 slot,
				    __u64 generation)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return generation & 1 || sundial_tb_generation(page, slot) != generation;
}

/* Whether what was made under generation may be used now; never under an odd one. */
SUNDIAL_INLINE int sundial_tb_valid(const struct sundial_tb_page *page, __u32 slot,
				    __u64 generation)
{
	return !(generation & 1) && sundial_tb_generation(page, slot) == generation;
}

/*
 * The calling vCPU is RUNNING from here on. It must look at the generations (or
 * the queue) of whatever it enters after this.
 */
SUNDIAL_INLINE void sundial_vcpu_run(struct sundial_tb_vcpu *vcpu)
{
	__u64 state = __atomic_load_n(&vcpu->state, __ATOMIC_RELAXED);

	__atomic_store_n(&vcpu->exit, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&vcpu->state, (state | SUNDIAL_TB_RUNNING), __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/*
 * It is QUIESCENT. Returns whether a SYNC sleeps that must be told, by
 * SUNDIAL_TB_QUIESCENT.
 */
SUNDIAL_INLINE int sundial_vcpu_pause(struct sundial_tb_vcpu *vcpu,
				      const struct sundial_tb_page *page)
{
	__u64 state = __atomic_load_n(&vcpu->state, __ATOMIC_RELAXED);

	__atomic_store_n(&vcpu->state, state + (state & SUNDIAL_TB_RUNNING), __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&page->sleepers, __ATOMIC_RELAXED) != 0;
}

/* Whether a SYNC asks the vCPU to pause: what translated code looks at on its back edges. */
SUNDIAL_INLINE int sundial_vcpu_must_pause(const struct sundial_tb_vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->exit, __ATOMIC_RELAXED) != 0;
}

#ifdef __cplusplus
}
#endif

#endif /* SUNDIAL_TB_H */
