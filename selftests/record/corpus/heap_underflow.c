// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: heap-underflow */
/* A search backwards does not stop at the beginning. */
#include <stdlib.h>
#include <string.h>

static __attribute__((noipa)) void strip(char *text, volatile long at)
{
	while (at > -16)
		text[--at] = ' ';
}

int main(void)
{
	char *volatile text = malloc(40); /* allocated */

	strcpy(text, "    ");
	strip(text, 4);
	free(text); /* crashed */
	return 0;
}
