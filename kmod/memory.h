/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory of the kernel that user space maps.
 */
#ifndef KMOD_MEMORY_H
#define KMOD_MEMORY_H

#include <linux/mm.h>

struct user_struct;

/* Whole pages at consecutive addresses of the kernel. All zero is an area of no pages. */
struct sundial_area {
	void *base;
	u32 pages;
	struct user_struct *user; /* whom the pages are accounted to; NULL if nobody */
};

/*
 * Fills *area with that many zeroed pages, accounted to the caller's user and
 * memory cgroup. Returns 0 or -ENOMEM. May sleep. sundial_area_free() when nobody
 * can map it any more.
 */
int sundial_area_alloc(struct sundial_area *area, u32 pages);
void sundial_area_free(struct sundial_area *area);

/* The fault handler's work: page number index of area, VM_FAULT_SIGBUS if there is none. */
vm_fault_t sundial_area_fault(const struct sundial_area *area, struct vm_fault *vmf, pgoff_t index);

#endif /* KMOD_MEMORY_H */
