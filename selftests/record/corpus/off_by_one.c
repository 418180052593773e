// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: heap-overflow */
/* No room for the zero byte at the end: the next block's size is damaged. */
#include <stdlib.h>
#include <string.h>

static __attribute__((noipa)) char *copy(const char *text)
{
	char *volatile to = malloc(strlen(text)); /* allocated */

	return strcpy(to, text);
}

int main(void)
{
	char *volatile first = malloc(24);
	char *volatile next = malloc(24);

	free(first);
	first = copy("exactly twenty-four long");
	free(next); /* crashed */
	free(first);
	return 0;
}
