// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: division-by-zero */
/* An average of nothing. */
static __attribute__((noinline)) int average(volatile int sum, volatile int count)
{
	return sum / count; /* crashed */
}

int main(void)
{
	return average(10, 0);
}
