// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memfd twin of /dev/sundial: makes the pages and does in user space what
 * the module's ioctls do, with the same checks in the same order, so that one
 * test source holds for both. kmod/clock.c is the other half; a change of a rule
 * is made in both.
 *
 * What stands for the kernel's protection: a domain of kind KERNEL is mapped
 * writable once, by its creator, and the memfd is then sealed against any later
 * writer (F_SEAL_FUTURE_WRITE); all memfds are sealed against shrinking, so that
 * a reader never meets SIGBUS.
 *
 * Owns struct sundial_twin, in memory shared with forked children. Locking:
 * twin->lock serialises the writers of a domain of kind KERNEL. It is robust: if
 * its holder dies, the next writer goes on from whatever state the page is in,
 * which sundial_rate_begin() allows. A writer can lose its CPU in the middle of
 * a change, which the module cannot; a reader that outlasts its patience with it
 * may then see a slowed-down clock step back by the time that was lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

struct sundial_twin {
	pthread_mutex_t lock;
};

static size_t array_bytes(__u32 count)
{
	return (size_t)count * SUNDIAL_CLOCK_PAGE_SIZE;
}

int sundial_check_create(const struct sundial_clock_create *how)
{
	if (how->kind > SUNDIAL_KIND_USER || how->mode > SUNDIAL_MODE_SCALED ||
	    how->flags & ~SUNDIAL_CREATE_STEPPABLE || how->pad[0] || how->pad[1] || !how->count ||
	    how->coarse_ns > SUNDIAL_CLOCK_MAX_COARSE_NS)
		return -EINVAL;
	if (how->kind == SUNDIAL_KIND_KERNEL && how->count != 1)
		return -EINVAL;
	if (how->kind == SUNDIAL_KIND_USER && how->flags & SUNDIAL_CREATE_STEPPABLE)
		return -EINVAL;
	if (how->count > SUNDIAL_CLOCK_MAX_PAGES)
		return -E2BIG;
	return 0;
}

static struct sundial_twin *twin_create(void)
{
	struct sundial_twin *twin;
	pthread_mutexattr_t attr;

