// SPDX-License-Identifier: GPL-2.0
/*
 * Clock domains: the pages of <linux/sundial.h>, their mapping, and the calls
 * that change a domain of kind KERNEL.
 *
 * A struct sundial_clock owns the pages of one domain or array. The descriptor
 * that SUNDIAL_CLOCK_CREATE returned and every reader made from it hold one
 * reference each; a mapping holds its file. user/lib/memfd.c does the same over
 * a memfd; a change of a rule is made in both.
 *
 * Locking: clock->lock serialises the writers of a page of kind KERNEL, where one
 * word does not do (count_change()); readers take nothing. It is taken with interrupts
 * off, because readers in user space wait for a writer in the middle of a change: that
 * must not last. Pages of kind USER are filled before anybody can see them and never
 * touched again. All other fields are constant.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/time_namespace.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include <linux/sundial.h>

#include "bind.h"
#include "clock.h"
#include "compat.h"
#include "sundial.h"
#include "trace.h"

static_assert(PAGE_SIZE == SUNDIAL_CLOCK_PAGE_SIZE);

static const struct file_operations sundial_clock_fops;

/* Domain 0 is the host's own time. 2^64 domains outlast the machine. */
static atomic64_t next_domain = ATOMIC64_INIT(1);

static struct sundial_clock_page *clock_page(struct sundial_clock *clock)
{
	return sundial_clock_page(clock, 0);
}

static u64 clock_host_ns(struct sundial_clock *clock)
{
	return ktime_get_ns() + clock->timens_ns;
}

/*
 * CLOCK_MONOTONIC of the creating process differs from ktime by this much. The
 * page is in the creator's time, so that its own readers are right.
 */
static s64 current_timens_ns(void)
{
	struct timespec64 offset = {};

	timens_add_monotonic(&offset);
	return timespec64_to_ns(&offset);
}

/*
 * Copies field by field: a reader may look at any moment, and each field must be
 * stored whole.
 */
static void rate_store(struct sundial_clock_rate *to, const struct sundial_clock_rate *from)
{
	WRITE_ONCE(to->host_base_ns, from->host_base_ns);
	WRITE_ONCE(to->base_ns, from->base_ns);
	WRITE_ONCE(to->mult, from->mult);
	WRITE_ONCE(to->shift, from->shift);
	WRITE_ONCE(to->realtime_ns, from->realtime_ns);
	WRITE_ONCE(to->boottime_ns, from->boottime_ns);
	WRITE_ONCE(to->tai_ns, from->tai_ns);
	WRITE_ONCE(to->raw_ns, from->raw_ns);
}

/*
 * The writer's half of the latch. The kernel's own page is always left with an
 * even seq and two equal copies, so readers can be sent to rate[1] at once. A
 * new rate holds from a host time taken after this: the full barrier is for a
 * reader that has not seen seq odd to have an earlier one.
 */
static void rate_begin(struct sundial_clock *clock, struct sundial_clock_rate *rate)
{
	struct sundial_clock_page *page = clock_page(clock);

	lockdep_assert_held(&clock->lock);
	*rate = page->rate[0];
	WRITE_ONCE(clock->writer, raw_smp_processor_id());
	smp_wmb(); /* who sees seq odd sees on which CPU */
	WRITE_ONCE(page->seq, page->seq + 1);
	smp_mb(); /* also: readers leave rate[0] before it changes */
}

static void rate_end(struct sundial_clock *clock, const struct sundial_clock_rate *rate)
{
	struct sundial_clock_page *page = clock_page(clock);

	lockdep_assert_held(&clock->lock);
	rate_store(&page->rate[0], rate);
	smp_wmb(); /* rate[0] is whole before readers come back */
	WRITE_ONCE(page->seq, page->seq + 1);
	smp_wmb(); /* readers are back before rate[1] changes */
	rate_store(&page->rate[1], rate);
	smp_wmb(); /* rate[1] is whole before the next change sends readers there */
}

static u64 rate_count(const struct sundial_clock_rate *rate, u64 host_ns)
{
	u64 delta_ns = host_ns - rate->host_base_ns;

	if ((s64)delta_ns < 0)
		delta_ns = 0;
	return rate->base_ns + mul_u64_u64_shr(delta_ns, rate->mult, rate->shift);
}

/*
 * How often a reader looks at a latch that changes all the time; and how often for
 * the kernel's own writer to end, which takes nanoseconds but on a virtual CPU that
 * its host does not run.
 */
#define LATCH_TRIES 4096
#define LATCH_WAITS (1 << 20)

