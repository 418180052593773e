/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.h - what every system-call test here is written with.
 *
 * A test is one TEST(name, "calls it covers") { ... }; it runs in a process of
 * its own, in an empty folder of its own, in a process group of its own, and
 * becomes one line of TAP. Nothing here assumes how fast time passes: the same
 * binary runs on the host's kernel, in virtual time, and on a loaded machine,
 * so durations are only ever checked from below, on the process's own clock.
 *
 * A failed check prints a diagnostic, marks the test failed and goes on; the
 * mark lives in memory shared with the runner, so checks in a grandchild or a
 * thread count as well. Checks return the value they looked at.
 */
#ifndef SYSCALLS_CHECK_H
#define SYSCALLS_CHECK_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct check_test {
	const char *name;
	const char *covers; /* system calls by name, separated by blanks */
	int line;
	void (*run)(void);
	struct check_test *next;
};

void check_add(struct check_test *test);

#define TEST(name_, covers_)                                                                       \
	static void test_##name_(void);                                                            \
	__attribute__((constructor)) static void add_##name_(void)                                 \
	{                                                                                          \
		static struct check_test test = {                                                  \
			.name = #name_, .covers = covers_, .line = __LINE__, .run = test_##name_}; \
		check_add(&test);                                                                  \
	}                                                                                          \
	static void test_##name_(void)

/* The call itself, without what libc adds. */
#ifdef SYS_open
#define sys(name, ...) syscall(SYS_##name, ##__VA_ARGS__)
#else
#include "old_calls.h"
#define sys(name, ...) check_sys(SYS_##name, ##__VA_ARGS__)
/* syscall(2), or what stands for a call that this architecture never had. */
long check_sys(long nr, ...);
#endif

long check_ok(long got, const char *expr, const char *file, int line);
void check_errno(long got, int want, const char *expr, const char *file, int line);
long check_eq(long got, long want, const char *expr, const char *file, int line);
bool check_true(bool ok, const char *expr, const char *file, int line);
void check_fail(const char *what, const char *file, int line);

#define CHECK(cond)	     check_true((cond), #cond, __FILE__, __LINE__)
#define CHECK_EQ(expr, want) check_eq((long)(expr), (long)(want), #expr, __FILE__, __LINE__)
#define CHECK_OK(expr)	     check_ok((errno = 0, (long)(expr)), #expr, __FILE__, __LINE__)
#define CHECK_ERRNO(expr, e) check_errno((errno = 0, (long)(expr)), e, #expr, __FILE__, __LINE__)
#define FAIL(what)	     check_fail(what, __FILE__, __LINE__)
/* For what the rest of a test cannot do without: fails and ends this process. */
#define REQUIRE(cond)             \
	do {                      \
		if (!CHECK(cond)) \
			_exit(1); \
	} while (0)

/* Ends the test as skipped, from its first process; the reason is printed. */
__attribute__((noreturn, format(printf, 1, 2))) void skip(const char *fmt, ...);

/*
 * Addresses that a call must refuse: one that may not be touched at all, and
 * one that may be read but not written. Volatile, so that the compiler does
 * not reason about them.
 */
extern void *volatile bad;
extern void *volatile bad_ro;
/* size usable bytes that end where the usable memory ends; never freed. */
void *edge(size_t size);

/* Runs fn(arg) in a child that exits 0 when fn returns. */
pid_t spawn(void (*fn)(void *), void *arg);
/* The same, once ms milliseconds have passed on CLOCK_MONOTONIC. */
pid_t spawn_after(int ms, void (*fn)(void *), void *arg);
/* Reaps pid and checks that it exited with this status. */
#define JOIN_STATUS(pid, want) check_join(pid, want, __FILE__, __LINE__)
#define JOIN(pid)	       JOIN_STATUS(pid, 0)
void check_join(pid_t pid, int want, const char *file, int line);

int64_t now_ns(clockid_t clock);
/* Sleeps at least that long on CLOCK_MONOTONIC, whatever signals arrive. */
void sleep_ms(int ms);
struct timespec ms_to_ts(int ms);

/* Installs a handler that counts in caught[sig] and keeps the last siginfo. */
void catch_signal(int sig, int sa_flags);
extern volatile sig_atomic_t caught[65];
extern siginfo_t caught_info;

/*
 * SIGALRM every 5 ms until tick_stop(), so that a call is interrupted however
 * late it begins to block. From the third tick on, fn (if any) is called once
 * from the handler: it must make the interrupted call complete.
 */
void tick_start(int sa_flags, void (*fn)(void));
void tick_stop(void);
extern volatile sig_atomic_t ticks;

/* The call ends with EINTR when a handler without SA_RESTART has run. */
#define CHECK_INTERRUPTED(expr)           \
	do {                              \
		tick_start(0, NULL);      \
		CHECK_ERRNO(expr, EINTR); \
		CHECK(ticks > 0);         \
		tick_stop();              \
	} while (0)

/* Calls that end with EINTR whatever the handler asks for: signal(7). */
#define CHECK_NEVER_RESTARTED(expr)           \
	do {                                  \
		CHECK_INTERRUPTED(expr);      \
		tick_start(SA_RESTART, NULL); \
		CHECK_ERRNO(expr, EINTR);     \
		CHECK(ticks > 0);             \
		tick_stop();                  \
	} while (0)

/* The call goes on after handlers with SA_RESTART, until wake makes it return want. */
#define CHECK_RESTARTED(expr, want, wake)     \
	do {                                  \
		tick_start(SA_RESTART, wake); \
		CHECK_EQ(expr, want);         \
		CHECK(ticks >= 3);            \
		tick_stop();                  \
	} while (0)

/*
 * Gives up root for good, if we are root: afterwards the permission checks of
 * files, signals and limits apply. Returns whether they do.
 */
void drop_root(void);
#define UNPRIVILEGED_ID 65534

/* Adds sig to the blocked signals of this thread, or ends the test. */
void block_signal(int sig);

/* Creates (or overwrites) a file with this content; returns nothing, or ends the test. */
void make_file(const char *path, const char *content, mode_t mode);

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
