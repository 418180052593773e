// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * locks_test.c - locking files: flock, POSIX record locks, and locks of the
 * open file description; who holds what, who waits, and what lets go.
 */
#include "check.h"

#include <sys/file.h>
#include <sys/stat.h>

static int fd;

static void open_file(void)
{
	make_file("file", "0123456789", 0644);
	fd = open("file", O_RDWR);
	REQUIRE(fd >= 0);
}

static long record_lock(int f, int cmd, int type, off_t start, off_t len)
{
	struct flock fl = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};

	return fcntl(f, cmd, &fl);
}

/* Starts a process that opens the file itself, locks it and keeps the lock. */
static pid_t holder(void (*take)(int f))
{
	int fds[2], f;
	pid_t pid;
	char c;

	REQUIRE(pipe(fds) == 0);
	pid = fork();
	if (!pid) {
		f = open("file", O_RDWR);
		take(f);
		CHECK_EQ(write(fds[1], "r", 1), 1);
		for (;;)
			pause();
	}
	REQUIRE(read(fds[0], &c, 1) == 1);
	return pid;
}

static pid_t tick_holder;

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

static void end_holder_from_tick(void)
{
	kill(tick_holder, SIGKILL);
}

static void kill_later(void *arg)
{
	kill(*(pid_t *)arg, SIGKILL);
}

static void flock_exclusive(int f)
{
	CHECK_OK(flock(f, LOCK_EX));
}

static void flock_shared(int f)
{
	CHECK_OK(flock(f, LOCK_SH));
}

static void record_write(int f)
{
	CHECK_OK(record_lock(f, F_SETLK, F_WRLCK, 2, 4));
}

static void ofd_write(int f)
{
	CHECK_OK(record_lock(f, F_OFD_SETLK, F_WRLCK, 2, 4));
}

TEST(flock_excludes_other_open_files, "flock")
{
	int other, copy;

	open_file();
	other = open("file", O_RDONLY);
	copy = dup(fd);
	CHECK_OK(sys(flock, fd, LOCK_EX));
	CHECK_ERRNO(flock(other, LOCK_EX | LOCK_NB), EAGAIN);
	CHECK_ERRNO(flock(other, LOCK_SH | LOCK_NB), EAGAIN);
	/* A duplicate is the same open file: the lock is its own. */
	CHECK_OK(flock(copy, LOCK_EX | LOCK_NB));
	CHECK_OK(flock(fd, LOCK_SH));
	CHECK_OK(flock(other, LOCK_SH | LOCK_NB));
	CHECK_OK(flock(other, LOCK_UN));
	close(fd);
	CHECK_OK(flock(copy, LOCK_EX | LOCK_NB));
	close(copy);
	/* The last close lets go. */
	CHECK_OK(flock(other, LOCK_EX | LOCK_NB));
}

TEST(flock_errors, "flock")
{
	open_file();
	CHECK_ERRNO(flock(99, LOCK_EX), EBADF);
	CHECK_ERRNO(flock(fd, 0), EINVAL);
	CHECK_ERRNO(flock(fd, 16), EINVAL);
	CHECK_ERRNO(flock(open("file", O_PATH), LOCK_EX), EBADF);
	CHECK_OK(flock(fd, LOCK_UN));
}

TEST(flock_blocks, "flock")
{
	pid_t pid, killer;

	open_file();
	pid = holder(flock_shared);
	CHECK_OK(flock(fd, LOCK_SH | LOCK_NB));
	CHECK_OK(flock(fd, LOCK_UN));
	CHECK_ERRNO(flock(fd, LOCK_EX | LOCK_NB), EAGAIN);
	/* The holder dies while we wait. */
	killer = spawn_after(20, kill_later, &pid);
	CHECK_OK(flock(fd, LOCK_EX));
	JOIN(killer);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	CHECK_OK(flock(fd, LOCK_UN));
	tick_holder = holder(flock_exclusive);
	CHECK_INTERRUPTED(flock(fd, LOCK_EX));
	CHECK_RESTARTED(flock(fd, LOCK_EX), 0, end_holder_from_tick);
}

TEST(record_locks_exclude_other_processes, "fcntl")
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
	pid_t pid;

	open_file();
	pid = holder(record_write);
	CHECK_ERRNO(record_lock(fd, F_SETLK, F_WRLCK, 0, 10), EAGAIN);
	CHECK_ERRNO(record_lock(fd, F_SETLK, F_RDLCK, 5, 1), EAGAIN);
	CHECK_OK(record_lock(fd, F_SETLK, F_WRLCK, 0, 2));
	CHECK_OK(record_lock(fd, F_SETLK, F_WRLCK, 6, 0));
	CHECK_OK(fcntl(fd, F_GETLK, &fl));
	CHECK_EQ(fl.l_type, F_WRLCK);
	CHECK_EQ(fl.l_pid, pid);
	CHECK(fl.l_start == 2 && fl.l_len == 4);
	end(pid);
	CHECK_OK(record_lock(fd, F_SETLK, F_WRLCK, 2, 4));
	CHECK_OK(fcntl(fd, F_GETLK, &fl));
	CHECK_EQ(fl.l_type, F_UNLCK);
}

static void own_locks_are_not_inherited(void *arg)
{
	CHECK_ERRNO(record_lock(fd, F_SETLK, F_WRLCK, 0, 1), EAGAIN);
}

