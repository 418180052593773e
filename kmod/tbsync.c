// SPDX-License-Identifier: GPL-2.0
/*
 * INVALIDATE, and SYNC: waiting until no vCPU of a TB set can still be in code that
 * it entered before; and who is a vCPU.
 *
 * Locking: tb->lock for the vCPUs and generations. The words of a vCPU are memory
 * that users write at any time: each is loaded once, and what it says decides only
 * how long its own set's SYNCs wait.
 *
 * Two orders matter, each made by a full barrier on both sides.
 *
 * A vCPU that SYNC did not see RUNNING sees the new generations:
 *
 *	SYNC				vCPU
 *	changes generations		state = odd
 *	full barrier			full barrier
 *	loads state			loads generations
 *
 * one of the two loads sees the other side's store, so old code is not entered
 * without SYNC waiting for it.
 *
 * A SYNC that goes to sleep is woken:
 *
 *	SYNC				vCPU
 *	sleepers++			state = even
 *	full barrier			full barrier
 *	loads state, sleeps if odd	loads sleepers, calls QUIESCENT if not 0
 *
 * Threads that die store nothing, so a sleeping SYNC looks for these itself.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "tb.h"
#include "trace.h"

/* How long a SYNC looks at the vCPUs' words before it sleeps: most pause within this. */
#define SPIN_NS (20 * NSEC_PER_USEC)

/* How often a sleeping SYNC looks for vCPUs that have died. */
#define LOOK_NS (10 * NSEC_PER_MSEC)

/* Slots changed with tb->lock held, before others get a turn. */
#define SLOT_BATCH 512

struct sync {
	struct sundial_tb *tb;
	u64 *awaited; /* of each vCPU: the state in which it was RUNNING when SYNC began, or 0 */
	u32 count;    /* of these that have not paused or ended since */
};

static struct sundial_tb_vcpu *vcpu_words(struct sundial_tb *tb, u32 vcpu)
{
	return (struct sundial_tb_vcpu *)tb->vcpu_area.base + vcpu;
}

static bool pid_lives(struct pid *pid)
{
	struct task_struct *task;
	bool lives;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_PID);
	lives = task && !(READ_ONCE(task->flags) & PF_EXITING);
	rcu_read_unlock();
	return lives;
}

/* Not RUNNING, and not as it was before: no SYNC waits for who comes next. */
static void vcpu_reset(struct sundial_tb *tb, u32 number)
{
	struct sundial_tb_vcpu *words = vcpu_words(tb, number);

	WRITE_ONCE(words->state, (READ_ONCE(words->state) | SUNDIAL_TB_RUNNING) + 1);
	WRITE_ONCE(words->exit, 0);
}

static void vcpu_forget(struct sundial_tb *tb, u32 number)
{
	put_pid(tb->vcpu[number].pid);
	tb->vcpu[number] = (struct sundial_vcpu){};
	vcpu_reset(tb, number);
}

void sundial_vcpus_forget(struct sundial_tb *tb, struct sundial_member *member)
{
	u32 i;

	spin_lock(&tb->lock);
	for (i = 0; i < tb->vcpus; i++)
		if (tb->vcpu[i].pid && tb->vcpu[i].member == member)
			vcpu_forget(tb, i);
	spin_unlock(&tb->lock);
	wake_up_all(&tb->paused);
}

static int vcpu_leave(struct sundial_tb *tb, u32 number)
{
	lockdep_assert_held(&tb->lock);
	if (tb->vcpu[number].pid != task_pid(current))
		return -ENOENT;
	vcpu_forget(tb, number);
	return 0;
}

static int vcpu_enter(struct sundial_tb *tb, u32 number, struct sundial_member *member)
{
	struct sundial_vcpu *vcpu = &tb->vcpu[number];
	u32 i;

	lockdep_assert_held(&tb->lock);
	if (vcpu->pid == task_pid(current))
		return 0;
	if (vcpu->pid && pid_lives(vcpu->pid))
		return -EBUSY;
	for (i = 0; i < tb->vcpus; i++)
		if (tb->vcpu[i].pid == task_pid(current))
			return -EBUSY;
	put_pid(vcpu->pid);
	vcpu->pid = get_pid(task_pid(current));
	vcpu->member = member;
	vcpu_reset(tb, number);
	return 0;
}

int sundial_tb_become_vcpu(struct sundial_tb *tb, const struct sundial_tb_vcpu_call *how)
{
	struct sundial_member *member;
	int ret;

	if (how->vcpu >= tb->vcpus || how->flags & ~SUNDIAL_TB_VCPU_OFF)
		return -EINVAL;
	mutex_lock(&tb->mutex);
	member = sundial_tb_member(tb, current->mm);
	spin_lock(&tb->lock);
	if (!member)
		ret = -ESTALE;
	else if (how->flags & SUNDIAL_TB_VCPU_OFF)
		ret = vcpu_leave(tb, how->vcpu);
	else
		ret = vcpu_enter(tb, how->vcpu, member);
	spin_unlock(&tb->lock);
	mutex_unlock(&tb->mutex);
	wake_up_all(&tb->paused);
	return ret;
}

int sundial_tb_quiescent(struct sundial_tb *tb, const struct sundial_tb_quiescent *how)
{
	if (how->flags || how->pad)
		return -EINVAL;
	wake_up_all(&tb->paused);
	return 0;
}

