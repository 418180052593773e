// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of the kernel that user space maps: the pages of clocks and TB sets.
 *
 * The pages stay in memory as locked ones do, so they count against the same
 * limit, RLIMIT_MEMLOCK, over all processes of the user; and in his memory cgroup.
 *
 * Locking: none; an area is constant between its making and its end.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/vmalloc.h>

#include "memory.h"

static int account(struct sundial_area *area, u32 pages)
{
	struct user_struct *user = current_user();
	unsigned long limit, old, sum;

	if (capable(CAP_IPC_LOCK))
		return 0;
	limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	old = atomic_long_read(&user->locked_vm);
	do {
		sum = old + pages;
		if (sum > limit)
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(&user->locked_vm, (long *)&old, sum));
	area->user = get_uid(user);
	return 0;
}

int sundial_area_alloc(struct sundial_area *area, u32 pages)
{
	int ret = account(area, pages);

	if (ret)
		return ret;
	area->pages = pages;
	area->base = __vmalloc((size_t)pages << PAGE_SHIFT,
			       GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
	if (area->base)
		return 0;
	sundial_area_free(area);
	return -ENOMEM;
}

void sundial_area_free(struct sundial_area *area)
{
	vfree(area->base);
	if (area->user) {
		atomic_long_sub(area->pages, &area->user->locked_vm);
		free_uid(area->user);
	}
	*area = (struct sundial_area){};
}

vm_fault_t sundial_area_fault(const struct sundial_area *area, struct vm_fault *vmf, pgoff_t index)
{
	if (index >= area->pages)
		return VM_FAULT_SIGBUS;
	vmf->page = vmalloc_to_page(area->base + (index << PAGE_SHIFT));
	get_page(vmf->page);
	return 0;
}
