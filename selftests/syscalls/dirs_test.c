// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dirs_test.c - names and folders: mkdir, rmdir, link, symlink, unlink, rename,
 * working folders, listing, and watching with inotify.
 */
#include "check.h"

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>

TEST(mkdir_rmdir, "mkdir mkdirat rmdir unlinkat")
{
	struct stat st;
	int dir;

	umask(027);
	CHECK_OK(sys(mkdir, "a", 0777));
	CHECK_OK(stat("a", &st));
	CHECK_EQ(st.st_mode, S_IFDIR | 0750);
	dir = open("a", O_RDONLY);
	CHECK_OK(mkdirat(dir, "b", 0700));
	CHECK_ERRNO(mkdir("a", 0700), EEXIST);
	CHECK_ERRNO(mkdir("missing/x", 0700), ENOENT);
	CHECK_ERRNO(mkdir("", 0700), ENOENT);
	make_file("file", "", 0644);
	CHECK_ERRNO(mkdir("file/x", 0700), ENOTDIR);
	CHECK_ERRNO(mkdir("file", 0700), EEXIST);
	CHECK_ERRNO(sys(mkdir, bad, 0700), EFAULT);
	CHECK_ERRNO(mkdirat(99, "x", 0700), EBADF);
	CHECK_ERRNO(rmdir("a"), ENOTEMPTY);
	CHECK_ERRNO(rmdir("file"), ENOTDIR);
	CHECK_ERRNO(rmdir("missing"), ENOENT);
	CHECK_ERRNO(rmdir("a/."), EINVAL);
	CHECK_ERRNO(rmdir("a/b/.."), ENOTEMPTY);
	CHECK_ERRNO(sys(rmdir, bad), EFAULT);
	CHECK_OK(sys(rmdir, "a/b"));
	CHECK_OK(unlinkat(AT_FDCWD, "a", AT_REMOVEDIR));
	/* A removed folder that is still open takes no new entries. */
	CHECK_ERRNO(mkdirat(dir, "x", 0700), ENOENT);
	CHECK_OK(mkdir("closed", 0500));
	drop_root();
	CHECK_ERRNO(mkdir("closed/x", 0700), EACCES);
}

TEST(unlink_keeps_open_files, "unlink unlinkat")
{
	struct stat st;
	char buf[4];
	int fd;

	make_file("file", "abc", 0644);
	fd = open("file", O_RDONLY);
	CHECK_OK(sys(unlink, "file"));
	CHECK_EQ(read(fd, buf, 4), 3);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_nlink, 0);
	CHECK_ERRNO(unlink("file"), ENOENT);
	CHECK_ERRNO(unlink(""), ENOENT);
	CHECK_OK(mkdir("dir", 0755));
	CHECK_ERRNO(unlink("dir"), EISDIR);
	CHECK_ERRNO(unlinkat(AT_FDCWD, "dir", 0x1), EINVAL);
	CHECK_ERRNO(unlinkat(99, "dir", 0), EBADF);
	CHECK_ERRNO(sys(unlink, bad), EFAULT);
	make_file("dir/x", "", 0644);
	CHECK_ERRNO(unlink("dir/x/y"), ENOTDIR);
	CHECK_OK(chmod("dir", 0500));
	drop_root();
	CHECK_ERRNO(unlink("dir/x"), EACCES);
}

TEST(hard_links, "link linkat")
{
	struct stat a, b;

	make_file("a", "x", 0644);
	CHECK_OK(sys(link, "a", "b"));
	CHECK_OK(stat("a", &a));
	CHECK_OK(stat("b", &b));
	CHECK(a.st_ino == b.st_ino && a.st_nlink == 2);
	CHECK_ERRNO(link("a", "b"), EEXIST);
	CHECK_ERRNO(link("missing", "c"), ENOENT);
	CHECK_ERRNO(link("a/x", "c"), ENOTDIR);
	CHECK_OK(mkdir("dir", 0755));
	CHECK_ERRNO(link("dir", "c"), EPERM);
	CHECK_ERRNO(sys(link, bad, "c"), EFAULT);
	CHECK_ERRNO(sys(link, "a", bad), EFAULT);
	CHECK_OK(symlink("a", "s"));
	CHECK_OK(linkat(AT_FDCWD, "s", AT_FDCWD, "c", 0));
	CHECK_OK(lstat("c", &b));
	CHECK(S_ISLNK(b.st_mode));
	CHECK_OK(linkat(AT_FDCWD, "s", AT_FDCWD, "d", AT_SYMLINK_FOLLOW));
	CHECK_OK(lstat("d", &b));
	CHECK_EQ(b.st_ino, a.st_ino);
	CHECK_ERRNO(linkat(99, "a", AT_FDCWD, "e", 0), EBADF);
	CHECK_ERRNO(linkat(AT_FDCWD, "a", AT_FDCWD, "e", 0x1), EINVAL);
}

