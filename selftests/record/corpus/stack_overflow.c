// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: stack-overflow */
/* A recursion without an end. */
static __attribute__((noinline)) long depth(volatile long *value)
{
	volatile long local[16] = {*value};

	if (*value < 0)
		return 0;
	return depth(local) + local[0]; /* crashed */
}

int main(void)
{
	volatile long value = 1;

	return (int)depth(&value);
}
