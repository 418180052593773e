// SPDX-License-Identifier: GPL-2.0
/*
 * TB sets: the descriptor that SUNDIAL_TB_CREATE returns, its mappings, and who is
 * registered with it and has attached what.
 *
 * The descriptor owns the set and everything in it. user/lib/tb.c does the same
 * over a memfd; a change of a rule is made in both.
 *
 * Locking: tb.h has the order. tb->mutex is held over allocations but never over
 * the caller's memory, nor over its mmap lock.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "sundial.h"
#include "tb.h"

#define VCPU_PAGE (SUNDIAL_TB_VCPU_OFFSET >> PAGE_SHIFT)

static atomic64_t next_set = ATOMIC64_INIT(1);

struct sundial_member *sundial_tb_member(struct sundial_tb *tb, struct mm_struct *mm)
{
	struct sundial_member *member;

	lockdep_assert_held(&tb->mutex);
	hash_for_each_possible(tb->members, member, hash, (unsigned long)mm)
	{
		if (member->mm == mm)
			return member;
	}
	return NULL;
}

static void tb_free(struct kref *kref)
{
	struct sundial_tb *tb = container_of(kref, struct sundial_tb, kref);

	sundial_view_remove(&tb->view);
	sundial_area_free(&tb->page_area);
	sundial_area_free(&tb->vcpu_area);
	kvfree(tb->busy);
	kvfree(tb->ring);
	kvfree(tb->vcpu);
	kfree(tb);
}

void sundial_tb_put(struct sundial_tb *tb)
{
	kref_put(&tb->kref, tb_free);
}

static void range_free(struct sundial_tb *tb, struct sundial_range *range, u32 reason, u64 bytes)
{
	sundial_space_detach(range);
	spin_lock(&tb->lock);
	sundial_slot_change(tb, range->slot, reason, bytes);
	spin_unlock(&tb->lock);
	range->member->attached--;
	tb->ranges--;
	kfree(range);
}

void sundial_tb_remove(struct sundial_member *member)
{
	struct sundial_tb *tb = member->tb;
	struct sundial_range *range;
	unsigned long slot;

	lockdep_assert_held(&tb->mutex);
	hash_del(&member->hash);
	xa_for_each(&member->ranges, slot, range)
	{
		range_free(tb, range, SUNDIAL_TB_ENDED, range->node.last - range->node.start + 1);
		cond_resched();
	}
	xa_destroy(&member->ranges);
	sundial_vcpus_forget(tb, member);
	tb->spaces--;
	sundial_space_put(member);
	kfree(member);
}

static int sundial_tb_release(struct inode *inode, struct file *file)
{
	struct sundial_tb *tb = file->private_data;
	struct sundial_member *member;
	struct hlist_node *next;
	int bucket;

	mutex_lock(&tb->mutex);
	hash_for_each_safe(tb->members, bucket, next, member, hash) sundial_tb_remove(member);
	mutex_unlock(&tb->mutex);
	sundial_tb_put(tb);
	return 0;
}

static int tb_info(struct sundial_tb *tb, struct sundial_tb_info *info)
{
	struct sundial_member *member;

	mutex_lock(&tb->mutex);
	member = sundial_tb_member(tb, current->mm);
	*info = (struct sundial_tb_info){
		.slots = tb->slots,
		.vcpus = tb->vcpus,
		.events = tb->events,
		.spaces = tb->spaces,
		.ranges = tb->ranges,
		.attached = member ? member->attached : 0,
	};
	mutex_unlock(&tb->mutex);
	return 0;
}

/* Puts member into the set, or says why not. */
static int tb_enter(struct sundial_tb *tb, struct sundial_member *member)
{
	lockdep_assert_held(&tb->mutex);
	if (sundial_tb_member(tb, member->mm))
		return -EEXIST;
	if (tb->spaces == SUNDIAL_TB_MAX_SPACES)
		return -ENOSPC;
	hash_add(tb->members, &member->hash, (unsigned long)member->mm);
	tb->spaces++;
	sundial_space_join(member);
	return 0;
}