TEST(symbolic_links, "symlink symlinkat readlink readlinkat")
{
	char buf[32], longest[PATH_MAX + 1];
	struct stat st;

	CHECK_OK(sys(symlink, "some/where", "s"));
	memset(buf, '#', sizeof(buf));
	CHECK_EQ(readlink("s", buf, sizeof(buf)), 10);
	CHECK(!memcmp(buf, "some/where#", 11));
	CHECK_EQ(sys(readlink, "s", buf, 4), 4);
	CHECK_OK(lstat("s", &st));
	CHECK_EQ(st.st_size, 10);
	CHECK_ERRNO(stat("s", &st), ENOENT);
	CHECK_ERRNO(symlink("x", "s"), EEXIST);
	CHECK_ERRNO(symlink("", "t"), ENOENT);
	CHECK_ERRNO(symlink("x", "missing/t"), ENOENT);
	CHECK_ERRNO(sys(symlink, bad, "t"), EFAULT);
	memset(longest, 'a', PATH_MAX);
	longest[PATH_MAX] = 0;
	CHECK_ERRNO(symlink(longest, "t"), ENAMETOOLONG);
	CHECK_OK(symlinkat("y", AT_FDCWD, "u"));
	CHECK_ERRNO(symlinkat("y", 99, "v"), EBADF);
	make_file("file", "", 0644);
	CHECK_ERRNO(readlink("file", buf, 4), EINVAL);
	CHECK_ERRNO(readlink("missing", buf, 4), ENOENT);
	CHECK_ERRNO(sys(readlink, "s", buf, 0), EINVAL);
	CHECK_ERRNO(sys(readlink, "s", bad, 4), EFAULT);
	CHECK_ERRNO(sys(readlink, bad, buf, 4), EFAULT);
	CHECK_ERRNO(readlink("file/x", buf, 4), ENOTDIR);
	int fd = open("s", O_PATH | O_NOFOLLOW);
	CHECK_EQ(readlinkat(fd, "", buf, 32), 10);
}

TEST(rename_files_and_folders, "rename renameat")
{
	struct stat a, b;

	make_file("a", "aa", 0644);
	make_file("b", "b", 0644);
	CHECK_OK(stat("a", &a));
	CHECK_OK(sys(rename, "a", "b"));
	CHECK_OK(stat("b", &b));
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_ERRNO(stat("a", &a), ENOENT);
	CHECK_ERRNO(rename("missing", "x"), ENOENT);
	CHECK_ERRNO(rename("b", "missing/x"), ENOENT);
	CHECK_OK(mkdir("dir", 0755));
	CHECK_OK(mkdir("dir/sub", 0755));
	CHECK_OK(mkdir("empty", 0755));
	CHECK_ERRNO(rename("b", "dir"), EISDIR);
	CHECK_ERRNO(rename("dir", "b"), ENOTDIR);
	CHECK_ERRNO(rename("empty", "dir"), ENOTEMPTY);
	CHECK_ERRNO(rename("dir", "dir/sub/x"), EINVAL);
	CHECK_ERRNO(rename("b/x", "y"), ENOTDIR);
	CHECK_OK(rename("dir", "empty"));
	CHECK_OK(stat("empty/sub", &a));
	/* Two names of one file: nothing happens. */
	CHECK_OK(link("b", "c"));
	CHECK_OK(rename("b", "c"));
	CHECK_OK(stat("b", &a));
	CHECK_ERRNO(sys(rename, bad, "x"), EFAULT);
	CHECK_ERRNO(sys(rename, "b", bad), EFAULT);
	CHECK_ERRNO(renameat(99, "b", AT_FDCWD, "x"), EBADF);
	CHECK_OK(chmod("empty", 0500));
	drop_root();
	CHECK_ERRNO(rename("empty/sub", "empty/x"), EACCES);
}

