// SPDX-License-Identifier: GPL-2.0-or-later
/* Dates and durations as people write them. Pure functions; nothing is owned. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "sim/time_text.h"

/* ".5" as nanoseconds; moves *text past the digits. Digits after the ninth are dropped. */
static u64 parse_fraction(const char **text)
{
	u64 ns = 0, weight = NSEC_PER_SEC / 10;

	if (**text != '.')
		return 0;
	for ((*text)++; isdigit((unsigned char)**text); (*text)++, weight /= 10)
		ns += (**text - '0') * weight;
	return ns;
}

static bool parse_digits(const char **text, int count, int *value)
{
	*value = 0;
	for (; count; count--, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return false;
		*value = *value * 10 + (**text - '0');
	}
	return true;
}

/* The zone at the end of a date, in seconds east of UTC. */
static bool parse_zone(const char *text, long *east)
{
	int hours, minutes = 0;
	long sign;

	*east = 0;
	while (*text == ' ')
		text++;
	if (!*text || !strcmp(text, "Z") || !strcmp(text, "UTC"))
		return true;
	if (*text != '+' && *text != '-')
		return false;
	sign = *text++ == '-' ? -1 : 1;
	if (!parse_digits(&text, 2, &hours))
		return false;
	if (*text == ':')
		text++;
	if (*text && !parse_digits(&text, 2, &minutes))
		return false;
	*east = sign * (hours * 3600L + minutes * 60L);
	return !*text && hours < 24 && minutes < 60;
}

static bool parse_calendar(const char *text, s64 *ns)
{
	int year, month, day, hour = 0, minute = 0, second = 0;
	struct tm tm = {0}, check;
	u64 fraction = 0;
	long east;
	time_t t;

	if (!parse_digits(&text, 4, &year) || *text++ != '-' || !parse_digits(&text, 2, &month) ||
	    *text++ != '-' || !parse_digits(&text, 2, &day))
		return false;
	if ((*text == ' ' || *text == 'T') && isdigit((unsigned char)text[1])) {
		text++;
		if (!parse_digits(&text, 2, &hour) || *text++ != ':' ||
		    !parse_digits(&text, 2, &minute))
			return false;
		if (*text == ':') {
			text++;
			if (!parse_digits(&text, 2, &second))
				return false;
			fraction = parse_fraction(&text);
		}
	}
	if (hour > 23 || minute > 59 || second > 59 || !parse_zone(text, &east))
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = minute;
	tm.tm_sec = second;
	t = timegm(&tm);
	/* timegm() turns 31 February into March: such a date is a mistake. */
	if (!gmtime_r(&t, &check) || check.tm_mon != month - 1 || check.tm_mday != day)
		return false;
	/* The signed 64-bit count of nanoseconds ends in 2262. */
	if (year < 1970 || year > 2261)
		return false;
	*ns = (s64)(t - east) * (s64)NSEC_PER_SEC + (s64)fraction;
	return true;
}

bool parse_date(const char *text, s64 *ns)
{
	struct timespec now;
	unsigned long seconds;
	char *end;

	if (!strcmp(text, "now")) {
		clock_gettime(CLOCK_REALTIME, &now);
		*ns = (s64)now.tv_sec * (s64)NSEC_PER_SEC + now.tv_nsec;
		return true;
	}
	if (*text != '@')
		return parse_calendar(text, ns);
	if (!isdigit((unsigned char)*++text))
		return false;
	seconds = strtoul(text, &end, 10);
	text = end;
	if (seconds > 9200000000UL)
		return false;
	*ns = (s64)(seconds * NSEC_PER_SEC + parse_fraction(&text));
	return !*text;
}

static u64 unit_ns(const char *unit, size_t len)
{
	static const struct {
		const char *names;
		u64 ns;
	} units[] = {
		{" ns nanosecond nanoseconds ", 1},
		{" us microsecond microseconds ", NSEC_PER_USEC},
		{" ms millisecond milliseconds ", NSEC_PER_MSEC},
		{" s sec secs second seconds ", NSEC_PER_SEC},
		{" m min mins minute minutes ", 60 * NSEC_PER_SEC},
		{" h hr hrs hour hours ", 3600 * NSEC_PER_SEC},
		{" d day days ", 86400 * NSEC_PER_SEC},
		{" w week weeks ", 7 * 86400 * NSEC_PER_SEC},
	};
	char word[24];

	if (!len)
		return NSEC_PER_SEC;
	if (len + 3 > sizeof(word))
		return 0;
	snprintf(word, sizeof(word), " %.*s ", (int)len, unit);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strstr(units[i].names, word))
			return units[i].ns;
	return 0;
}

bool parse_duration(const char *text, u64 *ns)
{
	u64 total = 0;

	do {
		u64 whole, fraction, unit, part;
		const char *word;
		char *end;

		while (*text == ' ')
			text++;
		if (!isdigit((unsigned char)*text))
			return false;
		whole = strtoul(text, &end, 10);
		text = end;
		fraction = parse_fraction(&text);
		while (*text == ' ')
			text++;
		for (word = text; isalpha((unsigned char)*text); text++)
			;
		unit = unit_ns(word, text - word);
		if (!unit || __builtin_mul_overflow(whole, unit, &part) ||
		    __builtin_add_overflow(total, part, &total))
			return false;
		part = (u64)((unsigned __int128)fraction * unit / NSEC_PER_SEC);
		if (__builtin_add_overflow(total, part, &total))
			return false;
		while (*text == ' ')
			text++;
	} while (*text);
	*ns = total;
	/* A count of this size, and what is added to it, stays a signed number. */
	return total < 1UL << 62;
}

char *format_duration(char *buf, size_t size, u64 ns)
{
	u64 seconds = ns / NSEC_PER_SEC, rest = ns % NSEC_PER_SEC;

	if (seconds < 60)
		snprintf(buf, size, "%lu.%06lu s", seconds, rest / 1000);
	else if (seconds < 86400)
		snprintf(buf, size, "%02lu:%02lu:%02lu.%03lu", seconds / 3600, seconds / 60 % 60,
			 seconds % 60, rest / NSEC_PER_MSEC);
	else
		snprintf(buf, size, "%lu d %02lu:%02lu:%02lu.%03lu", seconds / 86400,
			 seconds / 3600 % 24, seconds / 60 % 60, seconds % 60,
			 rest / NSEC_PER_MSEC);
	return buf;
}
