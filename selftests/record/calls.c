// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions to be probed, each with a peculiarity; what it prints tells whether a
 * register, the stack or a return address was touched. calls [N [crash|exec
 * [ROUNDS]|forever|alone]]
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEPT static __attribute__((noinline, noclone))

static jmp_buf before;

/* Its locals are below the stack pointer; the nop is what some kernels make a call of. */
KEPT long red_zone(long a, long b)
{
	long result;

	__asm__ volatile("nop\n\t"
			 "movq %1, -8(%%rsp)\n\t"
			 "movq %2, -16(%%rsp)\n\t"
			 ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n\t"
			 "movq -8(%%rsp), %0\n\t"
			 "addq -16(%%rsp), %0\n\t"
			 : "=&r"(result)
			 : "r"(a), "r"(b)
			 : "memory");
	return result;
}

KEPT long six(long a, long b, long c, long d, long e, long f)
{
	return red_zone(a, b) + 3 * c + 5 * d + 7 * e + 11 * f;
}

KEPT long deep(long n)
{
	long result = n ? deep(n - 1) + 1 : 0;

	__asm__ volatile("" ::"r"(&result) : "memory");
	return result;
}

KEPT void jump_out(long n)
{
	static void (*volatile itself)(long n) = jump_out;

	if (!n)
		longjmp(before, 1);
	itself(n - 1);
	__asm__ volatile("" ::: "memory");
}

KEPT void crash(volatile int *nothing)
{
	*nothing = 1;
	__asm__ volatile("" ::: "memory");
}

KEPT long work(long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++)
		sum += six(i, i + 1, i + 2, i + 3, i + 4, i + 5);
	return sum;
}

static void *forever(void *unused)
{
	for (;;)
		if (work(100) != 149100)
			abort();
	return NULL;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 100;
	const char *then = argc > 2 ? argv[2] : "";
	pthread_t thread;
	char rounds[16];

	printf("%ld %ld\n", work(n), deep(n));
	if (!setjmp(before))
		jump_out(9);
	fflush(stdout);
	if (!strcmp(then, "crash"))
		crash(NULL);
	if (!strcmp(then, "exec")) {
		for (long i = 0; i < 19; i++)
			work(n);
		snprintf(rounds, sizeof(rounds), "%d", argc > 3 ? atoi(argv[3]) - 1 : 0);
		execl("/proc/self/exe", "calls", argv[1], atoi(rounds) > 0 ? "exec" : "end", rounds,
		      NULL);
	}
	for (int i = 0; i < 3 && !strcmp(then, "forever"); i++)
		pthread_create(&thread, NULL, forever, NULL);
	if (!strcmp(then, "forever") || !strcmp(then, "alone"))
		forever(NULL);
	return 0;
}
