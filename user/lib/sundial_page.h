/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing a clock page, inline.
 *
 * For everything that holds a pointer to a page, whoever gave it: programs, the
 * vDSO images, the simulated kernel. Needs no libc and no thread-local storage,
 * calls nothing, uses no floating point; 64-bit little-endian machines with GCC
 * or Clang. It owns nothing. <linux/sundial.h> says what the fields mean.
 *
 * Locking: readers take none and may run anywhere, also in a signal handler
 * that interrupted a writer. Writers of one page must be serialised by their
 * caller, sundial_tick() included.
 *
 * Units are nanoseconds. Errors are negative errno numbers.
 */
#ifndef SUNDIAL_PAGE_H
#define SUNDIAL_PAGE_H

#include <linux/errno.h>
#include <linux/sundial.h>

#ifdef __cplusplus
extern "C" {
#endif

#if !defined(__LP64__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "a clock page needs a 64-bit little-endian machine"
#endif

/* Linux's clock ids, under names that no other header takes. */
enum sundial_clock_id {
	SUNDIAL_CLOCK_REALTIME = 0,
	SUNDIAL_CLOCK_MONOTONIC = 1,
	SUNDIAL_CLOCK_PROCESS_CPUTIME_ID = 2,
	SUNDIAL_CLOCK_THREAD_CPUTIME_ID = 3,
	SUNDIAL_CLOCK_MONOTONIC_RAW = 4,
	SUNDIAL_CLOCK_REALTIME_COARSE = 5,
	SUNDIAL_CLOCK_MONOTONIC_COARSE = 6,
	SUNDIAL_CLOCK_BOOTTIME = 7,
	SUNDIAL_CLOCK_REALTIME_ALARM = 8,
	SUNDIAL_CLOCK_BOOTTIME_ALARM = 9,
	SUNDIAL_CLOCK_TAI = 11,
};

/*
 * How many times a reader looks for a writer that is in the middle of a change
 * to end it, before it takes the old copy: a few milliseconds, which is more
 * than a running writer ever needs, and as a rule more than one that lost its
 * CPU for a while.
 */
#define SUNDIAL_LATCH_SPINS 65536

#define SUNDIAL_INLINE static inline __attribute__((always_inline, unused))

__extension__ typedef unsigned __int128 sundial_u128;

SUNDIAL_INLINE void sundial_cpu_relax(void)
{
#if defined(__x86_64__)
	__asm__ volatile("pause" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#else
	__asm__ volatile("" ::: "memory");
#endif
}

/*
 * The count of a MANUAL page: one load. What its writer had stored elsewhere
 * before it set this count is visible too.
 */
SUNDIAL_INLINE __u64 sundial_manual_now(const struct sundial_clock_page *page)
{
	return __atomic_load_n(&page->now_ns, __ATOMIC_ACQUIRE);
}

/*
 * page, in such a way that what is loaded through it is loaded after value was
 * known. A CPU may otherwise look at seq again before it has read its
 * counter, since neither needs the other.
 */
SUNDIAL_INLINE const struct sundial_clock_page *
sundial_same_page(const struct sundial_clock_page *page, __u64 value)
{
#if defined(__x86_64__)
	__asm__ volatile("andq $0, %0" : "+r"(value) : : "cc");
	return (const struct sundial_clock_page *)((const char *)page + value);
#elif defined(__aarch64__)
	__asm__ volatile("and %0, %0, xzr" : "+r"(value));
	return (const struct sundial_clock_page *)((const char *)page + value);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return page;
#endif
}

/*
 * Begins reading the latch. Waits, bounded, while a writer is between the two
 * copies, because then:
 *
 *	writer (slows down)           reader A            reader B
 *	seq is made odd
 *	takes host time h
 *	                              takes rate[1],
 *	                              host time h + d
 *	rate[0] = from h, slower
 *	seq is made even
 *	                                                  takes rate[0],
 *	                                                  host time h + e
 *
 * A has gone on at the old speed for d; B may see less than A did. A writer
 * that died here keeps nobody waiting for ever.
 */
SUNDIAL_INLINE __u32 sundial_latch_begin(const struct sundial_clock_page *page)
{
	__u32 seq = __atomic_load_n(&page->seq, __ATOMIC_ACQUIRE);
	int spins;

	for (spins = 0; (seq & 1) && spins < SUNDIAL_LATCH_SPINS; spins++) {
		sundial_cpu_relax();
		seq = __atomic_load_n(&page->seq, __ATOMIC_ACQUIRE);
	}
	return seq;
}

/* Not 0 if what was read since sundial_latch_begin() must be thrown away. */
SUNDIAL_INLINE int sundial_latch_retry(const struct sundial_clock_page *page, __u32 seq)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&page->seq, __ATOMIC_RELAXED) != seq;
}

