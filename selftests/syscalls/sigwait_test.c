// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sigwait_test.c - waiting for signals: sigsuspend, sigtimedwait, signalfd, and
 * stopping and continuing processes.
 */
#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>

#define MS		    1000000LL
#define KERNEL_SIGSET_BYTES 8

static sigset_t set_of(int a, int b)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, a);
	if (b)
		sigaddset(&set, b);
	return set;
}

static void send_usr1(void *arg)
{
	CHECK_OK(kill(*(pid_t *)arg, SIGUSR1));
}

TEST(sigsuspend_swaps_the_mask, "rt_sigsuspend")
{
	sigset_t usr1 = set_of(SIGUSR1, 0), none, after;
	pid_t self = getpid(), pid;

	catch_signal(SIGUSR1, SA_RESTART);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	sigemptyset(&none);
	raise(SIGUSR1);
	CHECK_ERRNO(sigsuspend(&none), EINTR);
	CHECK_EQ(caught[SIGUSR1], 1);
	sigprocmask(SIG_BLOCK, NULL, &after);
	CHECK(sigismember(&after, SIGUSR1));
	/* Woken by another process, once asleep. */
	pid = spawn_after(20, send_usr1, &self);
	CHECK_ERRNO(sigsuspend(&none), EINTR);
	CHECK_EQ(caught[SIGUSR1], 2);
	CHECK_EQ(caught_info.si_pid, pid);
	JOIN(pid);
	CHECK_ERRNO(sys(rt_sigsuspend, bad, KERNEL_SIGSET_BYTES), EFAULT);
	CHECK_ERRNO(sys(rt_sigsuspend, &none, 7), EINVAL);
}

TEST(sigtimedwait_takes_a_pending_signal, "rt_sigtimedwait")
{
	sigset_t set = set_of(SIGUSR1, SIGRTMIN + 1);
	struct timespec zero = {0, 0};
	siginfo_t info;

	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK_ERRNO(sigtimedwait(&set, &info, &zero), EAGAIN);
	CHECK_OK(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 8}));
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(sigtimedwait(&set, &info, &zero), SIGUSR1);
	CHECK_EQ(info.si_signo, SIGUSR1);
	CHECK_EQ(info.si_pid, getpid());
	CHECK_EQ(sigwaitinfo(&set, &info), SIGRTMIN + 1);
	CHECK_EQ(info.si_value.sival_int, 8);
	CHECK_ERRNO(sigtimedwait(&set, NULL, &zero), EAGAIN);
}

TEST(sigtimedwait_timeout_and_wake, "rt_sigtimedwait")
{
	sigset_t set = set_of(SIGUSR1, 0);
	struct timespec ts = ms_to_ts(20), wrong = {0, -1};
	int64_t start = now_ns(CLOCK_MONOTONIC);
	pid_t self = getpid(), pid;
	siginfo_t info;

	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK_ERRNO(sigtimedwait(&set, &info, &ts), EAGAIN);
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20 * MS);
	pid = spawn_after(20, send_usr1, &self);
	ts.tv_sec = 100;
	CHECK_EQ(sigtimedwait(&set, &info, &ts), SIGUSR1);
	CHECK_EQ(info.si_pid, pid);
	JOIN(pid);
	CHECK_ERRNO(sys(rt_sigtimedwait, &set, &info, &wrong, KERNEL_SIGSET_BYTES), EINVAL);
	CHECK_ERRNO(sys(rt_sigtimedwait, &set, &info, &ts, 4), EINVAL);
	CHECK_ERRNO(sys(rt_sigtimedwait, bad, &info, &ts, KERNEL_SIGSET_BYTES), EFAULT);
	CHECK_ERRNO(sys(rt_sigtimedwait, &set, &info, bad, KERNEL_SIGSET_BYTES), EFAULT);
	raise(SIGUSR1);
	CHECK_ERRNO(sys(rt_sigtimedwait, &set, bad, &ts, KERNEL_SIGSET_BYTES), EFAULT);
	CHECK_NEVER_RESTARTED(sys(rt_sigtimedwait, &set, NULL, NULL, KERNEL_SIGSET_BYTES));
}

TEST(sigwait_of_libc_skips_interruptions, "rt_sigtimedwait")
{
	sigset_t set = set_of(SIGUSR1, 0);
	pid_t self = getpid(), pid;
	int sig = 0;

	sigprocmask(SIG_BLOCK, &set, NULL);
	tick_start(0, NULL);
	pid = spawn_after(30, send_usr1, &self);
	CHECK_EQ(sigwait(&set, &sig), 0);
	CHECK_EQ(sig, SIGUSR1);
	tick_stop();
	JOIN(pid);
}

