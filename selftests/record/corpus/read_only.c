// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: read-only */
/* A string literal is changed. */
int main(void)
{
	volatile char *volatile text = (char *)"literal";

	text[0] = 'L'; /* crashed */
	return 0;
}
