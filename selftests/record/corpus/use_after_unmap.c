// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-unmap */
/* A buffer that was given back to the kernel is written to. */
#include <stddef.h>
#include <sys/mman.h>

#define BYTES 65536

static __attribute__((noipa)) void fill(volatile char *buffer)
{
	buffer[100] = 1; /* crashed */
}

int main(void)
{
	char *buffer = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	fill(buffer);
	munmap(buffer, BYTES);
	fill(buffer);
	return 0;
}
