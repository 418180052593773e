// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memfd twin of TB sets: does in user space what the module's ioctls do, with
 * the same checks in the same order, so that one test source holds for both. The
 * other half is kmod/tb*.c; a change of a rule is made in both.
 *
 * The memfd has the device's two parts at the device's offsets and, behind them,
 * struct tb_control. What the kernel sees by itself, the engine says
 * (sundial_tb_changing), and a thread that dies is found by its id.
 *
 * Locking: control->lock for all of struct tb_control and the generations; it is
 * robust, and who inherits it from a dead process makes the generations fit the
 * counts again. tb->range_lock for this process's ranges, taken outside of it.
 * Futexes: control->paused and control->readable count what is waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tb_internal.h"

#define CONTROL_OFFSET (2 * (off_t)SUNDIAL_TB_VCPU_OFFSET)
#define CONTROL_MAGIC  0x54425457 /* "WTBT" */
#define PAGE	       4096UL

/* Where a process's addresses end: what the kernel says of x86-64 with four levels. */
#define ADDRESS_END 0x7ffffffff000UL

/* How long SYNC looks before it sleeps, and how often it then looks for the dead. */
#define SPINS	2000
#define LOOK_NS 10000000

struct tb_thread {
	pid_t process;
	pid_t thread; /* 0: nobody is this vCPU */
};

struct tb_space {
	pid_t process; /* 0: free */
	__u32 attached;
};

struct tb_control {
	pthread_mutex_t lock;
	__u32 magic;
	__u32 paused;
	__u32 readable;
	__u32 ranges;
	__u64 head;
	__u64 tail;
	__u64 lost;
	struct tb_space spaces[SUNDIAL_TB_MAX_SPACES];
	struct tb_thread vcpus[SUNDIAL_TB_MAX_VCPUS];
	__u32 busy[SUNDIAL_TB_MAX_SLOTS];
	struct sundial_tb_event ring[SUNDIAL_TB_MAX_EVENTS];
};

static int futex(__u32 *word, int operation, __u32 value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, operation, value, timeout, NULL, 0) ? -errno : 0;
}

static void wake_all(__u32 *word)
{
	__atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
	futex(word, FUTEX_WAKE, INT_MAX, NULL);
}

static __u64 *generation_of(struct sundial_tb *tb, __u32 slot)
{
	return (__u64 *)(tb->page + 1) + slot;
}

static void generation_add(struct sundial_tb *tb, __u32 slot, __u64 step)
{
	__u64 *generation = generation_of(tb, slot);

	__atomic_store_n(generation, *generation + step, __ATOMIC_SEQ_CST);
}

/* After the lock's holder died: between a count and its generation, perhaps. */
static void repair(struct sundial_tb *tb)
{
	__u32 slot;

	for (slot = 0; slot < tb->slots; slot++)
		generation_add(tb, slot,
			       (*generation_of(tb, slot) & 1) == !!tb->control->busy[slot] ? 2 : 1);
}

static void twin_lock(struct sundial_tb *tb)
{
	if (pthread_mutex_lock(&tb->control->lock) != EOWNERDEAD)
		return;
	repair(tb);
	pthread_mutex_consistent(&tb->control->lock);
}

static void twin_unlock(struct sundial_tb *tb)
{
	pthread_mutex_unlock(&tb->control->lock);
}

/* The next functions: with the lock held. */
static void slot_event(struct sundial_tb *tb, __u32 slot, __u32 reason, __u64 start, __u64 end)
{
	struct tb_control *control = tb->control;
	__u32 events = tb->page->events;

	if (!events)
		return;
	if (control->head - control->tail < events)
		control->ring[control->head++ % events] = (struct sundial_tb_event){
			.slot = slot,
			.reason = reason,
			.start = start,
			.end = end,
			.generation = *generation_of(tb, slot),
		};
	else
		control->lost++;
	__atomic_add_fetch(&tb->page->queued, 1, __ATOMIC_SEQ_CST);
	wake_all(&control->readable);
}

static void slot_change(struct sundial_tb *tb, __u32 slot, __u32 reason)
{
	generation_add(tb, slot, 2);
	slot_event(tb, slot, reason, 0, 0);
}

