// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc_test.c - paths that lead into /proc and out of it, what may not be done
 * there, and that its files tell of the processes that the calls tell of.
 */
#include "../syscalls/check.h"

#include <dirent.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* The whole file, terminated; its length or -1. */
static long slurp_at(int dirfd, const char *path, char *buf, size_t size)
{
	int fd = openat(dirfd, path, O_RDONLY);
	size_t len = 0;
	long n = -1;

	if (fd < 0)
		return -1;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	close(fd);
	buf[len] = 0;
	return n < 0 ? -1 : (long)len;
}

static bool reads_own_comm(int dirfd, const char *path)
{
	char name[17] = "", text[64] = "";

	prctl(PR_GET_NAME, name);
	strcat(name, "\n");
	return slurp_at(dirfd, path, text, sizeof(text)) > 0 && !strcmp(text, name);
}

TEST(links_lead_into_proc, "open stat readlink openat")
{
	char target[64], text[64];
	struct stat st;
	int fd;

	snprintf(target, sizeof(target), "/proc/%d/comm", getpid());
	REQUIRE(symlink(target, "to_file") == 0);
	REQUIRE(symlink("/proc", "to_proc") == 0);
	REQUIRE(symlink("to_proc/self/../thread-self", "to_thread") == 0);
	CHECK(reads_own_comm(AT_FDCWD, "to_file"));
	CHECK(reads_own_comm(AT_FDCWD, "to_proc/self/comm"));
	CHECK(reads_own_comm(AT_FDCWD, "to_thread/comm"));
	snprintf(target, sizeof(target), "to_proc/%d/comm", getpid());
	CHECK(reads_own_comm(AT_FDCWD, target));
	CHECK(reads_own_comm(AT_FDCWD, "/proc//./self/../self/comm"));
	CHECK(reads_own_comm(AT_FDCWD, "/proc/self/root/proc/self/comm"));
	CHECK(reads_own_comm(AT_FDCWD, "/proc/self/cwd/to_file"));
	fd = CHECK_OK(open("/", O_RDONLY | O_DIRECTORY));
	CHECK(reads_own_comm(fd, "proc/self/comm"));
	close(fd);
	CHECK_OK(stat("to_file", &st));
	CHECK(S_ISREG(st.st_mode));
	CHECK_OK(lstat("to_file", &st));
	CHECK(S_ISLNK(st.st_mode));
	CHECK_OK(lstat("to_proc/self", &st));
	CHECK(S_ISLNK(st.st_mode));
	CHECK_OK(stat("to_proc/self/", &st));
	CHECK(S_ISDIR(st.st_mode));
	CHECK_EQ(readlink("to_proc/self", text, sizeof(text)),
		 snprintf(target, 64, "%d", getpid()));
	CHECK(!strncmp(text, target, strlen(target)));
}

TEST(proc_as_working_folder, "chdir fchdir getcwd fork")
{
	char cwd[PATH_MAX], want[64], keep[PATH_MAX];
	pid_t pid;
	int fd;

	REQUIRE(getcwd(keep, sizeof(keep)));
	snprintf(want, sizeof(want), "/proc/%d", getpid());
	CHECK_OK(chdir("/proc/self"));
	CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, want));
	CHECK(reads_own_comm(AT_FDCWD, "comm"));
	CHECK(reads_own_comm(AT_FDCWD, "../self/task/../comm"));
	CHECK_ERRNO(chdir("comm"), ENOTDIR);
	CHECK_ERRNO(chdir("nothing"), ENOENT);
	CHECK_ERRNO(sys(getcwd, cwd, 3), ERANGE);
	pid = fork();
	if (!pid) {
		CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, want));
		CHECK_OK(chdir(".."));
		CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/proc"));
		_exit(0);
	}
	JOIN(pid);
	CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, want));
	CHECK_OK(chdir("../.."));
	CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"));
	fd = CHECK_OK(open("/proc/sys", O_RDONLY));
	CHECK_OK(fchdir(fd));
	CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/proc/sys"));
	CHECK_OK(access("kernel/ostype", R_OK));
	close(fd);
	CHECK_OK(chdir(keep));
	CHECK(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, keep));
}

