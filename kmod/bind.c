// SPDX-License-Identifier: GPL-2.0
/*
 * SUNDIAL_CLOCK_BIND: which thread is in which domain, for kfunc.c.
 *
 * A binding says that a thread, by its struct pid, is in a page of a clock, or
 * that a word of its memory says in which. It is made through an open file of
 * the clock and is on that file's list; it holds its pid, its clock and, with a
 * word, its mm, so none of these addresses is used again while it is there: what
 * compares equal is the same thread and the same memory. A binding whose thread
 * has ended is found by nobody; later bindings and the end of the file remove it.
 *
 * Locking: bind_lock guards the table, the lists and their counts. Lookups take
 * nothing but RCU and may come from an NMI. A binding is constant once it is in
 * the table; it is freed from a work, because a clock and an mm may only be put
 * in process context, after a grace period.
 */
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "bind.h"
#include "clock.h"
#include "sundial.h"
#include "trace.h"

struct binding {
	struct hlist_node node; /* of bindings */
	struct list_head of_file;
	struct sundial_clock_file *owner;
	struct pid *pid;
	struct sundial_clock *clock;
	struct mm_struct *mm; /* whose the word is; NULL without */
	u32 __user *word;
	u32 index;
	struct rcu_work free;
};

static DEFINE_HASHTABLE(bindings, 12);
static DEFINE_MUTEX(bind_lock);

static struct binding *find(const struct pid *pid)
{
	struct binding *binding;

	hash_for_each_possible_rcu_notrace (bindings, binding, node, (unsigned long)pid) {
		if (binding->pid == pid)
			return binding;
	}
	return NULL;
}

/*
 * The word, loaded whole: a copy may go byte by byte while its owner changes it.
 * The copy before that is there for what it looks at first, and what modules
 * cannot ask for: that user memory may be touched here. Between a switch of
 * memory and the switch of the task, where an NMI or a probe may be, it may not.
 */
static bool read_word(const struct binding *binding, u32 *value)
{
	int ret;

	if (current->mm != binding->mm ||
	    copy_from_user_nofault(value, binding->word, sizeof(*value)))
		return false;
	pagefault_disable();
	ret = __get_user(*value, binding->word);
	pagefault_enable();
	return !ret && *value < binding->clock->count;
}

struct sundial_clock *sundial_bound_clock(u32 *index)
{
	const struct pid *pid = task_pid(current); /* NULL late in exit */
	const struct binding *binding = pid ? find(pid) : NULL;

	if (!binding)
		return NULL;
	*index = binding->index;
	if (binding->word && !read_word(binding, index))
		return NULL;
	return binding->clock;
}

static void binding_free(struct work_struct *work)
{
	struct binding *binding = container_of(to_rcu_work(work), struct binding, free);

	sundial_clock_put(binding->clock);
	put_pid(binding->pid);
	if (binding->mm)
		mmdrop(binding->mm);
	kfree(binding);
}

static void binding_end(struct binding *binding)
{
	lockdep_assert_held(&bind_lock);
	hash_del_rcu(&binding->node);
	list_del(&binding->of_file);
	binding->owner->bound--;
	trace_sundial_clock_unbind(binding->clock->domain + binding->index, pid_nr(binding->pid));
	INIT_RCU_WORK(&binding->free, binding_free);
	queue_rcu_work(sundial_worker, &binding->free);
}

/* Looks at up to count of the file's bindings and ends those of threads that have ended. */
static void sweep(struct sundial_clock_file *handle, u32 count)
{
	struct binding *binding;

	lockdep_assert_held(&bind_lock);
	for (count = min(count, handle->bound); count; count--) {
		binding = list_first_entry(&handle->bindings, struct binding, of_file);
		if (pid_has_task(binding->pid, PIDTYPE_PID))
			list_move_tail(&binding->of_file, &handle->bindings);
		else
			binding_end(binding);
	}
}