static void slot_end(struct sundial_tb *tb, __u32 slot)
{
	if (!--tb->control->busy[slot])
		generation_add(tb, slot, 1);
}

/* This process's entry, or a free one if process is 0. */
static struct tb_space *space_find(struct sundial_tb *tb, pid_t process)
{
	__u32 i;

	for (i = 0; i < SUNDIAL_TB_MAX_SPACES; i++)
		if (tb->control->spaces[i].process == process)
			return &tb->control->spaces[i];
	return NULL;
}

/* Takes dead processes out; returns how many are left. */
static __u32 spaces_alive(struct sundial_tb *tb)
{
	struct tb_space *space;
	__u32 alive = 0;
	__u32 i;

	for (i = 0; i < SUNDIAL_TB_MAX_SPACES; i++) {
		space = &tb->control->spaces[i];
		if (!space->process)
			continue;
		if (kill(space->process, 0) && errno == ESRCH) {
			tb->control->ranges -= space->attached;
			*space = (struct tb_space){};
		} else {
			alive++;
		}
	}
	return alive;
}

static int control_init(struct sundial_tb *tb)
{
	struct tb_control *control =
		tb_map(tb, sizeof(*control), PROT_READ | PROT_WRITE, CONTROL_OFFSET);
	pthread_mutexattr_t attr;

	if (!control)
		return -errno;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&control->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	__atomic_store_n(&control->magic, CONTROL_MAGIC, __ATOMIC_RELEASE);
	munmap(control, sizeof(*control));
	return 0;
}

static int page_init(struct sundial_tb *tb, const struct sundial_tb_create *how)
{
	struct sundial_tb_page *page =
		tb_map(tb, tb_page_bytes(how->slots), PROT_READ | PROT_WRITE, 0);
	__u32 slot;

	if (!page)
		return -errno;
	page->magic = SUNDIAL_TB_MAGIC;
	page->size = sizeof(*page);
	page->slots = how->slots;
	page->vcpus = how->vcpus;
	page->events = how->events;
	page->generations = sizeof(*page);
	for (slot = 0; slot < how->slots; slot++)
		((__u64 *)(page + 1))[slot] = 2;
	munmap(page, tb_page_bytes(how->slots));
	return 0;
}

static int check_create(const struct sundial_tb_create *how)
{
	if (!how->slots || how->flags || how->pad[0] || how->pad[1])
		return -EINVAL;
	if (how->slots > SUNDIAL_TB_MAX_SLOTS || how->vcpus > SUNDIAL_TB_MAX_VCPUS ||
	    how->events > SUNDIAL_TB_MAX_EVENTS)
		return -E2BIG;
	return 0;
}

int tb_twin_create(struct sundial_tb *tb, const struct sundial_tb_create *how)
{
	int ret = check_create(how);

	if (ret)
		return ret;
	tb->fd = memfd_create("sundial-tb", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (tb->fd < 0)
		return -errno;
	if (ftruncate(tb->fd, CONTROL_OFFSET + (off_t)sizeof(struct tb_control)))
		return -errno;
	ret = page_init(tb, how);
	if (!ret)
		ret = control_init(tb);
	if (ret)
		return ret;
	if (fcntl(tb->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW))
		return -errno;
	return tb_twin_learn(tb);
}

int tb_twin_learn(struct sundial_tb *tb)
{
	int seals = fcntl(tb->fd, F_GET_SEALS);
	struct sundial_tb_page page;
	struct stat st;
	__u32 magic;

	if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(tb->fd, &st) ||
	    st.st_size != CONTROL_OFFSET + (off_t)sizeof(struct tb_control))
		return -EINVAL;
	if (pread(tb->fd, &page, sizeof(page), 0) != sizeof(page) ||
	    pread(tb->fd, &magic, sizeof(magic),
		  CONTROL_OFFSET + (off_t)offsetof(struct tb_control, magic)) != sizeof(magic))
		return -EINVAL;
	if (page.magic != SUNDIAL_TB_MAGIC || magic != CONTROL_MAGIC || !page.slots ||
	    page.slots > SUNDIAL_TB_MAX_SLOTS || page.vcpus > SUNDIAL_TB_MAX_VCPUS ||
	    page.events > SUNDIAL_TB_MAX_EVENTS)
		return -EINVAL;
	tb->backing = SUNDIAL_BACKING_MEMFD;
	tb->slots = page.slots;
	tb->vcpus = page.vcpus;
	return 0;
}

