// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program of one edition of the header, see peer.h: it maps pages and makes
 * calls by hand, with no library in between. Compiled with PEER_EDITION.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include <linux/sundial.h>

#include "peer.h"

static const struct sundial_clock_page *map(int fd)
{
	void *page = mmap(NULL, SUNDIAL_CLOCK_PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);

	return page == MAP_FAILED ? NULL : page;
}

static unsigned long long host_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (unsigned long long)ts.tv_sec * 1000000000 + (unsigned long long)ts.tv_nsec;
}

unsigned long long PEER(read)(int fd, const char **why)
{
	const struct sundial_clock_page *page = map(fd);
	const struct sundial_clock_rate *rate;
	unsigned long long count = 0;

	*why = NULL;
	if (!page) {
		*why = "cannot be mapped";
		return 0;
	}
	rate = &page->rate[0]; /* nobody changes it meanwhile */
	if (page->magic != SUNDIAL_CLOCK_MAGIC || page->version != SUNDIAL_CLOCK_VERSION)
		*why = "is no clock page";
	else if (page->size < offsetof(struct sundial_clock_page, rate) + sizeof(page->rate))
		*why = "is shorter than the first edition";
	else if (page->mode == SUNDIAL_MODE_MANUAL)
		count = page->now_ns;
	else
		count = rate->base_ns +
			((host_now() - rate->host_base_ns) * rate->mult >> rate->shift);
	munmap((void *)page, SUNDIAL_CLOCK_PAGE_SIZE);
	return count;
}

int PEER(sees_leap)(int fd)
{
	int sees = 0;
#ifdef SUNDIAL_PAGE_LEAP
	const struct sundial_clock_page *page = map(fd);

	if (!page)
		return -1;
	sees = page->size >= offsetof(struct sundial_clock_page, leap_ns) + 8 &&
	       page->flags & SUNDIAL_PAGE_LEAP;
	munmap((void *)page, SUNDIAL_CLOCK_PAGE_SIZE);
#endif
	return sees;
}

int PEER(create)(int device, unsigned int extra_flags)
{
	struct sundial_clock_create how = {
		.kind = SUNDIAL_KIND_KERNEL,
		.mode = SUNDIAL_MODE_MANUAL,
		.flags = extra_flags,
		.count = 1,
		.now_ns = 4711,
	};
	int fd = ioctl(device, SUNDIAL_CLOCK_CREATE, &how);

	return fd < 0 ? -errno : fd;
}

int PEER(later_call)(int fd)
{
#ifdef SUNDIAL_CLOCK_LEAP
	struct sundial_clock_leap leap = {0};

	return ioctl(fd, SUNDIAL_CLOCK_LEAP, &leap) < 0 ? -errno : 0;
#else
	return -ENOTTY;
#endif
}

const unsigned long *PEER(constants)(void)
{
	static const unsigned long constants[PEER_CONSTANTS] = {
		SUNDIAL_CLOCK_CREATE,
		SUNDIAL_CLOCK_INFO,
		SUNDIAL_CLOCK_SET,
		SUNDIAL_CLOCK_ADVANCE,
		SUNDIAL_CLOCK_SET_RATE,
		SUNDIAL_CLOCK_SET_OFFSETS,
		SUNDIAL_CLOCK_READER,
		SUNDIAL_CLOCK_MAGIC,
		SUNDIAL_CLOCK_VERSION,
		SUNDIAL_CREATE_STEPPABLE,
		SUNDIAL_PAGE_STEPPABLE,
		offsetof(struct sundial_clock_page, now_ns),
		offsetof(struct sundial_clock_page, seq),
		offsetof(struct sundial_clock_page, rate),
		offsetof(struct sundial_clock_rate, mult),
		offsetof(struct sundial_clock_rate, raw_ns),
	};

	return constants;
}