	twin = mmap(NULL, sizeof(*twin), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (twin == MAP_FAILED)
		return NULL;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&twin->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return twin;
}

static void twin_lock(struct sundial_twin *twin)
{
	if (pthread_mutex_lock(&twin->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&twin->lock);
}

static void twin_unlock(struct sundial_twin *twin)
{
	pthread_mutex_unlock(&twin->lock);
}

void sundial_memfd_close(struct sundial_clock *clock)
{
	if (clock->twin)
		munmap(clock->twin, sizeof(*clock->twin));
	sundial_queue_destroy(clock->queue);
}

/* The same file, opened anew and only for reading. */
static int reopen_readonly(int fd)
{
	char path[40];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = open(path, O_RDONLY | O_CLOEXEC);
	return ret < 0 ? -errno : ret;
}

/*
 * After this the mapping that the caller already has is the last writable one.
 * The descriptor is made read-only where /proc allows, as the device's readers
 * see it; the seal is what holds.
 */
static int seal_kernel_kind(struct sundial_clock *clock)
{
	int fd;

	if (fcntl(clock->fd, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL))
		return -errno;
	fd = reopen_readonly(clock->fd);
	if (fd >= 0) {
		close(clock->fd);
		clock->fd = fd;
	}
	return 0;
}

int sundial_fill_pages(struct sundial_clock *clock, const struct sundial_clock_create *how)
{
	__u64 domain, host_ns = sundial_host_now();
	__u32 i;

	/* Random and high: never 0, nor one of the device's, which count from 1. */
	if (getrandom(&domain, sizeof(domain), 0) != sizeof(domain))
		return -errno;
	domain = (domain & ~(3ULL << 62)) | 1ULL << 62;
	for (i = 0; i < clock->count; i++)
		sundial_page_init(sundial_page_at(clock, i), how, domain + i, host_ns);
	return 0;
}

int sundial_memfd_create(struct sundial_clock *clock, const struct sundial_clock_create *how)
{
	void *pages;
	int ret = sundial_check_create(how);

	if (ret)
		return ret;
	clock->backing = SUNDIAL_BACKING_MEMFD;
	clock->kind = how->kind;
	clock->mode = how->mode;
	clock->count = how->count;
	clock->writable = true;
	clock->mapped_writable = how->kind == SUNDIAL_KIND_USER;
	clock->fd = memfd_create("sundial-clock", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (clock->fd < 0)
		return -errno;
	if (ftruncate(clock->fd, (off_t)array_bytes(how->count)))
		return -errno;
	pages = mmap(NULL, array_bytes(how->count), PROT_READ | PROT_WRITE, MAP_SHARED, clock->fd,
		     0);
	if (pages == MAP_FAILED)
		return -errno;
	clock->pages = pages;
	ret = sundial_fill_pages(clock, how);
	if (ret)
		return ret;
	/* A USER page's rate can change with no call: nobody can wait for it. */
	if (how->kind == SUNDIAL_KIND_KERNEL || how->mode == SUNDIAL_MODE_MANUAL) {
		clock->queue = sundial_queue_create();
		if (!clock->queue)
			return -ENOMEM;
	}
	if (how->kind == SUNDIAL_KIND_USER) {
		if (fcntl(clock->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW))
			return -errno;
		return 0;
	}
	clock->twin = twin_create();
	if (!clock->twin)
		return -ENOMEM;
	return seal_kernel_kind(clock);
}

/* The first page says what the rest is; none of it is believed beyond that. */
int sundial_check_page(const struct sundial_clock_page *page)
{
	if (__atomic_load_n(&page->magic, __ATOMIC_ACQUIRE) != SUNDIAL_CLOCK_MAGIC ||
	    page->size < SUNDIAL_CLOCK_FIRST_SIZE || page->size > SUNDIAL_CLOCK_PAGE_SIZE ||
	    page->version != SUNDIAL_CLOCK_VERSION || page->kind > SUNDIAL_KIND_USER ||
	    page->mode > SUNDIAL_MODE_SCALED)
		return -EINVAL;
	return 0;
}

int sundial_memfd_attach(struct sundial_clock *clock)
{
	int seals = fcntl(clock->fd, F_GET_SEALS);
	int mode = fcntl(clock->fd, F_GETFL) & O_ACCMODE;
	struct stat st;
	void *pages;
	int ret;

	if (seals < 0 || !(seals & F_SEAL_SHRINK) || mode == O_WRONLY)
		return -EINVAL;
	if (fstat(clock->fd, &st))
		return -errno;
	if (!st.st_size || st.st_size % SUNDIAL_CLOCK_PAGE_SIZE ||
	    st.st_size > (off_t)array_bytes(SUNDIAL_CLOCK_MAX_PAGES))
		return -EINVAL;
	clock->backing = SUNDIAL_BACKING_MEMFD;
	clock->count = (__u32)(st.st_size / SUNDIAL_CLOCK_PAGE_SIZE);
	pages = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, clock->fd, 0);
	if (pages == MAP_FAILED)
		return -errno;
	clock->pages = pages;
	ret = sundial_check_page(clock->pages);
	if (ret)
		return ret;
	clock->kind = clock->pages->kind;
	clock->mode = clock->pages->mode;
	if (clock->kind == SUNDIAL_KIND_KERNEL)
		return clock->count == 1 ? 0 : -EINVAL;
	if (mode == O_RDWR && !(seals & F_SEAL_FUTURE_WRITE)) {
		if (mprotect(pages, (size_t)st.st_size, PROT_READ | PROT_WRITE))
			return -errno;
		clock->writable = clock->mapped_writable = true;
	}
	return 0;
}

static int call_info(struct sundial_clock *clock, struct sundial_clock_info *info)
{
	const struct sundial_clock_page *page = clock->pages;

	memset(info, 0, sizeof(*info));
	info->kind = page->kind;
	info->mode = page->mode;
	info->flags = page->flags;
	info->count = clock->count;
	info->domain = page->domain;
	if (page->kind == SUNDIAL_KIND_KERNEL)
		info->now_ns = sundial_page_now(page, sundial_host_now);
	info->page_size = SUNDIAL_CLOCK_PAGE_SIZE;
	info->writable = clock->writable;
	return 0;
}

/*
 * A change of the count: change_begin() returns what it is now and a rate that
 * starts from there, change_end() puts that in force. In mode SCALED readers
 * wait between the two. Caller holds the lock.
 */
static __u64 change_begin(struct sundial_clock_page *page, struct sundial_clock_rate *rate)
{
	if (page->mode == SUNDIAL_MODE_MANUAL)
		return rate->base_ns = sundial_manual_now(page);
	sundial_rate_begin(page, rate);
	return sundial_rate_rebase(rate, sundial_host_now());
}

static void change_end(struct sundial_clock_page *page, const struct sundial_clock_rate *rate)
{
	if (page->mode == SUNDIAL_MODE_MANUAL)
		sundial_page_set(page, rate->base_ns);
	else
		sundial_rate_end(page, rate);
}

/*
 * Takes the lock and begins a change that may be a step backward. What was reached
 * stays reached, also if nobody has looked at the waiters since: they are woken
 * first.
 */
static __u64 set_begin(struct sundial_clock *clock, struct sundial_clock_rate *rate)
{
	struct sundial_clock_page *page = clock->pages;
	__u64 now_ns;

	for (;;) {
		twin_lock(clock->twin);
		now_ns = change_begin(page, rate);
		if (!(page->flags & SUNDIAL_PAGE_STEPPABLE) || !sundial_queue_due(clock, 0, now_ns))
			return now_ns;
		change_end(page, rate);
		twin_unlock(clock->twin);
		sundial_queue_changed(clock, now_ns);
	}
}

static int call_set(struct sundial_clock *clock, const struct sundial_clock_set *set)
{
	struct sundial_clock_page *page = clock->pages;
	struct sundial_clock_rate rate;
	int ret = 0;

	if (set->flags || set->pad)
		return -EINVAL;
	if (set->now_ns < set_begin(clock, &rate) && !(page->flags & SUNDIAL_PAGE_STEPPABLE))
		ret = -ERANGE;
	else
		rate.base_ns = set->now_ns;
	change_end(page, &rate);
	twin_unlock(clock->twin);
	if (!ret)
		sundial_queue_changed(clock, set->now_ns);
	return ret;
}

static int call_advance(struct sundial_clock *clock, struct sundial_clock_advance *advance)
{
	struct sundial_clock_rate rate;
	__u64 now_ns;
	int ret = 0;

	if (advance->flags || advance->pad)
		return -EINVAL;
	twin_lock(clock->twin);
	if (__builtin_add_overflow(change_begin(clock->pages, &rate), advance->delta_ns, &now_ns))
		ret = -EOVERFLOW;
	else
		rate.base_ns = now_ns;
	change_end(clock->pages, &rate);
	twin_unlock(clock->twin);
	if (ret)
		return ret;
	advance->now_ns = now_ns;
	sundial_queue_changed(clock, now_ns);
	return 0;
}

static int call_set_rate(struct sundial_clock *clock, const struct sundial_clock_set_rate *how)
{
	struct sundial_clock_rate rate;
	__u64 now_ns;

	if (how->flags || how->shift > SUNDIAL_CLOCK_MAX_SHIFT)
		return -EINVAL;
	if (clock->pages->mode != SUNDIAL_MODE_SCALED)
		return -EOPNOTSUPP;
	twin_lock(clock->twin);
	now_ns = change_begin(clock->pages, &rate);
	rate.mult = how->mult;
	rate.shift = how->shift;
	change_end(clock->pages, &rate);
	twin_unlock(clock->twin);
	sundial_queue_changed(clock, now_ns);
	return 0;
}

static int call_set_offsets(struct sundial_clock *clock,
			    const struct sundial_clock_set_offsets *offsets)
{
	struct sundial_clock_rate rate;

	if (offsets->flags || offsets->pad)
		return -EINVAL;
	twin_lock(clock->twin);
	sundial_rate_begin(clock->pages, &rate);
	rate.realtime_ns = offsets->realtime_ns;
	rate.boottime_ns = offsets->boottime_ns;
	rate.tai_ns = offsets->tai_ns;
	rate.raw_ns = offsets->raw_ns;
	sundial_rate_end(clock->pages, &rate);
	twin_unlock(clock->twin);
	return 0;
}

static int call_reader(struct sundial_clock *clock, const struct sundial_clock_reader *reader)
{
	if (reader->flags || reader->pad)
		return -EINVAL;
	return reopen_readonly(clock->fd);
}

/* An alarm belongs to an open file, and that of a memfd has no room for one. */
static int call_alarm(struct sundial_clock *clock, const struct sundial_clock_alarm *alarm)
{
	if (alarm->flags & ~SUNDIAL_ALARM_OFF || alarm->index >= clock->count)
		return -EINVAL;
	if (alarm->flags & SUNDIAL_ALARM_OFF && (alarm->deadline_ns || alarm->index))
		return -EINVAL;
	return -EOPNOTSUPP;
}

/* For the calls that change a domain. */
static int may_change(const struct sundial_clock *clock)
{
	if (!clock->writable)
		return -EPERM;
	return clock->pages->kind == SUNDIAL_KIND_KERNEL ? 0 : -EOPNOTSUPP;
}

int sundial_memfd_call(struct sundial_clock *clock, unsigned long command, void *argument)
{
	int ret;

	switch (command) {
	case SUNDIAL_CLOCK_INFO:
		return call_info(clock, argument);
	case SUNDIAL_CLOCK_READER:
		return call_reader(clock, argument);
	case SUNDIAL_CLOCK_SET:
		ret = may_change(clock);
		return ret ? ret : call_set(clock, argument);
	case SUNDIAL_CLOCK_ADVANCE:
		ret = may_change(clock);
		return ret ? ret : call_advance(clock, argument);
	case SUNDIAL_CLOCK_SET_RATE:
		ret = may_change(clock);
		return ret ? ret : call_set_rate(clock, argument);
	case SUNDIAL_CLOCK_SET_OFFSETS:
		ret = may_change(clock);
		return ret ? ret : call_set_offsets(clock, argument);
	case SUNDIAL_CLOCK_WAIT:
		return sundial_queue_wait(clock, argument);
	case SUNDIAL_CLOCK_ALARM:
		return call_alarm(clock, argument);
	case SUNDIAL_CLOCK_KICK:
		return sundial_queue_kick(clock, argument);
	default:
		return -ENOTTY;
	}
}