int tb_twin_map(struct sundial_tb *tb)
{
	tb->control = tb_map(tb, sizeof(*tb->control), PROT_READ | PROT_WRITE, CONTROL_OFFSET);
	return tb->control ? 0 : -errno;
}

static struct tb_range **range_find(struct sundial_tb *tb, __u32 slot)
{
	struct tb_range **at;

	for (at = &tb->ranges; *at && (*at)->slot != slot; at = &(*at)->next)
		;
	return at;
}

/* No longer watches *at: its slot gets back what the range held of it. */
static void range_remove(struct sundial_tb *tb, struct tb_range **at, __u32 reason)
{
	struct tb_range *range = *at;
	struct tb_space *space;

	twin_lock(tb);
	while (range->busy) {
		range->busy--;
		slot_end(tb, range->slot);
	}
	slot_change(tb, range->slot, reason);
	space = space_find(tb, getpid());
	if (space)
		space->attached--;
	tb->control->ranges--;
	twin_unlock(tb);
	*at = range->next;
	free(range);
}

static void ranges_drop(struct sundial_tb *tb)
{
	struct tb_range *range;

	while ((range = tb->ranges)) {
		tb->ranges = range->next;
		free(range);
	}
}

void tb_twin_close(struct sundial_tb *tb)
{
	struct tb_space *space;

	if (!tb->local->mapped)
		return;
	if (tb->local->registered) {
		while (tb->ranges)
			range_remove(tb, &tb->ranges, SUNDIAL_TB_ENDED);
		twin_lock(tb);
		space = space_find(tb, getpid());
		/* Another handle of this process may have ranges of its own. */
		if (space && !space->attached)
			*space = (struct tb_space){};
		twin_unlock(tb);
	}
	munmap(tb->control, sizeof(*tb->control));
}

static int call_info(struct sundial_tb *tb, struct sundial_tb_info *info)
{
	struct tb_space *space;

	memset(info, 0, sizeof(*info));
	info->slots = tb->slots;
	info->vcpus = tb->vcpus;
	info->events = tb->page->events;
	twin_lock(tb);
	info->spaces = spaces_alive(tb);
	info->ranges = tb->control->ranges;
	space = tb->local->registered ? space_find(tb, getpid()) : NULL;
	info->attached = space ? space->attached : 0;
	twin_unlock(tb);
	return 0;
}

static int call_register(struct sundial_tb *tb, const struct sundial_tb_register *how)
{
	struct tb_space *space;
	int ret = 0;

	if (how->flags || how->pad)
		return -EINVAL;
	if (tb->local->registered)
		return 0;
	ranges_drop(tb); /* of the parent, in a child */
	twin_lock(tb);
	space = space_find(tb, getpid());
	if (!space && spaces_alive(tb) == SUNDIAL_TB_MAX_SPACES)
		ret = -ENOSPC;
	else if (!space)
		space_find(tb, 0)->process = getpid();
	twin_unlock(tb);
	tb->local->registered = !ret;
	return ret;
}

