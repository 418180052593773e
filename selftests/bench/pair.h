/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What programs share that measure the module in a VM: two things are measured in
 * turns, so that what else the machine does befalls both, and the medians compared.
 *
 * Each result is a line of TAP after a comment of JSON, which vm.sh keeps.
 */
#ifndef SELFTESTS_BENCH_PAIR_H
#define SELFTESTS_BENCH_PAIR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/sundial.h"

/* Many short rounds: most of them see nothing of what else the machine does. */
#define ROUNDS	    301
#define CALLS	    500
#define KEEP(value) __asm__ volatile("" : : "r"(value) : "memory")

static inline void fail(const char *what, int error)
{
	printf("Bail out! %s: %s\n", what, strerror(error));
	exit(1);
}

static inline int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts values. */
static inline double median(double *values, int count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

static int results;

/* To be called last: who finds no plan knows that something is missing. */
static inline void finish(void)
{
	printf("1..%d\n", results);
}

static inline void report(const char *name, double value, const char *peer, double peer_value)
{
	printf("# {\"name\": \"%s\", \"value\": %.1f, \"unit\": \"ns\", \"peer\": \"%s\", "
	       "\"peer_value\": %.1f, \"ratio\": %.3f}\n",
	       name, value, peer, peer_value, value / peer_value);
	printf("ok %d %s\n", ++results, name);
	fflush(stdout);
}

/* ours and theirs return the nanoseconds that one of what they did took. */
static inline void measure(const char *name, double (*ours)(void), const char *peer,
			   double (*theirs)(void))
{
	double values[ROUNDS], peers[ROUNDS];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		values[i] = ours();
		peers[i] = theirs();
	}
	report(name, median(values, ROUNDS), peer, median(peers, ROUNDS));
}

static inline double getppid_calls(void)
{
	__u64 start_ns = sundial_host_now();
	int i;

	for (i = 0; i < CALLS; i++)
		KEEP(syscall(SYS_getppid));
	return (double)(sundial_host_now() - start_ns) / CALLS;
}

#endif /* SELFTESTS_BENCH_PAIR_H */