static void *take_one(void *arg)
{
	sigset_t set = set_of(SIGUSR1, 0);
	siginfo_t info;

	CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
	return NULL;
}

TEST(process_signal_goes_to_the_thread_that_waits, "rt_sigtimedwait")
{
	sigset_t set = set_of(SIGUSR1, 0);
	pthread_t thread;

	sigprocmask(SIG_BLOCK, &set, NULL);
	REQUIRE(pthread_create(&thread, NULL, take_one, NULL) == 0);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

TEST(signalfd_reads_what_is_pending, "signalfd4 read")
{
	sigset_t set = set_of(SIGUSR1, SIGRTMIN);
	struct signalfd_siginfo si[3];
	int fd;

	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = CHECK_OK(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(read(fd, si, sizeof(si)), EAGAIN);
	CHECK_OK(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 3}));
	CHECK_OK(kill(getpid(), SIGUSR1));
	memset(si, 0xcc, sizeof(si));
	CHECK_EQ(read(fd, si, sizeof(si)), 2 * sizeof(si[0]));
	CHECK_EQ(si[0].ssi_signo, SIGUSR1);
	CHECK_EQ(si[0].ssi_code, SI_USER);
	CHECK_EQ(si[0].ssi_pid, getpid());
	CHECK_EQ(si[0].ssi_uid, getuid());
	CHECK_EQ(si[1].ssi_signo, SIGRTMIN);
	CHECK_EQ(si[1].ssi_int, 3);
	CHECK_ERRNO(read(fd, si, sizeof(si[0]) - 1), EINVAL);
	raise(SIGUSR1);
	CHECK_ERRNO(read(fd, bad, sizeof(si)), EFAULT);
	CHECK_ERRNO(write(fd, si, sizeof(si)), EINVAL);
}

TEST(signalfd_change_set_and_errors, "signalfd4 signalfd")
{
	sigset_t usr1 = set_of(SIGUSR1, 0), usr2 = set_of(SIGUSR2, 0),
		 both = set_of(SIGUSR1, SIGUSR2);
	struct signalfd_siginfo si;
	int fd, pipe_fds[2];

	sigprocmask(SIG_BLOCK, &both, NULL);
	fd = CHECK_OK(sys(signalfd, -1, &usr1, KERNEL_SIGSET_BYTES));
	CHECK_OK(fcntl(fd, F_SETFL, O_NONBLOCK));
	raise(SIGUSR2);
	CHECK_ERRNO(read(fd, &si, sizeof(si)), EAGAIN);
	CHECK_EQ(signalfd(fd, &usr2, 0), fd);
	CHECK_EQ(read(fd, &si, sizeof(si)), sizeof(si));
	CHECK_EQ(si.ssi_signo, SIGUSR2);
	CHECK_ERRNO(signalfd(-1, &usr1, 0x4), EINVAL);
	CHECK_ERRNO(sys(signalfd4, -1, &usr1, 4, 0), EINVAL);
	CHECK_ERRNO(sys(signalfd4, -1, bad, KERNEL_SIGSET_BYTES, 0), EFAULT);
	CHECK_ERRNO(signalfd(99, &usr1, 0), EBADF);
	REQUIRE(pipe(pipe_fds) == 0);
	CHECK_ERRNO(signalfd(pipe_fds[0], &usr1, 0), EINVAL);
}

static void raise_usr1_from_tick(void)
{
	kill(getpid(), SIGUSR1);
}

TEST(signalfd_blocks_until_a_signal, "signalfd4 read poll")
{
	sigset_t set = set_of(SIGUSR1, 0);
	struct signalfd_siginfo si;
	pid_t self = getpid(), pid;
	int fd;

	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = CHECK_OK(signalfd(-1, &set, 0));
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	pid = spawn_after(20, send_usr1, &self);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK_EQ(read(fd, &si, sizeof(si)), sizeof(si));
	CHECK_EQ(si.ssi_pid, pid);
	JOIN(pid);
	pid = spawn_after(20, send_usr1, &self);
	CHECK_EQ(read(fd, &si, sizeof(si)), sizeof(si));
	JOIN(pid);
	CHECK_INTERRUPTED(read(fd, &si, sizeof(si)));
	CHECK_RESTARTED(read(fd, &si, sizeof(si)), sizeof(si), raise_usr1_from_tick);
}

static void exit_when_continued(void *arg)
{
	raise(SIGSTOP);
}

TEST(stop_and_continue_are_reported, "wait4 waitid kill")
{
	pid_t pid = spawn(exit_when_continued, NULL);
	int status;

	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	/* Told once; still stopped. */
	CHECK_EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
	CHECK_OK(kill(pid, SIGCONT));
	JOIN(pid);
}

