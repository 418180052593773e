/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings without a C library. In a hosted link libc's own definitions of mem* and str* serve. */
#ifndef SUNDIAL_BASE_STRING_H
#define SUNDIAL_BASE_STRING_H

#include <stdarg.h>
#include "base/types.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/* True when s begins with prefix. */
static inline bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Copies at most size - 1 bytes and always terminates; returns strlen(src). */
size_t str_copy(char *dst, const char *src, size_t size);

/*
 * Like snprintf for %d %i %u %x %X %o %c %s %p %% with l, ll, z, width (also *),
 * '-', '0' and '#' flags and %.*s. Returns the length that the whole text has.
 */
int str_format(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int str_vformat(char *dst, size_t size, const char *fmt, va_list ap);

/* Decimal digits at s; returns false when there are none, or something else follows. */
bool str_to_u64(const char *s, u64 *out);

#endif