TEST(descriptors_by_name, "open readlink linkat chmod openat fstat")
{
	char link[64], text[PATH_MAX], cwd[PATH_MAX];
	struct stat by_fd, by_link;
	int fd, again;
	long n;

	make_file("file", "0123456789", 0600);
	REQUIRE(getcwd(cwd, sizeof(cwd)));
	fd = CHECK_OK(open("file", O_RDONLY));
	CHECK_EQ(read(fd, text, 4), 4);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = CHECK_OK(readlink(link, text, sizeof(text) - 1));
	text[n] = 0;
	CHECK(!strncmp(text, cwd, strlen(cwd)) && !strcmp(text + strlen(cwd), "/file"));
	CHECK_OK(fstat(fd, &by_fd));
	CHECK_OK(stat(link, &by_link));
	CHECK_EQ(by_fd.st_ino, by_link.st_ino);
	CHECK_EQ(by_fd.st_dev, by_link.st_dev);
	/* A description of its own, with a position of its own; also when the name is gone. */
	CHECK_OK(unlink("file"));
	again = CHECK_OK(open(link, O_RDWR));
	CHECK_EQ(read(again, text, 10), 10);
	CHECK_EQ(write(again, "more", 4), 4);
	CHECK_OK(chmod(link, 0640));
	CHECK_OK(fstat(fd, &by_fd));
	CHECK_EQ(by_fd.st_mode, S_IFREG | 0640);
	CHECK_EQ(by_fd.st_size, 14);
	close(again);
	CHECK_ERRNO(open("/proc/self/fd/900", O_RDONLY), ENOENT);
	CHECK_ERRNO(open(link, O_RDONLY | O_NOFOLLOW), ELOOP);
	close(fd);

	fd = CHECK_OK(open(".", O_RDWR | O_TMPFILE, 0600));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	CHECK_OK(linkat(AT_FDCWD, link, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	CHECK_OK(stat("named", &by_link));
	CHECK_OK(fstat(fd, &by_fd));
	CHECK_EQ(by_fd.st_ino, by_link.st_ino);
	close(fd);

	fd = CHECK_OK(open(".", O_PATH | O_DIRECTORY));
	snprintf(link, sizeof(link), "/proc/self/fd/%d/named", fd);
	CHECK_OK(stat(link, &by_fd));
	CHECK_EQ(by_fd.st_ino, by_link.st_ino);
	close(fd);
}

TEST(proc_stays_as_it_is, "mkdir rmdir unlink rename link symlink mknod chmod open truncate")
{
	make_file("file", "", 0600);
	CHECK_ERRNO(mkdir("/proc/new", 0700), ENOENT);
	CHECK_ERRNO(mkdir("/proc/self", 0700), EEXIST);
	CHECK_ERRNO(symlink("x", "/proc/self/new"), ENOENT);
	CHECK_ERRNO(mknod("/proc/new", S_IFIFO | 0600, 0), ENOENT);
	CHECK_ERRNO(open("/proc/new", O_CREAT | O_WRONLY, 0600), ENOENT);
	CHECK_ERRNO(open("/proc/self/comm", O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST);
	CHECK_ERRNO(link("/proc/version", "file2"), EXDEV);
	CHECK_ERRNO(rename("file", "/proc/self/file"), EXDEV);
	CHECK_ERRNO(unlink("/proc/new"), ENOENT);
	CHECK_ERRNO(chmod("/proc/self/comm", 0777), EPERM);
	CHECK_ERRNO(unlink("/proc/self/comm"), EPERM);
	CHECK_ERRNO(rmdir("/proc/self/fd"), EPERM);
	drop_root();
	CHECK_ERRNO(open("/proc/version", O_WRONLY), EACCES);
}

TEST(proc_errors, "open read readlink getdents64")
{
	char buf[1024];
	int fd;

	CHECK_ERRNO(open("/proc/self/comm/x", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(open("/proc/self/comm/", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(open("/proc/4194303/comm", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("/proc/self", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK_ERRNO(open("/proc/version", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK_ERRNO(open("/proc/self/fd", O_RDWR), EISDIR);
	CHECK_ERRNO(readlink("/proc/version", buf, sizeof(buf)), EINVAL);
	CHECK_ERRNO(readlink("/proc/self", buf, 0), EINVAL);
	fd = CHECK_OK(open("/proc/self/fd", O_RDONLY));
	CHECK_ERRNO(read(fd, buf, sizeof(buf)), EISDIR);
	CHECK_ERRNO(sys(getdents64, fd, buf, 3), EINVAL);
	close(fd);
	fd = CHECK_OK(open("/proc/version", O_RDONLY));
	CHECK_ERRNO(sys(getdents64, fd, buf, sizeof(buf)), ENOTDIR);
	CHECK_ERRNO(read(fd, bad, 10), EFAULT);
	CHECK_ERRNO(write(fd, buf, 1), EBADF);
	CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
	close(fd);
}

TEST(links_by_descriptor, "openat readlinkat fstat")
{
	char text[64], want[16];
	struct stat st;
	int fd;

	fd = CHECK_OK(open("/proc/self", O_PATH | O_NOFOLLOW));
	CHECK_OK(fstat(fd, &st));
	CHECK(S_ISLNK(st.st_mode));
	CHECK_EQ(readlinkat(fd, "", text, sizeof(text)),
		 snprintf(want, sizeof(want), "%d", getpid()));
	CHECK_ERRNO(read(fd, text, 1), EBADF);
	close(fd);
	fd = CHECK_OK(open("/proc/self/", O_PATH));
	CHECK(reads_own_comm(fd, "comm"));
	close(fd);
}

TEST(name_of_a_task, "prctl write read")
{
	char text[1024], *name;
	int fd;

	fd = CHECK_OK(open("/proc/self/comm", O_RDWR));
	CHECK_EQ(write(fd, "a name that is too long", 23), 23);
	close(fd);
	CHECK_OK(prctl(PR_GET_NAME, text));
	CHECK(!strcmp(text, "a name that is "));
	CHECK_OK(prctl(PR_SET_NAME, "other) name"));
	CHECK(reads_own_comm(AT_FDCWD, "/proc/thread-self/comm"));
	CHECK(slurp_at(AT_FDCWD, "/proc/self/stat", text, sizeof(text)) > 0);
	name = strchr(text, '(');
	CHECK(name && !strncmp(name, "(other) name) R ", 16));
	CHECK(slurp_at(AT_FDCWD, "/proc/self/status", text, sizeof(text)) > 0);
	CHECK(!strncmp(text, "Name:\tother) name\n", 18));
}

static bool listed(const char *path, const char *name)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	bool found = false;

	REQUIRE(dir);
	while ((d = readdir(dir)))
		found |= !strcmp(d->d_name, name);
	closedir(dir);
	return found;
}

static void stay(void *arg)
{
	pause();
}

TEST(life_of_a_process, "fork kill waitid open read getdents64")
{
	char path[64], name[16], text[4096];
	pid_t pid = spawn(stay, NULL);
	siginfo_t info;
	int fd;

	snprintf(name, sizeof(name), "%d", pid);
	CHECK(listed("/proc", name));
	CHECK(listed("/proc", "self"));
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	CHECK(listed(path, name));
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = CHECK_OK(open(path, O_RDONLY));
	while (slurp_at(AT_FDCWD, path, text, sizeof(text)) > 0 &&
	       !strstr(text, "State:\tS (sleeping)"))
		sleep_ms(1);
	snprintf(name, sizeof(name), "PPid:\t%d\n", getpid());
	CHECK(strstr(text, name));
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	CHECK(slurp_at(AT_FDCWD, path, text, sizeof(text)) > 0);
	CHECK(strstr(text, "State:\tZ (zombie)"));
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	CHECK_EQ(slurp_at(AT_FDCWD, path, text, sizeof(text)), 0);
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED));
	CHECK_ERRNO(open(path, O_RDONLY), ENOENT);
	CHECK_ERRNO(read(fd, text, sizeof(text)), ESRCH);
	snprintf(name, sizeof(name), "%d", pid);
	CHECK(!listed("/proc", name));
	close(fd);
}

TEST(text_is_made_anew_at_its_beginning, "lseek pread64 read")
{
	char first[64] = "", again[64] = "", part[64] = "";
	int fd = CHECK_OK(open("/proc/uptime", O_RDONLY));

	CHECK(read(fd, first, sizeof(first) - 1) > 0);
	CHECK_EQ(read(fd, again, sizeof(again)), 0);
	sleep_ms(1100);
	CHECK_OK(lseek(fd, 0, SEEK_SET));
	CHECK(read(fd, again, sizeof(again) - 1) > 0);
	CHECK(atof(again) >= atof(first) + 1);
	CHECK(pread(fd, part, sizeof(part) - 1, 0) > 0);
	CHECK(atof(part) >= atof(again));
	close(fd);
}

TEST(own_program, "readlink stat")
{
	char exe[PATH_MAX], real[PATH_MAX];
	struct stat by_link, by_name;
	long n = CHECK_OK(readlink("/proc/self/exe", exe, sizeof(exe) - 1));

	exe[n > 0 ? n : 0] = 0;
	CHECK(exe[0] == '/' && realpath(exe, real) && !strcmp(exe, real));
	CHECK_OK(stat("/proc/self/exe", &by_link));
	CHECK_OK(stat(exe, &by_name));
	CHECK_EQ(by_link.st_ino, by_name.st_ino);
	CHECK_EQ(by_link.st_dev, by_name.st_dev);
}

TEST(map_of_memory, "open read")
{
	unsigned long start, end, ino, function = (unsigned long)slurp_at;
	unsigned int maj, min;
	char line[PATH_MAX + 128], name[PATH_MAX];
	bool stack = false, text = false;
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long last = 0;
	struct stat st;
	int n;

	REQUIRE(f && stat("/proc/self/exe", &st) == 0);
	while (fgets(line, sizeof(line), f)) {
		name[0] = 0;
		n = sscanf(line, "%lx-%lx %*4s %*x %x:%x %lu %s", &start, &end, &maj, &min, &ino,
			   name);
		CHECK(n >= 5 && start < end && start >= last);
		last = end;
		if (start <= (unsigned long)line && (unsigned long)line < end)
			stack = !strcmp(name, "[stack]");
		if (start <= function && function < end)
			text = ino == st.st_ino && maj == st.st_dev >> 8 &&
			       min == (st.st_dev & 0xff);
	}
	fclose(f);
	CHECK(stack);
	CHECK(text);
}

TEST(processors, "open read sched_getaffinity")
{
	unsigned int first = 0, last = 0;
	char text[64];

	CHECK(slurp_at(AT_FDCWD, "/sys/devices/system/cpu/online", text, sizeof(text)) > 0);
	if (sscanf(text, "%u-%u", &first, &last) < 2)
		last = first;
	if (!strchr(text, ','))
		CHECK_EQ(last - first + 1, sysconf(_SC_NPROCESSORS_ONLN));
	CHECK_OK(access("/sys/devices/system/cpu/cpu0/topology/core_id", R_OK));
	CHECK_ERRNO(access("/sys/devices/system/cpu/cpu4095", F_OK), ENOENT);
}

TEST(kinds_of_file_systems, "statfs fstatfs")
{
	struct statfs s;
	int fd;

	CHECK_OK(statfs("/proc/self/fd", &s));
	CHECK_EQ(s.f_type, 0x9fa0);
	CHECK_OK(statfs("/sys", &s));
	CHECK_EQ(s.f_type, 0x62656572);
	fd = CHECK_OK(open("/proc/version", O_RDONLY));
	CHECK_OK(fstatfs(fd, &s));
	CHECK_EQ(s.f_type, 0x9fa0);
	close(fd);
}