static int call_attach(struct sundial_tb *tb, const struct sundial_tb_attach *attach)
{
	struct tb_space *space;
	struct tb_range *range;
	int ret = 0;

	if (attach->flags || attach->pad || attach->slot >= tb->slots)
		return -EINVAL;
	if (!attach->length || (attach->address | attach->length) & (PAGE - 1))
		return -EINVAL;
	if (attach->address >= ADDRESS_END || attach->length > ADDRESS_END - attach->address)
		return -EINVAL;
	if (!tb->local->registered)
		return -ESTALE;
	range = calloc(1, sizeof(*range));
	if (!range)
		return -ENOMEM;
	range->start = attach->address;
	range->end = attach->address + attach->length;
	range->slot = attach->slot;
	pthread_mutex_lock(&tb->range_lock);
	if (*range_find(tb, attach->slot)) {
		ret = -EBUSY;
		goto out_unlock;
	}
	twin_lock(tb);
	space = space_find(tb, getpid());
	if (space->attached == SUNDIAL_TB_MAX_RANGES) {
		ret = -ENOSPC;
	} else {
		space->attached++;
		tb->control->ranges++;
		slot_change(tb, attach->slot, SUNDIAL_TB_ATTACHED);
	}
	twin_unlock(tb);
	if (!ret) {
		range->next = tb->ranges;
		tb->ranges = range;
	}
out_unlock:
	pthread_mutex_unlock(&tb->range_lock);
	if (ret)
		free(range);
	return ret;
}

static int call_detach(struct sundial_tb *tb, const struct sundial_tb_detach *detach)
{
	struct tb_range **at;
	int ret = 0;

	if (detach->flags || detach->slot >= tb->slots)
		return -EINVAL;
	if (!tb->local->registered)
		return -ESTALE;
	pthread_mutex_lock(&tb->range_lock);
	at = range_find(tb, detach->slot);
	if (*at)
		range_remove(tb, at, SUNDIAL_TB_DETACHED);
	else
		ret = -ENOENT;
	pthread_mutex_unlock(&tb->range_lock);
	return ret;
}

/*
 * A range that is attached between changing and changed did not see the former and
 * ignores the latter: whoever attaches while he changes the same memory himself
 * knows it.
 */
void tb_twin_changing(struct sundial_tb *tb, unsigned long start, unsigned long end, __u32 reason)
{
	struct tb_range *range;

	if (!tb->local->registered)
		return;
	pthread_mutex_lock(&tb->range_lock);
	for (range = tb->ranges; range; range = range->next) {
		if (range->end <= start || range->start >= end)
			continue;
		twin_lock(tb);
		range->busy++;
		if (!tb->control->busy[range->slot]++)
			generation_add(tb, range->slot, 1);
		slot_event(tb, range->slot, reason,
			   (start > range->start ? start : range->start) - range->start,
			   (end < range->end ? end : range->end) - range->start);
		twin_unlock(tb);
	}
	pthread_mutex_unlock(&tb->range_lock);
}

void tb_twin_changed(struct sundial_tb *tb, unsigned long start, unsigned long end)
{
	struct tb_range *range;

	if (!tb->local->registered)
		return;
	pthread_mutex_lock(&tb->range_lock);
	for (range = tb->ranges; range; range = range->next) {
		if (range->end <= start || range->start >= end || !range->busy)
			continue;
		twin_lock(tb);
		range->busy--;
		slot_end(tb, range->slot);
		twin_unlock(tb);
	}
	pthread_mutex_unlock(&tb->range_lock);
}

static bool thread_lives(const struct tb_thread *thread)
{
	return !syscall(SYS_tgkill, thread->process, thread->thread, 0) || errno != ESRCH;
}

/* Not RUNNING, and not as it was before: no SYNC waits for who comes next. */
static void vcpu_reset(struct sundial_tb *tb, __u32 number)
{
	struct sundial_tb_vcpu *words = &tb->words[number];

	__atomic_store_n(&words->state, (words->state | SUNDIAL_TB_RUNNING) + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&words->exit, 0, __ATOMIC_RELAXED);
}

static int vcpu_enter(struct sundial_tb *tb, __u32 number)
{
	struct tb_thread *vcpu = &tb->control->vcpus[number];
	pid_t thread = gettid();
	__u32 i;

	if (vcpu->thread == thread)
		return 0;
	if (vcpu->thread && thread_lives(vcpu))
		return -EBUSY;
	for (i = 0; i < tb->vcpus; i++)
		if (tb->control->vcpus[i].thread == thread)
			return -EBUSY;
	vcpu->process = getpid();
	vcpu->thread = thread;
	vcpu_reset(tb, number);
	return 0;
}

