// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * misc_test.c - what fits nowhere else: names and numbers of the system, random
 * bytes, thread-local registers, priorities of input and output, comparing
 * descriptors, calls that do not exist.
 */
#include "check.h"

#ifdef __x86_64__
#include <asm/prctl.h>
#endif
#include <linux/kcmp.h>
#include <sys/personality.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

TEST(uname_fields, "uname")
{
	struct utsname u;
	char host[70];

	memset(&u, 0xcc, sizeof(u));
	CHECK_EQ(sys(uname, &u), 0);
	CHECK(!strcmp(u.sysname, "Linux"));
	CHECK(u.release[0] >= '1' && u.release[0] <= '9');
	CHECK(u.machine[0] && strlen(u.nodename) < 65);
	CHECK_OK(gethostname(host, sizeof(host)));
	CHECK(!strcmp(host, u.nodename));
	CHECK_ERRNO(sys(uname, bad), EFAULT);
}

TEST(hostname_needs_privileges, "sethostname setdomainname")
{
	if (geteuid() == 0)
		CHECK_ERRNO(sys(sethostname, "x", -1), EINVAL);
	drop_root();
	CHECK_ERRNO(sethostname("x", 1), EPERM);
	CHECK_ERRNO(setdomainname("x", 1), EPERM);
}

TEST(sysinfo_is_plausible, "sysinfo")
{
	struct sysinfo si;
	struct timespec ts;

	memset(&si, 0xcc, sizeof(si));
	CHECK_OK(sysinfo(&si));
	CHECK(si.totalram > 0 && si.freeram <= si.totalram && si.procs > 0 && si.mem_unit > 0);
	CHECK_OK(clock_gettime(CLOCK_BOOTTIME, &ts));
	CHECK(si.uptime <= ts.tv_sec + 1);
	CHECK(si.uptime >= ts.tv_sec - 1);
	CHECK_ERRNO(sys(sysinfo, bad), EFAULT);
}

TEST(random_bytes, "getrandom")
{
	unsigned char a[64], b[64];

	memset(a, 0, sizeof(a));
	CHECK_EQ(sys(getrandom, a, 64, 0), 64);
	CHECK_EQ(getrandom(b, 64, GRND_NONBLOCK), 64);
	CHECK(memcmp(a, b, 64));
	CHECK_EQ(getrandom(a, 10, GRND_RANDOM), 10);
	CHECK_EQ(getrandom(a, 0, 0), 0);
	CHECK_ERRNO(sys(getrandom, a, 64, 0x80), EINVAL);
	CHECK_ERRNO(sys(getrandom, a, 64, GRND_RANDOM | GRND_INSECURE), EINVAL);
	CHECK_ERRNO(sys(getrandom, bad, 64, 0), EFAULT);
}

TEST(random_differs_after_fork, "getrandom clone")
{
	unsigned char mine[32], theirs[32];
	int fds[2];
	pid_t pid;

	REQUIRE(pipe(fds) == 0);
	pid = fork();
	if (!pid) {
		CHECK_EQ(sys(getrandom, theirs, 32, 0), 32);
		CHECK_EQ(write(fds[1], theirs, 32), 32);
		_exit(0);
	}
	CHECK_EQ(sys(getrandom, mine, 32, 0), 32);
	CHECK_EQ(read(fds[0], theirs, 32), 32);
	JOIN(pid);
	CHECK(memcmp(mine, theirs, 32));
}

#ifdef __x86_64__
#ifdef __x86_64__
TEST(segment_bases, "arch_prctl")
{
	unsigned long fs = 0, gs = 1;

	CHECK_EQ(sys(arch_prctl, ARCH_GET_FS, &fs), 0);
	CHECK(fs != 0);
	CHECK_EQ(sys(arch_prctl, ARCH_SET_GS, 0x1234), 0);
	CHECK_EQ(sys(arch_prctl, ARCH_GET_GS, &gs), 0);
	CHECK_EQ(gs, 0x1234);
	CHECK_EQ(sys(arch_prctl, ARCH_SET_FS, fs), 0);
	CHECK_ERRNO(sys(arch_prctl, ARCH_SET_GS, 1ul << 60), EPERM);
	CHECK_ERRNO(sys(arch_prctl, ARCH_GET_FS, bad), EFAULT);
	CHECK_ERRNO(sys(arch_prctl, 0x9999, 0), EINVAL);
}
#endif
#endif