static void wait_for_usr1(void *arg)
{
	sigset_t none;

	sigemptyset(&none);
	CHECK_EQ(write(*(int *)arg, "r", 1), 1);
	while (!caught[SIGUSR1])
		sigsuspend(&none);
}

TEST(continued_process_is_reported_and_handler_runs, "wait4 waitid")
{
	sigset_t set = set_of(SIGUSR1, 0);
	siginfo_t info;
	int fds[2], status;
	pid_t pid;
	char c;

	REQUIRE(pipe(fds) == 0);
	catch_signal(SIGUSR1, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = spawn(wait_for_usr1, &fds[1]);
	REQUIRE(read(fds[0], &c, 1) == 1);
	CHECK_OK(kill(pid, SIGSTOP));
	memset(&info, 0, sizeof(info));
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT));
	CHECK_EQ(info.si_code, CLD_STOPPED);
	CHECK_EQ(info.si_status, SIGSTOP);
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED));
	/* A stopped process takes no signal but SIGKILL and SIGCONT. */
	CHECK_OK(kill(pid, SIGUSR1));
	sleep_ms(20);
	CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
	CHECK_OK(kill(pid, SIGCONT));
	JOIN(pid);
}

static void sleep_for_ever(void *arg)
{
	for (;;)
		pause();
}

TEST(wcontinued_and_kill_of_a_stopped_process, "waitid kill")
{
	pid_t pid = spawn(sleep_for_ever, NULL);
	siginfo_t info;
	int status;

	CHECK_OK(kill(pid, SIGTSTP));
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
	CHECK_OK(kill(pid, SIGCONT));
	CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
	CHECK(WIFCONTINUED(status));
	CHECK_OK(kill(pid, SIGSTOP));
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED));
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(sigcont_removes_a_pending_stop, "kill")
{
	sigset_t set = set_of(SIGTSTP, SIGCONT), pending;

	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTSTP);
	CHECK_OK(sigpending(&pending));
	CHECK(sigismember(&pending, SIGTSTP));
	catch_signal(SIGCONT, 0);
	raise(SIGCONT);
	CHECK_OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGTSTP));
	CHECK(sigismember(&pending, SIGCONT));
}

static void exit_7(void *arg)
{
	_exit(7);
}

TEST(sigchld_tells_what_happened, "rt_sigtimedwait wait4")
{
	sigset_t set = set_of(SIGCHLD, 0);
	siginfo_t info;
	pid_t pid;

	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = spawn(exit_7, NULL);
	CHECK_EQ(sigwaitinfo(&set, &info), SIGCHLD);
	CHECK_EQ(info.si_code, CLD_EXITED);
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(info.si_status, 7);
	CHECK_EQ(info.si_uid, getuid());
	JOIN_STATUS(pid, 7);

	pid = spawn(sleep_for_ever, NULL);
	CHECK_OK(kill(pid, SIGSTOP));
	CHECK_EQ(sigwaitinfo(&set, &info), SIGCHLD);
	CHECK_EQ(info.si_code, CLD_STOPPED);
	CHECK_OK(kill(pid, SIGCONT));
	CHECK_EQ(sigwaitinfo(&set, &info), SIGCHLD);
	CHECK_EQ(info.si_code, CLD_CONTINUED);
	CHECK_OK(kill(pid, SIGTERM));
	CHECK_EQ(sigwaitinfo(&set, &info), SIGCHLD);
	CHECK_EQ(info.si_code, CLD_KILLED);
	CHECK_EQ(info.si_status, SIGTERM);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

TEST(nocldstop_and_ignored_sigchld, "rt_sigaction wait4")
{
	struct sigaction sa = {.sa_handler = SIG_IGN};
	pid_t pid;
	int status;

	catch_signal(SIGCHLD, SA_NOCLDSTOP);
	pid = spawn(exit_when_continued, NULL);
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK_EQ(caught[SIGCHLD], 0);
	CHECK_OK(kill(pid, SIGCONT));
	JOIN(pid);
	CHECK_EQ(caught[SIGCHLD], 1);

	/* Nobody to reap: wait(2) blocks until all have gone, then ECHILD. */
	REQUIRE(sigaction(SIGCHLD, &sa, NULL) == 0);
	spawn(exit_7, NULL);
	CHECK_ERRNO(waitpid(-1, &status, 0), ECHILD);
	catch_signal(SIGCHLD, SA_NOCLDWAIT);
	spawn(exit_7, NULL);
	CHECK_ERRNO(waitpid(-1, &status, 0), ECHILD);
}
