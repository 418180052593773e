/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which programs the injected library cannot be in. */
#ifndef RECORD_INJECTABLE_H
#define RECORD_INJECTABLE_H

/*
 * Why the file at path would not load the injected library, or not bear it, in words;
 * NULL if it is a program like others, or no ELF file at all.
 */
const char *not_injectable(const char *path);

#endif