static void rate_load(struct sundial_clock_rate *to, const struct sundial_clock_rate *from)
{
	to->host_base_ns = READ_ONCE(from->host_base_ns);
	to->base_ns = READ_ONCE(from->base_ns);
	to->mult = READ_ONCE(from->mult);
	to->shift = READ_ONCE(from->shift);
}

/*
 * The reader's half, for a page of either kind. A writer of the kernel's own page
 * has interrupts off: who finds it on its own CPU is an NMI or a probe in the middle
 * of the change, and takes the old copy; all others wait for it. A page of kind USER
 * may be changed by anybody at any time: after a bounded while the last copy that was
 * whole must do, though another was in force when the host's time had been taken.
 */
static u64 clock_scaled(struct sundial_clock *clock, struct sundial_clock_page *page,
			const u64 *host_ns)
{
	int tries = LATCH_TRIES, waits = clock->kind == SUNDIAL_KIND_KERNEL ? LATCH_WAITS : 0;
	struct sundial_clock_rate look, rate = {};
	u64 at_ns = 0;
	u32 seq;

	do {
		seq = smp_load_acquire(&page->seq);
		while (seq & 1 && waits > 0 && READ_ONCE(clock->writer) != raw_smp_processor_id()) {
			waits--;
			cpu_relax();
			seq = smp_load_acquire(&page->seq);
		}
		rate_load(&look, &page->rate[seq & 1]);
		smp_rmb(); /* the copy is read before seq is looked at again */
		if (READ_ONCE(page->seq) != seq)
			continue;
		rate = look;
		at_ns = (host_ns ? *host_ns : ktime_get_mono_fast_ns()) + clock->timens_ns;
		rmb(); /* the counter, too */
		if (READ_ONCE(page->seq) == seq)
			break;
	} while (tries--);
	if (rate.shift > SUNDIAL_CLOCK_MAX_SHIFT)
		return rate.base_ns;
	return rate_count(&rate, at_ns);
}

u64 sundial_clock_now(struct sundial_clock *clock, u32 index)
{
	struct sundial_clock_page *page = sundial_clock_page(clock, index);

	if (clock->mode == SUNDIAL_MODE_MANUAL)
		return smp_load_acquire(&page->now_ns);
	return clock_scaled(clock, page, NULL);
}

u64 sundial_clock_at(struct sundial_clock *clock, u32 index, u64 host_ns)
{
	struct sundial_clock_page *page = sundial_clock_page(clock, index);

	if (clock->mode == SUNDIAL_MODE_MANUAL)
		return smp_load_acquire(&page->now_ns);
	return clock_scaled(clock, page, &host_ns);
}

/*
 * A change of the count: change_begin() returns what it is now and a rate that
 * starts from there, change_end() puts that in force.
 */
static u64 change_begin(struct sundial_clock *clock, struct sundial_clock_rate *rate)
{
	u64 host_ns;

	lockdep_assert_held(&clock->lock);
	if (clock->mode == SUNDIAL_MODE_MANUAL)
		return rate->base_ns = clock_page(clock)->now_ns;
	rate_begin(clock, rate);
	host_ns = clock_host_ns(clock);
	rate->base_ns = rate_count(rate, host_ns);
	rate->host_base_ns = host_ns;
	return rate->base_ns;
}

static void change_end(struct sundial_clock *clock, const struct sundial_clock_rate *rate)
{
	lockdep_assert_held(&clock->lock);
	if (clock->mode == SUNDIAL_MODE_MANUAL)
		smp_store_release(&clock_page(clock)->now_ns, rate->base_ns);
	else
		rate_end(clock, rate);
}

static int clock_info(struct sundial_clock *clock, struct file *file,
		      struct sundial_clock_info *info)
{
	*info = (struct sundial_clock_info){
		.kind = clock->kind,
		.mode = clock->mode,
		.flags = clock->flags,
		.count = clock->count,
		.domain = clock->domain,
		.page_size = SUNDIAL_CLOCK_PAGE_SIZE,
		.writable = !!(file->f_mode & FMODE_WRITE),
	};

	if (clock->kind == SUNDIAL_KIND_KERNEL)
		info->now_ns = sundial_clock_now(clock, 0);
	return 0;
}

/*
 * Takes clock->lock and begins a change that may be a step backward. What was
 * reached stays reached, also if nobody has looked at the waiters since: they are
 * woken first.
 */
