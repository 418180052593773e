// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Litmus tests of RVWMO: each shape is run many times at once, and the outcome that
 * the memory model forbids must never be seen. Shapes have the names they have in the
 * manual and the literature (SB: store buffering, MP: message passing, ...).
 *
 * An instance has its variables on cache lines of their own. Threads start together on
 * a few instances and walk through them in opposite directions, so that they cross.
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INSTANCES   4096
#define MAX_THREADS 4

struct instance {
	uint64_t x __attribute__((aligned(64)));
	uint64_t y __attribute__((aligned(64)));
	uint64_t r[MAX_THREADS][2] __attribute__((aligned(64)));
};

struct shape {
	const char *name;
	int threads;
	void (*run[MAX_THREADS])(struct instance *i);
	int (*forbidden)(const struct instance *i);
};

static struct instance instances[INSTANCES];

#define STORE(variable, value) "sd %[" value "], %[" variable "]\n"
#define LOAD(result, variable) "ld %[" result "], %[" variable "]\n"

/* One thread's instructions; results are stored after them. */
#define THREAD(name, text, result0, result1)                                                       \
	static void name(struct instance *i)                                                       \
	{                                                                                          \
		uint64_t r0 = 0, r1 = 0, r2 = 0;                                                   \
                                                                                                   \
		__asm__ volatile(text                                                              \
				 : [r0] "+&r"(r0), [r1] "+&r"(r1), [r2] "+&r"(r2), [x] "+A"(i->x), \
				   [y] "+A"(i->y)                                                  \
				 : [one] "r"(1UL), [two] "r"(2UL)                                  \
				 : "memory");                                                      \
		result0;                                                                           \
		result1;                                                                           \
	}

#define KEEP(thread, which, value) (i->r[thread][which] = (value))
#define NOTHING			   ((void)0)

THREAD(sb_fence_0, STORE("x", "one") "fence rw, rw\n" LOAD("r0", "y"), KEEP(0, 0, r0), NOTHING)
THREAD(sb_fence_1, STORE("y", "one") "fence rw, rw\n" LOAD("r0", "x"), KEEP(1, 0, r0), NOTHING)
THREAD(sb_wr_0, STORE("x", "one") "fence w, r\n" LOAD("r0", "y"), KEEP(0, 0, r0), NOTHING)
THREAD(sb_wr_1, STORE("y", "one") "fence w, r\n" LOAD("r0", "x"), KEEP(1, 0, r0), NOTHING)
THREAD(sb_amo_0, "amoswap.d.aqrl %[r1], %[one], %[x]\n" LOAD("r0", "y"), KEEP(0, 0, r0), NOTHING)
THREAD(sb_amo_1, "amoswap.d.aqrl %[r1], %[one], %[y]\n" LOAD("r0", "x"), KEEP(1, 0, r0), NOTHING)
THREAD(sb_rcsc_0, "amoswap.d.rl zero, %[one], %[x]\nlr.d.aq %[r0], %[y]\n", KEEP(0, 0, r0), NOTHING)
THREAD(sb_rcsc_1, "amoswap.d.rl zero, %[one], %[y]\nlr.d.aq %[r0], %[x]\n", KEEP(1, 0, r0), NOTHING)
THREAD(sb_lr_0, STORE("x", "one") "lr.d.aqrl %[r0], %[y]\n", KEEP(0, 0, r0), NOTHING)
THREAD(sb_lr_1, STORE("y", "one") "lr.d.aqrl %[r0], %[x]\n", KEEP(1, 0, r0), NOTHING)
THREAD(sb_read_0, STORE("x", "one") "amoor.d.aqrl %[r0], zero, %[y]\n", KEEP(0, 0, r0), NOTHING)
THREAD(sb_read_1, STORE("y", "one") "amoor.d.aqrl %[r0], zero, %[x]\n", KEEP(1, 0, r0), NOTHING)

static int both_read_zero(const struct instance *i)
{
	return !i->r[0][0] && !i->r[1][0];
}

