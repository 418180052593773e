// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The queues of futexes: keys, and waiters hashed by key, first come first
 * served. A wake-up with nobody waiting costs one look at a bucket.
 *
 * A waiter lies in task->futex, not in the call's scratch memory, because a task
 * that dies while it sleeps is taken off its queues after its call's memory has
 * gone. Belongs to the holder of the run token.
 */
#include <errno.h>
#include "simkernel/arena.h"
#include "simkernel/clocks.h"
#include "simkernel/futex.h"
#include "simkernel/mm.h"
#include "simkernel/poll.h"
#include "simkernel/process.h"
#include "simkernel/uaccess.h"

#define USER_END      0x7ffffffff000UL
#define KEY_PRIVATE   (~0UL)
#define KEY_MM_SHARED (~0UL - 1) /* asked as shared, but the mapping is not */

long futex_key(struct thread *th, u64 addr, bool shared, struct futex_key *key)
{
	struct mm *mm = th->task->process->mm;
	u64 parts[3];
	u32 word;

	if (addr % sizeof(u32))
		return -EINVAL;
	if (addr >= USER_END)
		return -EFAULT;
	if (!shared) {
		*key = (struct futex_key){mm->id, KEY_PRIVATE, addr};
		return 0;
	}
	if (get_user(word, addr))
		return -EFAULT;
	if (mm_shared_key(mm, addr, parts))
		*key = (struct futex_key){parts[0], parts[1], parts[2]};
	else
		*key = (struct futex_key){mm->id, KEY_MM_SHARED, addr};
	return 0;
}

struct list *futex_bucket(struct host *h, const struct futex_key *key)
{
	struct futex_table *table = h->futexes;
	u64 hash =
		(key->a * 0x9e3779b97f4a7c15UL) ^ (key->b * 0xc2b2ae3d27d4eb4fUL) ^ (key->c >> 2);
	u32 i;

	if (unlikely(!table)) {
		table = arena_alloc(h, sizeof(*table));
		if (!table)
			return NULL;
		for (i = 0; i < FUTEX_BUCKETS; i++)
			list_init(&table->bucket[i]);
		h->futexes = table;
	}
	hash *= 0x9e3779b97f4a7c15UL;
	return &table->bucket[hash >> 54];
}

struct futex_wait *futex_wait_of(struct task *t)
{
	struct futex_wait *fw = t->futex;

	if (unlikely(!fw)) {
		fw = arena_alloc(t->host, sizeof(*fw));
		if (!fw)
			return NULL;
		list_init(&fw->one.link);
		t->futex = fw;
	}
	return fw;
}

void futex_enqueue(struct host *h, struct futex_waiter *w, struct task *t,
		   const struct futex_key *key, u64 addr)
{
	w->key = *key;
	w->task = t;
	w->addr = addr;
	w->pi = NULL;
	w->to_requeue = w->acquired = w->owner_died = false;
	/* The table exists: its bucket was looked up by whoever checked the word. */
	list_add_tail(&w->link, futex_bucket(h, key));
}

void futex_wake_waiter(struct futex_waiter *w)
{
	list_del(&w->link);
	task_wake(w->task);
}

long futex_wake_key(struct host *h, const struct futex_key *key, u32 n, u32 bitset)
{
	struct list *bucket = futex_bucket(h, key);
	struct futex_waiter *w, *next;
	long woken = 0;

	if (!bucket)
		return 0;
	list_for_each_safe (w, next, bucket, link) {
		if (!futex_key_equal(&w->key, key))
			continue;
		if (w->pi || w->to_requeue)
			return -EINVAL;
		if (!(w->bitset & bitset))
			continue;
		futex_wake_waiter(w);
		if (++woken >= (long)n)
			break;
	}
	return woken;
}

void futex_wake_address(struct thread *th, u64 addr, u32 n)
{
	struct futex_key key;

	if (!futex_key(th, addr, true, &key))
		futex_wake_key(th->host, &key, n, FUTEX_ANY);
}

long futex_sleep(struct thread *th, const struct futex_timeout *to, u64 relative_deadline_ns)
{
	if (!to->set)
		return task_sleep(th, TIME_NEVER);
	if (!to->absolute)
		return task_sleep(th, relative_deadline_ns);
	if (!to->realtime)
		return task_sleep(th, clock_deadline(th->host, CLOCK_MONOTONIC, to->ns));
	return task_sleep_realtime(th, to->ns);
}

static void waiter_gone(struct futex_waiter *w)
{
	if (w->pi)
		futex_pi_leave(w);
	if (list_linked(&w->link))
		list_del(&w->link);
}

void futex_task_gone(struct task *t)
{
	struct futex_wait *fw = t->futex;
	u32 i;

	futex_pi_release_all(t);
	if (!fw)
		return;
	waiter_gone(&fw->one);
	for (i = 0; i < fw->nmany; i++)
		waiter_gone(&fw->many[i]);
	arena_free(t->host, fw->many);
	arena_free(t->host, fw);
	t->futex = NULL;
}
