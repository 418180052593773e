// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Locks and queues under 64 threads: nothing is lost, doubled or torn. Written with
 * the atomics that compilers emit for riscv64 (AMOs, and LR/SC for compare-and-swap)
 * and, for the stack, with LR and SC around other accesses.
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 64

static unsigned long iterations = 2000;
static int tests, failed;

static void ok(int good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	fflush(stdout);
	failed |= !good;
}

static void run(void *(*function)(void *))
{
	pthread_t threads[THREADS];

	for (long i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, function, (void *)i)) {
			perror("pthread_create");
			exit(1);
		}
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* A lock's critical section: two counters that must always be equal. */
static struct {
	unsigned long first, second, torn;
} guarded;

static void inside(void)
{
	guarded.torn += guarded.first != guarded.second;
	guarded.first++;
	__asm__ volatile("" ::: "memory");
	guarded.second++;
}

static int guarded_is(unsigned long count)
{
	int good = guarded.first == count && guarded.second == count && !guarded.torn;

	memset(&guarded, 0, sizeof(guarded));
	return good;
}

static uint32_t ticket_next, ticket_now;

static void *ticket_lock(void *argument)
{
	/* Whoever is next may not be running: few rounds suffice to be slow. */
	for (unsigned long i = 0; i < iterations / 20; i++) {
		uint32_t mine = __atomic_fetch_add(&ticket_next, 1, __ATOMIC_RELAXED);

		while (__atomic_load_n(&ticket_now, __ATOMIC_ACQUIRE) != mine)
			sched_yield();
		inside();
		__atomic_store_n(&ticket_now, mine + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static uint32_t spin;

static void *amoswap_lock(void *argument)
{
	for (unsigned long i = 0; i < iterations; i++) {
		while (__atomic_exchange_n(&spin, 1, __ATOMIC_ACQUIRE))
			sched_yield();
		inside();
		__atomic_store_n(&spin, 0, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void *lrsc_lock(void *argument)
{
	for (unsigned long i = 0; i < iterations; i++) {
		uint32_t taken;

		for (;;) {
			__asm__ volatile("lr.w.aq %0, %1\n"
					 "bnez %0, 1f\n"
					 "sc.w %0, %2, %1\n"
					 "1:"
					 : "=&r"(taken), "+A"(spin)
					 : "r"(1)
					 : "memory");
			if (!taken)
				break;
			sched_yield();
		}
		inside();
		__asm__ volatile("amoswap.w.rl zero, zero, %0" : "+A"(spin)::"memory");
	}
	return NULL;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *mutex_lock(void *argument)
{
	for (unsigned long i = 0; i < iterations; i++) {
		pthread_mutex_lock(&mutex);
		inside();
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

/* Every width of add, and compare-and-swap of words and doublewords. */
static uint32_t word;
static uint64_t doubleword;
static uint64_t by_cas;

static void *adders(void *argument)
{
	for (unsigned long i = 0; i < iterations; i++) {
		uint64_t old = __atomic_load_n(&by_cas, __ATOMIC_RELAXED);

		__atomic_fetch_add(&word, 3, __ATOMIC_SEQ_CST);
		__atomic_fetch_sub(&doubleword, 1, __ATOMIC_RELAXED);
		while (!__atomic_compare_exchange_n(&by_cas, &old, old + 5, 1, __ATOMIC_ACQ_REL,
						    __ATOMIC_RELAXED))
			;
	}
	return NULL;
}

/* A stack without locks. LR and SC span the load of the next node, so that a head that
 * was popped and pushed meanwhile must not be taken for unchanged. */
struct node {
	struct node *next;
	uint64_t owners;
	uint64_t padding[6];
};

#define NODES (2 * THREADS + 2) /* each may have two at a time */

static struct node nodes[NODES] __attribute__((aligned(64)));
static struct node *top;
static uint64_t doubled;

static struct node *pop(void)
{
	struct node *node, *next;
	uint64_t failed_store;

	for (;;) {
		__asm__ volatile("lr.d.aq %0, %3\n"
				 "li %2, 1\n"
				 "beqz %0, 1f\n"
				 "ld %1, 0(%0)\n"
				 "li %2, 8\n" /* time for others */
				 "2: addi %2, %2, -1\n"
				 "bnez %2, 2b\n"
				 "sc.d.aqrl %2, %1, %3\n"
				 "1:"
				 : "=&r"(node), "=&r"(next), "=&r"(failed_store), "+A"(top)
				 :
				 : "memory");
		if (!failed_store)
			return node;
		if (!node)
			sched_yield();
	}
}

static void push(struct node *node)
{
	uint64_t next, failed_store;

	do
		__asm__ volatile("lr.d %0, %2\n"
				 "sd %0, 0(%3)\n"
				 "sc.d.rl %1, %3, %2\n"
				 : "=&r"(next), "=&r"(failed_store), "+A"(top)
				 : "r"(node)
				 : "memory");
	while (failed_store);
}

static void own(struct node *node)
{
	if (__atomic_fetch_add(&node->owners, 1, __ATOMIC_SEQ_CST))
		__atomic_fetch_add(&doubled, 1, __ATOMIC_SEQ_CST);
}

static void disown(struct node *node)
{
	__atomic_fetch_sub(&node->owners, 1, __ATOMIC_SEQ_CST);
	push(node);
}

/* Puts the first back while it has the second: then the top is what it was, but what
 * follows it is not. */
static void *stack_user(void *argument)
{
	for (unsigned long i = 0; i < iterations; i++) {
		struct node *first = pop(), *second;

		own(first);
		second = pop();
		own(second);
		disown(first);
		if (i % 64 == 0)
			sched_yield();
		disown(second);
	}
	return NULL;
}

static void test_stack(void)
{
	int count = 0;

	for (int i = 0; i < NODES; i++)
		push(&nodes[i]);
	run(stack_user);
	for (struct node *node = top; node && count <= NODES; node = node->next)
		count++;
	ok(!doubled, "no node of a stack of LR and SC has two owners");
	ok(count == NODES, "and all nodes are there in the end");
}

/* A constrained loop, which must succeed: base instructions, and a branch forwards. */
static uint64_t greatest;

static void *maximum(void *argument)
{
	uint64_t value, failed_store;

	for (unsigned long i = 0; i < iterations; i++)
		__asm__ volatile("1: lr.d.aq %0, %2\n"
				 "bgeu %0, %3, 2f\n"
				 "mv %0, %3\n"
				 "2: sc.d.rl %1, %0, %2\n"
				 "bnez %1, 1b\n"
				 : "=&r"(value), "=&r"(failed_store), "+A"(greatest)
				 : "r"(i * THREADS + (long)argument)
				 : "memory");
	return NULL;
}

/* Nothing promises that such a pair succeeds ever; on every machine it does in the end. */
static uint64_t by_long_pair;

static void *long_pair(void *argument)
{
	uint64_t value, left, failed_store;

	for (unsigned long i = 0; i < iterations / 250; i++)
		__asm__ volatile("1: lr.d.aq %0, %3\n"
				 "li %1, 2500\n"
				 "2: addi %1, %1, -1\n"
				 "bnez %1, 2b\n"
				 "addi %0, %0, 1\n"
				 "sc.d.rl %2, %0, %3\n"
				 "bnez %2, 1b\n"
				 : "=&r"(value), "=&r"(left), "=&r"(failed_store),
				   "+A"(by_long_pair)
				 :
				 : "memory");
	return NULL;
}

/* A bounded queue for many producers and consumers, with a sequence number in each
 * place (D. Vyukov's). */
#define PLACES 64

static struct {
	uint64_t sequence, value;
} places[PLACES];

static uint64_t head, tail, sum, taken;

static int try_put(uint64_t value)
{
	uint64_t at = __atomic_load_n(&tail, __ATOMIC_RELAXED);
	uint64_t sequence = __atomic_load_n(&places[at % PLACES].sequence, __ATOMIC_ACQUIRE);

	if (sequence != at ||
	    !__atomic_compare_exchange_n(&tail, &at, at + 1, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return 0;
	places[at % PLACES].value = value;
	__atomic_store_n(&places[at % PLACES].sequence, at + 1, __ATOMIC_RELEASE);
	return 1;
}

static int try_take(uint64_t *value)
{
	uint64_t at = __atomic_load_n(&head, __ATOMIC_RELAXED);
	uint64_t sequence = __atomic_load_n(&places[at % PLACES].sequence, __ATOMIC_ACQUIRE);

	if (sequence != at + 1 ||
	    !__atomic_compare_exchange_n(&head, &at, at + 1, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return 0;
	*value = places[at % PLACES].value;
	__atomic_store_n(&places[at % PLACES].sequence, at + PLACES, __ATOMIC_RELEASE);
	return 1;
}

static void *queue_user(void *argument)
{
	long number = (long)argument;

	for (unsigned long i = 0; i < iterations; i++) {
		uint64_t value = number * iterations + i;

		if (number % 2) {
			while (!try_put(value))
				sched_yield();
			continue;
		}
		while (!try_take(&value))
			sched_yield();
		__atomic_fetch_add(&sum, value, __ATOMIC_RELAXED);
		__atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void test_queue(void)
{
	uint64_t want = 0;

	for (uint64_t i = 0; i < PLACES; i++)
		places[i].sequence = i;
	for (uint64_t number = 1; number < THREADS; number += 2)
		for (uint64_t i = 0; i < iterations; i++)
			want += number * iterations + i;
	run(queue_user);
	ok(taken == iterations * THREADS / 2 && sum == want, "a queue gives what was put in, once");
}

/* A queue of a mutex and two conditions: sleeping and waking. */
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static unsigned long ring[8], ring_used, ring_first, ring_sum;

static void *sleeper(void *argument)
{
	long number = (long)argument;

	for (unsigned long i = 0; i < iterations / 10; i++) {
		pthread_mutex_lock(&mutex);
		if (number % 2) {
			while (ring_used == 8)
				pthread_cond_wait(&not_full, &mutex);
			ring[(ring_first + ring_used++) % 8] = number;
			pthread_cond_signal(&not_empty);
		} else {
			while (!ring_used)
				pthread_cond_wait(&not_empty, &mutex);
			ring_sum += ring[ring_first++ % 8];
			ring_used--;
			pthread_cond_signal(&not_full);
		}
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long all;

	if (argc > 1)
		iterations = strtoul(argv[1], NULL, 0);
	all = iterations * THREADS;
	run(ticket_lock);
	ok(guarded_is(iterations / 20 * THREADS), "a ticket lock of amoadd excludes");
	run(amoswap_lock);
	ok(guarded_is(all), "a lock of amoswap excludes");
	run(lrsc_lock);
	ok(guarded_is(all), "a lock of LR and SC excludes");
	run(mutex_lock);
	ok(guarded_is(all), "a mutex excludes");
	run(adders);
	ok(word == (uint32_t)(all * 3) && doubleword == -all && by_cas == all * 5,
	   "no addition is lost");
	test_stack();
	test_queue();
	run(maximum);
	ok(greatest == all - 1, "an SC succeeds by whichever path it is reached");
	run(long_pair);
	ok(by_long_pair == iterations / 250 * THREADS, "an SC far behind its LR succeeds at last");
	run(sleeper);
	ok(ring_sum == iterations / 10 * (THREADS / 2) * (THREADS / 2) && !ring_used,
	   "sleepers of a condition are woken");
	printf("1..%d\n", tests);
	return failed;
}
