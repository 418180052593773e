// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The public calls of libsundial: making, mapping and closing a clock, and the
 * thin wrappers around the SUNDIAL_CLOCK_* structures. Which backing a clock has
 * is decided here; what a memfd must then do itself is in memfd.c, a BPF array in
 * bpf.c.
 *
 * Owns struct sundial_clock: its descriptor and its mapping. Locking: none, a
 * clock does not change after it was made.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define DEVICE_PATH "/dev/sundial"

static size_t clock_bytes(const struct sundial_clock *clock)
{
	return (size_t)clock->count * SUNDIAL_CLOCK_PAGE_SIZE;
}

struct sundial_clock_page *sundial_page_at(const struct sundial_clock *clock, __u32 index)
{
	return (struct sundial_clock_page *)((char *)clock->pages +
					     (size_t)index * SUNDIAL_CLOCK_PAGE_SIZE);
}

void sundial_clock_close(struct sundial_clock *clock)
{
	if (!clock)
		return;
	if (clock->pages)
		munmap(clock->pages, clock_bytes(clock));
	sundial_memfd_close(clock);
	if (clock->fd >= 0)
		close(clock->fd);
	free(clock);
}

static struct sundial_clock *clock_alloc(void)
{
	struct sundial_clock *clock = calloc(1, sizeof(*clock));

	if (clock)
		clock->fd = -1;
	return clock;
}

/* Learns from the device what clock->fd is, and maps it. */
static int device_map(struct sundial_clock *clock)
{
	struct sundial_clock_info info;
	int prot = PROT_READ;
	void *pages;

	/* whatever says no here is no clock, in the words of its own kind */
	if (ioctl(clock->fd, SUNDIAL_CLOCK_INFO, &info))
		return -EINVAL;
	if (info.page_size != SUNDIAL_CLOCK_PAGE_SIZE)
		return -EINVAL;
	clock->backing = SUNDIAL_BACKING_DEVICE;
	clock->count = info.count;
	clock->writable = info.writable;
	clock->mapped_writable = info.writable && info.kind == SUNDIAL_KIND_USER;
	if (clock->mapped_writable)
		prot |= PROT_WRITE;
	pages = mmap(NULL, clock_bytes(clock), prot, MAP_SHARED, clock->fd, 0);
	if (pages == MAP_FAILED)
		return -errno;
	clock->pages = pages;
	return 0;
}

static int device_create(struct sundial_clock *clock, int device,
			 const struct sundial_clock_create *how)
{
	clock->fd = ioctl(device, SUNDIAL_CLOCK_CREATE, how);
	if (clock->fd < 0)
		return -errno;
	return device_map(clock);
}

int sundial_clock_create(const struct sundial_clock_create *how, unsigned int backing,
			 struct sundial_clock **out)
{
	struct sundial_clock *clock;
	int device = -1;
	int ret;

	if (backing > SUNDIAL_BACKING_BPF)
		return -EINVAL;
	if (backing == SUNDIAL_BACKING_ANY || backing == SUNDIAL_BACKING_DEVICE) {
		device = open(DEVICE_PATH, O_RDWR | O_CLOEXEC);
		if (device < 0 && backing == SUNDIAL_BACKING_DEVICE)
			return -errno;
	}
	clock = clock_alloc();
	if (!clock)
		ret = -ENOMEM;
	else if (device >= 0)
		ret = device_create(clock, device, how);
	else if (backing == SUNDIAL_BACKING_BPF)
		ret = sundial_bpf_create(clock, how);
	else
		ret = sundial_memfd_create(clock, how);
	if (device >= 0)
		close(device);
	if (ret) {
		sundial_clock_close(clock);
		return ret;
	}
	*out = clock;
	return 0;
}

int sundial_clock_attach(int fd, struct sundial_clock **out)
{
	struct sundial_clock *clock = clock_alloc();
	int ret;

	if (!clock)
		return -ENOMEM;
	clock->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (clock->fd < 0) {
		ret = -errno;
		goto out_close;
	}
	if (fcntl(clock->fd, F_GET_SEALS) >= 0)
		ret = sundial_memfd_attach(clock);
	else
		ret = device_map(clock);
	if (ret == -EINVAL && !clock->pages)
		ret = sundial_bpf_attach(clock);
	if (ret)
		goto out_close;
	*out = clock;
	return 0;

out_close:
	sundial_clock_close(clock);
	return ret;
}

int sundial_clock_fd(const struct sundial_clock *clock)
{
	return clock->fd;
}

unsigned int sundial_clock_backing(const struct sundial_clock *clock)
{
	return clock->backing;
}

__u32 sundial_clock_count(const struct sundial_clock *clock)
{
	return clock->count;
}

const struct sundial_clock_page *sundial_clock_page(const struct sundial_clock *clock, __u32 index)
{
	return index < clock->count ? sundial_page_at(clock, index) : NULL;
}

