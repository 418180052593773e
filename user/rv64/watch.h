/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where sundial.ko is loaded: page-table changes of memory that was translated, whoever
 * made them. Truncation of a file that is mapped and a debugger's forced write to a page
 * of a program's file are seen in no other way; munmap and its kin by the program itself
 * come through rv64_code_changed() besides. include/uapi/linux/sundial.h lists what a TB
 * set sees and what not.
 *
 * The guest's space is cut into regions; one that code is translated from is attached to
 * a slot of the set, for good. What changes there comes as an event, of which a vCPU
 * takes notice each time that it is outside of translated code: after its system calls
 * and signals, and at jumps that are not chained. It then stops the others, drops what
 * was translated and goes on, which is what the set's SYNC would do; so the set has no
 * vCPUs, and translated code looks at nothing.
 *
 *	this vCPU			another process
 *					ftruncate(): event, queued + 1
 *					pages go
 *					tells this one, by a pipe
 *	read() returns
 *	queued != seen: drops TBs
 *	calls the function: SIGBUS
 *
 * A translation is begun and ended as the set asks (sundial_tb_begin() and _retry()):
 * under the translation lock nothing has changed since its bytes were read, and whatever
 * changes after that has an event that is handled under the same lock.
 *
 * Without the module, or the right to open /dev/sundial, none of this does anything.
 */
#ifndef SUNDIAL_RV64_WATCH_H
#define SUNDIAL_RV64_WATCH_H

#include "base/types.h"
#include "lib/sundial_tb.h"

#define WATCH_NO_SLOT (~0U)

struct rv64_watch_mark {
	u32 slot[2];
	u64 generation[2];
};

extern const struct sundial_tb_page *rv64_watch_page; /* NULL: nothing is watched */
extern u64 rv64_watch_seen; /* page->queued when events were last handled */

/* Opens the device, if there is one. Once, before guest code runs. */
void rv64_watch_start(void);

/* The set's descriptor, which no guest may close, or -1. */
int rv64_watch_fd(void);

/* Around the reading of code in [start, end], by a thread that does not run. Retry, under
 * the translation lock: what was read may not be what is there. */
void rv64_watch_begin(struct rv64_watch_mark *mark, u64 start, u64 end);
bool rv64_watch_retry(const struct rv64_watch_mark *mark);

/* Drops what has changed. By a thread that does not run; takes the translation lock. */
void rv64_watch_settle(void);

/* After fork(), in the child, when all else is in order: it has neither the pages nor the
 * registration. */
void rv64_watch_child(void);

/* The thread tid has ended, maybe amid one of these: for children of vfork. */
void rv64_watch_bury(u32 tid);

static inline bool rv64_watch_pending(void)
{
	const struct sundial_tb_page *page = READ_ONCE(rv64_watch_page);

	return page && __atomic_load_n(&page->queued, __ATOMIC_ACQUIRE) !=
			       __atomic_load_n(&rv64_watch_seen, __ATOMIC_ACQUIRE);
}

#endif
