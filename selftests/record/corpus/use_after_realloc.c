// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* A pointer into a table that has moved when it grew. */
#include <stdlib.h>
#include <string.h>

struct row {
	char *name;
	long width;
};

static struct row *rows;
static void *volatile pinned;

static __attribute__((noipa)) void grow(size_t count)
{
	rows = realloc(rows, count * sizeof(*rows)); /* freed */
}

static __attribute__((noipa)) size_t name_bytes(const struct row *row)
{
	return strlen(row->name); /* used */
}

int main(void)
{
	struct row *volatile first;

	rows = malloc(4 * sizeof(*rows)); /* allocated */
	pinned = malloc(4 * sizeof(*rows));
	first = rows;
	first->name = (char *)"name";
	grow(400);
	return (int)name_bytes(first);
}
