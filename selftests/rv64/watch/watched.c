// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Code whose page tables change: by the program itself, by another thread of it, by another
 * process. What was there before never runs again, without a fence where Linux needs none.
 * The cases that only sundial.ko sees are skipped where /dev/sundial cannot be opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE   4096
#define ROUNDS 25
#define FORKS  3

typedef int (*function)(void);

static int tests, failed, watched;
static sigjmp_buf back;

static void ok(int good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	fflush(stdout);
	failed |= !good;
}

/* True where the module is; else says that name is skipped. */
static int needs_module(const char *name)
{
	if (!watched)
		printf("ok %d - %s # SKIP /dev/sundial cannot be opened\n", ++tests, name);
	return watched;
}

/* "li a0, value; ret" */
static void put(void *at, int value)
{
	const uint32_t code[2] = {(uint32_t)value << 20 | 10 << 7 | 0x13, 0x8067};

	memcpy(at, code, sizeof(code));
}

static int code_file(int value)
{
	char page[PAGE] = {0};
	int fd = memfd_create("code", 0);

	put(page, value);
	if (fd < 0 || write(fd, page, PAGE) != PAGE)
		abort();
	return fd;
}

static function map(int fd, void *at, int flags, int prot)
{
	void *p = mmap(at, PAGE, prot, flags | (at ? MAP_FIXED : 0), fd, 0);

	if (p == MAP_FAILED)
		abort();
	return (function)p;
}

static void handler(int sig)
{
	siglongjmp(back, sig);
}

/* What it returns, or minus the signal. */
static int call(function f)
{
	int sig = sigsetjmp(back, 1);

	return sig ? -sig : f();
}

/* Often enough that whatever is chained or cached is. */
static int call_often(function f)
{
	int result = -1;

	for (int i = 0; i < 20; i++)
		result = call(f);
	return result;
}

/* A forced write, as a debugger makes it. */
static int poke(pid_t pid, function f, int value)
{
	unsigned char code[8];
	char name[64];
	int fd, good;

	put(code, value);
	snprintf(name, sizeof(name), "/proc/%d/mem", pid);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	good = pwrite(fd, code, sizeof(code), (long)f) == sizeof(code);
	close(fd);
	return good;
}

/* In another process, which this one waits for. */
static int poke_from_outside(function f, int value)
{
	pid_t parent = getpid(), pid = fork();
	int status = 1;

	if (!pid)
		_exit(!poke(parent, f, value));
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void test_debugger(void)
{
	int fd = code_file(1), good = 1;
	function f = map(fd, NULL, MAP_PRIVATE, PROT_READ | PROT_EXEC);

	if (!needs_module("code that another process writes to by force is run as written"))
		return;
	for (int i = 0; i < FORKS && good; i++) {
		good &= call_often(f) == 1;
		good &= poke_from_outside(f, i + 2) && call(f) == i + 2;
		good &= !madvise((void *)f, PAGE, MADV_DONTNEED);
	}
	ok(good, "code that another process writes to by force is run as written");
	close(fd);
}

static void test_child(void)
{
	int fd = code_file(1), status = 1, up[2], down[2];
	function f = map(fd, NULL, MAP_PRIVATE, PROT_READ | PROT_EXEC);
	char c = 0;
	pid_t pid;

	if (!needs_module("a child of fork sees a forced write to code of its parent's"))
		return;
	call_often(f);
	if (pipe(up) || pipe(down))
		abort();
	pid = fork();
	if (!pid) {
		int before = call_often(f);

		if (write(up[1], &c, 1) != 1 || read(down[0], &c, 1) != 1)
			_exit(2);
		_exit(before != 1 || call(f) != 7);
	}
	status = read(up[0], &c, 1) != 1 || !poke(pid, f, 7) || write(down[1], &c, 1) != 1;
	ok(!status && waitpid(pid, &status, 0) == pid && !status && call(f) == 1,
	   "a child of fork sees a forced write to code of its parent's");
	close(fd);
}

static void test_truncation(int flags, const char *name)
{
	int fd = code_file(1), good = 1, status;
	function f = map(fd, NULL, flags, PROT_READ | PROT_EXEC);

	if (!needs_module(name))
		return;
	good &= call_often(f) == 1;
	good &= !ftruncate(fd, 0) && call(f) == -SIGBUS;
	for (int i = 0; i < FORKS && good; i++) {
		unsigned char code[8];
		pid_t pid;

		put(code, i + 2);
		good &= !ftruncate(fd, PAGE) && pwrite(fd, code, 8, 0) == 8;
		good &= call_often(f) == i + 2;
		pid = fork();
		if (!pid)
			_exit(ftruncate(fd, 0));
		good &= waitpid(pid, &status, 0) == pid && !status && call(f) == -SIGBUS;
	}
	ok(good, name);
	close(fd);
}

static void test_hole(void)
{
	const char *name = "code of a file with a hole where it was is no more";
	int fd = code_file(1);
	function f = map(fd, NULL, MAP_SHARED, PROT_READ | PROT_EXEC);

	if (!needs_module(name))
		return;
	call_often(f);
	ok(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE) &&
		   call(f) == -SIGILL,
	   name);
	close(fd);
}

