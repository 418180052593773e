// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The public calls of TB sets: making, mapping and closing a set, and the thin
 * wrappers around the SUNDIAL_TB_* structures. Which backing a set has is decided
 * here; what a memfd must then do itself is in tbtwin.c.
 *
 * Owns struct sundial_tb: descriptor, mappings, and the page that tells a child
 * that it is one. Locking: tb_internal.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tb_internal.h"

#define DEVICE_PATH "/dev/sundial"
#define PAGE	    4096

size_t tb_page_bytes(__u32 slots)
{
	return (sizeof(struct sundial_tb_page) + slots * sizeof(__u64) + PAGE - 1) &
	       ~(size_t)(PAGE - 1);
}

size_t tb_vcpu_bytes(__u32 vcpus)
{
	return (vcpus * sizeof(struct sundial_tb_vcpu) + PAGE - 1) & ~(size_t)(PAGE - 1);
}

void *tb_map(const struct sundial_tb *tb, size_t bytes, int prot, off_t offset)
{
	void *map = mmap(NULL, bytes, prot, MAP_SHARED, tb->fd, offset);

	if (map == MAP_FAILED)
		return NULL;
	if (madvise(map, bytes, MADV_DONTFORK)) {
		munmap(map, bytes);
		return NULL;
	}
	return map;
}

static void tb_unmap(struct sundial_tb *tb)
{
	if (tb->page)
		munmap(tb->page, tb_page_bytes(tb->slots));
	if (tb->words)
		munmap(tb->words, tb_vcpu_bytes(tb->vcpus));
}

static int tb_map_all(struct sundial_tb *tb)
{
	int twin = tb->backing == SUNDIAL_BACKING_MEMFD;
	int ret;

	tb->page = NULL;
	tb->words = NULL;
	tb->page =
		tb_map(tb, tb_page_bytes(tb->slots), twin ? PROT_READ | PROT_WRITE : PROT_READ, 0);
	if (!tb->page)
		return -errno;
	if (tb->vcpus) {
		tb->words = tb_map(tb, tb_vcpu_bytes(tb->vcpus), PROT_READ | PROT_WRITE,
				   SUNDIAL_TB_VCPU_OFFSET);
		if (!tb->words)
			goto out_unmap;
	}
	ret = twin ? tb_twin_map(tb) : 0;
	if (ret) {
		errno = -ret;
		goto out_unmap;
	}
	tb->local->mapped = true;
	return 0;

out_unmap:
	ret = -errno;
	tb_unmap(tb);
	return ret;
}

static struct sundial_tb *tb_alloc(void)
{
	struct sundial_tb *tb = calloc(1, sizeof(*tb));
	void *local;

	if (!tb)
		return NULL;
	tb->fd = -1;
	pthread_mutex_init(&tb->range_lock, NULL);
	local = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (local == MAP_FAILED || madvise(local, PAGE, MADV_WIPEONFORK)) {
		free(tb);
		return NULL;
	}
	tb->local = local;
	return tb;
}

void sundial_tb_close(struct sundial_tb *tb)
{
	struct tb_range *range;

	if (!tb)
		return;
	if (tb->backing == SUNDIAL_BACKING_MEMFD)
		tb_twin_close(tb);
	while ((range = tb->ranges)) {
		tb->ranges = range->next;
		free(range);
	}
	/* In a child other things may be at these addresses by now. */
	if (tb->local->mapped)
		tb_unmap(tb);
	munmap(tb->local, PAGE);
	if (tb->fd >= 0)
		close(tb->fd);
	pthread_mutex_destroy(&tb->range_lock);
	free(tb);
}

static int device_learn(struct sundial_tb *tb)
{
	struct sundial_tb_info info;

	/* whatever says no here is no TB set, in the words of its own kind */
	if (ioctl(tb->fd, SUNDIAL_TB_INFO, &info))
		return -EINVAL;
	tb->backing = SUNDIAL_BACKING_DEVICE;
	tb->slots = info.slots;
	tb->vcpus = info.vcpus;
	return 0;
}

static int device_create(struct sundial_tb *tb, int device, const struct sundial_tb_create *how)
{
	tb->fd = ioctl(device, SUNDIAL_TB_CREATE, how);
	return tb->fd < 0 ? -errno : device_learn(tb);
}

int sundial_tb_create(const struct sundial_tb_create *how, unsigned int backing,
		      struct sundial_tb **out)
{
	struct sundial_tb *tb;
	int device = -1;
	int ret = -ENOMEM;

	if (backing > SUNDIAL_BACKING_MEMFD)
		return -EINVAL;
	if (backing != SUNDIAL_BACKING_MEMFD) {
		device = open(DEVICE_PATH, O_RDWR | O_CLOEXEC);
		if (device < 0 && backing == SUNDIAL_BACKING_DEVICE)
			return -errno;
	}
	tb = tb_alloc();
	if (!tb)
		goto out_close;
	if (device >= 0)
		ret = device_create(tb, device, how);
	else
		ret = tb_twin_create(tb, how);
	if (!ret)
		ret = tb_map_all(tb);
	if (ret)
		sundial_tb_close(tb);
	else
		*out = tb;
out_close:
	if (device >= 0)
		close(device);
	return ret;
}

int sundial_tb_open(int fd, struct sundial_tb **out)
{
	struct sundial_tb *tb = tb_alloc();
	int ret;

	if (!tb)
		return -ENOMEM;
	tb->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (tb->fd < 0)
		ret = -errno;
	else if (fcntl(tb->fd, F_GET_SEALS) >= 0)
		ret = tb_twin_learn(tb);
	else
		ret = device_learn(tb);
	if (!ret)
		ret = tb_map_all(tb);
	if (ret)
		sundial_tb_close(tb);
	else
		*out = tb;
	return ret;
}

