// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memory_test.c - address space: mapping, protecting, moving and advising
 * memory, shared against private, files behind it, the break.
 */
#include "check.h"

#include <limits.h>
#include <linux/membarrier.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define PAGE 4096ul

static char *map(size_t pages, int prot, int flags)
{
	char *p = mmap(NULL, pages * PAGE, prot, flags | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	return p;
}

static sigjmp_buf fault_jump;

static void on_fault(int sig)
{
	siglongjmp(fault_jump, sig);
}

/* The signal that touching the address raises, 0 if none. */
static int touch(volatile char *p, bool write)
{
	struct sigaction sa = {.sa_handler = on_fault};
	int sig;

	REQUIRE(sigaction(SIGSEGV, &sa, NULL) == 0 && sigaction(SIGBUS, &sa, NULL) == 0);
	sig = sigsetjmp(fault_jump, 1);
	if (sig)
		return sig;
	if (write)
		*p = 1;
	else
		(void)*p;
	return 0;
}

TEST(anonymous_memory, "mmap munmap")
{
	char *p = map(4, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	CHECK_EQ((uintptr_t)p % PAGE, 0);
	for (size_t i = 0; i < 4 * PAGE; i += 512)
		CHECK_EQ(p[i], 0);
	p[0] = p[3 * PAGE] = 1;
	/* A hole in the middle. */
	CHECK_OK(munmap(p + PAGE, PAGE));
	CHECK_EQ(touch(p, false), 0);
	CHECK_EQ(touch(p + PAGE, false), SIGSEGV);
	CHECK_EQ(touch(p + 2 * PAGE, false), 0);
	/* Unmapping what is not mapped is no error. */
	CHECK_OK(munmap(p, 4 * PAGE));
	CHECK_OK(munmap(p, 4 * PAGE));
}

TEST(mmap_errors, "mmap munmap")
{
	int fd, wo, flags = MAP_PRIVATE | MAP_ANONYMOUS;

	make_file("file", "content", 0644);
	fd = open("file", O_RDONLY);
	wo = open("file", O_WRONLY);
	CHECK_ERRNO(mmap(NULL, 0, PROT_READ, flags, -1, 0), EINVAL);
	CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
	CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0), EBADF);
	CHECK_ERRNO(sys(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1), EINVAL);
	CHECK_ERRNO(mmap((void *)1, PAGE, PROT_READ, flags | MAP_FIXED, -1, 0), EINVAL);
	CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
	CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0), EACCES);
	CHECK_ERRNO(mmap(NULL, 1ul << 60, PROT_READ, flags, -1, 0), ENOMEM);
	CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY), 0), ENODEV);
	CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x1000000, fd, 0),
		    EOPNOTSUPP);
	CHECK_ERRNO(munmap((void *)1, PAGE), EINVAL);
	CHECK_ERRNO(sys(munmap, map(1, PROT_READ, MAP_PRIVATE), 0), EINVAL);
}