static u64 set_begin(struct sundial_clock *clock, struct sundial_clock_rate *rate)
	__acquires(&clock->lock)
{
	u64 now_ns;

	for (;;) {
		spin_lock_irq(&clock->lock);
		now_ns = change_begin(clock, rate);
		if (!(clock->flags & SUNDIAL_PAGE_STEPPABLE) || !sundial_clock_due(clock, now_ns))
			return now_ns;
		change_end(clock, rate);
		spin_unlock_irq(&clock->lock);
		sundial_clock_changed(clock, now_ns);
	}
}

/* What SET or ADVANCE makes of the count. */
static int next_count(const struct sundial_clock *clock, bool advance, u64 value_ns, u64 old_ns,
		      u64 *now_ns)
{
	if (advance)
		return check_add_overflow(old_ns, value_ns, now_ns) ? -EOVERFLOW : 0;
	*now_ns = value_ns;
	return value_ns < old_ns && !(clock->flags & SUNDIAL_PAGE_STEPPABLE) ? -ERANGE : 0;
}

/* Not inline: the kernel clears what is on the stack, which the short way need not pay. */
static noinline int locked_change(struct sundial_clock *clock, bool advance, u64 value_ns,
				  u64 *old_ns, u64 *now_ns)
{
	struct sundial_clock_rate rate;
	int ret;

	*old_ns = set_begin(clock, &rate);
	ret = next_count(clock, advance, value_ns, *old_ns, now_ns);
	if (!ret)
		rate.base_ns = *now_ns;
	change_end(clock, &rate);
	spin_unlock_irq(&clock->lock);
	return ret;
}

/*
 * A count of mode MANUAL that only goes forward is one word with one rule: it needs no
 * lock, since nobody's step backward can come between.
 */
static __always_inline int count_change(struct sundial_clock *clock, bool advance, u64 value_ns,
					u64 *old_ns, u64 *now_ns)
{
	u64 *count_ns = &clock_page(clock)->now_ns;
	int ret;

	if (clock->mode != SUNDIAL_MODE_MANUAL || clock->flags & SUNDIAL_PAGE_STEPPABLE)
		return locked_change(clock, advance, value_ns, old_ns, now_ns);
	*old_ns = READ_ONCE(*count_ns);
	do {
		ret = next_count(clock, advance, value_ns, *old_ns, now_ns);
	} while (!ret && !try_cmpxchg(count_ns, old_ns, *now_ns));
	return ret;
}

static int clock_set(struct sundial_clock *clock, const struct sundial_clock_set *set)
{
	u64 old_ns, now_ns;
	int ret;

	if (set->flags || set->pad)
		return -EINVAL;
	ret = count_change(clock, false, set->now_ns, &old_ns, &now_ns);
	if (ret)
		return ret;
	trace_sundial_clock_set(clock->domain, old_ns, now_ns);
	sundial_clock_changed(clock, now_ns);
	return 0;
}

static int clock_advance(struct sundial_clock *clock, struct sundial_clock_advance *advance)
{
	u64 old_ns;
	int ret;

	if (advance->flags || advance->pad)
		return -EINVAL;
	ret = count_change(clock, true, advance->delta_ns, &old_ns, &advance->now_ns);
	if (ret)
		return ret;
	trace_sundial_clock_advance(clock->domain, old_ns, advance->now_ns);
	sundial_clock_changed(clock, advance->now_ns);
	return 0;
}

static int clock_set_rate(struct sundial_clock *clock, const struct sundial_clock_set_rate *how)
{
	struct sundial_clock_rate rate;
	u64 now_ns;

	if (how->flags || how->shift > SUNDIAL_CLOCK_MAX_SHIFT)
		return -EINVAL;
	if (clock->mode != SUNDIAL_MODE_SCALED)
		return -EOPNOTSUPP;
	spin_lock_irq(&clock->lock);
	now_ns = change_begin(clock, &rate);
	rate.mult = how->mult;
	rate.shift = how->shift;
	change_end(clock, &rate);
	spin_unlock_irq(&clock->lock);
	trace_sundial_clock_set_rate(clock->domain, now_ns, how->mult, how->shift);
	sundial_clock_changed(clock, now_ns);
	return 0;
}

static int clock_set_offsets(struct sundial_clock *clock,
			     const struct sundial_clock_set_offsets *offsets)
{
	struct sundial_clock_rate rate;

	if (offsets->flags || offsets->pad)
		return -EINVAL;
	spin_lock_irq(&clock->lock);
	rate_begin(clock, &rate);
	rate.realtime_ns = offsets->realtime_ns;
	rate.boottime_ns = offsets->boottime_ns;
	rate.tai_ns = offsets->tai_ns;
	rate.raw_ns = offsets->raw_ns;
	rate_end(clock, &rate);
	spin_unlock_irq(&clock->lock);
	trace_sundial_clock_set_offsets(clock->domain, &rate);
	return 0;
}

