// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: null-call */
/* A callback that was never set. */
static void (*volatile callback)(void);

int main(void)
{
	callback(); /* crashed */
	return 0;
}
