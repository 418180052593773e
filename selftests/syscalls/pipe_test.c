// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pipe_test.c - pipes and FIFOs: capacity, atomic writes, blocking and not,
 * end of file, packet mode, and moving pages with splice, tee and vmsplice.
 */
#include "check.h"

#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

static int fds[2];

static void new_pipe(int flags)
{
	REQUIRE(pipe2(fds, flags) == 0);
}

/* Fills the pipe with writes of that size; returns the bytes it took. */
static long fill(size_t size)
{
	static char buf[65536];
	long total = 0;
	ssize_t n;
	int flags = fcntl(fds[1], F_GETFL);

	REQUIRE(fcntl(fds[1], F_SETFL, flags | O_NONBLOCK) == 0);
	while ((n = write(fds[1], buf, size)) > 0)
		total += n;
	CHECK_EQ(errno, EAGAIN);
	REQUIRE(fcntl(fds[1], F_SETFL, flags) == 0);
	return total;
}

static void write_byte(void *arg)
{
	CHECK_EQ(write(fds[1], "w", 1), 1);
}

static void write_byte_from_tick(void)
{
	REQUIRE(write(fds[1], "t", 1) == 1);
}

TEST(pipe_flags_and_errors, "pipe pipe2 fcntl")
{
	int raw[2];

	CHECK_EQ(sys(pipe, raw), 0);
	CHECK_EQ(fcntl(raw[0], F_GETFD), 0);
	CHECK_EQ(fcntl(raw[0], F_GETFL) & O_ACCMODE, O_RDONLY);
	CHECK_EQ(fcntl(raw[1], F_GETFL) & O_ACCMODE, O_WRONLY);
	new_pipe(O_CLOEXEC | O_NONBLOCK);
	CHECK_EQ(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fds[1], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_ERRNO(sys(pipe2, raw, 0x1), EINVAL);
	CHECK_ERRNO(sys(pipe2, raw, O_APPEND), EINVAL);
	CHECK_ERRNO(sys(pipe2, bad, 0), EFAULT);
	CHECK_ERRNO(sys(pipe, bad), EFAULT);
}

TEST(pipe_wrong_end_and_bad_pointers, "read write")
{
	char c;

	new_pipe(0);
	CHECK_ERRNO(read(fds[1], &c, 1), EBADF);
	CHECK_ERRNO(write(fds[0], &c, 1), EBADF);
	CHECK_ERRNO(read(77, &c, 1), EBADF);
	CHECK_ERRNO(write(-1, &c, 1), EBADF);
	CHECK_ERRNO(write(fds[1], bad, 1), EFAULT);
	CHECK_EQ(write(fds[1], "abc", 3), 3);
	CHECK_ERRNO(read(fds[0], bad, 1), EFAULT);
	CHECK_EQ(write(fds[1], "", 0), 0);
	CHECK_ERRNO(lseek(fds[0], 0, SEEK_CUR), ESPIPE);
	CHECK_ERRNO(pread(fds[0], &c, 1, 0), ESPIPE);
	CHECK_ERRNO(pwrite(fds[1], &c, 1, 0), ESPIPE);
	CHECK_ERRNO(fsync(fds[0]), EINVAL);
	CHECK_ERRNO(ftruncate(fds[1], 0), EINVAL);
}

TEST(pipe_is_a_byte_stream_in_order, "read write readv writev ioctl")
{
	char buf[16];
	struct iovec out[] = {{"ab", 2}, {"", 0}, {"cde", 3}}, in[] = {{buf, 1}, {buf + 1, 9}};
	int n = -1;

	new_pipe(0);
	CHECK_EQ(writev(fds[1], out, 3), 5);
	CHECK_OK(ioctl(fds[0], FIONREAD, &n));
	CHECK_EQ(n, 5);
	CHECK_EQ(readv(fds[0], in, 2), 5);
	CHECK(!memcmp(buf, "abcde", 5));
	CHECK_EQ(write(fds[1], "xyz", 3), 3);
	CHECK_EQ(read(fds[0], buf, 2), 2);
	CHECK_EQ(read(fds[0], buf, 9), 1);
	CHECK_EQ(buf[0], 'z');
	CHECK_ERRNO(sys(writev, fds[1], out, -1), EINVAL);
	CHECK_ERRNO(sys(writev, fds[1], out, IOV_MAX + 1), EINVAL);
	CHECK_ERRNO(sys(writev, fds[1], bad, 1), EFAULT);
	CHECK_EQ(writev(fds[1], out, 0), 0);
}

TEST(pipe_end_of_file_and_broken_pipe, "read write close")
{
	char c;

	signal(SIGPIPE, SIG_IGN);
	new_pipe(0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	close(fds[1]);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(read(fds[0], &c, 1), 0);
	new_pipe(0);
	close(fds[0]);
	CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
}

TEST(pipe_nonblocking, "read write")
{
	char c;

	new_pipe(O_NONBLOCK);
	CHECK_ERRNO(read(fds[0], &c, 1), EAGAIN);
	CHECK_EQ(fill(4096), 65536);
	CHECK_ERRNO(write(fds[1], "x", 1), EAGAIN);
}

TEST(pipe_write_up_to_pipe_buf_is_all_or_nothing, "write")
{
	static char big[PIPE_BUF * 2], drain[PIPE_BUF];

	new_pipe(O_NONBLOCK);
	CHECK_EQ(fill(PIPE_BUF), 65536);
	CHECK_EQ(read(fds[0], drain, 100), 100);
	/* 100 bytes of the first page are free, but no whole page is. */
	CHECK_ERRNO(write(fds[1], big, PIPE_BUF), EAGAIN);
	CHECK_EQ(read(fds[0], drain, PIPE_BUF - 100), PIPE_BUF - 100);
	CHECK_EQ(write(fds[1], big, PIPE_BUF * 2), PIPE_BUF);
	CHECK_ERRNO(write(fds[1], big, PIPE_BUF * 2), EAGAIN);
}

TEST(pipe_size, "fcntl")
{
	new_pipe(0);
	CHECK_EQ(fcntl(fds[0], F_GETPIPE_SZ), 65536);
	CHECK_EQ(fcntl(fds[1], F_SETPIPE_SZ, 4096), 4096);
	CHECK_EQ(fcntl(fds[0], F_GETPIPE_SZ), 4096);
	CHECK_EQ(fill(4096), 4096);
	CHECK_EQ(fcntl(fds[1], F_SETPIPE_SZ, 5000), 8192);
	CHECK_EQ(fill(4096), 4096);
	CHECK_ERRNO(fcntl(fds[1], F_SETPIPE_SZ, 4096), EBUSY);
	int file = open("file", O_RDWR | O_CREAT, 0600);
	CHECK_ERRNO(fcntl(file, F_GETPIPE_SZ), EBADF);
	/* Beyond /proc/sys/fs/pipe-max-size only with CAP_SYS_RESOURCE. */
	drop_root();
	CHECK_ERRNO(fcntl(fds[1], F_SETPIPE_SZ, 1 << 30), EPERM);
}

TEST(pipe_read_is_woken_by_another_process, "read")
{
	char c = 0;
	pid_t pid;

	new_pipe(0);
	pid = spawn_after(20, write_byte, NULL);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(c, 'w');
	JOIN(pid);
	close(fds[1]);
	CHECK_EQ(read(fds[0], &c, 1), 0);
}

static void read_all(void *arg)
{
	static char buf[65536];

	close(fds[1]);
	while (read(fds[0], buf, sizeof(buf)) > 0)
		;
}

TEST(pipe_write_is_woken_by_a_reader, "write")
{
	static char big[300000];
	pid_t pid;

	new_pipe(0);
	pid = spawn_after(20, read_all, NULL);
	close(fds[0]);
	/* More than fits: a blocking write returns when all of it is in. */
	CHECK_EQ(write(fds[1], big, sizeof(big)), sizeof(big));
	close(fds[1]);
	JOIN(pid);
}

static void close_reader(void *arg)
{
	char c;

	close(fds[1]);
	CHECK_EQ(read(fds[0], &c, 1), 1);
}

TEST(pipe_blocked_writer_gets_epipe, "write close")
{
	pid_t pid;

	signal(SIGPIPE, SIG_IGN);
	new_pipe(0);
	fill(4096);
	pid = spawn_after(20, close_reader, NULL);
	close(fds[0]);
	CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
	JOIN(pid);
}

TEST(pipe_interrupted_and_restarted, "read write")
{
	static char page[4096];
	char c;

	new_pipe(0);
	CHECK_INTERRUPTED(read(fds[0], &c, 1));
	CHECK_RESTARTED(read(fds[0], &c, 1), 1, write_byte_from_tick);
	fill(4096);
	CHECK_INTERRUPTED(write(fds[1], page, 1));
	/* What was written before the signal is returned instead of an error. */
	CHECK_EQ(read(fds[0], page, 4096), 4096);
	tick_start(0, NULL);
	CHECK_EQ(write(fds[1], "ab", 2), 2);
	tick_stop();
}

TEST(pipe_partial_write_when_interrupted, "write")
{
	static char big[100000];

	new_pipe(0);
	tick_start(0, NULL);
	CHECK_EQ(write(fds[1], big, sizeof(big)), 65536);
	tick_stop();
}

TEST(pipe_packet_mode, "pipe2 read write")
{
	char buf[16];

	new_pipe(O_DIRECT);
	CHECK_EQ(write(fds[1], "abc", 3), 3);
	CHECK_EQ(write(fds[1], "de", 2), 2);
	CHECK_EQ(read(fds[0], buf, sizeof(buf)), 3);
	CHECK_EQ(read(fds[0], buf, 1), 1);
	close(fds[1]);
	/* The rest of a packet read in part is lost. */
	CHECK_EQ(read(fds[0], buf, sizeof(buf)), 0);
}

TEST(pipe_poll_states, "poll")
{
	struct pollfd pfd[2];

	new_pipe(0);
	pfd[0] = (struct pollfd){.fd = fds[0], .events = POLLIN};
	pfd[1] = (struct pollfd){.fd = fds[1], .events = POLLOUT};
	CHECK_EQ(poll(pfd, 2, 0), 1);
	CHECK(pfd[0].revents == 0 && pfd[1].revents == POLLOUT);
	fill(4096);
	CHECK_EQ(poll(pfd, 2, 0), 1);
	CHECK(pfd[0].revents == POLLIN && pfd[1].revents == 0);
	close(fds[0]);
	CHECK_EQ(poll(pfd + 1, 1, 0), 1);
	CHECK(pfd[1].revents & POLLERR);
	new_pipe(0);
	close(fds[1]);
	pfd[0].fd = fds[0];
	CHECK_EQ(poll(pfd, 1, -1), 1);
	CHECK_EQ(pfd[0].revents, POLLHUP);
}

static void open_fifo_for_writing(void *arg)
{
	int fd = open("fifo", O_WRONLY);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "hello", 5), 5);
}

