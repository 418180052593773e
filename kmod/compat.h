/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that differs between the kernels the module is built for, each
 * with the commit that changed it. The rest of the module is written for the
 * newest.
 */
#ifndef KMOD_COMPAT_H
#define KMOD_COMPAT_H

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

#endif /* KMOD_COMPAT_H */
