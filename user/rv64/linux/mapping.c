// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The list of what the guest has mapped: an array ordered by address, neighbours
 * that belong together merged. The lock is mm.c's; the two functions of linux.h
 * take it, those of mapping.h are called with it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "rv64/linux/mapping.h"

static struct rv64_mapping *list;
static size_t used, room;

/* The first mapping that ends above addr. */
static size_t index_of(u64 addr)
{
	size_t low = 0, high = used;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (list[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int rv64_mapping_reserve(void)
{
	size_t more = room ? 2 * room : 256;
	struct rv64_mapping *bigger;

	/* The most that one change needs: a range cut out of the middle, and its filling. */
	if (used + 3 <= room)
		return 0;
	bigger = realloc(list, more * sizeof(*list));
	if (!bigger)
		return -ENOMEM;
	list = bigger;
	room = more;
	return 0;
}

static void insert_at(size_t i, const struct rv64_mapping *m)
{
	memmove(&list[i + 1], &list[i], (used - i) * sizeof(*list));
	list[i] = *m;
	used++;
}

static void erase(size_t i, size_t n)
{
	memmove(&list[i], &list[i + n], (used - i - n) * sizeof(*list));
	used -= n;
}

/* Makes addr a border, if it is inside a mapping. */
static void split(u64 addr)
{
	size_t i = index_of(addr);
	struct rv64_mapping upper;

	if (i == used || list[i].start >= addr)
		return;
	upper = list[i];
	if (upper.ino)
		upper.offset += addr - upper.start;
	upper.start = addr;
	list[i].end = addr;
	insert_at(i + 1, &upper);
}

static bool belong_together(const struct rv64_mapping *a, const struct rv64_mapping *b)
{
	return a->end == b->start && a->prot == b->prot && a->shared == b->shared &&
	       a->dev == b->dev && a->ino == b->ino &&
	       (!a->ino || a->offset + (a->end - a->start) == b->offset);
}

/* Merges across the border before list[i]. */
static void merge(size_t i)
{
	if (!i || i >= used || !belong_together(&list[i - 1], &list[i]))
		return;
	list[i - 1].end = list[i].end;
	erase(i, 1);
}

void rv64_mapping_remove(u64 start, u64 end)
{
	size_t i, n = 0;

	split(start);
	split(end);
	i = index_of(start);
	while (i + n < used && list[i + n].start < end)
		n++;
	erase(i, n);
}

void rv64_mapping_add(const struct rv64_mapping *m)
{
	size_t i;

	rv64_mapping_remove(m->start, m->end);
	i = index_of(m->start);
	insert_at(i, m);
	merge(i + 1);
	merge(i);
}

void rv64_mapping_protect(u64 start, u64 end, int prot)
{
	size_t i;

	split(start);
	split(end);
	for (i = index_of(start); i < used && list[i].start < end; i++)
		list[i].prot = prot;
	while (i > 0 && list[i - 1].end > start) {
		merge(i);
		i--;
	}
	merge(i);
}

bool rv64_mapping_free(u64 start, u64 end)
{
	size_t i = index_of(start);

	return i == used || list[i].start >= end;
}

u64 rv64_mapping_hole(u64 bytes, u64 bottom, u64 top)
{
	size_t i = index_of(top);

	/* Downwards: each hole ends where the mapping above it starts, or at top. */
	if (i < used && list[i].start < top)
		top = list[i].start;
	for (;; i--) {
		u64 floor = i ? max(list[i - 1].end, bottom) : bottom;

		if (top >= bytes && top - bytes >= floor)
			return top - bytes;
		if (!i || list[i - 1].start <= bottom)
			return 0;
		top = list[i - 1].start;
	}
}

const struct rv64_mapping *rv64_mapping_at(u64 addr)
{
	size_t i = index_of(addr);

	return i < used ? &list[i] : NULL;
}

u64 rv64_mapping_total(bool data)
{
	u64 total = 0;
	size_t i;

	for (i = 0; i < used; i++)
		if (!data || ((list[i].prot & PROT_WRITE) && !list[i].shared))
			total += list[i].end - list[i].start;
	return total;
}

bool rv64_mapping_find(u64 addr, struct rv64_mapping *out)
{
	const struct rv64_mapping *m;

	rv64_mm_lock();
	m = rv64_mapping_at(addr);
	if (m)
		*out = *m;
	rv64_mm_unlock();
	return m;
}
