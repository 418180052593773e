// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * check.c - the runner behind check.h.
 *
 * Owns the list of tests and the page of results shared with their processes.
 * The runner forks one process per test, watches it with alarm(2), and prints
 * one TAP line for it; a test that hangs is killed with its whole process
 * group. In virtual time that alarm is due as soon as nothing else is, so a
 * hang costs nothing there.
 */
#include "check.h"

#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>

#define WATCHDOG_S 30

struct results {
	int failures;
	int skipped;
	char reason[200];
};

static struct results *results;
static struct check_test *tests;
static volatile sig_atomic_t watchdog_fired;

void *volatile bad;
void *volatile bad_ro;
volatile sig_atomic_t caught[65];
siginfo_t caught_info;
volatile sig_atomic_t ticks;

void check_add(struct check_test *test)
{
	struct check_test **at = &tests;

	while (*at && (*at)->line <= test->line)
		at = &(*at)->next;
	test->next = *at;
	*at = test;
}

__attribute__((format(printf, 3, 4))) static void fail(const char *file, int line, const char *fmt,
						       ...)
{
	const char *base = strrchr(file, '/');
	int saved = errno;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	__atomic_add_fetch(&results->failures, 1, __ATOMIC_SEQ_CST);
	dprintf(STDOUT_FILENO, "# %s:%d: %s\n", base ? base + 1 : file, line, text);
	errno = saved;
}

static const char *error_name(int e)
{
	const char *name = strerrorname_np(e);

	return name ? name : "unknown errno";
}

long check_ok(long got, const char *expr, const char *file, int line)
{
	if (got == -1)
		fail(file, line, "%s: failed with %s", expr, error_name(errno));
	return got;
}

void check_errno(long got, int want, const char *expr, const char *file, int line)
{
	if (got != -1)
		fail(file, line, "%s: returned %ld, expected %s", expr, got, error_name(want));
	else if (errno != want)
		fail(file, line, "%s: failed with %s, expected %s", expr, error_name(errno),
		     error_name(want));
}

long check_eq(long got, long want, const char *expr, const char *file, int line)
{
	if (got == want)
		return got;
	if (got == -1 && want >= 0 && errno)
		fail(file, line, "%s: is -1 (%s), expected %ld", expr, error_name(errno), want);
	else
		fail(file, line, "%s: is %ld, expected %ld", expr, got, want);
	return got;
}

bool check_true(bool ok, const char *expr, const char *file, int line)
{
	if (!ok)
		fail(file, line, "not true: %s (errno %s)", expr, error_name(errno));
	return ok;
}

void check_fail(const char *what, const char *file, int line)
{
	fail(file, line, "%s", what);
}

void skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(results->reason, sizeof(results->reason), fmt, ap);
	va_end(ap);
	results->skipped = 1;
	_exit(0);
}

