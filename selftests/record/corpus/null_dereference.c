// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: null-dereference */
/* A look-up that found nothing is not tested. */
#include <stddef.h>

struct entry {
	long key;
	long value;
};

static __attribute__((noinline)) struct entry *find(long key)
{
	return key > 5 ? NULL : (struct entry *)&find;
}

int main(void)
{
	volatile long key = 6;

	return (int)find(key)->value; /* crashed */
}
