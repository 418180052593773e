/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of every child of this process. */
#ifndef SUNDIAL_SIM_CHILDREN_H
#define SUNDIAL_SIM_CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Kills and reaps all children; returns when none is left. first, when not 0, is
 * one that has not been reaped: most often the only one, which saves a search.
 */
void children_kill_all(pid_t first);
void children_signal(int sig);
/* pid is that of a child of this process. */
bool children_has(pid_t pid);

#endif
