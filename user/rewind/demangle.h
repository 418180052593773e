/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What compilers made of names, undone. */
#ifndef REWIND_DEMANGLE_H
#define REWIND_DEMANGLE_H

/* The caller's, to be freed; NULL if the name is not mangled. */
char *demangle_name(const char *name);

#endif