TEST(fixed_addresses, "mmap")
{
	char *p = map(3, PROT_READ | PROT_WRITE, MAP_PRIVATE), *q;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	p[0] = 'x';
	q = mmap(p + PAGE, PAGE, PROT_READ, flags | MAP_FIXED, -1, 0);
	CHECK(q == p + PAGE);
	CHECK_EQ(touch(q, true), SIGSEGV);
	CHECK_EQ(p[0], 'x');
	CHECK_ERRNO(mmap(p, PAGE, PROT_READ, flags | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	CHECK_OK(munmap(p, PAGE));
	q = mmap(p, PAGE, PROT_READ, flags | MAP_FIXED_NOREPLACE, -1, 0);
	CHECK(q == p);
	/* A hint that is taken is no error: elsewhere then. */
	q = mmap(p, PAGE, PROT_READ, flags, -1, 0);
	CHECK(q != MAP_FAILED && q != p);
}

TEST(file_mappings_private_and_shared, "mmap msync")
{
	char buf[16], *shared, *private;
	int fd;

	make_file("file", "0123456789", 0644);
	fd = open("file", O_RDWR);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	private = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	REQUIRE(shared != MAP_FAILED && private != MAP_FAILED);
	close(fd);
	shared[0] = 'S';
	private[1] = 'P';
	CHECK_EQ(private[0], 'S');
	CHECK_EQ(shared[1], '1');
	CHECK_EQ(shared[10], 0);
	CHECK_OK(msync(shared, PAGE, MS_SYNC));
	fd = open("file", O_RDWR);
	CHECK_EQ(read(fd, buf, 16), 10);
	CHECK(!memcmp(buf, "S123456789", 10));
	CHECK_EQ(pwrite(fd, "W", 1, 5), 1);
	CHECK_EQ(shared[5], 'W');
	CHECK_OK(ftruncate(fd, 0));
	CHECK_EQ(touch(shared, false), SIGBUS);
	CHECK_ERRNO(msync(shared, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	CHECK_ERRNO(msync(shared + 1, PAGE, MS_SYNC), EINVAL);
	CHECK_ERRNO(msync(shared, PAGE, 0x40), EINVAL);
	CHECK_OK(munmap(shared, PAGE));
	CHECK_ERRNO(msync(shared, PAGE, MS_SYNC), ENOMEM);
}

TEST(protection, "mprotect")
{
	char *p = map(3, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	int fd;

	CHECK_OK(mprotect(p + PAGE, PAGE, PROT_READ));
	CHECK_EQ(touch(p, true), 0);
	CHECK_EQ(touch(p + PAGE, true), SIGSEGV);
	CHECK_EQ(touch(p + 2 * PAGE, true), 0);
	CHECK_OK(mprotect(p + PAGE, PAGE, PROT_NONE));
	CHECK_EQ(touch(p + PAGE, false), SIGSEGV);
	CHECK_OK(mprotect(p, 3 * PAGE, PROT_READ | PROT_WRITE));
	CHECK_EQ(touch(p + PAGE, true), 0);
	CHECK_OK(mprotect(p, 0, PROT_NONE));
	CHECK_ERRNO(mprotect(p + 1, PAGE, PROT_READ), EINVAL);
	CHECK_ERRNO(mprotect(p, PAGE, 0x100000), EINVAL);
	CHECK_OK(munmap(p + PAGE, PAGE));
	CHECK_ERRNO(mprotect(p, 3 * PAGE, PROT_READ), ENOMEM);
	make_file("file", "x", 0644);
	fd = open("file", O_RDONLY);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK_ERRNO(mprotect(p, PAGE, PROT_READ | PROT_WRITE), EACCES);
}

#ifdef __x86_64__
TEST(executing_written_memory, "mprotect mmap")
{
	/* mov $42, %eax; ret - then the same with another number, written over it. */
	static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};
	char *p = map(1, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);

	memcpy(p, code, sizeof(code));
	CHECK_EQ(((int (*)(void))(void *)p)(), 42);
	p[1] = 43;
	CHECK_EQ(((int (*)(void))(void *)p)(), 43);
	CHECK_OK(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	CHECK_EQ(((int (*)(void))(void *)p)(), 43);
}

TEST(system_call_in_generated_code, "mmap")
{
	/* mov $39, %eax; syscall; ret: getpid from code that appears at run time. */
	static const unsigned char code[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};
	char *p = map(1, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);

	memcpy(p, code, sizeof(code));
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(((long (*)(void))(void *)p)(), getpid());
	/* The same place, another call: getppid. */
	p[1] = 110;
	memcpy(p + 5, code + 5, 3);
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(((long (*)(void))(void *)p)(), getppid());
}
#endif

TEST(moving_and_resizing, "mremap")
{
	char *p = map(4, PROT_READ | PROT_WRITE, MAP_PRIVATE), *q, *to;

	strcpy(p, "first");
	strcpy(p + 3 * PAGE, "last");
	CHECK(mremap(p, 4 * PAGE, 2 * PAGE, 0) == p);
	CHECK_EQ(touch(p + 3 * PAGE, false), SIGSEGV);
	q = mremap(p, 2 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	REQUIRE(q != MAP_FAILED);
	CHECK(!strcmp(q, "first") && q[63 * PAGE] == 0);
	to = map(2, PROT_NONE, MAP_PRIVATE);
	CHECK(mremap(q, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	CHECK(!strcmp(to, "first"));
	CHECK_EQ(touch(q, false), SIGSEGV);
	CHECK_ERRNO(mremap(to + 1, PAGE, PAGE, 0), EINVAL);
	CHECK_ERRNO(mremap(to, PAGE, 0, 0), EINVAL);
	CHECK_ERRNO(mremap(to, PAGE, PAGE, 0x80), EINVAL);
	CHECK_ERRNO(mremap(to, PAGE, PAGE, MREMAP_FIXED, q), EINVAL);
	CHECK_ERRNO(mremap(q, PAGE, PAGE, 0), EFAULT);
	/* No room to grow without moving. */
	p = map(2, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	CHECK_ERRNO(mremap(p, PAGE, 2 * PAGE, 0), ENOMEM);
}

TEST(advice, "madvise")
{
	char *p = map(4, PROT_READ | PROT_WRITE, MAP_PRIVATE), *s;
	int advice[] = {MADV_NORMAL, MADV_RANDOM,   MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTFORK,
			MADV_DOFORK, MADV_DONTDUMP, MADV_DODUMP,     MADV_FREE,	    MADV_DONTNEED};

	for (size_t i = 0; i < ARRAY_SIZE(advice); i++)
		CHECK_OK(madvise(p, 4 * PAGE, advice[i]));
	memset(p, 'x', 4 * PAGE);
	CHECK_OK(madvise(p + PAGE, PAGE, MADV_DONTNEED));
	CHECK(p[0] == 'x' && p[PAGE] == 0 && p[2 * PAGE] == 'x');
	s = map(1, PROT_READ | PROT_WRITE, MAP_SHARED);
	s[0] = 'y';
	CHECK_OK(madvise(s, PAGE, MADV_DONTNEED));
	CHECK_EQ(s[0], 'y');
	CHECK_OK(madvise(s, PAGE, MADV_REMOVE));
	CHECK_EQ(s[0], 0);
	CHECK_ERRNO(madvise(p, PAGE, 9999), EINVAL);
	CHECK_ERRNO(madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_OK(munmap(p + PAGE, PAGE));
	CHECK_ERRNO(madvise(p, 3 * PAGE, MADV_DONTNEED), ENOMEM);
	/* Not there in a forked child. */
	CHECK_OK(madvise(s, PAGE, MADV_DONTFORK));
	pid_t pid = fork();
	if (!pid) {
		CHECK_EQ(touch(s, false), SIGSEGV);
		_exit(0);
	}
	JOIN(pid);
}

TEST(residency, "mincore")
{
	char *p = map(3, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	unsigned char vec[3] = {0xcc, 0xcc, 0xcc};

	p[PAGE] = 1;
	CHECK_OK(mincore(p, 3 * PAGE, vec));
	CHECK(!(vec[0] & 1) && (vec[1] & 1) && !(vec[2] & 1));
	CHECK_ERRNO(mincore(p + 1, PAGE, vec), EINVAL);
	CHECK_ERRNO(sys(mincore, p, PAGE, bad), EFAULT);
	CHECK_OK(munmap(p, PAGE));
	CHECK_ERRNO(mincore(p, PAGE, vec), ENOMEM);
}

TEST(the_break, "brk")
{
	char *start = (char *)sys(brk, 0), *end;

	CHECK(start != NULL);
	end = (char *)sys(brk, start + 10 * PAGE);
	CHECK(end == start + 10 * PAGE);
	memset(start, 'b', 10 * PAGE);
	CHECK(sys(brk, 0) == (long)end);
	/* The raw call never fails: it returns where the break is. */
	CHECK(sys(brk, 1) == (long)end);
	CHECK(sys(brk, start) == (long)start);
	CHECK_EQ(touch(start + 9 * PAGE, false), SIGSEGV);
	end = (char *)sys(brk, start + PAGE);
	CHECK_EQ(start[0], 0);
}

TEST(fork_copies_private_and_shares_shared, "mmap clone")
{
	char *private = map(1, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	char *shared = map(1, PROT_READ | PROT_WRITE, MAP_SHARED);
	pid_t pid;

	private[0] = shared[0] = 1;
	pid = fork();
	if (!pid) {
		CHECK(private[0] == 1 && shared[0] == 1);
		private[0] = shared[0] = 2;
		_exit(0);
	}
	JOIN(pid);
	CHECK(private[0] == 1 && shared[0] == 2);
}

TEST(memory_of_another_process, "process_vm_readv process_vm_writev")
{
	static char text[16] = "original";
	char buf[16] = "", *two = edge(2);
	struct iovec local = {buf, 8}, remote = {text, 8}, short_local = {two, 8};
	pid_t pid = spawn((void (*)(void *))(void *)pause, NULL);

	strcpy(text, "changed!");
	if (process_vm_readv(pid, &local, 1, &remote, 1, 0) == -1 &&
	    (errno == EPERM || errno == ENOSYS))
		skip("reading another process's memory is forbidden here");
	CHECK(!memcmp(buf, "original", 8));
	memcpy(buf, "injected", 8);
	CHECK_EQ(process_vm_writev(pid, &local, 1, &remote, 1, 0), 8);
	memset(buf, 0, 8);
	CHECK_EQ(process_vm_readv(pid, &local, 1, &remote, 1, 0), 8);
	CHECK(!memcmp(buf, "injected", 8));
	CHECK(!strcmp(text, "changed!"));
	CHECK_ERRNO(process_vm_readv(pid, &local, 1, &remote, 1, 1), EINVAL);
	CHECK_ERRNO(process_vm_readv(1 << 29, &local, 1, &remote, 1, 0), ESRCH);
	/* What fits comes before the fault. */
	CHECK_EQ(process_vm_readv(pid, &short_local, 1, &remote, 1, 0), 2);
	remote.iov_base = bad;
	CHECK_ERRNO(process_vm_readv(pid, &local, 1, &remote, 1, 0), EFAULT);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

TEST(barriers_across_threads, "membarrier")
{
	int known = CHECK_OK(sys(membarrier, MEMBARRIER_CMD_QUERY, 0, 0));

	if (known & MEMBARRIER_CMD_PRIVATE_EXPEDITED) {
		CHECK_ERRNO(sys(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), EPERM);
		CHECK_EQ(sys(membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0), 0);
		CHECK_EQ(sys(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), 0);
	}
	if (known & MEMBARRIER_CMD_GLOBAL)
		CHECK_EQ(sys(membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0), 0);
	CHECK_ERRNO(sys(membarrier, 0x40000000, 0, 0), EINVAL);
	CHECK_ERRNO(sys(membarrier, MEMBARRIER_CMD_QUERY, 1, 0), EINVAL);
}

TEST(locked_memory, "mlock munlock mlockall munlockall")
{
	char *p = map(2, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	if (mlock(p, PAGE) == -1 && (errno == ENOSYS || errno == EPERM || errno == ENOMEM))
		skip("memory cannot be locked here");
	CHECK_OK(munlock(p, PAGE));
	CHECK_OK(munlockall());
	CHECK_ERRNO(mlockall(0), EINVAL);
	CHECK_ERRNO(mlockall(0x80), EINVAL);
	CHECK_OK(munmap(p, PAGE));
	CHECK_ERRNO(mlock(p, PAGE), ENOMEM);
	CHECK_ERRNO(munlock(p, PAGE), ENOMEM);
}
