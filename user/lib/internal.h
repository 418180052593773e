/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of libsundial, not installed: what a clock is, and the
 * backings behind it. clock.c owns the struct; memfd.c owns twin.
 *
 * Locking: a clock is constant between its making and sundial_clock_close().
 * What changes is in the pages; the twin's writers take its mutex.
 */
#ifndef SUNDIAL_LIB_INTERNAL_H
#define SUNDIAL_LIB_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "sundial.h"

struct sundial_twin;

struct sundial_clock {
	int fd;
	unsigned int backing;
	__u32 count;
	bool writable; /* this clock may change the domain */
	bool mapped_writable;
	struct sundial_clock_page *pages; /* page i at i * SUNDIAL_CLOCK_PAGE_SIZE */
	struct sundial_twin *twin;	  /* memfd, kind KERNEL, writable: the writers' lock */
};

struct sundial_clock_page *sundial_page_at(const struct sundial_clock *clock, __u32 index);

/* What SUNDIAL_CLOCK_CREATE would refuse. */
int sundial_check_create(const struct sundial_clock_create *how);

/* Gives the mapped, zeroed pages of clock a new identity and what how says. */
int sundial_fill_pages(struct sundial_clock *clock, const struct sundial_clock_create *how);

/* -EINVAL if it is no clock page. The first one says what the rest is. */
int sundial_check_page(const struct sundial_clock_page *page);

/* The same for a BPF array as the functions for a memfd below. */
int sundial_bpf_create(struct sundial_clock *clock, const struct sundial_clock_create *how);
int sundial_bpf_attach(struct sundial_clock *clock);
int sundial_bpf_call(struct sundial_clock *clock, unsigned long command, void *argument);

/* Fills clock, all zero but fd -1, with a new memfd. Leaves what it took for the caller to undo. */
int sundial_memfd_create(struct sundial_clock *clock, const struct sundial_clock_create *how);

/* Fills clock from clock->fd, which is open and not the device's. */
int sundial_memfd_attach(struct sundial_clock *clock);

/* Does for a memfd what the module's ioctl does, errors included. */
int sundial_memfd_call(struct sundial_clock *clock, unsigned long command, void *argument);

void sundial_memfd_close(struct sundial_clock *clock);

#endif /* SUNDIAL_LIB_INTERNAL_H */
