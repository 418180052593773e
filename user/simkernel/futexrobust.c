// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The death of a thread that holds futexes: the robust list that its C library
 * keeps in its memory is walked, each lock on it marked FUTEX_OWNER_DIED and one
 * waiter woken. The host's kernel cannot do it, because it knows neither the
 * simulated thread ids nor those who wait.
 */
#include <errno.h>
#include "simkernel/futex.h"
#include "simkernel/ids.h"
#include "simkernel/syscall.h"

#define ROBUST_LIMIT 2048

struct robust_head { /* struct robust_list_head, in guest memory */
	u64 first, offset, pending;
};

SYSCALL_DEFINE(set_robust_list)
{
	if (a[1] != sizeof(struct robust_head))
		return -EINVAL;
	th->task->robust_list = a[0];
	return 0;
}

SYSCALL_DEFINE(get_robust_list)
{
	struct task *t = (s32)a[0] ? task_find(th->host, a[0]) : th->task;
	u64 len = sizeof(struct robust_head);

	if (!t)
		return -ESRCH;
	if (t->process != th->task->process && signal_permission(th->task->process, t->process, 0))
		return -EPERM;
	if (put_user(len, a[2]))
		return -EFAULT;
	return put_user(t->robust_list, a[1]);
}

/*
 * One lock. pending: the thread died between taking it (or giving it back) and
 * changing the list; a word of 0 then means that the wake-up of an unlock may
 * be what it did not get to.
 */
static long lock_died(struct thread *th, struct task *t, u64 addr, bool pi, bool pending)
{
	u32 word, new;

	if (addr % sizeof(u32) || get_user(word, addr))
		return -EFAULT;
	if (pending && !pi && !word) {
		futex_wake_address(th, addr, 1);
		return 0;
	}
	if ((s32)(word & FUTEX_TID_MASK) != t->tid)
		return 0;
	new = (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
	if (put_user(new, addr))
		return -EFAULT;
	if (!pi && word & FUTEX_WAITERS)
		futex_wake_address(th, addr, 1);
	return 0;
}

static void walk(struct thread *th, struct task *t, u64 head_addr)
{
	struct robust_head head;
	u32 limit = ROBUST_LIMIT;
	u64 entry, next;

	if (get_user(head, head_addr))
		return;
	for (entry = head.first; (entry & ~1UL) != head_addr && limit; entry = next, limit--) {
		long unread = get_user(next, entry & ~1UL);

		/* The low bit tells a PI lock. */
		if ((entry & ~1UL) != (head.pending & ~1UL) &&
		    lock_died(th, t, (entry & ~1UL) + head.offset, entry & 1, false))
			return;
		if (unread)
			return;
	}
	if (head.pending)
		lock_died(th, t, (head.pending & ~1UL) + head.offset, head.pending & 1, true);
}

void futex_exit_task(struct thread *th, struct task *t)
{
	if (t->robust_list) {
		u64 head = t->robust_list;

		t->robust_list = 0;
		walk(th, t, head);
	}
	futex_pi_release_all(t);
}