TEST(personality_is_kept, "personality")
{
	long p = sys(personality, 0xffffffff);

	CHECK(p >= 0);
	CHECK_EQ(sys(personality, p), p);
	CHECK_EQ(sys(personality, 0xffffffff), p);
}

TEST(io_priorities, "ioprio_get ioprio_set")
{
	/* Class best effort (2), level 7. */
	CHECK_EQ(sys(ioprio_set, 1, 0, 2 << 13 | 7), 0);
	CHECK_EQ(sys(ioprio_get, 1, 0), 2 << 13 | 7);
	CHECK_ERRNO(sys(ioprio_get, 9, 0), EINVAL);
	CHECK_ERRNO(sys(ioprio_set, 9, 0, 0), EINVAL);
	CHECK_ERRNO(sys(ioprio_set, 1, 0, 7 << 13), EINVAL);
	CHECK_ERRNO(sys(ioprio_get, 1, 1 << 29), ESRCH);
	CHECK_ERRNO(sys(ioprio_set, 1, 1 << 29, 0), ESRCH);
}

TEST(comparing_descriptors, "kcmp")
{
	int fd = open("/dev/null", O_RDONLY), copy = dup(fd), other = open("/dev/null", O_RDONLY);
	pid_t self = getpid();
	long r = sys(kcmp, self, self, KCMP_FILE, fd, copy);

	if (r == -1 && (errno == ENOSYS || errno == EPERM))
		skip("kcmp is missing or forbidden here");
	CHECK_EQ(r, 0);
	CHECK(sys(kcmp, self, self, KCMP_FILE, fd, other) > 0);
	CHECK_EQ(sys(kcmp, self, self, KCMP_VM, 0, 0), 0);
	CHECK_ERRNO(sys(kcmp, self, self, KCMP_FILE, fd, 99), EBADF);
	CHECK_ERRNO(sys(kcmp, self, 1 << 29, KCMP_VM, 0, 0), ESRCH);
	CHECK_ERRNO(sys(kcmp, self, self, 99, 0, 0), EINVAL);
}

TEST(calls_that_do_not_exist, "restart_syscall")
{
	CHECK_ERRNO(syscall(100000), ENOSYS);
	CHECK_ERRNO(syscall(-1), ENOSYS);
	CHECK_ERRNO(syscall(400), ENOSYS);
	/* Without an interrupted call to go on with. */
	CHECK_ERRNO(sys(restart_syscall), EINTR);
}

TEST(kernel_log_needs_privileges, "syslog")
{
	drop_root();
	CHECK_ERRNO(sys(syslog, 99, NULL, 0), EPERM);
	CHECK_ERRNO(sys(syslog, 5, NULL, 0), EPERM);
}

TEST(proc_shows_this_process, "openat readlink getdents64")
{
	char buf[256], path[64], cwd[256];
	struct stat st;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)getpid());
	fd = CHECK_OK(open(path, O_RDONLY));
	n = CHECK_OK(read(fd, buf, sizeof(buf) - 1));
	buf[n < 0 ? 0 : n] = 0;
	CHECK_EQ(atoi(buf), getpid());
	CHECK_OK(stat("/proc/self/status", &st));
	n = CHECK_OK(readlink("/proc/self", buf, sizeof(buf) - 1));
	buf[n < 0 ? 0 : n] = 0;
	CHECK_EQ(atoi(buf), getpid());
	n = CHECK_OK(readlink("/proc/self/cwd", buf, sizeof(buf) - 1));
	buf[n < 0 ? 0 : n] = 0;
	REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	CHECK(!strcmp(buf, cwd));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = CHECK_OK(readlink(path, buf, sizeof(buf) - 1));
	buf[n < 0 ? 0 : n] = 0;
	CHECK(strstr(buf, "/stat") != NULL);
	CHECK_ERRNO(open("/proc/536870912/stat", O_RDONLY), ENOENT);
}
