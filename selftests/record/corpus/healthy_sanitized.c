// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: nothing */
/* flags: -fsanitize=address,undefined */
/* Built with sanitizers, and nothing to be found by them. */
#include <stdlib.h>
#include <string.h>

int main(void)
{
	for (int i = 1; i < 50; i++) {
		char *text = malloc((size_t)i);

		memset(text, 'x', (size_t)i);
		text = realloc(text, (size_t)i * 3);
		free(text);
	}
	return 0;
}
