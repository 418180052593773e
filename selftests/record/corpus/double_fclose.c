// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: double-free */
/* An error path closes what was closed already. */
#include <stdio.h>

static __attribute__((noipa)) FILE *open_it(void)
{
	return fopen("/dev/null", "r"); /* allocated */
}

int main(void)
{
	FILE *volatile file = open_it();

	fclose(file); /* freed */
	fclose(file); /* freed-again */
	return 0;
}
