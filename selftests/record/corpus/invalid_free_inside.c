// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: invalid-free */
/* A pointer that was moved on is freed. */
#include <stdlib.h>
#include <string.h>

int main(void)
{
	char *volatile text = malloc(64); /* allocated */

	strcpy(text, "  indented");
	text += strspn(text, " ") + 14;
	free(text); /* freed */
	return 0;
}
