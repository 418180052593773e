// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: bus-error */
/* A file becomes shorter while it is mapped. */
#include <sys/mman.h>
#include <unistd.h>

#define BYTES 65536

static __attribute__((noipa)) int last(volatile char *map)
{
	return map[BYTES - 1]; /* crashed */
}

int main(void)
{
	int fd = memfd_create("data", 0);
	char *map;

	if (ftruncate(fd, BYTES))
		return 1;
	map = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED || ftruncate(fd, 10))
		return 1;
	return last(map);
}
