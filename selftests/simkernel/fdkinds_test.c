// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fdkinds_test.c - what the tests under syscalls/ leave out about descriptors
 * that are no files: FIFOs and pipes opened by name, interrupted splices, large
 * descriptor sets, epoll items that outlive their process, SIGIO, fdinfo.
 */
#include "../syscalls/check.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

static int fds[2];

static void open_fifo_to_write(void *arg)
{
	int fd = open("fifo", O_WRONLY);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "hello", 5), 5);
}

TEST(fifo_keeps_its_inode, "open fstat")
{
	struct stat by_name, by_fd, other;
	int fd;

	REQUIRE(mkfifo("fifo", 0640) == 0);
	fd = CHECK_OK(open("fifo", O_RDWR));
	CHECK_OK(stat("fifo", &by_name));
	CHECK_OK(fstat(fd, &by_fd));
	CHECK_EQ(by_fd.st_ino, by_name.st_ino);
	CHECK_EQ(by_fd.st_dev, by_name.st_dev);
	CHECK_EQ(by_fd.st_mode, S_IFIFO | 0640);
	CHECK_OK(pipe(fds));
	CHECK_OK(fstat(fds[0], &other));
	CHECK(other.st_dev != by_fd.st_dev || other.st_ino != by_fd.st_ino);
}

static void open_and_stay(void *arg)
{
	open("fifo", O_WRONLY);
	FAIL("nobody reads, and open came back");
}

TEST(fifo_opener_that_is_killed_leaves_no_end, "open kill")
{
	char c;
	pid_t pid;
	int fd;

	REQUIRE(mkfifo("fifo", 0600) == 0);
	pid = spawn(open_and_stay, NULL);
	sleep_ms(20);
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	fd = CHECK_OK(open("fifo", O_RDONLY | O_NONBLOCK));
	CHECK_EQ(read(fd, &c, 1), 0);
	CHECK_OK(close(fd));
	CHECK_ERRNO(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
}

TEST(fifo_open_meets_its_partner, "open read")
{
	char buf[8] = "";
	pid_t pid;
	int fd;

	REQUIRE(mkfifo("fifo", 0600) == 0);
	pid = spawn_after(10, open_fifo_to_write, NULL);
	fd = CHECK_OK(open("fifo", O_RDONLY));
	CHECK_EQ(read(fd, buf, sizeof(buf)), 5);
	CHECK(!memcmp(buf, "hello", 5));
	CHECK_EQ(read(fd, buf, sizeof(buf)), 0);
	JOIN(pid);
}

TEST(fifo_reader_is_not_hung_up_before_a_writer_came, "poll open")
{
	struct pollfd pfd = {.events = POLLIN};
	int w;

	REQUIRE(mkfifo("fifo", 0600) == 0);
	pfd.fd = CHECK_OK(open("fifo", O_RDONLY | O_NONBLOCK));
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	w = CHECK_OK(open("fifo", O_WRONLY));
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	CHECK_OK(close(w));
	CHECK_EQ(poll(&pfd, 1, 0), 1);
	CHECK_EQ(pfd.revents, POLLHUP);
}

TEST(pipe_is_opened_again_through_proc, "open read write")
{
	char name[64], buf[8];
	int again;

	REQUIRE(pipe(fds) == 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fds[0]);
	again = CHECK_OK(open(name, O_WRONLY));
	CHECK_OK(close(fds[1]));
	CHECK_EQ(write(again, "abc", 3), 3);
	CHECK_EQ(read(fds[0], buf, sizeof(buf)), 3);
	CHECK_OK(close(again));
	CHECK_EQ(read(fds[0], buf, sizeof(buf)), 0);
	again = CHECK_OK(open(name, O_RDONLY | O_NONBLOCK));
	CHECK_EQ(read(again, buf, sizeof(buf)), 0);
}

static void write_last(void *arg)
{
	CHECK_EQ(write(fds[1], "x", 1), 1);
}

TEST(fifo_is_opened_again_through_proc, "open readlink fstat")
{
	char name[64], link[4096] = "";
	struct stat by_name, by_fd;
	int fd, again;

	REQUIRE(mkfifo("fifo", 0600) == 0);
	fd = CHECK_OK(open("fifo", O_RDONLY | O_NONBLOCK));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	CHECK_OK(readlink(name, link, sizeof(link) - 1));
	CHECK(!strcmp(strrchr(link, '/') ? strrchr(link, '/') : "", "/fifo"));
	again = CHECK_OK(open(name, O_WRONLY));
	CHECK_EQ(write(again, "x", 1), 1);
	CHECK_EQ(read(fd, link, sizeof(link)), 1);
	CHECK_OK(stat("fifo", &by_name));
	CHECK_OK(fstat(again, &by_fd));
	CHECK_EQ(by_fd.st_ino, by_name.st_ino);
	CHECK_OK(stat(name, &by_fd));
	CHECK_EQ(by_fd.st_ino, by_name.st_ino);
}

TEST(poll_finds_one_among_many, "poll")
{
	static struct pollfd pfd[400];
	int pipes[2];
	pid_t pid;
	size_t i;

	REQUIRE(pipe(fds) == 0 && pipe(pipes) == 0);
	for (i = 0; i < ARRAY_SIZE(pfd); i++)
		pfd[i] = (struct pollfd){.fd = pipes[0], .events = POLLIN};
	pfd[321].fd = fds[0];
	pid = spawn_after(10, write_last, NULL);
	CHECK_EQ(poll(pfd, ARRAY_SIZE(pfd), 10000), 1);
	CHECK_EQ(pfd[321].revents, POLLIN);
	JOIN(pid);
}

TEST(select_beyond_1024, "select")
{
	enum { HIGH = 2500, BYTES = 4096 / 8 };
	struct rlimit rl;
	uint64_t *set;
	pid_t pid;

	CHECK_OK(getrlimit(RLIMIT_NOFILE, &rl));
	rl.rlim_cur = rl.rlim_max;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &rl));
	if (rl.rlim_cur <= HIGH)
		skip("RLIMIT_NOFILE is only %lu", (unsigned long)rl.rlim_cur);
	REQUIRE(pipe(fds) == 0 && dup2(fds[0], HIGH) == HIGH);
	set = calloc(1, BYTES);
	set[HIGH / 64] = 1UL << HIGH % 64;
	pid = spawn_after(10, write_last, NULL);
	CHECK_EQ(sys(select, HIGH + 1, set, NULL, NULL, NULL), 1);
	CHECK_EQ(set[HIGH / 64], 1UL << HIGH % 64);
	JOIN(pid);
	set[0] = 1UL << 60;
	CHECK_ERRNO(sys(select, HIGH + 1, set, NULL, NULL, NULL), EBADF);
}