static int tb_register(struct sundial_tb *tb, const struct sundial_tb_register *how)
{
	struct sundial_member *member;
	int ret;

	if (how->flags || how->pad)
		return -EINVAL;
	member = kzalloc(sizeof(*member), GFP_KERNEL_ACCOUNT);
	if (!member)
		return -ENOMEM;
	member->tb = tb;
	member->mm = current->mm;
	xa_init_flags(&member->ranges, XA_FLAGS_ACCOUNT);
	ret = sundial_space_get(member);
	if (ret)
		goto out_free;
	mutex_lock(&tb->mutex);
	ret = tb_enter(tb, member);
	mutex_unlock(&tb->mutex);
	if (!ret)
		return 0;
	sundial_space_put(member);
out_free:
	kfree(member);
	return ret == -EEXIST ? 0 : ret;
}

static int check_range(struct sundial_tb *tb, const struct sundial_tb_attach *attach)
{
	if (attach->flags || attach->pad || attach->slot >= tb->slots)
		return -EINVAL;
	if (!attach->length || (attach->address | attach->length) & ~PAGE_MASK)
		return -EINVAL;
	if (attach->address >= TASK_SIZE || attach->length > TASK_SIZE - attach->address)
		return -EINVAL;
	return 0;
}

/* On success range is the set's. */
static int tb_attach_range(struct sundial_tb *tb, struct sundial_range *range)
{
	struct sundial_member *member = sundial_tb_member(tb, current->mm);
	int ret;

	lockdep_assert_held(&tb->mutex);
	if (!member)
		return -ESTALE;
	range->member = member;
	ret = xa_insert(&member->ranges, range->slot, range, GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;
	ret = sundial_space_attach(range);
	if (ret) {
		xa_erase(&member->ranges, range->slot);
		return ret;
	}
	member->attached++;
	tb->ranges++;
	return 0;
}

static int tb_attach(struct sundial_tb *tb, const struct sundial_tb_attach *attach)
{
	struct sundial_range *range;
	int ret = check_range(tb, attach);

	if (ret)
		return ret;
	range = kzalloc(sizeof(*range), GFP_KERNEL_ACCOUNT);
	if (!range)
		return -ENOMEM;
	INIT_LIST_HEAD(&range->busy);
	range->node.start = attach->address;
	range->node.last = attach->address + attach->length - 1;
	range->slot = attach->slot;
	mutex_lock(&tb->mutex);
	ret = tb_attach_range(tb, range);
	mutex_unlock(&tb->mutex);
	if (ret)
		kfree(range);
	return ret;
}

static int tb_detach_slot(struct sundial_tb *tb, u32 slot)
{
	struct sundial_member *member = sundial_tb_member(tb, current->mm);
	struct sundial_range *range;

	lockdep_assert_held(&tb->mutex);
	if (!member)
		return -ESTALE;
	range = xa_erase(&member->ranges, slot);
	if (!range)
		return -ENOENT;
	range_free(tb, range, SUNDIAL_TB_DETACHED, 0);
	return 0;
}

static int tb_detach(struct sundial_tb *tb, const struct sundial_tb_detach *detach)
{
	int ret;

	if (detach->flags || detach->slot >= tb->slots)
		return -EINVAL;
	mutex_lock(&tb->mutex);
	ret = tb_detach_slot(tb, detach->slot);
	mutex_unlock(&tb->mutex);
	return ret;
}

static int tb_call(struct file *file, unsigned int command, void *how)
{
	struct sundial_tb *tb = file->private_data;

	switch (command) {
	case SUNDIAL_TB_INFO:
		return tb_info(tb, how);
	case SUNDIAL_TB_REGISTER:
		return tb_register(tb, how);
	case SUNDIAL_TB_ATTACH:
		return tb_attach(tb, how);
	case SUNDIAL_TB_DETACH:
		return tb_detach(tb, how);
	case SUNDIAL_TB_INVALIDATE:
		return sundial_tb_invalidate(tb, how);
	case SUNDIAL_TB_VCPU:
		return sundial_tb_become_vcpu(tb, how);
	case SUNDIAL_TB_QUIESCENT:
		return sundial_tb_quiescent(tb, how);
	default:
		return -ENOTTY;
	}
}

static long sundial_tb_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	return sundial_call(tb_call, SUNDIAL_TB_INFO, SUNDIAL_TB_QUIESCENT, file, command, arg);
}

/* The vma holds the file, and so the set and its pages. */
static vm_fault_t sundial_tb_fault(struct vm_fault *vmf)
{
	struct sundial_tb *tb = vmf->vma->vm_file->private_data;

	if (vmf->pgoff >= VCPU_PAGE)
		return sundial_area_fault(&tb->vcpu_area, vmf, vmf->pgoff - VCPU_PAGE);
	return sundial_area_fault(&tb->page_area, vmf, vmf->pgoff);
}