int sundial_tb_fd(const struct sundial_tb *tb)
{
	return tb->fd;
}

unsigned int sundial_tb_backing(const struct sundial_tb *tb)
{
	return tb->backing;
}

const struct sundial_tb_page *sundial_tb_page(const struct sundial_tb *tb)
{
	return tb->local->mapped ? tb->page : NULL;
}

struct sundial_tb_vcpu *sundial_tb_vcpu_words(const struct sundial_tb *tb, __u32 vcpu)
{
	return tb->local->mapped && vcpu < tb->vcpus ? &tb->words[vcpu] : NULL;
}

int sundial_tb_call(struct sundial_tb *tb, unsigned long command, void *argument)
{
	int ret;

	/* A child has its own mappings from its first call that needs them. */
	if (!tb->local->mapped && (command == SUNDIAL_TB_REGISTER || command == SUNDIAL_TB_INFO ||
				   command == SUNDIAL_TB_QUIESCENT)) {
		ret = tb_map_all(tb);
		if (ret)
			return ret;
	}
	if (tb->backing == SUNDIAL_BACKING_MEMFD)
		return tb_twin_call(tb, command, argument);
	ret = ioctl(tb->fd, command, argument);
	return ret < 0 ? -errno : ret;
}

int sundial_tb_info(struct sundial_tb *tb, struct sundial_tb_info *info)
{
	return sundial_tb_call(tb, SUNDIAL_TB_INFO, info);
}

int sundial_tb_register(struct sundial_tb *tb)
{
	struct sundial_tb_register how = {};

	return sundial_tb_call(tb, SUNDIAL_TB_REGISTER, &how);
}

int sundial_tb_attach(struct sundial_tb *tb, __u32 slot, const void *address, size_t length)
{
	struct sundial_tb_attach attach = {
		.address = (unsigned long)address,
		.length = length,
		.slot = slot,
	};

	return sundial_tb_call(tb, SUNDIAL_TB_ATTACH, &attach);
}

int sundial_tb_detach(struct sundial_tb *tb, __u32 slot)
{
	struct sundial_tb_detach detach = {.slot = slot};

	return sundial_tb_call(tb, SUNDIAL_TB_DETACH, &detach);
}

int sundial_tb_invalidate(struct sundial_tb *tb, __u32 slot, __u32 count)
{
	struct sundial_tb_invalidate how = {.slot = slot, .count = count};

	return sundial_tb_call(tb, SUNDIAL_TB_INVALIDATE, &how);
}

int sundial_tb_sync(struct sundial_tb *tb, __u32 slot, __u32 count, __u64 timeout_ns,
		    __u32 *running)
{
	struct sundial_tb_invalidate how = {
		.slot = slot,
		.count = count,
		.flags = SUNDIAL_TB_SYNC,
		.timeout_ns = timeout_ns,
	};
	int ret = sundial_tb_call(tb, SUNDIAL_TB_INVALIDATE, &how);

	if (running && (!ret || ret == -ETIMEDOUT))
		*running = how.running;
	return ret;
}

int sundial_tb_vcpu(struct sundial_tb *tb, __u32 vcpu, __u32 flags)
{
	struct sundial_tb_vcpu_call call = {.vcpu = vcpu, .flags = flags};

	return sundial_tb_call(tb, SUNDIAL_TB_VCPU, &call);
}

int sundial_tb_quiescent(struct sundial_tb *tb)
{
	struct sundial_tb_quiescent how = {};

	return sundial_tb_call(tb, SUNDIAL_TB_QUIESCENT, &how);
}

/* Waits until the queue has something; another reader may be faster than the read that follows. */
static int device_wait(struct sundial_tb *tb, __u64 timeout_ns)
{
	struct pollfd fd = {.fd = tb->fd, .events = POLLIN};
	struct timespec limit = {
		.tv_sec = (time_t)(timeout_ns / 1000000000ULL),
		.tv_nsec = (long)(timeout_ns % 1000000000ULL),
	};
	int ret = ppoll(&fd, 1, timeout_ns == SUNDIAL_TB_FOREVER ? NULL : &limit, NULL);

	if (ret < 0)
		return -errno;
	return ret ? 0 : -EAGAIN;
}

static int device_read(struct sundial_tb *tb, struct sundial_tb_event *events, __u32 count,
		       __u64 timeout_ns)
{
	ssize_t got;
	int ret;

	/* A set without a queue says EINVAL to this and would never poll ready. */
	if (!count || !tb->page->events)
		return -EINVAL;
	ret = device_wait(tb, timeout_ns);
	if (ret)
		return ret;
	got = read(tb->fd, events, count * sizeof(*events));
	return got < 0 ? -errno : (int)(got / (ssize_t)sizeof(*events));
}

int sundial_tb_read(struct sundial_tb *tb, struct sundial_tb_event *events, __u32 count,
		    __u64 timeout_ns)
{
	if (!tb->local->mapped)
		return -ESTALE;
	if (tb->backing == SUNDIAL_BACKING_MEMFD)
		return tb_twin_read(tb, events, count, timeout_ns);
	return device_read(tb, events, count, timeout_ns);
}

void sundial_tb_changing(struct sundial_tb *tb, const void *address, size_t length, __u32 reason)
{
	if (tb->backing == SUNDIAL_BACKING_MEMFD)
		tb_twin_changing(tb, (unsigned long)address, (unsigned long)address + length,
				 reason);
}

void sundial_tb_changed(struct sundial_tb *tb, const void *address, size_t length)
{
	if (tb->backing == SUNDIAL_BACKING_MEMFD)
		tb_twin_changed(tb, (unsigned long)address, (unsigned long)address + length);
}
