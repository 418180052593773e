/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that differs between the kernels the module is built for, each
 * with the commit that changed it. The rest of the module is written for the
 * newest.
 */
#ifndef KMOD_COMPAT_H
#define KMOD_COMPAT_H

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/version.h>

/* bc292ab00f6c ("mm: introduce vma->vm_flags wrapper functions"), 6.3 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* 57e7c169cd6a ("bpf: Add __bpf_kfunc tag for marking kernel functions as kfuncs"), 6.3 */
#ifndef __bpf_kfunc
#define __bpf_kfunc __used noinline
#endif

/* a05e90427ef6 ("bpf: btf: Add BTF_KFUNCS_START/END macro pair"), 6.9 */
#ifndef BTF_KFUNCS_START
#define BTF_KFUNCS_START(name) BTF_SET8_START(name)
#define BTF_KFUNCS_END(name)   BTF_SET8_END(name)
#endif

/*
 * adf46d88ae4b ("bpf: Add support for kprobe session context"), 6.10, let kprobe and uprobe
 * programs call functions of modules; before that the registration is refused.
 */
static inline int sundial_kfunc_register_kprobe(const struct btf_kfunc_id_set *set)
{
	if (LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0))
		return 0;
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_KPROBE, set);
}

/*
 * 908a1d775422 ("hrtimers: Introduce hrtimer_setup() to replace hrtimer_init()"), 6.13. Stable
 * kernels take it over, so that its own name would be defined twice one day.
 */
static inline void sundial_hrtimer_setup(struct hrtimer *timer,
					 enum hrtimer_restart (*function)(struct hrtimer *),
					 clockid_t clock, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	hrtimer_init(timer, clock, mode);
	timer->function = function;
#else
	hrtimer_setup(timer, function, clock, mode);
#endif
}

#endif /* KMOD_COMPAT_H */
