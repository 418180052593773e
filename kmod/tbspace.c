// SPDX-License-Identifier: GPL-2.0
/*
 * What TB sets watch of one process's memory: the ranges that it attached to slots
 * of any set, and the MMU notifier that turns page-table changes into changes of
 * those slots' generations.
 *
 * A struct sundial_space belongs to an mm and is kept by the mm's notifier, which
 * each registration (struct sundial_member) holds once, and by the work that waits
 * for TLBs to be flushed.
 *
 * Locking: space->lock for all of it; tb->lock of the sets is taken inside. The
 * callbacks for start and end come in process context with all sorts of locks of mm
 * held, some of them where sleeping is forbidden. They allocate nothing, free nothing
 * and wait for nobody. They never fail: an invalidation that may not block is as good
 * here. The one for the end of the memory comes with no lock, from the last user.
 *
 * Not mmu_interval_notifier: it has no callback for the end, and would be called for
 * each of 10,000 ranges at every fork.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>

#include "sundial.h"
#include "tb.h"

struct sundial_space {
	struct mmu_notifier notifier;
	struct kref kref;
	spinlock_t lock;
	struct rb_root_cached ranges; /* struct sundial_range by address */
	struct list_head busy;	      /* of these: not at rest, their slots are odd */
	struct list_head members;
	u32 count;  /* ranges in the tree */
	u32 active; /* invalidations begun and not ended, wherever they are */
	struct work_struct rest;
};

static atomic_t spaces; /* not freed yet */

static struct sundial_space *space_of(struct mmu_notifier *notifier)
{
	return container_of(notifier, struct sundial_space, notifier);
}

/*
 * Changes that keep every byte that can be read in the range, in 6.1 as in 6.12.
 * Start and end of an invalidation see the same struct, so they decide alike.
 *
 * PROTECTION_PAGE  fork's write protection of the parent (copy_page_range()), and
 *                  that of writeback and dirty tracking (page_vma_mkclean_one(),
 *                  wp_clean_pre_vma()): the same pages, read-only. A later copy on
 *                  write is a CLEAR of its own.
 * SOFT_DIRTY       write protection of everything through /proc/PID/clear_refs.
 *
 * Not MIGRATE: a device may write to the page while it is there. Fork of private
 * huge pages of hugetlbfs comes as CLEAR and is reported.
 */
static bool keeps_content(const struct mmu_notifier_range *range)
{
	return range->event == MMU_NOTIFY_PROTECTION_PAGE || range->event == MMU_NOTIFY_SOFT_DIRTY;
}

static u32 reason_of(const struct mmu_notifier_range *range)
{
	switch (range->event) {
	case MMU_NOTIFY_UNMAP:
		return SUNDIAL_TB_UNMAPPED;
	case MMU_NOTIFY_PROTECTION_VMA:
		return SUNDIAL_TB_PROTECTED;
	default:
		return SUNDIAL_TB_CLEARED;
	}
}

static void space_free(struct kref *kref)
{
	kfree(container_of(kref, struct sundial_space, kref));
	if (atomic_dec_and_test(&spaces))
		wake_up_var(&spaces);
}

/* The range comes to rest, if it is not. */
static void range_rest(struct sundial_range *range)
{
	struct sundial_tb *tb = range->member->tb;

	lockdep_assert_held(&range->member->space->lock);
	if (list_empty(&range->busy))
		return;
	list_del_init(&range->busy);
	spin_lock(&tb->lock);
	sundial_slot_end(tb, range->slot);
	spin_unlock(&tb->lock);
}

/*
 * Brings all to rest once no invalidation is under way, as the kernel's own interval
 * notifiers do: a range that was attached amid some did not see them begin and could
 * not tell which ends are theirs. And not before TLBs are flushed, since munmap() and
 * others end their invalidation before that:
 *
 *	translator			munmap()
 *					start: 5
 *					page tables change
 *					end: must not be 6 yet
 *	6, even (if it were)
 *	reads old bytes through its TLB
 *	still 6: keeps them for ever
 *					TLBs are flushed
 *
 * mm counts those who are between a change and its flush. That count is up before
 * start is called, and down after the flush. Returns whether all is at rest, or will
 * be by the end of another invalidation.
 */