static int call_vcpu(struct sundial_tb *tb, const struct sundial_tb_vcpu_call *call)
{
	struct tb_thread *vcpu;
	int ret = 0;

	if (call->vcpu >= tb->vcpus || call->flags & ~SUNDIAL_TB_VCPU_OFF)
		return -EINVAL;
	if (!tb->local->registered)
		return -ESTALE;
	vcpu = &tb->control->vcpus[call->vcpu];
	twin_lock(tb);
	if (!(call->flags & SUNDIAL_TB_VCPU_OFF)) {
		ret = vcpu_enter(tb, call->vcpu);
	} else if (vcpu->thread != gettid()) {
		ret = -ENOENT;
	} else {
		vcpu->thread = 0;
		vcpu_reset(tb, call->vcpu);
	}
	twin_unlock(tb);
	wake_all(&tb->control->paused);
	return ret;
}

struct awaited {
	__u32 vcpu;
	__u64 state;
};

/* Asks all RUNNING vCPUs but the caller to leave; kmod/tbsync.c has the orders that hold. */
static __u32 sync_begin(struct sundial_tb *tb, struct awaited *awaited)
{
	struct tb_thread *vcpu;
	__u32 count = 0;
	__u64 state;
	__u32 i;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	twin_lock(tb);
	for (i = 0; i < tb->vcpus; i++) {
		vcpu = &tb->control->vcpus[i];
		if (!vcpu->thread || vcpu->thread == gettid())
			continue;
		state = __atomic_load_n(&tb->words[i].state, __ATOMIC_ACQUIRE);
		if (!(state & SUNDIAL_TB_RUNNING))
			continue;
		__atomic_store_n(&tb->words[i].exit, 1, __ATOMIC_RELAXED);
		awaited[count++] = (struct awaited){i, state};
	}
	twin_unlock(tb);
	return count;
}

/* Drops those that have paused or ended; returns how many are left. */
static __u32 sync_look(struct sundial_tb *tb, struct awaited *awaited, __u32 count, bool for_dead)
{
	struct tb_thread *vcpu;
	bool ended;
	__u32 i = 0;

	while (i < count) {
		vcpu = &tb->control->vcpus[awaited[i].vcpu];
		ended = __atomic_load_n(&tb->words[awaited[i].vcpu].state, __ATOMIC_ACQUIRE) !=
			awaited[i].state;
		if (!ended && for_dead) {
			twin_lock(tb);
			ended = !vcpu->thread || !thread_lives(vcpu);
			twin_unlock(tb);
		}
		if (ended)
			awaited[i] = awaited[--count];
		else
			i++;
	}
	return count;
}

static __u32 sync_spin(struct sundial_tb *tb, struct awaited *awaited, __u32 count)
{
	int spins;

	for (spins = 0; count && spins < SPINS; spins++) {
		sundial_cpu_relax();
		count = sync_look(tb, awaited, count, false);
	}
	return count;
}

static int sync_sleep(struct sundial_tb *tb, struct awaited *awaited, __u32 *count,
		      __u64 timeout_ns)
{
	__u64 begin_ns = sundial_host_now(), gone_ns, nap_ns;
	struct timespec nap;
	__u32 paused;
	int ret = 0;

	__atomic_add_fetch(&tb->page->sleepers, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		paused = __atomic_load_n(&tb->control->paused, __ATOMIC_SEQ_CST);
		*count = sync_look(tb, awaited, *count, true);
		gone_ns = sundial_host_now() - begin_ns;
		if (!*count)
			ret = 0;
		else if (ret != -EINTR && timeout_ns != SUNDIAL_TB_FOREVER && gone_ns >= timeout_ns)
			ret = -ETIMEDOUT;
		if (!*count || ret == -EINTR || ret == -ETIMEDOUT)
			break;
		nap_ns = timeout_ns - gone_ns < LOOK_NS ? timeout_ns - gone_ns : LOOK_NS;
		nap = (struct timespec){.tv_nsec = (long)nap_ns};
		ret = futex(&tb->control->paused, FUTEX_WAIT, paused, &nap);
		if (ret != -EINTR)
			ret = 0;
	}
	__atomic_sub_fetch(&tb->page->sleepers, 1, __ATOMIC_SEQ_CST);
	return ret;
}