struct sundial_clock_page *sundial_clock_user_page(const struct sundial_clock *clock, __u32 index)
{
	if (index >= clock->count || !clock->mapped_writable)
		return NULL;
	return sundial_page_at(clock, index);
}

int sundial_clock_call(struct sundial_clock *clock, unsigned long command, void *argument)
{
	int ret;

	if (clock->backing == SUNDIAL_BACKING_MEMFD)
		return sundial_memfd_call(clock, command, argument);
	if (clock->backing == SUNDIAL_BACKING_BPF)
		return sundial_bpf_call(clock, command, argument);
	ret = ioctl(clock->fd, command, argument);
	return ret < 0 ? -errno : ret;
}

int sundial_clock_info(struct sundial_clock *clock, struct sundial_clock_info *info)
{
	return sundial_clock_call(clock, SUNDIAL_CLOCK_INFO, info);
}

int sundial_clock_set(struct sundial_clock *clock, __u64 now_ns)
{
	struct sundial_clock_set set = {.now_ns = now_ns};

	return sundial_clock_call(clock, SUNDIAL_CLOCK_SET, &set);
}

int sundial_clock_advance(struct sundial_clock *clock, __u64 delta_ns, __u64 *now_ns)
{
	struct sundial_clock_advance advance = {.delta_ns = delta_ns};
	int ret = sundial_clock_call(clock, SUNDIAL_CLOCK_ADVANCE, &advance);

	if (!ret && now_ns)
		*now_ns = advance.now_ns;
	return ret;
}

int sundial_clock_set_rate(struct sundial_clock *clock, __u64 mult, __u32 shift)
{
	struct sundial_clock_set_rate rate = {.mult = mult, .shift = shift};

	return sundial_clock_call(clock, SUNDIAL_CLOCK_SET_RATE, &rate);
}

int sundial_clock_set_offsets(struct sundial_clock *clock, __s64 realtime_ns, __s64 boottime_ns,
			      __s64 tai_ns, __s64 raw_ns)
{
	struct sundial_clock_set_offsets offsets = {
		.realtime_ns = realtime_ns,
		.boottime_ns = boottime_ns,
		.tai_ns = tai_ns,
		.raw_ns = raw_ns,
	};

	return sundial_clock_call(clock, SUNDIAL_CLOCK_SET_OFFSETS, &offsets);
}

int sundial_clock_reader(struct sundial_clock *clock)
{
	struct sundial_clock_reader reader = {0};

	return sundial_clock_call(clock, SUNDIAL_CLOCK_READER, &reader);
}

int sundial_clock_wait(struct sundial_clock *clock, __u32 index, __u64 deadline_ns, __u64 *now_ns)
{
	struct sundial_clock_wait wait = {.deadline_ns = deadline_ns, .index = index};
	int ret = sundial_clock_call(clock, SUNDIAL_CLOCK_WAIT, &wait);

	if (!ret && now_ns)
		*now_ns = wait.now_ns;
	return ret;
}

int sundial_clock_alarm(struct sundial_clock *clock, __u32 index, __u64 deadline_ns)
{
	struct sundial_clock_alarm alarm = {.deadline_ns = deadline_ns, .index = index};

	return sundial_clock_call(clock, SUNDIAL_CLOCK_ALARM, &alarm);
}

int sundial_clock_alarm_off(struct sundial_clock *clock)
{
	struct sundial_clock_alarm alarm = {.flags = SUNDIAL_ALARM_OFF};

	return sundial_clock_call(clock, SUNDIAL_CLOCK_ALARM, &alarm);
}

int sundial_clock_read(struct sundial_clock *clock, __u64 *now_ns)
{
	__u64 count_ns;
	ssize_t ret;

	if (clock->backing != SUNDIAL_BACKING_DEVICE)
		return -EOPNOTSUPP;
	ret = read(clock->fd, &count_ns, sizeof(count_ns));
	if (ret < 0)
		return -errno;
	*now_ns = count_ns;
	return 0;
}

int sundial_clock_kick(struct sundial_clock *clock, __u32 index, __u32 *woken)
{
	struct sundial_clock_kick kick = {.index = index};
	int ret = sundial_clock_call(clock, SUNDIAL_CLOCK_KICK, &kick);

	if (!ret && woken)
		*woken = kick.woken;
	return ret;
}

int sundial_clock_gettime(const struct sundial_clock *clock, __u32 index, clockid_t id,
			  struct timespec *ts)
{
	const struct sundial_clock_page *page = sundial_clock_page(clock, index);
	__s64 ns;
	int ret;

	if (!page)
		return -EINVAL;
	ret = sundial_page_gettime(page, id, sundial_host_now, &ns);
	if (ret)
		return ret;
	ts->tv_sec = ns / 1000000000;
	ts->tv_nsec = ns % 1000000000;
	if (ts->tv_nsec < 0) {
		ts->tv_sec--;
		ts->tv_nsec += 1000000000;
	}
	return 0;
}
