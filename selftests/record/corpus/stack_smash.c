// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: stack-smash */
/* A local array is written past its end. */
#include <string.h>

static __attribute__((noinline)) void fill(volatile unsigned long bytes)
{
	char buffer[16];
	char *volatile to = buffer;

	memset(to, 'x', bytes);
} /* crashed */

int main(void)
{
	fill(40);
	return 0;
}
