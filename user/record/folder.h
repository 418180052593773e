/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of recordings that is kept within limits. */
#ifndef RECORD_FOLDER_H
#define RECORD_FOLDER_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Makes the folder at path, for its owner alone, or takes the one that is there; removes
 * files that a recorder left unfinished. 0 or negative errno: -EPERM if others could
 * write to it.
 */
int folder_open(const char *path);

/* A name for the crash of process pid that was called comm: the time, comm without what a
 * shell or a terminal would obey, pid. */
void folder_name(const char *path, const char *comm, pid_t pid, char *name, size_t bytes);

/* Removes the oldest recordings until there are at most files_max, of at most bytes_max. */
void folder_trim(const char *path, size_t files_max, size_t bytes_max);

#endif
