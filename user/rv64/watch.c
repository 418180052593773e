// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TB set of the process's own; see the header. Locking: watch_lock for slots and for
 * reading events, outside of the translation lock. rv64_watch_seen is stored once what
 * the events tell has been done, so that a vCPU that finds it current may go on.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "rv64/lock.h"
#include "rv64/vcpu.h"
#include "rv64/watch.h"

#define DEVICE	     "/dev/sundial"
#define SLOTS	     2048 /* 4 GiB of memory with code in it; what is beyond goes unwatched */
#define EVENTS	     1024
#define REGIONS	     (RV64_SPACE_END / TB_REGION_BYTES)
#define READ_AT_ONCE 64

const struct sundial_tb_page *rv64_watch_page;
u64 rv64_watch_seen;

static struct rv64_lock watch_lock;
static int fd = -1;
static u16 slot_of[REGIONS]; /* the region's slot and 1, or 0 */
static u32 region_of[SLOTS], nr_slots;

static u32 self(void)
{
	return rv64_this_vcpu ? rv64_this_vcpu->tid : (u32)gettid();
}

/* Away from the numbers that programs count on. */
static int move_up(int low)
{
	struct rlimit limit = {1024, 1024};
	int high;

	getrlimit(RLIMIT_NOFILE, &limit);
	high = fcntl(low, F_DUPFD_CLOEXEC, (int)max(min(limit.rlim_cur, 1024UL), 32UL) - 16);
	close(low);
	return high;
}

static int make_set(void)
{
	struct sundial_tb_create how = {.slots = SLOTS, .events = EVENTS};
	int device = open(DEVICE, O_RDWR | O_CLOEXEC), set;

	if (device < 0)
		return -1;
	set = ioctl(device, SUNDIAL_TB_CREATE, &how);
	close(device);
	if (set < 0)
		return -1;
	set = move_up(set);
	if (set >= 0)
		fcntl(set, F_SETFL, O_RDWR | O_NONBLOCK);
	return set;
}

void rv64_watch_start(void)
{
	size_t bytes = ALIGN_UP(sizeof(struct sundial_tb_page) + SLOTS * sizeof(u64), PAGE_BYTES);
	struct sundial_tb_register how = {0};
	void *page;

	fd = make_set();
	if (fd < 0)
		return;
	page = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		goto out_close;
	if (ioctl(fd, SUNDIAL_TB_REGISTER, &how))
		goto out_unmap;
	rv64_watch_seen = 0;
	rv64_watch_page = page;
	return;

out_unmap:
	munmap(page, bytes);
out_close:
	close(fd);
	fd = -1;
}

int rv64_watch_fd(void)
{
	return fd;
}

/* Under watch_lock. */
static void attach(u32 region)
{
	struct sundial_tb_attach how = {
		.address = region * TB_REGION_BYTES,
		.length = TB_REGION_BYTES,
		.slot = nr_slots,
	};

	if (nr_slots == SLOTS || ioctl(fd, SUNDIAL_TB_ATTACH, &how))
		return;
	region_of[nr_slots] = region;
	__atomic_store_n(&slot_of[region], ++nr_slots, __ATOMIC_RELEASE);
}

static u32 slot_for(u64 address)
{
	u32 region = address / TB_REGION_BYTES;

	if (region >= REGIONS)
		return WATCH_NO_SLOT;
	if (!__atomic_load_n(&slot_of[region], __ATOMIC_ACQUIRE)) {
		rv64_lock_take(&watch_lock, self());
		if (!slot_of[region])
			attach(region);
		rv64_lock_give(&watch_lock);
	}
	return slot_of[region] ? slot_of[region] - 1U : WATCH_NO_SLOT;
}

void rv64_watch_begin(struct rv64_watch_mark *mark, u64 start, u64 end)
{
	const u64 at[2] = {start, end};

	for (u32 i = 0; i < 2; i++) {
		mark->slot[i] = WATCH_NO_SLOT;
		if (!rv64_watch_page || (i && end / TB_REGION_BYTES == start / TB_REGION_BYTES))
			continue;
		mark->slot[i] = slot_for(at[i]);
		if (mark->slot[i] != WATCH_NO_SLOT)
			mark->generation[i] = sundial_tb_begin(rv64_watch_page, mark->slot[i]);
	}
}

bool rv64_watch_retry(const struct rv64_watch_mark *mark)
{
	for (u32 i = 0; i < 2; i++)
		if (mark->slot[i] != WATCH_NO_SLOT &&
		    sundial_tb_retry(rv64_watch_page, mark->slot[i], mark->generation[i]))
			return true;
	return false;
}

static void drop_region(u32 region)
{
	rv64_code_changed(region * TB_REGION_BYTES, TB_REGION_BYTES);
}

static void handle(const struct sundial_tb_event *event)
{
	if (event->reason == SUNDIAL_TB_LOST) {
		for (u32 slot = 0; slot < nr_slots; slot++)
			drop_region(region_of[slot]);
	} else if (event->end > event->start && event->slot < nr_slots) {
		rv64_code_changed(region_of[event->slot] * TB_REGION_BYTES + event->start,
				  event->end - event->start);
	}
}

void rv64_watch_settle(void)
{
	struct sundial_tb_event events[READ_AT_ONCE];
	u64 queued;
	ssize_t got;

	rv64_lock_take(&watch_lock, self());
	queued = __atomic_load_n(&rv64_watch_page->queued, __ATOMIC_ACQUIRE);
	do {
		got = queued == rv64_watch_seen ? 0 : read(fd, events, sizeof(events));
		for (ssize_t i = 0; i < got / (ssize_t)sizeof(events[0]); i++)
			handle(&events[i]);
	} while (got == sizeof(events));
	__atomic_store_n(&rv64_watch_seen, queued, __ATOMIC_RELEASE);
	rv64_lock_give(&watch_lock);
}

void rv64_watch_bury(u32 tid)
{
	const struct sundial_tb_event lost = {.reason = SUNDIAL_TB_LOST};

	if (!rv64_lock_held_by(&watch_lock, tid))
		return;
	handle(&lost); /* what it had read */
	rv64_lock_give(&watch_lock);
}

/*
 * Its parent's translations are good, but that proves nothing later: what a child has not
 * touched is in none of its page tables, so nothing is seen to change there. It revives
 * what it needs, and reads that.
 */
void rv64_watch_child(void)
{
	watch_lock = (struct rv64_lock){0};
	if (fd < 0)
		return;
	rv64_watch_page = NULL;
	close(fd);
	memset(slot_of, 0, sizeof(slot_of));
	nr_slots = 0;
	rv64_watch_start();
	if (rv64_watch_page)
		rv64_code_changed(0, RV64_SPACE_END);
}
