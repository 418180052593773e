// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the usual ways to intercept a system call cost on this machine, as peers: one
 * getppid untouched, under Syscall User Dispatch whose handler answers it, and under a
 * ptrace tracer that stops it and answers. Prints "NAME NANOSECONDS" lines, medians of
 * several rounds; a way that this kernel does not have is left out.
 */
#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON	     1
#endif

#define ROUNDS 9

/* SYSCALL_DISPATCH_FILTER_ALLOW and _BLOCK; read by the kernel at each call. */
static volatile char selector;
static pid_t tracee;

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void getppid_native(void)
{
	getppid();
}

static void getppid_dispatched(void)
{
	selector = 1;
	getppid();
}

/* Lets the return from the handler, and all until the next call, through. */
static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	selector = 0;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = 1;
}

/* One stop, one answer: what a simulator that uses ptrace does for each call. */
static void getppid_traced(void)
{
	struct user_regs_struct regs;
	struct iovec iov = {&regs, sizeof(regs)};
	int status;

	ptrace(PTRACE_SYSEMU, tracee, 0, 0);
	waitpid(tracee, &status, 0);
	ptrace(PTRACE_GETREGSET, tracee, NT_PRSTATUS, &iov);
	regs.rax = 1;
	ptrace(PTRACE_SETREGSET, tracee, NT_PRSTATUS, &iov);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double measure(void (*call)(void), long count)
{
	long long start = now_ns();

	for (long i = 0; i < count; i++)
		call();
	return (double)(now_ns() - start) / count;
}

static void report(const char *name, void (*call)(void), long count)
{
	double round[ROUNDS];

	measure(call, count);
	for (int i = 0; i < ROUNDS; i++)
		round[i] = measure(call, count);
	qsort(round, ROUNDS, sizeof(*round), compare);
	printf("%s %.1f\n", name, round[ROUNDS / 2]);
	fflush(stdout);
}

static void bench_dispatch(void)
{
	struct sigaction act = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};

	sigaction(SIGSYS, &act, NULL);
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector))
		return;
	report("dispatched", getppid_dispatched, 50000);
}

static void bench_ptrace(void)
{
	int status;

	tracee = fork();
	if (!tracee) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		for (;;)
			getppid();
	}
	if (tracee < 0 || waitpid(tracee, &status, 0) != tracee || !WIFSTOPPED(status))
		return;
	report("traced", getppid_traced, 5000);
	kill(tracee, SIGKILL);
	waitpid(tracee, &status, 0);
}

int main(void)
{
	report("native", getppid_native, 1000000);
	bench_ptrace();
	bench_dispatch();
	return 0;
}
