// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: out-of-memory */
/* Tables are kept without a bound; when there is no room for another, nobody looks. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static char *tables[1000];

static __attribute__((noinline)) char *new_table(size_t bytes)
{
	return malloc(bytes); /* allocated */
}

int main(void)
{
	struct rlimit limit = {400UL << 20, 400UL << 20};

	setrlimit(RLIMIT_AS, &limit);
	for (int i = 0; i < 1000; i++) {
		tables[i] = new_table(16UL << 20);
		tables[i][0] = 1; /* crashed */
	}
	return 0;
}