static void clock_free(struct kref *kref)
{
	struct sundial_clock *clock = container_of(kref, struct sundial_clock, kref);

	sundial_view_remove(&clock->view);
	sundial_queues_free(clock);
	sundial_area_free(&clock->area);
	kfree(clock);
}

void sundial_clock_put(struct sundial_clock *clock)
{
	kref_put(&clock->kref, clock_free);
}

/* Returns a descriptor that has a reference of its own. */
static int clock_install(struct sundial_clock *clock, const char *name, int flags)
{
	struct sundial_clock_file *handle = kzalloc(sizeof(*handle), GFP_KERNEL_ACCOUNT);
	int fd;

	if (!handle)
		return -ENOMEM;
	handle->clock = clock;
	INIT_LIST_HEAD(&handle->bindings);
	sundial_alarm_init(&handle->alarm);
	kref_get(&clock->kref);
	fd = anon_inode_getfd(name, &sundial_clock_fops, handle, flags | O_CLOEXEC);
	if (fd < 0) {
		sundial_clock_put(clock);
		kfree(handle);
	}
	return fd;
}

static int clock_reader(struct sundial_clock *clock, const struct sundial_clock_reader *reader)
{
	if (reader->flags || reader->pad)
		return -EINVAL;
	return clock_install(clock, "[sundial-clock-reader]", O_RDONLY);
}

/* For the calls that change a domain. */
static int clock_may_change(struct sundial_clock *clock, struct file *file)
{
	if (!(file->f_mode & FMODE_WRITE))
		return -EPERM;
	return clock->kind == SUNDIAL_KIND_KERNEL ? 0 : -EOPNOTSUPP;
}

static int clock_call(struct file *file, unsigned int command, void *how)
{
	struct sundial_clock_file *handle = file->private_data;
	struct sundial_clock *clock = handle->clock;

	switch (command) {
	case SUNDIAL_CLOCK_ADVANCE:
		return clock_may_change(clock, file) ?: clock_advance(clock, how);
	case SUNDIAL_CLOCK_SET_RATE:
		return clock_may_change(clock, file) ?: clock_set_rate(clock, how);
	case SUNDIAL_CLOCK_SET_OFFSETS:
		return clock_may_change(clock, file) ?: clock_set_offsets(clock, how);
	case SUNDIAL_CLOCK_INFO:
		return clock_info(clock, file, how);
	case SUNDIAL_CLOCK_READER:
		return clock_reader(clock, how);
	case SUNDIAL_CLOCK_BIND:
		return sundial_clock_bind(handle, how);
	case SUNDIAL_CLOCK_WAIT:
		return sundial_clock_wait(clock, how);
	case SUNDIAL_CLOCK_ALARM:
		return sundial_clock_alarm(handle, how);
	case SUNDIAL_CLOCK_KICK:
		return file->f_mode & FMODE_WRITE ? sundial_clock_kick(clock, how) : -EPERM;
	default:
		return -ENOTTY;
	}
}

/* A simulator makes SET for each of its events: it goes the short way. */
static long clock_set_now(struct file *file, const struct sundial_clock_set __user *argument)
{
	struct sundial_clock_file *handle = file->private_data;
	struct sundial_clock_set set;

	if (copy_from_user(&set, argument, sizeof(set)))
		return -EFAULT;
	return clock_may_change(handle->clock, file) ?: clock_set(handle->clock, &set);
}

static long sundial_clock_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	if (command == SUNDIAL_CLOCK_SET)
		return clock_set_now(file, (void __user *)arg);
	return sundial_call(clock_call, SUNDIAL_CLOCK_INFO, SUNDIAL_CLOCK_BIND, file, command, arg);
}

/* The vma holds the file, and so the clock and its pages. */
static vm_fault_t sundial_clock_fault(struct vm_fault *vmf)
{
	struct sundial_clock_file *handle = vmf->vma->vm_file->private_data;

	return sundial_area_fault(&handle->clock->area, vmf, vmf->pgoff);
}

static const struct vm_operations_struct sundial_clock_vm_ops = {
	.fault = sundial_clock_fault,
};

