// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The calls of futexes without an owner: waiting, waking, requeueing, in the
 * first interface, futex(2), and in the second, futex_wait(2) and its kin.
 * Between the look at the word and the sleep nobody else runs, so the word
 * needs no lock.
 */
#include <errno.h>
#include "base/hostcall.h"
#include "simkernel/arena.h"
#include "simkernel/clocks.h"
#include "simkernel/futex.h"
#include "simkernel/syscall.h"

#ifndef SYS_futex_wait
#define SYS_futex_wait 455
#endif

/* The word still holds val: queue and sleep until woken. */
static long wait_common(struct thread *th, u64 addr, bool shared, u32 val, u32 bitset,
			const struct futex_timeout *to, u64 deadline_ns)
{
	struct futex_wait *fw;
	struct futex_key key;
	u32 word;
	long ret;

	if (!bitset)
		return -EINVAL;
	ret = futex_key(th, addr, shared, &key);
	if (ret)
		return ret;
	if (get_user(word, addr))
		return -EFAULT;
	if (word != val)
		return -EAGAIN;
	fw = futex_wait_of(th->task);
	if (!fw || !futex_bucket(th->host, &key))
		return -ENOMEM;
	fw->one.bitset = bitset;
	futex_enqueue(th->host, &fw->one, th->task, &key, addr);
	do {
		ret = futex_sleep(th, to, deadline_ns);
	} while (!ret && list_linked(&fw->one.link));
	if (!list_linked(&fw->one.link))
		return 0;
	list_del(&fw->one.link);
	return ret;
}

/* With a time-out an interrupted wait continues towards the same moment. */
static long wait_restart(struct thread *th, long ret, u64 nr, const u64 *a,
			 const struct futex_timeout *to, u64 deadline_ns)
{
	if (ret != -EINTR)
		return ret;
	return to->set ? restart_later(th, nr, a, deadline_ns) : -ERESTARTSYS;
}

static long op_wait(struct thread *th, const u64 *a, bool shared, u32 bitset,
		    const struct futex_timeout *to)
{
	u64 deadline_ns = TIME_NEVER;
	long ret;

	if (to->set && !to->absolute)
		deadline_ns = restart_deadline(th, deadline_after(th->host, to->ns));
	ret = wait_common(th, a[0], shared, a[2], bitset, to, deadline_ns);
	return wait_restart(th, ret, SYS_futex, a, to, deadline_ns);
}

static long op_wake(struct thread *th, u64 addr, bool shared, u32 n, u32 bitset)
{
	struct futex_key key;
	long ret;

	if (!bitset)
		return -EINVAL;
	ret = futex_key(th, addr, shared, &key);
	return ret ? ret : futex_wake_key(th->host, &key, n, bitset);
}