static bool space_rest(struct sundial_space *space)
{
	struct sundial_range *range, *next;

	lockdep_assert_held(&space->lock);
	if (space->active || list_empty(&space->busy))
		return true;
	if (mm_tlb_flush_pending(space->notifier.mm))
		return false;
	list_for_each_entry_safe (range, next, &space->busy, busy)
		range_rest(range);
	return true;
}

/* Nobody calls after the flush, so a work looks for it. */
static void space_rest_later(struct sundial_space *space)
{
	lockdep_assert_held(&space->lock);
	kref_get(&space->kref);
	mmgrab(space->notifier.mm);
	if (queue_work(sundial_worker, &space->rest))
		return;
	mmdrop(space->notifier.mm); /* the work that is queued has another of each */
	kref_put(&space->kref, space_free);
}

/* A flush follows its change within microseconds, unless a thread between them waits for a CPU. */
#define LOOKS_BEFORE_SLEEP 32

static void space_rest_work(struct work_struct *work)
{
	struct sundial_space *space = container_of(work, struct sundial_space, rest);
	struct mm_struct *mm = space->notifier.mm;
	unsigned int looks = 0;
	bool done;

	for (;;) {
		spin_lock(&space->lock);
		done = space_rest(space);
		spin_unlock(&space->lock);
		if (done)
			break;
		if (++looks % LOOKS_BEFORE_SLEEP == 0)
			schedule_timeout_uninterruptible(1);
		else
			udelay(2);
	}
	mmdrop(mm);
	kref_put(&space->kref, space_free);
}

static void range_begin(struct sundial_space *space, struct sundial_range *range,
			const struct mmu_notifier_range *change)
{
	struct sundial_tb *tb = range->member->tb;
	u64 start = max(change->start, range->node.start) - range->node.start;
	u64 end = min(change->end - 1, range->node.last) + 1 - range->node.start;

	spin_lock(&tb->lock);
	if (list_empty(&range->busy))
		sundial_slot_begin(tb, range->slot);
	sundial_slot_event(tb, range->slot, reason_of(change), start, end);
	spin_unlock(&tb->lock);
	if (list_empty(&range->busy))
		list_add(&range->busy, &space->busy);
}

static int space_start(struct mmu_notifier *notifier, const struct mmu_notifier_range *change)
{
	struct sundial_space *space = space_of(notifier);
	struct interval_tree_node *node;

	if (keeps_content(change) || change->start >= change->end)
		return 0;
	spin_lock(&space->lock);
	space->active++;
	for (node = interval_tree_iter_first(&space->ranges, change->start, change->end - 1); node;
	     node = interval_tree_iter_next(node, change->start, change->end - 1))
		range_begin(space, container_of(node, struct sundial_range, node), change);
	spin_unlock(&space->lock);
	return 0;
}

static void space_end(struct mmu_notifier *notifier, const struct mmu_notifier_range *change)
{
	struct sundial_space *space = space_of(notifier);

	if (keeps_content(change) || change->start >= change->end)
		return;
	spin_lock(&space->lock);
	space->active--;
	if (!space_rest(space))
		space_rest_later(space);
	spin_unlock(&space->lock);
}

/* A set that the space is registered with, and a reference to it; NULL if there is none. */
static struct sundial_tb *space_get_set(struct sundial_space *space)
{
	struct sundial_member *member;
	struct sundial_tb *tb = NULL;

	spin_lock(&space->lock);
	member = list_first_entry_or_null(&space->members, struct sundial_member, link);
	if (member) {
		tb = member->tb;
		kref_get(&tb->kref);
	}
	spin_unlock(&space->lock);
	return tb;
}

