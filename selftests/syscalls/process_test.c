// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process_test.c - making and waiting for processes: fork, vfork, clone and
 * clone3, wait4 and waitid, groups, sessions, orphans, pidfds.
 */
#include "check.h"

#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static void exit_with(void *arg)
{
	_exit((int)(intptr_t)arg);
}

static void sleep_for_ever(void *arg)
{
	for (;;)
		pause();
}

static void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

TEST(fork_copies_memory, "fork wait4 exit_group")
{
	int value = 1, status;
	pid_t pid = sys(fork);

	if (!pid) {
		value = 2;
		_exit(value);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	CHECK_EQ(value, 1);
}

TEST(pids_and_parents, "getpid getppid gettid clone")
{
	pid_t self = getpid(), pid;

	CHECK_EQ(sys(getpid), self);
	CHECK_EQ(sys(gettid), self);
	pid = fork();
	if (!pid) {
		CHECK_EQ(sys(getppid), self);
		CHECK(sys(getpid) != self);
		CHECK_EQ(sys(gettid), sys(getpid));
		_exit(0);
	}
	JOIN(pid);
}

TEST(vfork_parent_waits_and_memory_is_shared, "vfork")
{
	volatile int value = 1;
	pid_t pid = vfork();

	if (pid == 0) {
		value = 2;
		_exit(3);
	}
	CHECK_EQ(value, 2);
	JOIN_STATUS(pid, 3);
}

TEST(vfork_and_exec, "vfork execve")
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "exit 5", NULL);
		_exit(127);
	}
	JOIN_STATUS(pid, 5);
}

TEST(posix_spawn_of_libc, "clone execve")
{
	char *const argv[] = {"sh", "-c", "exit 6", NULL}, *const env[] = {NULL};
	pid_t pid;

	CHECK_EQ(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, env), 0);
	JOIN_STATUS(pid, 6);
	CHECK_EQ(posix_spawn(&pid, "/nonexistent", NULL, NULL, argv, env), ENOENT);
}

TEST(wait4_options_and_errors, "wait4")
{
	struct rusage ru;
	int status = -1;
	pid_t pid;

	CHECK_ERRNO(sys(wait4, -1, &status, 0, NULL), ECHILD);
	CHECK_ERRNO(sys(wait4, getpid(), &status, 0, NULL), ECHILD);
	CHECK_ERRNO(sys(wait4, -1, &status, 0x100, NULL), EINVAL);
	pid = spawn(sleep_for_ever, NULL);
	CHECK_EQ(sys(wait4, pid, &status, WNOHANG, NULL), 0);
	CHECK_EQ(sys(wait4, -1, &status, WNOHANG, NULL), 0);
	CHECK_ERRNO(sys(wait4, pid + 100000, &status, WNOHANG, NULL), ECHILD);
	kill(pid, SIGKILL);
	memset(&ru, 0xcc, sizeof(ru));
	CHECK_EQ(sys(wait4, pid, &status, 0, &ru), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK(ru.ru_utime.tv_sec >= 0 && ru.ru_utime.tv_usec < 1000000);
	CHECK_ERRNO(sys(wait4, pid, &status, 0, NULL), ECHILD);
	/* The status has nowhere to go, but the child has been reaped. */
	pid = spawn(exit_with, (void *)1);
	CHECK_ERRNO(sys(wait4, pid, bad, 0, NULL), EFAULT);
	pid = spawn(exit_with, (void *)1);
	CHECK_EQ(sys(wait4, pid, NULL, 0, NULL), pid);
	CHECK_ERRNO(sys(wait4, INT32_MIN, &status, 0, NULL), ESRCH);
}

TEST(wait_by_group, "wait4 setpgid")
{
	pid_t mine = spawn(exit_with, (void *)1), other = spawn(sleep_for_ever, NULL);
	int status;

	CHECK_OK(setpgid(other, other));
	CHECK_EQ(waitpid(0, &status, 0), mine);
	CHECK_ERRNO(waitpid(0, &status, 0), ECHILD);
	CHECK_EQ(waitpid(-other, &status, WNOHANG), 0);
	kill(-other, SIGKILL);
	CHECK_EQ(waitpid(-other, &status, 0), other);
}

static pid_t tick_child;

static void kill_child_from_tick(void)
{
	kill(tick_child, SIGKILL);
}

TEST(wait_blocks, "wait4 waitid")
{
	siginfo_t info;

	tick_child = spawn(sleep_for_ever, NULL);
	CHECK_INTERRUPTED(waitpid(tick_child, NULL, 0));
	CHECK_INTERRUPTED(waitid(P_PID, tick_child, &info, WEXITED));
	CHECK_RESTARTED(waitpid(tick_child, NULL, 0), tick_child, kill_child_from_tick);
	tick_child = spawn(sleep_for_ever, NULL);
	CHECK_RESTARTED(waitid(P_PID, tick_child, &info, WEXITED), 0, kill_child_from_tick);
	CHECK_EQ(info.si_pid, tick_child);
}

TEST(waitid_fills_siginfo, "waitid")
{
	siginfo_t info;
	pid_t pid = spawn(exit_with, (void *)9);

	memset(&info, 0xcc, sizeof(info));
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	CHECK_EQ(info.si_signo, SIGCHLD);
	CHECK_EQ(info.si_code, CLD_EXITED);
	CHECK_EQ(info.si_status, 9);
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(info.si_uid, getuid());
	CHECK_OK(waitid(P_ALL, 0, &info, WEXITED));
	CHECK_ERRNO(waitid(P_PID, pid, &info, WEXITED), ECHILD);
	pid = spawn(sleep_for_ever, NULL);
	memset(&info, 0xcc, sizeof(info));
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOHANG));
	CHECK_EQ(info.si_pid, 0);
	kill(pid, SIGTERM);
	CHECK_OK(waitid(P_PGID, getpgrp(), &info, WEXITED));
	CHECK_EQ(info.si_code, CLD_KILLED);
	CHECK_EQ(info.si_status, SIGTERM);
	CHECK_ERRNO(waitid(P_PID, pid, &info, 0), EINVAL);
	CHECK_ERRNO(waitid(P_PID, pid, &info, WEXITED | 0x8000), EINVAL);
	CHECK_ERRNO(waitid(99, pid, &info, WEXITED), EINVAL);
	CHECK_ERRNO(waitid(P_PID, 0, &info, WEXITED), EINVAL);
	CHECK_ERRNO(waitid(P_PIDFD, 99, &info, WEXITED), EBADF);
	pid = spawn(exit_with, (void *)9);
	CHECK_ERRNO(sys(waitid, P_PID, pid, bad, WEXITED, NULL), EFAULT);
}

