/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of libsundial, not installed: what a clock is, and the
 * backings behind it. clock.c owns the struct; memfd.c owns twin and the mapping
 * of the queue, wait.c what is in the queue.
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
struct sundial_queue;

struct sundial_clock {
	int fd;
	unsigned int backing;
	__u32 kind; /* memfd: as it was made; a hostile writer's page may say something else later
		     */
	__u32 mode;
	__u32 count;
	bool writable; /* this clock may change the domain */
	bool mapped_writable;
	struct sundial_clock_page *pages; /* page i at i * SUNDIAL_CLOCK_PAGE_SIZE */
	struct sundial_twin *twin;	  /* memfd, kind KERNEL, writable: the writers' lock */
	struct sundial_queue *queue;	  /* memfd, creator and its children: who waits */
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

/*
 * Who waits for the pages of a memfd, in memory shared with forked children.
 * sundial_queue_create() returns NULL if there is no memory.
 */
struct sundial_queue *sundial_queue_create(void);
void sundial_queue_destroy(struct sundial_queue *queue);

/* SUNDIAL_CLOCK_WAIT and SUNDIAL_CLOCK_KICK, errors included. */
int sundial_queue_wait(struct sundial_clock *clock, struct sundial_clock_wait *wait);
int sundial_queue_kick(struct sundial_clock *clock, struct sundial_clock_kick *kick);

/* Whether somebody waits for page index who is due by count_ns, which was read or stored before. */
bool sundial_queue_due(const struct sundial_clock *clock, __u32 index, __u64 count_ns);

/* After each change of a clock of kind KERNEL to now_ns, without its lock: wakes who is due. */
void sundial_queue_changed(struct sundial_clock *clock, __u64 now_ns);

/* Wakes who is due by what page index shows. Returns how many. */
__u32 sundial_queue_wake(struct sundial_clock *clock, __u32 index);

#endif /* SUNDIAL_LIB_INTERNAL_H */
