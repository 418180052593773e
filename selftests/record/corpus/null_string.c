// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: null-dereference */
/* A variable of the environment that is not set, inside the C library. */
#include <stdlib.h>
#include <string.h>

int main(void)
{
	const char *volatile home = getenv("NO_SUCH_VARIABLE");

	return (int)strlen(home); /* crashed */
}
