// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * files_test.c - opening, reading, writing and sizing regular files: the flags
 * of open and its errors, positions, vectors, holes, duplicated descriptors.
 */
#include "check.h"

#include <limits.h>
#include <linux/falloc.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

static int new_file(const char *content)
{
	make_file("file", content, 0644);
	int fd = open("file", O_RDWR);
	REQUIRE(fd >= 0);
	return fd;
}

TEST(open_errors, "openat open creat")
{
	char longest[PATH_MAX + 10];

	CHECK_ERRNO(open("missing", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("missing/file", O_WRONLY | O_CREAT, 0600), ENOENT);
	make_file("file", "x", 0644);
	CHECK_ERRNO(open("file/x", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK_ERRNO(open("file", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
	CHECK_ERRNO(open(".", O_WRONLY), EISDIR);
	CHECK_ERRNO(open(".", O_RDONLY | O_CREAT, 0600), EISDIR);
	CHECK_ERRNO(open("file/", O_RDONLY), ENOTDIR);
	REQUIRE(symlink("loop", "loop") == 0 && symlink("file", "link") == 0);
	CHECK_ERRNO(open("loop", O_RDONLY), ELOOP);
	CHECK_ERRNO(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK_ERRNO(open("link", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = 0;
	CHECK_ERRNO(open(longest, O_RDONLY), ENAMETOOLONG);
	longest[NAME_MAX + 1] = 0;
	CHECK_ERRNO(open(longest, O_RDONLY), ENAMETOOLONG);
	CHECK_ERRNO(sys(open, bad, O_RDONLY), EFAULT);
	CHECK_ERRNO(sys(openat, AT_FDCWD, bad, O_RDONLY), EFAULT);
	CHECK_ERRNO(sys(creat, bad, 0600), EFAULT);
	CHECK_ERRNO(openat(99, "file", O_RDONLY), EBADF);
	CHECK_ERRNO(openat(open("file", O_RDONLY), "x", O_RDONLY), ENOTDIR);
	REQUIRE(chmod("file", 0) == 0 && mkdir("closed", 0) == 0);
	drop_root();
	CHECK_ERRNO(open("file", O_RDONLY), EACCES);
	CHECK_ERRNO(open("closed/x", O_RDONLY), EACCES);
}

TEST(open_flags, "openat open creat fcntl")
{
	struct stat st;
	char buf[8];
	int fd, dir;

	umask(027);
	fd = CHECK_OK(open("new", O_RDWR | O_CREAT | O_EXCL, 0666));
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_mode, S_IFREG | 0640);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	CHECK_EQ(write(fd, "12345", 5), 5);
	CHECK_EQ(fcntl(CHECK_OK(open("new", O_RDONLY | O_CLOEXEC)), F_GETFD), FD_CLOEXEC);
	fd = CHECK_OK(open("new", O_WRONLY | O_APPEND));
	CHECK_ERRNO(read(fd, buf, 1), EBADF);
	CHECK_EQ(write(fd, "6", 1), 1);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6);
	lseek(fd, 0, SEEK_SET);
	CHECK_EQ(write(fd, "7", 1), 1);
	CHECK_OK(stat("new", &st));
	CHECK_EQ(st.st_size, 7);
	fd = CHECK_OK(open("new", O_RDONLY));
	CHECK_ERRNO(write(fd, "x", 1), EBADF);
	CHECK_OK(sys(creat, "new", 0600));
	CHECK_OK(stat("new", &st));
	CHECK_EQ(st.st_size, 0);
	dir = CHECK_OK(open(".", O_RDONLY | O_DIRECTORY));
	CHECK_OK(openat(dir, "new", O_RDONLY));
	CHECK_ERRNO(read(dir, buf, 1), EISDIR);
	fd = CHECK_OK(open("new", O_PATH));
	CHECK_ERRNO(read(fd, buf, 1), EBADF);
	CHECK_OK(fstat(fd, &st));
	CHECK_OK(close(fd));
	CHECK_ERRNO(close(fd), EBADF);
	CHECK_ERRNO(close(-1), EBADF);
}

TEST(unnamed_temporary_file, "openat linkat")
{
	struct stat st;
	char path[64];
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);

	if (fd == -1 && (errno == EOPNOTSUPP || errno == EISDIR))
		skip("this file system has no O_TMPFILE");
	REQUIRE(fd >= 0);
	CHECK_EQ(write(fd, "abc", 3), 3);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_nlink, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_OK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	CHECK_OK(stat("named", &st));
	CHECK_EQ(st.st_size, 3);
}

TEST(openat2_resolution, "openat2")
{
	struct open_how how = {.flags = O_RDONLY};

	REQUIRE(mkdir("dir", 0755) == 0);
	make_file("outside", "x", 0644);
	REQUIRE(symlink("../outside", "dir/link") == 0);
	if (sys(openat2, AT_FDCWD, "outside", &how, sizeof(how)) == -1 && errno == ENOSYS)
		skip("this kernel or sandbox has no openat2");
	int dir = open("dir", O_RDONLY);
	CHECK_OK(sys(openat2, dir, "link", &how, sizeof(how)));
	how.resolve = RESOLVE_BENEATH;
	CHECK_ERRNO(sys(openat2, dir, "link", &how, sizeof(how)), EXDEV);
	CHECK_ERRNO(sys(openat2, dir, "/", &how, sizeof(how)), EXDEV);
	how.resolve = RESOLVE_NO_SYMLINKS;
	CHECK_ERRNO(sys(openat2, dir, "link", &how, sizeof(how)), ELOOP);
	how.resolve = 0x8000;
	CHECK_ERRNO(sys(openat2, dir, "link", &how, sizeof(how)), EINVAL);
	how.resolve = 0;
	how.mode = 0600;
	CHECK_ERRNO(sys(openat2, dir, "link", &how, sizeof(how)), EINVAL);
	CHECK_ERRNO(sys(openat2, dir, "link", &how, 8), EINVAL);
	CHECK_ERRNO(sys(openat2, dir, "link", bad, sizeof(how)), EFAULT);
}

TEST(positions, "lseek read write")
{
	int fd = new_file("0123456789");
	char buf[16];

	CHECK_EQ(read(fd, buf, 4), 4);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 4);
	CHECK_EQ(lseek(fd, 2, SEEK_CUR), 6);
	CHECK_EQ(read(fd, buf, 16), 4);
	CHECK_EQ(read(fd, buf, 16), 0);
	CHECK_EQ(lseek(fd, -3, SEEK_END), 7);
	CHECK_EQ(lseek(fd, 100, SEEK_SET), 100);
	CHECK_EQ(read(fd, buf, 16), 0);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(lseek(fd, 0, SEEK_END), 101);
	CHECK_EQ(pread(fd, buf, 2, 99), 2);
	CHECK(buf[0] == 0 && buf[1] == 'x');
	CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_ERRNO(lseek(fd, -200, SEEK_CUR), EINVAL);
	CHECK_ERRNO(lseek(fd, 0, 99), EINVAL);
	CHECK_ERRNO(lseek(99, 0, SEEK_SET), EBADF);
	CHECK_OK(lseek(fd, 0, SEEK_SET));
	CHECK_ERRNO(read(fd, bad, 1), EFAULT);
}

TEST(bad_buffers, "read write pread64 pwrite64 readv")
{
	int fd = new_file("0123456789");
	char *two = edge(2);
	struct iovec iov[2] = {{two, 2}, {bad, 2}};

	CHECK_ERRNO(pread(fd, bad, 1, 0), EFAULT);
	CHECK_ERRNO(pwrite(fd, bad, 1, 0), EFAULT);
	CHECK_ERRNO(pread(fd, two, 1, -1), EINVAL);
	CHECK_ERRNO(pwrite(fd, two, 1, -1), EINVAL);
	CHECK_ERRNO(pread(99, two, 1, 0), EBADF);
	CHECK_ERRNO(pwrite(99, two, 1, 0), EBADF);
	/* What fits is transferred before the fault is told. */
	CHECK_EQ(readv(fd, iov, 2), 2);
	CHECK(!memcmp(two, "01", 2));
	CHECK_ERRNO(sys(readv, fd, iov, -1), EINVAL);
	CHECK_ERRNO(sys(readv, fd, bad, 1), EFAULT);
	CHECK_ERRNO(readv(99, iov, 1), EBADF);
	iov[1].iov_len = -1;
	CHECK_ERRNO(readv(fd, iov, 2), EINVAL);
}

TEST(positioned_vectors, "preadv pwritev preadv2 pwritev2 pread64 pwrite64")
{
	int fd = new_file("0123456789");
	char a[3] = "", b[5] = "";
	struct iovec in[2] = {{a, 2}, {b, 4}}, out[2] = {{"AB", 2}, {"C", 1}};

	CHECK_EQ(pwrite(fd, "xy", 2, 1), 2);
	CHECK_EQ(pread(fd, a, 2, 1), 2);
	CHECK(!memcmp(a, "xy", 2));
	CHECK_EQ(preadv(fd, in, 2, 3), 6);
	CHECK(!memcmp(a, "34", 2) && !memcmp(b, "5678", 4));
	CHECK_EQ(pwritev(fd, out, 2, 8), 3);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
	CHECK_EQ(preadv2(fd, in, 1, 8, 0), 2);
	CHECK(!memcmp(a, "AB", 2));
	/* Position -1: the file's own, which advances. */
	CHECK_EQ(preadv2(fd, in, 1, -1, 0), 2);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 2);
	CHECK_EQ(pwritev2(fd, out, 2, 0, RWF_APPEND), 3);
	CHECK_EQ(lseek(fd, 0, SEEK_END), 14);
	CHECK_ERRNO(preadv2(fd, in, 1, 0, 0x8000), EOPNOTSUPP);
	CHECK_ERRNO(preadv(fd, in, 1, -5), EINVAL);
	CHECK_ERRNO(pwritev(99, out, 1, 0), EBADF);
	CHECK_ERRNO(sys(preadv, fd, bad, 1, 0, 0), EFAULT);
	CHECK_ERRNO(sys(pwritev, fd, bad, 1, 0, 0), EFAULT);
}

TEST(holes, "lseek ftruncate")
{
	int fd = open("file", O_RDWR | O_CREAT, 0600);
	off_t size = 1 << 20;

	CHECK_ERRNO(lseek(fd, 0, SEEK_DATA), ENXIO);
	CHECK_OK(ftruncate(fd, size));
	CHECK_EQ(pwrite(fd, "x", 1, size / 2), 1);
	CHECK_EQ(lseek(fd, size / 2, SEEK_DATA), size / 2);
	CHECK(lseek(fd, size / 2, SEEK_HOLE) <= size);
	CHECK(lseek(fd, 0, SEEK_HOLE) <= size);
	CHECK_ERRNO(lseek(fd, size, SEEK_HOLE), ENXIO);
	CHECK_ERRNO(lseek(fd, size + 1, SEEK_DATA), ENXIO);
}

TEST(truncating, "truncate ftruncate")
{
	struct stat st;
	char buf[8];
	int fd = new_file("0123456789"), ro;

	CHECK_OK(truncate("file", 4));
	CHECK_OK(ftruncate(fd, 6));
	CHECK_EQ(read(fd, buf, 8), 6);
	CHECK(!memcmp(buf, "0123\0\0", 6));
	CHECK_OK(stat("file", &st));
	CHECK_EQ(st.st_size, 6);
	CHECK_ERRNO(truncate("file", -1), EINVAL);
	CHECK_ERRNO(ftruncate(fd, -1), EINVAL);
	CHECK_ERRNO(truncate("missing", 0), ENOENT);
	CHECK_ERRNO(truncate("file/x", 0), ENOTDIR);
	CHECK_ERRNO(truncate(".", 0), EISDIR);
	CHECK_ERRNO(sys(truncate, bad, 0), EFAULT);
	CHECK_ERRNO(ftruncate(99, 0), EBADF);
	ro = open("file", O_RDONLY);
	CHECK_ERRNO(ftruncate(ro, 0), EINVAL);
	CHECK_OK(chmod("file", 0400));
	drop_root();
	CHECK_ERRNO(truncate("file", 0), EACCES);
}

TEST(allocating, "fallocate fadvise64 readahead sync_file_range")
{
	struct stat st;
	int fd = new_file("0123456789"), pipe_fds[2], ro = open("file", O_RDONLY);

	if (fallocate(fd, 0, 0, 100000) == -1 && errno == EOPNOTSUPP)
		skip("this file system has no fallocate");
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_size, 100000);
	CHECK_OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 200000));
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_size, 100000);
	CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2, 4));
	char buf[10];
	CHECK_EQ(pread(fd, buf, 10, 0), 10);
	CHECK(!memcmp(buf,
		      "01\0\0\0\0"
		      "6789",
		      10));
	CHECK_ERRNO(fallocate(fd, 0, -1, 10), EINVAL);
	CHECK_ERRNO(fallocate(fd, 0, 0, 0), EINVAL);
	CHECK_ERRNO(fallocate(fd, 0x8000, 0, 10), EOPNOTSUPP);
	CHECK_ERRNO(fallocate(ro, 0, 0, 10), EBADF);
	CHECK_ERRNO(fallocate(99, 0, 0, 10), EBADF);
	REQUIRE(pipe(pipe_fds) == 0);
	CHECK_ERRNO(fallocate(pipe_fds[1], 0, 0, 10), ESPIPE);
	CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL), 0);
	CHECK_EQ(posix_fadvise(fd, 0, 0, 99), EINVAL);
	CHECK_EQ(posix_fadvise(99, 0, 0, 0), EBADF);
	CHECK_EQ(posix_fadvise(pipe_fds[0], 0, 0, 0), ESPIPE);
	CHECK_OK(readahead(fd, 0, 100));
	CHECK_ERRNO(readahead(99, 0, 100), EBADF);
	CHECK_OK(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE));
	CHECK_ERRNO(sync_file_range(fd, 0, 0, 0x80), EINVAL);
}

