// SPDX-License-Identifier: GPL-2.0-or-later
/* The stream of random numbers that a seed names: splitmix64. */
#include "fuzz.h"

__u64 draw(struct fuzz *f)
{
	__u64 z = f->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

__u64 number(struct fuzz *f)
{
	static const __u64 edges[] = {0, 1, ~0ULL, 1ULL << 63, ~0ULL >> 1, 1ULL << 32, ~0U};
	__u64 choice = below(f, 8), bits = draw(f), small = below(f, 1000);

	if (choice == 0)
		return edges[bits % (sizeof(edges) / sizeof(edges[0]))];
	return choice < 4 ? small : bits >> (small % 64);
}

__u64 time_ns(struct fuzz *f)
{
	__u64 choice = below(f, 32), other = number(f), small = below(f, 2000);

	if (choice == 0)
		return other;
	return choice < 8 ? small * small * 50 : small;
}