static void fill(int fd)
{
	char page[4096] = {0};

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, page, sizeof(page)) > 0)
		;
	fcntl(fd, F_SETFL, 0);
}

TEST(interrupted_splice_loses_nothing, "splice")
{
	int in[2], out[2], left;
	char buf[8];

	REQUIRE(pipe(in) == 0 && pipe(out) == 0);
	fill(out[1]);
	CHECK_EQ(write(in[1], "keep", 4), 4);
	CHECK_INTERRUPTED(splice(in[0], NULL, out[1], NULL, 4, 0));
	CHECK_OK(ioctl(in[0], FIONREAD, &left));
	CHECK_EQ(left, 4);
	CHECK_EQ(read(in[0], buf, sizeof(buf)), 4);
	CHECK(!memcmp(buf, "keep", 4));
}

TEST(sendfile_stops_where_a_pipe_is_full, "sendfile")
{
	static char data[200000];
	off_t off = 100;
	int fd, left;

	memset(data, 'x', sizeof(data) - 1);
	make_file("file", data, 0600);
	fd = CHECK_OK(open("file", O_RDONLY));
	REQUIRE(pipe2(fds, O_NONBLOCK) == 0);
	long n = CHECK_OK(sendfile(fds[1], fd, &off, sizeof(data)));
	CHECK(n > 0 && n <= 65536);
	CHECK_EQ(off, 100 + n);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
	CHECK_OK(ioctl(fds[0], FIONREAD, &left));
	CHECK_EQ(left, n);
	CHECK_ERRNO(sendfile(fds[1], fd, &off, 1), EAGAIN);
}

static void watch_my_signals(void *arg)
{
	struct epoll_event ev = {.events = EPOLLIN};

	CHECK_OK(epoll_ctl(fds[0], EPOLL_CTL_ADD, fds[1], &ev));
}

static void nothing(void *arg)
{
}

TEST(epoll_outlives_the_process_whose_signals_it_watches, "epoll_ctl signalfd4")
{
	struct signalfd_siginfo info;
	struct epoll_event ev;
	sigset_t set;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fds[0] = CHECK_OK(epoll_create1(0));
	fds[1] = CHECK_OK(signalfd(-1, &set, SFD_NONBLOCK));
	JOIN(spawn(watch_my_signals, NULL));
	/* What the dead process's memory was is somebody else's by now. */
	for (i = 0; i < 20; i++)
		JOIN(spawn(nothing, NULL));
	raise(SIGUSR1);
	/* Linux tells the epoll once that the queue it watched is gone. */
	CHECK_EQ(epoll_wait(fds[0], &ev, 1, 10), 1);
	CHECK_EQ(read(fds[1], &info, sizeof(info)), sizeof(info));
	CHECK_EQ(info.ssi_signo, SIGUSR1);
	CHECK_EQ(epoll_wait(fds[0], &ev, 1, 0), 0);
	raise(SIGUSR1);
	CHECK_EQ(epoll_wait(fds[0], &ev, 1, 10), 0);
}