TEST(renameat2_flags, "renameat2")
{
	struct stat st;

	make_file("a", "aa", 0644);
	make_file("b", "b", 0644);
	if (renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE) == -1 && errno == EINVAL)
		skip("this file system has no RENAME_NOREPLACE");
	CHECK_ERRNO(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE), EEXIST);
	CHECK_OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE));
	CHECK_OK(stat("b", &st));
	CHECK_EQ(st.st_size, 2);
	CHECK_ERRNO(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_EXCHANGE), ENOENT);
	CHECK_OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_NOREPLACE));
	CHECK_ERRNO(renameat2(AT_FDCWD, "b", AT_FDCWD, "c", RENAME_EXCHANGE | RENAME_NOREPLACE),
		    EINVAL);
	CHECK_ERRNO(renameat2(AT_FDCWD, "b", AT_FDCWD, "c", 0x80), EINVAL);
}

TEST(working_folder, "chdir fchdir getcwd")
{
	char here[PATH_MAX], there[PATH_MAX + 8], buf[PATH_MAX + 8];
	int fd = open(".", O_RDONLY);
	long n;

	n = sys(getcwd, here, sizeof(here));
	CHECK_EQ(n, strlen(here) + 1);
	CHECK_OK(mkdir("sub", 0755));
	CHECK_OK(chdir("sub"));
	snprintf(there, sizeof(there), "%s/sub", here);
	CHECK(getcwd(buf, sizeof(buf)) && !strcmp(buf, there));
	CHECK_OK(fchdir(fd));
	CHECK(getcwd(buf, sizeof(buf)) && !strcmp(buf, here));
	CHECK_ERRNO(sys(getcwd, buf, 3), ERANGE);
	CHECK_ERRNO(sys(getcwd, bad, PATH_MAX), EFAULT);
	CHECK_ERRNO(chdir("missing"), ENOENT);
	make_file("file", "", 0644);
	CHECK_ERRNO(chdir("file"), ENOTDIR);
	CHECK_ERRNO(sys(chdir, bad), EFAULT);
	CHECK_ERRNO(fchdir(99), EBADF);
	CHECK_ERRNO(fchdir(open("file", O_RDONLY)), ENOTDIR);
	CHECK_OK(chdir("sub"));
	CHECK_OK(rmdir("../sub"));
	CHECK_ERRNO(sys(getcwd, buf, sizeof(buf)), ENOENT);
	CHECK_ERRNO(open("x", O_WRONLY | O_CREAT, 0600), ENOENT);
	CHECK_OK(fchdir(fd));
	CHECK_OK(mkdir("closed", 0));
	drop_root();
	CHECK_ERRNO(chdir("closed"), EACCES);
}

#ifdef SYS_getdents
#define LISTING_CALLS "getdents64 getdents lseek"
#else
#define LISTING_CALLS "getdents64 lseek"
#endif

TEST(listing, LISTING_CALLS)
{
	static char buf[32768];
	int fd, seen[100] = {0}, dots = 0, others = 0;
	long n;

	for (int i = 0; i < 100; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%d", i);
		make_file(name, "", 0644);
	}
	fd = open(".", O_RDONLY | O_DIRECTORY);
	while ((n = sys(getdents64, fd, buf, 1024)) > 0)
		for (long at = 0; at < n;) {
			struct dirent64 *d = (void *)(buf + at);

			if (d->d_name[0] == 'f') {
				seen[atoi(d->d_name + 1)]++;
				CHECK(d->d_type == DT_REG || d->d_type == DT_UNKNOWN);
				CHECK(d->d_ino != 0);
			} else if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
				dots++;
			else
				others++;
			at += d->d_reclen;
		}
	CHECK_EQ(n, 0);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(seen[i], 1);
	CHECK(dots == 2 && others == 0);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK(sys(getdents64, fd, buf, sizeof(buf)) > 100 * 24);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
#ifdef SYS_getdents
	CHECK(sys(getdents, fd, buf, sizeof(buf)) > 100 * 20);
#endif
	lseek(fd, 0, SEEK_SET);
	CHECK_ERRNO(sys(getdents64, fd, buf, 1), EINVAL);
	CHECK_ERRNO(sys(getdents64, fd, bad, 1024), EFAULT);
	CHECK_ERRNO(sys(getdents64, 99, buf, 1024), EBADF);
	CHECK_ERRNO(sys(getdents64, open("f0", O_RDONLY), buf, 1024), ENOTDIR);
}

