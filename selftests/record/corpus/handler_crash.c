// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: null-dereference */
/* A handler touches what is not there yet. */
#include <signal.h>
#include <stddef.h>

static volatile int *volatile progress;

static void report(int number)
{
	++*progress; /* crashed */
}

int main(void)
{
	signal(SIGUSR1, report);
	raise(SIGUSR1);
	return 0;
}
