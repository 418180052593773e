// SPDX-License-Identifier: GPL-2.0
/*
 * What TB sets watch of one process's memory: the ranges that it attached to slots
 * of any set, and the MMU notifier that turns page-table changes into changes of
 * those slots' generations.
 *
 * A struct sundial_space belongs to an mm and is kept by the mm's notifier, which
 * each registration (struct sundial_member) holds once, and by the work that takes
 * the registrations of a dead process out of their sets.
 *
 * Locking: space->lock for all of it; tb->lock of the sets is taken inside. The
 * callbacks come in process context with all sorts of locks of mm held, some of
 * them where sleeping is forbidden. They allocate nothing, free nothing and wait
 * for nobody. They never fail: an invalidation that may not block is as good here.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>

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
	struct work_struct reap;
};

/* Fewer ranges than this are handled without a chance for others to run. */
#define RELEASE_BATCH 256

static struct workqueue_struct *worker;
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

static struct sundial_range *range_of(struct interval_tree_node *node)
{
	return node ? container_of(node, struct sundial_range, node) : NULL;
}

static void space_free(struct kref *kref)
{
	kfree(container_of(kref, struct sundial_space, kref));
	if (atomic_dec_and_test(&spaces))
		wake_up_var(&spaces);
}

/* The range comes to rest. */
static void range_settle(struct sundial_range *range)
{
	struct sundial_tb *tb = range->member->tb;

	lockdep_assert_held(&range->member->space->lock);
	if (list_empty(&range->link))
		return;
	list_del_init(&range->link);
	range->busy = 0;
	range->late = false;
	spin_lock(&tb->lock);
	sundial_slot_end(tb, range->slot);
	spin_unlock(&tb->lock);
}

/*
 * Brings to rest what no invalidation overlaps any more, unless TLBs have yet to be
 * flushed. munmap() and others end their invalidation before that:
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
 * start is called, and down after the flush. Returns whether all is at rest that
 * can be.
 */
static bool space_rest(struct sundial_space *space)
{
	struct sundial_range *range, *next;

	lockdep_assert_held(&space->lock);
	if (list_empty(&space->busy))
		return true;
	if (mm_tlb_flush_pending(space->notifier.mm))
		return false;
	list_for_each_entry_safe(range, next, &space->busy, link)
		if (!range->busy && !range->late)
			range_settle(range);
	return true;
}

/* Nobody calls after the flush, so a work looks for it. */
static void space_rest_later(struct sundial_space *space)
{
	lockdep_assert_held(&space->lock);
	kref_get(&space->kref);
	mmgrab(space->notifier.mm);
	if (queue_work(worker, &space->rest))
		return;
	mmdrop(space->notifier.mm); /* the work that is queued has another of each */
	kref_put(&space->kref, space_free);
}

static void space_rest_work(struct work_struct *work)
{
	struct sundial_space *space = container_of(work, struct sundial_space, rest);
	struct mm_struct *mm = space->notifier.mm;
	bool done;

	for (;;) {
		spin_lock(&space->lock);
		done = space_rest(space);
		spin_unlock(&space->lock);
		if (done)
			break;
		usleep_range(20, 100);
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
	if (list_empty(&range->link))
		sundial_slot_begin(tb, range->slot, reason_of(change), start, end);
	else
		sundial_slot_event(tb, range->slot, reason_of(change), start, end);
	spin_unlock(&tb->lock);
	if (list_empty(&range->link))
		list_add(&range->link, &space->busy);
	if (!range->late)
		range->busy++;
}

/*
 * Each range counts the invalidations that overlap it. One that was attached while
 * some were under way did not see them begin and cannot know which ends are
 * theirs; it is late, counts nothing, and rests when none is under way at all:
 *
 *	munmap(a)		ATTACH(a)			mprotect(a)
 *	active 1
 *				late: odd
 *								active 2, not counted
 *	active 1: still late
 *	returns
 *								active 0: rests, even
 */
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
		range_begin(space, range_of(node), change);
	spin_unlock(&space->lock);
	return 0;
}

static void space_end(struct mmu_notifier *notifier, const struct mmu_notifier_range *change)
{
	struct sundial_space *space = space_of(notifier);
	struct interval_tree_node *node;
	struct sundial_range *range;

	if (keeps_content(change) || change->start >= change->end)
		return;
	spin_lock(&space->lock);
	for (node = interval_tree_iter_first(&space->ranges, change->start, change->end - 1); node;
	     node = interval_tree_iter_next(node, change->start, change->end - 1)) {
		range = range_of(node);
		if (range->busy)
			range->busy--;
	}
	if (!--space->active)
		list_for_each_entry(range, &space->busy, link)
			range->late = false;
	if (!space_rest(space))
		space_rest_later(space);
	spin_unlock(&space->lock);
}

static void range_unwatch(struct sundial_space *space, struct sundial_range *range)
{
	lockdep_assert_held(&space->lock);
	if (!range->watched)
		return;
	range->watched = false;
	interval_tree_remove(&range->node, &space->ranges);
	space->count--;
	range_settle(range);
}