TEST(record_locks_belong_to_the_process, "fcntl close")
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int second;

	open_file();
	CHECK_OK(record_lock(fd, F_SETLK, F_WRLCK, 0, 0));
	JOIN(spawn(own_locks_are_not_inherited, NULL));
	/* One lock, split by unlocking its middle, and merged again. */
	CHECK_OK(record_lock(fd, F_SETLK, F_UNLCK, 3, 2));
	CHECK_OK(record_lock(fd, F_SETLK, F_RDLCK, 0, 0));
	/* Closing any descriptor of the file drops them all. */
	second = open("file", O_RDONLY);
	close(second);
	pid_t pid = fork();
	if (!pid) {
		CHECK_OK(fcntl(fd, F_GETLK, &fl));
		CHECK_EQ(fl.l_type, F_UNLCK);
		_exit(0);
	}
	JOIN(pid);
}

TEST(record_lock_errors, "fcntl")
{
	int ro;

	open_file();
	ro = open("file", O_RDONLY);
	CHECK_ERRNO(record_lock(99, F_SETLK, F_WRLCK, 0, 0), EBADF);
	CHECK_ERRNO(record_lock(ro, F_SETLK, F_WRLCK, 0, 0), EBADF);
	CHECK_OK(record_lock(ro, F_SETLK, F_RDLCK, 0, 0));
	CHECK_ERRNO(record_lock(fd, F_SETLK, 77, 0, 0), EINVAL);
	CHECK_ERRNO(record_lock(fd, F_SETLK, F_WRLCK, -1, 0), EINVAL);
	CHECK_ERRNO(fcntl(fd, F_SETLK, bad), EFAULT);
	CHECK_ERRNO(fcntl(fd, F_GETLK, bad), EFAULT);
	struct flock fl = {.l_type = F_WRLCK, .l_pid = 1};
	CHECK_ERRNO(fcntl(fd, F_OFD_SETLK, &fl), EINVAL);
}

TEST(record_locks_block, "fcntl")
{
	pid_t pid, killer;

	open_file();
	pid = holder(record_write);
	killer = spawn_after(20, kill_later, &pid);
	CHECK_OK(record_lock(fd, F_SETLKW, F_WRLCK, 0, 0));
	JOIN(killer);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	CHECK_OK(record_lock(fd, F_SETLK, F_UNLCK, 0, 0));
	tick_holder = holder(record_write);
	CHECK_INTERRUPTED(record_lock(fd, F_SETLKW, F_WRLCK, 0, 0));
	CHECK_RESTARTED(record_lock(fd, F_SETLKW, F_WRLCK, 0, 0), 0, end_holder_from_tick);
}

static void lock_one_want_zero(void *arg)
{
	int f = open("file", O_RDWR);

	CHECK_OK(record_lock(f, F_SETLK, F_WRLCK, 1, 1));
	CHECK_EQ(write(*(int *)arg, "r", 1), 1);
	/* Granted once the other has been refused and lets go. */
	CHECK_OK(record_lock(f, F_SETLKW, F_WRLCK, 0, 1));
}

TEST(deadlock_is_refused, "fcntl")
{
	int fds[2];
	pid_t pid;
	char c;

	open_file();
	REQUIRE(pipe(fds) == 0);
	CHECK_OK(record_lock(fd, F_SETLK, F_WRLCK, 0, 1));
	pid = spawn(lock_one_want_zero, &fds[1]);
	REQUIRE(read(fds[0], &c, 1) == 1);
	sleep_ms(300);
	CHECK_ERRNO(record_lock(fd, F_SETLKW, F_WRLCK, 1, 1), EDEADLK);
	CHECK_OK(record_lock(fd, F_SETLK, F_UNLCK, 0, 1));
	JOIN(pid);
}

TEST(locks_of_the_open_file, "fcntl")
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int other, copy;
	pid_t pid;

	open_file();
	other = open("file", O_RDWR);
	copy = dup(fd);
	CHECK_OK(record_lock(fd, F_OFD_SETLK, F_WRLCK, 0, 5));
	CHECK_ERRNO(record_lock(other, F_OFD_SETLK, F_WRLCK, 0, 5), EAGAIN);
	CHECK_OK(record_lock(copy, F_OFD_SETLK, F_WRLCK, 0, 5));
	/* They also exclude the process's own record locks. */
	CHECK_ERRNO(record_lock(other, F_SETLK, F_WRLCK, 0, 5), EAGAIN);
	CHECK_OK(fcntl(other, F_OFD_GETLK, &fl));
	CHECK(fl.l_type == F_WRLCK && fl.l_pid == -1);
	close(copy);
	CHECK_ERRNO(record_lock(other, F_OFD_SETLK, F_RDLCK, 0, 5), EAGAIN);
	close(fd);
	CHECK_OK(record_lock(other, F_OFD_SETLK, F_WRLCK, 0, 5));
	CHECK_OK(record_lock(other, F_OFD_SETLK, F_UNLCK, 0, 5));
	fd = other;
	pid = holder(ofd_write);
	CHECK_INTERRUPTED(record_lock(fd, F_OFD_SETLKW, F_WRLCK, 0, 5));
	pid_t killer = spawn_after(20, kill_later, &pid);
	CHECK_OK(record_lock(fd, F_OFD_SETLKW, F_WRLCK, 0, 5));
	JOIN(killer);
}
