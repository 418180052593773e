// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: wild-jump */
/* What is called is data. */
static unsigned char code[] = {0xc3, 0xc3};

static __attribute__((noipa)) void call(void (*volatile function)(void))
{
	function(); /* crashed */
}

int main(void)
{
	call((void (*)(void))code);
	return 0;
}