SUNDIAL_INLINE void sundial_rate_load(struct sundial_clock_rate *to,
				      const struct sundial_clock_rate *from)
{
	to->host_base_ns = __atomic_load_n(&from->host_base_ns, __ATOMIC_RELAXED);
	to->base_ns = __atomic_load_n(&from->base_ns, __ATOMIC_RELAXED);
	to->mult = __atomic_load_n(&from->mult, __ATOMIC_RELAXED);
	to->shift = __atomic_load_n(&from->shift, __ATOMIC_RELAXED);
	to->reserved = 0;
	to->realtime_ns = __atomic_load_n(&from->realtime_ns, __ATOMIC_RELAXED);
	to->boottime_ns = __atomic_load_n(&from->boottime_ns, __ATOMIC_RELAXED);
	to->tai_ns = __atomic_load_n(&from->tai_ns, __ATOMIC_RELAXED);
	to->raw_ns = __atomic_load_n(&from->raw_ns, __ATOMIC_RELAXED);
}

SUNDIAL_INLINE void sundial_rate_store(struct sundial_clock_rate *to,
				       const struct sundial_clock_rate *from)
{
	__atomic_store_n(&to->host_base_ns, from->host_base_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&to->base_ns, from->base_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&to->mult, from->mult, __ATOMIC_RELAXED);
	__atomic_store_n(&to->shift, from->shift, __ATOMIC_RELAXED);
	__atomic_store_n(&to->realtime_ns, from->realtime_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&to->boottime_ns, from->boottime_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&to->tai_ns, from->tai_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&to->raw_ns, from->raw_ns, __ATOMIC_RELAXED);
}

/* A whole copy of the rate that is in force. */
SUNDIAL_INLINE void sundial_rate_read(const struct sundial_clock_page *page,
				      struct sundial_clock_rate *rate)
{
	__u32 seq;

	do {
		seq = sundial_latch_begin(page);
		sundial_rate_load(rate, &page->rate[seq & 1]);
	} while (sundial_latch_retry(page, seq));
}

/*
 * Begins a change: keeps the old rate for readers in rate[1], makes seq odd, and
 * returns the old rate in *rate. A page whose last writer died in any place is
 * brought in order, because rate[1] is made a copy of rate[0] before readers are
 * sent there. The host time from which a new rate holds must be taken after
 * this, which is what the full barrier is for: a reader that has not seen seq
 * odd has an earlier one. Callers serialise.
 */
SUNDIAL_INLINE void sundial_rate_begin(struct sundial_clock_page *page,
				       struct sundial_clock_rate *rate)
{
	__u32 seq = __atomic_load_n(&page->seq, __ATOMIC_RELAXED);

