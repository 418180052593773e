/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TB sets as their files see them: tb.c has the descriptor and its calls,
 * tbslot.c the generations and the event queue, tbspace.c the page-table changes
 * of each process, tbsync.c the vCPUs and the waiting for them.
 *
 * Locks, outermost first: tb->mutex, space->lock, tb->lock. tb->read_mutex is
 * outside of tb->lock and meets no other. MMU notifier callbacks take space->lock
 * and tb->lock, nothing else, so neither is ever held over an allocation, a fault
 * or anything that waits.
 */
#ifndef KMOD_TB_H
#define KMOD_TB_H

#include <linux/hashtable.h>
#include <linux/interval_tree.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include <linux/sundial.h>

#include "memory.h"
#include "view.h"

struct mm_struct;
struct pid;
struct sundial_space;

/* A thread that runs translated code; all of it under tb->lock. */
struct sundial_vcpu {
	struct pid *pid;	       /* a reference; NULL if nobody is this vCPU */
	struct sundial_member *member; /* of the thread's memory, while pid is set */
};

/*
 * A set. What holds it: its file, and for a while the work that takes a dead
 * process out of it.
 */
struct sundial_tb {
	struct kref kref;
	struct sundial_view view;
	u64 id; /* for tracing and debugfs */
	u32 slots;
	u32 vcpus;
	u32 events;
	struct sundial_area page_area; /* struct sundial_tb_page and generations */
	struct sundial_area vcpu_area; /* struct sundial_tb_vcpu; users write it */

	struct mutex mutex; /* members, what they have attached, who becomes a vCPU */
	DECLARE_HASHTABLE(members, 6);
	u32 spaces;
	u32 ranges;

	spinlock_t lock; /* generations, and all to the next line */
	u32 *busy;	 /* of each slot: ranges whose page tables change now */
	struct sundial_tb_event *ring;
	u64 head; /* events put into the ring, ever */
	u64 tail; /* and taken out */
	u64 lost; /* since somebody was told */
	struct sundial_vcpu *vcpu;

	struct mutex read_mutex; /* one reader of the queue at a time */
	wait_queue_head_t readable;
	wait_queue_head_t paused; /* SYNCs that sleep */
};

/* A process that is registered with a set. Changed under tb->mutex. */
struct sundial_member {
	struct sundial_tb *tb;
	struct hlist_node hash; /* tb->members, by mm */
	struct mm_struct *mm;	/* compared only; the space keeps it from being reused */
	struct sundial_space *space;
	struct list_head link; /* space->members, under space->lock */
	struct xarray ranges;  /* struct sundial_range by slot */
	u32 attached;
};

/* Addresses that a process has attached to a slot. Under space->lock but for slot. */
struct sundial_range {
	struct interval_tree_node node; /* space->ranges, while watched */
	struct sundial_member *member;
	struct list_head busy; /* space->busy, while its slot is odd for it; else empty */
	u32 slot;
};

static inline struct sundial_tb_page *sundial_tb_page(struct sundial_tb *tb)
{
	return tb->page_area.base;
}

/* tb.c */
void sundial_tb_put(struct sundial_tb *tb);
/*
 * Of a process or NULL; and taking it out of its set, freeing it. Hold tb->mutex.
 */
struct sundial_member *sundial_tb_member(struct sundial_tb *tb, struct mm_struct *mm);
void sundial_tb_remove(struct sundial_member *member);

/*
 * tbslot.c: the generation of one slot, below tb->slots; tb->lock held. None of these
 * sleeps or allocates.
 *
 * change: it becomes another one. begin: odd until as many ends have come. event: one
 * more in the queue, which tells of a change that was made.
 */
void sundial_slot_change(struct sundial_tb *tb, u32 slot, u32 reason, u64 bytes);
void sundial_slot_begin(struct sundial_tb *tb, u32 slot);
void sundial_slot_end(struct sundial_tb *tb, u32 slot);
void sundial_slot_event(struct sundial_tb *tb, u32 slot, u32 reason, u64 start, u64 end);
ssize_t sundial_queue_read(struct file *file, char __user *buffer, size_t size, loff_t *at);
__poll_t sundial_queue_poll(struct file *file, struct poll_table_struct *table);

/*
 * tbspace.c: the memory of a process, over all sets. get: a reference for a member of
 * the caller's memory, until put; -ENOMEM, -EINTR; takes the mmap lock for writing, so
 * hold nothing. join: it hears of the memory's end. join, attach, detach: holding
 * tb->mutex; attach: -ENOSPC.
 */
int sundial_space_get(struct sundial_member *member);
void sundial_space_join(struct sundial_member *member);
void sundial_space_put(struct sundial_member *member);
int sundial_space_attach(struct sundial_range *range);
void sundial_space_detach(struct sundial_range *range);
void sundial_space_exit(void);

/* tbsync.c */
int sundial_tb_become_vcpu(struct sundial_tb *tb, const struct sundial_tb_vcpu_call *how);
int sundial_tb_quiescent(struct sundial_tb *tb, const struct sundial_tb_quiescent *how);
int sundial_tb_invalidate(struct sundial_tb *tb, struct sundial_tb_invalidate *how);
void sundial_vcpus_forget(struct sundial_tb *tb, struct sundial_member *member);

#endif /* KMOD_TB_H */
