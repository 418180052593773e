// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: invalid-free */
/* A default that was never allocated is freed like one that was. */
#include <stdlib.h>
#include <string.h>

static char fallback[64] = "default";
static char *volatile name = fallback;

static __attribute__((noipa)) void set_name(const char *to)
{
	free(name); /* freed */
	name = strdup(to);
}

int main(void)
{
	set_name("other");
	return 0;
}
