// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: invalid-free */
/* An array on the stack is freed. */
#include <stdlib.h>

int main(void)
{
	char buffer[64];
	void *volatile pointer = buffer;

	free(pointer); /* freed */
	return 0;
}
