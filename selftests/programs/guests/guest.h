/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the C guests share: a unit of time that the test chooses, so that one program
 * runs natively within a second and through days in a simulation, and prints the
 * same both times.
 */
#ifndef SUNDIAL_GUEST_H
#define SUNDIAL_GUEST_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000LL

#define CHECK(cond)                                                                  \
	do {                                                                         \
		if (!(cond)) {                                                       \
			printf("%s:%d: %s failed (%s)\n", __FILE__, __LINE__, #cond, \
			       strerror(errno));                                     \
			fflush(stdout);                                              \
			_exit(1);                                                    \
		}                                                                    \
	} while (0)

/* The unit of time in nanoseconds: $UNIT is in seconds. */
static inline long long unit_ns(void)
{
	const char *unit = getenv("UNIT");

	return (unit ? atof(unit) : 1.0) * NSEC_PER_SEC;
}

static inline struct timespec units(double count)
{
	long long ns = count * unit_ns();

	return (struct timespec){ns / NSEC_PER_SEC, ns % NSEC_PER_SEC};
}

static inline long long clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* Sleeps @count units, whatever interrupts it. */
static inline void sleep_units(double count)
{
	struct timespec ts = units(count);

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* Whole units from @since to now, rounded: what a program may print. */
static inline long long units_since(long long since)
{
	return (clock_ns(CLOCK_MONOTONIC) - since + unit_ns() / 2) / unit_ns();
}

#endif