static int call_invalidate(struct sundial_tb *tb, struct sundial_tb_invalidate *how)
{
	struct awaited *awaited = NULL;
	__u32 count = 0;
	__u32 i;
	int ret = 0;

	if (how->flags & ~SUNDIAL_TB_SYNC || how->pad)
		return -EINVAL;
	if (!(how->flags & SUNDIAL_TB_SYNC) && (!how->count || how->timeout_ns))
		return -EINVAL;
	if (how->slot > tb->slots || how->count > tb->slots - how->slot)
		return -EINVAL;
	if (!tb->local->registered)
		return -ESTALE;
	if (how->flags & SUNDIAL_TB_SYNC && tb->vcpus) {
		awaited = malloc(tb->vcpus * sizeof(*awaited));
		if (!awaited)
			return -ENOMEM;
	}
	twin_lock(tb);
	for (i = 0; i < how->count; i++)
		slot_change(tb, how->slot + i, SUNDIAL_TB_INVALIDATED);
	twin_unlock(tb);
	if (awaited) {
		count = sync_spin(tb, awaited, sync_begin(tb, awaited));
		count = sync_look(tb, awaited, count, true);
		if (count)
			ret = how->timeout_ns ? sync_sleep(tb, awaited, &count, how->timeout_ns)
					      : -ETIMEDOUT;
		free(awaited);
	}
	if (ret != -EINTR)
		how->running = count;
	return ret;
}

static int call_quiescent(struct sundial_tb *tb, const struct sundial_tb_quiescent *how)
{
	if (how->flags || how->pad)
		return -EINVAL;
	wake_all(&tb->control->paused);
	return 0;
}

int tb_twin_call(struct sundial_tb *tb, unsigned long command, void *argument)
{
	switch (command) {
	case SUNDIAL_TB_INFO:
		return call_info(tb, argument);
	case SUNDIAL_TB_REGISTER:
		return call_register(tb, argument);
	case SUNDIAL_TB_ATTACH:
		return call_attach(tb, argument);
	case SUNDIAL_TB_DETACH:
		return call_detach(tb, argument);
	case SUNDIAL_TB_INVALIDATE:
		return call_invalidate(tb, argument);
	case SUNDIAL_TB_VCPU:
		return call_vcpu(tb, argument);
	case SUNDIAL_TB_QUIESCENT:
		return call_quiescent(tb, argument);
	default:
		return -ENOTTY;
	}
}

static __u32 queue_take(struct sundial_tb *tb, struct sundial_tb_event *events, __u32 room)
{
	struct tb_control *control = tb->control;
	__u32 count = 0;

	twin_lock(tb);
	if (control->lost) {
		events[count++] = (struct sundial_tb_event){.generation = control->lost};
		control->lost = 0;
	}
	while (count < room && control->tail != control->head)
		events[count++] = control->ring[control->tail++ % tb->page->events];
	twin_unlock(tb);
	return count;
}

int tb_twin_read(struct sundial_tb *tb, struct sundial_tb_event *events, __u32 count,
		 __u64 timeout_ns)
{
	__u64 begin_ns = sundial_host_now(), left_ns, gone_ns;
	struct timespec nap;
	__u32 readable;
	__u32 got;

	if (!count || !tb->page->events)
		return -EINVAL;
	for (;;) {
		readable = __atomic_load_n(&tb->control->readable, __ATOMIC_SEQ_CST);
		got = queue_take(tb, events, count);
		if (got)
			return (int)got;
		gone_ns = sundial_host_now() - begin_ns;
		if (timeout_ns != SUNDIAL_TB_FOREVER && gone_ns >= timeout_ns)
			return -EAGAIN;
		left_ns = timeout_ns - gone_ns;
		nap.tv_sec = (time_t)(left_ns / 1000000000ULL);
		nap.tv_nsec = (long)(left_ns % 1000000000ULL);
		if (futex(&tb->control->readable, FUTEX_WAIT, readable,
			  timeout_ns == SUNDIAL_TB_FOREVER ? NULL : &nap) == -EINTR)
			return -EINTR;
	}
}
