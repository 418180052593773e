// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for a memfd clock: SUNDIAL_CLOCK_WAIT and SUNDIAL_CLOCK_KICK in user
 * space. kmod/wait.c is the other half; a change of a rule is made in both.
 *
 * The waiters are in a table of slots, in memory that the creator of a clock shares
 * with the children that it forks, and with nobody else: what glibc keeps in a
 * mutex must not be written by strangers. Whoever was given the descriptor in
 * another way can neither wait nor kick. A slot belongs to the thread that holds its
 * mutex, which is robust: the slot of a killed thread can be taken again. A thread
 * sleeps in futex(2) on its slot's word; in mode SCALED until the host time at which
 * its deadline comes by the rate of now, and each change of the rate changes the
 * word, so that no one sleeps by an old one.
 *
 * Locking: queue->lock protects all slots' fields, first_ns, and deadline_ns of
 * the pages. Its holder may die: what it left undone is at most that first_ns or
 * deadline_ns is too early, which costs the next writer a look, or that those who
 * were due sleep until the next change. A slot's mutex is only ever tried while
 * queue->lock is held.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* Most threads that wait for the pages of one clock. Untouched slots take no memory. */
#define SLOTS 16384

enum { SLOT_IDLE, SLOT_WAITING, SLOT_REACHED };
#define SLOT_STATE 3U /* of the word; the rest counts changes of the rate */
#define SLOT_RATE  4U

struct slot {
	pthread_mutex_t owner; /* held by the thread that waits */
	__u32 word;	       /* the futex */
	__u32 index;	       /* page */
	__u64 deadline_ns;
	__u64 ticket; /* order of coming */
	__u64 reached_ns;
};

/* A slot as it is sorted. */
struct due {
	__u64 deadline_ns;
	__u64 ticket;
	__u32 slot;
};

struct sundial_queue {
	pthread_mutex_t lock;
	__u64 first_ns; /* no later than the earliest deadline, 0 while nobody waits; for kind
			   KERNEL */
	__u64 tickets;
	__u32 made; /* slots whose mutex is initialised */
	__u32 used; /* slots that were taken and not given back; more than are, if threads were
		       killed */
	__u32 next; /* where the search for a free one starts */
	struct slot slots[SLOTS];
	struct due due[SLOTS];
};

static long futex(__u32 *word, int operation, __u32 value, const struct timespec *until)
{
	return syscall(SYS_futex, word, operation, value, until, NULL, FUTEX_BITSET_MATCH_ANY);
}

static void init_mutex(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
}

struct sundial_queue *sundial_queue_create(void)
{
	struct sundial_queue *queue;