static const struct vm_operations_struct sundial_tb_vm_ops = {
	.fault = sundial_tb_fault,
};

static int sundial_tb_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct sundial_tb *tb = file->private_data;
	bool vcpus = vma->vm_pgoff == VCPU_PAGE;

	if (!(vma->vm_flags & VM_MAYSHARE) || (vma->vm_pgoff && !vcpus))
		return -EINVAL;
	if (vma_pages(vma) != (vcpus ? tb->vcpu_area.pages : tb->page_area.pages))
		return -EINVAL;
	if (!vcpus) {
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		/* Or mprotect() would do what mmap() was refused. */
		vm_flags_clear(vma, VM_MAYWRITE);
	}
	/* A child is not registered, so it must not see what it might take for its own. */
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTCOPY);
	vma->vm_ops = &sundial_tb_vm_ops;
	return 0;
}

static const struct file_operations sundial_tb_fops = {
	.owner = THIS_MODULE,
	.release = sundial_tb_release,
	.unlocked_ioctl = sundial_tb_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = sundial_tb_mmap,
	.read = sundial_queue_read,
	.poll = sundial_queue_poll,
};

static int check_create(const struct sundial_tb_create *how)
{
	if (!how->slots || how->flags || how->pad[0] || how->pad[1])
		return -EINVAL;
	if (how->slots > sundial_max_tb_slots || how->vcpus > SUNDIAL_TB_MAX_VCPUS ||
	    how->events > SUNDIAL_TB_MAX_EVENTS)
		return -E2BIG;
	return 0;
}

static u32 pages_for(u64 bytes)
{
	return PAGE_ALIGN(bytes) >> PAGE_SHIFT;
}

static int tb_alloc(struct sundial_tb *tb)
{
	struct sundial_tb_page *page;
	u64 *generations;
	u32 slot;
	int ret;

	ret = sundial_area_alloc(&tb->page_area,
				 pages_for(sizeof(*page) + tb->slots * sizeof(u64)));
	if (!ret && tb->vcpus)
		ret = sundial_area_alloc(&tb->vcpu_area,
					 pages_for(tb->vcpus * sizeof(struct sundial_tb_vcpu)));
	if (ret)
		return ret;
	tb->busy = kvcalloc(tb->slots, sizeof(*tb->busy), GFP_KERNEL_ACCOUNT);
	tb->ring = kvcalloc(tb->events, sizeof(*tb->ring), GFP_KERNEL_ACCOUNT);
	tb->vcpu = kvcalloc(tb->vcpus, sizeof(*tb->vcpu), GFP_KERNEL_ACCOUNT);
	if (!tb->busy || !tb->ring || !tb->vcpu)
		return -ENOMEM;
	page = sundial_tb_page(tb);
	page->magic = SUNDIAL_TB_MAGIC;
	page->size = sizeof(*page);
	page->slots = tb->slots;
	page->vcpus = tb->vcpus;
	page->events = tb->events;
	page->generations = sizeof(*page);
	generations = (u64 *)(page + 1);
	for (slot = 0; slot < tb->slots; slot++)
		generations[slot] = 2;
	return 0;
}

int sundial_tb_create(const struct sundial_tb_create *how)
{
	struct sundial_tb *tb;
	int ret = check_create(how);

	if (ret)
		return ret;
	tb = kzalloc(sizeof(*tb), GFP_KERNEL_ACCOUNT);
	if (!tb)
		return -ENOMEM;
	kref_init(&tb->kref);
	mutex_init(&tb->mutex);
	mutex_init(&tb->read_mutex);
	spin_lock_init(&tb->lock);
	init_waitqueue_head(&tb->readable);
	init_waitqueue_head(&tb->paused);
	hash_init(tb->members);
	tb->id = atomic64_fetch_inc(&next_set);
	tb->slots = how->slots;
	tb->vcpus = how->vcpus;
	tb->events = how->events;
	ret = tb_alloc(tb);
	if (!ret) {
		sundial_view_add_set(&tb->view);
		ret = anon_inode_getfd("[sundial-tb]", &sundial_tb_fops, tb, O_RDWR | O_CLOEXEC);
	}
	if (ret < 0)
		sundial_tb_put(tb);
	return ret;
}