/* Wakes nr_wake waiters of one word and moves nr_requeue more to another. */
static long requeue(struct thread *th, u64 addr, bool shared, u64 addr2, bool shared2, s32 nr_wake,
		    s32 nr_requeue, const u32 *expect)
{
	struct futex_waiter *w, *next;
	struct futex_key key, key2;
	struct list *from, *to;
	long ret, count = 0;
	u32 word;

	if (nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	ret = futex_key(th, addr, shared, &key);
	if (!ret)
		ret = futex_key(th, addr2, shared2, &key2);
	if (ret)
		return ret;
	if (expect) {
		if (get_user(word, addr))
			return -EFAULT;
		if (word != *expect)
			return -EAGAIN;
	}
	from = futex_bucket(th->host, &key);
	to = futex_bucket(th->host, &key2);
	if (!from || !to)
		return -ENOMEM;
	list_for_each_safe (w, next, from, link) {
		if (count - nr_wake >= nr_requeue)
			break;
		if (!futex_key_equal(&w->key, &key))
			continue;
		if (w->pi || w->to_requeue)
			return -EINVAL;
		if (++count <= nr_wake) {
			futex_wake_waiter(w);
			continue;
		}
		if (futex_key_equal(&key, &key2))
			continue;
		list_del(&w->link);
		w->key = key2;
		list_add_tail(&w->link, to);
	}
	return count;
}

static s32 sign_extend12(u32 v)
{
	return (s32)(v << 20) >> 20;
}

/* Changes the second word as encoded says; 1 or 0: what the comparison with the old value gives. */
static long change_word(u64 addr, u32 encoded)
{
	u32 op = (encoded >> 28) & 7, cmp = (encoded >> 24) & 15;
	s32 oparg = sign_extend12(encoded >> 12), cmparg = sign_extend12(encoded);
	u32 word;
	s32 old;

	if (encoded & (FUTEX_OP_OPARG_SHIFT << 28))
		oparg = 1U << (oparg & 31);
	if (op > FUTEX_OP_XOR)
		return -ENOSYS;
	if (get_user(word, addr))
		return -EFAULT;
	old = word;
	switch (op) {
	case FUTEX_OP_SET:
		word = oparg;
		break;
	case FUTEX_OP_ADD:
		word += oparg;
		break;
	case FUTEX_OP_OR:
		word |= oparg;
		break;
	case FUTEX_OP_ANDN:
		word &= ~oparg;
		break;
	case FUTEX_OP_XOR:
		word ^= oparg;
		break;
	}
	if (put_user(word, addr))
		return -EFAULT;
	switch (cmp) {
	case FUTEX_OP_CMP_EQ:
		return old == cmparg;
	case FUTEX_OP_CMP_NE:
		return old != cmparg;
	case FUTEX_OP_CMP_LT:
		return old < cmparg;
	case FUTEX_OP_CMP_LE:
		return old <= cmparg;
	case FUTEX_OP_CMP_GT:
		return old > cmparg;
	case FUTEX_OP_CMP_GE:
		return old >= cmparg;
	}
	return -ENOSYS;
}

static long wake_op(struct thread *th, u64 addr, bool shared, u32 n, u64 addr2, u32 n2, u32 encoded)
{
	struct futex_key key, key2;
	long ret, woken, holds;

	ret = futex_key(th, addr, shared, &key);
	if (!ret)
		ret = futex_key(th, addr2, shared, &key2);
	if (ret)
		return ret;
	holds = change_word(addr2, encoded);
	if (holds < 0)
		return holds;
	woken = futex_wake_key(th->host, &key, n, FUTEX_ANY);
	if (woken < 0 || !holds)
		return woken;
	ret = futex_wake_key(th->host, &key2, n2, FUTEX_ANY);
	return ret < 0 ? ret : woken + ret;
}

static bool op_has_timeout(u32 cmd)
{
	return cmd == FUTEX_WAIT || cmd == FUTEX_LOCK_PI || cmd == FUTEX_LOCK_PI2 ||
	       cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_WAIT_REQUEUE_PI;
}

static bool op_may_use_realtime(u32 cmd)
{
	return cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_WAIT_REQUEUE_PI || cmd == FUTEX_LOCK_PI2;
}

static long read_timeout(u64 addr, struct futex_timeout *to)
{
	to->set = addr;
	return addr ? timespec_from_user(addr, &to->ns) : 0;
}

SYSCALL_DEFINE(futex)
{
	u32 op = a[1], cmd = op & FUTEX_CMD_MASK, val = a[2], val3 = a[5];
	bool shared = !(op & FUTEX_PRIVATE_FLAG);
	struct futex_timeout to = {0};
	long ret;

	if ((op & FUTEX_CLOCK_REALTIME) && !op_may_use_realtime(cmd))
		return -ENOSYS;
	if (op_has_timeout(cmd)) {
		ret = read_timeout(a[3], &to);
		if (ret)
			return ret;
		to.absolute = cmd != FUTEX_WAIT;
		to.realtime = (op & FUTEX_CLOCK_REALTIME) || cmd == FUTEX_LOCK_PI;
	}
	switch (cmd) {
	case FUTEX_WAIT:
		return op_wait(th, a, shared, FUTEX_ANY, &to);
	case FUTEX_WAIT_BITSET:
		return op_wait(th, a, shared, val3, &to);
	case FUTEX_WAKE:
		return op_wake(th, a[0], shared, val, FUTEX_ANY);
	case FUTEX_WAKE_BITSET:
		return op_wake(th, a[0], shared, val, val3);
	case FUTEX_REQUEUE:
		return requeue(th, a[0], shared, a[4], shared, val, a[3], NULL);
	case FUTEX_CMP_REQUEUE:
		return requeue(th, a[0], shared, a[4], shared, val, a[3], &val3);
	case FUTEX_WAKE_OP:
		return wake_op(th, a[0], shared, val, a[4], a[3], val3);
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return futex_lock_pi(th, a[0], shared, &to, false);
	case FUTEX_TRYLOCK_PI:
		return futex_lock_pi(th, a[0], shared, &to, true);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(th, a[0], shared);
	case FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(th, a[0], shared, val, FUTEX_ANY, &to, a[4]);
	case FUTEX_CMP_REQUEUE_PI:
		return futex_cmp_requeue_pi(th, a[0], shared, val, a[3], a[4], val3);
	}
	return -ENOSYS;
}

/* The second interface. */

#define FUTEX2_SIZE_U32_ 2
#define FUTEX2_PRIVATE_	 128

struct futex2_entry { /* struct futex_waitv */
	u64 val, addr;
	u32 flags, reserved;
};

static bool flags_are_good(u32 flags)
{
	return (flags & ~FUTEX2_PRIVATE_) == FUTEX2_SIZE_U32_;
}

static long absolute_timeout(u64 addr, s32 clock, struct futex_timeout *to)
{
	if (addr && clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
		return -EINVAL;
	to->absolute = true;
	to->realtime = clock == CLOCK_REALTIME;
	return read_timeout(addr, to);
}

SYSCALL_DEFINE(futex_wait)
{
	struct futex_timeout to = {0};
	u32 flags = a[3];
	long ret;

	if (!flags_are_good(flags) || a[1] != (u32)a[1] || a[2] != (u32)a[2])
		return -EINVAL;
	ret = absolute_timeout(a[4], a[5], &to);
	if (ret)
		return ret;
	ret = wait_common(th, a[0], !(flags & FUTEX2_PRIVATE_), a[1], a[2], &to, TIME_NEVER);
	return wait_restart(th, ret, SYS_futex_wait, a, &to, TIME_NEVER);
}

SYSCALL_DEFINE(futex_wake)
{
	u32 flags = a[3];

	if (!flags_are_good(flags) || a[1] != (u32)a[1])
		return -EINVAL;
	if (!(u32)a[2])
		return 0;
	return op_wake(th, a[0], !(flags & FUTEX2_PRIVATE_), a[2], a[1]);
}

static long entry_from_user(u64 addr, struct futex2_entry *e)
{
	if (get_user(*e, addr))
		return -EFAULT;
	return flags_are_good(e->flags) && !e->reserved ? 0 : -EINVAL;
}

SYSCALL_DEFINE(futex_requeue)
{
	struct futex2_entry e[2];
	u32 expect;
	long ret;

	if ((u32)a[1] || !a[0])
		return -EINVAL;
	ret = entry_from_user(a[0], &e[0]);
	if (!ret)
		ret = entry_from_user(a[0] + sizeof(e[0]), &e[1]);
	if (ret)
		return ret;
	expect = e[0].val;
	return requeue(th, e[0].addr, !(e[0].flags & FUTEX2_PRIVATE_), e[1].addr,
		       !(e[1].flags & FUTEX2_PRIVATE_), a[2], a[3], &expect);
}

/* Queues on every word; -EAGAIN when one has changed. */
static long waitv_enqueue(struct thread *th, struct futex_wait *fw, u64 list, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		struct futex2_entry e;
		struct futex_key key;
		long ret;
		u32 word;

		ret = entry_from_user(list + i * sizeof(e), &e);
		if (!ret)
			ret = futex_key(th, e.addr, !(e.flags & FUTEX2_PRIVATE_), &key);
		if (!ret)
			ret = get_user(word, e.addr);
		if (ret)
			return ret;
		if (word != (u32)e.val)
			return -EAGAIN;
		if (!futex_bucket(th->host, &key))
			return -ENOMEM;
		fw->many[i].bitset = FUTEX_ANY;
		futex_enqueue(th->host, &fw->many[i], th->task, &key, e.addr);
		fw->nmany = i + 1;
	}
	return 0;
}

/* Index of a waiter that was woken, or -1; with leave, takes the rest off their queues. */
static long waitv_result(struct futex_wait *fw, bool leave)
{
	long woken = -1;
	u32 i;

	for (i = 0; i < fw->nmany; i++) {
		if (!list_linked(&fw->many[i].link))
			woken = i;
		else if (leave)
			list_del(&fw->many[i].link);
	}
	return woken;
}

SYSCALL_DEFINE(futex_waitv)
{
	struct host *h = th->host;
	struct futex_timeout to = {0};
	struct futex_wait *fw;
	u32 n = a[1];
	long ret, woken;

	if ((u32)a[2] || !n || n > FUTEX_WAITV_LIMIT || !a[0])
		return -EINVAL;
	ret = absolute_timeout(a[3], a[4], &to);
	if (ret)
		return ret;
	fw = futex_wait_of(th->task);
	if (fw)
		fw->many = arena_alloc(h, n * sizeof(*fw->many));
	if (!fw || !fw->many)
		return -ENOMEM;
	ret = waitv_enqueue(th, fw, a[0], n);
	while (!ret && waitv_result(fw, false) < 0)
		ret = futex_sleep(th, &to, TIME_NEVER);
	woken = waitv_result(fw, true);
	fw->nmany = 0;
	arena_free(h, fw->many);
	fw->many = NULL;
	if (woken >= 0 && (!ret || ret == -EINTR || ret == -ETIMEDOUT))
		return woken;
	return ret == -EINTR ? -ERESTARTSYS : ret;
}
