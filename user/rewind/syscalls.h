/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls in words. */
#ifndef REWIND_SYSCALLS_H
#define REWIND_SYSCALLS_H

#include <stddef.h>
#include "events.h"

/* "openat", or "syscall_1000" of a number without a name. */
void syscall_name(__s32 number, char *name, size_t bytes);

/* "lseek(3, 0, 1) = 0, 0.000002 s": each argument as its kind is usually written. */
void syscall_words(const struct record_syscall *event, char *text, size_t bytes);

#endif
