// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: null-dereference */
/* A handler reports the signal and raises it again. */
#include <signal.h>
#include <unistd.h>

static void report(int number)
{
	static const char text[] = "something went wrong\n";

	if (write(2, text, sizeof(text) - 1) < 0)
		_exit(1);
	signal(number, SIG_DFL);
	raise(number);
}

static __attribute__((noinline)) int read_it(volatile int *from)
{
	return *from; /* crashed */
}

int main(void)
{
	signal(SIGSEGV, report);
	return read_it((volatile int *)8);
}