static void check_orphan(void *arg)
{
	pid_t parent = getppid();
	pid_t pid = fork();

	if (pid)
		_exit(0);
	while (getppid() == getpid() || getppid() != parent)
		sleep_ms(2);
	_exit(44);
}

TEST(orphans_go_to_the_subreaper, "prctl getppid wait4")
{
	int status;
	pid_t child, orphan;

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	child = spawn(check_orphan, NULL);
	JOIN(child);
	orphan = waitpid(-1, &status, 0);
	CHECK(orphan > 0 && orphan != child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 44);
}

static void die_with_parent(void *arg)
{
	int fd = *(int *)arg;
	pid_t pid = fork();

	if (pid == 0) {
		CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGKILL));
		CHECK_EQ(write(fd, "r", 1), 1);
		sleep_for_ever(NULL);
	}
	sleep_for_ever(NULL);
}

TEST(parent_death_signal, "prctl")
{
	int fds[2];
	pid_t pid;
	char c;

	REQUIRE(pipe(fds) == 0);
	pid = spawn(die_with_parent, &fds[1]);
	close(fds[1]);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	reap(pid);
	/* End of file comes when the grandchild has died too. */
	CHECK_EQ(read(fds[0], &c, 1), 0);
}

TEST(groups_and_sessions, "setpgid getpgid getpgrp setsid getsid")
{
	pid_t pid;

	CHECK_EQ(sys(getpgrp), getpid());
	CHECK_EQ(sys(getpgid, 0), getpid());
	pid = fork();
	if (!pid) {
		CHECK_EQ(getpgrp(), getppid());
		CHECK_OK(setpgid(0, 0));
		CHECK_EQ(getpgrp(), getpid());
		CHECK_OK(setpgid(0, getppid()));
		CHECK_EQ(sys(setsid), getpid());
		CHECK_EQ(sys(getsid, 0), getpid());
		CHECK_EQ(getpgid(0), getpid());
		CHECK_ERRNO(setsid(), EPERM);
		CHECK_ERRNO(setpgid(0, 0), EPERM);
		CHECK_ERRNO(setpgid(0, getppid()), EPERM);
		_exit(0);
	}
	JOIN(pid);
	CHECK_ERRNO(setsid(), EPERM);
	CHECK_ERRNO(setpgid(0, -1), EINVAL);
	CHECK_ERRNO(setpgid(1 << 29, 0), ESRCH);
	CHECK_ERRNO(setpgid(0, 1 << 29), EPERM);
	CHECK_ERRNO(getpgid(1 << 29), ESRCH);
	CHECK_ERRNO(getsid(1 << 29), ESRCH);
	CHECK_ERRNO(getpgid(-1), ESRCH);
	CHECK_EQ(getsid(getpid()), getsid(0));
}

