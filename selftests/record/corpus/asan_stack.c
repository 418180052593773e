// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: stack-buffer-overflow */
/* flags: -fsanitize=address */
/* A local array is read past its end. */
static __attribute__((noipa)) int sum(volatile int count)
{
	volatile int numbers[8] = {1, 2, 3};
	int all = 0;

	for (int i = 0; i < count; i++)
		all += numbers[i]; /* used */
	return all;
}

int main(void)
{
	return sum(9) == 0;
}