THREAD(mp_fence_0, STORE("x", "one") "fence w, w\n" STORE("y", "one"), NOTHING, NOTHING)
THREAD(mp_fence_1, LOAD("r0", "y") "fence r, r\n" LOAD("r1", "x"), KEEP(1, 0, r0), KEEP(1, 1, r1))
THREAD(mp_tso_0, STORE("x", "one") "fence.tso\n" STORE("y", "one"), NOTHING, NOTHING)
THREAD(mp_tso_1, LOAD("r0", "y") "fence.tso\n" LOAD("r1", "x"), KEEP(1, 0, r0), KEEP(1, 1, r1))
THREAD(mp_amo_0, STORE("x", "one") "amoswap.d.rl zero, %[one], %[y]\n", NOTHING, NOTHING)
THREAD(mp_amo_1, "lr.d.aq %[r0], %[y]\n" LOAD("r1", "x"), KEEP(1, 0, r0), KEEP(1, 1, r1))
/* An address that depends on what was read orders the second load. */
static void mp_addr_1(struct instance *i)
{
	uint64_t r0, r1;

	__asm__ volatile("ld %[r0], %[y]\n"
			 "xor %[r1], %[r0], %[r0]\n"
			 "add %[r1], %[r1], %[address]\n"
			 "ld %[r1], 0(%[r1])\n"
			 : [r0] "=&r"(r0), [r1] "=&r"(r1)
			 : [y] "m"(i->y), [address] "r"(&i->x)
			 : "memory");
	i->r[1][0] = r0;
	i->r[1][1] = r1;
}

static int message_without_data(const struct instance *i)
{
	return i->r[1][0] && !i->r[1][1];
}

THREAD(lb_0, LOAD("r0", "x") "fence r, w\n" STORE("y", "one"), KEEP(0, 0, r0), NOTHING)
THREAD(lb_1, LOAD("r0", "y") "fence r, w\n" STORE("x", "one"), KEEP(1, 0, r0), NOTHING)
/* Stores of what was read, and stores after a branch on it. */
THREAD(lb_data_0,
       LOAD("r0", "x") "xor %[r1], %[r0], %[r0]\naddi %[r1], %[r1], 1\n" STORE("y", "r1"),
       KEEP(0, 0, r0), NOTHING)
THREAD(lb_ctrl_1, LOAD("r0", "y") "bne %[r0], zero, 1f\n1:\n" STORE("x", "one"), KEEP(1, 0, r0),
       NOTHING)

static int both_read_one(const struct instance *i)
{
	return i->r[0][0] && i->r[1][0];
}

THREAD(corr_0, STORE("x", "one") STORE("x", "two"), NOTHING, NOTHING)
THREAD(corr_1, LOAD("r0", "x") LOAD("r1", "x"), KEEP(1, 0, r0), KEEP(1, 1, r1))

static int went_back(const struct instance *i)
{
	return i->r[1][0] > i->r[1][1];
}

THREAD(ww_0, STORE("x", "one") "fence w, w\n" STORE("y", "two"), NOTHING, NOTHING)
THREAD(ww_1, STORE("y", "one") "fence w, w\n" STORE("x", "two"), NOTHING, NOTHING)

static int first_stores_last(const struct instance *i)
{
	return i->x == 1 && i->y == 1;
}

THREAD(r_1, STORE("y", "two") "fence rw, rw\n" LOAD("r0", "x"), KEEP(1, 0, r0), NOTHING)
THREAD(r_0, STORE("x", "one") "fence rw, rw\n" STORE("y", "one"), NOTHING, NOTHING)

static int later_store_missed(const struct instance *i)
{
	return i->y == 2 && !i->r[1][0];
}

THREAD(wrc_0, STORE("x", "one"), NOTHING, NOTHING)
THREAD(wrc_1, LOAD("r0", "x") "fence rw, rw\n" STORE("y", "r0"), KEEP(1, 0, r0), NOTHING)
THREAD(wrc_2, LOAD("r0", "y") "fence r, r\n" LOAD("r1", "x"), KEEP(2, 0, r0), KEEP(2, 1, r1))

static int not_cumulative(const struct instance *i)
{
	return i->r[1][0] && i->r[2][0] && !i->r[2][1];
}

THREAD(iriw_y, STORE("y", "one"), NOTHING, NOTHING)
THREAD(iriw_2, LOAD("r0", "x") "fence r, r\n" LOAD("r1", "y"), KEEP(2, 0, r0), KEEP(2, 1, r1))
THREAD(iriw_3, LOAD("r0", "y") "fence r, r\n" LOAD("r1", "x"), KEEP(3, 0, r0), KEEP(3, 1, r1))

static int different_orders(const struct instance *i)
{
	return i->r[2][0] && !i->r[2][1] && i->r[3][0] && !i->r[3][1];
}

/* Read-modify-writes of one word are never lost. */
THREAD(amoadd, "amoadd.d %[r0], %[one], %[x]\n", NOTHING, NOTHING)
THREAD(lrsc, "1: lr.d %[r0], %[x]\naddi %[r0], %[r0], 1\nsc.d %[r1], %[r0], %[x]\nbnez %[r1], 1b\n",
       NOTHING, NOTHING)

