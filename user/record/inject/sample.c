// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Samples of a Poisson process over the bytes that a thread allocates: a block of so
 * many bytes is one with probability 1 - exp(-bytes / sample_bytes), whatever came
 * before it. A sample then stands for the inverse of that many such blocks, which
 * makes sums over samples unbiased (Horvitz and Thompson, 1952).
 */
#include "record/inject/state.h"

#define LN2 0.693147180559945309417L

/* The processor does it; the C library's would be one more library in the program. */
static double natural_log(double x)
{
	long double result;

	__asm__("fyl2x" : "=t"(result) : "0"((long double)x), "u"(LN2) : "st(1)");
	return (double)result;
}

/* 1 - exp(-x), for x >= 0, without losing small ones. */
static double probability(double x)
{
	long double result, whole, part = -(long double)x / LN2;

	if (x > 60)
		return 1;
	whole = (long double)(long long)part;
	part -= whole;
	__asm__("f2xm1" : "=t"(result) : "0"(part));
	if (whole == 0)
		return (double)-result;
	__asm__("fscale" : "=t"(result) : "0"(result + 1), "u"(whole));
	return (double)(1 - result);
}

/* xorshift64* (Vigna, 2016). */
static uint64_t next_random(void)
{
	self.random ^= self.random >> 12;
	self.random ^= self.random << 25;
	self.random ^= self.random >> 27;
	return self.random * 0x2545f4914f6cdd1dULL;
}

/* Bytes to the next sample: exponentially distributed. */
static int64_t draw(void)
{
	double uniform = (double)((next_random() >> 11) + 1) / 9007199254740993.0;

	return (int64_t)(-natural_log(uniform) * (double)options.sample_bytes) + 1;
}

bool sample_more(uint64_t bytes)
{
	static uint64_t threads;

	if (!self.random) {
		uint64_t ordinal = __atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED);

		self.random = (options.seed + ordinal) * GOLDEN | 1;
		next_random();
		self.left = draw() - (int64_t)bytes;
		if (self.left > 0)
			return false;
	}
	self.left = draw();
	return true;
}

static void add(double *sum, double more)
{
	double old, grown;

	__atomic_load(sum, &old, __ATOMIC_RELAXED);
	do
		grown = old + more;
	while (!__atomic_compare_exchange(sum, &old, &grown, true, __ATOMIC_RELAXED,
					  __ATOMIC_RELAXED));
}

void sample_enter(uintptr_t address, size_t size, uint32_t stack)
{
	double bytes = size ? (double)size : 1;
	double chance = probability(bytes / (double)options.sample_bytes);
	uint8_t *filter = &region->filter[filter_index(address)];
	uint8_t count = __atomic_load_n(filter, __ATOMIC_RELAXED);

	/* One that reached its end stays there. */
	while (count < UINT8_MAX &&
	       !__atomic_compare_exchange_n(filter, &count, (uint8_t)(count + 1), true,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	if (!stack)
		return;
	__atomic_fetch_add(&region->totals[stack - 1].samples, 1, __ATOMIC_RELAXED);
	add(&region->totals[stack - 1].bytes, bytes / chance);
	add(&region->totals[stack - 1].variance, bytes * bytes * (1 - chance) / (chance * chance));
}

/*
 * Freed samples are not kept: the address may be another block's soon, of which nothing
 * is known.
 */
void sample_leave(struct inject_block *block)
{
	uint8_t *filter = &region->filter[filter_index(block->address)];
	uint8_t count = __atomic_load_n(filter, __ATOMIC_RELAXED);

	__atomic_store_n(&block->state, INJECT_EMPTY, __ATOMIC_RELEASE);
	while (count && count < UINT8_MAX &&
	       !__atomic_compare_exchange_n(filter, &count, (uint8_t)(count - 1), true,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}
