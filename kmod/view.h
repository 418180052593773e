/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What /sys/kernel/debug/sundial shows.
 */
#ifndef KMOD_VIEW_H
#define KMOD_VIEW_H

#include <linux/list.h>
#include <linux/uidgid.h>

/* Part of each object that is shown; all zero until it is added. */
struct sundial_view {
	struct list_head link;
	kuid_t uid; /* who made the object */
	pid_t tid;
};

/*
 * Shows an object that current has made and filled in, until it is removed: before
 * anything of it is freed. Removing one that was never added does nothing. Both may
 * sleep.
 */
void sundial_view_add_domain(struct sundial_view *view);
void sundial_view_add_set(struct sundial_view *view);
void sundial_view_remove(struct sundial_view *view);

void sundial_view_init(void);
void sundial_view_exit(void);

#endif /* KMOD_VIEW_H */