TEST(sigio_tells_of_input, "fcntl")
{
	char c;

	REQUIRE(pipe(fds) == 0);
	catch_signal(SIGIO, SA_RESTART);
	CHECK_OK(fcntl(fds[0], F_SETOWN, getpid()));
	CHECK_EQ(fcntl(fds[0], F_GETOWN), getpid());
	CHECK_OK(fcntl(fds[0], F_SETFL, O_ASYNC));
	write_last(NULL);
	CHECK_EQ(caught[SIGIO], 1);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_OK(fcntl(fds[0], F_SETFL, 0));
	write_last(NULL);
	CHECK_EQ(caught[SIGIO], 1);
}

static void read_fdinfo(int fd, char *buf, size_t size)
{
	char name[64];
	int info;
	long n;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	info = CHECK_OK(open(name, O_RDONLY));
	n = CHECK_OK(read(info, buf, size - 1));
	buf[n > 0 ? n : 0] = 0;
	close(info);
}

/* Set by run.sh where the clock is the simulation's own. */
static void need_own_clock(void)
{
	if (!getenv("MAY_SET_CLOCK"))
		skip("would set this machine's clock");
}

static void step_clock(void *arg)
{
	struct timespec now;

	CHECK_OK(clock_gettime(CLOCK_REALTIME, &now));
	now.tv_sec += 100;
	CHECK_OK(clock_settime(CLOCK_REALTIME, &now));
}

TEST(timerfd_follows_a_clock_that_is_set, "timerfd_settime clock_settime")
{
	struct itimerspec it = {0};
	struct pollfd pfd = {.events = POLLIN};
	int64_t start = now_ns(CLOCK_MONOTONIC);
	uint64_t ticks;
	pid_t pid;
	int fd;

	need_own_clock();
	fd = CHECK_OK(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
	CHECK_OK(clock_gettime(CLOCK_REALTIME, &it.it_value));
	it.it_value.tv_sec += 50;
	CHECK_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL));
	step_clock(NULL);
	CHECK_EQ(read(fd, &ticks, sizeof(ticks)), sizeof(ticks));
	CHECK_EQ(ticks, 1);
	/* A relative timer does not care. */
	it.it_value.tv_sec = 1;
	it.it_value.tv_nsec = 0;
	CHECK_OK(timerfd_settime(fd, 0, &it, NULL));
	step_clock(NULL);
	CHECK_ERRNO(read(fd, &ticks, sizeof(ticks)), EAGAIN);
	CHECK(now_ns(CLOCK_MONOTONIC) - start < 50000000000LL);
	/* One that asked for it is told. */
	it.it_value.tv_sec = 4000000000;
	CHECK_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &it, NULL));
	CHECK_ERRNO(read(fd, &ticks, sizeof(ticks)), EAGAIN);
	pid = spawn_after(10, step_clock, NULL);
	pfd.fd = fd;
	CHECK_EQ(poll(&pfd, 1, 10000), 1);
	CHECK_ERRNO(read(fd, &ticks, sizeof(ticks)), ECANCELED);
	CHECK_ERRNO(read(fd, &ticks, sizeof(ticks)), EAGAIN);
	JOIN(pid);
}

TEST(fdinfo_describes_what_waits, "epoll_ctl eventfd2 pidfd_open")
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = 0xbeef};
	int event = CHECK_OK(eventfd(7, EFD_SEMAPHORE));
	int ep = CHECK_OK(epoll_create1(0));
	int pidfd = CHECK_OK(sys(pidfd_open, getpid(), 0));
	char buf[1024], want[64];

	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, event, &ev));
	read_fdinfo(event, buf, sizeof(buf));
	CHECK(strstr(buf, "eventfd-count:                7\n"));
	read_fdinfo(ep, buf, sizeof(buf));
	snprintf(want, sizeof(want), "tfd: %8d events:       19 data:             beef", event);
	CHECK(strstr(buf, want));
	read_fdinfo(pidfd, buf, sizeof(buf));
	snprintf(want, sizeof(want), "Pid:\t%d\n", getpid());
	CHECK(strstr(buf, want));
}
