// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: nothing */
/* A fault that the program expects, and recovers from. */
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

static sigjmp_buf before;

static void recover(int number)
{
	siglongjmp(before, 1);
}

int main(void)
{
	int *volatile nowhere = NULL;

	signal(SIGSEGV, recover);
	if (!sigsetjmp(before, 1))
		return *nowhere;
	return 0;
}