/*
 * The last user of the memory has gone, by exit or exec; nobody can register it any
 * more. A set may be closed at the same time; tb->mutex decides who removes:
 *
 *	space_release()			last close of the set
 *	gets the set
 *					removes all members, this one too
 *					drops the set
 *	finds no member in it
 *	drops the set: freed
 */
static void space_release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct sundial_member *member;
	struct sundial_tb *tb;

	while ((tb = space_get_set(space_of(notifier)))) {
		mutex_lock(&tb->mutex);
		member = sundial_tb_member(tb, mm);
		if (member)
			sundial_tb_remove(member);
		mutex_unlock(&tb->mutex);
		sundial_tb_put(tb);
	}
}

/* Called with mm's mmap lock held for writing. */
static struct mmu_notifier *space_alloc(struct mm_struct *mm)
{
	struct sundial_space *space = kzalloc(sizeof(*space), GFP_KERNEL_ACCOUNT);

	if (!space)
		return ERR_PTR(-ENOMEM);
	kref_init(&space->kref);
	spin_lock_init(&space->lock);
	space->ranges = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&space->busy);
	INIT_LIST_HEAD(&space->members);
	INIT_WORK(&space->rest, space_rest_work);
	atomic_inc(&spaces);
	return &space->notifier;
}

static void space_free_notifier(struct mmu_notifier *notifier)
{
	kref_put(&space_of(notifier)->kref, space_free);
}

static const struct mmu_notifier_ops space_ops = {
	.release = space_release,
	.invalidate_range_start = space_start,
	.invalidate_range_end = space_end,
	.alloc_notifier = space_alloc,
	.free_notifier = space_free_notifier,
};

/*
 * A space that is made here sees both ends of an invalidation or none: registering
 * a notifier takes every lock under which page tables are changed.
 */
int sundial_space_get(struct sundial_member *member)
{
	struct mmu_notifier *notifier = mmu_notifier_get(&space_ops, member->mm);

	if (IS_ERR(notifier))
		return PTR_ERR(notifier);
	member->space = space_of(notifier);
	INIT_LIST_HEAD(&member->link);
	return 0;
}

void sundial_space_join(struct sundial_member *member)
{
	spin_lock(&member->space->lock);
	list_add(&member->link, &member->space->members);
	spin_unlock(&member->space->lock);
}

void sundial_space_put(struct sundial_member *member)
{
	spin_lock(&member->space->lock);
	list_del(&member->link);
	spin_unlock(&member->space->lock);
	mmu_notifier_put(&member->space->notifier);
}

int sundial_space_attach(struct sundial_range *range)
{
	struct sundial_space *space = range->member->space;
	struct sundial_tb *tb = range->member->tb;

	lockdep_assert_held(&tb->mutex);
	spin_lock(&space->lock);
	if (space->count == SUNDIAL_TB_MAX_RANGES) {
		spin_unlock(&space->lock);
		return -ENOSPC;
	}
	space->count++;
	interval_tree_insert(&range->node, &space->ranges);
	list_add(&range->busy, &space->busy);
	spin_lock(&tb->lock);
	sundial_slot_begin(tb, range->slot);
	spin_unlock(&tb->lock);
	if (!space_rest(space))
		space_rest_later(space);
	spin_lock(&tb->lock);
	sundial_slot_event(tb, range->slot, SUNDIAL_TB_ATTACHED, 0, 0);
	spin_unlock(&tb->lock);
	spin_unlock(&space->lock);
	return 0;
}

void sundial_space_detach(struct sundial_range *range)
{
	struct sundial_space *space = range->member->space;

	lockdep_assert_held(&range->member->tb->mutex);
	spin_lock(&space->lock);
	interval_tree_remove(&range->node, &space->ranges);
	space->count--;
	range_rest(range);
	spin_unlock(&space->lock);
}

/* No set is left, but the notifiers of processes wait for a grace period, and works end. */
void sundial_space_exit(void)
{
	wait_var_event(&spaces, !atomic_read(&spaces));
	mmu_notifier_synchronize();
}
