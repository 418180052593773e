/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of the tables that describe /proc and /sys (struct proc_node, procfs.h).
 * Only the files that hold such tables include this; the names are short for them.
 */
#ifndef SUNDIAL_SIMKERNEL_PROCNODE_H
#define SUNDIAL_SIMKERNEL_PROCNODE_H

#include "simkernel/procfs.h"

#define DIR_MODE(n, m, ...)                                            \
	{                                                              \
		.name = n, .type = VNODE_DIR, .mode = m, ##__VA_ARGS__ \
	}
#define DIR(n, ...) DIR_MODE(n, 0555, ##__VA_ARGS__)
#define TEXT_MODE(n, m, ...)                                            \
	{                                                               \
		.name = n, .type = VNODE_TEXT, .mode = m, ##__VA_ARGS__ \
	}
#define TEXT(n, fn)	   TEXT_MODE(n, 0444, .text = fn)
#define TEXT_RW(n, fn, wr) TEXT_MODE(n, 0644, .text = fn, .write = wr)
#define FIXED(n, content)  TEXT_MODE(n, 0444, .fixed = content)
/* Accepts a write and reads as before: only the simulation's own rules hold. */
#define KNOB(n, content) TEXT_MODE(n, 0644, .fixed = content, .write = proc_ignore_write)
#define LINK(n, fn)                                                     \
	{                                                               \
		.name = n, .type = VNODE_LINK, .mode = 0777, .link = fn \
	}
#define LINK_TO(n, to)                                                   \
	{                                                                \
		.name = n, .type = VNODE_LINK, .mode = 0777, .fixed = to \
	}
#define END                  \
	{                    \
		.name = NULL \
	}

#endif
