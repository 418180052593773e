// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: arithmetic */
/* A program that wants to know of divisions by zero. */
#include <fenv.h>

int feenableexcept(int exceptions);

static __attribute__((noipa)) double ratio(volatile double a, volatile double b)
{
	return a / b; /* crashed */
}

int main(void)
{
	feenableexcept(FE_DIVBYZERO);
	return (int)ratio(1, 0);
}
