// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The counter registers: time is CLOCK_MONOTONIC in ticks of 100 ns, whatever the clock's
 * rate; cycle and instret never run backwards; none can be written to, and there are no
 * others. Then clocks by the vDSO, many times: for a caller who forbids their calls.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define READINGS 1000
#define TICK_NS	 100

#define READ(name)                                                          \
	static uint64_t read_##name(void)                                   \
	{                                                                   \
		uint64_t value = 0xcccccccccccccccc;                        \
                                                                            \
		__asm__ volatile("rd" #name " %0" : "=r"(value)::"memory"); \
		return value;                                               \
	}

READ(time)
READ(cycle)
READ(instret)

static int tests, failed;

static void ok(int good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	failed |= !good;
}

static int64_t now(clockid_t id)
{
	struct timespec ts = {-1, -1};

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int time_is_monotonic(void)
{
	for (int i = 0; i < READINGS; i++) {
		uint64_t before = now(CLOCK_MONOTONIC) / TICK_NS, time = read_time();

		if (time < before || time > (uint64_t)now(CLOCK_MONOTONIC) / TICK_NS)
			return 0;
	}
	return 1;
}

static int never_backwards(uint64_t (*read)(void))
{
	uint64_t first = read(), last = first;

	for (int i = 0; i < READINGS; i++) {
		uint64_t next = read();

		if (next < last)
			return 0;
		last = next;
	}
	return last > first;
}

static sigjmp_buf back;

static void handler(int sig)
{
	siglongjmp(back, 1);
}

#define IS_ILLEGAL(text)                         \
	(sigsetjmp(back, 1) ? 1 : ({             \
		__asm__ volatile(text ::: "t0"); \
		0;                               \
	}))

/* Each of these clocks is CLOCK_MONOTONIC and an offset that stays. */
static int clocks_keep_distance(void)
{
	static const clockid_t ids[] = {CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_TAI};
	struct timeval tv;

	for (int i = 0; i < READINGS; i++) {
		for (unsigned int n = 0; n < sizeof(ids) / sizeof(ids[0]); n++) {
			int64_t first = now(ids[n]), second = now(ids[n]);

			if (second < first)
				return 0;
		}
		int64_t before = now(CLOCK_REALTIME) / 1000;

		syscall(SYS_gettimeofday, &tv, NULL);
		if (tv.tv_sec * 1000000LL + tv.tv_usec < before)
			return 0;
	}
	return 1;
}

int main(void)
{
	ok(time_is_monotonic(), "the time register is CLOCK_MONOTONIC, of 10 MHz");
	ok(never_backwards(read_time), "time runs, and never backwards");
	ok(never_backwards(read_cycle), "cycle runs, and never backwards");
	ok(never_backwards(read_instret), "instret runs, and never backwards");
	ok(clocks_keep_distance(), "clocks by the vDSO never run backwards");
	signal(SIGILL, handler);
	ok(IS_ILLEGAL("csrw time, t0"), "time cannot be written to");
	ok(IS_ILLEGAL("csrw cycle, t0"), "nor cycle");
	ok(IS_ILLEGAL("csrs instret, t0"), "nor instret, be it with zero");
	ok(IS_ILLEGAL("csrr t0, hpmcounter3"), "there is no event counter");
	ok(IS_ILLEGAL("csrr t0, 0xc20"), "nor a vector's length");
	ok(IS_ILLEGAL("csrr t0, sstatus"), "nor the supervisor's registers");
	printf("1..%d\n", tests);
	return failed;
}
