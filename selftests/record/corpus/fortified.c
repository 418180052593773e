// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: fortify */
/* flags: -D_FORTIFY_SOURCE=2 -fbuiltin */
/* A name that is longer than its field, in a program built with checks. */
#include <stdio.h>
#include <string.h>

static struct {
	char name[8];
	char rest[100];
} entry;

static __attribute__((noipa)) void set(const char *volatile name)
{
	strcpy(entry.name, name); /* crashed */
}

int main(void)
{
	set("far too long");
	return entry.name[0] == 'x';
}