	sundial_rate_load(rate, &page->rate[seq & 1]);
	if (!(seq & 1)) {
		sundial_rate_store(&page->rate[1], rate);
		__atomic_store_n(&page->seq, seq + 1, __ATOMIC_RELEASE);
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Ends the change: rate is in force. */
SUNDIAL_INLINE void sundial_rate_end(struct sundial_clock_page *page,
				     const struct sundial_clock_rate *rate)
{
	__u32 seq = __atomic_load_n(&page->seq, __ATOMIC_RELAXED);

	sundial_rate_store(&page->rate[0], rate);
	__atomic_store_n(&page->seq, seq + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	sundial_rate_store(&page->rate[1], rate);
}

/* Replaces the rate by one that does not depend on when it takes over. */
SUNDIAL_INLINE void sundial_rate_write(struct sundial_clock_page *page,
				       const struct sundial_clock_rate *rate)
{
	struct sundial_clock_rate old;

	sundial_rate_begin(page, &old);
	sundial_rate_end(page, rate);
}

/* The count that rate gives at host_ns. */
SUNDIAL_INLINE __u64 sundial_rate_count(const struct sundial_clock_rate *rate, __u64 host_ns)
{
	__u64 delta_ns = host_ns - rate->host_base_ns;

	if ((__s64)delta_ns < 0)
		delta_ns = 0;
	return rate->base_ns + (__u64)(((sundial_u128)delta_ns * rate->mult) >> rate->shift);
}

/* Makes rate give the same from host_ns on, counted from there. Returns the count at host_ns. */
SUNDIAL_INLINE __u64 sundial_rate_rebase(struct sundial_clock_rate *rate, __u64 host_ns)
{
	rate->base_ns = sundial_rate_count(rate, host_ns);
	rate->host_base_ns = host_ns;
	return rate->base_ns;
}

/*
 * The count of a SCALED page. host() returns the host's CLOCK_MONOTONIC; it is
 * called between the two looks at seq, so that a rate is never applied to a
 * time after its end. Pass a function that can be inlined.
 */
SUNDIAL_INLINE __u64 sundial_scaled_now(const struct sundial_clock_page *page, __u64 (*host)(void))
{
	const struct sundial_clock_rate *rate;
	struct sundial_clock_rate now;
	__u64 host_ns;
	__u32 seq;

	do {
		seq = sundial_latch_begin(page);
		rate = &page->rate[seq & 1];
		now.host_base_ns = __atomic_load_n(&rate->host_base_ns, __ATOMIC_RELAXED);
		now.base_ns = __atomic_load_n(&rate->base_ns, __ATOMIC_RELAXED);
		now.mult = __atomic_load_n(&rate->mult, __ATOMIC_RELAXED);
		now.shift = __atomic_load_n(&rate->shift, __ATOMIC_RELAXED);
		host_ns = host();
	} while (sundial_latch_retry(sundial_same_page(page, host_ns), seq));
	return sundial_rate_count(&now, host_ns);
}

/* The count of a page of either mode. host is not called in mode MANUAL and may then be NULL. */
SUNDIAL_INLINE __u64 sundial_page_now(const struct sundial_clock_page *page, __u64 (*host)(void))
{
	if (page->mode == SUNDIAL_MODE_MANUAL)
		return sundial_manual_now(page);
	return sundial_scaled_now(page, host);
}

/*
 * What clock id shows when the count of its domain is count and rate is in
 * force. Returns 0; -EOPNOTSUPP for a CPU-time clock (dynamic ones, which are
 * negative, too), which a page does not hold; -EINVAL for an id that Linux has
 * not. *ns is written only with 0.
 */
SUNDIAL_INLINE int sundial_clock_of(const struct sundial_clock_page *page,
				    const struct sundial_clock_rate *rate, int id, __u64 count,
				    __s64 *ns)
{
	switch (id) {
	case SUNDIAL_CLOCK_REALTIME:
	case SUNDIAL_CLOCK_REALTIME_ALARM:
		*ns = (__s64)(count + (__u64)rate->realtime_ns);
		return 0;
	case SUNDIAL_CLOCK_MONOTONIC:
		*ns = (__s64)count;
		return 0;
	case SUNDIAL_CLOCK_MONOTONIC_RAW:
		*ns = (__s64)(count + (__u64)rate->raw_ns);
		return 0;
	case SUNDIAL_CLOCK_REALTIME_COARSE:
		*ns = (__s64)(count - count % page->coarse_ns + (__u64)rate->realtime_ns);
		return 0;
	case SUNDIAL_CLOCK_MONOTONIC_COARSE:
		*ns = (__s64)(count - count % page->coarse_ns);
		return 0;
	case SUNDIAL_CLOCK_BOOTTIME:
	case SUNDIAL_CLOCK_BOOTTIME_ALARM:
		*ns = (__s64)(count + (__u64)rate->boottime_ns);
		return 0;
	case SUNDIAL_CLOCK_TAI:
		*ns = (__s64)(count + (__u64)rate->tai_ns);
		return 0;
	case SUNDIAL_CLOCK_PROCESS_CPUTIME_ID:
	case SUNDIAL_CLOCK_THREAD_CPUTIME_ID:
		return -EOPNOTSUPP;
	default:
		return id < 0 ? -EOPNOTSUPP : -EINVAL;
	}
}

/*
 * Reads clock id of a page of either mode, as clock_gettime(2) would. host as
 * in sundial_page_now(), errors as in sundial_clock_of().
 */
SUNDIAL_INLINE int sundial_page_gettime(const struct sundial_clock_page *page, int id,
					__u64 (*host)(void), __s64 *ns)
{
	struct sundial_clock_rate rate;
	__u64 count, host_ns;
	__u32 seq;

	if (page->mode == SUNDIAL_MODE_MANUAL) {
		count = sundial_manual_now(page);
		if (id == SUNDIAL_CLOCK_MONOTONIC) {
			*ns = (__s64)count;
			return 0;
		}
		sundial_rate_read(page, &rate);
		return sundial_clock_of(page, &rate, id, count, ns);
	}
	do {
		seq = sundial_latch_begin(page);
		sundial_rate_load(&rate, &page->rate[seq & 1]);
		host_ns = host();
	} while (sundial_latch_retry(sundial_same_page(page, host_ns), seq));
	count = sundial_rate_count(&rate, host_ns);
	return sundial_clock_of(page, &rate, id, count, ns);
}

/*
 * What clock_getres(2) answers: 1 ns, and the granularity for the coarse
 * clocks. Errors as in sundial_clock_of().
 */
SUNDIAL_INLINE int sundial_page_getres(const struct sundial_clock_page *page, int id, __s64 *ns)
{
	__s64 unused;
	int ret = sundial_clock_of(page, &page->rate[0], id, 0, &unused);

	if (ret)
		return ret;
	if (id == SUNDIAL_CLOCK_REALTIME_COARSE || id == SUNDIAL_CLOCK_MONOTONIC_COARSE)
		*ns = (__s64)page->coarse_ns;
	else
		*ns = 1;
	return 0;
}

/*
 * Stores new in now_ns if it still is old; 1 if so. One instruction on x86, so
 * that a signal handler comes before or after it; without a lock prefix,
 * because no other thread writes.
 */
SUNDIAL_INLINE int sundial_tick_store(struct sundial_clock_page *page, __u64 old, __u64 new_ns)
{
#if defined(__x86_64__)
	unsigned char same;

	__asm__ volatile("cmpxchgq %3, %1"
			 : "=@cce"(same), "+m"(page->now_ns), "+a"(old)
			 : "r"(new_ns)
			 : "memory");
	return same;
#elif defined(__aarch64__)
	__u64 seen;
	__u32 failed;

	/* Not the builtin: it calls libgcc where the CPU's own instruction may be missing. */
	__asm__ volatile("1:	ldxr	%0, %2\n"
			 "	mov	%w1, #1\n"
			 "	cmp	%0, %3\n"
			 "	b.ne	2f\n"
			 "	stlxr	%w1, %4, %2\n"
			 "	cbnz	%w1, 1b\n"
			 "2:"
			 : "=&r"(seen), "=&r"(failed), "+Q"(page->now_ns)
			 : "r"(old), "r"(new_ns)
			 : "cc", "memory");
	return !failed;
#else
	return __atomic_compare_exchange_n(&page->now_ns, &old, new_ns, 0, __ATOMIC_RELEASE,
					   __ATOMIC_RELAXED);
#endif
}

/*
 * A reading that makes time go on: adds tick_ns to the count of a MANUAL page
 * of kind USER and returns 0 with the sum in *count; or changes nothing and
 * returns -EAGAIN if that would pass limit_ns: the caller then lets whatever is
 * due happen and tries again. Only for the one thread that may tick the page;
 * a signal handler of that thread may set the page.
 */
SUNDIAL_INLINE int sundial_tick(struct sundial_clock_page *page, __u64 *count)
{
	__u64 now, next;

	do {
		now = __atomic_load_n(&page->now_ns, __ATOMIC_RELAXED);
		if (__builtin_add_overflow(now, __atomic_load_n(&page->tick_ns, __ATOMIC_RELAXED),
					   &next) ||
		    next > __atomic_load_n(&page->limit_ns, __ATOMIC_RELAXED))
			return -EAGAIN;
	} while (!sundial_tick_store(page, now, next));
	__atomic_store_n(&page->reads, page->reads + 1, __ATOMIC_RELAXED);
	*count = next;
	return 0;
}

/* Sets the count of a MANUAL page of kind USER; what was stored before is visible with it. */
SUNDIAL_INLINE void sundial_page_set(struct sundial_clock_page *page, __u64 now_ns)
{
	__atomic_store_n(&page->now_ns, now_ns, __ATOMIC_RELEASE);
}

/*
 * Whether somebody waits for the page who is due by now_ns, which the caller has
 * just stored as its count; then SUNDIAL_CLOCK_KICK wakes them. The full barrier is
 * the writer's half of what <linux/sundial.h> says under "Waiting".
 */
SUNDIAL_INLINE int sundial_page_due(const struct sundial_clock_page *page, __u64 now_ns)
{
	__u64 deadline_ns;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	deadline_ns = __atomic_load_n(&page->deadline_ns, __ATOMIC_RELAXED);
	return deadline_ns && deadline_ns <= now_ns;
}

/* sundial_page_set() for a page that somebody may wait for: not 0 if a KICK is due. */
SUNDIAL_INLINE int sundial_page_set_due(struct sundial_clock_page *page, __u64 now_ns)
{
	sundial_page_set(page, now_ns);
	return sundial_page_due(page, now_ns);
}

/*
 * Fills a zeroed page as SUNDIAL_CLOCK_CREATE would, for whoever keeps pages in
 * memory of his own. how must be valid; host_ns is the host time now (SCALED).
 * The magic is stored last: a page that has it is complete.
 */
SUNDIAL_INLINE void sundial_page_init(struct sundial_clock_page *page,
				      const struct sundial_clock_create *how, __u64 domain,
				      __u64 host_ns)
{
	int scaled = how->mode == SUNDIAL_MODE_SCALED;
	int i;

	page->size = sizeof(*page);
	page->version = SUNDIAL_CLOCK_VERSION;
	page->kind = (__u8)how->kind;
	page->mode = (__u8)how->mode;
	page->flags = (how->flags & SUNDIAL_CREATE_STEPPABLE) ? SUNDIAL_PAGE_STEPPABLE : 0;
	page->domain = domain;
	page->limit_ns = ~0ULL;
	page->coarse_ns = how->coarse_ns ? how->coarse_ns : SUNDIAL_CLOCK_COARSE_NS;
	page->now_ns = scaled ? 0 : how->now_ns;
	for (i = 0; i < 2; i++) {
		struct sundial_clock_rate *rate = &page->rate[i];

		rate->host_base_ns = scaled ? host_ns : 0;
		rate->base_ns = scaled ? how->now_ns : 0;
		rate->mult = scaled;
		rate->realtime_ns = how->realtime_ns;
		rate->boottime_ns = how->boottime_ns;
		rate->tai_ns = how->tai_ns;
		rate->raw_ns = how->raw_ns;
	}
	__atomic_store_n(&page->magic, SUNDIAL_CLOCK_MAGIC, __ATOMIC_RELEASE);
}

#ifdef __cplusplus
}
#endif

#endif /* SUNDIAL_PAGE_H */