void *edge(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t usable = (size + page - 1) / page * page;
	char *p = mmap(NULL, usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	REQUIRE(p != MAP_FAILED);
	REQUIRE(mprotect(p + usable, page, PROT_NONE) == 0);
	return p + usable - size;
}

pid_t spawn(void (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	REQUIRE(pid >= 0);
	if (pid)
		return pid;
	fn(arg);
	_exit(0);
}

pid_t spawn_after(int ms, void (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	REQUIRE(pid >= 0);
	if (pid)
		return pid;
	sleep_ms(ms);
	fn(arg);
	_exit(0);
}

void check_join(pid_t pid, int want, const char *file, int line)
{
	int status = 0;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	if (got != pid)
		fail(file, line, "waitpid(child): %d (%s)", got, error_name(errno));
	else if (WIFSIGNALED(status))
		fail(file, line, "child killed by SIG%s", sigabbrev_np(WTERMSIG(status)));
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != want)
		fail(file, line, "child's wait status is %#x, expected exit %d", status, want);
}

int64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	REQUIRE(clock_gettime(clock, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

struct timespec ms_to_ts(int ms)
{
	return (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
}

void sleep_ms(int ms)
{
	int64_t until = now_ns(CLOCK_MONOTONIC) + ms * (int64_t)1000000;
	struct timespec ts = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

static void count_signal(int sig, siginfo_t *info, void *context)
{
	caught[sig]++;
	caught_info = *info;
}

void catch_signal(int sig, int sa_flags)
{
	struct sigaction sa = {.sa_sigaction = count_signal, .sa_flags = sa_flags | SA_SIGINFO};

	caught[sig] = 0;
	REQUIRE(sigaction(sig, &sa, NULL) == 0);
}

static void (*tick_fn)(void);

static void count_tick(int sig)
{
	int saved = errno;

	if (++ticks == 3 && tick_fn)
		tick_fn();
	errno = saved;
}

void tick_start(int sa_flags, void (*fn)(void))
{
	struct sigaction sa = {.sa_handler = count_tick, .sa_flags = sa_flags};
	struct itimerval it = {{0, 5000}, {0, 5000}};

	ticks = 0;
	tick_fn = fn;
	REQUIRE(sigaction(SIGALRM, &sa, NULL) == 0);
	REQUIRE(setitimer(ITIMER_REAL, &it, NULL) == 0);
}

void tick_stop(void)
{
	struct itimerval off = {0};

	REQUIRE(setitimer(ITIMER_REAL, &off, NULL) == 0);
}

void drop_root(void)
{
	if (geteuid())
		return;
	REQUIRE(setgroups(0, NULL) == 0);
	REQUIRE(setresgid(UNPRIVILEGED_ID, UNPRIVILEGED_ID, UNPRIVILEGED_ID) == 0);
	REQUIRE(setresuid(UNPRIVILEGED_ID, UNPRIVILEGED_ID, UNPRIVILEGED_ID) == 0);
}

void block_signal(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	REQUIRE(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
}

void make_file(const char *path, const char *content, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	size_t size = strlen(content);

	REQUIRE(fd >= 0);
	REQUIRE(write(fd, content, size) == (ssize_t)size);
	REQUIRE(fchmod(fd, mode) == 0);
	REQUIRE(close(fd) == 0);
}

static void watchdog(int sig)
{
	watchdog_fired = 1;
}

/* A test may leave folders that their owner cannot change or even list. */
static int open_folder(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if ((type == FTW_D || type == FTW_DNR) && chmod(path, 0700))
		fprintf(stderr, "cannot open up %s: %m\n", path);
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if (remove(path))
		fprintf(stderr, "cannot remove %s: %m\n", path);
	return 0;
}

/* The test's own process: its environment is the same whatever ran before. */
static void run_child(const struct check_test *test, const char *folder)
{
	struct rlimit no_core = {0, RLIM_INFINITY};

	setpgid(0, 0);
	signal(SIGALRM, SIG_DFL);
	getrlimit(RLIMIT_CORE, &no_core);
	no_core.rlim_cur = 0;
	setrlimit(RLIMIT_CORE, &no_core);
	umask(022);
	if (chdir(folder)) {
		dprintf(STDOUT_FILENO, "# chdir(%s): %m\n", folder);
		_exit(1);
	}
	test->run();
	_exit(0);
}

/* Waits for the test, at most WATCHDOG_S on our own clock; returns its status. */
static int wait_child(pid_t pid)
{
	int status = 0;
	pid_t got;

	watchdog_fired = 0;
	alarm(WATCHDOG_S);
	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR && !watchdog_fired);
	alarm(0);
	/* Whatever the test left behind in its group goes with it. */
	kill(-pid, SIGKILL);
	if (got == pid)
		return status;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return status;
}

static bool run_test(const struct check_test *test, int number)
{
	char folder[PATH_MAX];
	const char *tmp = getenv("TMPDIR");
	int status;
	pid_t pid;
	bool ok;

	memset(results, 0, sizeof(*results));
	snprintf(folder, sizeof(folder), "%s/syscalls.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder) || chmod(folder, 0777)) {
		printf("not ok %d - %s\n# cannot make %s: %m\n", number, test->name, folder);
		return false;
	}
	pid = fork();
	if (pid == 0)
		run_child(test, folder);
	status = wait_child(pid);
	nftw(folder, open_folder, 16, FTW_PHYS);
	nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);

	if (watchdog_fired)
		printf("# hung: killed after %d s\n", WATCHDOG_S);
	else if (WIFSIGNALED(status))
		printf("# killed by SIG%s\n", sigabbrev_np(WTERMSIG(status)));
	else if (WEXITSTATUS(status) && !results->failures)
		printf("# exited with %d\n", WEXITSTATUS(status));
	ok = !watchdog_fired && status == 0 && !results->failures;
	if (ok && results->skipped)
		printf("ok %d - %s # SKIP %s\n", number, test->name, results->reason);
	else
		printf("%s %d - %s\n", ok ? "ok" : "not ok", number, test->name);
	fflush(stdout);
	return ok;
}

static void set_up(void)
{
	struct sigaction sa = {.sa_handler = watchdog};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	results = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bad = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bad_ro = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (results == MAP_FAILED || bad == MAP_FAILED || bad_ro == MAP_FAILED ||
	    sigaction(SIGALRM, &sa, NULL)) {
		printf("Bail out! cannot set up: %m\n");
		exit(1);
	}
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
}

/*
 * Without arguments runs every test; -l lists the tests with the calls each
 * covers; any other arguments are names of the tests to run.
 */
int main(int argc, char **argv)
{
	int number = 0, failed = 0;
	struct check_test *test;

	if (argc == 2 && !strcmp(argv[1], "-l")) {
		for (test = tests; test; test = test->next)
			printf("%s: %s\n", test->name, test->covers);
		return 0;
	}
	set_up();
	printf("TAP version 13\n");
	fflush(stdout);
	for (test = tests; test; test = test->next) {
		bool wanted = argc < 2;

		for (int i = 1; i < argc; i++)
			wanted |= !strcmp(argv[i], test->name);
		if (wanted && !run_test(test, ++number))
			failed++;
	}
	printf("1..%d\n", number);
	return failed ? 1 : 0;
}

#ifndef SYS_open
long check_sys(long nr, ...)
{
	long a, b, c, d, e, f;
	va_list ap;

	va_start(ap, nr);
	a = va_arg(ap, long);
	b = va_arg(ap, long);
	c = va_arg(ap, long);
	d = va_arg(ap, long);
	e = va_arg(ap, long);
	f = va_arg(ap, long);
	va_end(ap);
	switch (nr) {
#define OLD(name, replacement, ...) \
	case SYS_##name:            \
		return syscall(SYS_##replacement, ##__VA_ARGS__);
#define BY_LIBC(name, call) \
	case SYS_##name:    \
		return call;
		OLD_CALLS
#undef OLD
#undef BY_LIBC
	}
	return syscall(nr, a, b, c, d, e, f);
}
#endif
