// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual time for BPF programs: functions that they can call in any context,
 * NMI too. They answer for the task that the program interrupted (current).
 *
 * They need the module's own BTF. Where that could not be made when the module
 * was built (the kernel's headers come without vmlinux or resolve_btfids, as
 * Debian's for 6.1) there are none, and the module says so once; programs then
 * read clock pages in a BPF_F_MMAPABLE array. With them /sys/kernel/btf/sundial
 * is there.
 *
 * Owns nothing. Locking: RCU, see bind.c.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/timekeeping.h>

#include "bind.h"
#include "clock.h"
#include "compat.h"
#include "kfunc.h"

#ifdef CONFIG_DEBUG_INFO_BTF_MODULES

__bpf_kfunc u64 bpf_sundial_now(void)
{
	struct sundial_clock *clock;
	u64 now_ns;
	u32 index;

	rcu_read_lock();
	clock = sundial_bound_clock(&index);
	now_ns = clock ? sundial_clock_now(clock, index) : ktime_get_mono_fast_ns();
	rcu_read_unlock();
	return now_ns;
}

__bpf_kfunc u64 bpf_sundial_domain(void)
{
	struct sundial_clock *clock;
	u64 domain;
	u32 index;

	rcu_read_lock();
	clock = sundial_bound_clock(&index);
	domain = clock ? clock->domain + index : 0;
	rcu_read_unlock();
	return domain;
}

__bpf_kfunc u64 bpf_sundial_host_to_virtual(u64 host_ns)
{
	struct sundial_clock *clock;
	u32 index;

	rcu_read_lock();
	clock = sundial_bound_clock(&index);
	if (clock)
		host_ns = sundial_clock_at(clock, index, host_ns);
	rcu_read_unlock();
	return host_ns;
}

BTF_KFUNCS_START(sundial_kfuncs)
BTF_ID_FLAGS(func, bpf_sundial_now)
BTF_ID_FLAGS(func, bpf_sundial_domain)
BTF_ID_FLAGS(func, bpf_sundial_host_to_virtual)
BTF_KFUNCS_END(sundial_kfuncs)

static const struct btf_kfunc_id_set sundial_kfunc_set = {
	.owner = THIS_MODULE,
	.set = &sundial_kfuncs,
};

int __init sundial_kfunc_init(void)
{
	int ret;

	if (!THIS_MODULE->btf_data_size) {
		pr_info("built without BTF, so BPF programs cannot call it\n");
		return 0;
	}
	ret = register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &sundial_kfunc_set);
	if (!ret)
		ret = register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL, &sundial_kfunc_set);
	if (ret)
		return ret;
	return sundial_kfunc_register_kprobe(&sundial_kfunc_set);
}

#else

int __init sundial_kfunc_init(void)
{
	pr_info("this kernel has no BTF of modules, so BPF programs cannot call it\n");
	return 0;
}

#endif
