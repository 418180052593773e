// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: heap-overflow */
/* The last block of the heap is overrun; the next allocation finds it. */
#include <stdlib.h>
#include <string.h>

int main(void)
{
	volatile size_t length = 140;
	char *volatile row = malloc(100); /* allocated */

	memset(row, 0x7f, length);
	row = malloc(5000); /* crashed */
	return row ? 0 : 1;
}