TEST(setpgid_after_exec_is_refused, "setpgid execve")
{
	int fds[2];
	pid_t pid;
	char c;

	REQUIRE(pipe2(fds, O_CLOEXEC) == 0);
	pid = fork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", "read x; exit 0", NULL);
		_exit(127);
	}
	close(fds[1]);
	/* Closed by exec: from here on it has happened. */
	CHECK_EQ(read(fds[0], &c, 1), 0);
	CHECK_ERRNO(setpgid(pid, pid), EACCES);
	reap(pid);
}

static char clone_stack[65536] __attribute__((aligned(16)));
static volatile int shared_value;

static int set_value(void *arg)
{
	shared_value = 77;
	*(int *)arg = gettid();
	return 5;
}

TEST(clone_shares_what_is_asked_for, "clone")
{
	int tid = 0, parent_tid = 0, flags = CLONE_VM | CLONE_FILES | CLONE_PARENT_SETTID | SIGCHLD;
	pid_t pid;

	pid = clone(set_value, clone_stack + sizeof(clone_stack), flags, &tid, &parent_tid);
	CHECK(pid > 0);
	JOIN_STATUS(pid, 5);
	CHECK_EQ(shared_value, 77);
	CHECK_EQ(tid, pid);
	CHECK_EQ(parent_tid, pid);
}

TEST(clone_errors, "clone clone3")
{
	struct clone_args args;

	CHECK_ERRNO(sys(clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0), EINVAL);
	CHECK_ERRNO(sys(clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), EINVAL);
	CHECK_ERRNO(sys(clone, CLONE_FS | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0), EINVAL);
	memset(&args, 0, sizeof(args));
	if (sys(clone3, &args, 0) == -1 && errno == ENOSYS)
		skip("this kernel or sandbox has no clone3");
	CHECK_ERRNO(sys(clone3, &args, 8), EINVAL);
	CHECK_ERRNO(sys(clone3, bad, sizeof(args)), EFAULT);
	CHECK_ERRNO(sys(clone3, &args, 1 << 20), E2BIG);
	args.exit_signal = 65;
	CHECK_ERRNO(sys(clone3, &args, sizeof(args)), EINVAL);
	args.exit_signal = SIGCHLD;
	args.stack = 0x1000;
	CHECK_ERRNO(sys(clone3, &args, sizeof(args)), EINVAL);
	args.stack = 0;
	args.flags = CLONE_THREAD;
	CHECK_ERRNO(sys(clone3, &args, sizeof(args)), EINVAL);
	args.flags = 0x1;
	CHECK_ERRNO(sys(clone3, &args, sizeof(args)), EINVAL);
}

TEST(clone3_makes_a_child_with_a_pidfd, "clone3 waitid")
{
	struct clone_args args;
	siginfo_t info;
	int pidfd = -1;
	pid_t pid;

	memset(&args, 0, sizeof(args));
	args.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
	args.pidfd = (uintptr_t)&pidfd;
	args.exit_signal = SIGCHLD;
	catch_signal(SIGUSR1, 0);
	pid = sys(clone3, &args, sizeof(args));
	if (pid == -1 && errno == ENOSYS)
		skip("this kernel or sandbox has no clone3");
	if (pid == 0) {
		struct sigaction sa;

		sigaction(SIGUSR1, NULL, &sa);
		_exit(sa.sa_handler == SIG_DFL ? 8 : 9);
	}
	CHECK(pid > 0 && pidfd >= 0);
	CHECK_OK(waitid(P_PIDFD, pidfd, &info, WEXITED));
	CHECK_EQ(info.si_status, 8);
	CHECK_EQ(info.si_pid, pid);
}