/* Asks all RUNNING vCPUs but the caller to leave, and notes them. */
static void sync_begin(struct sync *sync)
{
	struct sundial_tb *tb = sync->tb;
	u64 state;
	u32 i;

	smp_mb(); /* the first order above */
	spin_lock(&tb->lock);
	for (i = 0; i < tb->vcpus; i++) {
		state = READ_ONCE(vcpu_words(tb, i)->state);
		if (!tb->vcpu[i].pid || tb->vcpu[i].pid == task_pid(current) ||
		    !(state & SUNDIAL_TB_RUNNING))
			continue;
		WRITE_ONCE(vcpu_words(tb, i)->exit, 1);
		sync->awaited[i] = state;
		sync->count++;
	}
	spin_unlock(&tb->lock);
}

static bool vcpu_ended(struct sundial_tb *tb, u32 number)
{
	bool ended;

	spin_lock(&tb->lock);
	ended = !tb->vcpu[number].pid || !pid_lives(tb->vcpu[number].pid);
	spin_unlock(&tb->lock);
	return ended;
}

/* Drops those that have paused or ended; true if none is left. */
static bool sync_look(struct sync *sync, bool for_dead)
{
	u32 i;

	for (i = 0; sync->count && i < sync->tb->vcpus; i++) {
		if (!sync->awaited[i] ||
		    (READ_ONCE(vcpu_words(sync->tb, i)->state) == sync->awaited[i] &&
		     !(for_dead && vcpu_ended(sync->tb, i))))
			continue;
		sync->awaited[i] = 0;
		sync->count--;
	}
	if (sync->count)
		return false;
	smp_mb(); /* what the vCPUs did before they paused is done when SYNC returns */
	return true;
}

static bool sync_spin(struct sync *sync, u64 limit_ns)
{
	u64 until_ns = local_clock() + min_t(u64, SPIN_NS, limit_ns);

	while (!sync_look(sync, false)) {
		if (need_resched() || signal_pending(current) ||
		    (s64)(local_clock() - until_ns) >= 0)
			return false;
		cpu_relax();
	}
	return true;
}

static int sync_sleep(struct sync *sync, u64 timeout_ns)
{
	u32 *sleepers = &sundial_tb_page(sync->tb)->sleepers;
	u64 begin_ns = ktime_get_ns(), gone_ns;
	int ret;

	spin_lock(&sync->tb->lock);
	WRITE_ONCE(*sleepers, *sleepers + 1);
	spin_unlock(&sync->tb->lock);
	smp_mb(); /* the second order above */
	for (;;) {
		ret = 0;
		if (sync_look(sync, true))
			break;
		gone_ns = ktime_get_ns() - begin_ns;
		ret = -ETIMEDOUT;
		if (timeout_ns != SUNDIAL_TB_FOREVER && gone_ns >= timeout_ns)
			break;
		ret = wait_event_interruptible_hrtimeout(
			sync->tb->paused, sync_look(sync, false),
			ns_to_ktime(min_t(u64, LOOK_NS, timeout_ns - gone_ns)));
		if (ret == -ERESTARTSYS) {
			ret = -EINTR;
			break;
		}
	}
	spin_lock(&sync->tb->lock);
	WRITE_ONCE(*sleepers, *sleepers - 1);
	spin_unlock(&sync->tb->lock);
	return ret;
}

static int sync_wait(struct sync *sync, u64 timeout_ns)
{
	int ret = 0;

	sync_begin(sync);
	if (!sync_spin(sync, timeout_ns) && !sync_look(sync, true))
		ret = timeout_ns ? sync_sleep(sync, timeout_ns) : -ETIMEDOUT;
	trace_sundial_tb_sync(sync->tb->id, sync->count, ret);
	return ret;
}

static void change_slots(struct sundial_tb *tb, u32 slot, u32 count)
{
	u32 end = slot + count;
	u32 batch;

	while (slot < end) {
		batch = min_t(u32, end - slot, SLOT_BATCH);
		spin_lock(&tb->lock);
		while (batch--)
			sundial_slot_change(tb, slot++, SUNDIAL_TB_INVALIDATED, 0);
		spin_unlock(&tb->lock);
		if (slot < end)
			cond_resched();
	}
}

static bool caller_registered(struct sundial_tb *tb)
{
	bool registered;

	mutex_lock(&tb->mutex);
	registered = sundial_tb_member(tb, current->mm);
	mutex_unlock(&tb->mutex);
	return registered;
}

static int check_invalidate(struct sundial_tb *tb, const struct sundial_tb_invalidate *how)
{
	if (how->flags & ~SUNDIAL_TB_SYNC || how->pad)
		return -EINVAL;
	if (!(how->flags & SUNDIAL_TB_SYNC) && (!how->count || how->timeout_ns))
		return -EINVAL;
	if (how->slot > tb->slots || how->count > tb->slots - how->slot)
		return -EINVAL;
	return 0;
}

int sundial_tb_invalidate(struct sundial_tb *tb, struct sundial_tb_invalidate *how)
{
	struct sync sync = {.tb = tb};
	int ret = check_invalidate(tb, how);

	if (ret)
		return ret;
	if (!caller_registered(tb))
		return -ESTALE;
	if (how->flags & SUNDIAL_TB_SYNC && tb->vcpus) {
		sync.awaited = kvcalloc(tb->vcpus, sizeof(*sync.awaited), GFP_KERNEL_ACCOUNT);
		if (!sync.awaited)
			return -ENOMEM;
	}
	change_slots(tb, how->slot, how->count);
	if (sync.awaited) {
		ret = sync_wait(&sync, how->timeout_ns);
		kvfree(sync.awaited);
	}
	how->running = sync.count;
	return ret;
}
