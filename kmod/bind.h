/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bindings of threads to domains: made through the files of clocks, asked for by
 * the kfuncs.
 */
#ifndef KMOD_BIND_H
#define KMOD_BIND_H

#include <linux/types.h>

struct sundial_clock;
struct sundial_clock_bind;
struct sundial_clock_file;

/* SUNDIAL_CLOCK_BIND. Process context, may sleep. */
int sundial_clock_bind(struct sundial_clock_file *handle, const struct sundial_clock_bind *how);

/* Ends what was bound through handle, which nobody uses any more. Process context. */
void sundial_clock_unbind_all(struct sundial_clock_file *handle);

/*
 * The clock and the page in which the current task is, or NULL: domain 0. Any
 * context, in an RCU read-side section, which is also how long the clock lasts.
 */
struct sundial_clock *sundial_bound_clock(u32 *index);

#endif /* KMOD_BIND_H */