TEST(syncing, "fsync fdatasync sync syncfs")
{
	int fd = new_file("x");

	CHECK_OK(fsync(fd));
	CHECK_OK(fdatasync(fd));
	CHECK_OK(syncfs(fd));
	sys(sync);
	CHECK_ERRNO(fsync(99), EBADF);
	CHECK_ERRNO(fdatasync(99), EBADF);
	CHECK_ERRNO(syncfs(99), EBADF);
	CHECK_OK(fsync(open(".", O_RDONLY)));
}

TEST(copying_between_files, "copy_file_range")
{
	int in = new_file("0123456789"), out = open("out", O_RDWR | O_CREAT, 0600);
	off_t from = 2, to = 0;
	char buf[8];

	CHECK_EQ(copy_file_range(in, &from, out, &to, 4, 0), 4);
	CHECK(from == 6 && to == 4);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 0);
	CHECK_EQ(copy_file_range(in, NULL, out, NULL, 3, 0), 3);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 3);
	CHECK_EQ(pread(out, buf, 8, 0), 4);
	CHECK(!memcmp(buf, "0125", 4));
	from = 100;
	CHECK_EQ(copy_file_range(in, &from, out, &to, 4, 0), 0);
	CHECK_ERRNO(copy_file_range(in, NULL, out, NULL, 3, 1), EINVAL);
	CHECK_ERRNO(copy_file_range(99, NULL, out, NULL, 3, 0), EBADF);
	CHECK_ERRNO(copy_file_range(in, NULL, open("out", O_RDONLY), NULL, 3, 0), EBADF);
	CHECK_ERRNO(copy_file_range(in, NULL, open("out", O_WRONLY | O_APPEND), NULL, 3, 0), EBADF);
	CHECK_ERRNO(copy_file_range(open(".", O_RDONLY), NULL, out, NULL, 3, 0), EISDIR);
	CHECK_ERRNO(sys(copy_file_range, in, bad, out, NULL, 3, 0), EFAULT);
	from = 0;
	to = 2;
	CHECK_ERRNO(copy_file_range(in, &from, in, &to, 4, 0), EINVAL);
}

