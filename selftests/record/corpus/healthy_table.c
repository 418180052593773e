// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: nothing */
/* A table that lives as long as the program. */
#include <stdlib.h>
#include <unistd.h>

static void *table[500];

int main(void)
{
	for (int i = 0; i < 500; i++)
		table[i] = malloc(64);
	for (int i = 0; i < 200; i++)
		usleep(200);
	return table[499] ? 0 : 1;
}
