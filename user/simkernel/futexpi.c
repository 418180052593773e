// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Futexes with an owner: FUTEX_LOCK_PI and its kin. There is nothing to inherit
 * where one thread runs at a time; what counts is who owns the lock. The word
 * holds the owner's thread id; struct futex_pi exists while somebody waits.
 *
 * unlock writes the next owner into the word and takes it off the queue. An
 * owner that dies may not have the word in reach (another process's mapping),
 * so then the next owner stays queued, marked acquired, and writes the word
 * itself when it runs; until then others find the state through it and queue.
 * Belongs to the holder of the run token.
 */
#include <errno.h>
#include <linux/sched.h>
#include "simkernel/arena.h"
#include "simkernel/futex.h"
#include "simkernel/signal.h"
#include "simkernel/uaccess.h"

static struct futex_pi *find_pi(struct list *bucket, const struct futex_key *key)
{
	struct futex_waiter *w;

	list_for_each (w, bucket, link)
		if (w->pi && futex_key_equal(&w->key, key))
			return w->pi;
	return NULL;
}

static void set_owner(struct futex_pi *pi, struct task *owner)
{
	if (list_linked(&pi->held))
		list_del(&pi->held);
	pi->owner = owner;
	list_add_tail(&pi->held, &owner->pi_held);
}

void futex_pi_leave(struct futex_waiter *w)
{
	struct futex_pi *pi = w->pi;

	w->pi = NULL;
	if (--pi->waiters)
		return;
	list_del(&pi->held);
	arena_free(w->task->host, pi);
}

static void join(struct futex_pi *pi, struct futex_waiter *w)
{
	w->pi = pi;
	pi->waiters++;
}

/*
 * Takes the lock for t if nobody has it: 1. Otherwise 0, and *pi says what to
 * wait for; it is made when pi is not NULL and nobody waited before.
 */
static long acquire(struct thread *th, u64 addr, const struct futex_key *key, struct task *t,
		    struct futex_pi **pi)
{
	struct list *bucket = futex_bucket(th->host, key);
	struct futex_pi *found;
	struct task *owner;
	u32 word, tid;

	if (!bucket)
		return -ENOMEM;
	if (get_user(word, addr))
		return -EFAULT;
	tid = word & FUTEX_TID_MASK;
	found = find_pi(bucket, key);
	if ((s32)tid == t->tid || (found && found->owner == t))
		return -EDEADLK;
	if (!found && !tid) {
		word = t->tid | (word & FUTEX_OWNER_DIED);
		return put_user(word, addr) ? -EFAULT : 1;
	}
	if (!pi || found) {
		if (pi)
			*pi = found;
		return 0;
	}
	owner = task_find(th->host, tid);
	if (!owner || owner->state == TASK_DEAD)
		return -ESRCH;
	word |= FUTEX_WAITERS;
	if (put_user(word, addr))
		return -EFAULT;
	found = arena_alloc(th->host, sizeof(*found));
	if (!found)
		return -ENOMEM;
	set_owner(found, owner);
	*pi = found;
	return 0;
}

static s32 priority(const struct task *t)
{
	return t->sched_policy == SCHED_FIFO || t->sched_policy == SCHED_RR ? t->sched_priority : 0;
}

/* Of those with the highest real-time priority the one that waits longest. */
static struct futex_waiter *next_owner(struct host *h, struct futex_pi *pi,
				       const struct futex_key *key)
{
	struct futex_waiter *w, *best = NULL;

	list_for_each (w, futex_bucket(h, key), link)
		if (w->pi == pi && !w->acquired &&
		    (!best || priority(w->task) > priority(best->task)))
			best = w;
	return best;
}

/* The lock is w's: after its previous owner's death it says so in the word. */
static void settle(struct futex_waiter *w)
{
	u32 word = w->task->tid;

	if (!w->owner_died)
		return;
	word |= FUTEX_OWNER_DIED | (w->pi->waiters > 1 ? FUTEX_WAITERS : 0);
	put_user(word, w->addr);
	list_del(&w->link);
	futex_pi_leave(w);
}

/* 0 when w has got the lock, else why not; w is off the queue. */
static long wait_for_lock(struct thread *th, struct futex_waiter *w, const struct futex_timeout *to)
{
	long ret;

	do {
		ret = w->acquired ? 0 : futex_sleep(th, to, TIME_NEVER);
	} while (!ret && !w->acquired);
	if (w->acquired) {
		settle(w);
		return 0;
	}
	list_del(&w->link);
	if (w->pi)
		futex_pi_leave(w);
	return ret;
}

long futex_lock_pi(struct thread *th, u64 addr, bool shared, const struct futex_timeout *to,
		   bool try_only)
{
	struct futex_pi *pi = NULL;
	struct futex_wait *fw;
	struct futex_key key;
	long ret;

	ret = futex_key(th, addr, shared, &key);
	if (ret)
		return ret;
	fw = futex_wait_of(th->task);
	if (!fw)
		return -ENOMEM;
	ret = acquire(th, addr, &key, th->task, try_only ? NULL : &pi);
	if (ret)
		return ret < 0 ? ret : 0;
	if (try_only)
		return -EWOULDBLOCK;
	futex_enqueue(th->host, &fw->one, th->task, &key, addr);
	join(pi, &fw->one);
	ret = wait_for_lock(th, &fw->one, to);
	return ret == -EINTR ? -ERESTARTNOINTR : ret;
}

long futex_unlock_pi(struct thread *th, u64 addr, bool shared)
{
	struct futex_waiter *w;
	struct futex_key key;
	struct list *bucket;
	struct futex_pi *pi;
	u32 word;
	long ret;

	if (addr % sizeof(u32))
		return -EINVAL;
	if (get_user(word, addr))
		return -EFAULT;
	if ((s32)(word & FUTEX_TID_MASK) != th->task->tid)
		return -EPERM;
	ret = futex_key(th, addr, shared, &key);
	if (ret)
		return ret;
	bucket = futex_bucket(th->host, &key);
	pi = bucket ? find_pi(bucket, &key) : NULL;
	if (!pi) {
		word = 0;
		return put_user(word, addr);
	}
	if (pi->owner != th->task)
		return -EINVAL;
	w = next_owner(th->host, pi, &key);
	word = w->task->tid | FUTEX_WAITERS;
	if (put_user(word, addr))
		return -EFAULT;
	set_owner(pi, w->task);
	futex_pi_leave(w);
	w->acquired = true;
	futex_wake_waiter(w);
	return 0;
}

/* Gives pi, whose owner has died, to the next in line, who tells the word. */
static void bequeath(struct host *h, struct futex_pi *pi)
{
	struct futex_table *table = h->futexes;
	struct futex_waiter *w, *heir = NULL;
	u32 i;

	for (i = 0; i < FUTEX_BUCKETS && !heir; i++)
		list_for_each (w, &table->bucket[i], link)
			if (w->pi == pi) {
				heir = next_owner(h, pi, &w->key);
				break;
			}
	if (!heir)
		return;
	set_owner(pi, heir->task);
	heir->acquired = heir->owner_died = true;
	task_wake(heir->task);
}

void futex_pi_release_all(struct task *t)
{
	struct futex_wait *fw = t->futex;
	struct futex_pi *pi, *next;

	/* Its own claim, inherited but not yet written into the word, passes on too. */
	if (fw && fw->one.pi && fw->one.acquired) {
		list_del(&fw->one.link);
		futex_pi_leave(&fw->one);
	}
	list_for_each_safe (pi, next, &t->pi_held, held) {
		bequeath(t->host, pi);
		if (pi->owner == t)
			list_del(&pi->held);
	}
}

long futex_wait_requeue_pi(struct thread *th, u64 addr, bool shared, u32 val, u32 bitset,
			   const struct futex_timeout *to, u64 addr2)
{
	struct futex_key key, key2;
	struct futex_wait *fw;
	bool requeued;
	u32 word;
	long ret;

	if (addr == addr2)
		return -EINVAL;
	ret = futex_key(th, addr2, shared, &key2);
	if (!ret)
		ret = futex_key(th, addr, shared, &key);
	if (ret)
		return ret;
	if (get_user(word, addr))
		return -EFAULT;
	if (word != val)
		return -EWOULDBLOCK;
	if (futex_key_equal(&key, &key2))
		return -EINVAL;
	fw = futex_wait_of(th->task);
	if (!fw || !futex_bucket(th->host, &key))
		return -ENOMEM;
	fw->one.bitset = bitset;
	futex_enqueue(th->host, &fw->one, th->task, &key, addr);
	fw->one.to_requeue = true;
	fw->one.requeue_key = key2;
	fw->one.requeue_addr = addr2;
	ret = wait_for_lock(th, &fw->one, to);
	requeued = !fw->one.to_requeue;
	fw->one.to_requeue = false;
	if (ret != -EINTR)
		return ret;
	/* On the lock's own queue it cannot start over: the caller looks at its condition. */
	return requeued ? -EWOULDBLOCK : -ERESTARTNOINTR;
}

/* Moves one waiter from its first word to the lock. */
static long requeue_one(struct thread *th, struct futex_waiter *w, u64 addr2,
			const struct futex_key *key2)
{
	struct futex_pi *pi;
	long ret = acquire(th, addr2, key2, w->task, &pi);

	if (ret < 0)
		return ret;
	w->to_requeue = false;
	if (ret) {
		w->acquired = true;
		futex_wake_waiter(w);
		return 0;
	}
	list_del(&w->link);
	w->key = *key2;
	w->addr = w->requeue_addr;
	join(pi, w);
	list_add_tail(&w->link, futex_bucket(th->host, key2));
	return 0;
}

long futex_cmp_requeue_pi(struct thread *th, u64 addr, bool shared, u32 nr_wake, u32 nr_requeue,
			  u64 addr2, u32 expect)
{
	struct futex_waiter *w, *next;
	struct futex_key key, key2;
	struct list *bucket;
	long ret, count = 0;
	u32 word;

	if (addr == addr2 || nr_wake != 1 || (s32)nr_requeue < 0)
		return -EINVAL;
	ret = futex_key(th, addr, shared, &key);
	if (!ret)
		ret = futex_key(th, addr2, shared, &key2);
	if (ret)
		return ret;
	if (futex_key_equal(&key, &key2))
		return -EINVAL;
	if (get_user(word, addr))
		return -EFAULT;
	if (word != expect)
		return -EAGAIN;
	bucket = futex_bucket(th->host, &key);
	if (!bucket)
		return -ENOMEM;
	list_for_each_safe (w, next, bucket, link) {
		if (count > (long)nr_requeue)
			break;
		if (!futex_key_equal(&w->key, &key))
			continue;
		if (!w->to_requeue || !futex_key_equal(&w->requeue_key, &key2))
			return -EINVAL;
		ret = requeue_one(th, w, addr2, &key2);
		if (ret)
			return ret;
		count++;
	}
	return count;
}
