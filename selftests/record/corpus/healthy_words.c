// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: nothing */
/* What a program says of others is no crash of its own. */
#include <stdio.h>

int main(void)
{
	fputs("panic: runtime error: is what Go programs say\n", stderr);
	fputs("fatal error: no input files\n", stderr);
	fputs("thread 'main' panicked at nothing\n", stderr);
	fputs("==1==ERROR: AddressSanitizer: heap-use-after-free, for example\n", stderr);
	return 0;
}
