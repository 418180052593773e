// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: stack-overflow */
/* A length from outside decides how large an array on the stack is. */
#include <alloca.h>
#include <string.h>

static __attribute__((noipa)) char *receive(volatile unsigned long bytes)
{
	char *buffer = alloca(bytes);

	buffer[0] = 'x'; /* crashed */
	return memchr(buffer, 'y', 1);
}

int main(void)
{
	return receive(256UL << 20) ? 1 : 0;
}