static void range_ends(struct sundial_space *space, struct sundial_range *range)
{
	struct sundial_tb *tb = range->member->tb;

	spin_lock(&tb->lock);
	sundial_slot_begin(tb, range->slot, SUNDIAL_TB_ENDED, 0,
			   range->node.last - range->node.start + 1);
	sundial_slot_end(tb, range->slot);
	spin_unlock(&tb->lock);
	range_unwatch(space, range);
}

/*
 * The last user of the memory has gone, by exit or exec; nobody can attach to it
 * any more. Between two batches a set may be closed and take its ranges away.
 */
static void space_release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct sundial_space *space = space_of(notifier);
	struct sundial_range *range;
	u32 done = 0;

	spin_lock(&space->lock);
	while ((range = range_of(interval_tree_iter_first(&space->ranges, 0, ULONG_MAX)))) {
		range_ends(space, range);
		if (++done % RELEASE_BATCH == 0) {
			spin_unlock(&space->lock);
			cond_resched();
			spin_lock(&space->lock);
		}
	}
	if (!list_empty(&space->members)) {
		kref_get(&space->kref);
		queue_work(worker, &space->reap);
	}
	spin_unlock(&space->lock);
}

static struct sundial_member *space_claim_any(struct sundial_space *space)
{
	struct sundial_member *member;

	spin_lock(&space->lock);
	member = list_first_entry_or_null(&space->members, struct sundial_member, link);
	if (member) {
		list_del_init(&member->link);
		kref_get(&member->tb->kref);
	}
	spin_unlock(&space->lock);
	return member;
}

/*
 * Takes a dead process out of every set. A set that is closed at the same time
 * claims the same registrations; each is removed by who takes it off the list:
 *
 *	space_reap()			last close of the set
 *	claims member, holds the set
 *					does not get member: leaves it
 *					drops the set
 *	removes member from the set
 *	drops the set: freed
 */
static void space_reap(struct work_struct *work)
{
	struct sundial_space *space = container_of(work, struct sundial_space, reap);
	struct sundial_member *member;
	struct sundial_tb *tb;

	while ((member = space_claim_any(space))) {
		tb = member->tb;
		mutex_lock(&tb->mutex);
		sundial_tb_remove(member);
		mutex_unlock(&tb->mutex);
		sundial_tb_put(tb);
		cond_resched();
	}
	kref_put(&space->kref, space_free);
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
	INIT_WORK(&space->reap, space_reap);
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
struct sundial_space *sundial_space_get(void)
{
	struct mmu_notifier *notifier = mmu_notifier_get(&space_ops, current->mm);

	return IS_ERR(notifier) ? ERR_CAST(notifier) : space_of(notifier);
}

void sundial_space_put(struct sundial_space *space)
{
	mmu_notifier_put(&space->notifier);
}

void sundial_space_join(struct sundial_space *space, struct sundial_member *member)
{
	member->space = space;
	spin_lock(&space->lock);
	list_add(&member->link, &space->members);
	spin_unlock(&space->lock);
}

bool sundial_space_claim(struct sundial_member *member)
{
	struct sundial_space *space = member->space;
	bool ours;

	spin_lock(&space->lock);
	ours = !list_empty(&member->link);
	list_del_init(&member->link);
	spin_unlock(&space->lock);
	return ours;
}

int sundial_space_attach(struct sundial_range *range)
{
	struct sundial_space *space = range->member->space;
	struct sundial_tb *tb = range->member->tb;
	int ret = 0;

	lockdep_assert_held(&tb->mutex);
	spin_lock(&space->lock);
	if (space->count == SUNDIAL_TB_MAX_RANGES) {
		ret = -ENOSPC;
		goto out_unlock;
	}
	space->count++;
	range->watched = true;
	interval_tree_insert(&range->node, &space->ranges);
	spin_lock(&tb->lock);
	sundial_slot_change(tb, range->slot, SUNDIAL_TB_ATTACHED);
	if (space->active || mm_tlb_flush_pending(space->notifier.mm)) {
		range->late = space->active;
		list_add(&range->link, &space->busy);
		sundial_slot_begin(tb, range->slot, SUNDIAL_TB_CLEARED, 0,
				   range->node.last - range->node.start + 1);
	}
	spin_unlock(&tb->lock);
	if (!space->active && !space_rest(space))
		space_rest_later(space);
out_unlock:
	spin_unlock(&space->lock);
	return ret;
}

void sundial_space_detach(struct sundial_range *range)
{
	struct sundial_space *space = range->member->space;

	lockdep_assert_held(&range->member->tb->mutex);
	spin_lock(&space->lock);
	range_unwatch(space, range);
	spin_unlock(&space->lock);
}

int sundial_space_init(void)
{
	worker = alloc_workqueue("sundial", WQ_UNBOUND, 0);
	return worker ? 0 : -ENOMEM;
}

/*
 * No set is left, but dead processes may still be on their way out of closed ones,
 * and the notifiers of others wait for a grace period.
 */
void sundial_space_exit(void)
{
	destroy_workqueue(worker);
	wait_var_event(&spaces, !atomic_read(&spaces));
	mmu_notifier_synchronize();
}