TEST(fifo, "mknod openat read")
{
	struct stat st;
	char buf[8];
	pid_t pid;
	int fd;

	CHECK_EQ(sys(mknod, "fifo", S_IFIFO | 0600, 0), 0);
	CHECK_ERRNO(mkfifo("fifo", 0600), EEXIST);
	CHECK_OK(stat("fifo", &st));
	CHECK(S_ISFIFO(st.st_mode));
	CHECK_ERRNO(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
	fd = CHECK_OK(open("fifo", O_RDONLY | O_NONBLOCK));
	CHECK_EQ(read(fd, buf, 1), 0);
	close(fd);
	CHECK_INTERRUPTED(open("fifo", O_RDONLY));
	/* Opening blocks until the other side is there. */
	pid = spawn_after(20, open_fifo_for_writing, NULL);
	fd = CHECK_OK(open("fifo", O_RDONLY));
	CHECK_EQ(read(fd, buf, 5), 5);
	CHECK_EQ(read(fd, buf, 5), 0);
	JOIN(pid);
}

TEST(splice_between_pipe_and_file, "splice")
{
	int file = open("file", O_RDWR | O_CREAT, 0600);
	loff_t off = 2;
	char buf[16];

	new_pipe(0);
	CHECK_EQ(write(file, "0123456789", 10), 10);
	CHECK_EQ(splice(file, &off, fds[1], NULL, 4, 0), 4);
	CHECK_EQ(off, 6);
	CHECK_EQ(read(fds[0], buf, 16), 4);
	CHECK(!memcmp(buf, "2345", 4));
	CHECK_EQ(write(fds[1], "abc", 3), 3);
	off = 20;
	CHECK_EQ(splice(fds[0], NULL, file, &off, 100, 0), 3);
	CHECK_EQ(pread(file, buf, 16, 20), 3);
	CHECK(!memcmp(buf, "abc", 3));
	off = 1000;
	CHECK_EQ(splice(file, &off, fds[1], NULL, 4, 0), 0);
	CHECK_ERRNO(splice(fds[0], NULL, file, NULL, 4, SPLICE_F_NONBLOCK), EAGAIN);
}

TEST(splice_errors, "splice")
{
	int file = open("file", O_RDWR | O_CREAT, 0600);
	int append = open("file", O_WRONLY | O_APPEND);
	loff_t off = 0;

	new_pipe(0);
	CHECK_EQ(write(fds[1], "abc", 3), 3);
	CHECK_ERRNO(splice(file, NULL, file, NULL, 4, 0), EINVAL);
	CHECK_ERRNO(splice(fds[0], &off, file, NULL, 4, 0), ESPIPE);
	CHECK_ERRNO(splice(99, NULL, fds[1], NULL, 4, 0), EBADF);
	CHECK_ERRNO(splice(fds[0], NULL, 99, NULL, 4, 0), EBADF);
	CHECK_ERRNO(splice(fds[1], NULL, file, NULL, 4, 0), EBADF);
	CHECK_ERRNO(splice(fds[0], NULL, append, NULL, 4, 0), EINVAL);
	CHECK_ERRNO(splice(fds[0], NULL, file, NULL, 4, 0x80), EINVAL);
	CHECK_ERRNO(splice(fds[0], NULL, fds[1], NULL, 4, 0), EINVAL);
	CHECK_ERRNO(sys(splice, fds[0], NULL, file, bad, 4, 0), EFAULT);
	CHECK_EQ(splice(fds[0], NULL, file, NULL, 0, 0), 0);
}

TEST(tee_copies_without_consuming, "tee splice")
{
	int other[2];
	char buf[8];

	new_pipe(0);
	REQUIRE(pipe(other) == 0);
	CHECK_EQ(write(fds[1], "abc", 3), 3);
	CHECK_EQ(tee(fds[0], other[1], 10, 0), 3);
	CHECK_EQ(read(other[0], buf, 8), 3);
	CHECK_EQ(splice(fds[0], NULL, other[1], NULL, 10, 0), 3);
	CHECK_EQ(read(other[0], buf, 8), 3);
	CHECK(!memcmp(buf, "abc", 3));
	CHECK_ERRNO(tee(fds[0], other[1], 10, SPLICE_F_NONBLOCK), EAGAIN);
	CHECK_ERRNO(tee(fds[0], fds[1], 10, 0), EINVAL);
	CHECK_ERRNO(tee(99, other[1], 10, 0), EBADF);
	CHECK_INTERRUPTED(tee(fds[0], other[1], 10, 0));
}

TEST(vmsplice_gives_memory_to_a_pipe, "vmsplice")
{
	char buf[8], text[] = "memory";
	struct iovec iov = {text, 6}, wrong = {bad, 6};

	new_pipe(0);
	CHECK_EQ(vmsplice(fds[1], &iov, 1, 0), 6);
	CHECK_EQ(read(fds[0], buf, 8), 6);
	CHECK(!memcmp(buf, "memory", 6));
	CHECK_ERRNO(vmsplice(fds[1], &wrong, 1, 0), EFAULT);
	CHECK_ERRNO(vmsplice(99, &iov, 1, 0), EBADF);
	int file = open("file", O_RDWR | O_CREAT, 0600);
	CHECK_ERRNO(vmsplice(file, &iov, 1, 0), EBADF);
}

TEST(sendfile_from_a_file, "sendfile")
{
	int file = open("file", O_RDWR | O_CREAT, 0600);
	int out = open("out", O_RDWR | O_CREAT, 0600);
	off_t off = 3;
	char buf[16];

	new_pipe(0);
	CHECK_EQ(write(file, "0123456789", 10), 10);
	CHECK_EQ(sendfile(fds[1], file, &off, 4), 4);
	CHECK_EQ(off, 7);
	CHECK_EQ(lseek(file, 0, SEEK_CUR), 10);
	CHECK_EQ(read(fds[0], buf, 16), 4);
	CHECK(!memcmp(buf, "3456", 4));
	lseek(file, 0, SEEK_SET);
	CHECK_EQ(sendfile(out, file, NULL, 100), 10);
	CHECK_EQ(lseek(file, 0, SEEK_CUR), 10);
	CHECK_EQ(sendfile(out, file, NULL, 100), 0);
	CHECK_ERRNO(sendfile(99, file, NULL, 1), EBADF);
	CHECK_ERRNO(sendfile(out, 99, NULL, 1), EBADF);
	CHECK_ERRNO(sendfile(fds[0], file, NULL, 1), EBADF);
	off = -1;
	CHECK_ERRNO(sendfile(out, file, &off, 1), EINVAL);
	CHECK_ERRNO(sys(sendfile, out, file, bad, 1), EFAULT);
	out = open("out", O_WRONLY | O_APPEND);
	off = 0;
	CHECK_ERRNO(sendfile(out, file, &off, 1), EINVAL);
}
