// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: assertion */
/* An assertion that does not hold. */
#include <assert.h>

static __attribute__((noinline)) void check(volatile int value)
{
	assert(value == 4); /* crashed */
}

int main(void)
{
	check(5);
	return 0;
}
