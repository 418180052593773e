/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions that BPF programs call, and their registration.
 */
#ifndef KMOD_KFUNC_H
#define KMOD_KFUNC_H

#include <linux/types.h>

/* The count of current's domain; the host's CLOCK_MONOTONIC if it is in none. */
u64 bpf_sundial_now(void);

/* The identity of current's domain, as its page has it; 0 if it is in none. */
u64 bpf_sundial_domain(void);

/*
 * The count of current's domain at a time of bpf_ktime_get_ns(), by the rate that
 * is in force now; in mode MANUAL, which knows no other time, the count now.
 */
u64 bpf_sundial_host_to_virtual(u64 host_ns);

/* Once, at the module's init; the kernel ends it with the module. */
int sundial_kfunc_init(void);

#endif /* KMOD_KFUNC_H */