TEST(mknod_kinds, "mknod mknodat")
{
	struct stat st;

	CHECK_OK(mknod("file", S_IFREG | 0640, 0));
	CHECK_OK(stat("file", &st));
	CHECK_EQ(st.st_mode, S_IFREG | 0640);
	CHECK_OK(mknodat(AT_FDCWD, "sock", S_IFSOCK | 0600, 0));
	CHECK_OK(stat("sock", &st));
	CHECK(S_ISSOCK(st.st_mode));
	CHECK_ERRNO(mknod("file", S_IFREG, 0), EEXIST);
	CHECK_ERRNO(mknod("dir", S_IFDIR | 0700, 0), EPERM);
	CHECK_ERRNO(mknod("odd", 0170000, 0), EINVAL);
	CHECK_ERRNO(mknod("missing/x", S_IFREG, 0), ENOENT);
	CHECK_ERRNO(mknodat(99, "x", S_IFREG, 0), EBADF);
	CHECK_ERRNO(sys(mknod, bad, S_IFREG, 0), EFAULT);
	drop_root();
	CHECK_ERRNO(mknod("device", S_IFCHR | 0600, 0x103), EPERM);
}

TEST(sticky_folder, "unlink rename")
{
	if (geteuid())
		skip("needs root to make another's file");
	CHECK_OK(mkdir("sticky", 01777));
	CHECK_OK(chmod("sticky", 01777));
	make_file("sticky/roots", "", 0666);
	drop_root();
	CHECK_ERRNO(unlink("sticky/roots"), EPERM);
	CHECK_ERRNO(rename("sticky/roots", "sticky/mine"), EPERM);
	make_file("sticky/own", "", 0666);
	CHECK_OK(unlink("sticky/own"));
}

static void make_new_file(void *arg)
{
	make_file("dir/new", "x", 0644);
}

TEST(inotify_tells_of_changes, "inotify_init1 inotify_add_watch inotify_rm_watch read poll")
{
	char buf[4096];
	struct inotify_event *ev = (void *)buf;
	struct pollfd pfd = {.events = POLLIN};
	int fd, wd;
	pid_t pid;

	fd = sys(inotify_init1, IN_CLOEXEC | IN_NONBLOCK);
	if (fd == -1 && errno == ENOSYS)
		skip("no inotify here");
	REQUIRE(fd >= 0 && mkdir("dir", 0755) == 0);
	CHECK_ERRNO(sys(inotify_init1, 0x1), EINVAL);
	wd = CHECK_OK(inotify_add_watch(fd, "dir", IN_CREATE | IN_DELETE | IN_MOVED_TO));
	CHECK_ERRNO(read(fd, buf, sizeof(buf)), EAGAIN);
	pfd.fd = fd;
	pid = spawn_after(20, make_new_file, NULL);
	CHECK_EQ(poll(&pfd, 1, -1), 1);
	CHECK(read(fd, buf, sizeof(buf)) >= (long)sizeof(*ev));
	CHECK_EQ(ev->wd, wd);
	CHECK_EQ(ev->mask, IN_CREATE);
	CHECK(!strcmp(ev->name, "new"));
	JOIN(pid);
	CHECK_OK(unlink("dir/new"));
	CHECK(read(fd, buf, sizeof(buf)) >= (long)sizeof(*ev));
	CHECK_EQ(ev->mask, IN_DELETE);
	CHECK_OK(inotify_rm_watch(fd, wd));
	CHECK(read(fd, buf, sizeof(buf)) >= (long)sizeof(*ev));
	CHECK_EQ(ev->mask, IN_IGNORED);
	CHECK_ERRNO(inotify_rm_watch(fd, wd), EINVAL);
	CHECK_ERRNO(inotify_rm_watch(99, wd), EBADF);
	CHECK_ERRNO(inotify_add_watch(fd, "missing", IN_CREATE), ENOENT);
	CHECK_ERRNO(inotify_add_watch(fd, "dir", 0), EINVAL);
	CHECK_ERRNO(inotify_add_watch(0, "dir", IN_CREATE), EINVAL);
	CHECK_ERRNO(sys(inotify_add_watch, fd, bad, IN_CREATE), EFAULT);
}
