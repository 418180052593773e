// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a reading costs through libsundial's inline readers, each against its
 * peer: MANUAL and ticking against the host's vDSO clock_gettime, SCALED against
 * the vDSO call that it contains. Peers take turns within one run; the medians
 * are printed as JSON lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sundial.h"

#define ROUNDS	    21
#define PAGE_READS  4000000
#define VDSO_READS  400000
#define KEEP(value) __asm__ volatile("" : : "r"(value) : "memory")
#define ENTRIES(a)  (sizeof(a) / sizeof((a)[0]))

static struct sundial_clock_page *manual;
static struct sundial_clock_page *scaled;

static double per_read(__u64 start_ns, int reads)
{
	return (double)(sundial_host_now() - start_ns) / reads;
}

static double read_manual(void)
{
	__u64 start_ns = sundial_host_now();
	int i;

	for (i = 0; i < PAGE_READS; i++)
		KEEP(sundial_manual_now(manual));
	return per_read(start_ns, PAGE_READS);
}

static double read_ticking(void)
{
	__u64 start_ns = sundial_host_now(), now = 0;
	int i;

	for (i = 0; i < PAGE_READS; i++) {
		if (sundial_tick(manual, &now))
			abort();
		KEEP(now);
	}
	return per_read(start_ns, PAGE_READS);
}

static double read_realtime(void)
{
	__u64 start_ns = sundial_host_now();
	__s64 ns = 0;
	int i;

	for (i = 0; i < PAGE_READS; i++) {
		sundial_page_gettime(manual, SUNDIAL_CLOCK_REALTIME, NULL, &ns);
		KEEP(ns);
	}
	return per_read(start_ns, PAGE_READS);
}

static double read_scaled(void)
{
	__u64 start_ns = sundial_host_now();
	int i;

	for (i = 0; i < VDSO_READS; i++)
		KEEP(sundial_scaled_now(scaled, sundial_host_now));
	return per_read(start_ns, VDSO_READS);
}

static double read_vdso(void)
{
	__u64 start_ns = sundial_host_now();
	int i;

	for (i = 0; i < VDSO_READS; i++)
		KEEP(sundial_host_now());
	return per_read(start_ns, VDSO_READS);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

static void measure(const char *name, double (*read)(void))
{
	double ours[ROUNDS], peers[ROUNDS], value, peer;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ours[i] = read();
		peers[i] = read_vdso();
	}
	value = median(ours);
	peer = median(peers);
	printf("{\"name\": \"%s\", \"value\": %.3f, \"unit\": \"ns\", "
	       "\"peer\": \"host vDSO clock_gettime(CLOCK_MONOTONIC)\", \"peer_value\": %.3f, "
	       "\"ratio\": %.4f}\n",
	       name, value, peer, value / peer);
}

static struct sundial_clock_page *make(__u32 mode)
{
	struct sundial_clock_create how = {
		.kind = SUNDIAL_KIND_USER,
		.mode = mode,
		.count = 1,
	};
	struct sundial_clock *clock;
	int ret = sundial_clock_create(&how, SUNDIAL_BACKING_ANY, &clock);

	if (ret) {
		fprintf(stderr, "clock_bench: cannot make a clock: %s\n", strerror(-ret));
		exit(1);
	}
	return sundial_clock_user_page(clock, 0); /* the clock lives as long as the program */
}

int main(void)
{
	static const struct {
		const char *name;
		double (*read)(void);
	} measures[] = {
		{"clock page, MANUAL", read_manual},
		{"clock page, MANUAL, CLOCK_REALTIME", read_realtime},
		{"clock page, ticking", read_ticking},
		{"clock page, SCALED", read_scaled},
	};
	unsigned int i;

	manual = make(SUNDIAL_MODE_MANUAL);
	manual->tick_ns = 20;
	scaled = make(SUNDIAL_MODE_SCALED);
	for (i = 0; i < ENTRIES(measures); i++)
		measure(measures[i].name, measures[i].read);
	return 0;
}
