// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: wild-pointer */
/* A number is taken for an address. */
static __attribute__((noipa)) long follow(volatile long *where)
{
	return *where; /* crashed */
}

int main(void)
{
	return (int)follow((volatile long *)0x123456789000);
}
