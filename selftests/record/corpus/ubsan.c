// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: undefined-behaviour */
/* flags: -fsanitize=undefined -fno-sanitize-recover=all */
/* says: signed integer overflow */
/* A sum that has no room; UndefinedBehaviorSanitizer ends the program. */
static __attribute__((noipa)) int add(volatile int a, volatile int b)
{
	return a + b; /* crashed */
}

int main(void)
{
	return add(2147483647, 1) > 0;
}
