// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One function for each inline of sundial_page.h, compiled freestanding and
 * looked at by freestanding.sh, not run.
 */
#include "lib/sundial_page.h"

__u64 read_manual(const struct sundial_clock_page *page);
__u64 read_scaled(const struct sundial_clock_page *page);
int read_clock(const struct sundial_clock_page *page, int id, __s64 *ns);
int read_resolution(const struct sundial_clock_page *page, int id, __s64 *ns);
int tick(struct sundial_clock_page *page, __u64 *count);
void set(struct sundial_clock_page *page, __u64 now_ns);
void write_rate(struct sundial_clock_page *page, const struct sundial_clock_rate *rate);
void init(struct sundial_clock_page *page, const struct sundial_clock_create *how);

SUNDIAL_INLINE __u64 counter(void)
{
	__u64 value;

#if defined(__aarch64__)
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value));
#else
	__u32 low, high;

	__asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high));
	value = (__u64)high << 32 | low;
#endif
	return value;
}

__u64 read_manual(const struct sundial_clock_page *page)
{
	return sundial_manual_now(page);
}

__u64 read_scaled(const struct sundial_clock_page *page)
{
	return sundial_scaled_now(page, counter);
}

int read_clock(const struct sundial_clock_page *page, int id, __s64 *ns)
{
	return sundial_page_gettime(page, id, counter, ns);
}

int read_resolution(const struct sundial_clock_page *page, int id, __s64 *ns)
{
	return sundial_page_getres(page, id, ns);
}

int tick(struct sundial_clock_page *page, __u64 *count)
{
	return sundial_tick(page, count);
}

void set(struct sundial_clock_page *page, __u64 now_ns)
{
	sundial_page_set(page, now_ns);
}

void write_rate(struct sundial_clock_page *page, const struct sundial_clock_rate *rate)
{
	sundial_rate_write(page, rate);
}

void init(struct sundial_clock_page *page, const struct sundial_clock_create *how)
{
	sundial_page_init(page, how, 1, 2);
}
