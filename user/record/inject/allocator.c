// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands before the program's allocator: each call is passed on as it is and told to
 * the shared memory. Until the real functions are found, which may itself allocate,
 * blocks come from a small static pool, and are never given back.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "record/inject/record.h"

#define POOL_BYTES (64U << 10)
#define CALLER	   const struct inject_caller *caller

static struct {
	void *(*malloc)(size_t size);
	void *(*calloc)(size_t count, size_t size);
	void *(*realloc)(void *old, size_t size);
	void (*free)(void *block);
	void *(*memalign)(size_t alignment, size_t size);
	void *(*aligned_alloc)(size_t alignment, size_t size);
	int (*posix_memalign)(void **result, size_t alignment, size_t size);
	void *(*valloc)(size_t size);
	void *(*pvalloc)(size_t size);
} real;

static char pool[POOL_BYTES] __attribute__((aligned(16)));
static size_t pool_used;
static int resolving; /* 0 not yet, 1 in progress, 2 done */

static bool is_pooled(const void *block)
{
	return (uintptr_t)block - (uintptr_t)pool < POOL_BYTES;
}

static void *from_pool(size_t size)
{
	size_t at = __atomic_fetch_add(&pool_used, (size + 31) & ~15UL, __ATOMIC_RELAXED);

	return at + size <= POOL_BYTES ? pool + at : NULL;
}

static __attribute__((noinline, cold)) bool find_real(void)
{
	if (__atomic_exchange_n(&resolving, 1, __ATOMIC_ACQ_REL))
		return false;
	real.calloc = dlsym(RTLD_NEXT, "calloc");
	real.realloc = dlsym(RTLD_NEXT, "realloc");
	real.free = dlsym(RTLD_NEXT, "free");
	real.memalign = dlsym(RTLD_NEXT, "memalign");
	real.aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
	real.posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
	real.valloc = dlsym(RTLD_NEXT, "valloc");
	real.pvalloc = dlsym(RTLD_NEXT, "pvalloc");
	real.malloc = dlsym(RTLD_NEXT, "malloc");
	__atomic_store_n(&resolving, 2, __ATOMIC_RELEASE);
	return true;
}

/* Whether the real functions are known; the first call finds them. */
static inline bool resolve(void)
{
	return __builtin_expect(__atomic_load_n(&resolving, __ATOMIC_ACQUIRE) == 2, 1) ||
	       find_real();
}

static void *told(void *block, size_t size, uint32_t function, CALLER)
{
	if (block)
		inject_enter(block, size, function, caller);
	return block;
}

void *inject_malloc(size_t size, size_t b, size_t c, CALLER);
void *inject_calloc(size_t count, size_t size, size_t c, CALLER);
void *inject_realloc(void *old, size_t size, size_t c, CALLER);
void inject_free(void *block, size_t b, size_t c, CALLER);
void *inject_memalign(size_t alignment, size_t size, size_t c, CALLER);
void *inject_aligned_alloc(size_t alignment, size_t size, size_t c, CALLER);
int inject_posix_memalign(void **result, size_t alignment, size_t size, CALLER);
void *inject_valloc(size_t size, size_t b, size_t c, CALLER);
void *inject_pvalloc(size_t size, size_t b, size_t c, CALLER);

void *inject_malloc(size_t size, size_t b, size_t c, CALLER)
{
	if (!resolve())
		return from_pool(size);
	return told(real.malloc(size), size, RECORD_MALLOC, caller);
}

void *inject_calloc(size_t count, size_t size, size_t c, CALLER)
{
	if (!resolve())
		return from_pool(count * size); /* static memory is zero */
	return told(real.calloc(count, size), count * size, RECORD_CALLOC, caller);
}

void *inject_realloc(void *old, size_t size, size_t c, CALLER)
{
	void *block;

	if (!resolve() || is_pooled(old)) {
		block = resolve() ? told(real.malloc(size), size, RECORD_REALLOC, caller)
				  : from_pool(size);
		/* What lies behind the old block is the pool's too. */
		if (block && old)
			memcpy(block, old,
			       size < (size_t)(pool + POOL_BYTES - (char *)old)
				       ? size
				       : (size_t)(pool + POOL_BYTES - (char *)old));
		return block;
	}
	if (old)
		inject_leave(old, RECORD_REALLOC, caller);
	block = real.realloc(old, size);
	if (!block && old && size)
		inject_restore(old, RECORD_REALLOC, caller);
	return told(block, size, RECORD_REALLOC, caller);
}

void inject_free(void *block, size_t b, size_t c, CALLER)
{
	if (!block || is_pooled(block) || !resolve())
		return;
	inject_leave(block, RECORD_FREE_FUNCTION, caller);
	real.free(block);
}

void *inject_memalign(size_t alignment, size_t size, size_t c, CALLER)
{
	return resolve() ? told(real.memalign(alignment, size), size, RECORD_MEMALIGN, caller)
			 : NULL;
}

void *inject_aligned_alloc(size_t alignment, size_t size, size_t c, CALLER)
{
	return resolve() ? told(real.aligned_alloc(alignment, size), size, RECORD_MEMALIGN, caller)
			 : NULL;
}

int inject_posix_memalign(void **result, size_t alignment, size_t size, CALLER)
{
	int error = resolve() ? real.posix_memalign(result, alignment, size) : ENOMEM;

	if (!error)
		told(*result, size, RECORD_POSIX_MEMALIGN, caller);
	return error;
}

void *inject_valloc(size_t size, size_t b, size_t c, CALLER)
{
	return resolve() ? told(real.valloc(size), size, RECORD_MEMALIGN, caller) : NULL;
}

void *inject_pvalloc(size_t size, size_t b, size_t c, CALLER)
{
	return resolve() ? told(real.pvalloc(size), size, RECORD_MEMALIGN, caller) : NULL;
}

__attribute__((constructor(101))) static void begin(void)
{
	resolve();
	inject_start();
}