TEST(duplicating_descriptors, "dup dup2 dup3 fcntl")
{
	int fd = new_file("0123456789"), copy, third;
	char c;

	copy = CHECK_OK(dup(fd));
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(read(copy, &c, 1), 1);
	/* One position for both, close-on-exec for each. */
	CHECK_EQ(c, '1');
	CHECK_OK(fcntl(fd, F_SETFD, FD_CLOEXEC));
	CHECK_EQ(fcntl(copy, F_GETFD), 0);
	CHECK_EQ(dup2(fd, 50), 50);
	CHECK_EQ(dup2(fd, fd), fd);
	CHECK_EQ(fcntl(50, F_GETFD), 0);
	CHECK_EQ(dup3(fd, 51, O_CLOEXEC), 51);
	CHECK_EQ(fcntl(51, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(dup3(fd, fd, 0), EINVAL);
	CHECK_ERRNO(dup3(fd, 52, 0x1), EINVAL);
	CHECK_ERRNO(dup(99), EBADF);
	CHECK_ERRNO(dup2(99, 53), EBADF);
	CHECK_ERRNO(dup2(99, 99), EBADF);
	CHECK_ERRNO(dup2(fd, -1), EBADF);
	CHECK_ERRNO(dup3(fd, 1 << 30, 0), EBADF);
	CHECK_EQ(fcntl(fd, F_DUPFD, 60), 60);
	CHECK_EQ(fcntl(fd, F_DUPFD_CLOEXEC, 60), 61);
	CHECK_EQ(fcntl(61, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(fcntl(99, F_GETFD), EBADF);
	CHECK_ERRNO(fcntl(fd, 9999), EINVAL);
	/* The lowest free number is taken. */
	close(copy);
	third = dup(fd);
	CHECK_EQ(third, copy);
}

TEST(closing_a_range, "close_range")
{
	int a = dup2(0, 70), b = dup2(0, 71), c = dup2(0, 72);

	if (sys(close_range, 70, 71, 0) == -1 && errno == ENOSYS)
		skip("this kernel or sandbox has no close_range");
	CHECK_ERRNO(fcntl(a, F_GETFD), EBADF);
	CHECK_ERRNO(fcntl(b, F_GETFD), EBADF);
	CHECK_EQ(sys(close_range, 71, 80, 4), 0);
	CHECK_EQ(fcntl(c, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(sys(close_range, 80, 70, 0), EINVAL);
	CHECK_ERRNO(sys(close_range, 70, 80, 0x40), EINVAL);
	CHECK_EQ(sys(close_range, 60, ~0u, 0), 0);
	CHECK_ERRNO(fcntl(c, F_GETFD), EBADF);
}

TEST(status_flags, "fcntl ioctl")
{
	int fd = new_file("x"), on = 1, copy = dup(fd);

	CHECK_OK(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	CHECK_EQ(fcntl(copy, F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND | O_NONBLOCK);
	/* The access mode cannot be changed, and trying is no error. */
	CHECK_OK(fcntl(fd, F_SETFL, O_RDONLY));
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	CHECK_OK(ioctl(fd, FIONBIO, &on));
	CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
	CHECK_OK(ioctl(fd, FIOCLEX));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_OK(ioctl(fd, FIONCLEX));
	CHECK_EQ(fcntl(fd, F_GETFD), 0);
	CHECK_ERRNO(ioctl(fd, TIOCGWINSZ, &on), ENOTTY);
	CHECK_ERRNO(ioctl(99, FIONBIO, &on), EBADF);
	CHECK_ERRNO(ioctl(fd, FIONBIO, bad), EFAULT);
}

TEST(memfd_and_seals, "memfd_create fcntl")
{
	int fd = CHECK_OK(memfd_create("name", MFD_ALLOW_SEALING | MFD_CLOEXEC));
	struct stat st;
	char c;

	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(write(fd, "abc", 3), 3);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), 0);
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW);
	CHECK_ERRNO(ftruncate(fd, 2), EPERM);
	CHECK_ERRNO(ftruncate(fd, 4), EPERM);
	CHECK_EQ(pwrite(fd, "x", 1, 0), 1);
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	CHECK_ERRNO(pwrite(fd, "x", 1, 0), EPERM);
	CHECK_EQ(pread(fd, &c, 1, 0), 1);
	CHECK_ERRNO(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0), EPERM);
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
	fd = CHECK_OK(memfd_create("plain", 0));
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL);
	CHECK_OK(fstat(fd, &st));
	CHECK(S_ISREG(st.st_mode) && st.st_size == 0);
	CHECK_ERRNO(memfd_create("x", 0x1000000), EINVAL);
	CHECK_ERRNO(sys(memfd_create, bad, 0), EFAULT);
	char name[300];
	memset(name, 'n', sizeof(name));
	name[299] = 0;
	CHECK_ERRNO(memfd_create(name, 0), EINVAL);
	CHECK_ERRNO(fcntl(new_file("x"), F_GET_SEALS), EINVAL);
}

TEST(device_files, "openat read write")
{
	char buf[8] = "xxxxxxx";
	int fd = CHECK_OK(open("/dev/null", O_RDWR));

	CHECK_EQ(read(fd, buf, 8), 0);
	CHECK_EQ(write(fd, buf, 8), 8);
	fd = CHECK_OK(open("/dev/zero", O_RDWR));
	CHECK_EQ(read(fd, buf, 8), 8);
	CHECK(!memcmp(buf, "\0\0\0\0\0\0\0\0", 8));
	fd = CHECK_OK(open("/dev/full", O_RDWR));
	CHECK_ERRNO(write(fd, buf, 1), ENOSPC);
	fd = CHECK_OK(open("/dev/urandom", O_RDONLY));
	CHECK_EQ(read(fd, buf, 8), 8);
}
