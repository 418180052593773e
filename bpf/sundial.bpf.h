/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual time in BPF programs, by the two ways there are:
 *
 * The functions of sundial.ko answer for the thread that the program interrupted,
 * wherever SUNDIAL_CLOCK_BIND put it. They are weak, so a program that has them
 * loads without the module too, if no call of them can be reached: guard each by
 * a const volatile bool that the loader sets if /sys/kernel/btf/sundial is there.
 * Tracing programs can call them (tp_btf, fentry, and from Linux
 * 6.12 on tracepoint and perf_event), syscall programs, and from 6.10 on kprobe
 * and uprobe programs.
 *
 * sundial_page_count() reads a page of a BPF_F_MMAPABLE array, which a simulator
 * fills as libsundial's SUNDIAL_BACKING_BPF: every kernel since 5.17, every type
 * of program, no module. Which page is asked for is the program's affair.
 *
 * Both may be called in any context, NMI too, and return what a reader in C
 * returns. Include after vmlinux.h, or after <linux/bpf.h>, and <bpf/bpf_helpers.h>.
 */
#ifndef SUNDIAL_BPF_H
#define SUNDIAL_BPF_H

#ifdef __VMLINUX_H__
#define _LINUX_TYPES_H /* vmlinux.h has all of it */
#endif
#include <linux/sundial.h>

/* The count of the current task's domain; bpf_ktime_get_ns() if it is in none. */
extern __u64 bpf_sundial_now(void) __ksym __weak;

/* The identity of the current task's domain; 0 if it is in none. */
extern __u64 bpf_sundial_domain(void) __ksym __weak;

/*
 * The count of the current task's domain at a time of bpf_ktime_get_ns(), by the
 * rate in force now; in mode MANUAL, which knows no other time, the count now.
 */
extern __u64 bpf_sundial_host_to_virtual(__u64 host_ns) __ksym __weak;

/* A map of pages. Its loader gives it the descriptor of a clock: bpf_map__reuse_fd(). */
#define SUNDIAL_BPF_PAGES(name)                              \
	struct {                                             \
		__uint(type, BPF_MAP_TYPE_ARRAY);            \
		__uint(map_flags, BPF_F_MMAPABLE);           \
		__uint(max_entries, 1);                      \
		__uint(key_size, sizeof(__u32));             \
		__uint(value_size, SUNDIAL_CLOCK_PAGE_SIZE); \
	} name SEC(".maps")

/*
 * How often a reader looks for a writer that is in the middle of a change to end
 * it: well under a millisecond. The program may have interrupted that writer.
 */
#define SUNDIAL_BPF_TRIES 1024

struct sundial_bpf_read {
	const struct sundial_clock_page *page;
	__u64 host_ns; /* 0: now */
	__u64 delta_ns, base_ns, mult;
	__u32 shift;
	__u32 pad;
};

/*
 * value, in such a way that what is loaded through it is loaded after since was
 * known: a CPU may otherwise look at seq again before it has read its counter.
 */
static __always_inline const void *sundial_bpf_after(const void *value, __u64 since)
{
#ifdef __TARGET_ARCH_x86
	asm volatile("%0 &= 0" : "+r"(since));
	return value + since;
#else
	__u64 barrier = since;

	__sync_fetch_and_add(&barrier, 1);
	return value;
#endif
}

/*
 * One look at the latch, for bpf_loop(): keeps what is whole, and returns 1 when
 * that is in force too. In the middle of a change the old copy is whole; and so is
 * one that was followed by a change only while the host's time was taken, which is
 * all that a reader gets beside a writer that does nothing else.
 */
static long sundial_bpf_look(__u32 tries, void *argument)
{
	struct sundial_bpf_read *read = argument;
	const volatile struct sundial_clock_page *page = read->page;
	__u32 seq = page->seq;
	const volatile struct sundial_clock_rate *rate =
		sundial_bpf_after((const void *)&page->rate[seq & 1], seq);
	__u64 host_base_ns = rate->host_base_ns, base_ns = rate->base_ns, mult = rate->mult;
	__u32 shift = rate->shift;
	__u64 host_ns;

	page = sundial_bpf_after((const void *)page, host_base_ns | base_ns | mult | shift);
	if (page->seq != seq)
		return 0;
	host_ns = read->host_ns ? read->host_ns : bpf_ktime_get_ns();
	read->delta_ns = host_ns - host_base_ns;
	read->base_ns = base_ns;
	read->mult = mult;
	read->shift = shift;
	page = sundial_bpf_after((const void *)page, host_ns);
	return !(seq & 1) && page->seq == seq;
}

/* (a * b) >> shift of the whole product; shift is 0 to 63. */
static __always_inline __u64 sundial_bpf_mul_shift(__u64 a, __u64 b, __u32 shift)
{
	__u64 a_low = (__u32)a, a_high = a >> 32, b_low = (__u32)b, b_high = b >> 32;
	__u64 low = a_low * b_low;
	__u64 middle = a_high * b_low + (low >> 32);
	__u64 middle_low = a_low * b_high + (__u32)middle;
	__u64 high = a_high * b_high + (middle >> 32) + (middle_low >> 32);

	low = middle_low << 32 | (__u32)low;
	shift &= 63;
	return shift ? low >> shift | high << (64 - shift) : low;
}

/*
 * The count of page now, or at host_ns of bpf_ktime_get_ns() if that is not 0
 * (mode MANUAL has no other time than now). page comes from bpf_map_lookup_elem().
 */
static __always_inline __u64 sundial_page_count_at(const struct sundial_clock_page *page,
						   __u64 host_ns)
{
	struct sundial_bpf_read read = {.page = page, .host_ns = host_ns};

	if (page->mode == SUNDIAL_MODE_MANUAL)
		return *(const volatile __u64 *)&page->now_ns;
	bpf_loop(SUNDIAL_BPF_TRIES, sundial_bpf_look, &read, 0);
	/* Another CPU may have been asked for the time just before the rate changed. */
	if ((__s64)read.delta_ns < 0)
		read.delta_ns = 0;
	return read.base_ns + sundial_bpf_mul_shift(read.delta_ns, read.mult, read.shift);
}

static __always_inline __u64 sundial_page_count(const struct sundial_clock_page *page)
{
	return sundial_page_count_at(page, 0);
}

#endif /* SUNDIAL_BPF_H */
