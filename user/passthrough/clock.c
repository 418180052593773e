// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * count = base + ((host - host_base) * mult >> shift), and back. The rate is
 * fixed when the program starts, so there is nothing to lock.
 */
#include "base/hostcall.h"
#include "passthrough/clock.h"
#include "passthrough/pass.h"

#define NS_MAX ((u64)1 << 62)

static u64 host_clock(s32 id)
{
	struct timespec ts;

	hostcall(SYS_clock_gettime, id, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

u64 guest_duration_ns(u64 host_ns)
{
	return (u64)((__uint128_t)host_ns * pass_mm.rate.mult >> pass_mm.rate.shift);
}

u64 host_duration_ns(u64 guest_ns)
{
	u64 mult = pass_mm.rate.mult, high, low, quotient, rest;
	__uint128_t wide = (__uint128_t)guest_ns << pass_mm.rate.shift;

	high = wide >> 64;
	low = wide;
	if (high >= mult)
		return NS_MAX; /* frozen, or beyond any clock */
	__asm__("divq %4" : "=a"(quotient), "=d"(rest) : "a"(low), "d"(high), "r"(mult) : "cc");
	quotient += rest != 0;
	return quotient < NS_MAX ? quotient : NS_MAX;
}

bool guest_clock_offset(s32 id, s64 *offset)
{
	const struct sundial_clock_rate *r = &pass_mm.rate;

	switch (id) {
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
		*offset = 0;
		return true;
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
		*offset = r->realtime_ns;
		return true;
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*offset = r->boottime_ns;
		return true;
	case CLOCK_MONOTONIC_RAW:
		*offset = r->raw_ns;
		return true;
	case CLOCK_TAI:
		*offset = r->tai_ns;
		return true;
	}
	return false;
}

s64 guest_count_at(u64 host_ns)
{
	return pass_mm.rate.base_ns + guest_duration_ns(host_ns - pass_mm.rate.host_base_ns);
}

bool guest_clock_ns(s32 id, s64 *ns)
{
	s64 offset;

	if (!guest_clock_offset(id, &offset))
		return false;
	*ns = guest_count_at(host_clock(CLOCK_MONOTONIC));
	/* The count is rounded, as the vDSO does, so that the two never disagree. */
	if (id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE)
		*ns -= *ns % SUNDIAL_CLOCK_COARSE_NS;
	*ns += offset;
	return true;
}

u64 host_monotonic_at(s32 id, s64 abs_ns)
{
	const struct sundial_clock_rate *r = &pass_mm.rate;
	s64 offset = 0, ahead;

	guest_clock_offset(id, &offset);
	ahead = abs_ns - offset - (s64)r->base_ns;
	if (ahead <= 0)
		return r->host_base_ns - min((u64)r->host_base_ns, host_duration_ns(-ahead));
	return r->host_base_ns + host_duration_ns(ahead);
}

u64 host_realtime_at(s32 id, s64 abs_ns)
{
	return host_monotonic_at(id, abs_ns) + host_clock(CLOCK_REALTIME) -
	       host_clock(CLOCK_MONOTONIC);
}
