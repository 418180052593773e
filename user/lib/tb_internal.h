/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a TB set is, to the files of libsundial: tb.c has the public calls and the
 * device, tbtwin.c the memfd twin. Not installed.
 *
 * Locking: constant once made, but for *local and what a child maps anew when it
 * registers; range_lock for ranges.
 */
#ifndef SUNDIAL_LIB_TB_INTERNAL_H
#define SUNDIAL_LIB_TB_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>

#include "sundial_tbset.h"

struct tb_control;

/* Zeroed in a child (MADV_WIPEONFORK), as the kernel's registration is lost there. */
struct tb_local {
	bool mapped;
	bool registered; /* twin only */
};

/* A range of this process, twin only. */
struct tb_range {
	struct tb_range *next;
	unsigned long start;
	unsigned long end;
	__u32 slot;
	__u32 busy;
};

struct sundial_tb {
	int fd;
	unsigned int backing;
	__u32 slots;
	__u32 vcpus;
	struct tb_local *local;
	struct sundial_tb_page *page;
	struct sundial_tb_vcpu *words; /* NULL if vcpus is 0 */
	struct tb_control *control;    /* twin only */
	pthread_mutex_t range_lock;
	struct tb_range *ranges;
};

/* Maps a part of tb->fd that children do not inherit; NULL with errno. */
void *tb_map(const struct sundial_tb *tb, size_t bytes, int prot, off_t offset);
size_t tb_page_bytes(__u32 slots);
size_t tb_vcpu_bytes(__u32 vcpus);

/* Makes the memfd in tb->fd; learns from tb->fd what the set is; maps it. */
int tb_twin_create(struct sundial_tb *tb, const struct sundial_tb_create *how);
int tb_twin_learn(struct sundial_tb *tb);
int tb_twin_map(struct sundial_tb *tb);
void tb_twin_close(struct sundial_tb *tb);
int tb_twin_call(struct sundial_tb *tb, unsigned long command, void *argument);
int tb_twin_read(struct sundial_tb *tb, struct sundial_tb_event *events, __u32 count,
		 __u64 timeout_ns);
void tb_twin_changing(struct sundial_tb *tb, unsigned long start, unsigned long end, __u32 reason);
void tb_twin_changed(struct sundial_tb *tb, unsigned long start, unsigned long end);

#endif /* SUNDIAL_LIB_TB_INTERNAL_H */
