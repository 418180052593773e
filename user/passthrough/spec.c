// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an engine over the host's kernel is told at its start, one argument called
 * SPEC: the clock, eight decimal fields of struct sundial_clock_rate with ':'
 * between; a guest's execve adds the signal mask, the signals that are ignored where
 * the host cannot keep that (ours handles them), a descriptor to close (0: none) and
 * the name for AT_EXECFN.
 */
#include "base/string.h"
#include "passthrough/pass.h"

/* A decimal field, perhaps signed, up to ':'; *s moves behind it. */
static u64 field(const char **s)
{
	bool negative = **s == '-';
	u64 v = 0;

	if (negative)
		(*s)++;
	for (; **s >= '0' && **s <= '9'; (*s)++)
		v = v * 10 + (**s - '0');
	if (**s == ':')
		(*s)++;
	return negative ? -v : v;
}

void pass_parse_spec(const char *spec, struct pass_start *out)
{
	struct sundial_clock_rate *r = &pass_mm.rate;
	const char *s = spec;

	r->host_base_ns = field(&s);
	r->base_ns = field(&s);
	r->mult = field(&s);
	r->shift = field(&s);
	r->realtime_ns = field(&s);
	r->boottime_ns = field(&s);
	r->tai_ns = field(&s);
	r->raw_ns = field(&s);
	str_copy(pass_mm.spec, spec, min((size_t)(s - spec) + (*s == 0), sizeof(pass_mm.spec)));
	*out = (struct pass_start){.from_guest = *s};
	if (!out->from_guest)
		return;
	out->mask = field(&s);
	out->ignored = field(&s);
	out->spare_fd = field(&s);
	if (*s)
		out->name = s;
}