/* As kill(2) has it, with another capability. */
static bool may_bind(struct task_struct *task)
{
	const struct cred *cred = current_cred(), *target = __task_cred(task);

	return same_thread_group(current, task) || uid_eq(cred->euid, target->suid) ||
	       uid_eq(cred->euid, target->uid) || uid_eq(cred->uid, target->suid) ||
	       uid_eq(cred->uid, target->uid) || ns_capable(target->user_ns, CAP_SYS_PTRACE);
}

/* Takes a reference to the pid of the thread that is meant. */
static struct pid *get_thread(const struct sundial_clock_bind *how)
{
	struct task_struct *task;
	struct pid *pid;

	rcu_read_lock();
	pid = how->tid ? find_vpid(how->tid) : task_pid(current);
	task = pid_task(pid, PIDTYPE_PID);
	if (!task)
		pid = ERR_PTR(-ESRCH);
	else if (how->word && task != current)
		pid = ERR_PTR(-EINVAL);
	else if (!(how->flags & SUNDIAL_BIND_OFF) && !may_bind(task))
		pid = ERR_PTR(-EPERM);
	else
		get_pid(pid);
	rcu_read_unlock();
	return pid;
}

static int unbind(struct sundial_clock_file *handle, struct pid *pid)
{
	struct binding *binding;

	lockdep_assert_held(&bind_lock);
	binding = find(pid);
	if (!binding || binding->owner != handle)
		return -ENOENT;
	binding_end(binding);
	return 0;
}

/* The new one is found before the thread's former one, if any: there is no moment between. */
static int bind(struct sundial_clock_file *handle, const struct sundial_clock_bind *how,
		struct pid *pid)
{
	struct binding *binding, *old;

	lockdep_assert_held(&bind_lock);
	old = find(pid);
	if (old && old->owner != handle)
		return -EBUSY;
	/* Two for each new one: those of ended threads never become the most. */
	sweep(handle, handle->bound < SUNDIAL_CLOCK_MAX_BINDINGS ? 2 : handle->bound);
	if (!old && handle->bound >= SUNDIAL_CLOCK_MAX_BINDINGS)
		return -ENOSPC;
	binding = kzalloc(sizeof(*binding), GFP_KERNEL_ACCOUNT);
	if (!binding)
		return -ENOMEM;
	binding->owner = handle;
	binding->pid = get_pid(pid);
	binding->index = how->index;
	binding->clock = handle->clock;
	kref_get(&handle->clock->kref);
	if (how->word) {
		binding->word = u64_to_user_ptr(how->word);
		binding->mm = current->mm;
		mmgrab(binding->mm);
	}
	list_add_tail(&binding->of_file, &handle->bindings);
	handle->bound++;
	hash_add_rcu(bindings, &binding->node, (unsigned long)pid);
	if (old)
		binding_end(old);
	trace_sundial_clock_bind(binding->clock->domain + binding->index, pid_nr(pid));
	return 0;
}

int sundial_clock_bind(struct sundial_clock_file *handle, const struct sundial_clock_bind *how)
{
	struct pid *pid;
	int ret;

	if (how->flags & ~SUNDIAL_BIND_OFF || how->pad || how->index >= handle->clock->count)
		return -EINVAL;
	if (how->index && (how->word || how->flags & SUNDIAL_BIND_OFF))
		return -EINVAL;
	if (how->word && (how->flags & SUNDIAL_BIND_OFF || how->word % sizeof(u32) ||
			  !access_ok(u64_to_user_ptr(how->word), sizeof(u32))))
		return -EINVAL;
	pid = get_thread(how);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	mutex_lock(&bind_lock);
	ret = how->flags & SUNDIAL_BIND_OFF ? unbind(handle, pid) : bind(handle, how, pid);
	mutex_unlock(&bind_lock);
	put_pid(pid);
	return ret;
}

void sundial_clock_unbind_all(struct sundial_clock_file *handle)
{
	struct binding *binding, *next;

	mutex_lock(&bind_lock);
	list_for_each_entry_safe (binding, next, &handle->bindings, of_file)
		binding_end(binding);
	mutex_unlock(&bind_lock);
}
