// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tty_test.c - pseudo-terminals: the line discipline, window size, controlling
 * terminal and the signals of job control.
 */
#include "check.h"

#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;
static char slave_name[PATH_MAX];

static void open_pty(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY);
	REQUIRE(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	REQUIRE(ptsname_r(master, slave_name, sizeof(slave_name)) == 0);
	slave = open(slave_name, O_RDWR | O_NOCTTY);
	REQUIRE(slave >= 0);
}

TEST(isatty_and_window_size, "ioctl openat")
{
	struct winsize ws = {.ws_row = 24, .ws_col = 80}, got;

	open_pty();
	CHECK(isatty(slave) && isatty(master));
	CHECK_OK(ioctl(master, TIOCSWINSZ, &ws));
	CHECK_OK(ioctl(slave, TIOCGWINSZ, &got));
	CHECK(got.ws_row == 24 && got.ws_col == 80);
	CHECK_ERRNO(ioctl(slave, TIOCGWINSZ, bad), EFAULT);
	CHECK_ERRNO(lseek(slave, 0, SEEK_SET), ESPIPE);
}

TEST(lines_and_echo, "read write poll ioctl")
{
	struct pollfd pfd;
	char buf[64];

	open_pty();
	pfd = (struct pollfd){.fd = slave, .events = POLLIN};
	CHECK_EQ(write(master, "ab", 2), 2);
	CHECK_EQ(poll(&pfd, 1, 20), 0);
	/* DEL takes one character back; the line is there with its end. */
	CHECK_EQ(write(master, "X\177c\r", 4), 4);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK_EQ(read(slave, buf, sizeof(buf)), 4);
	CHECK(!memcmp(buf, "abc\n", 4));
	CHECK(read(master, buf, 2) == 2 && !memcmp(buf, "ab", 2));
	CHECK(read(master, buf, sizeof(buf)) > 0);
	/* Output: a newline becomes carriage return and newline. */
	CHECK_EQ(write(slave, "out\n", 4), 4);
	CHECK_EQ(read(master, buf, sizeof(buf)), 5);
	CHECK(!memcmp(buf, "out\r\n", 5));
	CHECK_EQ(write(master, "\004", 1), 1);
	CHECK_EQ(read(slave, buf, sizeof(buf)), 0);
}

TEST(raw_mode, "ioctl read write")
{
	struct termios t, got;
	char buf[8];

	open_pty();
	CHECK_OK(tcgetattr(slave, &t));
	CHECK((t.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG));
	cfmakeraw(&t);
	CHECK_OK(tcsetattr(slave, TCSANOW, &t));
	CHECK_OK(tcgetattr(slave, &got));
	CHECK(!(got.c_lflag & (ICANON | ECHO | ISIG)));
	CHECK_EQ(write(master, "\003x", 2), 2);
	CHECK_EQ(read(slave, buf, 8), 2);
	CHECK(!memcmp(buf, "\003x", 2));
	CHECK_EQ(write(slave, "\n", 1), 1);
	CHECK_EQ(read(master, buf, 8), 1);
}

TEST(hangup, "read write close")
{
	char c;

	open_pty();
	close(slave);
	CHECK_ERRNO(read(master, &c, 1), EIO);
	slave = open(slave_name, O_RDWR | O_NOCTTY);
	close(master);
	CHECK_EQ(read(slave, &c, 1), 0);
	CHECK_ERRNO(write(slave, "x", 1), EIO);
}

static void become_session_leader(void)
{
	CHECK_EQ(setsid(), getpid());
	CHECK_OK(ioctl(slave, TIOCSCTTY, 0));
	CHECK_EQ(tcgetpgrp(slave), getpid());
	CHECK_EQ(tcgetsid(slave), getpid());
}

static void wait_for_sigint(void *arg)
{
	sigset_t set, none;

	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	catch_signal(SIGINT, 0);
	become_session_leader();
	CHECK_EQ(write(*(int *)arg, "r", 1), 1);
	while (!caught[SIGINT])
		sigsuspend(&none);
}

TEST(control_c_interrupts_the_foreground_group, "ioctl setsid")
{
	int fds[2];
	pid_t pid;
	char c;

	open_pty();
	REQUIRE(pipe(fds) == 0);
	pid = spawn(wait_for_sigint, &fds[1]);
	REQUIRE(read(fds[0], &c, 1) == 1);
	CHECK_EQ(write(master, "\003", 1), 1);
	JOIN(pid);
}

static void read_in_background(void *arg)
{
	int status;
	pid_t pid;
	char c;

	become_session_leader();
	signal(SIGHUP, SIG_IGN);
	pid = fork();
	if (!pid) {
		CHECK_OK(setpgid(0, 0));
		(void)!read(slave, &c, 1);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN);
	CHECK_OK(tcsetpgrp(slave, pid));
	CHECK_OK(kill(pid, SIGCONT));
	CHECK_EQ(write(master, "\n", 1), 1);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
}

TEST(background_reader_is_stopped, "ioctl setpgid wait4")
{
	open_pty();
	JOIN(spawn(read_in_background, NULL));
}
