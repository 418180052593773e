// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: out-of-memory */
/* A size from somewhere else is larger than all memory. */
#include <sys/resource.h>
#include <vector>

static __attribute__((noinline)) std::size_t read_length(volatile long length)
{
	std::vector<long> values(length); /* crashed */

	return values.size();
}

int main()
{
	struct rlimit limit = {1UL << 30, 1UL << 30};

	setrlimit(RLIMIT_AS, &limit);
	return read_length(1L << 40) == 0;
}
