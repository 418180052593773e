/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which libraries a program will load when it starts. */
#ifndef RECORD_LIBRARIES_H
#define RECORD_LIBRARIES_H

typedef void library_seen(void *context, const char *path);

/*
 * Asks the program's own dynamic linker, in this process's environment, and calls seen
 * for each library. It executes that linker, which nobody should do for a program that
 * is not going to be executed anyway. Says nothing of static programs and of what is
 * none. May block as long as the linker does.
 */
void libraries_list(const char *program, library_seen *seen, void *context);

#endif
