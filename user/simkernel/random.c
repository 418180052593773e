// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xoshiro256** (Blackman and Vigna, 2018), seeded through splitmix64: fast,
 * well distributed, and the same for the same seed everywhere.
 */
#include <errno.h>
#include "base/string.h"
#include "simkernel/random.h"
#include "simkernel/syscall.h"

#define GRND_KNOWN 7 /* NONBLOCK, RANDOM, INSECURE */

static u64 rotl(u64 x, int k)
{
	return x << k | x >> (64 - k);
}

void random_seed(struct host *h, u64 seed)
{
	int i;

	for (i = 0; i < 4; i++) {
		u64 z = seed += 0x9e3779b97f4a7c15UL;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9UL;
		z = (z ^ z >> 27) * 0x94d049bb133111ebUL;
		h->rng[i] = z ^ z >> 31;
	}
}

u64 random_u64(struct host *h)
{
	u64 *s = h->rng, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

void random_fill(struct host *h, void *buf, size_t size)
{
	u8 *p = buf;

	while (size) {
		u64 v = random_u64(h);
		size_t n = min(size, sizeof(v));

		memcpy(p, &v, n);
		p += n;
		size -= n;
	}
}

SYSCALL_DEFINE(getrandom)
{
	u64 left = min(a[1], (u64)INT_MAX), at = 0;
	u8 chunk[256];

	if (a[2] & ~GRND_KNOWN || (a[2] & 6) == 6)
		return -EINVAL;
	while (at < left) {
		u64 n = min(left - at, (u64)sizeof(chunk));

		random_fill(th->host, chunk, n);
		if (copy_to_user(a[0] + at, chunk, n))
			return at ? (long)at : -EFAULT;
		at += n;
	}
	return at;
}
