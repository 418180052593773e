// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: heap-overflow */
/* flags: -fsanitize=address */
/* AddressSanitizer sees it at once, and its report is what is told. */
#include <stdlib.h>

static __attribute__((noipa)) void clear(volatile int *numbers, int count)
{
	for (int i = 0; i <= count; i++)
		numbers[i] = 0; /* used */
}

int main(void)
{
	int *numbers = malloc(10 * sizeof(*numbers)); /* allocated */

	clear(numbers, 10);
	free(numbers);
	return 0;
}