static int one_lost(const struct instance *i)
{
	return i->x != 4;
}

static const struct shape shapes[] = {
	{"SB with fence rw,rw", 2, {sb_fence_0, sb_fence_1}, both_read_zero},
	{"SB with fence w,r", 2, {sb_wr_0, sb_wr_1}, both_read_zero},
	{"SB with amoswap.aqrl for the stores", 2, {sb_amo_0, sb_amo_1}, both_read_zero},
	{"SB with amoswap.rl and lr.aq", 2, {sb_rcsc_0, sb_rcsc_1}, both_read_zero},
	{"SB with lr.aqrl for the loads", 2, {sb_lr_0, sb_lr_1}, both_read_zero},
	{"SB with amoor.aqrl for the loads", 2, {sb_read_0, sb_read_1}, both_read_zero},
	{"MP with fence w,w and fence r,r", 2, {mp_fence_0, mp_fence_1}, message_without_data},
	{"MP with fence.tso", 2, {mp_tso_0, mp_tso_1}, message_without_data},
	{"MP with amoswap.rl and lr.aq", 2, {mp_amo_0, mp_amo_1}, message_without_data},
	{"MP with an address dependency", 2, {mp_fence_0, mp_addr_1}, message_without_data},
	{"LB with fence r,w", 2, {lb_0, lb_1}, both_read_one},
	{"LB with data and control dependencies", 2, {lb_data_0, lb_ctrl_1}, both_read_one},
	{"CoRR", 2, {corr_0, corr_1}, went_back},
	{"2+2W with fence w,w", 2, {ww_0, ww_1}, first_stores_last},
	{"R with fence rw,rw", 2, {r_0, r_1}, later_store_missed},
	{"WRC with fences", 3, {wrc_0, wrc_1, wrc_2}, not_cumulative},
	{"IRIW with fence r,r", 4, {wrc_0, iriw_y, iriw_2, iriw_3}, different_orders},
	{"amoadd by four", 4, {amoadd, amoadd, amoadd, amoadd}, one_lost},
	{"LR and SC by four", 4, {lrsc, lrsc, lrsc, lrsc}, one_lost},
	{"LR and SC against amoadd", 4, {lrsc, amoadd, lrsc, amoadd}, one_lost},
};

static const struct shape *current;
static pthread_barrier_t barrier;
static unsigned long rounds = 6;
static unsigned long arrived;
static unsigned long seen;

static void check_round(void)
{
	for (int i = 0; i < INSTANCES; i++)
		seen += current->forbidden(&instances[i]);
	memset(instances, 0, sizeof(instances));
}

/* Threads that a barrier wakes come one by one: meet again, awake, but not for ever. */
#define CHUNK 8
#define SPINS 20000

static void meet(unsigned long meeting)
{
	unsigned long all = (meeting + 1) * current->threads;

	__atomic_fetch_add(&arrived, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < SPINS && __atomic_load_n(&arrived, __ATOMIC_RELAXED) < all; i++)
		;
}

static void *thread(void *argument)
{
	long number = (long)argument;

	for (unsigned long round = 0; round < rounds; round++) {
		pthread_barrier_wait(&barrier);
		for (int start = 0; start < INSTANCES; start += CHUNK) {
			meet(round * (INSTANCES / CHUNK) + start / CHUNK);
			for (int i = 0; i < CHUNK; i++)
				current->run[number](
					&instances[start + (number % 2 ? CHUNK - 1 - i : i)]);
		}
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			check_round();
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int count = sizeof(shapes) / sizeof(shapes[0]), failed = 0;

	if (argc > 1)
		rounds = strtoul(argv[1], NULL, 0);
	printf("1..%d\n", count);
	for (int s = 0; s < count; s++) {
		pthread_t threads[MAX_THREADS];

		current = &shapes[s];
		seen = arrived = 0;
		pthread_barrier_init(&barrier, NULL, current->threads);
		for (long i = 0; i < current->threads; i++)
			if (pthread_create(&threads[i], NULL, thread, (void *)i))
				return 1;
		for (int i = 0; i < current->threads; i++)
			pthread_join(threads[i], NULL);
		pthread_barrier_destroy(&barrier);
		printf("%sok %d - %s\n", seen ? "not " : "", s + 1, current->name);
		if (seen)
			printf("# the forbidden outcome was seen %lu times\n", seen);
		failed |= seen != 0;
		fflush(stdout);
	}
	return failed;
}