/* What this thread calls is mapped anew by another, which then says so. */
static function replaced;
static atomic_int current, stop;

static void *replace(void *arg)
{
	for (int i = 1; i <= ROUNDS * 5; i++) {
		int fd = code_file(i & 0x7ff);

		if (i % 2)
			munmap((void *)replaced, PAGE);
		map(fd, (void *)replaced, MAP_PRIVATE, PROT_READ | PROT_EXEC);
		close(fd);
		current = i;
	}
	stop = 1;
	return NULL;
}

static void test_replaced(void)
{
	int fd = code_file(0), good = 1, calls = 0;
	pthread_t thread;

	replaced = map(fd, NULL, MAP_PRIVATE, PROT_READ | PROT_EXEC);
	if (pthread_create(&thread, NULL, replace, NULL))
		abort();
	while (!stop) {
		int from = current, result = call(replaced), to = current;

		/* Between munmap and mmap there is nothing. */
		good &= result == -SIGSEGV || (result >= from && result <= to + 1);
		calls++;
	}
	pthread_join(thread, NULL);
	ok(good && calls && call(replaced) == ROUNDS * 5,
	   "code that another thread maps anew at its address is never run late");
	close(fd);
}

static void test_two_mappings(void)
{
	int fd = code_file(0), stale = 0;
	function f = map(fd, NULL, MAP_SHARED, PROT_READ | PROT_EXEC);
	function writable = map(fd, NULL, MAP_SHARED, PROT_READ | PROT_WRITE);

	for (int i = 1; i <= ROUNDS; i++) {
		put((void *)writable, i);
		__asm__ volatile("fence.i" ::: "memory");
		stale += call_often(f) != i;
	}
	ok(!stale, "what is written through one mapping runs through another after fence.i");
	close(fd);
}

static void test_own_calls(void)
{
	int fd = code_file(1), other = code_file(2), good = 1;
	function f = map(fd, NULL, MAP_PRIVATE, PROT_READ | PROT_EXEC);

	good &= call_often(f) == 1;
	good &= !mprotect((void *)f, PAGE, PROT_READ) && call(f) == -SIGSEGV;
	good &= !mprotect((void *)f, PAGE, PROT_READ | PROT_EXEC) && call_often(f) == 1;
	map(other, (void *)f, MAP_PRIVATE, PROT_READ | PROT_EXEC);
	good &= call_often(f) == 2;
	munmap((void *)f, PAGE);
	good &= call(f) == -SIGSEGV;
	ok(good, "code goes with mprotect, mmap and munmap of the program's own");
	close(fd);
	close(other);
}

/* The engine's descriptor is nobody's to close. */
static void test_descriptors(void)
{
	int fd = code_file(1), good = 1, stays;
	function f = map(fd, NULL, MAP_SHARED, PROT_READ | PROT_EXEC);

	stays = fcntl(fd, F_DUPFD, 3000 < sysconf(_SC_OPEN_MAX) ? 100 : 10);
	for (int i = 3; i < 1100; i++)
		if (i != stays)
			close(i);
	good &= close_range(stays + 1, ~0U, 0) == 0 && call_often(f) == 1;
	good &= !watched || (!ftruncate(stays, 0) && call(f) == -SIGBUS);
	ok(good, "it does not matter that the program closes all descriptors");
}

int main(void)
{
	const int signals[] = {SIGSEGV, SIGBUS, SIGILL};
	int fd = open("/dev/sundial", O_RDWR);

	watched = fd >= 0;
	if (watched)
		close(fd);
	for (unsigned int i = 0; i < 3; i++)
		signal(signals[i], handler);
	test_two_mappings();
	test_own_calls();
	test_replaced();
	test_debugger();
	test_child();
	test_truncation(MAP_SHARED, "code of a file that is truncated is no more: shared mappings");
	test_truncation(MAP_PRIVATE, "the same: private mappings");
	test_hole();
	test_descriptors();
	printf("1..%d\n", tests);
	return failed;
}
