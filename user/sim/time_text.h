/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dates and durations as people write them. */
#ifndef SUNDIAL_SIM_TIME_TEXT_H
#define SUNDIAL_SIM_TIME_TEXT_H

#include <stddef.h>
#include "base/types.h"

/*
 * "now", "@SECONDS[.FRACTION]", "YYYY-MM-DD" or "YYYY-MM-DD HH:MM[:SS[.FRACTION]]"
 * (a T may stand for the blank), then nothing, "Z", "UTC" or "+HH:MM"; without a
 * zone it is UTC, so that a simulation does not depend on where it runs. Gives
 * nanoseconds since 1970; false when the text is none of these.
 */
bool parse_date(const char *text, s64 *ns);
/*
 * "10s", "5 min", "1h 30m", "2d", "1.5 hours", "250ms"; a bare number is seconds.
 * False when it is none of these or does not fit.
 */
bool parse_duration(const char *text, u64 *ns);
#define DATE_EXAMPLES "like 2030-01-31, '2030-01-31 23:59:59+01:00', @1900000000 or now"
/* A short form for people: "0.004512 s", "1 d 00:00:01.250". Returns buf. */
char *format_duration(char *buf, size_t size, u64 ns);

#endif
