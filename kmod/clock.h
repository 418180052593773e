/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A clock as the files of sundial.ko see it: clock.c makes and changes it, others
 * read it and wait for it.
 */
#ifndef KMOD_CLOCK_H
#define KMOD_CLOCK_H

#include <linux/kref.h>
#include <linux/spinlock.h>

#include <linux/sundial.h>

#include "memory.h"
#include "view.h"
#include "wait.h"

/* The pages of one domain or array. Constant but for locks, queues, and the pages themselves. */
struct sundial_clock {
	struct kref kref;
	spinlock_t lock; /* serialises the kernel's changes of the page, kind KERNEL */
	int writer;	 /* the CPU of whoever changes it, while seq is odd */
	u32 kind;
	u32 mode;
	u32 flags;
	u32 count;
	u64 domain;    /* of the first page; the others follow */
	s64 timens_ns; /* from the host's CLOCK_MONOTONIC to its creator's */
	struct sundial_area area;
	struct sundial_view view;
	struct sundial_queue *queues; /* one for each page; NULL if nobody can wait for them */
	atomic_t waiters;	      /* in all queues, for debugfs */
	struct hrtimer timer;	      /* of queues[0], kind KERNEL in mode SCALED */
};

/* What an open file of a clock holds, the creator's or a reader's. */
struct sundial_clock_file {
	struct sundial_clock *clock; /* a reference */
	struct list_head bindings;   /* made through it; see bind.c */
	u32 bound;		     /* how many */
	struct sundial_alarm alarm;
};

/* index must be below clock->count. */
static inline struct sundial_clock_page *sundial_clock_page(struct sundial_clock *clock, u32 index)
{
	return clock->area.base + (size_t)index * SUNDIAL_CLOCK_PAGE_SIZE;
}

/*
 * The count of a page now, or at host_ns of the machine's CLOCK_MONOTONIC (mode
 * MANUAL has no other time than now). For kind USER it is whatever the page shows,
 * and nothing may depend on it but its owner's fate. Any context, NMI too; takes
 * no lock. The caller holds a reference or is in an RCU section that has one.
 */
u64 sundial_clock_now(struct sundial_clock *clock, u32 index);
u64 sundial_clock_at(struct sundial_clock *clock, u32 index, u64 host_ns);

/* Drops a reference. The last one frees the pages: process context. */
void sundial_clock_put(struct sundial_clock *clock);

#endif /* KMOD_CLOCK_H */
