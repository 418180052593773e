// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stat_test.c - what a file's inode says and who may change it: stat in all its
 * forms, access, modes, owners, times, extended attributes, file systems.
 */
#include "check.h"

#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <utime.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

TEST(stat_in_all_forms, "stat lstat fstat newfstatat")
{
	struct stat a, b;
	int fd;

	make_file("file", "12345", 0640);
	REQUIRE(symlink("file", "link") == 0);
	memset(&a, 0xcc, sizeof(a));
	CHECK_EQ(sys(stat, "file", &a), 0);
	CHECK_EQ(a.st_mode, S_IFREG | 0640);
	CHECK_EQ(a.st_size, 5);
	CHECK_EQ(a.st_nlink, 1);
	CHECK_EQ(a.st_uid, geteuid());
	CHECK(a.st_blksize > 0);
	fd = open("file", O_RDONLY);
	CHECK_EQ(sys(fstat, fd, &b), 0);
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	CHECK_EQ(sys(stat, "link", &b), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(sys(lstat, "link", &b), 0);
	CHECK(S_ISLNK(b.st_mode));
	CHECK_EQ(sys(newfstatat, AT_FDCWD, "link", &b, AT_SYMLINK_NOFOLLOW), 0);
	CHECK(S_ISLNK(b.st_mode));
	CHECK_EQ(sys(newfstatat, fd, "", &b, AT_EMPTY_PATH), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_OK(stat("/dev/null", &b));
	CHECK(S_ISCHR(b.st_mode) && b.st_rdev == makedev(1, 3));
}

TEST(stat_errors, "stat lstat fstat newfstatat")
{
	struct stat st;

	make_file("file", "", 0644);
	CHECK_ERRNO(sys(stat, "missing", &st), ENOENT);
	CHECK_ERRNO(sys(stat, "", &st), ENOENT);
	CHECK_ERRNO(sys(stat, "file/x", &st), ENOTDIR);
	CHECK_ERRNO(sys(stat, bad, &st), EFAULT);
	CHECK_ERRNO(sys(stat, "file", bad), EFAULT);
	CHECK_ERRNO(sys(lstat, "file", bad), EFAULT);
	CHECK_ERRNO(sys(fstat, 0, bad), EFAULT);
	CHECK_ERRNO(sys(fstat, 99, &st), EBADF);
	CHECK_ERRNO(sys(newfstatat, 99, "file", &st, 0), EBADF);
	CHECK_ERRNO(sys(newfstatat, AT_FDCWD, "file", &st, 0x10), EINVAL);
	CHECK_EQ(sys(newfstatat, 99, "/", &st, 0), 0);
	REQUIRE(mkdir("closed", 0) == 0);
	drop_root();
	CHECK_ERRNO(sys(stat, "closed/x", &st), EACCES);
}

TEST(statx_fields_and_errors, "statx")
{
	struct statx sx;
	struct stat st;

	make_file("file", "12345", 0640);
	memset(&sx, 0xcc, sizeof(sx));
	CHECK_EQ(sys(statx, AT_FDCWD, "file", 0, STATX_BASIC_STATS, &sx), 0);
	CHECK_EQ(sx.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
	CHECK_OK(stat("file", &st));
	CHECK_EQ(sx.stx_ino, st.st_ino);
	CHECK_EQ(sx.stx_size, 5);
	CHECK_EQ(sx.stx_mode, S_IFREG | 0640);
	CHECK_EQ(sx.stx_mtime.tv_sec, st.st_mtim.tv_sec);
	CHECK_EQ(sx.stx_mtime.tv_nsec, st.st_mtim.tv_nsec);
	CHECK_EQ(makedev(sx.stx_dev_major, sx.stx_dev_minor), st.st_dev);
	CHECK_ERRNO(sys(statx, AT_FDCWD, "missing", 0, 0, &sx), ENOENT);
	CHECK_ERRNO(sys(statx, 99, "file", 0, 0, &sx), EBADF);
	CHECK_ERRNO(sys(statx, AT_FDCWD, "file", 0x10, 0, &sx), EINVAL);
	CHECK_ERRNO(sys(statx, AT_FDCWD, "file", 0, 0x80000000, &sx), EINVAL);
	CHECK_ERRNO(sys(statx, AT_FDCWD, "file", AT_STATX_SYNC_TYPE, 0, &sx), EINVAL);
	CHECK_ERRNO(sys(statx, AT_FDCWD, "file", 0, 0, bad), EFAULT);
	CHECK_ERRNO(sys(statx, AT_FDCWD, bad, 0, 0, &sx), EFAULT);
	int fd = open("file", O_RDONLY);
	CHECK_EQ(sys(statx, fd, "", AT_EMPTY_PATH, STATX_SIZE, &sx), 0);
	CHECK_EQ(sx.stx_size, 5);
}

TEST(access_checks, "access faccessat faccessat2")
{
	make_file("file", "", 0644);
	make_file("secret", "", 0);
	CHECK_EQ(sys(access, "file", F_OK), 0);
	CHECK_EQ(sys(access, "file", R_OK), 0);
	CHECK_ERRNO(sys(access, "file", X_OK), EACCES);
	CHECK_ERRNO(sys(access, "missing", F_OK), ENOENT);
	CHECK_ERRNO(sys(access, "file/x", F_OK), ENOTDIR);
	CHECK_ERRNO(sys(access, "file", 8), EINVAL);
	CHECK_ERRNO(sys(access, bad, F_OK), EFAULT);
	CHECK_EQ(sys(faccessat, AT_FDCWD, "file", R_OK), 0);
	CHECK_ERRNO(sys(faccessat, 99, "file", R_OK), EBADF);
	CHECK_OK(symlink("missing", "dangling"));
	if (sys(faccessat2, AT_FDCWD, "file", R_OK, AT_EACCESS) == 0) {
		CHECK_EQ(sys(faccessat2, AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW), 0);
		CHECK_ERRNO(sys(faccessat2, AT_FDCWD, "dangling", F_OK, 0), ENOENT);
		CHECK_ERRNO(sys(faccessat2, AT_FDCWD, "file", R_OK, 0x1), EINVAL);
		CHECK_ERRNO(sys(faccessat2, AT_FDCWD, bad, R_OK, 0), EFAULT);
	} else
		CHECK_EQ(errno, ENOSYS);
	drop_root();
	CHECK_EQ(sys(access, "secret", F_OK), 0);
	CHECK_ERRNO(sys(access, "secret", R_OK), EACCES);
	CHECK_ERRNO(sys(access, "secret", W_OK), EACCES);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	CHECK_OK(stat(path, &st));
	return st.st_mode & 07777;
}

TEST(modes, "chmod fchmod fchmodat umask")
{
	int fd;

	make_file("file", "", 0644);
	CHECK_EQ(sys(chmod, "file", 04751), 0);
	CHECK_EQ(mode_of("file"), 04751);
	fd = open("file", O_RDONLY);
	CHECK_EQ(sys(fchmod, fd, 0600), 0);
	CHECK_EQ(mode_of("file"), 0600);
	CHECK_EQ(sys(fchmodat, AT_FDCWD, "file", 0640), 0);
	CHECK_EQ(mode_of("file"), 0640);
	CHECK_ERRNO(chmod("missing", 0600), ENOENT);
	CHECK_ERRNO(chmod("file/x", 0600), ENOTDIR);
	CHECK_ERRNO(sys(chmod, bad, 0600), EFAULT);
	CHECK_ERRNO(fchmod(99, 0600), EBADF);
	CHECK_ERRNO(fchmodat(99, "file", 0600, 0), EBADF);
	CHECK_ERRNO(fchmod(open("file", O_PATH), 0600), EBADF);
	umask(022);
	CHECK_EQ(sys(umask, 0777 | 010000), 022);
	CHECK_EQ(umask(0), 0777);
	CHECK_OK(symlink("file", "link"));
	if (sys(fchmodat2, AT_FDCWD, "link", 0600, AT_SYMLINK_NOFOLLOW) == -1)
		CHECK(errno == EOPNOTSUPP || errno == ENOSYS);
	if (geteuid() == 0) {
		drop_root();
		CHECK_ERRNO(chmod("file", 0666), EPERM);
	}
}

TEST(owners, "chown fchown lchown fchownat")
{
	struct stat st;
	int fd;

	make_file("file", "", 06755);
	fd = open("file", O_RDONLY);
	CHECK_OK(sys(chown, "file", -1, -1));
	CHECK_OK(fchown(fd, geteuid(), -1));
	CHECK_ERRNO(chown("missing", -1, -1), ENOENT);
	CHECK_ERRNO(sys(chown, bad, -1, -1), EFAULT);
	CHECK_ERRNO(sys(lchown, bad, -1, -1), EFAULT);
	CHECK_ERRNO(fchown(99, -1, -1), EBADF);
	CHECK_ERRNO(fchownat(99, "file", -1, -1, 0), EBADF);
	CHECK_ERRNO(fchownat(AT_FDCWD, "file", -1, -1, 0x1), EINVAL);
	if (geteuid() == 0) {
		CHECK_OK(chown("file", 1000, 1001));
		CHECK_OK(stat("file", &st));
		CHECK(st.st_uid == 1000 && st.st_gid == 1001);
		/* Changing the owner drops set-user-id and set-group-id. */
		CHECK_EQ(st.st_mode & 07777, 0755);
		CHECK_OK(symlink("file", "link"));
		CHECK_OK(lchown("link", 7, 8));
		CHECK_OK(lstat("link", &st));
		CHECK(st.st_uid == 7 && st.st_gid == 8);
		CHECK_OK(fchownat(AT_FDCWD, "link", 9, 9, AT_SYMLINK_NOFOLLOW));
		CHECK_OK(stat("link", &st));
		CHECK_EQ(st.st_uid, 1000);
		drop_root();
	}
	CHECK_ERRNO(chown("file", 0, -1), EPERM);
	CHECK_ERRNO(fchown(fd, -1, 4242), EPERM);
}

TEST(setting_times, "utimensat utimes utime futimesat")
{
	struct timespec ts[2] = {{1000, 5}, {2000, 6}}, wrong[2] = {{0, 1000000000}, {0, 0}};
	struct timeval tv[2] = {{3000, 7}, {4000, 8}};
	struct utimbuf ut = {5000, 6000};
	struct stat st;

	make_file("file", "", 0644);
	CHECK_OK(utimensat(AT_FDCWD, "file", ts, 0));
	CHECK_OK(stat("file", &st));
	CHECK(st.st_atim.tv_sec == 1000 && st.st_mtim.tv_sec == 2000 && st.st_mtim.tv_nsec == 6);
	ts[0].tv_nsec = UTIME_OMIT;
	ts[1] = (struct timespec){7000, 0};
	CHECK_OK(utimensat(AT_FDCWD, "file", ts, 0));
	CHECK_OK(stat("file", &st));
	CHECK(st.st_atim.tv_sec == 1000 && st.st_mtim.tv_sec == 7000);
	ts[0].tv_nsec = UTIME_NOW;
	int64_t before = now_ns(CLOCK_REALTIME_COARSE);
	CHECK_OK(utimensat(AT_FDCWD, "file", ts, 0));
	CHECK_OK(stat("file", &st));
	CHECK(st.st_atim.tv_sec >= before / 1000000000);
	CHECK_EQ(sys(utimes, "file", tv), 0);
	CHECK_OK(stat("file", &st));
	CHECK(st.st_atim.tv_sec == 3000 && st.st_mtim.tv_nsec == 8000);
	CHECK_EQ(sys(utime, "file", &ut), 0);
	CHECK_OK(stat("file", &st));
	CHECK(st.st_atim.tv_sec == 5000 && st.st_mtim.tv_sec == 6000);
	CHECK_EQ(sys(futimesat, AT_FDCWD, "file", NULL), 0);
	CHECK_ERRNO(utimensat(AT_FDCWD, "file", wrong, 0), EINVAL);
	CHECK_ERRNO(utimensat(AT_FDCWD, "missing", ts, 0), ENOENT);
	CHECK_ERRNO(utimensat(AT_FDCWD, "file", ts, 0x1), EINVAL);
	CHECK_ERRNO(utimensat(99, "file", ts, 0), EBADF);
	CHECK_ERRNO(sys(utimensat, AT_FDCWD, "file", bad, 0), EFAULT);
	CHECK_ERRNO(sys(utimes, bad, NULL), EFAULT);
	CHECK_ERRNO(sys(utime, "file", bad), EFAULT);
	if (geteuid() == 0) {
		drop_root();
		CHECK_ERRNO(utimensat(AT_FDCWD, "file", ts, 0), EPERM);
		CHECK_ERRNO(utimensat(AT_FDCWD, "file", NULL, 0), EACCES);
	}
}

TEST(times_follow_use, "read write chmod")
{
	struct stat before, after;
	int fd;

	make_file("file", "x", 0644);
	fd = open("file", O_RDWR);
	CHECK_OK(fstat(fd, &before));
	sleep_ms(20);
	CHECK_EQ(write(fd, "y", 1), 1);
	CHECK_OK(fstat(fd, &after));
	CHECK(after.st_mtim.tv_sec > before.st_mtim.tv_sec ||
	      after.st_mtim.tv_nsec > before.st_mtim.tv_nsec);
	before = after;
	sleep_ms(20);
	CHECK_OK(fchmod(fd, 0600));
	CHECK_OK(fstat(fd, &after));
	CHECK(after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
	CHECK(after.st_ctim.tv_sec > before.st_ctim.tv_sec ||
	      after.st_ctim.tv_nsec > before.st_ctim.tv_nsec);
	int64_t change = after.st_ctim.tv_sec * 1000000000LL + after.st_ctim.tv_nsec;
	CHECK(change <= now_ns(CLOCK_REALTIME));
}

TEST(extended_attributes, "setxattr getxattr listxattr removexattr fgetxattr fsetxattr flistxattr "
			  "fremovexattr lgetxattr")
{
	char buf[64];
	int fd;

	make_file("file", "", 0644);
	fd = open("file", O_RDWR);
	if (setxattr("file", "user.test", "value", 5, 0) == -1 && errno == EOPNOTSUPP)
		skip("this file system has no extended attributes");
	CHECK_EQ(getxattr("file", "user.test", buf, sizeof(buf)), 5);
	CHECK(!memcmp(buf, "value", 5));
	CHECK_EQ(fgetxattr(fd, "user.test", NULL, 0), 5);
	CHECK_EQ(lgetxattr("file", "user.test", buf, sizeof(buf)), 5);
	CHECK_ERRNO(getxattr("file", "user.test", buf, 2), ERANGE);
	CHECK_ERRNO(getxattr("file", "user.missing", buf, 2), ENODATA);
	CHECK_ERRNO(getxattr("missing", "user.test", buf, 2), ENOENT);
	CHECK_ERRNO(setxattr("file", "user.test", "v", 1, XATTR_CREATE), EEXIST);
	CHECK_ERRNO(setxattr("file", "user.new", "v", 1, XATTR_REPLACE), ENODATA);
	CHECK_ERRNO(setxattr("file", "user.test", "v", 1, 0x10), EINVAL);
	CHECK_ERRNO(setxattr("file", "nospace", "v", 1, 0), EOPNOTSUPP);
	CHECK_OK(fsetxattr(fd, "user.two", "2", 1, XATTR_CREATE));
	CHECK(listxattr("file", buf, sizeof(buf)) >= 19);
	CHECK(flistxattr(fd, NULL, 0) >= 19);
	CHECK_ERRNO(listxattr("file", buf, 3), ERANGE);
	CHECK_OK(removexattr("file", "user.test"));
	CHECK_OK(fremovexattr(fd, "user.two"));
	CHECK_ERRNO(removexattr("file", "user.test"), ENODATA);
	CHECK_ERRNO(fgetxattr(99, "user.test", buf, 2), EBADF);
	CHECK_ERRNO(sys(setxattr, "file", bad, "v", 1, 0), EFAULT);
	CHECK_ERRNO(sys(setxattr, "file", "user.x", bad, 1, 0), EFAULT);
}

TEST(file_systems, "statfs fstatfs")
{
	struct statfs a, b;
	int fd = open(".", O_RDONLY);

	memset(&a, 0xcc, sizeof(a));
	CHECK_OK(statfs(".", &a));
	CHECK_OK(fstatfs(fd, &b));
	CHECK(a.f_type == b.f_type && a.f_bsize == b.f_bsize && a.f_bsize > 0);
	CHECK(a.f_namelen >= 255);
	CHECK_ERRNO(statfs("missing", &a), ENOENT);
	CHECK_ERRNO(sys(statfs, bad, &a), EFAULT);
	CHECK_ERRNO(sys(statfs, ".", bad), EFAULT);
	CHECK_ERRNO(fstatfs(99, &a), EBADF);
	CHECK_ERRNO(sys(fstatfs, fd, bad), EFAULT);
}
