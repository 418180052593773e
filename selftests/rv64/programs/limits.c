// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * limits set AS DATA PROGRAM ARG...	sets both limits, in bytes, and executes
 * limits show				prints both, and whether mappings obey them
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define MIB (1UL << 20)

static const char *maps(unsigned long bytes, int prot)
{
	void *p = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return "refused";
	munmap(p, bytes);
	return "mapped";
}

static void show(void)
{
	struct rlimit as = {1, 1}, data = {1, 1};

	getrlimit(RLIMIT_AS, &as);
	getrlimit(RLIMIT_DATA, &data);
	printf("as %lu %lu data %lu %lu\n", as.rlim_cur, as.rlim_max, data.rlim_cur, data.rlim_max);
	printf("100 MiB of data %s, 300 of data %s\n", maps(100 * MIB, PROT_READ | PROT_WRITE),
	       maps(300 * MIB, PROT_READ | PROT_WRITE));
	printf("300 MiB read-only %s, 600 read-only %s\n", maps(300 * MIB, PROT_READ),
	       maps(600 * MIB, PROT_READ));
}

int main(int argc, char **argv)
{
	struct rlimit limit;

	if (argc > 4 && !strcmp(argv[1], "set")) {
		limit.rlim_cur = limit.rlim_max = strtoul(argv[2], NULL, 0);
		if (setrlimit(RLIMIT_AS, &limit))
			return 2;
		limit.rlim_cur = limit.rlim_max = strtoul(argv[3], NULL, 0);
		if (setrlimit(RLIMIT_DATA, &limit))
			return 3;
		execvp(argv[4], argv + 4);
		return 127;
	}
	show();
	return 0;
}
