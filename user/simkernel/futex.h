/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Futexes inside the kernel: keys, queued waiters, PI state. Shared by
 * futex.c (the queues), futexpi.c (locks with an owner), futexrobust.c (death)
 * and futexsys.c (the calls). Belongs to the holder of the run token.
 */
#ifndef SUNDIAL_SIMKERNEL_FUTEX_H
#define SUNDIAL_SIMKERNEL_FUTEX_H

#include <linux/futex.h>
#include "simkernel/sched.h"

#define FUTEX_BUCKETS	  1024
#define FUTEX_WAITV_LIMIT 128
#define FUTEX_ANY	  0xffffffffU /* the bitset that matches all */

/* Private: (mm, address). In a shared mapping: (device, inode or object, offset). */
struct futex_key {
	u64 a, b, c;
};

struct futex_pi {	  /* the kernel's side of a PI futex; exists while somebody waits for it */
	struct list held; /* owner->pi_held */
	struct task *owner;
	u32 waiters;
};

struct futex_waiter {
	struct list link; /* its key's bucket; linked: not woken yet */
	struct futex_key key;
	struct task *task;
	u64 addr; /* the word, in the waiter's own address space */
	u32 bitset;
	struct futex_pi *pi; /* waits for this lock */
	bool to_requeue;     /* FUTEX_WAIT_REQUEUE_PI, on its first word */
	struct futex_key requeue_key;
	u64 requeue_addr;
	bool acquired;	 /* PI: was given the lock */
	bool owner_died; /* and must note that in the word itself */
};

struct futex_wait { /* task->futex: made at the first wait, kept until the task is gone */
	struct futex_waiter one;
	struct futex_waiter *many; /* futex_waitv() */
	u32 nmany;
};

struct futex_table {
	struct list bucket[FUTEX_BUCKETS];
};

/* -EINVAL (alignment), -EFAULT. shared: look for a shared mapping there. */
long futex_key(struct thread *th, u64 addr, bool shared, struct futex_key *key);
static inline bool futex_key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->c == b->c && a->a == b->a && a->b == b->b;
}
/* NULL: no memory. */
struct list *futex_bucket(struct host *h, const struct futex_key *key);
struct futex_wait *futex_wait_of(struct task *t);
void futex_enqueue(struct host *h, struct futex_waiter *w, struct task *t,
		   const struct futex_key *key, u64 addr);
/* Takes w off its queue and makes its task go on. */
void futex_wake_waiter(struct futex_waiter *w);
/* Wakes at most n (at least one) waiters whose bitset meets; -EINVAL when they wait for a PI lock.
 */
long futex_wake_key(struct host *h, const struct futex_key *key, u32 n, u32 bitset);

struct futex_timeout {
	bool set, absolute;
	bool realtime;
	s64 ns;
};
/* Sleeps once, until the time-out as the clocks stand now. */
long futex_sleep(struct thread *th, const struct futex_timeout *to, u64 relative_deadline_ns);

/* futexpi.c */
long futex_lock_pi(struct thread *th, u64 addr, bool shared, const struct futex_timeout *to,
		   bool try_only);
long futex_unlock_pi(struct thread *th, u64 addr, bool shared);
long futex_wait_requeue_pi(struct thread *th, u64 addr, bool shared, u32 val, u32 bitset,
			   const struct futex_timeout *to, u64 addr2);
long futex_cmp_requeue_pi(struct thread *th, u64 addr, bool shared, u32 nr_wake, u32 nr_requeue,
			  u64 addr2, u32 expect);
/* w leaves without the lock. */
void futex_pi_leave(struct futex_waiter *w);
/* t ends: its locks go to whoever waits for them. */
void futex_pi_release_all(struct task *t);

#endif
