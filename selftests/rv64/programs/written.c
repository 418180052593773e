// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Code that somebody writes to, other than by storing through the mapping that is executed:
 * through /proc, by process_vm_writev, from another process. Each case executes the code
 * often, has it changed, does what the architecture asks, and executes it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define RET 0x00008067U

typedef long (*function)(void);

/* li a0, N; ret, of four bytes each. */
#define NUMBER(name, n)                                                                         \
	long name(void);                                                                        \
	__asm__(".text\n.option push\n.option norvc\n.balign 4\n.globl " #name "\n" #name ":\n" \
		"li a0, " #n "\n ret\n.option pop\n")

NUMBER(by_proc, 1);
NUMBER(by_proc_flushed, 1);
NUMBER(by_other, 1);

static int count, failed;

static void check(int good, const char *name)
{
	failed += !good;
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++count, name);
	fflush(stdout);
}

static unsigned int load(int n)
{
	return 0x00000513U | (unsigned int)n << 20;
}

static void fence_i(void)
{
	__asm__ volatile("fence.i" ::: "memory");
}

static long run(function f)
{
	long sum = 0;

	for (int i = 0; i < 1000; i++)
		sum += f();
	return sum / 1000;
}

static int poke(pid_t pid, function f, int n)
{
	unsigned int insn = load(n);
	char path[32];
	int fd, ret;

	snprintf(path, sizeof(path), pid ? "/proc/%d/mem" : "/proc/self/mem", pid);
	fd = open(path, O_RDWR);
	ret = pwrite(fd, &insn, sizeof(insn), (long)f) == sizeof(insn);
	close(fd);
	return ret;
}

static int vm_write(pid_t pid, void *to, int n)
{
	unsigned int insn = load(n);
	struct iovec local = {&insn, sizeof(insn)}, remote = {to, sizeof(insn)};

	return process_vm_writev(pid, &local, 1, &remote, 1, 0) == sizeof(insn) ? 0 : errno;
}

static function make_code(int prot, int flags)
{
	unsigned int *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	page[0] = load(1);
	page[1] = RET;
	mprotect(page, 4096, prot);
	fence_i();
	return (function)page;
}

static void own_memory(void)
{
	function rwx = make_code(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);
	function rx = make_code(PROT_READ | PROT_EXEC, MAP_PRIVATE);
	long before;

	before = run(by_proc_flushed);
	check(before == 1 && poke(0, by_proc_flushed, 2),
	      "read-only code is written through /proc");
	__builtin___clear_cache((char *)by_proc_flushed, (char *)by_proc_flushed + 8);
	check(run(by_proc_flushed) == 2, "and is new after a flush of its range");
	before = run(by_proc);
	poke(0, by_proc, 3);
	fence_i();
	check(before == 1 && run(by_proc) == 3, "and after fence.i");
	before = run(rwx);
	check(!vm_write(getpid(), (void *)rwx, 4),
	      "process_vm_writev to code that may be written to");
	check(before == 1 && run(rwx) == 4, "and it is new");
	before = run(rx);
	check(vm_write(getpid(), (void *)rx, 5) == EFAULT && run(rx) == 1,
	      "process_vm_writev to other code is EFAULT");
}

/* In a child, which runs f when told to: pipes are {to it, from it}. */
static pid_t start(function f, void (*fence)(void), int *to, int *from)
{
	int in[2], out[2];
	pid_t pid;
	char c;

	if (pipe(in) || pipe(out))
		return -1;
	pid = fork();
	if (!pid) {
		while (read(in[0], &c, 1) == 1) {
			fence();
			c = run(f);
			if (write(out[1], &c, 1) != 1)
				break;
		}
		_exit(0);
	}
	*to = in[1];
	*from = out[0];
	return pid;
}

static int tell(int to, int from)
{
	char c = 0;

	return write(to, &c, 1) == 1 && read(from, &c, 1) == 1 ? c : -1;
}

static void flush_by_other(void)
{
	__builtin___clear_cache((char *)by_other, (char *)by_other + 8);
}

static void others_memory(void)
{
	function rwx = make_code(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);
	function shared = make_code(PROT_READ | PROT_EXEC, MAP_SHARED);
	int to, from, before;
	pid_t pid;

	pid = start(rwx, fence_i, &to, &from);
	before = tell(to, from);
	check(before == 1 && !vm_write(pid, (void *)rwx, 6) && tell(to, from) == 6,
	      "process_vm_writev to another process is new after its fence.i");
	check(poke(pid, rwx, 7) && tell(to, from) == 7, "as is a write to its /proc/PID/mem");
	kill(pid, SIGKILL);
	pid = start(by_other, flush_by_other, &to, &from);
	before = tell(to, from);
	check(before == 1 && poke(pid, by_other, 8) && tell(to, from) == 8,
	      "one to read-only code after its flush of the range");
	kill(pid, SIGKILL);
	pid = start(shared, fence_i, &to, &from);
	before = tell(to, from);
	mprotect((void *)shared, 4096, PROT_READ | PROT_WRITE);
	*(unsigned int *)shared = load(9);
	check(before == 1 && tell(to, from) == 9, "a store through a mapping of another process");
	kill(pid, SIGKILL);
}

int main(void)
{
	others_memory(); /* first: in own_memory() read-only code ceases to be trusted */
	own_memory();
	while (wait(NULL) > 0)
		;
	printf("1..%d\n", count);
	return failed != 0;
}
