// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading the clock page through libsundial, inline, against the host's vDSO.
 * Prints "NAME NANOSECONDS" lines: medians of several rounds, taken in turns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sundial.h>
#include <sundial_page.h>

#define ROUNDS 15
#define READS 20000000L
#define VDSO_READS 2000000L

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static double read_page(const struct sundial_clock_page *page)
{
	long long start = now_ns();
	__s64 sum = 0, ns = 0;

	for (long i = 0; i < READS; i++) {
		sundial_page_gettime(page, SUNDIAL_CLOCK_MONOTONIC, NULL, &ns);
		sum += ns;
		__asm__ volatile("" : "+r"(sum) : : "memory");
	}
	return (double)(now_ns() - start) / READS;
}

static double read_vdso(void)
{
	long long start = now_ns();
	struct timespec ts;

	for (long i = 0; i < VDSO_READS; i++) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		__asm__ volatile("" : : "m"(ts) : "memory");
	}
	return (double)(now_ns() - start) / VDSO_READS;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	struct sundial_clock_create how;
	double page_ns[ROUNDS], vdso_ns[ROUNDS];
	struct sundial_clock *clock;
	int err;

	memset(&how, 0, sizeof(how));
	how.kind = SUNDIAL_KIND_USER;
	how.mode = SUNDIAL_MODE_MANUAL;
	how.count = 1;
	err = sundial_clock_create(&how, SUNDIAL_BACKING_MEMFD, &clock);
	if (err) {
		fprintf(stderr, "page: cannot create a clock: %s\n", strerror(-err));
		return 1;
	}
	for (int i = 0; i < ROUNDS; i++) {
		page_ns[i] = read_page(sundial_clock_page(clock, 0));
		vdso_ns[i] = read_vdso();
	}
	qsort(page_ns, ROUNDS, sizeof(*page_ns), compare);
	qsort(vdso_ns, ROUNDS, sizeof(*vdso_ns), compare);
	printf("page %.3f\nvdso %.3f\n", page_ns[ROUNDS / 2], vdso_ns[ROUNDS / 2]);
	sundial_clock_close(clock);
	return 0;
}