TEST(pidfd_calls, "pidfd_open pidfd_send_signal waitid poll")
{
	pid_t pid = spawn(sleep_for_ever, NULL);
	struct pollfd pfd = {.events = POLLIN};
	siginfo_t info;
	int fd;

	fd = pfd.fd = CHECK_OK(sys(pidfd_open, pid, 0));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	CHECK_EQ(sys(pidfd_send_signal, fd, 0, NULL, 0), 0);
	CHECK_EQ(sys(pidfd_send_signal, fd, SIGTERM, NULL, 0), 0);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK_EQ(pfd.revents & POLLIN, POLLIN);
	CHECK_OK(waitid(P_PIDFD, fd, &info, WEXITED));
	CHECK_EQ(info.si_status, SIGTERM);
	CHECK_ERRNO(sys(pidfd_send_signal, fd, SIGTERM, NULL, 0), ESRCH);
	CHECK_ERRNO(sys(pidfd_open, pid, 0), ESRCH);
	CHECK_ERRNO(sys(pidfd_open, -1, 0), EINVAL);
	CHECK_ERRNO(sys(pidfd_open, 0, 0), EINVAL);
	CHECK_ERRNO(sys(pidfd_open, getpid(), 1), EINVAL);
	CHECK_ERRNO(sys(pidfd_send_signal, 99, 0, NULL, 0), EBADF);
	CHECK_ERRNO(sys(pidfd_send_signal, STDOUT_FILENO, 0, NULL, 0), EBADF);
	fd = CHECK_OK(sys(pidfd_open, getpid(), 0));
	CHECK_ERRNO(sys(pidfd_send_signal, fd, 65, NULL, 0), EINVAL);
	CHECK_ERRNO(sys(pidfd_send_signal, fd, SIGTERM, NULL, 0x100), EINVAL);
	CHECK_ERRNO(sys(pidfd_send_signal, fd, SIGTERM, bad, 0), EFAULT);
}

TEST(pidfd_getfd_takes_a_descriptor, "pidfd_getfd")
{
	int fds[2], pidfd, fd;
	char c;

	REQUIRE(pipe(fds) == 0);
	pidfd = CHECK_OK(sys(pidfd_open, getpid(), 0));
	fd = sys(pidfd_getfd, pidfd, fds[1], 0);
	if (fd == -1 && (errno == ENOSYS || errno == EPERM))
		skip("pidfd_getfd is missing or forbidden here");
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(write(fd, "g", 1), 1);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_ERRNO(sys(pidfd_getfd, pidfd, 99, 0), EBADF);
	CHECK_ERRNO(sys(pidfd_getfd, 99, 0, 0), EBADF);
	CHECK_ERRNO(sys(pidfd_getfd, pidfd, 0, 1), EINVAL);
}

static void kill_itself(void *arg)
{
	sleep_ms(5);
	kill(getpid(), SIGKILL);
}

TEST(poll_on_a_pidfd_wakes, "pidfd_open poll")
{
	pid_t pid = spawn(kill_itself, NULL);
	struct pollfd pfd = {.events = POLLIN};

	pfd.fd = CHECK_OK(sys(pidfd_open, pid, 0));
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK_EQ(waitpid(pid, NULL, WNOHANG), pid);
}

static void *exit_group_from_thread(void *arg)
{
	sys(exit_group, 21);
	return NULL;
}

static void threads_then_exit_group(void *arg)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exit_group_from_thread, NULL);
	sleep_for_ever(NULL);
}

static void *exit_last(void *arg)
{
	sleep_ms(10);
	sys(exit, 23);
	return NULL;
}

static void main_thread_leaves_first(void *arg)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exit_last, NULL);
	sys(exit, 22);
}

TEST(exit_and_exit_group, "exit exit_group")
{
	JOIN_STATUS(spawn(threads_then_exit_group, NULL), 21);
	/* Without exit_group the status is that of the thread which leaves last. */
	JOIN_STATUS(spawn(main_thread_leaves_first, NULL), 23);
	JOIN_STATUS(spawn(exit_with, (void *)0x1ff), 0xff);
}

static void *get_ids(void *arg)
{
	CHECK(gettid() != getpid());
	return NULL;
}

TEST(many_threads, "clone gettid futex")
{
	pthread_t threads[50];

	for (int round = 0; round < 4; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
			REQUIRE(pthread_create(&threads[i], NULL, get_ids, NULL) == 0);
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
			CHECK_EQ(pthread_join(threads[i], NULL), 0);
	}
}

TEST(many_children, "clone wait4")
{
	int left = 100, sum = 0, status;

	for (int i = 0; i < left; i++)
		spawn(exit_with, (void *)(intptr_t)i);
	for (; left; left--) {
		REQUIRE(waitpid(-1, &status, 0) > 0);
		sum += WEXITSTATUS(status);
	}
	CHECK_EQ(sum, 99 * 100 / 2);
	CHECK_ERRNO(wait(&status), ECHILD);
}

TEST(shared_memory_between_parent_and_child, "mmap clone")
{
	int *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();

	if (!pid) {
		p[7] = 1234;
		_exit(0);
	}
	JOIN(pid);
	CHECK_EQ(p[7], 1234);
}
