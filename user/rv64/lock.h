/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lock that knows its holder. A child of vfork shares its parent's memory, and may be
 * killed while it holds a lock of the engine's: whoever buries it can see that.
 *
 * The word is 0, or the holder's thread id and RV64_LOCK_WAITED if somebody may sleep.
 * Taken and given back in one store each, so it never names the wrong thread.
 */
#ifndef SUNDIAL_RV64_LOCK_H
#define SUNDIAL_RV64_LOCK_H

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/types.h"

#define RV64_LOCK_WAITED 0x80000000U

struct rv64_lock {
	u32 word;
};

/* tid is the caller's own. Blocks; not to be taken twice. */
static inline void rv64_lock_take(struct rv64_lock *lock, u32 tid)
{
	u32 old = 0;

	if (__atomic_compare_exchange_n(&lock->word, &old, tid, false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		return;
	for (;;) {
		if (!old) {
			/* Others may sleep beside this thread. */
			if (__atomic_compare_exchange_n(&lock->word, &old, tid | RV64_LOCK_WAITED,
							false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
				return;
			continue;
		}
		if (!(old & RV64_LOCK_WAITED) &&
		    !__atomic_compare_exchange_n(&lock->word, &old, old | RV64_LOCK_WAITED, false,
						 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			continue;
		syscall(SYS_futex, &lock->word, FUTEX_WAIT_PRIVATE, old | RV64_LOCK_WAITED, NULL,
			NULL, 0);
		old = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);
	}
}

/* False: somebody holds it. */
static inline bool rv64_lock_try(struct rv64_lock *lock, u32 tid)
{
	u32 old = 0;

	return __atomic_compare_exchange_n(&lock->word, &old, tid, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static inline void rv64_lock_give(struct rv64_lock *lock)
{
	if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) & RV64_LOCK_WAITED)
		syscall(SYS_futex, &lock->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Whether tid holds it: for who knows that this thread has ended. */
static inline bool rv64_lock_held_by(const struct rv64_lock *lock, u32 tid)
{
	return (__atomic_load_n(&lock->word, __ATOMIC_ACQUIRE) & ~RV64_LOCK_WAITED) == tid;
}

#endif
