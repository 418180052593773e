/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few names that all freestanding code shares.
 *
 * Code under base/, load/, native/ and simkernel/ runs on guest threads and is
 * linked without a C library. It may include libc *headers* for constants and
 * struct layouts (they are the kernel's on x86-64 and riscv64 wherever we use
 * them), never call libc functions.
 */
#ifndef SUNDIAL_BASE_TYPES_H
#define SUNDIAL_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define ARRAY_SIZE(a)		      (sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))
#define likely(x)		      __builtin_expect(!!(x), 1)
#define unlikely(x)		      __builtin_expect(!!(x), 0)
#define READ_ONCE(x)		      (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	      (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier()		      __asm__ volatile("" ::: "memory")
#define min(a, b)                       \
	({                              \
		__typeof__(a) a_ = (a); \
		__typeof__(b) b_ = (b); \
		a_ < b_ ? a_ : b_;      \
	})
#define max(a, b)                       \
	({                              \
		__typeof__(a) a_ = (a); \
		__typeof__(b) b_ = (b); \
		a_ > b_ ? a_ : b_;      \
	})
#define ALIGN_UP(x, a)	 (((x) + (a)-1) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))

#define PAGE_BYTES    4096UL
#define NSEC_PER_SEC  1000000000UL
#define NSEC_PER_USEC 1000UL
#define NSEC_PER_MSEC 1000000UL

/* A host call's result that means an error: -4095 to -1. */
static inline bool is_error(long ret)
{
	return (unsigned long)ret >= -4095UL;
}

#endif