static int sundial_clock_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct sundial_clock_file *handle = file->private_data;
	struct sundial_clock *clock = handle->clock;
	bool writable = clock->kind == SUNDIAL_KIND_USER && file->f_mode & FMODE_WRITE;

	/* Not VM_SHARED: mmap() has already taken that from a read-only file's mapping. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma_pages(vma) == 1 ? vma->vm_pgoff >= clock->count
				: vma->vm_pgoff || vma_pages(vma) != clock->count)
		return -EINVAL;
	if (!writable) {
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		/* Or mprotect() would do what mmap() was refused. */
		vm_flags_clear(vma, VM_MAYWRITE);
	}
	vm_flags_set(vma, VM_DONTEXPAND);
	vma->vm_ops = &sundial_clock_vm_ops;
	return 0;
}

static int sundial_clock_release(struct inode *inode, struct file *file)
{
	struct sundial_clock_file *handle = file->private_data;

	sundial_clock_unbind_all(handle);
	sundial_alarm_exit(handle->clock, &handle->alarm);
	sundial_clock_put(handle->clock);
	kfree(handle);
	return 0;
}

static const struct file_operations sundial_clock_fops = {
	.owner = THIS_MODULE,
	.release = sundial_clock_release,
	.unlocked_ioctl = sundial_clock_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = sundial_clock_mmap,
	.read = sundial_clock_read,
	.poll = sundial_clock_poll,
};

static int check_create(const struct sundial_clock_create *how)
{
	if (how->kind > SUNDIAL_KIND_USER || how->mode > SUNDIAL_MODE_SCALED ||
	    how->flags & ~SUNDIAL_CREATE_STEPPABLE || how->pad[0] || how->pad[1] || !how->count ||
	    how->coarse_ns > SUNDIAL_CLOCK_MAX_COARSE_NS)
		return -EINVAL;
	if (how->kind == SUNDIAL_KIND_KERNEL && how->count != 1)
		return -EINVAL;
	if (how->kind == SUNDIAL_KIND_USER && how->flags & SUNDIAL_CREATE_STEPPABLE)
		return -EINVAL;
	if (how->count > sundial_max_clock_pages)
		return -E2BIG;
	return 0;
}

static void page_init(struct sundial_clock *clock, u32 index,
		      const struct sundial_clock_create *how, u64 host_ns)
{
	struct sundial_clock_page *page = sundial_clock_page(clock, index);
	struct sundial_clock_rate rate = {
		.realtime_ns = how->realtime_ns,
		.boottime_ns = how->boottime_ns,
		.tai_ns = how->tai_ns,
		.raw_ns = how->raw_ns,
	};

	page->magic = SUNDIAL_CLOCK_MAGIC;
	page->size = sizeof(*page);
	page->version = SUNDIAL_CLOCK_VERSION;
	page->kind = clock->kind;
	page->mode = clock->mode;
	page->flags = clock->flags;
	page->domain = clock->domain + index;
	page->limit_ns = U64_MAX;
	page->coarse_ns = how->coarse_ns ?: SUNDIAL_CLOCK_COARSE_NS;
	if (clock->mode == SUNDIAL_MODE_SCALED) {
		rate.host_base_ns = host_ns;
		rate.base_ns = how->now_ns;
		rate.mult = 1;
	} else {
		page->now_ns = how->now_ns;
	}
	page->rate[0] = rate;
	page->rate[1] = rate;
}

static int clock_alloc_pages(struct sundial_clock *clock, const struct sundial_clock_create *how)
{
	u64 host_ns = clock_host_ns(clock);
	int ret = sundial_area_alloc(&clock->area, how->count);
	u32 i;

	if (ret)
		return ret;
	for (i = 0; i < how->count; i++) {
		page_init(clock, i, how, host_ns);
		cond_resched();
	}
	return 0;
}

int sundial_clock_create(const struct sundial_clock_create *how)
{
	struct sundial_clock *clock;
	int ret = check_create(how);

	if (ret)
		return ret;
	clock = kzalloc(sizeof(*clock), GFP_KERNEL_ACCOUNT);
	if (!clock)
		return -ENOMEM;
	kref_init(&clock->kref);
	spin_lock_init(&clock->lock);
	clock->kind = how->kind;
	clock->mode = how->mode;
	clock->flags = how->flags & SUNDIAL_CREATE_STEPPABLE ? SUNDIAL_PAGE_STEPPABLE : 0;
	clock->timens_ns = current_timens_ns();
	clock->count = how->count;
	clock->domain = atomic64_fetch_add(how->count, &next_domain);
	ret = clock_alloc_pages(clock, how);
	if (!ret)
		ret = sundial_queues_alloc(clock);
	if (!ret) {
		sundial_view_add_domain(&clock->view);
		ret = clock_install(clock, "[sundial-clock]", O_RDWR);
	}
	/* From here on only the descriptor keeps it. */
	sundial_clock_put(clock);
	return ret;
}
