// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: illegal-instruction */
/* A state that cannot be, and a compiler that was told so. */
static __attribute__((noipa)) int next(volatile int state)
{
	switch (state) {
	case 0:
		return 1;
	case 1:
		return 0;
	default:
		__builtin_trap(); /* crashed */
	}
}

int main(void)
{
	return next(7);
}
