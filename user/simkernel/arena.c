// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The arena's allocator: power-of-two blocks, one free list a class, the class
 * of a block found through its page. Blocks smaller than a page are carved from
 * pages of their class. Belongs to the holder of the run token.
 */
#include <sys/mman.h>
#include "base/hostcall.h"
#include "base/string.h"
#include "simkernel/arena.h"
#include "simkernel/host.h"

#define CLASS_MIN   5 /* 32 bytes */
#define CLASS_PAGE  12
#define CLASS_LARGE 16 /* from here on freed pages go back to the host */
#define CLASS_MAX   34

static unsigned int class_of(size_t size)
{
	unsigned int c = CLASS_MIN;

	while (c <= CLASS_MAX && (1UL << c) < size)
		c++;
	return c;
}

static u8 *page_class(struct host *h, const void *p)
{
	return &h->page_class[((u64)p - (u64)h) / PAGE_BYTES];
}

/* Fresh zero pages at the end of what is in use. */
static void *take_pages(struct host *h, size_t bytes)
{
	void *p = (char *)h + h->bump;

	if (bytes > h->size - h->bump)
		return NULL;
	h->bump += bytes;
	return p;
}

static bool refill(struct host *h, unsigned int c)
{
	char *page = take_pages(h, PAGE_BYTES);
	size_t at;

	if (!page)
		return false;
	*page_class(h, page) = c;
	for (at = PAGE_BYTES; at; at -= 1UL << c) {
		void **block = (void **)(page + at - (1UL << c));

		*block = h->free[c];
		h->free[c] = block;
	}
	return true;
}

void *arena_alloc(struct host *h, size_t size)
{
	unsigned int c = class_of(size);
	void **p;

	if (c > CLASS_MAX)
		return NULL;
	if (!h->free[c]) {
		if (c >= CLASS_PAGE) {
			p = take_pages(h, 1UL << c);
			if (!p)
				return NULL;
			*page_class(h, p) = c;
			h->allocated += 1UL << c;
			return p;
		}
		if (!refill(h, c))
			return NULL;
	}
	p = h->free[c];
	h->free[c] = *p;
	h->allocated += 1UL << c;
	if (c >= CLASS_LARGE)
		*p = NULL;
	else
		memset(p, 0, 1UL << c);
	return p;
}

void arena_free(struct host *h, void *p)
{
	unsigned int c;

	if (!p)
		return;
	c = *page_class(h, p);
	h->allocated -= 1UL << c;
	if (c >= CLASS_LARGE && hostcall(SYS_madvise, p, 1UL << c, MADV_REMOVE))
		memset(p, 0, 1UL << c);
	*(void **)p = h->free[c];
	h->free[c] = p;
}

struct host *arena_format(size_t size)
{
	struct host *h = (struct host *)ARENA_BASE;

	h->magic = HOST_MAGIC;
	h->abi = HOST_ABI;
	h->size = size;
	h->page_class = (u8 *)h + ALIGN_UP(sizeof(*h), PAGE_BYTES);
	h->bump = ALIGN_UP(sizeof(*h), PAGE_BYTES) + ALIGN_UP(size / PAGE_BYTES, PAGE_BYTES);
	list_init(&h->ready);
	list_init(&h->processes);
	return h;
}
