// SPDX-License-Identifier: GPL-2.0-or-later
/* CRC32C, by the processor's instruction where it has one. */
#include "record/lib/format.h"
#include <stdbool.h>
#include <string.h>

static __u32 by_table(__u32 crc, const unsigned char *data, size_t bytes)
{
	static __u32 table[256];

	/* Every thread computes the same table, so it does not matter who does. */
	if (!__atomic_load_n(&table[1], __ATOMIC_ACQUIRE)) {
		for (int i = 255; i >= 0; i--) {
			__u32 value = i;

			for (int bit = 0; bit < 8; bit++)
				value = value >> 1 ^ (value & 1 ? 0x82f63b78 : 0);
			__atomic_store_n(&table[i], value, __ATOMIC_RELEASE);
		}
	}
	while (bytes--)
		crc = crc >> 8 ^ table[(crc ^ *data++) & 255];
	return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static __u32 by_instruction(__u32 crc, const unsigned char *data,
							      size_t bytes)
{
	__u64 wide = crc, word;

	for (; bytes >= 8; bytes -= 8, data += 8) {
		memcpy(&word, data, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (__u32)wide;
	while (bytes--)
		crc = __builtin_ia32_crc32qi(crc, *data++);
	return crc;
}
#endif

__u32 record_crc32c(__u32 before, const void *data, size_t bytes)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~by_instruction(~before, data, bytes);
#endif
	return ~by_table(~before, data, bytes);
}
