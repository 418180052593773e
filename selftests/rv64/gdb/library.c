// SPDX-License-Identifier: GPL-2.0-or-later
/* A shared library of the program that is debugged. */
long shared_sum(long n);

long shared_sum(long n)
{
	long sum = 0;

	for (long i = 1; i <= n; i++)
		sum += i;
	return sum;
}
