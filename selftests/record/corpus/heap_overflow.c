// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: heap-overflow */
/* More is written than the block has room for; found when it is freed. */
#include <stdlib.h>
#include <string.h>

int main(void)
{
	volatile size_t length = 60;
	char *volatile text = malloc(40); /* allocated */
	char *volatile next = malloc(2000);

	memset(text, 'x', length);
	free(next); /* crashed */
	free(text);
	return 0;
}
