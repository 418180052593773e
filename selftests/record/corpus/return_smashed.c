// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: stack-smash */
/* flags: -fno-stack-protector */
/* The return address is overwritten, and nothing guards it. */
#include <string.h>

static __attribute__((noipa)) void fill(volatile unsigned long bytes)
{
	char buffer[16];
	char *volatile to = buffer;

	memset(to, 'x', bytes);
} /* crashed */

int main(void)
{
	fill(80);
	return 0;
}
