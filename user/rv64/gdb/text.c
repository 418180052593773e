// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers and bytes as gdb's packets write them. */
#include "rv64/gdb/stub.h"

int gdb_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

u64 gdb_number(const char **p)
{
	u64 value = 0;
	int digit;

	for (; (digit = gdb_hex_digit(**p)) >= 0; (*p)++)
		value = value << 4 | (u64)digit;
	return value;
}

s64 gdb_thread_id(const char **p)
{
	if (**p != '-')
		return gdb_number(p);
	(*p)++;
	gdb_number(p);
	return -1;
}

char *gdb_put_hex(char *to, const void *from, size_t bytes)
{
	static const char digits[] = "0123456789abcdef";
	const u8 *byte = from;

	for (; bytes--; byte++) {
		*to++ = digits[*byte >> 4];
		*to++ = digits[*byte & 15];
	}
	*to = 0;
	return to;
}

size_t gdb_take_hex(void *to, const char *from, size_t bytes)
{
	u8 *byte = to;
	size_t n;

	for (n = 0; n < bytes; n++) {
		int high = gdb_hex_digit(from[2 * n]);
		int low = high < 0 ? -1 : gdb_hex_digit(from[2 * n + 1]);

		if (low < 0)
			break;
		byte[n] = high << 4 | low;
	}
	return n;
}
