// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages in a BPF_F_MMAPABLE array, one in each entry: what BPF programs read on
 * every kernel, in any context, with no module. Only kind USER: whoever has the
 * map's descriptor can map it writable, so nothing would protect the other.
 *
 * Made with bpf(2) itself, so that the library needs no other. Owns nothing but
 * what clock.c closes. Locking: none.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

static int bpf(int command, union bpf_attr *attr)
{
	long ret = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return ret < 0 ? -errno : (int)ret;
}

static int map_pages(struct sundial_clock *clock, int prot)
{
	void *pages = mmap(NULL, (size_t)clock->count * SUNDIAL_CLOCK_PAGE_SIZE, prot, MAP_SHARED,
			   clock->fd, 0);

	if (pages == MAP_FAILED)
		return -errno;
	clock->pages = pages;
	return 0;
}

int sundial_bpf_create(struct sundial_clock *clock, const struct sundial_clock_create *how)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(__u32),
		.value_size = SUNDIAL_CLOCK_PAGE_SIZE,
		.max_entries = how->count,
		.map_flags = BPF_F_MMAPABLE,
		.map_name = "sundial_pages",
	};
	int ret = sundial_check_create(how);

	if (ret)
		return ret;
	if (how->kind != SUNDIAL_KIND_USER)
		return -EOPNOTSUPP;
	clock->fd = bpf(BPF_MAP_CREATE, &attr);
	if (clock->fd < 0)
		return clock->fd;
	clock->backing = SUNDIAL_BACKING_BPF;
	clock->count = how->count;
	clock->writable = clock->mapped_writable = true;
	ret = map_pages(clock, PROT_READ | PROT_WRITE);
	return ret ? ret : sundial_fill_pages(clock, how);
}

int sundial_bpf_attach(struct sundial_clock *clock)
{
	struct bpf_map_info info = {0};
	union bpf_attr attr = {.info.bpf_fd = (__u32)clock->fd,
			       .info.info_len = sizeof(info),
			       .info.info = (__u64)(unsigned long)&info};

	/* a BPF object of another kind fills the structure with something else */
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) || info.type != BPF_MAP_TYPE_ARRAY ||
	    info.key_size != sizeof(__u32) || info.value_size != SUNDIAL_CLOCK_PAGE_SIZE ||
	    !(info.map_flags & BPF_F_MMAPABLE) || !info.max_entries ||
	    info.max_entries > SUNDIAL_CLOCK_MAX_PAGES)
		return -EINVAL;
	clock->backing = SUNDIAL_BACKING_BPF;
	clock->count = info.max_entries;
	clock->writable = clock->mapped_writable = true;
	if (map_pages(clock, PROT_READ | PROT_WRITE))
		return -EINVAL;
	return clock->pages->kind == SUNDIAL_KIND_USER ? sundial_check_page(clock->pages) : -EINVAL;
}

/*
 * Of the calls that serve kind USER only INFO has a meaning here: nobody shares
 * waits, and a map's read-only descriptor cannot be mapped on all kernels.
 */
int sundial_bpf_call(struct sundial_clock *clock, unsigned long command, void *argument)
{
	switch (command) {
	case SUNDIAL_CLOCK_READER:
	case SUNDIAL_CLOCK_WAIT:
	case SUNDIAL_CLOCK_ALARM:
	case SUNDIAL_CLOCK_KICK:
	case SUNDIAL_CLOCK_BIND:
		return -EOPNOTSUPP;
	default:
		return sundial_memfd_call(clock, command, argument);
	}
}
