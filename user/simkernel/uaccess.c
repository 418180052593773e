// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest memory (uaccess.h). */
#include <errno.h>
#include "simkernel/uaccess.h"

/* uaccess.S */
long user_copy(void *dst, const void *src, size_t n);
long user_zero(void *dst, size_t n);
long user_strcpy(char *dst, const char *src, size_t n);

const u64 user_memory_end __attribute__((weak)) = 0x7ffffffff000UL;

static bool outside(u64 addr, size_t n)
{
	return addr + n < addr || addr + n > user_memory_end;
}

long copy_from_user(void *dst, u64 src, size_t n)
{
	if (unlikely(outside(src, n)))
		return -EFAULT;
	return user_copy(dst, (const void *)src, n);
}

long copy_to_user(u64 dst, const void *src, size_t n)
{
	if (unlikely(outside(dst, n)))
		return -EFAULT;
	return user_copy((void *)dst, src, n);
}

long clear_user(u64 dst, size_t n)
{
	return outside(dst, n) ? -EFAULT : user_zero((void *)dst, n);
}

long string_from_user(char *dst, u64 src, size_t size)
{
	long len;

	if (outside(src, 1))
		return -EFAULT;
	len = user_strcpy(dst, (const char *)src, size);
	if (len < 0)
		return len;
	return len == (long)size ? -ENAMETOOLONG : len;
}
