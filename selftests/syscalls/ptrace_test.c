// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ptrace_test.c - tracing a child as a debugger does: stops, memory, registers,
 * signals, system calls, exec.
 */
#include "check.h"

#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

static long value = 0x1111;

/* Forks a child that asks to be traced and stops itself; ends the test where that is forbidden. */
static pid_t traced(void (*body)(void))
{
	pid_t pid = fork();
	int status;

	REQUIRE(pid >= 0);
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(77);
		raise(SIGSTOP);
		body();
		_exit(5);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip("ptrace is missing or forbidden here");
	REQUIRE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	return pid;
}

static void stopped_by(pid_t pid, int sig)
{
	int status = 0;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSTOPPED(status));
	CHECK_EQ(status >> 8, sig);
}

static void exit_with_value(void)
{
	_exit(value);
}

TEST(memory_is_read_and_written, "ptrace")
{
	pid_t pid = traced(exit_with_value);

	errno = 0;
	CHECK_EQ(ptrace(PTRACE_PEEKDATA, pid, &value, NULL), 0x1111);
	CHECK_OK(ptrace(PTRACE_POKEDATA, pid, &value, 42L));
	CHECK_EQ(ptrace(PTRACE_PEEKTEXT, pid, &value, NULL), 42);
	/* Memory that is not mapped at all; a debugger may read what its owner may not. */
	CHECK_ERRNO(ptrace(PTRACE_PEEKDATA, pid, (void *)8, NULL), EIO);
	CHECK_EQ(value, 0x1111);
	CHECK_OK(ptrace(PTRACE_CONT, pid, NULL, 0));
	JOIN_STATUS(pid, 42);
}

TEST(errors, "ptrace")
{
	pid_t pid = traced(exit_with_value);

	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	CHECK_ERRNO(ptrace(PTRACE_CONT, pid, NULL, 0), ESRCH);
	CHECK_ERRNO(ptrace(PTRACE_ATTACH, 1 << 29, NULL, NULL), ESRCH);
	CHECK_ERRNO(ptrace(PTRACE_ATTACH, getpid(), NULL, NULL), EPERM);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	pid = traced(exit_with_value);
	CHECK_ERRNO(ptrace(12345, pid, NULL, NULL), EIO);
	CHECK_ERRNO(ptrace(PTRACE_CONT, pid, NULL, 1000), EIO);
	CHECK_ERRNO(ptrace(PTRACE_SETOPTIONS, pid, NULL, 0x80000000), EINVAL);
	CHECK_OK(ptrace(PTRACE_KILL, pid, NULL, NULL));
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

static void raise_usr1(void)
{
	catch_signal(SIGUSR1, 0);
	raise(SIGUSR1);
	_exit(caught[SIGUSR1]);
}

TEST(signals_stop_the_child_first, "ptrace wait4")
{
	siginfo_t info;
	pid_t pid = traced(raise_usr1);

	CHECK_OK(ptrace(PTRACE_CONT, pid, NULL, 0));
	stopped_by(pid, SIGUSR1);
	CHECK_OK(ptrace(PTRACE_GETSIGINFO, pid, NULL, &info));
	CHECK(info.si_signo == SIGUSR1 && info.si_pid == pid);
	/* Passed on. */
	CHECK_OK(ptrace(PTRACE_CONT, pid, NULL, SIGUSR1));
	JOIN_STATUS(pid, 1);
	pid = traced(raise_usr1);
	CHECK_OK(ptrace(PTRACE_CONT, pid, NULL, 0));
	stopped_by(pid, SIGUSR1);
	/* Suppressed. */
	CHECK_OK(ptrace(PTRACE_CONT, pid, NULL, 0));
	JOIN_STATUS(pid, 0);
}

#ifdef __x86_64__
static void call_getppid(void)
{
	_exit(sys(getppid) == 99 ? 9 : 8);
}

TEST(system_calls_are_seen_and_changed, "ptrace")
{
	struct user_regs_struct regs;
	pid_t pid = traced(call_getppid);
	int seen = 0;

	CHECK_OK(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD));
	for (int i = 0; i < 20 && !seen; i++) {
		CHECK_OK(ptrace(PTRACE_SYSCALL, pid, NULL, 0));
		stopped_by(pid, SIGTRAP | 0x80);
		CHECK_OK(ptrace(PTRACE_GETREGS, pid, NULL, &regs));
		if (regs.orig_rax == SYS_getppid && (long)regs.rax != -ENOSYS) {
			seen = 1;
			regs.rax = 99;
			CHECK_OK(ptrace(PTRACE_SETREGS, pid, NULL, &regs));
		}
	}
	CHECK_EQ(seen, 1);
	CHECK_OK(ptrace(PTRACE_CONT, pid, NULL, 0));
	JOIN_STATUS(pid, 9);
}

static void trap(void)
{
	asm volatile("int3");
	_exit(6);
}

TEST(breakpoint_and_single_step, "ptrace")
{
	struct user_regs_struct before, after;
	pid_t pid = traced(trap);

	CHECK_OK(ptrace(PTRACE_CONT, pid, NULL, 0));
	stopped_by(pid, SIGTRAP);
	CHECK_OK(ptrace(PTRACE_GETREGS, pid, NULL, &before));
	CHECK_OK(ptrace(PTRACE_SINGLESTEP, pid, NULL, 0));
	stopped_by(pid, SIGTRAP);
	CHECK_OK(ptrace(PTRACE_GETREGS, pid, NULL, &after));
	CHECK(before.rip != after.rip);
	CHECK_OK(ptrace(PTRACE_CONT, pid, NULL, 0));
	JOIN_STATUS(pid, 6);
}
#endif

static void exec_sh(void)
{
	execl("/bin/sh", "sh", "-c", "exit 12", NULL);
}

TEST(exec_stops_the_child, "ptrace execve")
{
	pid_t pid = traced(exec_sh);

	CHECK_OK(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACEEXEC));
	CHECK_OK(ptrace(PTRACE_CONT, pid, NULL, 0));
	stopped_by(pid, SIGTRAP | PTRACE_EVENT_EXEC << 8);
	CHECK_OK(ptrace(PTRACE_CONT, pid, NULL, 0));
	JOIN_STATUS(pid, 12);
}

TEST(attach_and_detach, "ptrace kill")
{
	int status;
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) == -1 && (errno == EPERM || errno == ENOSYS)) {
		kill(pid, SIGKILL);
		skip("ptrace is missing or forbidden here");
	}
	stopped_by(pid, SIGSTOP);
	CHECK_OK(ptrace(PTRACE_DETACH, pid, NULL, 0));
	CHECK_EQ(waitpid(pid, &status, WNOHANG | WUNTRACED), 0);
	CHECK_OK(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	CHECK_OK(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
	stopped_by(pid, SIGTRAP | PTRACE_EVENT_STOP << 8);
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