	queue = mmap(NULL, sizeof(*queue), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (queue == MAP_FAILED)
		return NULL;
	init_mutex(&queue->lock);
	return queue;
}

void sundial_queue_destroy(struct sundial_queue *queue)
{
	if (queue)
		munmap(queue, sizeof(*queue));
}

static void queue_lock(struct sundial_queue *queue)
{
	if (pthread_mutex_lock(&queue->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&queue->lock);
}

static void queue_unlock(struct sundial_queue *queue)
{
	pthread_mutex_unlock(&queue->lock);
}

/* As sundial_rate_count(), but stops at 2^64 - 1 where that wraps. */
static __u64 count_after(const struct sundial_clock_rate *rate, __u64 host_ns)
{
	sundial_u128 sum = ((sundial_u128)host_ns * rate->mult >> rate->shift) + rate->base_ns;

	return sum > ~0ULL ? ~0ULL : (__u64)sum;
}

/* The count that decides; for mode SCALED also the rate that it was found by. */
static __u64 count_now(const struct sundial_clock *clock, __u32 index,
		       struct sundial_clock_rate *rate)
{
	const struct sundial_clock_page *page = sundial_page_at(clock, index);
	__u64 host_ns;
	__u32 seq;

	if (clock->mode == SUNDIAL_MODE_MANUAL)
		return sundial_manual_now(page);
	do {
		seq = sundial_latch_begin(page);
		sundial_rate_load(rate, &page->rate[seq & 1]);
		host_ns = sundial_host_now() - rate->host_base_ns;
	} while (sundial_latch_retry(sundial_same_page(page, host_ns), seq));
	return count_after(rate, (__s64)host_ns < 0 ? 0 : host_ns);
}

/*
 * The host time at which rate's count reaches deadline_ns, in *until; NULL for
 * never. By bisection, so that it agrees with count_after() to the nanosecond.
 */
static const struct timespec *when_due(const struct sundial_clock_rate *rate, __u64 deadline_ns,
				       struct timespec *until)
{
	__u64 too_early_ns = 0, host_ns;
	int bit;

	for (bit = 62; bit >= 0; bit--)
		if (count_after(rate, too_early_ns | 1ULL << bit) < deadline_ns)
			too_early_ns |= 1ULL << bit;
	host_ns = rate->host_base_ns + too_early_ns + 1;
	if (host_ns < rate->host_base_ns || host_ns > ~0ULL >> 1)
		return NULL;
	until->tv_sec = (time_t)(host_ns / 1000000000);
	until->tv_nsec = (long)(host_ns % 1000000000);
	return until;
}

static __u32 state_of(const struct slot *slot)
{
	return __atomic_load_n(&slot->word, __ATOMIC_ACQUIRE) & SLOT_STATE;
}

/* What the writers of page index compare with. */
static __u64 *first_of(const struct sundial_clock *clock, __u32 index)
{
	if (clock->kind == SUNDIAL_KIND_USER)
		return &sundial_page_at(clock, index)->deadline_ns;
	return &clock->queue->first_ns;
}

static void publish(const struct sundial_clock *clock, __u32 index, __u64 first_ns)
{
	__atomic_store_n(first_of(clock, index), first_ns, __ATOMIC_RELAXED);
}

bool sundial_queue_due(const struct sundial_clock *clock, __u32 index, __u64 count_ns)
{
	__u64 first_ns;

	/* The other half is in sundial_queue_wait(); <linux/sundial.h>, "Waiting", has both. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	first_ns = __atomic_load_n(first_of(clock, index), __ATOMIC_RELAXED);
	return first_ns && first_ns <= count_ns;
}

/* A slot whose mutex this thread now holds, NULL if none is free. Caller holds the lock. */
static struct slot *take_slot(struct sundial_queue *queue)
{
	struct slot *slot;
	__u32 i;

	if (__atomic_load_n(&queue->used, __ATOMIC_RELAXED) >= queue->made && queue->made < SLOTS) {
		init_mutex(&queue->slots[queue->made].owner);
		queue->next = queue->made++;
	}
	for (i = 0; i < queue->made; i++) {
		slot = &queue->slots[queue->next++ % queue->made];
		switch (pthread_mutex_trylock(&slot->owner)) {
		case EOWNERDEAD: /* killed while it waited; it is still counted in used */
			pthread_mutex_consistent(&slot->owner);
			return slot;
		case 0:
			__atomic_fetch_add(&queue->used, 1, __ATOMIC_RELAXED);
			return slot;
		}
	}
	return NULL;
}

static void give_slot(struct sundial_queue *queue, struct slot *slot)
{
	__atomic_store_n(&slot->word, (slot->word & ~SLOT_STATE) | SLOT_IDLE, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&queue->used, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&slot->owner);
}

static int in_order(const void *a, const void *b)
{
	const struct due *x = a, *y = b;

	if (x->deadline_ns != y->deadline_ns)
		return x->deadline_ns < y->deadline_ns ? -1 : 1;
	return x->ticket < y->ticket ? -1 : 1;
}

/* A sleeper looks again: at its state, at the rate. */
static void rouse(struct slot *slot, __u32 word)
{
	__atomic_store_n(&slot->word, word, __ATOMIC_RELEASE);
	futex(&slot->word, FUTEX_WAKE_BITSET, 1, NULL);
}

/*
 * Finds who of page index is due by now_ns, sorts them into queue->due, and
 * publishes who is the first of the others; the others compute anew if the rate may
 * have changed. Returns the number of those who are due. Caller holds the lock.
 */
static __u32 find_due(const struct sundial_clock *clock, __u32 index, __u64 now_ns, bool new_rate)
{
	struct sundial_queue *queue = clock->queue;
	__u64 first_ns = 0;
	__u32 i, count = 0;

	for (i = 0; i < queue->made; i++) {
		struct slot *slot = &queue->slots[i];

		if (state_of(slot) != SLOT_WAITING || slot->index != index)
			continue;
		if (slot->deadline_ns <= now_ns) {
			queue->due[count++] = (struct due){slot->deadline_ns, slot->ticket, i};
			continue;
		}
		if (!first_ns || slot->deadline_ns < first_ns)
			first_ns = slot->deadline_ns;
		if (new_rate)
			rouse(slot, slot->word + SLOT_RATE);
	}
	publish(clock, index, first_ns);
	qsort(queue->due, count, sizeof(queue->due[0]), in_order);
	return count;
}

__u32 sundial_queue_wake(struct sundial_clock *clock, __u32 index)
{
	struct sundial_queue *queue = clock->queue;
	struct sundial_clock_rate rate;
	__u32 i, count;
	__u64 now_ns;

	queue_lock(queue);
	now_ns = count_now(clock, index, &rate);
	count = find_due(clock, index, now_ns, clock->mode == SUNDIAL_MODE_SCALED);
	for (i = 0; i < count; i++) {
		struct slot *slot = &queue->slots[queue->due[i].slot];

		slot->reached_ns = now_ns;
		rouse(slot, (slot->word & ~SLOT_STATE) | SLOT_REACHED);
	}
	queue_unlock(queue);
	return count;
}

void sundial_queue_changed(struct sundial_clock *clock, __u64 now_ns)
{
	/* In mode SCALED all who wait compute anew, whoever is due. */
	if (sundial_queue_due(clock, 0, clock->mode == SUNDIAL_MODE_SCALED ? ~0ULL : now_ns))
		sundial_queue_wake(clock, 0);
}

/*
 * Sleeps until slot is no longer WAITING, or its deadline has come (SCALED): then the
 * count is in *reached_ns. Returns 0 or -EINTR.
 */
static int sleep_in(struct sundial_clock *clock, struct slot *slot, __u64 *reached_ns)
{
	struct sundial_clock_rate rate;
	struct timespec until;

	for (;;) {
		__u32 word = __atomic_load_n(&slot->word, __ATOMIC_ACQUIRE);
		const struct timespec *timeout = NULL;
		__u64 now_ns;

		if ((word & SLOT_STATE) != SLOT_WAITING)
			return 0;
		if (clock->mode == SUNDIAL_MODE_SCALED) {
			now_ns = count_now(clock, slot->index, &rate);
			if (now_ns >= slot->deadline_ns) {
				*reached_ns = now_ns;
				return 0;
			}
			timeout = when_due(&rate, slot->deadline_ns, &until);
		}
		if (futex(&slot->word, FUTEX_WAIT_BITSET, word, timeout) && errno == EINTR)
			return -EINTR;
	}
}

/* Gives the slot back. Returns 0 if a writer has meanwhile woken it, else ret. */
static int leave(struct sundial_clock *clock, struct slot *slot, int ret, __u64 *reached_ns)
{
	struct sundial_queue *queue = clock->queue;
	__u64 deadline_ns = slot->deadline_ns;
	__u32 index = slot->index;

	/*
	 * Who was woken is no longer anybody's concern. It goes without the lock, for
	 * which those who were woken together would queue, and come out in any order.
	 */
	if (state_of(slot) == SLOT_REACHED) {
		*reached_ns = slot->reached_ns;
		give_slot(queue, slot);
		return 0;
	}
	queue_lock(queue);
	if (state_of(slot) == SLOT_REACHED) {
		*reached_ns = slot->reached_ns;
		ret = 0;
	}
	give_slot(queue, slot);
	/* Was it the first? Those who are due are left to the writer who made them so. */
	if (__atomic_load_n(first_of(clock, index), __ATOMIC_RELAXED) == deadline_ns)
		find_due(clock, index, 0, false);
	queue_unlock(queue);
	return ret;
}

int sundial_queue_wait(struct sundial_clock *clock, struct sundial_clock_wait *wait)
{
	struct sundial_queue *queue = clock->queue;
	struct sundial_clock_rate rate;
	__u64 now_ns, first_ns;
	struct slot *slot;
	int ret = 0;

	if (wait->flags || wait->pad || wait->index >= clock->count)
		return -EINVAL;
	if (!queue)
		return -EOPNOTSUPP;
	now_ns = count_now(clock, wait->index, &rate);
	if (now_ns >= wait->deadline_ns) {
		wait->now_ns = now_ns;
		return 0;
	}
	queue_lock(queue);
	slot = take_slot(queue);
	if (!slot) {
		queue_unlock(queue);
		return -ENOMEM;
	}
	slot->deadline_ns = wait->deadline_ns;
	slot->index = wait->index;
	slot->ticket = queue->tickets++;
	__atomic_store_n(&slot->word, (slot->word & ~SLOT_STATE) | SLOT_WAITING, __ATOMIC_RELAXED);
	first_ns = __atomic_load_n(first_of(clock, wait->index), __ATOMIC_RELAXED);
	if (!first_ns || wait->deadline_ns < first_ns)
		publish(clock, wait->index, wait->deadline_ns);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	now_ns = count_now(clock, wait->index, &rate);
	queue_unlock(queue);
	if (now_ns < wait->deadline_ns)
		ret = sleep_in(clock, slot, &now_ns);
	ret = leave(clock, slot, ret, &now_ns);
	if (!ret)
		wait->now_ns = now_ns;
	return ret;
}

int sundial_queue_kick(struct sundial_clock *clock, struct sundial_clock_kick *kick)
{
	if (!clock->writable)
		return -EPERM;
	if (clock->kind != SUNDIAL_KIND_USER || !clock->queue)
		return -EOPNOTSUPP;
	if (kick->flags || kick->pad || kick->index >= clock->count)
		return -EINVAL;
	kick->woken = sundial_queue_wake(clock, kick->index);
	return 0;
}
